//! The limits before the venue has said a word: the published table, and a slower one for the cautious.
//!
//! Source: Bybit V5, "Rate Limit Rules", per UID and endpoint in a rolling second at the default tier, and per
//! address. Market data has no limit of its own beyond the address's.

use super::Limited;
use windvane_model::Millis;

/// Which limits hold from the start. What the venue's answers say of an endpoint replaces the figure here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RateLimits {
    /// What the exchange publishes.
    #[default]
    Published,
    /// Besides that, 120 public and 60 signed requests a minute, as introductory articles have it.
    Introductory,
    /// None: a venue whose clock runs faster than ours counts nothing.
    Off,
}

/// So many requests in so many milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) requests: u32,
    pub(super) span_ms: Millis,
}

/// REST requests of one address, over all hosts; over it, HTTP 403 for ten minutes.
pub(super) const ADDRESS: Limit = Limit { requests: 600, span_ms: 5_000 };
/// Requests of one address on trade sockets; over it, code 10403.
pub(super) const TRADE_SOCKET: Limit = Limit { requests: 3_000, span_ms: 1_000 };
/// Unsigned requests, where one follows the articles.
pub(super) const INTRODUCTORY_PUBLIC: Limit = Limit { requests: 120, span_ms: 60_000 };
/// Signed requests on either transport, likewise.
pub(super) const INTRODUCTORY_SIGNED: Limit = Limit { requests: 60, span_ms: 60_000 };

/// The published limit of an endpoint, where it has one. Orders of pairs have limits of their own.
pub(super) fn of_endpoint(Limited { endpoint, is_of_pairs }: Limited) -> Option<Limit> {
    let requests = match endpoint {
        "order/create" | "order/cancel" | "order/cancel-all" | "order/create-batch" | "order/amend-batch"
        | "order/cancel-batch" | "order/pre-check"
            if is_of_pairs =>
        {
            20
        }
        "order/create" | "order/amend" | "order/cancel" | "order/cancel-all" | "order/create-batch"
        | "order/amend-batch" | "order/cancel-batch" | "order/pre-check" => 10,
        "order/disconnected-cancel-all" => 5,
        "order/realtime" | "order/history" | "execution/list" => 50,
        "position/list" | "position/closed-pnl" => 50,
        "position/set-leverage" | "position/switch-mode" | "position/trading-stop" => 10,
        "account/wallet-balance" | "account/info" | "account/user-setting-config" => 50,
        "account/transaction-log" => 25,
        "account/set-limit-px-action" => 10,
        "account/fee-rate" | "account/query-dcp-info" | "account/set-margin-mode" => 5,
        "user/query-api" => 10,
        "user/delete-api" | "user/delete-sub-api" => 5,
        _ => return None,
    };
    Some(Limit { requests, span_ms: 1_000 })
}

/// The batches of an endpoint of single requests, and the other way round.
pub(super) fn twin(endpoint: &str) -> Option<&'static str> {
    Some(match endpoint {
        "order/create" => "order/create-batch",
        "order/create-batch" => "order/create",
        "order/amend" => "order/amend-batch",
        "order/amend-batch" => "order/amend",
        "order/cancel" => "order/cancel-batch",
        "order/cancel-batch" => "order/cancel",
        _ => return None,
    })
}
