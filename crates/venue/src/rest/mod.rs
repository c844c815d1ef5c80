//! The endpoints by path. Each one reads its fields, asks the core and writes rows.

pub(crate) mod account;
pub(crate) mod market;
pub(crate) mod order;
pub(crate) mod page;
pub(crate) mod position;
pub(crate) mod query;

use hyper::Method;

use crate::exchange::Exchange;
use crate::wire::LINEAR;
use crate::wire::envelope::{Answer, Refusal};
use crate::wire::fields::Fields;

/// Who may call an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anyone.
    Public,
    /// The owner of an API key.
    Signed,
}

/// Paths of market data, all GET and unsigned.
const PUBLIC: [&str; 12] = [
    "/v5/market/time",
    "/v5/market/instruments-info",
    "/v5/market/kline",
    "/v5/market/mark-price-kline",
    "/v5/market/index-price-kline",
    "/v5/market/orderbook",
    "/v5/market/tickers",
    "/v5/market/recent-trade",
    "/v5/market/funding/history",
    "/v5/market/risk-limit",
    "/v5/market/price-limit",
    "/v5/system/status",
];

/// Signed queries.
const SIGNED_GET: [&str; 11] = [
    "/v5/order/realtime",
    "/v5/order/history",
    "/v5/execution/list",
    "/v5/position/list",
    "/v5/position/closed-pnl",
    "/v5/account/info",
    "/v5/account/wallet-balance",
    "/v5/account/fee-rate",
    "/v5/account/transaction-log",
    "/v5/account/instruments-info",
    "/v5/user/query-api",
];

/// Signed requests that change something.
const SIGNED_POST: [&str; 12] = [
    "/v5/order/create",
    "/v5/order/amend",
    "/v5/order/cancel",
    "/v5/order/cancel-all",
    "/v5/order/create-batch",
    "/v5/order/amend-batch",
    "/v5/order/cancel-batch",
    "/v5/position/set-leverage",
    "/v5/position/trading-stop",
    "/v5/position/switch-mode",
    "/v5/account/set-limit-px-action",
    "/v5/account/set-margin-mode",
];

/// Operations of the trade socket.
const TRADE_OPERATIONS: [&str; 6] = [
    "order.create",
    "order.amend",
    "order.cancel",
    "order.create-batch",
    "order.amend-batch",
    "order.cancel-batch",
];

/// Who may call this endpoint; `None` when there is no such endpoint.
pub(crate) fn access(method: &Method, path: &str) -> Option<Access> {
    match *method {
        Method::GET if PUBLIC.contains(&path) => Some(Access::Public),
        // ccxt asks this one at start-up before anything else.
        Method::GET if SIGNED_GET.contains(&path) || path == "/v5/asset/coin/query-info" => {
            Some(Access::Signed)
        }
        Method::POST if SIGNED_POST.contains(&path) => Some(Access::Signed),
        _ => None,
    }
}

/// Whether the trade socket knows this operation.
pub(crate) fn is_trade_operation(op: &str) -> bool {
    TRADE_OPERATIONS.contains(&op)
}

/// Budget units of a request: one, or the number of orders in a batch.
pub(crate) fn units(path: &str, fields: &Fields) -> usize {
    if path.ends_with("-batch") { fields.objects("request").map_or(1, |items| items.len()) } else { 1 }
}

/// Answers an unsigned query.
pub(crate) fn market_data(exchange: &mut Exchange, path: &str, fields: &Fields) -> Answer {
    match path {
        "/v5/market/time" => Ok(market::time()),
        "/v5/market/instruments-info" => market::instruments_info(exchange, fields),
        "/v5/market/kline" => market::kline(exchange, fields),
        "/v5/market/mark-price-kline" | "/v5/market/index-price-kline" => {
            market::mark_price_kline(exchange, fields)
        }
        "/v5/market/orderbook" => market::orderbook(exchange, fields),
        "/v5/market/tickers" => market::tickers(exchange, fields),
        "/v5/market/recent-trade" => market::recent_trade(exchange, fields),
        "/v5/market/funding/history" => market::funding_history(exchange, fields),
        "/v5/market/risk-limit" => market::risk_limit(exchange, fields),
        "/v5/market/price-limit" => market::price_limit(exchange, fields),
        "/v5/system/status" => Ok(market::no_rows()),
        _ => Err(Refusal::parameter("not supported")),
    }
}

/// Carries out a signed request or a trade-socket operation. Of a batch, the first `granted` items are
/// within the budget.
pub(crate) fn signed(
    exchange: &mut Exchange,
    uid: u64,
    path: &str,
    fields: &Fields,
    granted: usize,
) -> Answer {
    match path {
        "/v5/order/create" | "order.create" => order::create(exchange, uid, fields),
        "/v5/order/amend" | "order.amend" => order::amend(exchange, uid, fields),
        "/v5/order/cancel" | "order.cancel" => order::cancel(exchange, uid, fields),
        "/v5/order/cancel-all" => order::cancel_all(exchange, uid, fields),
        "/v5/order/create-batch" | "order.create-batch" => {
            order::batch(exchange, uid, fields, granted, order::create)
        }
        "/v5/order/amend-batch" | "order.amend-batch" => {
            order::batch(exchange, uid, fields, granted, order::amend)
        }
        "/v5/order/cancel-batch" | "order.cancel-batch" => {
            order::batch(exchange, uid, fields, granted, order::cancel)
        }
        "/v5/order/realtime" => query::realtime(exchange, uid, fields),
        "/v5/order/history" => query::order_history(exchange, uid, fields),
        "/v5/execution/list" => query::executions(exchange, uid, fields),
        "/v5/position/list" => position::list(exchange, uid, fields),
        "/v5/position/closed-pnl" => position::closed_pnl(exchange, uid, fields),
        "/v5/position/set-leverage" => position::set_leverage(exchange, uid, fields),
        "/v5/position/trading-stop" => position::trading_stop(exchange, uid, fields),
        "/v5/position/switch-mode" => position::switch_mode(fields),
        "/v5/account/info" => Ok(account::info(exchange)),
        "/v5/account/wallet-balance" => account::wallet_balance(exchange, uid, fields),
        "/v5/account/fee-rate" => account::fee_rate(exchange, uid, fields),
        "/v5/account/transaction-log" => account::transaction_log(exchange, uid, fields),
        "/v5/account/instruments-info" => market::instruments_info(exchange, fields),
        "/v5/account/set-limit-px-action" => account::set_limit_price_action(fields),
        "/v5/account/set-margin-mode" => account::set_margin_mode(fields),
        "/v5/user/query-api" => account::query_api(exchange, uid),
        "/v5/asset/coin/query-info" => Ok(market::no_rows()),
        _ => Err(Refusal::parameter("not supported")),
    }
}

/// Whether the request is about the one category listed here.
///
/// # Errors
/// 10001 for a category the exchange does not have.
pub(crate) fn is_linear(fields: &Fields) -> Result<bool, Refusal> {
    match fields.text("category").as_deref() {
        None | Some(LINEAR) => Ok(true),
        Some("spot" | "inverse" | "option") => Ok(false),
        Some(_) => Err(Refusal::parameter("category is invalid")),
    }
}

/// As [`is_linear`], for requests that make no sense elsewhere.
///
/// # Errors
/// 10001 for any other category.
pub(crate) fn require_linear(fields: &Fields) -> Result<(), Refusal> {
    fields.required("category")?;
    if is_linear(fields)? { Ok(()) } else { Err(Refusal::parameter("category is not offered here")) }
}
