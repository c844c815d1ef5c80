//! How close the account is to its limits, for operators; nothing is decided by it.

use crate::engine::Engine;
use rust_decimal::Decimal;
use windvane_model::{Money, Rate};
use windvane_risk::margin::{AccountMargin, ContractTerms, account_order_loss};

/// The account against its limits.
#[derive(Debug, Clone, PartialEq)]
pub struct RiskFigures {
    /// The account's margin.
    pub margin: AccountMargin,
    /// Profit since the UTC day of the market's clock began, settle coin; `None` before the first picture of the account.
    pub day_pnl: Option<Money>,
    /// Initial margin over margin balance, a fraction; at 1 nothing more may be opened. `None` when nothing is left.
    pub initial_margin_rate: Option<Rate>,
    /// Maintenance margin over margin balance, a fraction; at 1 the account is liquidated. `None` when nothing is left.
    pub maintenance_margin_rate: Option<Rate>,
    /// How much of each limit is used, a fraction, with the limit's key in the config.
    pub limits: [(&'static str, f64); 4],
}

impl Engine {
    /// The account against its limits at this moment.
    #[must_use]
    pub fn risk_figures(&self) -> RiskFigures {
        let (exposure, limits, margin) = (self.orders.exposure(), self.risk.limits(), self.margin());
        let order_loss = account_order_loss(exposure, &self.quotes);
        let day_pnl = self.risk.trading_day().map(|day| margin.equity().less(day.start_equity));
        let values = self.worst_values();
        let largest = values.iter().copied().max().unwrap_or_default();
        let sum = values.iter().copied().fold(Decimal::ZERO, Decimal::saturating_add);
        let loss = day_pnl.map_or(Decimal::ZERO, |pnl| pnl.get()).min(Decimal::ZERO).abs();
        let (orders, orders_max) = (exposure.open_orders(), limits.max_open_orders);
        RiskFigures {
            margin,
            day_pnl,
            initial_margin_rate: margin.initial_margin_rate(order_loss),
            maintenance_margin_rate: margin.maintenance_margin_rate(order_loss),
            limits: [
                ("max_position_notional", share(largest, limits.max_position_notional.value)),
                ("max_gross_exposure", share(sum, limits.max_gross_exposure.value)),
                ("max_open_orders", share(orders.into(), orders_max.into())),
                ("max_loss_per_day", share(loss, limits.max_loss_per_day.value)),
            ],
        }
    }

    /// The value of each position with everything that may still grow it, as the limits count it.
    fn worst_values(&self) -> Vec<Decimal> {
        let contracts = self.orders.exposure().contracts();
        let valued = contracts.filter_map(|exposure| {
            let symbol = exposure.position.symbol;
            let mark = self.quotes.get(symbol).mark?;
            let taker_fee = self.risk.contracts().taker_fee(symbol);
            Some(ContractTerms { exposure, mark, taker_fee }.worst_value(None))
        });
        valued.collect()
    }
}

/// A part of a limit; a limit of nothing is used up.
fn share(used: Decimal, limit: Decimal) -> f64 {
    used.checked_div(limit).and_then(|ratio| f64::try_from(ratio).ok()).unwrap_or(1.0)
}
