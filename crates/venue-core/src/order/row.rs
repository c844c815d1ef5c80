//! An order as the private topic and the queries show it.

use super::{Order, Protection};
use crate::api::{MarketUnit, OrderId, OrderRow, ProtectionPrice, TriggerSpec};
use crate::coin::Coins;
use crate::market::Market;
use crate::units::decimal;

impl Protection {
    fn row(self) -> ProtectionPrice {
        ProtectionPrice { price: decimal(self.price), by: self.by, limit_price: self.limit.map(decimal) }
    }
}

/// What a row shows beside the order itself.
pub(crate) struct Surroundings<'a> {
    pub(crate) market: &'a Market,
    pub(crate) coins: &'a Coins,
    pub(crate) smp_group: u32,
    pub(crate) order_id: OrderId,
    /// The order that self-match prevention kept this one from, or empty.
    pub(crate) smp_order_id: OrderId,
}

impl Order {
    pub(crate) fn row(&self, around: Surroundings<'_>) -> OrderRow {
        let market = around.market;
        let leaves = if self.status.is_closed() { 0 } else { self.leaves() };
        let filled = decimal(self.filled);
        OrderRow {
            category: market.spec.category,
            order_id: around.order_id,
            order_link_id: self.link_id.clone(),
            parent_order_link_id: self.parent_link_id.clone(),
            symbol: market.symbol().clone(),
            side: self.side,
            order_type: self.order_type,
            price: decimal(self.price),
            qty: decimal(self.quote_amount.unwrap_or(self.qty)),
            time_in_force: self.time_in_force,
            order_status: self.status,
            cancel_type: self.cancel_type,
            reject_reason: self.reject_reason,
            create_type: self.create_type,
            avg_price: (self.filled > 0).then(|| {
                let average = || market.payoff.price_of(filled, self.filled_value);
                self.fill_price.map_or_else(average, decimal)
            }),
            leaves_qty: decimal(leaves),
            leaves_value: market.payoff.value_of(self.price, leaves),
            cum_exec_qty: filled,
            cum_exec_value: self.filled_value,
            cum_fee_detail: self
                .fees
                .iter()
                .flatten()
                .map(|(coin, fee)| (around.coins.name(*coin).clone(), *fee))
                .collect(),
            closed_pnl: self.closed_pnl,
            stop_order_type: self.stop_order_type,
            oco_trigger: self.oco_trigger(),
            trigger: self.trigger.map(|trigger| TriggerSpec {
                price: decimal(trigger.price),
                direction: Some(trigger.direction),
                by: trigger.by,
            }),
            take_profit: self.take_profit.map(Protection::row),
            stop_loss: self.stop_loss.map(Protection::row),
            tpsl_mode: self.tpsl_mode,
            position_idx: self.position_idx,
            reduce_only: self.reduce_only,
            close_on_trigger: self.close_on_trigger,
            market_unit: self.quote_amount.map(|_| MarketUnit::QuoteCoin),
            slippage: self.slippage,
            smp_type: self.self_match_prevention,
            smp_group: around.smp_group,
            smp_order_id: around.smp_order_id,
            last_price_on_created: self.last_price_on_created.map(decimal),
            created_time_ms: self.created_ms,
            updated_time_ms: self.updated_ms,
        }
    }
}
