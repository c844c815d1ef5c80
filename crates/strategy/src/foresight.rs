//! What lets a replay of history pass over bars at which a strategy does nothing: the bars that come are shown to it
//! beforehand, many at once, and it says at which of them it has to be woken.
//!
//! This is a way to be quicker, and never a way to see the future: what a strategy does at a bar is decided when it is woken
//! there, by the same values that it would have come to bar by bar.

use windvane_model::{Instrument, MarketTime};

use crate::context::Context;
use crate::language::Bar;

/// How a strategy stands between two bars, when nothing is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stance {
    /// Without a position.
    Flat,
    /// With a long one.
    Long,
    /// With a short one.
    Short,
}

/// In which stances a strategy has to be woken at a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Glance(u8);

impl Glance {
    /// In none: the bar changes nothing.
    pub const NEVER: Self = Self(0);
    /// In all.
    pub const ALWAYS: Self = Self(0b111);

    /// In one more, where `wakes`.
    #[must_use]
    pub const fn with(self, stance: Stance, wakes: bool) -> Self {
        Self(self.0 | if wakes { Self::bit(stance) } else { 0 })
    }

    /// Whether it has to be woken in this one.
    #[must_use]
    pub const fn wakes(self, stance: Stance) -> bool {
        self.0 & Self::bit(stance) != 0
    }

    const fn bit(stance: Stance) -> u8 {
        match stance {
            Stance::Flat => 1,
            Stance::Long => 2,
            Stance::Short => 4,
        }
    }
}

/// The end of a bar that comes, for what goes by prices while a position is held.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Close {
    /// When it is over.
    pub at: MarketTime,
    /// Last, mark and index price then, quote coin.
    pub price: f64,
    /// Whether it completes a candle of the strategy's series.
    pub completes: bool,
}

/// A strategy to which the bars that come can be shown.
pub trait Foresight {
    /// Takes the bars of its own series that come next, oldest first, none of them twice. From then on each of them is
    /// either told as a candle or passed over, in this order, before any other bar. A glance for each; `None`, and
    /// nothing is taken, where the strategy cannot tell without being woken.
    fn foresee(&mut self, bars: &[Bar]) -> Option<Vec<Glance>>;

    /// How it stands, if nothing but a bar, a fill or its timer can move it to anything, whatever quotes do; `None`
    /// where something is under way.
    fn stance(&self, context: &Context<'_>) -> Option<Stance>;

    /// In a stance with a position: at how many of the next bars, which end like this, nothing that goes by prices moves it
    /// to anything. It only looks.
    fn holds_still(&mut self, closes: &mut dyn Iterator<Item = Close>, instrument: &Instrument) -> usize;

    /// The next `bars` of those that were foreseen are over, and it was not woken at them. `best` is the best of the prices
    /// at their ends for the position that is held.
    fn pass_over(&mut self, bars: usize, best: Option<f64>);
}
