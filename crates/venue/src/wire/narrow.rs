//! What a row leaves out where it is told: the pages of queries and topics share their rows, less a few fields each.

use serde_json::Value;

/// Fields of an order that only the topic has. Source: Bybit V5, "Order".
const ORDER_PUSHED: [&str; 3] = ["category", "closedPnl", "feeCurrency"];
/// Fields of an order that `realtime` lacks besides those. Source: Bybit V5, "Get Open & Closed Orders".
const ORDER_NOT_LISTED: [&str; 5] =
    ["slippageTolerance", "slippageToleranceType", "rpiTakerAccess", "rpiMatchedQty", "extraFees"];
/// Fields of an order that only `history` has. Source: Bybit V5, "Get Order History".
const ORDER_PAST: [&str; 1] = ["extraFees"];
/// Fields of an execution that only the topic has. Source: Bybit V5, "Execution".
const EXECUTION_PUSHED: [&str; 4] = ["category", "execPnl", "isLeverage", "marketUnit"];
/// Fields of a position that only the topic has: a list says it once for all. Source: Bybit V5, "Position".
const POSITION_PUSHED: [&str; 1] = ["category"];
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
    /// The `order` topic.
    OrderTopic,
    /// `execution/list`.
    Executions,
    /// `position/list`.
    Positions,
    /// The reply of `position/add-margin`.
    AddedMargin,
}

/// The row less what it does not have there.
pub(crate) fn narrowed(mut row: Value, told: Told) -> Value {
    let absent: [&[&str]; 2] = match told {
        Told::OpenOrders => [&ORDER_PUSHED, &ORDER_NOT_LISTED],
        Told::PastOrders => [&ORDER_PUSHED, &[]],
        Told::OrderTopic => [&ORDER_PAST, &[]],
        Told::Executions => [&EXECUTION_PUSHED, &[]],
        Told::Positions => [&POSITION_PUSHED, &[]],
        Told::AddedMargin => [&POSITION_NOT_WITH_MARGIN, &[]],
    };
    if let Value::Object(fields) = &mut row {
        for name in absent.into_iter().flatten() {
            fields.remove(*name);
        }
    }
    row
}
