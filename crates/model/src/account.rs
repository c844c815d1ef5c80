//! Facts of the account: what the private stream and the queries tell.

use crate::{
    ClientOrderId, Coin, ExecutionId, Leverage, MarketTime, Money, OrderId, OrderStatus, PositionIndex,
    Price, Qty, Rate, Side, Symbol, Text, TimeInForce,
};

/// One fact of the account.
#[derive(Debug, Clone, PartialEq)]
pub enum AccountEvent {
    /// A request was taken; what becomes of it follows on the stream.
    Acknowledged(Acknowledged),
    /// A request was refused for certain: it did nothing.
    Refused(Refused),
    /// A request may or may not have been taken: timeout, cut connection, unlisted code.
    Undetermined(Undetermined),
    /// An order's state, pushed by the stream.
    Order(OrderReport),
    /// An execution, pushed by the stream.
    Execution(Execution),
    /// A position, pushed by the stream.
    Position(PositionReport),
    /// The wallet, pushed by the stream.
    Wallet(WalletReport),
    /// The answer to a [`Query`].
    Answer(QueryAnswer),
    /// A [`Query`] that could not be answered; nothing is known more than before.
    QueryFailed(QueryFailed),
}

/// Which request an answer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Request {
    /// Create an order.
    Submit,
    /// Change an order.
    Amend,
    /// Cancel an order.
    Cancel,
    /// Cancel many orders.
    CancelAll,
    /// Set stop-loss, take-profit or trailing of a position.
    SetProtection,
    /// Set leverage.
    SetLeverage,
}

impl Request {
    /// A short word for logs and metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Amend => "amend",
            Self::Cancel => "cancel",
            Self::CancelAll => "cancel_all",
            Self::SetProtection => "set_protection",
            Self::SetLeverage => "set_leverage",
        }
    }
}

/// `retCode` 0: the venue took the request and will work on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acknowledged {
    /// What was asked.
    pub request: Request,
    /// The contract, where one was named.
    pub symbol: Option<Symbol>,
    /// The order it was about, where it was about one.
    pub client_order_id: Option<ClientOrderId>,
    /// The venue's id, where the answer gives one.
    pub order_id: Option<OrderId>,
}

/// A refusal that is certain: the request did nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What was asked.
    pub request: Request,
    /// The contract, where one was named.
    pub symbol: Option<Symbol>,
    /// The order it was about, where it was about one.
    pub client_order_id: Option<ClientOrderId>,
    /// The venue's `retCode`; 0 when the request never left (last look, dropped outbox).
    pub code: i32,
    /// What kind of refusal it is.
    pub family: RefusalFamily,
    /// The venue's words, cut to fit.
    pub message: Text<120>,
}

/// A request whose outcome is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undetermined {
    /// What was asked.
    pub request: Request,
    /// The contract, where one was named.
    pub symbol: Option<Symbol>,
    /// The order it was about, where it was about one.
    pub client_order_id: Option<ClientOrderId>,
    /// The venue's `retCode`, or 0 when there was no readable answer.
    pub code: i32,
}

/// What a refusal means for us. Source: the table of return codes in the connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusalFamily {
    /// Not enough margin or balance (110007 and relatives, 30087).
    InsufficientMargin,
    /// Over a rate limit; nothing was done.
    RateLimit,
    /// Outside the time window; nothing was done.
    Timestamp,
    /// Key, signature, permission, address.
    Authentication,
    /// The order does not exist or is already closed.
    OrderNotFound,
    /// The client order id exists already: proof that the first request landed.
    Duplicate,
    /// It is already so; counts as success.
    AlreadySo,
    /// Reduce-only without, or against, the position.
    ReduceOnly,
    /// Price outside the allowed band.
    PriceLimit,
    /// A figure is off the grid or outside its bounds.
    InvalidParameter,
    /// Too many open orders.
    OrderCount,
    /// The contract does not trade now.
    NotTrading,
    /// Position mode does not fit.
    PositionMode,
    /// Refused on our side of the wire: stale, halted, or no connection.
    NotSent,
    /// Any other certain refusal.
    Other,
}

