//! Disconnection protection (DCP): where the sockets that an account has named for it stay away too long, its orders are
//! ended. Source: Bybit V5, "Set Disconnect Cancel All".

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;
use windvane_venue_core::{Category, Request};

use super::Exchange;

/// Products that are protected together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Product {
    Options,
    Derivatives,
    Spot,
}

impl Product {
    const ALL: [Self; 3] = [Self::Options, Self::Derivatives, Self::Spot];

    /// The product group of this name.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|product| product.as_str() == text)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Options => "OPTIONS",
            Self::Derivatives => "DERIVATIVES",
            Self::Spot => "SPOT",
        }
    }

    /// The private topic whose listeners are watched.
    fn topic(self) -> &'static str {
        match self {
            Self::Options => "dcp.option",
            Self::Derivatives => "dcp.future",
            Self::Spot => "dcp.spot",
        }
    }

    /// The product group that this private topic watches over.
    pub(super) fn of_topic(topic: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|product| product.topic() == topic)
    }

    fn categories(self) -> &'static [Category] {
        match self {
            Self::Options => &[],
            Self::Derivatives => &[Category::Linear, Category::Inverse],
            Self::Spot => &[Category::Spot],
        }
    }
}

/// What each account has asked to be protected.
#[derive(Debug, Default)]
pub(crate) struct Protection {
    guards: BTreeMap<(u64, Product), Guard>,
}

#[derive(Debug)]
struct Guard {
    window: Duration,
    watch: Watch,
}

#[derive(Debug, Clone, Copy)]
enum Watch {
    /// No socket has listened since the guard was set, let go or fired.
    Idle,
    Armed,
    /// The last listener is gone.
    Counting {
        deadline: Instant,
    },
}

impl Protection {
    /// Protects a product group of an account, or changes how long its sockets may be away.
    pub(crate) fn set(&mut self, uid: u64, product: Product, window: Duration) {
        let guard = self.guards.entry((uid, product)).or_insert(Guard { window, watch: Watch::Idle });
        guard.window = window;
    }

    /// What an account has protected, and for how long its sockets may be away.
    pub(crate) fn of(&self, uid: u64) -> impl Iterator<Item = (Product, Duration)> + '_ {
        let own = self.guards.iter().filter(move |((of, _), _)| *of == uid);
        own.map(|((_, product), guard)| (*product, guard.window))
    }

    /// Looks who listens. A guard is armed by the first listener, and counts from the moment the last one is gone.
    fn look(&mut self, now: Instant, is_heard: impl Fn(u64, Product) -> bool) {
        for ((uid, product), guard) in &mut self.guards {
            guard.watch = match (guard.watch, is_heard(*uid, *product)) {
                (_, true) => Watch::Armed,
                (Watch::Armed, false) => Watch::Counting { deadline: now + guard.window },
                (watch @ (Watch::Idle | Watch::Counting { .. }), false) => watch,
            };
        }
    }

    /// A listener has said that it listens no longer: nobody is missed until another one comes.
    pub(super) fn let_go(&mut self, uid: u64, product: Product) {
        if let Some(guard) = self.guards.get_mut(&(uid, product)) {
            guard.watch = Watch::Idle;
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let deadlines = self.guards.values().filter_map(|guard| match guard.watch {
            Watch::Counting { deadline } => Some(deadline),
            Watch::Idle | Watch::Armed => None,
        });
        deadlines.min()
    }

    /// Who has been away too long, each once.
    fn take_due(&mut self, now: Instant) -> Vec<(u64, Product)> {
        let mut due = Vec::new();
        for (key, guard) in &mut self.guards {
            if matches!(guard.watch, Watch::Counting { deadline } if deadline <= now) {
                guard.watch = Watch::Idle;
                due.push(*key);
            }
        }
        due
    }
}

impl Exchange {
    /// When somebody will have been away too long, as of now.
    pub(super) fn next_disconnection(&mut self) -> Option<Instant> {
        let hub = &self.hub;
        self.protection.look(self.now.instant, |uid, product| {
            !hub.private_listeners(uid, product.topic(), None).is_empty()
        });
        self.protection.deadline()
    }

    /// Ends the orders of those who have been away too long.
    pub(super) fn end_disconnected(&mut self) {
        for (uid, product) in self.protection.take_due(self.now.instant) {
            tracing::info!(uid, product = product.as_str(), "disconnection protection ends orders");
            for category in product.categories() {
                if let Err(refusal) = self.request(uid, &Request::Disconnected(*category)) {
                    tracing::error!(uid, code = refusal.code, "the core refused to end orders");
                }
            }
        }
        let now_ms = self.now_ms();
        self.tell(now_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(10);

    #[test]
    fn a_guard_counts_from_the_last_listener_and_a_return_in_time_stops_it() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut protection = Protection::default();
        protection.set(1, Product::Spot, WINDOW);
        protection.look(at(0), |_, _| false);
        assert_eq!(protection.deadline(), None, "nobody has come yet, so nobody is missed");
        protection.look(at(1), |_, _| true);
        protection.look(at(2), |_, _| false);
        protection.look(at(5), |_, _| false);
        assert_eq!(protection.deadline(), Some(at(12)), "looking again does not put it off");
        assert_eq!(protection.take_due(at(11)), []);
        protection.look(at(11), |_, _| true);
        assert_eq!(protection.deadline(), None);
        protection.look(at(20), |_, _| false);
        assert_eq!(protection.take_due(at(30)), [(1, Product::Spot)]);
        assert_eq!((protection.deadline(), protection.take_due(at(99))), (None, vec![]), "once");
    }

    #[test]
    fn who_unsubscribes_is_not_missed() {
        let now = Instant::now();
        let mut protection = Protection::default();
        protection.set(1, Product::Derivatives, WINDOW);
        protection.look(now, |_, _| true);
        protection.let_go(1, Product::Derivatives);
        protection.look(now, |_, _| false);
        assert_eq!(protection.deadline(), None);
    }
}
