//! What a strategy wants, and why it may not have it.

use crate::{
    BotName, ClientOrderId, MarketTime, Money, OrderKind, PositionStatus, Price, Qty, Role, Side, Symbol,
    Text, Triggers, WallTime,
};
use rust_decimal::Decimal;
use std::fmt;

/// A number a strategy gives to an order it asks for, to recognise it in notices. Its own to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Tag(pub u32);

/// One wish of a strategy. It says nothing to the network; only risk can approve it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// An order.
    Place(Place),
    /// Another price or quantity for an order of one's own.
    Amend {
        /// The order.
        client_order_id: ClientOrderId,
        /// New limit price.
        price: Option<Price>,
        /// New whole quantity, filled part included.
        qty: Option<Qty>,
    },
    /// An order of one's own away.
    Cancel {
        /// The order.
        client_order_id: ClientOrderId,
    },
    /// Another stop-loss or take-profit for one's own position.
    Protect {
        /// The contract.
        symbol: Symbol,
        /// New stop-loss.
        stop_loss: Option<Price>,
        /// New take-profit.
        take_profit: Option<Price>,
        /// Which prices fire the two.
        triggers: Triggers,
    },
}

/// An order that a strategy wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The strategy's own mark.
    pub tag: Tag,
    /// The contract.
    pub symbol: Symbol,
    /// What it is for.
    pub role: Role,
    /// Direction.
    pub side: Side,
    /// Quantity in the base coin, on the lot grid.
    pub qty: Qty,
    /// Market or limit.
    pub kind: OrderKind,
    /// Whether it may only reduce.
    pub reduce_only: bool,
    /// Stop-loss for the position it opens.
    pub stop_loss: Option<Price>,
    /// Take-profit for the position it opens.
    pub take_profit: Option<Price>,
    /// Which prices fire the two.
    pub triggers: Triggers,
    /// Not to be sent after this moment.
    pub send_before: Option<WallTime>,
}

/// Risk said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denial {
    /// The contract.
    pub symbol: Symbol,
    /// Why, with the figures.
    pub reason: DenialReason,
}

