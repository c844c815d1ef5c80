//! What a row leaves out where it is told: the pages of queries and topics share their rows, less a few fields each.

use serde_json::Value;

/// Fields of a position that the reply to added margin lacks. Source: Bybit V5, "Add Or Reduce Margin".
const POSITION_NOT_WITH_MARGIN: [&str; 15] = [
    "adlRankIndicator",
    "breakEvenPrice",
    "curRealisedPnl",
    "isReduceOnly",
    "leverageSysUpdatedTime",
    "mmrSysUpdatedTime",
    "openTime",
    "positionBalance",
    "positionIMByMp",
    "positionMMByMp",
    "seq",
    "sessionAvgPrice",
    "side",
    "tpslMode",
    "tradeMode",
];
/// Fields of a ticker that its topic lacks for perpetual contracts, which have no delivery; and the one that only the topic has.
pub(crate) const TICKER_OF_DATED: [&str; 5] =
    ["basis", "basisRate", "basisRateYear", "deliveryFeeRate", "predictedDeliveryPrice"];
pub(crate) const TICKER_PUSHED: &str = "tickDirection";

/// Where a row is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// `order/realtime`.
    OpenOrders,
    /// `order/history`.
    PastOrders,
    /// `execution/list` and `position/list`.
    List,
    /// The topic of its kind.
    Topic,
    /// The control surface, which leaves nothing out.
    Whole,
}

impl Told {
    /// A field that only the topic has. Source: Bybit V5, "Order", "Execution", "Position".
    pub(super) fn pushed<T>(self, field: T) -> Option<T> {
        matches!(self, Self::Topic | Self::Whole).then_some(field)
    }

    /// A field that `realtime` lacks. Source: Bybit V5, "Get Open & Closed Orders".
    pub(super) fn not_listed_open<T>(self, field: T) -> Option<T> {
        (self != Self::OpenOrders).then_some(field)
    }

    /// A field of an order that only `history` has. Source: Bybit V5, "Get Order History".
    pub(super) fn of_the_past<T>(self, field: T) -> Option<T> {
        matches!(self, Self::PastOrders | Self::Whole).then_some(field)
    }
}

/// A position less what the reply to added margin does not have.
pub(crate) fn without_margin(mut row: Value) -> Value {
    if let Value::Object(fields) = &mut row {
        for name in POSITION_NOT_WITH_MARGIN {
            fields.remove(name);
        }
    }
    row
}
