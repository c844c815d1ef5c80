//! One bot inside the engine: its strategy, its contract and what it is measured against.

use crate::engine::ConfigId;
use crate::protection::Rescue;
use windvane_model::{BotName, Leverage, MarketTime, Money, PositionIndex, Symbol, WallTime};
use windvane_strategy::{Definition, Strategy, Urgency};

/// What the configuration says of a bot.
pub struct BotSetup {
    /// Its name.
    pub name: BotName,
    /// Its contract.
    pub symbol: Symbol,
    /// Which of the contract's positions it owns.
    pub position_index: PositionIndex,
    /// Its mind.
    pub strategy: Box<dyn Strategy>,
    /// Other rules that it goes on by once its position is closed: it was opened under those of `strategy`.
    pub next: Option<Definition>,
    /// Its share of the account at the start, settle coin.
    pub budget: Money,
    /// Leverage of its contract.
    pub leverage: Leverage,
    /// Whether it is on its way out of the configuration, and how.
    pub removal: Option<Removal>,
}

/// How a bot that is on its way out of the configuration ends what it holds. It opens nothing, whatever a person
/// resumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// Its orders are cancelled and its position is closed.
    Close,
    /// Its exits go on by its own rules.
    ExitOnly,
}

/// What is to be got rid of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct WindDown {
    /// Orders and position.
    pub(crate) flatten: bool,
    /// Orders that open.
    pub(crate) cancel: bool,
}

/// A bot at work.
pub(crate) struct Bot {
    pub(crate) name: BotName,
    pub(crate) symbol: Symbol,
    pub(crate) position_index: PositionIndex,
    pub(crate) strategy: Box<dyn Strategy>,
    pub(crate) budget: Money,
    pub(crate) leverage: Leverage,
    /// Whether it is on its way out of the configuration, and how.
    pub(crate) removal: Option<Removal>,
    /// Other contracts whose candles it is woken by.
    pub(crate) looks_at: Vec<Symbol>,
    /// When the strategy wants to be woken, as it last said.
    pub(crate) wake_at: Option<MarketTime>,
    /// Whether its orders are being cancelled and its position closed.
    pub(crate) is_flattening: bool,
    /// Whether its opening orders are being cancelled.
    pub(crate) is_cancelling: bool,
    /// While it is wound down: no other round of cancels and closes before then.
    pub(crate) next_round: Option<WallTime>,
    /// What has been done about its position's missing stop.
    pub(crate) rescue: Option<Rescue>,
    /// The configuration that its last position was opened under.
    pub(crate) opened_under: Option<ConfigId>,
    /// Whether it held a position after the last event.
    pub(crate) was_held: bool,
    /// Other rules that it goes on by when their time has come.
    pub(crate) next: Option<(Definition, Urgency)>,
    /// Whether it came while the engine ran, so that nobody has told it of the past.
    pub(crate) needs_history: bool,
}

impl Bot {
    /// Whether it is to get rid of what it has, so that it may open nothing.
    pub(crate) const fn is_winding_down(&self) -> bool {
        self.is_flattening || self.is_cancelling
    }

    /// Notes what a person wants of it; one that is on its way out goes on with that in any case.
    pub(crate) fn wind_down(&mut self, wanted: WindDown) {
        self.is_flattening = wanted.flatten || self.removal == Some(Removal::Close);
        self.is_cancelling = wanted.cancel || self.removal == Some(Removal::ExitOnly);
        self.next_round = None;
    }

    /// What a person wants of it, apart from its removal.
    pub(crate) fn wanted(&self) -> WindDown {
        WindDown {
            flatten: self.is_flattening && self.removal != Some(Removal::Close),
            cancel: self.is_cancelling && self.removal != Some(Removal::ExitOnly),
        }
    }
}

impl From<BotSetup> for Bot {
    fn from(setup: BotSetup) -> Self {
        let BotSetup { name, symbol, position_index, strategy, next, budget, leverage, removal } = setup;
        let wake_at = strategy.wake_at();
        let looks_at = strategy.subscription().symbols;
        Self {
            name,
            symbol,
            position_index,
            strategy,
            budget,
            leverage,
            removal,
            looks_at,
            wake_at,
            is_flattening: removal == Some(Removal::Close),
            is_cancelling: removal == Some(Removal::ExitOnly),
            next_round: None,
            rescue: None,
            opened_under: None,
            was_held: false,
            next: next.map(|definition| (definition, Urgency::WhenFlat)),
            needs_history: false,
        }
    }
}
