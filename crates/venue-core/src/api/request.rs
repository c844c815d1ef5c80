//! What comes in: the requests of the accounts and the movements of the market.

use rust_decimal::Decimal;

use super::word::{
    OrderKind, OrderType, SelfMatchPrevention, Side, TimeInForce, TriggerBy, TriggerDirection,
};

/// A request of one account. Symbols and ids are as the client wrote them.
#[derive(Clone, Debug)]
pub enum Request {
    /// `order/create`.
    Create(CreateOrder),
    /// `order/amend`.
    Amend(AmendOrder),
    /// `order/cancel`.
    Cancel(CancelOrder),
    /// `order/cancel-all`.
    CancelAll(CancelAll),
    /// `position/trading-stop`.
    TradingStop(TradingStop),
    /// `position/set-leverage`.
    SetLeverage(SetLeverage),
    /// Credit (positive) or debit (negative) of USDT from outside.
    Transfer {
        /// Amount in USDT.
        delta_usdt: Decimal,
    },
}

/// Source: Bybit V5, "Place Order". Prices in USDT, quantities in base coin.
#[derive(Clone, Debug)]
pub struct CreateOrder {
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
    /// Ignored for market orders, which are always IOC.
    pub time_in_force: TimeInForce,
    /// Client order id; unique for the life of the account.
    pub order_link_id: Option<String>,
    /// May only reduce the position.
    pub reduce_only: bool,
    /// May cancel other orders to free margin; reported back, and closes the whole position with a quantity of zero.
    pub close_on_trigger: bool,
    /// Makes the order conditional.
    pub trigger: Option<TriggerSpec>,
    /// Stop-loss of the position this order opens (mode Full, market).
    pub stop_loss: Option<ProtectionPrice>,
    /// Take-profit of the position this order opens (mode Full, market).
    pub take_profit: Option<ProtectionPrice>,
    /// Self-match prevention of this order as taker.
    pub self_match_prevention: SelfMatchPrevention,
}

impl CreateOrder {
    /// A good-till-cancelled limit order.
    #[must_use]
    pub fn limit(symbol: &str, side: Side, qty: Decimal, price: Decimal) -> Self {
        Self {
            symbol: symbol.to_owned(),
            side,
            order_type: OrderType::Limit,
            qty,
            price: Some(price),
            time_in_force: TimeInForce::Gtc,
            order_link_id: None,
            reduce_only: false,
            close_on_trigger: false,
            trigger: None,
            stop_loss: None,
            take_profit: None,
            self_match_prevention: SelfMatchPrevention::None,
        }
    }

    /// A market order.
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

/// When a conditional order fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TriggerSpec {
    /// Price in USDT.
    pub price: Decimal,
    /// Which way the price must move; must agree with the current price.
    pub direction: TriggerDirection,
    /// Which price is watched.
    pub by: TriggerBy,
}

/// A stop-loss or take-profit price. Zero removes it where removal makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtectionPrice {
    /// Trigger price in USDT.
    pub price: Decimal,
    /// Which price is watched.
    pub by: TriggerBy,
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
    /// Instrument.
    pub symbol: String,
    /// Which order.
    pub order: OrderReference,
    /// New total quantity in base coin, above the filled part.
    pub qty: Option<Decimal>,
    /// New limit price in USDT.
    pub price: Option<Decimal>,
    /// New trigger price of a conditional order in USDT.
    pub trigger_price: Option<Decimal>,
    /// New attached stop-loss; a price of zero removes it.
    pub stop_loss: Option<ProtectionPrice>,
    /// New attached take-profit; a price of zero removes it.
    pub take_profit: Option<ProtectionPrice>,
}

/// Source: Bybit V5, "Cancel Order".
#[derive(Clone, Debug)]
pub struct CancelOrder {
    /// Instrument.
    pub symbol: String,
    /// Which order.
    pub order: OrderReference,
}

/// Source: Bybit V5, "Cancel All Orders". The symbol wins over the settle coin; one of them is required.
#[derive(Clone, Debug, Default)]
pub struct CancelAll {
    /// Only this instrument.
    pub symbol: Option<String>,
    /// Only instruments settled in this coin.
    pub settle_coin: Option<String>,
    /// Only this kind; absent means every kind.
    pub kind: Option<OrderKind>,
    /// With stop orders: only the client's own conditional orders, sparing stop-losses, take-profits and trailing stops.
    pub spare_protection: bool,
}

/// Source: Bybit V5, "Set Trading Stop", mode Full. Absent fields stay, zero removes.
#[derive(Clone, Debug, Default)]
pub struct TradingStop {
    /// Instrument.
    pub symbol: String,
    /// Stop-loss.
    pub stop_loss: Option<ProtectionPrice>,
    /// Take-profit.
    pub take_profit: Option<ProtectionPrice>,
    /// Distance of the trailing stop in USDT.
    pub trailing_stop: Option<Decimal>,
    /// Price at which the trailing stop starts to follow; absent or zero means at once.
    pub active_price: Option<Decimal>,
}

/// Source: Bybit V5, "Set Leverage"; one-way mode, so both sides are equal.
#[derive(Clone, Debug)]
pub struct SetLeverage {
    /// Instrument.
    pub symbol: String,
    /// Buy side.
    pub buy_leverage: Decimal,
    /// Sell side.
    pub sell_leverage: Decimal,
}

/// A price level: price in USDT, quantity in base coin.
pub type Level = (Decimal, Decimal);

/// A movement of the market outside the venue's own accounts.
#[derive(Clone, Debug)]
pub enum MarketInput {
    /// Replaces the outside liquidity. Resting orders it crosses fill as makers at their own price, up to the outside size.
    Book {
        /// Instrument.
        symbol: String,
        /// Outside bids in any order, prices unique.
        bids: Vec<Level>,
        /// Outside asks in any order, prices unique.
        asks: Vec<Level>,
    },
    /// A print on the public tape. It fills resting orders better than its price in full, and those at its price once
    /// the outside size that was ahead of them is used up.
    Trade {
        /// Instrument.
        symbol: String,
        /// Side of the taker.
        side: Side,
        /// Price in USDT.
        price: Decimal,
        /// Quantity in base coin.
        qty: Decimal,
    },
    /// Moves any of the three reference prices, in USDT.
    Prices {
        /// Instrument.
        symbol: String,
        /// New mark price.
        mark: Option<Decimal>,
        /// New index price.
        index: Option<Decimal>,
        /// New last price.
        last: Option<Decimal>,
    },
    /// Announces the rate of the next settlement.
    FundingRate {
        /// Instrument.
        symbol: String,
        /// Fraction of the position value; positive means that longs pay.
        rate: Decimal,
        /// When it will be settled, in market ms.
        next_funding_ms: i64,
    },
    /// Settles funding now, at the announced rate and the current mark price.
    SettleFunding {
        /// Instrument.
        symbol: String,
    },
}
