//! What the words of the moment are worth: quotes from the market, the position from the bot's memory.

use rust_decimal::prelude::ToPrimitive;
use windvane_market::{Book, Contract, TickerState};
use windvane_model::{BookLevel, MarketTime, Price, Qty, Side, Symbol};

use super::course::Courses;
use super::memory::Memory;
use super::tape::Tapes;
use crate::context::Context;
use crate::language::{LiveWord, Quote};

/// Everything that words of the moment are read from.
pub(super) struct Reading<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) memory: &'a Memory,
    pub(super) tapes: &'a Tapes,
    pub(super) courses: &'a Courses,
    /// Length of the file's bars, milliseconds.
    pub(super) bar_ms: i64,
    /// Distance from entry to the first stop where no position holds it yet, in price.
    pub(super) planned_risk: Option<f64>,
}

impl Reading<'_> {
    /// What `word` is worth; NaN where it is not known.
    pub(super) fn read(&self, word: LiveWord) -> f64 {
        if let LiveWord::Quote(quote, symbol) = word {
            return self
                .contract(symbol)
                .and_then(|contract| self.quote(quote, symbol, contract))
                .unwrap_or(f64::NAN);
        }
        let open = self.memory.open;
        match word {
            LiveWord::IsLong => f64::from(u8::from(open.is_some_and(|open| open.is_long))),
            LiveWord::IsShort => f64::from(u8::from(open.is_some_and(|open| !open.is_long))),
            LiveWord::IsFlat => f64::from(u8::from(open.is_none())),
            LiveWord::Drawdown => 1.0 - self.context.means.equity().to_f64() / self.memory.best_equity,
            LiveWord::DayReturn => self.context.means.equity().to_f64() / self.memory.day_equity - 1.0,
            LiveWord::EntriesToday => f64::from(self.memory.entries_today),
            LiveWord::StopsToday => f64::from(self.memory.stops_today),
            LiveWord::LosingStreak => f64::from(self.memory.losing_streak),
            LiveWord::Equity => self.context.means.equity().to_f64(),
            LiveWord::FreeMargin => self.context.means.available().to_f64(),
            LiveWord::OpenPositions => f64::from(self.context.means.open_positions()),
            LiveWord::Risk => open.map(|open| open.risk).or(self.planned_risk).unwrap_or(f64::NAN),
            LiveWord::Quote(..) => f64::NAN,
            _ => self.position(word).unwrap_or(f64::NAN),
        }
    }

    /// A word that has a meaning only while a position is open.
    fn position(&self, word: LiveWord) -> Option<f64> {
        let open = self.memory.open?;
        let age_ms = self.context.now.since(MarketTime(open.opened_ms));
        let gain = || {
            let last = known(self.context.market.last_price())?;
            Some(open.sign() * (last - open.entry_price))
        };
        match word {
            LiveWord::EntryPrice => Some(open.entry_price),
            LiveWord::BarsHeld => (age_ms / self.bar_ms).to_f64(),
            LiveWord::Age => age_ms.to_f64(),
            LiveWord::PnlPercent => Some(gain()? / open.entry_price),
            LiveWord::PnlR => Some(gain()? / open.risk),
            LiveWord::Entries => Some(f64::from(open.entries)),
            LiveWord::PositionSize => self.context.holding.qty.get().to_f64(),
            _ => None,
        }
    }

    fn contract(&self, symbol: Option<Symbol>) -> Option<&Contract> {
        match symbol {
            None => Some(self.context.market),
            Some(symbol) => self.context.markets.contract(symbol),
        }
    }

    fn quote(&self, quote: Quote, symbol: Option<Symbol>, contract: &Contract) -> Option<f64> {
        let (book, ticker) = (contract.book(), contract.ticker());
        match quote {
            Quote::Bid => Some(price(book.best_bid()?)),
            Quote::Ask => Some(price(book.best_ask()?)),
            Quote::Mid => Some((price(book.best_bid()?) + price(book.best_ask()?)) / 2.0),
            Quote::Spread => Some(price(book.best_ask()?) - price(book.best_bid()?)),
            Quote::Microprice => {
                let (bid, ask) = (book.best_bid()?, book.best_ask()?);
                Some((price(bid) * size(ask) + price(ask) * size(bid)) / (size(bid) + size(ask)))
            }
            Quote::BidSize => Some(size(book.best_bid()?)),
            Quote::AskSize => Some(size(book.best_ask()?)),
            Quote::BidDepth(levels) => depth(book, Side::Buy, levels),
            Quote::AskDepth(levels) => depth(book, Side::Sell, levels),
            Quote::Imbalance(levels) => {
                let (bids, asks) = (depth(book, Side::Buy, levels)?, depth(book, Side::Sell, levels)?);
                Some((bids - asks) / (bids + asks))
            }
            Quote::Last => known(contract.last_price()),
            Quote::Mark => known(ticker.mark),
            Quote::Index => known(ticker.index),
            Quote::Basis => basis(ticker),
            Quote::FundingRate => Some(ticker.funding_rate?.to_f64()),
            Quote::TimeToFunding => ticker.next_funding?.since(self.context.now).to_f64(),
            Quote::TradeFlow(window_ms) => self.tapes.of(symbol)?.flow(window_ms, self.context.now),
            Quote::TradeVolume(window_ms) => self.tapes.of(symbol)?.volume(window_ms, self.context.now),
            Quote::TradeDelta(window_ms) => self.tapes.of(symbol)?.delta(window_ms, self.context.now),
            Quote::OpenInterest => open_interest(ticker),
            Quote::OpenInterestChange(window_ms) => {
                let before = self.courses.of(symbol)?.open_interest(window_ms, self.context.now)?;
                Some(open_interest(ticker)? / before - 1.0)
            }
            Quote::BasisChange(window_ms) => {
                Some(basis(ticker)? - self.courses.of(symbol)?.basis(window_ms, self.context.now)?)
            }
        }
    }
}

/// (mark − index) / index.
pub(super) fn basis(ticker: &TickerState) -> Option<f64> {
    Some(known(ticker.mark)? / known(ticker.index)? - 1.0)
}

/// Contracts that are open, base coin.
pub(super) fn open_interest(ticker: &TickerState) -> Option<f64> {
    ticker.open_interest.map(Qty::to_f64)
}

/// A price in `f64`, if there is one.
pub(super) fn known(price: Option<Price>) -> Option<f64> {
    price.map(Price::to_f64)
}

fn price(level: BookLevel) -> f64 {
    level.price.to_f64()
}

fn size(level: BookLevel) -> f64 {
    level.size.to_f64()
}

/// Quantity on the best levels of a side; `None` while there is none.
fn depth(book: &Book, side: Side, levels: u16) -> Option<f64> {
    book.levels(side).take(usize::from(levels)).map(size).reduce(|sum, size| sum + size)
}
