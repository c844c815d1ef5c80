//! What a rule bot remembers over a restart. Small, and written only when it changes.

use serde::{Deserialize, Serialize};
use windvane_model::{MarketTime, Money, Side};

use crate::context::MemoryError;
use crate::remembered;

/// Shape of the bytes; one that is not this is refused rather than guessed at.
const VERSION: u32 = 1;

/// Prices are `f64`: they are distances and marks to compare with, and are rounded to the grid when they become orders.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Memory {
    version: u32,
    /// The position, as this bot opened it.
    pub(super) open: Option<Open>,
    /// The stop of the entry that is on its way.
    pub(super) plan: Option<Plan>,
    /// Whether the bot has decided to close, until it is flat.
    pub(super) is_closing: bool,
    /// Whether that is because of the engine's own stop.
    #[serde(default)]
    pub(super) is_stopped: bool,
    /// UTC day that `entries_today` counts, in days since 1970.
    pub(super) day: i64,
    pub(super) entries_today: u32,
    /// No entry before this market time, milliseconds since 1970.
    pub(super) cooldown_until_ms: i64,
    /// Positions in a row that ended with a loss, since the UTC day began.
    pub(super) losing_streak: u32,
    /// Positions stopped out since the UTC day began.
    #[serde(default)]
    pub(super) stops_today: u32,
    /// The bot's best equity, settle coin; kept only while a rule asks for it.
    #[serde(default)]
    pub(super) best_equity: f64,
    /// The bot's equity when the UTC day began; 0 until it is known.
    #[serde(default)]
    pub(super) day_equity: f64,
}

/// Distance from entry to stop, and the levels that were attached, all in price.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) risk: f64,
    pub(super) stop: f64,
    /// Where the venue takes the profit, if it does.
    #[serde(default)]
    pub(super) take_profit: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Open {
    pub(super) is_long: bool,
    pub(super) entry_price: f64,
    /// Distance from entry to the first stop: what `R` means for this position.
    pub(super) risk: f64,
    /// Entries that make up the position.
    #[serde(default = "one")]
    pub(super) entries: u32,
    /// Steps of the ladder that were taken.
    #[serde(default)]
    pub(super) rungs: u32,
    /// How often `scale_out` has closed a part.
    #[serde(default)]
    pub(super) scaled_out: u32,
    /// Milliseconds since 1970, market time.
    pub(super) opened_ms: i64,
    /// The stop that the venue was last asked to hold; `None` when it has to be asked again.
    pub(super) stop: Option<f64>,
    pub(super) take_profit: Option<f64>,
    /// Best price seen when the stop was last moved.
    pub(super) watermark: f64,
}

impl Open {
    pub(super) fn side(&self) -> Side {
        if self.is_long { Side::Buy } else { Side::Sell }
    }

    /// 1 for a long, −1 for a short.
    pub(super) fn sign(&self) -> f64 {
        if self.is_long { 1.0 } else { -1.0 }
    }

    /// The better of two prices for it; the first where neither is.
    pub(super) fn better(&self, price: f64, other: f64) -> f64 {
        if self.sign() * (other - price) > 0.0 { other } else { price }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            version: VERSION,
            open: None,
            plan: None,
            is_closing: false,
            is_stopped: false,
            day: 0,
            entries_today: 0,
            cooldown_until_ms: 0,
            losing_streak: 0,
            stops_today: 0,
            best_equity: 0.0,
            day_equity: 0.0,
        }
    }
}

impl Memory {
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, MemoryError> {
        remembered::read(bytes, VERSION, |memory: &Self| memory.version)
    }

    /// Begins a new count when a new UTC day has begun.
    pub(super) fn roll_day(&mut self, now: MarketTime) {
        if now.utc_day() != self.day {
            self.day = now.utc_day();
            self.entries_today = 0;
            self.losing_streak = 0;
            self.stops_today = 0;
            self.day_equity = 0.0;
        }
    }

    /// Follows the bot's equity.
    pub(super) fn watch_equity(&mut self, equity: Money) {
        self.best_equity = self.best_equity.max(equity.to_f64());
        if self.day_equity == 0.0 {
            self.day_equity = equity.to_f64();
        }
    }
}

/// Positions remembered before entries were counted had one.
fn one() -> u32 {
    1
}
