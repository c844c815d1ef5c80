//! The exchange's closed word lists about orders and records, each with its text on the wire.
//! Source: Bybit V5, "Enums Definitions"; only the words this venue can produce or accept.

use std::cmp::Ordering;

/// Declares an enum whose variants have one wire text each, with conversions in both directions.
macro_rules! words {
    ($(#[$head:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$head])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// The text on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The variant with this wire text, if there is one.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

pub(super) use words;

words! {
    /// Side of an order, a fill or a position.
    Side {
        /// Buys; a long position.
        Buy = "Buy",
        /// Sells; a short position.
        Sell = "Sell",
    }
}

words! {
    /// How a traded price lies to the one before it.
    TickDirection {
        /// Higher.
        PlusTick = "PlusTick",
        /// The same, and the last other one was lower.
        ZeroPlusTick = "ZeroPlusTick",
        /// Lower.
        MinusTick = "MinusTick",
        /// The same, and the last other one was higher.
        ZeroMinusTick = "ZeroMinusTick",
    }
}

impl TickDirection {
    /// The direction of the next price, by how it lies to the last one.
    #[must_use]
    pub(crate) const fn next(self, order: Ordering) -> Self {
        match (order, self) {
            (Ordering::Greater, _) => Self::PlusTick,
            (Ordering::Less, _) => Self::MinusTick,
            (Ordering::Equal, Self::PlusTick | Self::ZeroPlusTick) => Self::ZeroPlusTick,
            (Ordering::Equal, Self::MinusTick | Self::ZeroMinusTick) => Self::ZeroMinusTick,
        }
    }
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

    /// +1 for a buy, -1 for a sell.
    #[must_use]
    pub(crate) const fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }
}

words! {
    /// How an order is priced.
    OrderType {
        /// At the best prices inside the protective band.
        Market = "Market",
        /// At its own price or better.
        Limit = "Limit",
        /// No order stands behind the row (funding executions).
        Unknown = "UNKNOWN",
    }
}

words! {
    /// What happens to the part of an order that cannot trade at once.
    TimeInForce {
        /// Rests until cancelled.
        Gtc = "GTC",
        /// Is cancelled.
        Ioc = "IOC",
        /// Nothing trades unless all of it can.
        Fok = "FOK",
        /// The order is cancelled if any part would take.
        PostOnly = "PostOnly",
    }
}

words! {
    /// Where an order is in its life.
    OrderStatus {
        /// On the book, nothing filled.
        New = "New",
        /// On the book, a part filled.
        PartiallyFilled = "PartiallyFilled",
        /// A conditional order that waits for its trigger.
        Untriggered = "Untriggered",
        /// The instant between trigger and matching.
        Triggered = "Triggered",
        /// Turned down by matching.
        Rejected = "Rejected",
        /// Filled in full.
        Filled = "Filled",
        /// Ended with a part unfilled (the filled part of a contract order stays in the row).
        Cancelled = "Cancelled",
        /// A spot order that ended with a part filled.
        PartiallyFilledCanceled = "PartiallyFilledCanceled",
        /// A conditional order that ended before its trigger.
        Deactivated = "Deactivated",
    }
}

impl OrderStatus {
    /// Whether no further change can follow.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        match self {
            Self::New | Self::PartiallyFilled | Self::Untriggered | Self::Triggered => false,
            Self::Rejected
            | Self::Filled
            | Self::Cancelled
            | Self::PartiallyFilledCanceled
            | Self::Deactivated => true,
        }
    }
}

words! {
    /// Which price fires a trigger.
    TriggerBy {
        /// The last traded price.
        LastPrice = "LastPrice",
        /// The index price.
        IndexPrice = "IndexPrice",
        /// The mark price.
        MarkPrice = "MarkPrice",
    }
}

/// Which way the price must move to reach a trigger. On the wire an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TriggerDirection {
    /// Fires when the price rises to the trigger (wire: 1).
    Rise,
    /// Fires when the price falls to the trigger (wire: 2).
    Fall,
}