/// Why risk said no. Each variant carries the limit and what the order would have made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DenialReason {
    /// The run state does not allow it.
    #[error("the engine is {state}")]
    RunState {
        /// The state.
        state: crate::RunState,
    },
    /// The symbol is in doubt: a reconciliation is under way.
    #[error("the symbol is being reconciled")]
    SymbolInDoubt,
    /// The contract is not one this engine knows, or does not trade.
    #[error("the contract is not tradable")]
    NotTradable,
    /// The position belongs to another bot.
    #[error("the position belongs to another bot")]
    NotOwner,
    /// The bot has one side of a contract in hedge mode, and the order would open the other.
    #[error("the bot has the other side of the contract")]
    OtherSide,
    /// The order named does not exist or is not this bot's.
    #[error("no such open order of this bot")]
    NoSuchOrder,
    /// The price is off the tick grid.
    #[error("price {price} is off the tick grid")]
    OffTick {
        /// The price asked.
        price: Price,
    },
    /// The quantity is off the lot grid.
    #[error("quantity {qty} is off the lot grid")]
    OffLot {
        /// The quantity asked.
        qty: Qty,
    },
    /// Below the venue's smallest order.
    #[error("quantity {qty} is below the smallest order")]
    BelowMinimum {
        /// The quantity asked.
        qty: Qty,
    },
    /// Above the venue's largest order.
    #[error("quantity {qty} is above the venue's largest order {max}")]
    AboveVenueMaximum {
        /// The quantity asked.
        qty: Qty,
        /// The venue's bound.
        max: Qty,
    },
    /// Above the limit on one order's value.
    #[error("order value {value} is above the limit {limit}")]
    OrderNotional {
        /// Value of the order, quote coin.
        value: Decimal,
        /// The limit.
        limit: Decimal,
    },
    /// Above the limit on a position's value, counting everything open as filled.
    #[error("position value {value} would be above the limit {limit}")]
    PositionNotional {
        /// Worst-case value of the position, quote coin.
        value: Decimal,
        /// The limit.
        limit: Decimal,
    },
    /// Above the limit on the account's gross exposure.
    #[error("gross exposure {value} would be above the limit {limit}")]
    GrossExposure {
        /// Worst-case gross exposure, quote coin.
        value: Decimal,
        /// The limit.
        limit: Decimal,
    },
    /// Too many open orders.
    #[error("{open} open orders reach the limit {limit}")]
    OpenOrders {
        /// Open orders, unknown ones included.
        open: u32,
        /// The limit.
        limit: u32,
    },
    /// Too many orders in a window.
    #[error("{sent} orders within {window_ms} ms reach the limit {limit}")]
    OrderRate {
        /// Orders sent in the window.
        sent: u32,
        /// The limit.
        limit: u32,
        /// The window.
        window_ms: i64,
    },
    /// Too far from the market.
    #[error("price {price} is more than {collar} away from the reference {reference}")]
    PriceCollar {
        /// The price asked.
        price: Price,
        /// Mark price.
        reference: Price,
        /// The limit, a fraction.
        collar: Decimal,
    },
    /// The account's margin does not cover it.
    #[error("needs {needed} of margin, {available} is available")]
    Margin {
        /// What the order would reserve, settle coin.
        needed: Money,
        /// What is there, settle coin.
        available: Money,
    },
    /// There is no reference price yet, or it is too old.
    #[error("market data is missing or stale")]
    StaleData,
    /// A reduce-only order without a position to reduce, or larger than it.
    #[error("nothing to reduce")]
    NothingToReduce,
    /// The stop-loss lies on the wrong side of the price.
    #[error("stop-loss {stop} is on the wrong side of {reference}")]
    StopOnWrongSide {
        /// The stop asked.
        stop: Price,
        /// The price it would protect.
        reference: Price,
    },
    /// The take-profit lies on the wrong side of the price.
    #[error("take-profit {take_profit} is on the wrong side of {reference}")]
    TakeProfitOnWrongSide {
        /// The take-profit asked.
        take_profit: Price,
        /// The price it would be measured from.
        reference: Price,
    },
    /// The position's leverage is above the limit.
    #[error("leverage {leverage} is above the limit {limit}")]
    Leverage {
        /// Leverage set at the venue.
        leverage: Decimal,
        /// The limit.
        limit: Decimal,
    },
    /// A market order, or a field of it, that cannot be amended.
    #[error("the order cannot be amended in that way")]
    NotAmendable,
    /// An opening order without protection, where the configuration demands one.
    #[error("an opening order needs a stop-loss")]
    Unprotected,
    /// The account's loss of the day reached its limit.
    #[error("loss of the day {loss} reached the limit {limit}")]
    DayLoss {
        /// Loss so far, settle coin.
        loss: Decimal,
        /// The limit.
        limit: Decimal,
    },
    /// The account's loss of the week reached its limit.
    #[error("loss of the week {loss} reached the limit {limit}")]
    WeekLoss {
        /// Loss so far, settle coin.
        loss: Decimal,
        /// The limit.
        limit: Decimal,
    },
    /// A limit of one contract, bot or group, narrower than the account's.
    #[error("{scope}: {value} is beyond its `{key}`, {limit}")]
    ScopeLimit {
        /// Whose limit it is.
        scope: LimitScope,
        /// Its key in the configuration.
        key: &'static str,
        /// What it would come to, in the unit of the limit: a share as a fraction, a time in milliseconds.
        value: Decimal,
        /// The limit.
        limit: Decimal,
    },
    /// Below the smallest order that the configuration allows.
    #[error("order value {value} is below the own minimum {limit}")]
    OwnMinimum {
        /// Value of the order, quote coin.
        value: Decimal,
        /// The limit.
        limit: Decimal,
    },
    /// Too far through the best price of the other side.
    #[error("price {price} is more than {collar} through the best price {best}")]
    BookCollar {
        /// The price asked.
        price: Price,
        /// Best price of the other side.
        best: Price,
        /// The limit, a fraction.
        collar: Decimal,
    },
    /// Beyond what the venue takes at present.
    #[error("price {price} is beyond the venue's limit {limit}")]
    PriceLimit {
        /// The price asked.
        price: Price,
        /// The venue's bound for that side.
        limit: Price,
    },
    /// The book is crossed, so one of its sides is wrong.
    #[error("the book is crossed: bid {bid}, ask {ask}")]
    CrossedBook {
        /// Best bid.
        bid: Price,
        /// Best ask.
        ask: Price,
    },
    /// The book was crossed a moment ago: what is wrong may not be over.
    #[error("the book was crossed; nothing opens there until {until:?}")]
    WasCrossed {
        /// When that ends, wall clock.
        until: WallTime,
    },
    /// It would trade with an order of our own.
    #[error("it would trade with our own order at {own}")]
    SelfTrade {
        /// The price of our order.
        own: Price,
    },
    /// The position would come too near to its liquidation.
    #[error("the mark would be {distance} away from liquidation, nearer than {limit}")]
    LiquidationDistance {
        /// Estimated distance over mark, a fraction.
        distance: Decimal,
        /// The limit, a fraction.
        limit: Decimal,
    },
    /// The position stands too near to the front of the auto-deleveraging queue.
    #[error("the position's place in the deleveraging queue is {rank}, above the limit {limit}")]
    AdlRank {
        /// Place, 0 to 5.
        rank: u8,
        /// The limit.
        limit: u8,
    },
    /// The venue is liquidating or deleveraging the position.
    #[error("the position undergoes {}", status.as_str())]
    Undergoing {
        /// What it does.
        status: PositionStatus,
    },
    /// The bot cools down after a stop.
    #[error("the bot cools down after a stop, until {until}")]
    CoolDown {
        /// When it ends, on the market's clock.
        until: MarketTime,
    },
    /// The bot pauses after a streak of losses.
    #[error("the bot pauses after {losses} losses in a row, until {until}")]
    LosingStreak {
        /// Losses in a row.
        losses: u32,
        /// When the pause ends, on the market's clock.
        until: MarketTime,
    },
    /// The venue has refused an order for margin that we had counted as covered; nothing opens until that is cleared up.
    #[error("the venue refused for margin what seemed covered; opening waits until {until:?}")]
    MarginInDoubt {
        /// When opening is tried again at the earliest, wall clock.
        until: WallTime,
    },
    /// A more important bot waits for margin, and what comes free is kept for it.
    #[error("margin is kept for bot `{to}`, which comes first")]
    GivesWay {
        /// The more important bot.
        to: BotName,
    },
    /// The bot's position has had no stop at the venue for longer than one may: it is protected or closed, and not grown.
    #[error("the position has had no stop since {since:?}")]
    StopMissing {
        /// Since when, wall clock.
        since: WallTime,
    },
}

