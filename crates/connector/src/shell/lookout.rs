//! What the tasks have in common that look at something of the venue every so often: the key, the contracts, modes, the
//! venue's own state.

use super::{bells::Bells, rounds::Rounds, scope::Scope, stream::Outlets};
use crate::rest::RestClient;
use std::sync::Arc;
use tokio::sync::{Notify, watch};
use windvane_model::{Control, Event, HaltCause, Millis, Symbol};

/// The means of one such task.
pub(super) struct Lookout {
    pub(super) rest: RestClient,
    pub(super) outlets: Outlets,
    pub(super) scope: watch::Receiver<Scope>,
    pub(super) bells: Arc<Bells>,
    pub(super) stop: watch::Receiver<bool>,
}

impl Lookout {
    /// Rounds of which the first comes by itself after the whole time.
    pub(super) fn rounds(&self, every_ms: Millis, at_most_every_ms: Millis) -> Rounds {
        Rounds::new(self.rest.clock().now(), every_ms, at_most_every_ms)
    }

    /// Waits for the next look, which the bell calls for as well; `false` when the connector stops.
    pub(super) async fn next(&mut self, rounds: &mut Rounds, bell: fn(&Bells) -> &Notify) -> bool {
        rounds.next(self.rest.clock(), bell(&self.bells), &mut self.stop).await
    }

    /// What a look finds; `None` when the connector stops meanwhile. Breaking it off loses nothing: it only reads.
    pub(super) async fn look<T>(&self, look: impl Future<Output = T>) -> Option<T> {
        let mut stop = self.stop.clone();
        tokio::select! {
            biased;
            _ = stop.changed() => None,
            found = look => Some(found),
        }
    }

    /// The contracts that are traded.
    pub(super) fn symbols(&self) -> Vec<Symbol> {
        self.scope.borrow().symbols.clone()
    }

    /// Tells the engine; `false` when nobody listens any more.
    pub(super) async fn tell(&self, event: Event) -> bool {
        self.outlets.account.send((self.rest.clock().now(), event)).await.is_ok()
    }

    /// Halts the engine when something has turned bad; `false` when nobody listens any more. Once is enough: it stays
    /// latched, and whoever resumes without having seen to it hears of it again once it has been right.
    pub(super) async fn halt_once(&self, cause: HaltCause, has_halted: &mut bool, is_bad: bool) -> bool {
        let is_known = std::mem::replace(has_halted, is_bad);
        !is_bad || is_known || self.tell(Event::Control(Control::Halt(cause))).await
    }
}
