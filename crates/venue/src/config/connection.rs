//! How many TCP connections the venue keeps open.

use serde::Deserialize;

/// Connections at once, sockets and plain HTTP alike, whatever `rate_limits` says: each costs a descriptor, and where those are
/// used up nobody else gets in. Both figures are lowered to what the process may open. Not published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionLimits {
    /// Of all addresses together; the next one is closed. Default: 8192.
    pub total: usize,
    /// Of one address, and never more than three quarters of the total; the next one is closed. Default: 4096.
    pub address: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { total: 8_192, address: 4_096 }
    }
}
