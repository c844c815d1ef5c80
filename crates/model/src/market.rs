//! Facts of the market, as the public stream tells them.

use crate::{Fixed, MarketTime, Millis, Price, Qty, Rate, Side, Symbol};
use rust_decimal::Decimal;
use std::fmt;

/// One fact of the public stream.
#[derive(Debug, Clone, PartialEq)]
pub enum MarketEvent {
    /// The order book changed.
    Book(BookUpdate),
    /// Somebody traded.
    Trades(TradePrints),
    /// Some figures of the ticker changed.
    Ticker(Ticker),
    /// A candle moved or closed.
    Candle(Candle),
    /// Positions of somebody were liquidated.
    Liquidations(Liquidations),
    /// The venue takes orders within these prices.
    PriceLimit(PriceLimit),
}

impl MarketEvent {
    /// The contract it is about.
    #[must_use]
    pub const fn symbol(&self) -> Symbol {
        match self {
            Self::Book(update) => update.symbol,
            Self::Trades(prints) => prints.symbol,
            Self::Ticker(ticker) => ticker.symbol,
            Self::Candle(candle) => candle.symbol,
            Self::Liquidations(liquidations) => liquidations.symbol,
            Self::PriceLimit(limit) => limit.symbol,
        }
    }

    /// When the venue sent it, on the market's clock.
    #[must_use]
    pub const fn at(&self) -> MarketTime {
        match self {
            Self::Book(update) => update.at,
            Self::Trades(prints) => prints.at,
            Self::Ticker(ticker) => ticker.at,
            Self::Candle(candle) => candle.at,
            Self::Liquidations(liquidations) => liquidations.at,
            Self::PriceLimit(limit) => limit.at,
        }
    }

    /// A short word for metric labels.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Book(_) => "book",
            Self::Trades(_) => "trades",
            Self::Ticker(_) => "ticker",
            Self::Candle(_) => "candle",
            Self::Liquidations(_) => "liquidations",
            Self::PriceLimit(_) => "price_limit",
        }
    }
}

/// Whether a book message replaces the book or changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookUpdateKind {
    /// Replaces the book; also any message with `u` = 1 (the venue restarted).
    Snapshot,
    /// Changes the levels it names.
    Delta,
}

/// One message of an `orderbook` topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookUpdate {
    /// The contract.
    pub symbol: Symbol,
    /// When the venue sent it.
    pub at: MarketTime,
    /// Replace or change.
    pub kind: BookUpdateKind,
    /// `u`: rises by one with each delta of the topic.
    pub update_id: u64,
    /// `seq`: the cross sequence.
    pub sequence: u64,
    /// Bids, in any order.
    pub bids: Vec<BookLevel>,
    /// Asks, in any order.
    pub asks: Vec<BookLevel>,
}

/// A price and how much rests there; size zero deletes the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookLevel {
    /// The price.
    pub price: Fixed,
    /// The size in the base coin.
    pub size: Fixed,
}

/// One message of a `publicTrade` topic, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradePrints {
    /// The contract.
    pub symbol: Symbol,
    /// When the venue sent it.
    pub at: MarketTime,
    /// The prints.
    pub trades: Vec<Trade>,
}

/// One print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trade {
    /// When it traded.
    pub at: MarketTime,
    /// The side that took.
    pub taker: Side,
    /// The price.
    pub price: Price,
    /// The size in the base coin.
    pub qty: Qty,
}

/// One message of an `allLiquidation` topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Liquidations {
    /// The contract.
    pub symbol: Symbol,
    /// When the venue sent it.
    pub at: MarketTime,
    /// What was liquidated, oldest first.
    pub liquidations: Vec<Liquidation>,
}

/// A position, or a part of one, that the venue took over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Liquidation {
    /// When.
    pub at: MarketTime,
    /// The side of the position: [`Side::Buy`] was long. Source: Bybit V5, "All Liquidation" topic.
    pub position: Side,
    /// The price at which its margin was used up.
    pub bankruptcy_price: Price,
    /// How much, in the base coin.
    pub qty: Qty,
}