impl RefusalFamily {
    /// A short word for logs and metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InsufficientMargin => "insufficient_margin",
            Self::RateLimit => "rate_limit",
            Self::Timestamp => "timestamp",
            Self::Authentication => "authentication",
            Self::OrderNotFound => "order_not_found",
            Self::Duplicate => "duplicate",
            Self::AlreadySo => "already_so",
            Self::ReduceOnly => "reduce_only",
            Self::PriceLimit => "price_limit",
            Self::InvalidParameter => "invalid_parameter",
            Self::OrderCount => "order_count",
            Self::NotTrading => "not_trading",
            Self::PositionMode => "position_mode",
            Self::NotSent => "not_sent",
            Self::Other => "other",
        }
    }
}

/// Who made an order. Source: Bybit V5, enum `createType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A request of the account's owner.
    User,
    /// A stop-loss, take-profit or trailing stop that the venue placed for a position.
    Protection,
    /// Liquidation.
    Liquidation,
    /// Auto-deleveraging.
    Adl,
    /// Settlement, delivery, an administrator.
    Venue,
    /// A text we do not know.
    Other,
}

/// What kind of stop an order is. Source: Bybit V5, enum `stopOrderType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopKind {
    /// Stop-loss of a position.
    StopLoss,
    /// Take-profit of a position.
    TakeProfit,
    /// Trailing stop of a position.
    Trailing,
    /// A conditional order of its own.
    Conditional,
}

/// An order as the venue sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrderReport {
    /// The contract.
    pub symbol: Symbol,
    /// The venue's id.
    pub order_id: OrderId,
    /// Ours, when it has one.
    pub client_order_id: Option<ClientOrderId>,
    /// The order whose attached stop this is, when said.
    pub parent: Option<ClientOrderId>,
    /// Which position it works on.
    pub position_index: PositionIndex,
    /// Direction.
    pub side: Side,
    /// Whether it is a market order (its `price` is then the venue's inner bound).
    pub is_market: bool,
    /// How long it may rest.
    pub time_in_force: TimeInForce,
    /// Limit price; may differ from what we sent when the venue moved it into its band.
    pub price: Option<Price>,
    /// Whole quantity, in the base coin.
    pub qty: Qty,
    /// Filled so far, in the base coin.
    pub cumulative_qty: Qty,
    /// Mean price of the fills.
    pub average_price: Option<Price>,
    /// State.
    pub status: OrderStatus,
    /// Which kind of stop, for stops.
    pub stop_kind: Option<StopKind>,
    /// When it fires, for stops.
    pub trigger_price: Option<Price>,
    /// Whether it may only reduce.
    pub reduce_only: bool,
    /// Who made it.
    pub origin: Origin,
    /// `rejectReason`, empty when none.
    pub reject_reason: Text<48>,
    /// `cancelType`, empty when none.
    pub cancel_type: Text<48>,
    /// When it was created.
    pub created: MarketTime,
    /// When this state came to be.
    pub updated: MarketTime,
}

/// What an execution is. Source: Bybit V5, enum `execType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExecutionKind {
    /// A fill.
    Trade,
    /// A funding payment: moves money, not the position.
    Funding,
    /// Auto-deleveraging: moves the position.
    Adl,
    /// Liquidation: moves the position.
    Liquidation,
    /// Delivery of a dated contract, or settlement: moves the position.
    Delivery,
    /// The settlement of a session of a USDC perpetual: moves profit into the wallet, not the position.
    Session,
    /// A text we do not know; the position is reconciled.
    Other,
}

impl ExecutionKind {
    /// Whether the position moves by this execution's quantity.
    #[must_use]
    pub const fn moves_position(self) -> bool {
        match self {
            Self::Trade | Self::Adl | Self::Liquidation | Self::Delivery => true,
            Self::Funding | Self::Session | Self::Other => false,
        }
    }
}

