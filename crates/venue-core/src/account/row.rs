//! The rows an account shows: its wallet and its positions, with the two prices that are reckoned only for show.

use rust_decimal::Decimal;

use super::{Account, Context};
use crate::api::{CoinRow, MarginMode, PositionRow, PositionStatus, WalletRow};
use crate::margin::{AccountMargin, Exposure};
use crate::market::Market;
use crate::order::{OrderKey, Place};
use crate::payoff::Payoff;
use crate::position::Position;
use crate::units::decimal;

impl Account {
    pub(crate) fn wallet_row(&self, margin: &AccountMargin, context: Context<'_>) -> WalletRow {
        WalletRow {
            margin_mode: self.margin_mode,
            total_equity: margin.equity,
            total_wallet_balance: margin.wallet_balance,
            total_perp_upl: margin.unrealised,
            total_margin_balance: margin.margin_balance(),
            total_initial_margin: margin.initial_margin(),
            total_maintenance_margin: margin.maintenance_margin(),
            total_available_balance: margin.available(),
            account_im_rate: margin.im_rate(),
            account_mm_rate: margin.mm_rate(),
            coins: (0..self.balances.len())
                .filter(|coin| self.balances[*coin].is_used)
                .map(|coin| self.coin_row(coin, margin, context))
                .collect(),
        }
    }

    fn coin_row(&self, coin: usize, margin: &AccountMargin, context: Context<'_>) -> CoinRow {
        let (balance, of_coin) = (self.balances[coin], margin.coins[coin]);
        let equity = balance.wallet + of_coin.unrealised;
        CoinRow {
            coin: context.coins.name(coin).clone(),
            equity,
            usd_value: equity * context.coins.usd_price(coin, context.markets),
            wallet_balance: balance.wallet,
            locked: of_coin.locked,
            borrow_amount: -(equity - of_coin.locked).min(Decimal::ZERO),
            total_order_im: of_coin.order_im,
            total_position_im: of_coin.position_im,
            total_position_mm: of_coin.position_mm,
            unrealised_pnl: of_coin.unrealised,
            cum_realised_pnl: balance.cum_realised,
            counts_as_margin: !balance.is_excluded,
        }
    }

    /// One position as it stands. Its place in the queue of auto-deleveraging depends on others and is filled in by the
    /// venue.
    pub(crate) fn position_row(
        &self,
        place: Place,
        margin: &AccountMargin,
        context: Context<'_>,
    ) -> PositionRow {
        let (market, position) = (&context.markets[place.market], self.position(place));
        let exposure = self.exposure(position, market);
        let position_value = exposure.map_or(Decimal::ZERO, |exposure| match self.margin_mode {
            MarginMode::Cross => exposure.mark_value,
            MarginMode::Isolated => exposure.entry_value,
        });
        let tier = market.tiers.at(position_value);
        let trigger_price = |key: Option<OrderKey>| {
            key.and_then(|key| context.orders[key].trigger)
                .map_or(Decimal::ZERO, |trigger| decimal(trigger.price))
        };
        let trailing = position.protection.trailing.and_then(|key| context.orders[key].trailing);
        PositionRow {
            category: market.spec.category,
            position_idx: place.position_idx,
            symbol: market.symbol().clone(),
            side: position.side(),
            size: decimal(position.size.abs()),
            avg_price: position.entry_price,
            session_avg_price: market.has_sessions().then_some(position.session_price),
            position_value,
            risk_id: tier.number,
            risk_limit_value: tier.limit,
            leverage: position.leverage,
            break_even_price: self.break_even_price(position, market),
            mark_price: market.valuation_price().map_or(Decimal::ZERO, decimal),
            liq_price: exposure.and_then(|exposure| {
                self.liquidation_price((position, exposure), place.market, margin, context)
            }),
            position_im: exposure.map_or(Decimal::ZERO, |exposure| self.position_im(position, &exposure)),
            position_mm: exposure
                .map_or(Decimal::ZERO, |exposure| exposure.maintenance_margin(&market.tiers)),
            take_profit: trigger_price(position.protection.take_profit),
            stop_loss: trigger_price(position.protection.stop_loss),
            trailing_stop: trailing.map_or(Decimal::ZERO, |trailing| decimal(trailing.distance)),
            auto_add_margin: position.auto_add_margin,
            position_status: PositionStatus::Normal,
            adl_rank: 0,
            unrealised_pnl: market
                .valuation_price()
                .map_or(Decimal::ZERO, |price| position.unrealised(market.payoff, price)),
            cur_realised_pnl: position.cur_realised,
            cum_realised_pnl: position.cum_realised,
            created_time_ms: position.created_ms,
            updated_time_ms: position.updated_ms,
            open_time_ms: position.open_ms,
            seq: position.seq,
        }
    }

    /// (entry × size − realised) / (size − |size| × closing rate), size signed, entry that of the session: what sessions
    /// brought is in what is realised. Source: Bybit V5, "Get Position Info".
    fn break_even_price(&self, position: &Position, market: &Market) -> Option<Decimal> {
        position.side()?;
        let size = decimal(position.size);
        let closing_rate = self.fees.taker.max(Decimal::new(55, 5));
        let price = (position.session_price * size - position.cur_realised)
            .checked_div(size - size.abs() * closing_rate)?;
        Some(market.on_tick(price))
    }

    fn liquidation_price(
        &self,
        (position, exposure): (&Position, Exposure),
        slot: usize,
        margin: &AccountMargin,
        context: Context<'_>,
    ) -> Option<Decimal> {
        let market = &context.markets[slot];
        let price = match (self.margin_mode, exposure.payoff) {
            (MarginMode::Isolated, _) => {
                self.isolated(position, market)?.liquidation_price(context.doubts.isolated_liquidation)?
            }
            (MarginMode::Cross, Payoff::Linear) => self.cross_liquidation_price(slot, margin, context)?,
            // The balance's own value moves with the price here; no estimate is better than a wrong one.
            (MarginMode::Cross, Payoff::Inverse) => return None,
        };
        let in_range = price >= market.spec.min_price && price <= market.spec.max_price;
        in_range.then(|| market.on_tick(price))
    }

    /// The mark price at which maintenance margin would eat up the margin balance, everything else unchanged: an
    /// estimate, since the exchange's own formula for cross margin is unpublished. Both sides of a hedge move together.
    fn cross_liquidation_price(
        &self,
        slot: usize,
        margin: &AccountMargin,
        context: Context<'_>,
    ) -> Option<Decimal> {
        let market = &context.markets[slot];
        let (mut size, mut at_mark, mut by_rate, mut size_by_rate) =
            (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        for (_, position) in self.desks[slot].holdings.each() {
            let Some(exposure) = self.exposure(position, market) else { continue };
            let rate = market.tiers.at(exposure.mark_value).rate;
            size += decimal(position.size);
            at_mark += exposure.mark_value * Decimal::from(position.size.signum());
            by_rate += exposure.mark_value * rate;
            size_by_rate += decimal(position.size.abs()) * rate;
        }
        // balance + size × (p − mark) = margin − |value| × rate + |size| × p × rate, solved for p.
        let balance_at_zero = margin.base() - at_mark;
        let fixed_margin = margin.maintenance_margin() - by_rate;
        (fixed_margin - balance_at_zero).checked_div(size - size_by_rate)
    }
}
