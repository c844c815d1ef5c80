//! The prices that risk decides on, each with the moment it was last confirmed.

use std::collections::BTreeMap;
use windvane_model::{Millis, Price, Symbol, TriggerBy, WallTime};

/// What is known of one contract's prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quote {
    /// Mark price, which margin goes by.
    pub mark: Option<Price>,
    /// Last trade, by the ticker.
    pub last: Option<Price>,
    /// Index price.
    pub index: Option<Price>,
    /// When a ticker message last confirmed the mark, whether or not it named a new one.
    pub mark_at: WallTime,
    /// Best bid.
    pub bid: Option<Price>,
    /// Best ask.
    pub ask: Option<Price>,
    /// When a book message last confirmed the touch.
    pub touch_at: WallTime,
    /// When the book was last seen crossed; `None` when it never was.
    pub crossed_at: Option<WallTime>,
    /// Lowest price of a sell and highest of a buy that the venue takes; `None` while that is not known.
    pub limits: Option<(Price, Price)>,
}

impl Quote {
    /// The price that fires a stop of that kind.
    #[must_use]
    pub const fn watched(&self, by: TriggerBy) -> Option<Price> {
        match by {
            TriggerBy::Last => self.last,
            TriggerBy::Mark => self.mark,
            TriggerBy::Index => self.index,
        }
    }

    /// Whether mark and touch are both known and no older than `age` (wall clock, milliseconds).
    #[must_use]
    pub fn is_fresh(&self, now: WallTime, age: Millis) -> bool {
        let is_known = self.mark.is_some() && self.bid.is_some() && self.ask.is_some();
        is_known && self.age(now) <= age
    }

    /// How long ago the older of mark and touch was confirmed (wall clock, milliseconds).
    #[must_use]
    pub fn age(&self, now: WallTime) -> Millis {
        now.millis_since(self.mark_at).max(now.millis_since(self.touch_at))
    }
}

/// The prices of every contract. The engine keeps it up to date from the market's events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Quotes(BTreeMap<Symbol, Quote>);

impl Quotes {
    /// Takes the mark price that is in force after a ticker message, changed or not.
    pub fn set_mark(&mut self, symbol: Symbol, mark: Price, at: WallTime) {
        let quote = self.0.entry(symbol).or_default();
        quote.mark = Some(mark);
        quote.mark_at = at;
    }

    /// Takes the ticker's other prices, which stops may go by.
    pub fn set_others(&mut self, symbol: Symbol, last: Option<Price>, index: Option<Price>) {
        let quote = self.0.entry(symbol).or_default();
        (quote.last, quote.index) = (last, index);
    }

    /// Takes the touch that is in force after a book message; `None` for a side that is empty.
    pub fn set_touch(&mut self, symbol: Symbol, bid: Option<Price>, ask: Option<Price>, at: WallTime) {
        let quote = self.0.entry(symbol).or_default();
        quote.bid = bid;
        quote.ask = ask;
        quote.touch_at = at;
        if bid.zip(ask).is_some_and(|(bid, ask)| bid >= ask) {
            quote.crossed_at = Some(at);
        }
    }

    /// Takes that a book message crossed the book: neither side of it can be trusted.
    pub fn set_crossed(&mut self, symbol: Symbol, at: WallTime) {
        self.set_touch(symbol, None, None, at);
        self.0.entry(symbol).or_default().crossed_at = Some(at);
    }

    /// Takes the venue's own bounds for prices; `None` when they are no longer told.
    pub fn set_limits(&mut self, symbol: Symbol, limits: Option<(Price, Price)>) {
        self.0.entry(symbol).or_default().limits = limits;
    }

    /// What is known of `symbol`; an empty quote when nothing is.
    #[must_use]
    pub fn get(&self, symbol: Symbol) -> Quote {
        self.0.get(&symbol).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    #[test]
    fn a_quote_is_fresh_only_while_mark_and_touch_both_are() {
        let price = |n| Some(Price::new(Decimal::from(n)).unwrap());
        let at = |ms: i64| WallTime(ms * 1_000_000);
        let quote = Quote {
            mark: price(100),
            last: None,
            index: None,
            mark_at: at(1000),
            bid: price(99),
            ask: price(101),
            touch_at: at(1500),
            crossed_at: None,
            limits: None,
        };
        assert!(quote.is_fresh(at(2000), 1000));
        assert!(!quote.is_fresh(at(2001), 1000), "the mark is too old");
        assert!(!Quote { touch_at: at(0), ..quote }.is_fresh(at(2000), 1000), "the touch is too old");
        assert!(!Quote { ask: None, ..quote }.is_fresh(at(2000), 1000), "an empty side is no market");
    }
}
