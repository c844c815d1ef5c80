//! What the tasks of a connector ring for: somebody should look at something soon.

use super::prices::{Moved, Prices};
use crate::{encode::Mutation, outcome::halts};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use windvane_model::{AccountEvent, Event, Link, LinkState, OrderReport, RefusalFamily, Refused};

/// The risk limit does not allow an order: its tiers may have changed. Source: Bybit V5, "Error Codes".
const ABOUT_TIERS: [i32; 3] = [110_085, 110_086, 110_090];
/// Trading is suspended, or the service restarts: the venue may be under maintenance. Source: the same page.
const ABOUT_SERVICE: [i32; 4] = [10_016, 10_019, 110_063, 110_066];

/// One bell for each thing that is looked at. Rung twice before somebody comes, it is answered once.
#[derive(Debug, Default)]
pub(super) struct Bells {
    /// The API key: a log-in was refused, or a request for the key itself.
    pub(super) key: Notify,
    /// The contracts' grids, bounds and tiers: an order was refused for a figure.
    pub(super) contracts: Notify,
    /// The contracts' position mode: an order was refused for it.
    pub(super) mode: Notify,
    /// The venue's own state: a link went down, or a request met a service that is not there.
    pub(super) status: Notify,
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
            Event::Link(Link::Public(LinkState::Up)) => self.history.notify_one(),
            Event::Link(
                Link::Public(LinkState::Down) | Link::Private(LinkState::Down) | Link::Trade(LinkState::Down),
            ) => {
                self.status.notify_one();
            }
            Event::Account(event) => {
                if halts(event).is_some() {
                    self.key.notify_one();
                }
                match event {
                    AccountEvent::Order(report) => self.compare(report),
                    AccountEvent::Undetermined(lost) if ABOUT_SERVICE.contains(&lost.code) => {
                        self.status.notify_one();
                    }
                    // Code 0 is our own refusal.
                    AccountEvent::Refused(refused) if refused.code != 0 => self.refused(refused),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn refused(&self, refused: &Refused) {
        let is_about_figures = matches!(
            refused.family,
            RefusalFamily::InvalidParameter | RefusalFamily::NotTrading | RefusalFamily::OrderCount
        );
        if is_about_figures || ABOUT_TIERS.contains(&refused.code) {
            self.contracts.notify_one();
        }
        if ABOUT_SERVICE.contains(&refused.code) {
            self.status.notify_one();
        }
        if refused.family == RefusalFamily::PositionMode {
            self.mode.notify_one();
        }
    }

    fn compare(&self, report: &OrderReport) {
        if let Some(Moved { client_order_id, sent, live }) = self.prices().heard(report) {
            tracing::error!(
                %client_order_id, %sent, %live,
                "the venue moved the price of an order; see `set-limit-px-action`"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::prices::tests::{report, submit};
    use futures_util::FutureExt;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };
    use tracing::{Level, Metadata, span};
    use windvane_model::{MarketTime, Query, QueryFailed, Request, Text};

    /// Counts the errors that are logged.
    #[derive(Clone, Default)]
    struct Errors(Arc<AtomicUsize>);

    impl tracing::Subscriber for Errors {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() == Level::ERROR
        }
        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, _: &tracing::Event<'_>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    #[test]
    fn an_order_that_lives_at_another_price_than_it_was_sent_with_is_an_error_in_the_log() {
        for (live, errors) in [("97000.50", 0), ("96500", 1)] {
            let counter = Errors::default();
            let bells = Bells::default();
            bells.sends(&submit("97000.5"));
            let report = Event::Account(AccountEvent::Order(report(live, "New")));
            tracing::subscriber::with_default(counter.clone(), || bells.hear(&report));
            assert_eq!(counter.0.load(Ordering::Relaxed), errors, "{live}");
        }
    }

    /// What an event rings for.
    fn rings(event: AccountEvent) -> Vec<&'static str> {
        let bells = Bells::default();
        bells.hear(&Event::Account(event));
        let all = [
            ("key", &bells.key),
            ("contracts", &bells.contracts),
            ("mode", &bells.mode),
            ("status", &bells.status),
        ];
        let is_rung = |bell: &Notify| bell.notified().now_or_never().is_some();
        all.into_iter().filter(|(_, bell)| is_rung(bell)).map(|(name, _)| name).collect()
    }

    fn refused(code: i32, message: &str) -> AccountEvent {
        let meaning = crate::codes::meaning(crate::codes::Channel::Rest, code, message);
        AccountEvent::Refused(Refused {
            request: Request::Submit,
            symbol: None,
            client_order_id: None,
            code,
            family: meaning.family,
            message: Text::lossy(message),
        })
    }

    #[test]
    fn e01_e02_e03_e06_e07_e08_each_refusal_rings_for_what_it_is_about() {
        for (code, message, bells) in [
            (10003, "", &["key"][..]),
            (10005, "", &["key"]),
            (10010, "", &["key"]),
            (33004, "", &["key"]),
            (110085, "", &["contracts"]),
            (110086, "", &["contracts"]),
            (110090, "", &["contracts"]),
            (10001, "qty invalid", &["contracts"]),
            (110020, "", &["contracts"]),
            (10001, "position idx not match position mode", &["mode"]),
            (110028, "", &["mode"]),
            (110007, "", &[]),
            (10006, "", &[]),
        ] {
            assert_eq!(rings(refused(code, message)), bells, "{code} {message}");
        }
        let query = Query::Account { executions_since: MarketTime(0) };
        for (code, bells) in [(33004, &["key"][..]), (10005, &["key"]), (10006, &[]), (0, &[])] {
            assert_eq!(
                rings(AccountEvent::QueryFailed(QueryFailed { query, code, is_unsupported: false })),
                bells,
                "{code}"
            );
        }
    }
}