impl TriggerDirection {
    /// The wire integer.
    #[must_use]
    pub const fn as_int(self) -> u8 {
        match self {
            Self::Rise => 1,
            Self::Fall => 2,
        }
    }

    /// The direction with this wire integer, if there is one.
    #[must_use]
    pub const fn parse(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Rise),
            2 => Some(Self::Fall),
            _ => None,
        }
    }
}

words! {
    /// What kind of conditional order a row is.
    StopOrderType {
        /// Closes the position at a profit.
        TakeProfit = "TakeProfit",
        /// Closes the position at a loss.
        StopLoss = "StopLoss",
        /// Closes the position at a distance from its best price.
        TrailingStop = "TrailingStop",
        /// Takes profit on a part of the position.
        PartialTakeProfit = "PartialTakeProfit",
        /// Stops the loss of a part of the position.
        PartialStopLoss = "PartialStopLoss",
        /// A conditional order sent by the client.
        Stop = "Stop",
        /// A spot take-profit or stop-loss, which holds its funds while it waits.
        TpslOrder = "tpslOrder",
        /// One of the two stops that a spot order brought: they hold their funds once, and one that fires ends the other.
        BidirectionalTpslOrder = "BidirectionalTpslOrder",
    }
}

words! {
    /// Who made an order.
    CreateType {
        /// A request of the client.
        ByUser = "CreateByUser",
        /// A request of the client that left the price to the book.
        ByBbo = "CreateByBboOrder",
        /// A conditional order of the client.
        ByStopOrder = "CreateByStopOrder",
        /// The position's take-profit.
        ByTakeProfit = "CreateByTakeProfit",
        /// The position's stop-loss.
        ByStopLoss = "CreateByStopLoss",
        /// A take-profit of a part of the position.
        ByPartialTakeProfit = "CreateByPartialTakeProfit",
        /// A stop-loss of a part of the position.
        ByPartialStopLoss = "CreateByPartialStopLoss",
        /// The position's trailing stop.
        ByTrailingStop = "CreateByTrailingStop",
        /// Liquidation.
        ByLiquidation = "CreateByLiq",
        /// The venue takes over what a liquidation could not sell.
        ByTakeOver = "CreateByTakeOver_PassThrough",
        /// Auto-deleveraging.
        ByAdl = "CreateByAdl_PassThrough",
        /// The settlement of an instrument that is delisted.
        BySettlement = "CreateBySettle",
    }
}

words! {
    /// Why an order was cancelled.
    CancelType {
        /// Not cancelled.
        Unknown = "UNKNOWN",
        /// The client asked.
        ByUser = "CancelByUser",
        /// Nothing is left to reduce.
        ByReduceOnly = "CancelByReduceOnly",
        /// The account is being liquidated.
        BeforeLiquidation = "CancelAllBeforeLiq",
        /// The position it protected is gone, or its stop was replaced or removed.
        ByProtectionCleared = "CancelByTpSlTsClear",
        /// The stop-loss of its pair fired.
        ByPairedStopLoss = "CancelByOCOTpCanceledBySlTriggered",
        /// The take-profit of its pair fired.
        ByPairedTakeProfit = "CancelByOCOSlCanceledByTpTriggered",
        /// It would have traded with an order of the same account or self-match group.
        BySelfMatch = "CancelBySmp",
        /// The connections that it was to live as long as are gone (disconnection protection).
        ByDisconnection = "CancelByDCP",
        /// The account could not afford it when it was triggered.
        ByCost = "CancelByCannotAffordOrderCost",
        /// Auto-deleveraging takes the position it belongs to.
        BeforeDeleveraging = "CancelAllBeforeAdl",
        /// The contract is settled and no longer listed.
        BySettlement = "CancelBySettle",
        /// The exchange itself: its pair is no longer listed, or its price no longer on the grid.
        ByExchange = "CancelByAdmin",
    }
}

