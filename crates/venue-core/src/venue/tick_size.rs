//! A new price step while the instrument trades.

use rust_decimal::Decimal;

use super::Venue;
use super::market_input::positive;
use crate::api::{CancelType, Refusal, RejectReason, TickChange};
use crate::order::OrderKey;

impl Venue {
    pub(super) fn change_tick_size(&mut self, market: usize, tick_size: Decimal) -> Result<(), Refusal> {
        positive(tick_size)?;
        let of_market = &mut self.markets[market];
        if of_market.is_closed() {
            return Err(Refusal::new(10001, "it is delisted"));
        }
        of_market.set_tick_size(tick_size.normalize());
        if self.doubts.tick_change == TickChange::Cancelled {
            let of_market = &self.markets[market];
            let is_off_grid = |key: &OrderKey| !of_market.is_on_tick(self.orders[*key].price);
            let off_grid: Vec<OrderKey> =
                self.open_orders_in(market).into_iter().filter(is_off_grid).collect();
            for key in off_grid {
                self.end(key, CancelType::ByExchange, RejectReason::InvalidPriceScale);
            }
        }
        Ok(())
    }
}
