//! What the tasks of a connector ring for: somebody should look at something soon.

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
}

impl Bells {
    /// Rings for whatever `event` is a reason for.
    pub(super) fn hear(&self, event: &Event) {
        match event {
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
