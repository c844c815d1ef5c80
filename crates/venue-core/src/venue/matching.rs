//! Matching: an order meets the other side of the book, and what is left of it rests or is cancelled.

use super::Venue;
use super::fill::Role;
use crate::api::{
    CancelType, MatchingRefusal, OrderStatus, Output, PublicTrade, RejectReason, SelfMatchPrevention, Side,
    TimeInForce,
};
use crate::book::Front;
use crate::ids::IdKind;
use crate::order::OrderKey;
use crate::units::decimal;

/// Whether a walk through the book goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Walk {
    Continue,
    Stop,
}

/// Whether an order of `side` with limit `limit` may trade at `price`.
pub(super) fn accepts(side: Side, limit: i64, price: i64) -> bool {
    match side {
        Side::Buy => price <= limit,
        Side::Sell => price >= limit,
    }
}

impl Venue {
    /// Sends an order to matching. Its last row says how it came out.
    pub(super) fn submit(&mut self, key: OrderKey) {
        self.seq += 1;
        let order = &self.orders[key];
        let (place, market, side) = (order.place(), order.market, order.side);
        let (limit, leaves, time_in_force) = (order.price, order.leaves(), order.time_in_force);
        self.touch(place);
        let book = &self.markets[market].book;
        let reachable = book.size_up_to(side.opposite(), limit, leaves);
        match time_in_force {
            TimeInForce::PostOnly if reachable > 0 => {
                self.turn_down(key, RejectReason::PostOnlyWillTakeLiquidity);
                return;
            }
            TimeInForce::Fok if reachable < leaves || self.fillable(key) < leaves => {
                self.turn_down(key, RejectReason::CancelForNoFullFill);
                return;
            }
            TimeInForce::PostOnly | TimeInForce::Fok | TimeInForce::Gtc | TimeInForce::Ioc => {}
        }
        while self.take(key) == Walk::Continue {}
        self.place_rest(key);
    }

    /// How much of an order would trade now: what self-match prevention keeps it from does not count, nor does what lies
    /// behind its end.
    fn fillable(&self, key: OrderKey) -> i64 {
        let order = &self.orders[key];
        let leaves = order.leaves();
        let word = order.self_match_prevention;
        if word == SelfMatchPrevention::None {
            return leaves;
        }
        let mut size = 0_i64;
        for (maker, of_maker) in self.markets[order.market].book.turns(order.side.opposite(), order.price) {
            if size >= leaves {
                break;
            }
            match (maker.is_some_and(|maker| self.is_self_match(key, maker)), word) {
                (false, _) => size = size.saturating_add(of_maker),
                (true, SelfMatchPrevention::None | SelfMatchPrevention::CancelMaker) => {}
                (true, SelfMatchPrevention::CancelTaker | SelfMatchPrevention::CancelBoth) => break,
            }
        }
        size.min(leaves)
    }

    /// Whether two orders are of one account, or of accounts of one group.
    fn is_self_match(&self, taker: OrderKey, maker: OrderKey) -> bool {
        let [own, other] = [taker, maker].map(|key| self.orders[key].account);
        let group = self.accounts[own].smp_group;
        own == other || (group != 0 && group == self.accounts[other].smp_group)
    }

    /// Ends an order that matching will not have at all.
    fn turn_down(&mut self, key: OrderKey, reason: RejectReason) {
        match self.doubts.matching_refusal {
            MatchingRefusal::Cancelled => self.end(key, CancelType::Unknown, reason),
            MatchingRefusal::Rejected => self.end_as(key, OrderStatus::Rejected, CancelType::Unknown, reason),
        }
    }

    /// One step: the order trades with what stands first on the other side.
    fn take(&mut self, key: OrderKey) -> Walk {
        let order = &self.orders[key];
        let (market, side, limit, leaves) = (order.market, order.side, order.price, order.leaves());
        if leaves == 0 || order.status.is_closed() {
            return Walk::Stop;
        }
        let opposite = side.opposite();
        let Some((price, front)) = self.markets[market].book.front(opposite) else { return Walk::Stop };
        if !accepts(side, limit, price) {
            return Walk::Stop;
        }
        match front {
            Front::Outside(size) => {
                let qty = leaves.min(size);
                self.book_mut(market).take_outside(opposite, price, qty);
                self.fill(key, price, qty, Role::Taker);
                self.print(market, side, price, qty);
            }
            Front::Order(maker) => {
                if self.prevent_self_match(key, maker) {
                    return Walk::Continue;
                }
                if let Some(room) = self.maker_room(maker) {
                    let qty = leaves.min(room);
                    self.fill(key, price, qty, Role::Taker);
                    self.fill_resting(maker, qty);
                    self.print(market, side, price, qty);
                }
            }
        }
        Walk::Continue
    }

    /// Fills a resting order at its own price.
    pub(super) fn fill_resting(&mut self, maker: OrderKey, qty: i64) {
        let order = &self.orders[maker];
        let (market, side, price, leaves) = (order.market, order.side, order.price, order.leaves() - qty);
        let ticket = order.ticket;
        self.book_mut(market).set_leaves(side, price, ticket, leaves);
        self.fill(maker, price, qty, Role::Maker);
        self.report_order(maker);
    }

    /// How much of a resting order may trade: a reduce-only one no more than its position allows. One that may not trade
    /// at all is cancelled.
    pub(super) fn maker_room(&mut self, maker: OrderKey) -> Option<i64> {
        let order = &self.orders[maker];
        if !order.reduce_only {
            return Some(order.leaves());
        }
        let reducible = self.accounts[order.account].position(order.place()).reducible(order.side);
        if reducible == 0 {
            self.end(maker, CancelType::ByReduceOnly, RejectReason::QtyCannotBeZero);
            return None;
        }
        self.cut(maker, reducible);
        Some(self.orders[maker].leaves())
    }

