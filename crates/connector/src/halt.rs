//! The epoch of halts: an order that opens leaves in the epoch that it was approved in, or not at all.
//!
//! Between approval and socket lies waiting: for a channel, for a rate limit. A halt that comes meanwhile must not be
//! overtaken by what was decided before it, and a resume must not bring that back.

use crate::encode::Mutation;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Counts the changes between "may open" and "nothing opens". Writer: the connector's handle, after each turn of the
/// engine. Readers: the queues before a socket. All of them live on one thread; the atomic is what lets them share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct HaltEpoch(Arc<AtomicU64>);

/// One epoch; even while orders may open, odd while nothing may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Epoch(u64);

/// A mutation on its way, with the epoch that it was handed over in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Handed {
    pub(crate) mutation: Mutation,
    pub(crate) epoch: Epoch,
}

impl HaltEpoch {
    /// Says whether anything may open from now on; another epoch begins when that changes.
    pub(crate) fn allow_opening(&self, may_open: bool) {
        if self.now().may_open() != may_open {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn now(&self) -> Epoch {
        Epoch(self.0.load(Ordering::Relaxed))
    }
}

impl Epoch {
    const fn may_open(self) -> bool {
        self.0.is_multiple_of(2)
    }
}

impl Handed {
    /// Whether it opens and was handed over before a halt, or in one.
    pub(crate) fn is_overtaken(&self, now: Epoch) -> bool {
        self.mutation.opens() && (self.epoch != now || !now.may_open())
    }
}

#[cfg(test)]
impl From<Mutation> for Handed {
    fn from(mutation: Mutation) -> Self {
        Self { mutation, epoch: Epoch::default() }
    }
}
