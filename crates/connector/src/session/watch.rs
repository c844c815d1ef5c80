//! How long each topic of a connection has been silent.
//!
//! A connection can be alive while one of its topics is dead. Books and tickers of a live contract move all the
//! time, so their silence is a sign; a contract that nobody trades has no trades, and candles come when they close. A book
//! whose snapshot has not come is silent whatever changes of it are told: nobody can use them.

use super::Topic;
use windvane_model::{BookUpdateKind, MarketEvent, Millis, WallTime};

/// When each watched topic was last heard.
#[derive(Debug)]
pub(super) struct Watch {
    /// In the order of topics.
    watched: Vec<Watched>,
    silence_ms: Millis,
}

#[derive(Debug)]
struct Watched {
    topic: Topic,
    heard: WallTime,
    /// Whether its first message is still to come.
    awaits_snapshot: bool,
}

impl Watch {
    pub(super) fn new(topics: &[Topic], silence_ms: Millis) -> Self {
        let topics = topics.iter().filter(|topic| matches!(topic, Topic::Book(_) | Topic::Ticker(_)));
        let mut watched: Vec<_> = topics
            .map(|topic| Watched { topic: *topic, heard: WallTime::default(), awaits_snapshot: false })
            .collect();
        watched.sort_unstable_by_key(|watched| watched.topic);
        Self { watched, silence_ms }
    }

    /// A new connection: each topic has its whole time again.
    pub(super) fn open(&mut self, now: WallTime) {
        for watched in &mut self.watched {
            watched.heard = now;
        }
    }

    /// The topic is asked for, so it will begin with a snapshot.
    pub(super) fn asked(&mut self, topic: Topic, now: WallTime) {
        if let Some(watched) = self.find(topic) {
            watched.awaits_snapshot = matches!(topic, Topic::Book(_));
            watched.heard = now;
        }
    }

    /// Whether the topic was asked for and its snapshot has not come.
    pub(super) fn awaits_snapshot(&mut self, topic: Topic) -> bool {
        self.find(topic).is_some_and(|watched| watched.awaits_snapshot)
    }

    pub(super) fn heard(&mut self, events: &[MarketEvent], now: WallTime) {
        for event in events {
            let (topic, is_usable) = match event {
                MarketEvent::Book(book) => (Topic::Book(book.symbol), book.kind == BookUpdateKind::Snapshot),
                MarketEvent::Ticker(ticker) => (Topic::Ticker(ticker.symbol), true),
                _ => continue,
            };
            if let Some(watched) = self.find(topic)
                && (is_usable || !watched.awaits_snapshot)
            {
                watched.heard = now;
                watched.awaits_snapshot = false;
            }
        }
    }

    /// Topics that have been silent for too long. Each is named once and then has its whole time again.
    pub(super) fn silent(&mut self, now: WallTime) -> Vec<Topic> {
        let mut silent = Vec::new();
        for watched in &mut self.watched {
            if now.millis_since(watched.heard) >= self.silence_ms {
                watched.heard = now;
                silent.push(watched.topic);
            }
        }
        silent
    }

    /// When to look next.
    pub(super) const fn next_look(&self, now: WallTime) -> WallTime {
        now.after(self.silence_ms / 4 + 1)
    }

    fn find(&mut self, topic: Topic) -> Option<&mut Watched> {
        let place = self.watched.binary_search_by_key(&topic, |watched| watched.topic).ok()?;
        self.watched.get_mut(place)
    }
}
