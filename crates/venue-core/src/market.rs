//! One instrument while it trades: its grid and limits in units, its book, its reference prices, the orders that wait for
//! them.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::api::{Instrument, OrderType, Refusal, Side, Symbol, TickerRow, TriggerBy};
use crate::book::Book;
use crate::margin::Tiers;
use crate::order::OrderKey;
use crate::units::{decimal, round_down, round_up, units};

#[derive(Clone, Debug)]
pub(crate) struct Market {
    pub(crate) spec: Instrument,
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
    pub(crate) update_id: i64,
    pub(crate) book_seq: i64,
    pub(crate) book_time_ms: i64,
}

/// Highest buy and lowest sell price, in units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PriceBounds {
    pub(crate) highest_buy: i64,
    pub(crate) lowest_sell: i64,
}

impl Market {
    pub(crate) fn new(spec: Instrument) -> Self {
        Self {
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

    /// The price a trigger watches.
    pub(crate) fn watched(&self, by: TriggerBy) -> Option<i64> {
        match by {
            TriggerBy::LastPrice => self.last,
            TriggerBy::IndexPrice => self.index,
            TriggerBy::MarkPrice => self.mark,
        }
    }

    /// A price in units, if it is positive, on the tick grid and inside the instrument's range.
    pub(crate) fn price(&self, price: Decimal) -> Result<i64, Refusal> {
        let refusal =
            || Refusal::new(10001, format!("price invalid: {price} (tick size {})", self.spec.tick_size));
        let in_units = units(price).filter(|price| price % self.tick == 0).ok_or_else(refusal)?;
        let in_range = price > Decimal::ZERO && price >= self.spec.min_price && price <= self.spec.max_price;
        if in_range { Ok(in_units) } else { Err(refusal()) }
    }

    /// A quantity in units, if it is on the lot grid and between the smallest and the largest order.
    pub(crate) fn qty(&self, qty: Decimal, order_type: OrderType) -> Result<i64, Refusal> {
        let refusal = |why: &str| Err(Refusal::new(10001, format!("qty invalid: {qty} ({why})")));
        let Some(in_units) = units(qty).filter(|qty| qty % self.step == 0) else {
            return refusal(&format!("qty step {}", self.spec.qty_step));
        };
        let largest = match order_type {
            OrderType::Market => self.spec.max_market_order_qty,
            OrderType::Limit | OrderType::Unknown => self.spec.max_order_qty,
        };
        if qty < self.spec.min_order_qty || qty <= Decimal::ZERO {
            return refusal(&format!("minimum {}", self.spec.min_order_qty));
        }
        if qty > largest {
            return refusal(&format!("maximum {largest}"));
        }
        Ok(in_units)
    }

    /// Bounds of limit prices: min(max(index, mark(1+X)), mark(1+Y)) for buys, mirrored for sells.
    /// Source: Bybit help centre, "Price Limit" (futures, 2025), without the later premium term.
    pub(crate) fn price_bounds(&self) -> Option<PriceBounds> {
        let mark = decimal(self.mark?);
        let index = self.index.map_or(mark, decimal);
        let (x, y) = (self.spec.price_limit_ratio_x, self.spec.price_limit_ratio_y);
        let one = Decimal::ONE;
        let highest = (mark * (one + x)).max(index).min(mark * (one + y));
        let lowest = (mark * (one - x)).min(index).max(mark * (one - y));
        Some(PriceBounds {
            highest_buy: round_down(highest, self.tick),
            lowest_sell: round_up(lowest, self.tick).max(self.tick),
        })
    }

    /// A limit price, moved to the bound when it lies beyond.
    pub(crate) fn bounded(&self, side: Side, price: i64) -> i64 {
        match (self.price_bounds(), side) {
            (None, _) => price,
            (Some(bounds), Side::Buy) => price.min(bounds.highest_buy),
            (Some(bounds), Side::Sell) => price.max(bounds.lowest_sell),
        }
    }

    /// The worst price a market order may take: mark × (1 ± X), on the tick inside the band.
    pub(crate) fn protective_price(&self, side: Side) -> Option<i64> {
        let reference = decimal(self.valuation_price()?);
        let x = self.spec.price_limit_ratio_x;
        Some(match side {
            Side::Buy => round_down(reference * (Decimal::ONE + x), self.tick),
            Side::Sell => round_up(reference * (Decimal::ONE - x), self.tick).max(self.tick),
        })
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

    pub(crate) fn ticker(&self, open_interest: Decimal, seq: i64) -> TickerRow {
        TickerRow {
            symbol: self.symbol().clone(),
            last_price: self.last.map(decimal),
            mark_price: self.mark.map(decimal),
            index_price: self.index.map(decimal),
            bid1: self.book.best_level(Side::Buy),
            ask1: self.book.best_level(Side::Sell),
            funding_rate: self.funding_rate,
            next_funding_ms: self.next_funding_ms,
            open_interest,
            seq,
        }
    }
}
