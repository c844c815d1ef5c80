//! The end of an instrument: announced, then orders cancelled, positions settled, nothing traded again.
//! Source: Bybit V5, "Get Instruments Info" (`deliveryTime`, `status`), enum `execType` (`Settle`: settled due to delisting).

use super::Venue;
use super::fill::Role;
use super::market_input::positive;
use crate::api::{
    CancelType, Category, CreateOrder, CreateType, InstrumentStatus, Listing, Refusal, RejectReason, Side,
};
use crate::order::{OrderKey, Place};

impl Venue {
    pub(super) fn announce_delisting(&mut self, market: usize, delivery_ms: i64) -> Result<(), Refusal> {
        let of_market = &mut self.markets[market];
        if of_market.is_closed() {
            return Err(Refusal::new(10001, "it is delisted already"));
        }
        of_market.listing.delivery_ms = Some(delivery_ms);
        self.touched.tickers.insert(market);
        Ok(())
    }

    /// `price` in units; absent means the index price.
    pub(super) fn delist(&mut self, market: usize, price: Option<i64>) -> Result<(), Refusal> {
        let of_market = &self.markets[market];
        if of_market.is_closed() {
            return Err(Refusal::new(10001, "it is delisted already"));
        }
        let held = of_market.holders.iter();
        let held: Vec<Place> =
            held.map(|(account, idx)| Place { account: *account, market, position_idx: *idx }).collect();
        let price = price.or(of_market.coin_price());
        if price.is_none() && !held.is_empty() {
            return Err(Refusal::new(10001, "no index price to settle positions at"));
        }
        let cancel_type = if of_market.is_spot() { CancelType::ByExchange } else { CancelType::BySettlement };
        for key in self.open_orders_in(market) {
            self.end(key, cancel_type, RejectReason::InvalidSymbolStatus);
        }
        self.seq += 1;
        for place in held {
            self.settle_delisted(place, price.unwrap_or_default());
        }
        let book = self.book_mut(market);
        book.replace_outside(Side::Buy, &[]);
        book.replace_outside(Side::Sell, &[]);
        let delivery_ms = Some(self.now_ms);
        self.markets[market].listing = Listing { status: InstrumentStatus::Closed, delivery_ms };
        self.touched.tickers.insert(market);
        Ok(())
    }

    fn settle_delisted(&mut self, place: Place, price: i64) {
        let position = self.accounts[place.account].position(place);
        let Some(side) = position.side().map(Side::opposite) else { return };
        let qty = position.reducible(side);
        let key = self.enter_closing(place, side, CreateType::BySettlement, price, qty);
        self.fill(key, price, qty, Role::Settled);
        self.report_order(key);
    }

    /// The open orders of all accounts in a market, the oldest first.
    pub(super) fn open_orders_in(&self, market: usize) -> Vec<OrderKey> {
        let desks = self.accounts.iter().map(|account| &account.desks[market]);
        let mut keys: Vec<OrderKey> =
            desks.flat_map(|desk| desk.resting().iter().chain(desk.waiting.iter())).collect();
        keys.sort_unstable();
        keys
    }

    /// Whether the instrument still takes such an order: before it is delisted only what reduces, then nothing.
    pub(super) fn check_listed(&self, place: Place, request: &CreateOrder) -> Result<(), Refusal> {
        let market = &self.markets[place.market];
        if market.is_closed() {
            let code = if request.category == Category::Spot { 170121 } else { 110074 };
            return Err(Refusal::new(code, "this contract is not live"));
        }
        if market.listing.delivery_ms.is_none() || market.is_spot() || request.reduce_only {
            return Ok(());
        }
        let reducible = self.accounts[place.account].position(place).reducible(request.side);
        if positive(request.qty).is_ok_and(|qty| qty <= reducible) || request.close_on_trigger {
            return Ok(());
        }
        Err(Refusal::new(30228, "the symbol is being delisted, positions can only be reduced"))
    }
}
