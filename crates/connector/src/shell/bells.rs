//! What the tasks of a connector ring for: somebody should look at something soon.

use super::prices::{Moved, Prices};
use crate::encode::Mutation;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use windvane_model::{AccountEvent, Event, Link, LinkState, RefusalFamily};

/// One bell for each thing that is looked at. Rung twice before somebody comes, it is answered once.
#[derive(Debug, Default)]
pub(super) struct Bells {
    /// The API key: a log-in was refused.
    pub(super) key: Notify,
    /// The contracts' grids and bounds: an order was refused for a figure.
    pub(super) contracts: Notify,
    /// The history of candles: the public link came up, and nobody knows what it missed.
    pub(super) history: Notify,
    /// What orders were sent with. The lock is held for one look.
    prices: Mutex<Prices>,
}

impl Bells {
    /// A request is about to leave.
    pub(super) fn sends(&self, mutation: &Mutation) {
        self.prices().sent(mutation);
    }

    fn prices(&self) -> MutexGuard<'_, Prices> {
        self.prices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rings for whatever `event` is a reason for.
    pub(super) fn hear(&self, event: &Event) {
        match event {
            Event::Account(AccountEvent::Order(report)) => {
                if let Some(Moved { client_order_id, sent, live }) = self.prices().heard(report) {
                    tracing::error!(
                        %client_order_id, %sent, %live,
                        "the venue moved the price of an order; see `set-limit-px-action`"
                    );
                }
            }
            Event::Link(Link::Public(LinkState::Up)) => self.history.notify_one(),
            Event::Account(AccountEvent::Refused(refused)) => {
                let is_about_figures = matches!(
                    refused.family,
                    RefusalFamily::InvalidParameter | RefusalFamily::NotTrading | RefusalFamily::OrderCount
                );
                // Code 0 is our own refusal.
                if is_about_figures && refused.code != 0 {
                    self.contracts.notify_one();
                }
            }
            _ => {}
        }
    }
}
