//! The rows an account shows: its wallet and its positions, with the two prices that are reckoned only for show.

use rust_decimal::Decimal;

use super::Account;
use crate::api::{PositionRow, WalletRow};
use crate::margin::{AccountMargin, Exposure};
use crate::market::Market;
use crate::order::{OrderKey, Orders};
use crate::position::Position;
use crate::units::decimal;

/// The only coin of this venue.
const COIN: &str = "USDT";

impl Account {
    pub(crate) fn wallet_row(&self, margin: &AccountMargin) -> WalletRow {
        WalletRow {
            total_equity: margin.margin_balance(),
            total_wallet_balance: self.wallet_balance,
            total_perp_upl: margin.unrealised,
            total_margin_balance: margin.margin_balance(),
            total_initial_margin: margin.initial_margin(),
            total_maintenance_margin: margin.position_mm,
            total_available_balance: margin.available(),
            account_im_rate: margin.im_rate(),
            account_mm_rate: margin.mm_rate(),
            coin: COIN,
            total_order_im: margin.order_im,
            total_position_im: margin.position_im,
            total_position_mm: margin.position_mm,
            cum_realised_pnl: self.cum_realised,
        }
    }

    pub(crate) fn position_row(&self, slot: usize, markets: &[Market], orders: &Orders) -> PositionRow {
        let (market, position) = (&markets[slot], &self.positions[slot]);
        let exposure = self.exposure(slot, market);
        let mark_value = exposure.map_or(Decimal::ZERO, |exposure| exposure.mark_value);
        let tier = market.tiers.at(mark_value);
        let trigger_price = |key: Option<OrderKey>| {
            key.and_then(|key| orders[key].trigger).map_or(Decimal::ZERO, |trigger| decimal(trigger.price))
        };
        let trailing = position.protection.trailing.and_then(|key| orders[key].trailing);
        PositionRow {
            symbol: market.symbol().clone(),
            side: position.side(),
            size: decimal(position.size.abs()),
            avg_price: position.avg_price,
            position_value: mark_value,
            risk_id: tier.number,
            risk_limit_value: tier.limit,
            leverage: position.leverage,
            break_even_price: self.break_even_price(position, market),
            mark_price: market.valuation_price().map_or(Decimal::ZERO, decimal),
            liq_price: exposure.and_then(|exposure| self.liquidation_price(slot, &exposure, markets, orders)),
            position_im: exposure.map_or(Decimal::ZERO, |exposure| exposure.initial_margin()),
            position_mm: exposure
                .map_or(Decimal::ZERO, |exposure| exposure.maintenance_margin(&market.tiers)),
            take_profit: trigger_price(position.protection.take_profit),
            stop_loss: trigger_price(position.protection.stop_loss),
            trailing_stop: trailing.map_or(Decimal::ZERO, |trailing| decimal(trailing.distance)),
            unrealised_pnl: market
                .valuation_price()
                .map_or(Decimal::ZERO, |price| position.unrealised(price)),
            cur_realised_pnl: position.cur_realised,
            cum_realised_pnl: position.cum_realised,
            created_time_ms: position.created_ms,
            updated_time_ms: position.updated_ms,
            open_time_ms: position.open_ms,
            seq: position.seq,
        }
    }

    /// (entry × size − realised) / (size − |size| × closing rate), size signed. Source: Bybit V5, "Get Position Info".
    fn break_even_price(&self, position: &Position, market: &Market) -> Option<Decimal> {
        position.side()?;
        let size = decimal(position.size);
        let closing_rate = self.fees.taker.max(Decimal::new(55, 5));
        let price = (position.avg_price * size - position.cur_realised)
            .checked_div(size - size.abs() * closing_rate)?;
        Some(market.on_tick(price))
    }

    /// The mark price at which maintenance margin would eat up the margin balance, everything else unchanged: an
    /// estimate, since the exchange's own formula for cross margin is unpublished.
    fn liquidation_price(
        &self,
        slot: usize,
        exposure: &Exposure,
        markets: &[Market],
        orders: &Orders,
    ) -> Option<Decimal> {
        let (market, position) = (&markets[slot], &self.positions[slot]);
        let margin = self.margin(markets, orders);
        let size = decimal(position.size);
        let rate = market.tiers.at(exposure.mark_value).rate;
        // balance + size × (p − mark) = margin − |value| × rate + |size| × p × rate, solved for p.
        let balance_at_zero =
            margin.margin_balance() + margin.order_loss - position.signed_value(exposure.mark_value);
        let fixed_margin = margin.position_mm - exposure.mark_value * rate;
        let price = (fixed_margin - balance_at_zero).checked_div(size - size.abs() * rate)?;
        let in_range = price >= market.spec.min_price && price <= market.spec.max_price;
        in_range.then(|| market.on_tick(price))
    }
}
