//! The limits of an account, as its owner writes them. All are required: there is no safe default for money.

use crate::{Amount, Multiple, OrderRate, Percent, TimeSpan};
use serde::Deserialize;
use windvane_model::Coin;

/// The limits on one account.
///
/// Everything is counted as the worst case: what is held plus all that may still fill. None of them holds back
/// an order that reduces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskLimits {
    /// Largest value of one order, settle coin.
    pub max_order_notional: Amount,
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
    /// Largest loss of one UTC day of the market's clock, from the equity at its start, settle coin.
    pub max_loss_per_day: Amount,
    /// Whether every new order that is not reduce-only must carry its stop-loss.
    pub require_stop_on_entry: bool,
    /// How old the mark and the best bid and ask may be for an order that opens, wall clock. An approved order
    /// must also leave within that time.
    pub stale_after: TimeSpan,
}

/// Two limits that do not fit together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitProblem {
    /// Amounts of different coins.
    #[error("`{key}` is in {coin}, but `max_order_notional` is in {expected}; all limits use one coin")]
    Coin {
        /// The key at fault.
        key: &'static str,
        /// Its coin.
        coin: Coin,
        /// The coin of the others.
        expected: Coin,
    },
    /// A limit that a smaller one inside it makes unreachable, most likely a slip of a digit.
    #[error("`{inner}` ({inner_value}) is larger than `{outer}` ({outer_value})")]
    Order {
        /// The key that should be smaller.
        inner: &'static str,
        /// Its value.
        inner_value: Amount,
        /// The key that should be larger.
        outer: &'static str,
        /// Its value.
        outer_value: Amount,
    },
    /// No order could ever be open.
    #[error("`max_open_orders` is 0: no order could ever be placed")]
    NoOrders,
    /// The windows of the two rates are the wrong way round.
    #[error("the window of `max_order_rate_short` is not shorter than that of `max_order_rate_long`")]
    RateWindows,
}

impl RiskLimits {
    /// The coin that all amounts are counted in.
    #[must_use]
    pub const fn coin(&self) -> Coin {
        self.max_order_notional.coin
    }

    /// Everything that is wrong between the values; empty when they can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<LimitProblem> {
        let mut problems = Vec::new();
        let order = ("max_order_notional", self.max_order_notional);
        let position = ("max_position_notional", self.max_position_notional);
        let gross = ("max_gross_exposure", self.max_gross_exposure);
        let loss = ("max_loss_per_day", self.max_loss_per_day);
        let expected = self.coin();
        for (key, amount) in [position, gross, loss] {
            if amount.coin != expected {
                problems.push(LimitProblem::Coin { key, coin: amount.coin, expected });
            }
        }
        for ((inner, inner_value), (outer, outer_value)) in [(order, position), (position, gross)] {
            if inner_value.value > outer_value.value {
                problems.push(LimitProblem::Order { inner, inner_value, outer, outer_value });
            }
        }
        if self.max_open_orders == 0 {
            problems.push(LimitProblem::NoOrders);
        }
        if self.max_order_rate_short.window >= self.max_order_rate_long.window {
            problems.push(LimitProblem::RateWindows);
        }
        problems
    }
}
