//! Words for what is true at the moment of evaluation: quotes, flow, position, account. The bot says what each is worth;
//! only words that a program uses are asked for.

use windvane_model::Symbol;

/// A figure of one contract's market at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quote {
    Bid,
    Ask,
    Mid,
    /// Ask − bid.
    Spread,
    /// The mid weighted by the size on the other side: where the next trade leans to.
    Microprice,
    /// Quantity at the best bid, base coin.
    BidSize,
    /// Quantity at the best ask, base coin.
    AskSize,
    /// Quantity on the best levels of the bids.
    BidDepth(u16),
    /// Quantity on the best levels of the asks.
    AskDepth(u16),
    /// (bids − asks) / (bids + asks) over the best levels: −1 to 1.
    Imbalance(u16),
    Last,
    Mark,
    Index,
    /// (mark − index) / index.
    Basis,
    /// Funding rate of the running interval, a fraction; longs pay when positive.
    FundingRate,
    /// Until the next funding, milliseconds.
    TimeToFunding,
    /// (bought − sold) / (bought + sold) by takers over the last milliseconds: −1 to 1.
    TradeFlow(u32),
    /// Quantity traded over the last milliseconds, base coin.
    TradeVolume(u32),
    /// Bought less sold by takers over the last milliseconds, base coin.
    TradeDelta(u32),
    /// Contracts that are open, base coin.
    OpenInterest,
    /// Open interest of now over that of so many milliseconds ago, less one.
    OpenInterestChange(u32),
    /// Basis of now less that of so many milliseconds ago.
    BasisChange(u32),
}

/// A word for what is true at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LiveWord {
    /// Of the bot's own contract (`None`) or another.
    Quote(Quote, Option<Symbol>),
    IsLong,
    IsShort,
    IsFlat,
    EntryPrice,
    BarsHeld,
    /// Since the position was opened, milliseconds.
    Age,
    PnlPercent,
    /// Profit in multiples of the distance to the first stop.
    PnlR,
    /// Entries that make up the position.
    Entries,
    /// Size of the position, base coin.
    PositionSize,
    /// What the bot has lost since its best equity, a fraction.
    Drawdown,
    /// What the bot has made since the UTC day began, as a fraction of what it had then.
    DayReturn,
    /// Positions opened since the UTC day began.
    EntriesToday,
    /// Positions stopped out since the UTC day began.
    StopsToday,
    /// Losing positions in a row since the UTC day began.
    LosingStreak,
    /// The bot's budget with what it has made of it, settle coin.
    Equity,
    /// Margin of the account that is free for new orders, settle coin.
    FreeMargin,
    /// Positions of the account, with those that an order is about to open.
    OpenPositions,
    /// Distance from entry to the first stop, in price.
    Risk,
}

impl LiveWord {
    /// Whether it becomes another only where a message says so; all others go by prices, by time or by what the bot does.
    pub(crate) const fn is_announced(self) -> bool {
        matches!(self, Self::Quote(Quote::FundingRate, _))
    }
}