/// One message of a `priceLimit` topic: beyond these prices the venue refuses a limit order, or moves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceLimit {
    /// The contract.
    pub symbol: Symbol,
    /// When the venue sent it.
    pub at: MarketTime,
    /// Highest price of a buy.
    pub highest_buy: Price,
    /// Lowest price of a sell.
    pub lowest_sell: Price,
}

/// One message of a `tickers` topic: `None` means unchanged, not unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticker {
    /// The contract.
    pub symbol: Symbol,
    /// When the venue sent it.
    pub at: MarketTime,
    /// Last trade.
    pub last: Option<Price>,
    /// Mark price, which margin and most stops go by.
    pub mark: Option<Price>,
    /// Index price.
    pub index: Option<Price>,
    /// Funding rate of the running interval, a fraction; positive: longs pay.
    pub funding_rate: Option<Rate>,
    /// When it will be paid.
    pub next_funding: Option<MarketTime>,
    /// Contracts that are open, in the contract's quantity.
    pub open_interest: Option<Qty>,
}

/// One candle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candle {
    /// The contract.
    pub symbol: Symbol,
    /// When the venue sent it.
    pub at: MarketTime,
    /// Its length.
    pub interval: Interval,
    /// When it opened.
    pub start: MarketTime,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price so far.
    pub close: Price,
    /// Volume in the base coin.
    pub volume: Decimal,
    /// Whether it is closed and will not change again.
    pub is_confirmed: bool,
    /// Whether it comes from history that was read before the engine went live: it feeds indicators and
    /// never fires a signal.
    pub is_warm_up: bool,
}

/// Length of a candle. Source: Bybit V5, enum `interval`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interval {
    /// One minute.
    M1,
    /// Three minutes.
    M3,
    /// Five minutes.
    M5,
    /// A quarter of an hour.
    M15,
    /// Half an hour.
    M30,
    /// One hour.
    H1,
    /// Two hours.
    H2,
    /// Four hours.
    H4,
    /// Six hours.
    H6,
    /// Twelve hours.
    H12,
    /// One UTC day.
    D1,
}

/// A candle length that is not offered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not one of 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 12h, 1d")]
pub struct IntervalError(pub String);

impl Interval {
    /// Every length, shortest first.
    pub const ALL: [Self; 11] = [
        Self::M1,
        Self::M3,
        Self::M5,
        Self::M15,
        Self::M30,
        Self::H1,
        Self::H2,
        Self::H4,
        Self::H6,
        Self::H12,
        Self::D1,
    ];

    /// Length in minutes.
    #[must_use]
    pub const fn minutes(self) -> i64 {
        match self {
            Self::M1 => 1,
            Self::M3 => 3,
            Self::M5 => 5,
            Self::M15 => 15,
            Self::M30 => 30,
            Self::H1 => 60,
            Self::H2 => 120,
            Self::H4 => 240,
            Self::H6 => 360,
            Self::H12 => 720,
            Self::D1 => 1440,
        }
    }

    /// Length in milliseconds.
    #[must_use]
    pub const fn millis(self) -> Millis {
        self.minutes() * 60_000
    }

    /// As people write it: `15m`, `1h`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::M1 => "1m",
            Self::M3 => "3m",
            Self::M5 => "5m",
            Self::M15 => "15m",
            Self::M30 => "30m",
            Self::H1 => "1h",
            Self::H2 => "2h",
            Self::H4 => "4h",
            Self::H6 => "6h",
            Self::H12 => "12h",
            Self::D1 => "1d",
        }
    }
}

impl std::str::FromStr for Interval {
    type Err = IntervalError;

    fn from_str(text: &str) -> Result<Self, IntervalError> {
        Self::ALL
            .into_iter()
            .find(|interval| interval.as_str() == text)
            .ok_or_else(|| IntervalError(text.to_owned()))
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
