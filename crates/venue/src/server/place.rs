//! Places for connections: so many at once in all, and so many of one address, so that one client cannot use up the descriptors
//! that the others need.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use rustix::process::{Resource, getrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::ConnectionLimits;

/// Descriptors of the process that are none of a client's: files, timers, and the connections of an engine that the venue is
/// embedded in.
const RESERVED_DESCRIPTORS: usize = 128;

/// The places of a venue.
#[derive(Debug)]
pub(crate) struct Places {
    all: Arc<Semaphore>,
    of_one: usize,
    /// Those of each address that has any, and of some that had.
    of_address: BTreeMap<IpAddr, Arc<Semaphore>>,
    remembered_max: usize,
}

/// A place that is taken until the last copy of this is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    _held: Arc<[OwnedSemaphorePermit; 2]>,
}

impl Places {
    /// As many as are asked for and the process can open.
    pub(crate) fn new(limits: ConnectionLimits) -> Self {
        Self::within(limits, descriptors())
    }

    /// As many as are asked for and fit so many descriptors.
    fn within(limits: ConnectionLimits, descriptors: Option<usize>) -> Self {
        let openable = descriptors.map_or(usize::MAX, |most| most.saturating_sub(RESERVED_DESCRIPTORS));
        let total = limits.total.min(openable).min(Semaphore::MAX_PERMITS);
        let of_one = limits.address.min(total - total / 4);
        let all = Arc::new(Semaphore::new(total));
        Self { all, of_one, of_address: BTreeMap::new(), remembered_max: total }
    }

    /// A place for a connection of this address, if there is one left.
    pub(crate) fn take(&mut self, address: IpAddr) -> Option<Place> {
        if self.of_address.len() > self.remembered_max {
            let of_one = self.of_one;
            self.of_address.retain(|_, places| places.available_permits() < of_one);
        }
        let of_address =
            self.of_address.entry(address).or_insert_with(|| Arc::new(Semaphore::new(self.of_one)));
        let own = of_address.clone().try_acquire_owned().ok()?;
        let any = self.all.clone().try_acquire_owned().ok()?;
        Some(Place { _held: Arc::new([own, any]) })
    }
}

/// How many descriptors the process may have; `None` for any number.
fn descriptors() -> Option<usize> {
    getrlimit(Resource::Nofile).current.map(|most| usize::try_from(most).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn address(number: u8) -> IpAddr {
        Ipv4Addr::new(127, 0, 0, number).into()
    }

    #[test]
    fn an_address_has_its_own_places_and_all_share_the_total() {
        let mut places = Places::within(ConnectionLimits { total: 4, address: 3 }, None);
        let mut held: Vec<_> = (0..3).map_while(|_| places.take(address(1))).collect();
        assert_eq!(held.len(), 3);
        assert!(places.take(address(1)).is_none());
        let other = places.take(address(2));
        assert!(other.is_some() && places.take(address(3)).is_none(), "four in all");
        let copy = held.pop();
        drop(copy.clone());
        assert!(places.take(address(1)).is_none(), "a copy holds it");
        drop(copy);
        assert!(places.take(address(3)).is_some());
        assert!(places.take(address(1)).is_some(), "given back as soon as it is dropped");
    }

    #[test]
    fn descriptors_bound_both_and_no_address_can_have_all() {
        for (limits, descriptors, total, of_one) in [
            (ConnectionLimits { total: 8_192, address: 4_096 }, Some(1_024), 896, 672),
            (ConnectionLimits { total: 8_192, address: 4_096 }, Some(65_536), 8_192, 4_096),
            (ConnectionLimits { total: 1, address: 9 }, None, 1, 1),
            (ConnectionLimits { total: 9, address: 9 }, Some(0), 0, 0),
        ] {
            let places = Places::within(limits, descriptors);
            assert_eq!((places.all.available_permits(), places.of_one), (total, of_one), "{limits:?}");
        }
    }

    #[test]
    fn addresses_that_are_gone_are_forgotten() {
        let mut places = Places::within(ConnectionLimits { total: 4, address: 2 }, None);
        let kept = places.take(address(1));
        for number in 2..=100 {
            assert!(places.take(address(number)).is_some());
        }
        assert!(places.of_address.len() <= 6);
        assert!(places.take(address(1)).is_some() && kept.is_some());
        let _second = places.take(address(1));
    }
}
