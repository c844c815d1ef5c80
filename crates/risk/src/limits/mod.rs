//! The limits of an account, as its owner writes them in `[risk]`. Every key is required: there is no safe default for
//! what guards money. Only the narrower tables of contracts, bots and groups may be left out.

mod loosened;
mod problem;
mod scope;

pub use problem::{LimitProblem, leverage_problem};
pub(crate) use scope::Narrower;
pub use scope::{BotLimits, GroupLimits, NarrowDrawdown, SymbolLimits};

use crate::margin::MarginMode;
use crate::{Amount, Multiple, OrderRate, Percent, TimeSpan};
use serde::Deserialize;
use std::collections::BTreeMap;
use windvane_model::Coin;

/// The limits on one account, with those on its contracts, bots and groups of contracts.
///
/// Exposure is counted as the worst case: what is held plus all that may still fill. No limit holds back an order that
/// reduces.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskLimits {
    /// How the account margins its positions: `cross` or `isolated`. A start is refused when the venue says otherwise.
    pub margin_mode: MarginMode,
    /// Largest value of one order, settle coin.
    pub max_order_notional: Amount,
    /// Smallest value of one order that opens, settle coin. The venue's own minimum holds beside it.
    pub min_order_notional: Amount,
    /// Largest value of one position with everything that may still grow it, settle coin.
    pub max_position_notional: Amount,
    /// Largest sum of those values over all positions, settle coin.
    pub max_gross_exposure: Amount,
    /// Highest leverage that a position may be opened at.
    pub max_leverage: Multiple,
    /// Most orders that may be open at once, those of unknown outcome included.
    pub max_open_orders: u32,
    /// Most orders and amends in a short window, wall clock.
    pub max_order_rate_short: OrderRate,
    /// Most orders and amends in a long window, wall clock.
    pub max_order_rate_long: OrderRate,
    /// Largest distance of an opening order's price from the mark, as a part of the mark.
    pub price_collar: Percent,
    /// How far an opening order's price may go through the best price of the other side, as a part of that price.
    pub book_collar: Percent,
    /// Largest loss of one UTC day of the market's clock, from the equity at its start, settle coin. Halts.
    pub max_loss_per_day: Amount,
    /// Largest loss of one week, from Monday 00:00 UTC of the market's clock, settle coin. Halts.
    pub max_loss_per_week: Amount,
    /// Whether every new order that is not reduce-only must carry its stop-loss.
    pub require_stop_on_entry: bool,
    /// How old the mark and the best bid and ask may be for an order that opens, wall clock. An approved order
    /// must also leave within that time.
    pub stale_after: TimeSpan,
    /// Nothing opens that would bring the mark nearer than this to the estimated liquidation price, as a part of the
    /// mark.
    pub min_liquidation_distance: Percent,
    /// Nothing is added to a position whose place in the venue's deleveraging queue is above this, 0 to 5: at 4 only
    /// the front of the queue is kept from growing.
    pub max_adl_rank: u8,
    /// How far our margin may differ from the venue's own figures, as a part of the margin balance, when it is compared
    /// three times in a row. Beyond it nothing opens.
    pub max_margin_error: Percent,
    /// How badly the distance to the venue's clock may be known, at most 500 ms. Beyond it the engine halts until it is known
    /// again: an order must reach the venue while its stamp is good.
    pub max_clock_uncertainty: TimeSpan,
    /// How far a clock may jump: this machine's against its own count, or the venue's against what was measured, drift and the
    /// errors of measuring apart. Beyond it the engine halts until the next measurement confirms the new time.
    pub max_clock_step: TimeSpan,
    /// How long the disk may take to sync the journal. Longer halts, as a failed write does.
    pub max_journal_lag: TimeSpan,
    /// How long nothing opens in a contract after its book was last seen crossed, wall clock.
    pub crossed_book_pause: TimeSpan,
    /// How many refusals of the venue within a window halt the engine, wall clock. What is refused because the order
    /// had just gone does not count.
    pub max_error_rate: OrderRate,
    /// How long a bot opens nothing after a stop-loss closed its position, market clock.
    pub cool_down_after_stop: TimeSpan,
    /// How many losing holdings in a row make a bot pause.
    pub max_losing_streak: u32,
    /// How long that pause is, market clock.
    pub losing_streak_pause: TimeSpan,
    /// What happens as the equity falls from its peak.
    pub drawdown: DrawdownLimits,
    /// Narrower limits on single contracts, by symbol.
    #[serde(default)]
    pub symbol: BTreeMap<String, SymbolLimits>,
    /// Narrower limits on single bots, by name.
    #[serde(default)]
    pub bot: BTreeMap<String, BotLimits>,
    /// Limits on groups of contracts that move together, by a name of your own.
    #[serde(default)]
    pub group: BTreeMap<String, GroupLimits>,
}

/// Steps of the drawdown: the fall of the equity by mark from its peak, transfers apart, as a part of the peak.
///
/// A step is taken when the fall has lasted for `persists_for`, so that one wick does not flatten an account. The first
/// two end when the fall has been smaller for as long; the last one latches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrawdownLimits {
    /// From here on nothing new is opened.
    pub yellow: Percent,
    /// From here on entries are cancelled and each position is cut to half, once.
    pub orange: Percent,
    /// Here everything is closed, and the engine halts.
    pub red: Percent,
    /// How long a fall must last to count, market clock.
    pub persists_for: TimeSpan,
}

impl RiskLimits {
    /// The coin that all amounts are counted in.
    #[must_use]
    pub const fn coin(&self) -> Coin {
        self.max_order_notional.coin
    }
}