words! {
    /// Why matching turned down an order or its remainder.
    RejectReason {
        /// Not turned down.
        NoError = "EC_NoError",
        /// An IOC remainder with too little on the other side.
        NoEnoughQtyToFill = "EC_NoEnoughQtyToFill",
        /// Nothing at all on the other side.
        NoImmediateQtyToFill = "EC_NoImmediateQtyToFill",
        /// A fill-or-kill order that could not fill in full.
        CancelForNoFullFill = "EC_CancelForNoFullFill",
        /// A post-only order that would take.
        PostOnlyWillTakeLiquidity = "EC_PostOnlyWillTakeLiquidity",
        /// The client's cancel.
        PerCancelRequest = "EC_PerCancelRequest",
        /// A cancel of an order that is gone.
        OrigClOrdIdDoesNotExist = "EC_OrigClOrdIDDoesNotExist",
        /// It would have traded with an order of the same account.
        BySelfMatch = "EC_BySelfMatch",
        /// Nothing is left to reduce.
        QtyCannotBeZero = "EC_QtyCannotBeZero",
        /// The instrument no longer trades.
        InvalidSymbolStatus = "EC_InvalidSymbolStatus",
        /// The tick size has changed and the price is not on the new grid.
        InvalidPriceScale = "EC_InvalidPriceScale",
    }
}

words! {
    /// What an execution row stands for.
    ExecutionType {
        /// A fill.
        Trade = "Trade",
        /// A funding settlement.
        Funding = "Funding",
        /// A fill of a liquidation.
        BustTrade = "BustTrade",
        /// A fill of auto-deleveraging.
        AdlTrade = "AdlTrade",
        /// The settlement of a position whose contract is delisted.
        Settle = "Settle",
        /// What a session of a position came to. Source: Bybit V5, "Get Closed PnL".
        SessionSettlement = "SessionSettlePnL",
    }
}

words! {
    /// What to do when an order meets another one of its own account. Only the taker's word counts.
    SelfMatchPrevention {
        /// They trade.
        None = "None",
        /// The resting order is cancelled.
        CancelMaker = "CancelMaker",
        /// The rest of the incoming order is cancelled.
        CancelTaker = "CancelTaker",
        /// Both are cancelled.
        CancelBoth = "CancelBoth",
    }
}

words! {
    /// Kind of a transaction log row.
    TransactionType {
        /// Credit from outside.
        TransferIn = "TRANSFER_IN",
        /// Debit to outside.
        TransferOut = "TRANSFER_OUT",
        /// A fill.
        Trade = "TRADE",
        /// Funding, and with it the settlement of a session.
        Settlement = "SETTLEMENT",
        /// A fill of a liquidation.
        Liquidation = "LIQUIDATION",
        /// A fill of auto-deleveraging.
        Adl = "ADL",
        /// The settlement of a position whose contract is delisted.
        Delivery = "DELIVERY",
        /// The venue's cover of a balance that liquidation left below zero.
        Bonus = "BONUS",
    }
}

words! {
    /// Which open orders a listing or a cancel-all means.
    OrderKind {
        /// Orders on the book.
        Order = "Order",
        /// Orders that wait for a trigger: conditional ones, and of contracts stop-losses, take-profits, trailing stops.
        StopOrder = "StopOrder",
        /// Spot take-profits and stop-losses, which hold their funds while they wait.
        TpslOrder = "tpslOrder",
        /// The pairs of them that spot orders brought.
        BidirectionalTpslOrder = "BidirectionalTpslOrder",
    }
}

words! {
    /// Which stop of a spot pair has fired.
    OcoTrigger {
        /// The take-profit.
        TakeProfit = "OcoTriggerByTp",
        /// The stop-loss.
        StopLoss = "OcoTriggerBySl",
    }
}

words! {
    /// From which side of the book an order takes its price.
    BookSide {
        /// From its own: it joins the queue there.
        Queue = "Queue",
        /// From the other: it meets what stands there.
        Counterparty = "Counterparty",
    }
}