    /// Lowers what is left of an order to at most `leaves`, keeping its place; says whether anything changed.
    pub(super) fn cut(&mut self, key: OrderKey, leaves: i64) -> bool {
        let order = &mut self.orders[key];
        if order.leaves() <= leaves {
            return false;
        }
        order.qty = order.filled + leaves;
        order.updated_ms = self.now_ms;
        let (account, market, side, price) = (order.account, order.market, order.side, order.price);
        let ticket = order.ticket;
        let desk = &mut self.accounts[account].desks[market];
        if desk.resting().contains(key) {
            desk.resize(self.markets[market].payoff, key, &self.orders[key]);
            self.book_mut(market).set_leaves(side, price, ticket, leaves);
        }
        true
    }

    /// Applies the taker's self-match word; says whether it kept the two from trading.
    fn prevent_self_match(&mut self, taker: OrderKey, maker: OrderKey) -> bool {
        if !self.is_self_match(taker, maker) {
            return false;
        }
        let (cancel_maker, cancel_taker) = match self.orders[taker].self_match_prevention {
            SelfMatchPrevention::None => return false,
            SelfMatchPrevention::CancelMaker => (true, false),
            SelfMatchPrevention::CancelTaker => (false, true),
            SelfMatchPrevention::CancelBoth => (true, true),
        };
        self.orders[taker].self_match = Some(maker);
        self.orders[maker].self_match = Some(taker);
        if cancel_maker {
            self.end(maker, CancelType::BySelfMatch, RejectReason::BySelfMatch);
        }
        if cancel_taker {
            self.end(taker, CancelType::BySelfMatch, RejectReason::BySelfMatch);
        }
        true
    }

    /// What is left after matching rests or is cancelled, by time in force.
    fn place_rest(&mut self, key: OrderKey) {
        let order = &self.orders[key];
        let (place, market, side, price) = (order.place(), order.market, order.side, order.price);
        match order.status {
            OrderStatus::New | OrderStatus::PartiallyFilled => {}
            OrderStatus::Filled => return self.report_order(key),
            // Self-match prevention has ended and reported it.
            OrderStatus::Cancelled
            | OrderStatus::PartiallyFilledCanceled
            | OrderStatus::Rejected
            | OrderStatus::Deactivated => return,
            OrderStatus::Untriggered | OrderStatus::Triggered => {
                unreachable!("a waiting order is not matched")
            }
        }
        match order.time_in_force {
            TimeInForce::Gtc | TimeInForce::PostOnly => {
                let leaves = order.leaves();
                self.orders[key].ticket = self.book_mut(market).rest(side, price, key, leaves);
                let payoff = self.markets[market].payoff;
                self.accounts[place.account].desks[market].rest(payoff, key, &self.orders[key]);
                // A reduce-only order may now be one too many; it is looked at together with the others.
                self.touched.resized.insert(place);
                self.report_order(key);
            }
            TimeInForce::Ioc | TimeInForce::Fok => {
                let reason = if order.filled == 0 {
                    RejectReason::NoImmediateQtyToFill
                } else {
                    RejectReason::NoEnoughQtyToFill
                };
                self.end(key, CancelType::Unknown, reason);
            }
        }
    }

    /// Trades resting orders against outside liquidity that has moved through them, until the book is no longer crossed.
    /// The resting order was there first: it is the maker and trades at its own price.
    pub(super) fn uncross(&mut self, market: usize) {
        loop {
            let book = &self.markets[market].book;
            let (Some((bid, bid_front)), Some((ask, ask_front))) =
                (book.front(Side::Buy), book.front(Side::Sell))
            else {
                return;
            };
            if bid < ask {
                return;
            }
            let (maker, outside_side, outside_price, size) = match (bid_front, ask_front) {
                (Front::Order(maker), Front::Outside(size)) => (maker, Side::Sell, ask, size),
                (Front::Outside(size), Front::Order(maker)) => (maker, Side::Buy, bid, size),
                // Neither half of the outside book crosses the other, and resting orders have met each other on arrival.
                (Front::Order(_), Front::Order(_)) | (Front::Outside(_), Front::Outside(_)) => return,
            };
            if let Some(room) = self.maker_room(maker) {
                let qty = room.min(size);
                let price = self.orders[maker].price;
                self.book_mut(market).take_outside(outside_side, outside_price, qty);
                self.fill_resting(maker, qty);
                self.print(market, outside_side, price, qty);
            }
        }
    }

    /// Reports a public trade and moves the last price.
    pub(super) fn print(&mut self, market: usize, side: Side, price: i64, qty: i64) {
        let of_market = &mut self.markets[market];
        if of_market.take_last(price) {
            self.touched.tickers.insert(market);
            self.touched.priced.insert(market);
        }
        if !self.public_audience.trades {
            return;
        }
        self.trades += 1;
        let trade_id = self.ids.text(IdKind::Trade, self.trades);
        self.out.push(Output::Trade(PublicTrade {
            category: of_market.spec.category,
            symbol: of_market.symbol().clone(),
            trade_id,
            side,
            price: decimal(price),
            qty: decimal(qty),
            tick_direction: of_market.tick_direction,
            seq: self.seq,
            time_ms: self.now_ms,
        }));
    }
}