/// One row of the execution stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Execution {
    /// The contract.
    pub symbol: Symbol,
    /// Unique with the symbol; the key of the fill ledger.
    pub execution_id: ExecutionId,
    /// The order that filled; the venue's own for funding.
    pub order_id: OrderId,
    /// Ours, when the order has one.
    pub client_order_id: Option<ClientOrderId>,
    /// What it is.
    pub kind: ExecutionKind,
    /// Direction of the order.
    pub side: Side,
    /// Price; the mark for funding.
    pub price: Price,
    /// Quantity in the base coin; the position's size for funding.
    pub qty: Qty,
    /// Fee or funding in `fee_coin`; positive is paid.
    pub fee: Money,
    /// The coin of the fee.
    pub fee_coin: Coin,
    /// Whether it rested.
    pub is_maker: bool,
    /// Which kind of stop the order was.
    pub stop_kind: Option<StopKind>,
    /// Who made the order, as far as the row tells.
    pub origin: Origin,
    /// How much of it closed a position, in the base coin.
    pub closed_qty: Qty,
    /// Profit as the venue counts it, when the row says so; the settle coin.
    pub venue_pnl: Option<Money>,
    /// When.
    pub at: MarketTime,
    /// `seq`: shared by the fills of one match.
    pub sequence: i64,
}

/// What the venue is doing to a position. Source: Bybit V5, enum `positionStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum PositionStatus {
    /// Nothing.
    #[default]
    Normal,
    /// It is liquidating it.
    Liquidation,
    /// It is deleveraging it.
    Adl,
    /// A text we do not know.
    Other,
}

impl PositionStatus {
    /// What the position undergoes, for logs and denials.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "nothing",
            Self::Liquidation => "liquidation",
            Self::Adl => "auto-deleveraging",
            Self::Other => "something unknown",
        }
    }
}

/// A position as the venue sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PositionReport {
    /// The contract.
    pub symbol: Symbol,
    /// Which of the symbol's positions.
    pub position_index: PositionIndex,
    /// Direction; `None` when flat.
    pub side: Option<Side>,
    /// Size in the base coin.
    pub qty: Qty,
    /// Average entry price; `None` when flat.
    pub average_price: Option<Price>,
    /// Mark price the figures go by.
    pub mark_price: Option<Price>,
    /// Leverage of the position's margin.
    pub leverage: Option<Leverage>,
    /// Stop-loss at the venue.
    pub stop_loss: Option<Price>,
    /// Take-profit at the venue.
    pub take_profit: Option<Price>,
    /// Trailing distance at the venue, in the quote coin.
    pub trailing_distance: Option<Price>,
    /// Where it would be liquidated, as the venue estimates.
    pub liquidation_price: Option<Price>,
    /// Initial margin, in the settle coin.
    pub initial_margin: Option<Money>,
    /// Maintenance margin, in the settle coin.
    pub maintenance_margin: Option<Money>,
    /// Unrealised profit, in the settle coin.
    pub unrealised_pnl: Option<Money>,
    /// Place in the auto-deleveraging queue, 0 to 5.
    pub adl_rank: u8,
    /// What the venue is doing to it.
    pub status: PositionStatus,
    /// `seq` of the last change by a trade.
    pub sequence: i64,
    /// When it was last changed.
    pub updated: MarketTime,
}

/// The wallet as the venue sees it; account totals in USD.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WalletReport {
    /// The coins that the message names.
    pub coins: Vec<CoinBalance>,
    /// What may still be used as margin, in USD.
    pub available_usd: Option<Money>,
    /// Initial margin of the account, in USD.
    pub initial_margin_usd: Option<Money>,
    /// Maintenance margin of the account, in USD.
    pub maintenance_margin_usd: Option<Money>,
    /// Margin balance, in USD.
    pub margin_balance_usd: Option<Money>,
    /// Initial margin over margin balance, a fraction.
    pub initial_margin_rate: Option<Rate>,
    /// Maintenance margin over margin balance, a fraction; 1 means liquidation.
    pub maintenance_margin_rate: Option<Rate>,
    /// When, on the market's clock.
    pub at: MarketTime,
}

