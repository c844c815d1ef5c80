//! Auto-deleveraging: a liquidation that finds nothing in the book is closed against opposite positions at the bankruptcy
//! price, the most profitable and most leveraged first. Source: Bybit help centre, "Auto-Deleveraging (ADL)".

use rust_decimal::Decimal;
use std::cmp::Reverse;

use super::Venue;
use super::fill::Role;
use crate::api::{
    CancelType, CreateType, Deleveraging, PositionIdx, PositionStatus, Refusal, RejectReason, Side, Uid,
};
use crate::order::{Order, OrderKey, Place};
use crate::payoff::Payoff;
use crate::units::{decimal, round_down};

/// Steps of the indicator that shows a position's place in the queue.
const RANKS: usize = 5;
/// With so many positions of a market each is set against all others when it is shown. With more the bounds of the steps
/// are set once a second, since a row must not cost as much as there are accounts.
const FEW: usize = 16;
const BOUNDS_MS: i64 = 1_000;

/// Bounds of the steps of a market's indicator: above how many of its scores' bounds a position lies is its step.
#[derive(Clone, Debug, Default)]
pub(crate) struct RankBounds {
    /// When they were set, in market ms; `None` before the first time.
    set_ms: Option<i64>,
    longs: [Option<Decimal>; RANKS - 1],
    shorts: [Option<Decimal>; RANKS - 1],
}

impl Venue {
    /// Closes a position, or a part of it, against the first of the opposite ones. `price` in units; absent means the price
    /// at which the account's margin balance is gone. Says whether anything was closed.
    pub(super) fn deleverage(&mut self, place: Place, side: Side, price: Option<i64>) -> bool {
        if self.doubts.deleveraging == Deleveraging::Off {
            return false;
        }
        let Some(price) = price.or_else(|| self.cross_bankruptcy_price(place)) else { return false };
        let Some(other) = self.first_in_queue(place, side) else { return false };
        let qty = self.accounts[place.account].position(place).reducible(side);
        let qty = qty.min(self.accounts[other.account].position(other).reducible(side.opposite()));
        if qty == 0 {
            return false;
        }
        self.prepare_deleveraging(other);
        self.seq += 1;
        let sides = [(place, side, CreateType::ByLiquidation), (other, side.opposite(), CreateType::ByAdl)];
        for (place, side, create_type) in sides {
            self.close_at(place, (side, create_type), price, qty);
        }
        self.tell_liquidation(place, side, Some(price), qty);
        true
    }

    /// Deleverages positions in a market against somebody elsewhere: that of one account, or the first in the queue of each
    /// side. Without a price at the mark.
    pub(super) fn deleverage_holders(
        &mut self,
        market: usize,
        uid: Option<Uid>,
        price: Option<i64>,
        qty: Option<i64>,
    ) -> Result<(), Refusal> {
        let held = self.held_by(market, uid)?;
        let price = price.or(self.markets[market].valuation_price());
        let price = price.ok_or_else(|| Refusal::new(10001, "there is no mark price"))?;
        let chosen: Vec<Place> = match uid {
            Some(_) => held,
            None => {
                [Side::Buy, Side::Sell].into_iter().filter_map(|side| self.first_of(market, side)).collect()
            }
        };
        for place in chosen {
            let position = self.accounts[place.account].position(place);
            let Some(side) = position.side().map(Side::opposite) else { continue };
            let most = position.reducible(side);
            self.prepare_deleveraging(place);
            self.seq += 1;
            self.close_at(place, (side, CreateType::ByAdl), price, qty.map_or(most, |qty| qty.min(most)));
        }
        Ok(())
    }

    /// Whom deleveraging takes a position from has no more orders in its symbol.
    fn prepare_deleveraging(&mut self, place: Place) {
        let resting = self.accounts[place.account].desks[place.market].resting().iter();
        for key in resting.collect::<Vec<OrderKey>>() {
            self.end(key, CancelType::BeforeDeleveraging, RejectReason::NoError);
        }
        self.tell_undergoing(place, PositionStatus::Adl);
    }

    /// Closes a part of a position at a price, past the book.
    fn close_at(&mut self, place: Place, (side, create_type): (Side, CreateType), price: i64, qty: i64) {
        let key = self.enter_closing(place, side, create_type, price, qty);
        self.fill(key, price, qty, Role::Taker);
        self.report_order(key);
    }

    pub(super) fn enter_closing(
        &mut self,
        place: Place,
        side: Side,
        create_type: CreateType,
        price: i64,
        qty: i64,
    ) -> OrderKey {
        self.enter(Order {
            price,
            qty,
            ..Order::closing(place, &self.no_name, side, create_type, self.now_ms)
        })
    }

