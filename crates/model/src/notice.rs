//! What a strategy is told about its own orders and its own position.

use crate::{
    BotName, ClientOrderId, Denial, Money, OrderId, OrderStatus, Price, Qty, Refused, Request, RunState,
    Side, Symbol, Tag,
};

/// A notice and whom it is for.
#[derive(Debug, Clone, PartialEq)]
pub struct NoticeTo {
    /// The bot.
    pub bot: BotName,
    /// What it is told.
    pub notice: Notice,
}

/// Something happened to an order or the position of a bot.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// Risk let the order pass; it has an id now and leaves.
    Submitted {
        /// The strategy's own mark.
        tag: Tag,
        /// The order's id.
        client_order_id: ClientOrderId,
    },
    /// Risk said no to a wish.
    Denied {
        /// The strategy's own mark, for a `Place`.
        tag: Option<Tag>,
        /// The order named, for an `Amend` or a `Cancel`.
        client_order_id: Option<ClientOrderId>,
        /// Why.
        denial: Denial,
    },
    /// The venue refused a request for certain.
    Refused(Refused),
    /// The outcome of a request is not known. An order is being looked up; protection, which nobody looks up, is to
    /// be asked for again: twice the same does no harm.
    Undetermined {
        /// What was asked.
        request: Request,
        /// The order, where the request is about one.
        client_order_id: Option<ClientOrderId>,
    },
    /// The order rests, or was changed.
    Working {
        /// The order.
        client_order_id: ClientOrderId,
        /// Its limit price now.
        price: Option<Price>,
        /// Its whole quantity now.
        qty: Qty,
    },
    /// A fill of an order of this bot, or of a stop that the venue made for its position.
    Filled {
        /// The order; `None` for a stop that the venue made.
        client_order_id: Option<ClientOrderId>,
        /// Direction of the order.
        side: Side,
        /// Price.
        price: Price,
        /// Quantity in the base coin.
        qty: Qty,
        /// Whether it rested.
        is_maker: bool,
    },
    /// The order is closed, for whatever reason; no fill follows.
    Closed {
        /// The order.
        client_order_id: ClientOrderId,
        /// How it ended.
        status: OrderStatus,
        /// Filled in all, base coin.
        cumulative_qty: Qty,
    },
    /// The position changed.
    PositionChanged {
        /// The contract.
        symbol: Symbol,
        /// Direction now; `None` when flat.
        side: Option<Side>,
        /// Size now, base coin.
        qty: Qty,
        /// Average entry price now.
        average_price: Option<Price>,
    },
    /// The position went flat.
    PositionClosed {
        /// The contract.
        symbol: Symbol,
        /// By what.
        cause: ExitCause,
        /// Profit of the whole holding after fees and funding, settle coin.
        net_pnl: Money,
    },
    /// Somebody else has an order on the bot's position, or it changed or ended. What it may fill counts in risk's
    /// exposure, and the bot's position may change by it.
    ForeignOrder(ForeignOrder),
    /// What the engine allows has changed.
    RunState(RunState),
}

/// An order that nobody of this installation placed, as the venue last showed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignOrder {
    /// The venue's id of it.
    pub order_id: OrderId,
    /// The contract.
    pub symbol: Symbol,
    /// Direction.
    pub side: Side,
    /// Its limit or trigger price, quote coin; `None` for a market order.
    pub price: Option<Price>,
    /// What may still fill of it, base coin; nothing once it has ended.
    pub leaves_qty: Qty,
    /// Whether it may only reduce.
    pub reduce_only: bool,
}

/// What closed a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitCause {
    /// An order of the bot.
    Strategy,
    /// The stop-loss at the venue.
    StopLoss,
    /// The take-profit at the venue.
    TakeProfit,
    /// The trailing stop at the venue.
    Trailing,
    /// Liquidation or auto-deleveraging.
    Liquidation,
    /// Risk or a person: flatten, kill.
    Protect,
    /// The end of the contract: delivery or settlement at the venue's price.
    Delivery,
    /// Somebody outside the engine.
    Foreign,
}

impl ExitCause {
    /// A short word for logs and metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strategy => "strategy",
            Self::StopLoss => "stop_loss",
            Self::TakeProfit => "take_profit",
            Self::Trailing => "trailing",
            Self::Liquidation => "liquidation",
            Self::Protect => "protect",
            Self::Delivery => "delivery",
            Self::Foreign => "foreign",
        }
    }
}

/// What a strategy must remember over a restart, in its own encoding. Journalled whenever it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BotMemory {
    /// The bot.
    pub bot: BotName,
    /// The strategy's own bytes; it reads only what the same version wrote.
    pub bytes: Vec<u8>,
}