/// One coin of the wallet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoinBalance {
    /// The coin.
    pub coin: Coin,
    /// What is held, without unrealised profit.
    pub wallet_balance: Money,
    /// Wallet balance plus unrealised profit.
    pub equity: Option<Money>,
    /// Margin held by open orders.
    pub order_margin: Option<Money>,
    /// Margin held by positions, with the pre-held closing fee.
    pub position_margin: Option<Money>,
    /// Maintenance margin of positions, with the pre-held closing fee.
    pub maintenance_margin: Option<Money>,
    /// The equity in USD.
    pub usd_value: Option<Money>,
    /// What is owed of the coin.
    pub borrowed: Option<Money>,
    /// What open spot orders hold.
    pub locked: Option<Money>,
    /// A bonus, part of the wallet balance.
    pub bonus: Option<Money>,
}

/// A question to the venue, answered by [`AccountEvent::Answer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Query {
    /// Open orders, positions, wallet, and executions from a moment on.
    Account {
        /// Executions are read from here, with overlap.
        executions_since: MarketTime,
    },
    /// One order by our id: open orders, history and executions.
    Order {
        /// The contract.
        symbol: Symbol,
        /// The order.
        client_order_id: ClientOrderId,
    },
    /// What an order would make of the account's margin. Nothing is placed.
    PreCheck(OrderQuestion),
    /// Money that moved for another reason than an execution, by the venue's log of the wallet.
    Movements {
        /// From this moment on, market time.
        since: MarketTime,
    },
}

/// An order that is only asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderQuestion {
    /// The contract.
    pub symbol: Symbol,
    /// Which of its positions.
    pub position_index: PositionIndex,
    /// Direction.
    pub side: Side,
    /// Quantity, base coin.
    pub qty: Qty,
    /// Limit price, quote coin.
    pub price: Price,
}

/// An answer to a [`Query`], complete over all pages.
#[derive(Debug, Clone, PartialEq)]
pub enum QueryAnswer {
    /// The account as a whole.
    Account(Box<AccountSnapshot>),
    /// One order.
    Order(Box<OrderLookup>),
    /// What an order would do to the account's margin.
    PreCheck(PreChecked),
    /// Money that moved, in any order.
    Movements(Vec<Movement>),
}

/// A change of the wallet that has another reason than an execution. Source: Bybit V5, Get Transaction Log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movement {
    /// The venue's id of it.
    pub id: Text<64>,
    /// When, market time.
    pub at: MarketTime,
    /// Which coin.
    pub coin: Coin,
    /// By how much its balance changed; negative is less.
    pub change: Money,
    /// Whether it is profit or loss.
    pub kind: MovementKind,
}

/// What a movement of money means for profit and loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MovementKind {
    /// None: a transfer, a bonus, an airdrop, a conversion, a loan, and whatever the venue has a word for that we do not know.
    Moved,
    /// It is some: interest, a fee given back.
    Earned,
}

/// The account's margin rates as the venue counts them: margin over margin balance, as fractions, cut off after four
/// places. Source: Bybit V5, Pre Check Order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreChecked {
    /// The order that was asked about.
    pub question: OrderQuestion,
    /// Initial margin rate now.
    pub initial_before: Rate,
    /// Maintenance margin rate now.
    pub maintenance_before: Rate,
    /// Initial margin rate with the order.
    pub initial_after: Rate,
    /// Maintenance margin rate with the order.
    pub maintenance_after: Rate,
}

/// The account as read by REST, all pages.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AccountSnapshot {
    /// Every open order, stops included.
    pub open_orders: Vec<OrderReport>,
    /// Every execution since the moment asked, oldest first.
    pub executions: Vec<Execution>,
    /// Positions of the symbols asked, flat ones included (they carry the leverage).
    pub positions: Vec<PositionReport>,
    /// The wallet.
    pub wallet: WalletReport,
}

/// All that the venue tells of one order.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderLookup {
    /// The contract.
    pub symbol: Symbol,
    /// The order.
    pub client_order_id: ClientOrderId,
    /// Its state, if the venue shows it in open orders or history.
    pub order: Option<OrderReport>,
    /// Its executions, oldest first.
    pub executions: Vec<Execution>,
}

/// A query that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryFailed {
    /// What was asked.
    pub query: Query,
    /// The venue's `retCode`, or 0 when there was no readable answer.
    pub code: i32,
    /// Whether the venue has no such call for this account, so that asking again is of no use.
    pub is_unsupported: bool,
}