    /// The mark price at which the account would be worth nothing, everything else unchanged.
    pub(super) fn cross_bankruptcy_price(&self, place: Place) -> Option<i64> {
        let market = &self.markets[place.market];
        let account = &self.accounts[place.account];
        let mark = decimal(market.valuation_price()?);
        let coin_price = self.coins.usd_price(market.settle, &self.markets);
        let balance = account.margin(self.context()).margin_balance().checked_div(coin_price)?;
        let position = account.position(place);
        let size = decimal(position.size);
        let price = match market.payoff {
            Payoff::Linear => mark - balance.checked_div(size)?,
            Payoff::Inverse => size.checked_div(size.checked_div(mark)? + balance)?,
        };
        let lowest = market.extreme_price(Side::Sell);
        Some(round_down(price, 1).max(lowest))
    }

    /// The opposite position of another account that is first in the queue.
    fn first_in_queue(&self, place: Place, side: Side) -> Option<Place> {
        let opposite = self.queue(place.market, side).filter(|(other, _)| other.account != place.account);
        opposite.max_by_key(|(other, score)| (*score, Reverse(*other))).map(|(other, _)| other)
    }

    /// The position of a side that is first in the queue.
    fn first_of(&self, market: usize, side: Side) -> Option<Place> {
        self.queue(market, side)
            .max_by_key(|(place, score)| (*score, Reverse(*place)))
            .map(|(place, _)| place)
    }

    /// Open positions of one side with their scores.
    fn queue(&self, market: usize, side: Side) -> impl Iterator<Item = (Place, Decimal)> {
        let holders = self.markets[market].holders.iter();
        holders.filter_map(move |holder| {
            let place = place_of(market, *holder);
            Some((place, self.score(place, side)?))
        })
    }

    /// Profit by entry value, times leverage for a gain, by leverage for a loss; `None` where the position is not of the
    /// side.
    fn score(&self, place: Place, side: Side) -> Option<Decimal> {
        let of_market = &self.markets[place.market];
        let position = self.accounts[place.account].position(place);
        if position.side() != Some(side) {
            return None;
        }
        let gain = position.unrealised(of_market.payoff, of_market.valuation_price()?);
        let value = of_market.payoff.value(position.session_price, decimal(position.size.abs()));
        let ratio = gain.checked_div(value)?;
        let leverage = position.leverage;
        Some(if ratio > Decimal::ZERO { ratio * leverage } else { ratio / leverage })
    }

    /// Place of a position in the queue, 1 (last) to 5 (first); 0 when flat. Among many positions it is that of up to a
    /// second ago.
    pub(super) fn adl_rank(&self, place: Place) -> u8 {
        let Some(side) = self.accounts[place.account].position(place).side() else { return 0 };
        let of_market = &self.markets[place.market];
        if of_market.holders.len() == 1 {
            return 1;
        }
        let Some(own) = self.score(place, side) else { return 1 };
        let above = if of_market.holders.len() <= FEW {
            let (mut behind, mut all) = (0, 0);
            for (_, score) in self.queue(place.market, side) {
                behind += usize::from(score < own);
                all += 1;
            }
            behind * RANKS / all.max(1)
        } else {
            let bounds = match side {
                Side::Buy => of_market.rank_bounds.longs,
                Side::Sell => of_market.rank_bounds.shorts,
            };
            bounds.into_iter().flatten().filter(|bound| *bound < own).count()
        };
        u8::try_from((1 + above).min(RANKS)).unwrap_or(0)
    }

    /// Sets the bounds of the indicator's steps anew, where it goes by them and they are old.
    pub(super) fn rank_holders(&mut self, market: usize) {
        let (of_market, now_ms) = (&self.markets[market], self.now_ms);
        let is_fresh = of_market.rank_bounds.set_ms.is_some_and(|set_ms| now_ms - set_ms < BOUNDS_MS);
        if of_market.holders.len() <= FEW || is_fresh {
            return;
        }
        let bounds_of = |side: Side| {
            let mut scores: Vec<Decimal> = self.queue(market, side).map(|(_, score)| score).collect();
            scores.sort_unstable();
            // A fifth, two fifths, … of the others are behind whoever is above these.
            std::array::from_fn(|step| {
                let behind = ((step + 1) * scores.len()).div_ceil(RANKS);
                scores.get(behind.checked_sub(1)?).copied()
            })
        };
        let (longs, shorts) = (bounds_of(Side::Buy), bounds_of(Side::Sell));
        self.markets[market].rank_bounds = RankBounds { set_ms: Some(now_ms), longs, shorts };
    }
}

fn place_of(market: usize, (account, position_idx): (usize, PositionIdx)) -> Place {
    Place { account, market, position_idx }
}
