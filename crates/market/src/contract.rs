//! Everything known of one contract, and when each of its topics last spoke.

use windvane_model::{
    Candle, Interval, Liquidation, MarketEvent, Millis, Price, PriceLimit, Stamp, Trade, WallTime,
};

use crate::{Book, CandleSeries, Change, TickerState};

/// A kind of message of the public stream whose age is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The order book.
    Book,
    /// Trades.
    Trades,
    /// The ticker.
    Ticker,
    /// Candles of any interval.
    Candles,
    /// Liquidations.
    Liquidations,
    /// The venue's price limits.
    PriceLimit,
}

impl Topic {
    const fn slot(self) -> usize {
        match self {
            Self::Book => 0,
            Self::Trades => 1,
            Self::Ticker => 2,
            Self::Candles => 3,
            Self::Liquidations => 4,
            Self::PriceLimit => 5,
        }
    }
}

/// What is known of one contract.
#[derive(Debug, Clone)]
pub struct Contract {
    book: Book,
    ticker: TickerState,
    last_trade: Option<Trade>,
    last_liquidation: Option<Liquidation>,
    price_limit: Option<PriceLimit>,
    /// One per interval that has spoken; few, so a list is searched.
    candles: Vec<CandleSeries>,
    history: usize,
    heard: [Option<WallTime>; 6],
}

impl Contract {
    pub(crate) fn new(history: usize) -> Self {
        Self {
            book: Book::default(),
            ticker: TickerState::default(),
            last_trade: None,
            last_liquidation: None,
            price_limit: None,
            candles: Vec::new(),
            history,
            heard: [None; 6],
        }
    }

    pub(crate) fn apply(&mut self, event: &MarketEvent, stamp: Stamp) -> Change {
        let topic = match event {
            MarketEvent::Book(_) => Topic::Book,
            MarketEvent::Trades(_) => Topic::Trades,
            MarketEvent::Ticker(_) => Topic::Ticker,
            MarketEvent::Candle(_) => Topic::Candles,
            MarketEvent::Liquidations(_) => Topic::Liquidations,
            MarketEvent::PriceLimit(_) => Topic::PriceLimit,
        };
        self.heard[topic.slot()] = Some(stamp.wall);
        match event {
            MarketEvent::Book(update) => match self.book.apply(update) {
                Ok(true) => Change::Book,
                Ok(false) => Change::BookAwaitsSnapshot,
                Err(gap) => Change::BookLost(gap),
            },
            MarketEvent::Trades(prints) => {
                self.last_trade = prints.trades.last().copied().or(self.last_trade);
                Change::Trades
            }
            MarketEvent::Ticker(ticker) => {
                self.ticker.merge(ticker);
                Change::Ticker
            }
            MarketEvent::Candle(candle) => self.series(candle).apply(candle),
            MarketEvent::Liquidations(told) => {
                self.last_liquidation = told.liquidations.last().copied().or(self.last_liquidation);
                Change::Liquidations
            }
            MarketEvent::PriceLimit(limit) => {
                self.price_limit = Some(*limit);
                Change::PriceLimit
            }
        }
    }

    /// Forgets what a cut stream no longer keeps up.
    pub(crate) fn lose_book(&mut self) {
        self.book.clear();
        self.price_limit = None;
    }

    fn series(&mut self, candle: &Candle) -> &mut CandleSeries {
        let known = self.candles.iter().position(|series| series.interval() == candle.interval);
        let at = known.unwrap_or_else(|| {
            self.candles.push(CandleSeries::new(candle.interval, self.history));
            self.candles.len() - 1
        });
        &mut self.candles[at]
    }

    /// The order book; empty while it cannot be trusted.
    #[must_use]
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// The merged ticker.
    #[must_use]
    pub const fn ticker(&self) -> &TickerState {
        &self.ticker
    }

    /// The newest print.
    #[must_use]
    pub const fn last_trade(&self) -> Option<&Trade> {
        self.last_trade.as_ref()
    }

    /// The newest liquidation.
    #[must_use]
    pub const fn last_liquidation(&self) -> Option<&Liquidation> {
        self.last_liquidation.as_ref()
    }

    /// Within which prices the venue takes orders; `None` while it is not known.
    #[must_use]
    pub const fn price_limit(&self) -> Option<&PriceLimit> {
        self.price_limit.as_ref()
    }

    /// Price of the last trade, from the prints or else from the ticker.
    #[must_use]
    pub fn last_price(&self) -> Option<Price> {
        self.last_trade.map(|trade| trade.price).or(self.ticker.last)
    }

    /// Candles of an interval, once one has come.
    #[must_use]
    pub fn candles(&self, interval: Interval) -> Option<&CandleSeries> {
        self.candles.iter().find(|series| series.interval() == interval)
    }

    /// When a topic last spoke, by the wall clock.
    #[must_use]
    pub const fn heard(&self, topic: Topic) -> Option<WallTime> {
        self.heard[topic.slot()]
    }

    /// Milliseconds since a topic last spoke; `None` when it never did.
    #[must_use]
    pub fn age_ms(&self, topic: Topic, now: WallTime) -> Option<Millis> {
        self.heard(topic).map(|heard| now.millis_since(heard))
    }
}
