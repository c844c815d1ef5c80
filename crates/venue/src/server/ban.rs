//! The limit on requests of one address, whoever they are for: over it, the exchange shuts the address out.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

/// Length of the rolling window in milliseconds.
const WINDOW_MS: i64 = 5_000;
/// How long an address stays shut out, in milliseconds.
const BAN_MS: i64 = 600_000;

/// Who asked how often, and who is shut out until when. Times are wall milliseconds.
#[derive(Debug)]
pub(crate) struct Bans {
    /// Requests of one address in the window.
    requests_max: usize,
    visits: BTreeMap<IpAddr, VecDeque<i64>>,
    until: BTreeMap<IpAddr, i64>,
}

impl Bans {
    /// Nobody is shut out, and nobody may send more than so many requests in five seconds.
    pub(crate) fn new(requests_max: usize) -> Self {
        Self { requests_max, visits: BTreeMap::new(), until: BTreeMap::new() }
    }

    /// Counts a request; false when its address is shut out, by this very request or since an earlier one.
    pub(crate) fn admit(&mut self, address: IpAddr, now_ms: i64) -> bool {
        if let Some(&until) = self.until.get(&address) {
            if now_ms < until {
                return false;
            }
            self.until.remove(&address);
        }
        let visits = self.visits.entry(address).or_default();
        while visits.front().is_some_and(|at| *at <= now_ms - WINDOW_MS) {
            visits.pop_front();
        }
        if visits.len() >= self.requests_max {
            self.visits.remove(&address);
            self.until.insert(address, now_ms + BAN_MS);
            return false;
        }
        visits.push_back(now_ms);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn the_request_over_the_limit_shuts_its_address_out_for_ten_minutes() {
        let (hasty, other) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)));
        let mut bans = Bans::new(600);
        assert!((0..600).all(|n| bans.admit(hasty, n)));
        assert!(!bans.admit(hasty, 600));
        assert!(bans.admit(other, 600));
        assert!(!bans.admit(hasty, 600_599));
        assert!(bans.admit(hasty, 600_600));
    }

    #[test]
    fn a_steady_client_is_never_shut_out() {
        let mut bans = Bans::new(600);
        // 119 a second.
        assert!((0..10_000).all(|n| bans.admit(Ipv4Addr::LOCALHOST.into(), n * 1_000 / 119)));
    }
}
