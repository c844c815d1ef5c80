//! What one address may do, whoever it asks for.

use serde::Deserialize;

/// The limits of an address where `rate_limits` are on. The defaults are those that the exchange publishes; smaller ones show a
/// client what happens beyond them without thousands of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AddressLimits {
    /// REST requests in five seconds; the next one shuts the address out for ten minutes (HTTP 403). Source: Bybit V5, "Rate
    /// Limit".
    pub requests: usize,
    /// Sockets opened in five minutes; the next one is closed. Source: Bybit V5, "Connect".
    pub new_sockets: usize,
    /// Market-data sockets of one product group at once; the next one is closed. Source: Bybit V5, "Rate Limit".
    pub public_sockets: usize,
    /// Requests on trade sockets in a second; the next one gets 10403. Source: Bybit V5, "Rate Limit".
    pub trade_requests: usize,
}

impl Default for AddressLimits {
    fn default() -> Self {
        Self { requests: 600, new_sockets: 500, public_sockets: 1_000, trade_requests: 3_000 }
    }
}
