//! Order entry: what an account may ask about orders. Symbols and ids are as the client wrote them. Prices in quote coin,
//! quantities in base coin (USD for inverse) unless said.

use rust_decimal::Decimal;

use super::product::{Category, MarketUnit, PositionIdx, SlippageTolerance, TpslMode};
use super::word::{
    BookSide, OrderKind, OrderType, SelfMatchPrevention, Side, TimeInForce, TriggerBy, TriggerDirection,
};

/// Source: Bybit V5, "Place Order".
#[derive(Clone, Debug)]
pub struct CreateOrder {
    /// Product group of the instrument.
    pub category: Category,
    /// Instrument.
    pub symbol: String,
    /// Side.
    pub side: Side,
    /// Market or limit.
    pub order_type: OrderType,
    /// Quantity; zero with `reduce_only` and `close_on_trigger` means the whole position.
    pub qty: Decimal,
    /// Limit price; ignored for market orders.
    pub price: Option<Decimal>,
    /// Contracts, limit orders: the place in the book that gives the price in place of `price`.
    pub book_price: Option<BookPrice>,
    /// Ignored for market orders, which are always IOC.
    pub time_in_force: TimeInForce,
    /// Client order id; unique for the life of the account.
    pub order_link_id: Option<String>,
    /// Which position it opens or closes.
    pub position_idx: PositionIdx,
    /// May only reduce the position.
    pub reduce_only: bool,
    /// On its trigger cancels other orders where that is needed to free margin; closes the whole position with a quantity
    /// of zero.
    pub close_on_trigger: bool,
    /// Makes the order conditional.
    pub trigger: Option<TriggerSpec>,
    /// Spot, conditional orders: whether funds are held while it waits (`tpslOrder`) or from its trigger (`StopOrder`).
    pub kind: Option<OrderKind>,
    /// Spot, market orders: what `qty` counts. Absent means the quote coin for a buy, the base coin for a sell.
    pub market_unit: Option<MarketUnit>,
    /// Spot: pay with borrowed coins.
    pub is_leverage: bool,
    /// Size of the attached stops: the whole position, or what this order fills.
    pub tpsl_mode: Option<TpslMode>,
    /// Stop-loss of the position this order opens.
    pub stop_loss: Option<ProtectionPrice>,
    /// Take-profit of the position this order opens.
    pub take_profit: Option<ProtectionPrice>,
    /// Market orders: bound of the price, narrower than the protective one.
    pub slippage: Option<SlippageTolerance>,
    /// Self-match prevention of this order as taker.
    pub self_match_prevention: SelfMatchPrevention,
}

impl CreateOrder {
    /// A good-till-cancelled limit order for a linear contract in one-way mode.
    #[must_use]
    pub fn limit(symbol: &str, side: Side, qty: Decimal, price: Decimal) -> Self {
        Self {
            category: Category::Linear,
            symbol: symbol.to_owned(),
            side,
            order_type: OrderType::Limit,
            qty,
            price: Some(price),
            book_price: None,
            time_in_force: TimeInForce::Gtc,
            order_link_id: None,
            position_idx: PositionIdx::OneWay,
            reduce_only: false,
            close_on_trigger: false,
            trigger: None,
            kind: None,
            market_unit: None,
            is_leverage: false,
            tpsl_mode: None,
            stop_loss: None,
            take_profit: None,
            slippage: None,
            self_match_prevention: SelfMatchPrevention::None,
        }
    }

    /// A market order for a linear contract in one-way mode.
    #[must_use]
    pub fn market(symbol: &str, side: Side, qty: Decimal) -> Self {
        Self {
            order_type: OrderType::Market,
            price: None,
            time_in_force: TimeInForce::Ioc,
            ..Self::limit(symbol, side, qty, Decimal::ZERO)
        }
    }
}

/// A place in the book as it stands when the order comes. The order keeps the price that it got there.
/// Source: Bybit V5, "Place Order", `bboSideType` and `bboLevel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookPrice {
    /// Which side of the book.
    pub side: BookSide,
    /// Which price of that side, counted from the best: 1 to 5.
    pub level: usize,
}

