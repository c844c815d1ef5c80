//! The closed sets that describe an order.

/// Direction of an order, a fill or a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Buys; as a position, long.
    Buy,
    /// Sells; as a position, short.
    Sell,
}

impl Side {
    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// Bybit's word, which is also the label of a metric.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Buy => "Buy",
            Self::Sell => "Sell",
        }
    }
}

/// How an order is to be priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderKind {
    /// Takes what is there. With `max_slippage_ticks` the venue stops that many ticks past the touch.
    Market {
        /// Distance from the best opposite price in ticks, when limited.
        max_slippage_ticks: Option<u32>,
    },
    /// At this price or better.
    Limit {
        /// The worst price accepted, on the tick grid.
        price: crate::Price,
        /// How long it may rest.
        time_in_force: TimeInForce,
    },
}

impl OrderKind {
    /// The limit price, when there is one.
    #[must_use]
    pub const fn limit_price(&self) -> Option<crate::Price> {
        match self {
            Self::Market { .. } => None,
            Self::Limit { price, .. } => Some(*price),
        }
    }
}

/// How long an order may rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeInForce {
    /// Good till cancelled.
    Gtc,
    /// What does not fill at once is cancelled.
    Ioc,
    /// All at once or nothing.
    Fok,
    /// Rests or is cancelled; never takes.
    PostOnly,
}

/// Which price fires a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum TriggerBy {
    /// The last trade.
    Last,
    /// The mark price: harder to push around with one trade.
    #[default]
    Mark,
    /// The index price.
    Index,
}

impl TriggerBy {
    /// A word for people and for rule files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Mark => "mark",
            Self::Index => "index",
        }
    }
}

/// Which prices fire the stop-loss and the take-profit of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Triggers {
    /// Of the stop-loss.
    pub stop_loss: TriggerBy,
    /// Of the take-profit.
    pub take_profit: TriggerBy,
}

/// Which position of a symbol: 0 in one-way mode, 1 (buy) and 2 (sell) in hedge mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PositionIndex(pub u8);

impl PositionIndex {
    /// The one position of one-way mode.
    pub const ONE_WAY: Self = Self(0);
    /// The long position of hedge mode.
    pub const LONG: Self = Self(1);
    /// The short position of hedge mode.
    pub const SHORT: Self = Self(2);
    /// Every index there is.
    pub const ALL: [Self; 3] = [Self::ONE_WAY, Self::LONG, Self::SHORT];

    /// The position that hedge mode keeps for a side.
    #[must_use]
    pub const fn of_side(side: Side) -> Self {
        match side {
            Side::Buy => Self::LONG,
            Side::Sell => Self::SHORT,
        }
    }

    /// The side that alone can be held here; `None` in one-way mode, where either can.
    #[must_use]
    pub const fn only_side(self) -> Option<Side> {
        match self {
            Self::LONG => Some(Side::Buy),
            Self::SHORT => Some(Side::Sell),
            _ => None,
        }
    }
}

/// What the venue says of an order. Source: Bybit V5, enum `orderStatus`.
///
/// Spot's `PartiallyFilledCanceled` arrives as [`OrderStatus::Cancelled`] with its cumulative quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OrderStatus {
    /// On the book, nothing filled.
    New,
    /// On the book, part filled.
    PartiallyFilled,
    /// A conditional order that waits.
    Untriggered,
    /// A conditional order between its trigger and the book; passes at once.
    Triggered,
    /// Refused by matching; may carry fills, which count.
    Rejected,
    /// All filled.
    Filled,
    /// Cancelled; may carry fills, which count.
    Cancelled,
    /// A conditional order cancelled before its trigger.
    Deactivated,
}

impl OrderStatus {
    /// Whether no further fill can follow.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::New | Self::PartiallyFilled | Self::Untriggered | Self::Triggered => false,
            Self::Rejected | Self::Filled | Self::Cancelled | Self::Deactivated => true,
        }
    }

    /// Bybit's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::PartiallyFilled => "PartiallyFilled",
            Self::Untriggered => "Untriggered",
            Self::Triggered => "Triggered",
            Self::Rejected => "Rejected",
            Self::Filled => "Filled",
            Self::Cancelled => "Cancelled",
            Self::Deactivated => "Deactivated",
        }
    }
}
