//! One instrument while it trades: its grid and limits in units, its book, its reference prices, the orders that wait for
//! them.

mod band;

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::api::{
    Category, Instrument, OrderType, PositionIdx, Refusal, Side, Symbol, TickerRow, TimeInForce, TriggerBy,
};
use crate::book::Book;
use crate::coin::Coins;
use crate::margin::Tiers;
use crate::order::OrderKey;
use crate::payoff::Payoff;
use crate::units::{decimal, round_down, round_up, units};

#[derive(Clone, Debug)]
pub(crate) struct Market {
    pub(crate) spec: Instrument,
    pub(crate) payoff: Payoff,
    /// Coin slots. `settle` is where fees, profit and margin of a contract go; spot pays in `quote`.
    pub(crate) base: usize,
    pub(crate) quote: usize,
    pub(crate) settle: usize,
    pub(crate) tiers: Tiers,
    tick: i64,
    step: i64,
    pub(crate) book: Book,
    pub(crate) mark: Option<i64>,
    pub(crate) index: Option<i64>,
    pub(crate) last: Option<i64>,
    pub(crate) funding_rate: Decimal,
    pub(crate) next_funding_ms: i64,
    /// Untriggered orders of all accounts.
    pub(crate) waiting: BTreeSet<OrderKey>,
    /// Open positions, as (account, position).
    pub(crate) holders: BTreeSet<(usize, PositionIdx)>,
    /// Sum of all long positions, in units.
    pub(crate) open_interest: i64,
    pub(crate) update_id: i64,
    pub(crate) book_seq: i64,
    pub(crate) book_time_ms: i64,
}

impl Market {
    pub(crate) fn new(spec: Instrument, coins: &mut Coins) -> Self {
        let (base, quote) = (coins.enter(&spec.base_coin), coins.enter(&spec.quote_coin));
        Self {
            payoff: Payoff::of(spec.category),
            base,
            quote,
            settle: match spec.category {
                Category::Linear | Category::Spot => quote,
                Category::Inverse => base,
            },
            tiers: Tiers::new(&spec.risk_tiers),
            // A step that is no whole number of units cannot be traded; one unit is then the finest there is.
            tick: units(spec.tick_size).filter(|tick| *tick > 0).unwrap_or(1),
            step: units(spec.qty_step).filter(|step| *step > 0).unwrap_or(1),
            book: Book::default(),
            mark: None,
            index: None,
            last: None,
            funding_rate: Decimal::ZERO,
            next_funding_ms: 0,
            waiting: BTreeSet::new(),
            holders: BTreeSet::new(),
            open_interest: 0,
            update_id: 1,
            book_seq: 0,
            book_time_ms: 0,
            spec,
        }
    }

    pub(crate) fn symbol(&self) -> &Symbol {
        &self.spec.symbol
    }

    /// The price positions are valued at: mark, or the nearest substitute before the first mark.
    pub(crate) fn valuation_price(&self) -> Option<i64> {
        self.mark.or(self.index).or(self.last)
    }

    pub(crate) fn is_spot(&self) -> bool {
        self.spec.category == Category::Spot
    }

    /// The price of its base coin: index, or the nearest substitute.
    pub(crate) fn coin_price(&self) -> Option<i64> {
        self.index.or(self.mark).or(self.last)
    }

    /// The price a trigger watches. Spot has no mark price and triggers by the last one.
    pub(crate) fn watched(&self, by: TriggerBy) -> Option<i64> {
        match by {
            TriggerBy::IndexPrice | TriggerBy::MarkPrice if self.is_spot() => self.last,
            TriggerBy::LastPrice => self.last,
            TriggerBy::IndexPrice => self.index,
            TriggerBy::MarkPrice => self.mark,
        }
    }

    /// A price in units, if it is positive, on the tick grid and inside the instrument's range.
    pub(crate) fn price(&self, price: Decimal) -> Result<i64, Refusal> {
        let spec = &self.spec;
        let refusal = |spot_code: i32| {
            let code = if self.is_spot() { spot_code } else { 10001 };
            Refusal::new(code, format!("price invalid: {price} (tick size {})", spec.tick_size))
        };
        let in_units = units(price).filter(|price| price % self.tick == 0).ok_or_else(|| refusal(170134))?;
        if price <= Decimal::ZERO || price < spec.min_price {
            return Err(refusal(170133));
        }
        if price > spec.max_price { Err(refusal(170132)) } else { Ok(in_units) }
    }

    /// A quantity in units, if it is on the lot grid and between the smallest and the largest order.
    pub(crate) fn qty(
        &self,
        qty: Decimal,
        order_type: OrderType,
        time_in_force: TimeInForce,
    ) -> Result<i64, Refusal> {
        let spec = &self.spec;
        let refusal = |spot_code: i32, why: String| {
            let code = if self.is_spot() { spot_code } else { 10001 };
            Err(Refusal::new(code, format!("qty invalid: {qty} ({why})")))
        };
        let Some(in_units) = units(qty).filter(|qty| qty % self.step == 0) else {
            return refusal(170137, format!("qty step {}", spec.qty_step));
        };
        let largest = match (order_type, time_in_force) {
            (OrderType::Market, _) => spec.max_market_order_qty,
            // Spot allows post-only orders five times the size. Source: Bybit V5, "Get Instruments Info".
            (OrderType::Limit, TimeInForce::PostOnly) if self.is_spot() => {
                spec.max_order_qty.saturating_mul(Decimal::from(5))
            }
            (OrderType::Limit | OrderType::Unknown, _) => spec.max_order_qty,
        };
        if qty < spec.min_order_qty || qty <= Decimal::ZERO {
            return refusal(170136, format!("minimum {}", spec.min_order_qty));
        }
        if qty > largest {
            return refusal(170124, format!("maximum {largest}"));
        }
        Ok(in_units)
    }

    /// The largest quantity on the lot grid that is not above `qty`, in units.
    pub(crate) fn lots(&self, qty: Decimal) -> i64 {
        round_down(qty, self.step)
    }

    /// The far end of the instrument's range: the price of an order that must trade at any price.
    pub(crate) fn extreme_price(&self, side: Side) -> i64 {
        match side {
            Side::Buy => round_down(self.spec.max_price, self.tick),
            Side::Sell => round_up(self.spec.min_price, self.tick).max(self.tick),
        }
    }

    /// Nearest tick below a price, as a decimal.
    pub(crate) fn on_tick(&self, price: Decimal) -> Decimal {
        decimal(round_down(price, self.tick))
    }

    pub(crate) fn ticker(&self, seq: i64) -> TickerRow {
        TickerRow {
            category: self.spec.category,
            symbol: self.symbol().clone(),
            last_price: self.last.map(decimal),
            mark_price: self.mark.map(decimal),
            index_price: self.index.map(decimal),
            bid1: self.book.best_level(Side::Buy),
            ask1: self.book.best_level(Side::Sell),
            funding_rate: self.funding_rate,
            next_funding_ms: self.next_funding_ms,
            open_interest: decimal(self.open_interest),
            seq,
        }
    }
}