/// When a conditional order fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TriggerSpec {
    /// Price in quote coin.
    pub price: Decimal,
    /// Which way the price must move; must agree with the current price. Absent (spot): whichever way the price lies.
    pub direction: Option<TriggerDirection>,
    /// Which price is watched.
    pub by: TriggerBy,
}

/// A stop-loss or take-profit. A price of zero removes it where removal makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtectionPrice {
    /// Trigger price in quote coin.
    pub price: Decimal,
    /// Which price is watched.
    pub by: TriggerBy,
    /// Limit price of the order it becomes; absent means a market order.
    pub limit_price: Option<Decimal>,
}

impl ProtectionPrice {
    /// One that becomes a market order.
    #[must_use]
    pub const fn market(price: Decimal, by: TriggerBy) -> Self {
        Self { price, by, limit_price: None }
    }
}

/// Names an order; the order id wins when both are given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderReference {
    /// The venue's id.
    pub order_id: Option<String>,
    /// The client's id.
    pub order_link_id: Option<String>,
}

/// Source: Bybit V5, "Amend Order". Absent fields stay as they are.
#[derive(Clone, Debug)]
pub struct AmendOrder {
    /// Product group of the instrument.
    pub category: Category,
    /// Instrument.
    pub symbol: String,
    /// Which order.
    pub order: OrderReference,
    /// New total quantity, above the filled part.
    pub qty: Option<Decimal>,
    /// New limit price.
    pub price: Option<Decimal>,
    /// New trigger price of a conditional order.
    pub trigger_price: Option<Decimal>,
    /// Another price to watch.
    pub trigger_by: Option<TriggerBy>,
    /// What changes of the attached stop-loss.
    pub stop_loss: ProtectionChange,
    /// What changes of the attached take-profit.
    pub take_profit: ProtectionChange,
    /// New size of the attached stops.
    pub tpsl_mode: Option<TpslMode>,
}

impl AmendOrder {
    /// An amend of a linear contract's order that changes nothing yet.
    #[must_use]
    pub fn of(symbol: &str, order: OrderReference) -> Self {
        Self {
            category: Category::Linear,
            symbol: symbol.to_owned(),
            order,
            qty: None,
            price: None,
            trigger_price: None,
            trigger_by: None,
            stop_loss: ProtectionChange::default(),
            take_profit: ProtectionChange::default(),
            tpsl_mode: None,
        }
    }
}

/// What changes of an attached stop; absent fields stay as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProtectionChange {
    /// New trigger price in quote coin; zero removes the stop.
    pub price: Option<Decimal>,
    /// Another price to watch.
    pub by: Option<TriggerBy>,
    /// New limit price of a stop that becomes a limit order.
    pub limit_price: Option<Decimal>,
}

impl ProtectionChange {
    /// Whether it changes anything.
    #[must_use]
    pub fn is_asked(self) -> bool {
        self != Self::default()
    }
}

/// Source: Bybit V5, "Cancel Order".
#[derive(Clone, Debug)]
pub struct CancelOrder {
    /// Product group of the instrument.
    pub category: Category,
    /// Instrument.
    pub symbol: String,
    /// Which order.
    pub order: OrderReference,
    /// Spot: the kind of the order; absent means one on the book. Contracts need none.
    pub kind: Option<OrderKind>,
}

/// Source: Bybit V5, "Cancel All Orders". Symbol wins over base coin wins over settle coin; contracts need one of them.
#[derive(Clone, Debug)]
pub struct CancelAll {
    /// Product group.
    pub category: Category,
    /// Only this instrument.
    pub symbol: Option<String>,
    /// Only instruments on this coin.
    pub base_coin: Option<String>,
    /// Only instruments settled in this coin.
    pub settle_coin: Option<String>,
    /// Only this kind. Absent means every kind for contracts, orders on the book for spot.
    pub kind: Option<OrderKind>,
    /// With stop orders: only the client's own conditional orders, sparing stop-losses, take-profits and trailing stops.
    pub spare_protection: bool,
}

impl CancelAll {
    /// Every order of a product group, still without the coin or symbol that contracts need.
    #[must_use]
    pub const fn of(category: Category) -> Self {
        Self {
            category,
            symbol: None,
            base_coin: None,
            settle_coin: None,
            kind: None,
            spare_protection: false,
        }
    }
}
