//! How long each topic of a connection has been silent.
//!
//! A connection can be alive while one of its topics is dead. Books and tickers of a live contract move all the
//! time, so their silence is a sign; a contract that nobody trades has no trades, and candles come when they close.

use super::Topic;
use windvane_model::{MarketEvent, Millis, WallTime};

/// When each watched topic was last heard.
#[derive(Debug)]
pub(super) struct Watch {
    /// In the order of topics.
    heard: Vec<(Topic, WallTime)>,
    silence_ms: Millis,
}

impl Watch {
    pub(super) fn new(topics: &[Topic], silence_ms: Millis) -> Self {
        let watched = topics.iter().filter(|topic| matches!(topic, Topic::Book(_) | Topic::Ticker(_)));
        let mut heard: Vec<_> = watched.map(|topic| (*topic, WallTime::default())).collect();
        heard.sort_unstable();
        Self { heard, silence_ms }
    }

    /// A new connection: each topic has its whole time again.
    pub(super) fn open(&mut self, now: WallTime) {
        for (_, at) in &mut self.heard {
            *at = now;
        }
    }

    pub(super) fn heard(&mut self, events: &[MarketEvent], now: WallTime) {
        for event in events {
            let topic = match event {
                MarketEvent::Book(book) => Topic::Book(book.symbol),
                MarketEvent::Ticker(ticker) => Topic::Ticker(ticker.symbol),
                _ => continue,
            };
            if let Ok(place) = self.heard.binary_search_by_key(&topic, |(topic, _)| *topic) {
                self.heard[place].1 = now;
            }
        }
    }

    /// Topics that have been silent for too long. Each is named once and then has its whole time again.
    pub(super) fn silent(&mut self, now: WallTime) -> Vec<Topic> {
        let mut silent = Vec::new();
        for (topic, at) in &mut self.heard {
            if now.millis_since(*at) >= self.silence_ms {
                *at = now;
                silent.push(*topic);
            }
        }
        silent
    }

    /// When to look next.
    pub(super) const fn next_look(&self, now: WallTime) -> WallTime {
        now.after(self.silence_ms / 4 + 1)
    }
}
