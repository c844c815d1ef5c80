//! How close the account is to its limits, for operators; nothing is decided by it.

use crate::engine::Engine;
use rust_decimal::Decimal;
use windvane_model::{LimitScope, Money, Rate};
use windvane_risk::margin::AccountMargin;
use windvane_risk::{Counted, DrawdownStep};

/// The account against its limits.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskFigures {
    /// The account's margin.
    pub margin: AccountMargin,
    /// Profit since the UTC day of the market's clock began, transfers apart, settle coin; `None` before the first picture of the account.
    pub day_pnl: Option<Money>,
    /// Initial margin over margin balance, a fraction; at 1 nothing more may be opened. `None` when nothing is left.
    pub initial_margin_rate: Option<Rate>,
    /// Maintenance margin over margin balance, a fraction; at 1 the account is liquidated. `None` when nothing is left.
    pub maintenance_margin_rate: Option<Rate>,
    /// The largest error of our margin when it was last compared with the venue's: ours less theirs as a part of the margin
    /// balance. `None` before there was anything to compare.
    pub margin_error: Option<f64>,
    /// The same of each figure that was compared, by a word for it.
    pub margin_errors: Vec<(&'static str, f64)>,
    /// How often each figure of our margin was compared with the venue's since the start, by a word for it.
    pub margin_comparisons: [(&'static str, u64); Counted::ALL.len()],
    /// Every contract, bot and group that has taken a step of its drawdown, and how far what it made has fallen, settle coin.
    pub falls: Vec<(LimitScope, DrawdownStep, Money)>,
    /// How much of each limit is used, a fraction, with the limit's key in the config.
    pub limits: [(&'static str, f64); 4],
}

impl Engine {
    /// The account against its limits at this moment.
    #[must_use]
    pub fn risk_figures(&self) -> RiskFigures {
        let (exposure, limits, margin) = (self.orders.exposure(), self.risk.limits(), self.margin());
        let order_loss = exposure.order_loss();
        let day_pnl =
            self.risk.memory().day.map(|day| margin.equity().less(self.transfers()).less(day.earned));
        let worst_values = exposure.contracts().map(|contract| contract.figures().worst_value);
        let (largest, sum) = (worst_values.max().unwrap_or_default(), exposure.gross_worst_value());
        let loss = day_pnl.map_or(Decimal::ZERO, |pnl| pnl.get()).min(Decimal::ZERO).abs();
        let (orders, orders_max) = (exposure.open_orders(), limits.max_open_orders);
        RiskFigures {
            margin,
            day_pnl,
            initial_margin_rate: margin.initial_margin_rate(order_loss),
            maintenance_margin_rate: margin.maintenance_margin_rate(order_loss),
            margin_error: self.risk.margin_error().and_then(|error| f64::try_from(error).ok()),
            margin_errors: Counted::ALL
                .into_iter()
                .filter_map(|counted| {
                    let error = f64::try_from(self.risk.margin_error_of(counted)?).ok()?;
                    Some((counted.label(), error))
                })
                .collect(),
            margin_comparisons: Counted::ALL
                .map(|counted| (counted.label(), self.risk.margin_comparisons(counted))),
            falls: self.risk.falls().collect(),
            limits: [
                ("max_position_notional", share(largest, limits.max_position_notional.value)),
                ("max_gross_exposure", share(sum, limits.max_gross_exposure.value)),
                ("max_open_orders", share(orders.into(), orders_max.into())),
                ("max_loss_per_day", share(loss, limits.max_loss_per_day.value)),
            ],
        }
    }
}

/// A part of a limit; a limit of nothing is used up.
fn share(used: Decimal, limit: Decimal) -> f64 {
    used.checked_div(limit).and_then(|ratio| f64::try_from(ratio).ok()).unwrap_or(1.0)
}