/// Whose limit it is, where it is not the account's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitScope {
    /// One contract's.
    Symbol(Symbol),
    /// One bot's.
    Bot(BotName),
    /// A group of contracts'.
    Group(Text<16>),
}

impl fmt::Display for LimitScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symbol(symbol) => write!(f, "contract {symbol}"),
            Self::Bot(bot) => write!(f, "bot `{bot}`"),
            Self::Group(group) => write!(f, "group `{group}`"),
        }
    }
}

impl DenialReason {
    /// A short word for metric labels.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::RunState { .. } => "run_state",
            Self::SymbolInDoubt => "symbol_in_doubt",
            Self::NotTradable => "not_tradable",
            Self::NotOwner => "not_owner",
            Self::OtherSide => "other_side",
            Self::NoSuchOrder => "no_such_order",
            Self::OffTick { .. } => "off_tick",
            Self::OffLot { .. } => "off_lot",
            Self::BelowMinimum { .. } => "below_minimum",
            Self::AboveVenueMaximum { .. } => "above_venue_maximum",
            Self::OrderNotional { .. } => "order_notional",
            Self::PositionNotional { .. } => "position_notional",
            Self::GrossExposure { .. } => "gross_exposure",
            Self::OpenOrders { .. } => "open_orders",
            Self::OrderRate { .. } => "order_rate",
            Self::PriceCollar { .. } => "price_collar",
            Self::Margin { .. } => "margin",
            Self::StaleData => "stale_data",
            Self::NothingToReduce => "nothing_to_reduce",
            Self::StopOnWrongSide { .. } => "stop_on_wrong_side",
            Self::TakeProfitOnWrongSide { .. } => "take_profit_on_wrong_side",
            Self::Leverage { .. } => "leverage",
            Self::NotAmendable => "not_amendable",
            Self::Unprotected => "unprotected",
            Self::DayLoss { .. } => "day_loss",
            Self::WeekLoss { .. } => "week_loss",
            Self::ScopeLimit { .. } => "scope_limit",
            Self::OwnMinimum { .. } => "own_minimum",
            Self::BookCollar { .. } => "book_collar",
            Self::PriceLimit { .. } => "price_limit",
            Self::CrossedBook { .. } | Self::WasCrossed { .. } => "crossed_book",
            Self::SelfTrade { .. } => "self_trade",
            Self::LiquidationDistance { .. } => "liquidation_distance",
            Self::AdlRank { .. } => "adl_rank",
            Self::Undergoing { .. } => "undergoing",
            Self::CoolDown { .. } => "cool_down",
            Self::LosingStreak { .. } => "losing_streak",
            Self::MarginInDoubt { .. } => "margin_in_doubt",
            Self::GivesWay { .. } => "gives_way",
            Self::StopMissing { .. } => "stop_missing",
        }
    }
}
