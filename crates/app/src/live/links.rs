//! How the links to the venue do, as the status page shows them.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use windvane_connector::{Observation, Stream};
use windvane_model::{Link, LinkState, WallTime};

/// All links and what was last measured on them.
#[derive(Debug, Default)]
pub(crate) struct Links {
    streams: BTreeMap<Stream, One>,
    /// Venue clock minus ours, seconds.
    pub(crate) clock_offset: Option<f64>,
    /// Duration of the last REST request that was answered, seconds.
    pub(crate) round_trip: Option<f64>,
}

#[derive(Debug, Default)]
struct One {
    is_up: bool,
    ups: u64,
    topics: usize,
    heard: Option<WallTime>,
    reason: Option<&'static str>,
}

impl Links {
    /// Takes a change of a link.
    pub(crate) fn change(&mut self, link: Link) {
        let (stream, state) = match link {
            Link::Public(state) => (Stream::Public, state),
            Link::Private(state) => (Stream::Private, state),
            Link::Trade(state) => (Stream::Trade, state),
        };
        let one = self.streams.entry(stream).or_default();
        one.is_up = state == LinkState::Up;
        one.ups += u64::from(one.is_up);
    }

    /// Takes what the connector observed.
    pub(crate) fn observe(&mut self, observation: &Observation) {
        match observation {
            Observation::FrameIn { stream, at } => self.streams.entry(*stream).or_default().heard = Some(*at),
            Observation::Connected { stream, subscriptions } => {
                self.streams.entry(*stream).or_default().topics = *subscriptions;
            }
            Observation::Reconnecting { stream, reason, .. } => {
                self.streams.entry(*stream).or_default().reason = Some(reason);
            }
            Observation::RestDone { code, seconds, .. } if *code != -1 => self.round_trip = Some(*seconds),
            Observation::ClockOffset(offset) => self.clock_offset = Some(seconds(offset.offset_ns)),
            _ => {}
        }
    }

    /// When the venue was last heard on the streams that carry the account.
    pub(crate) fn heard(&self) -> Option<WallTime> {
        let account = [Stream::Private, Stream::Trade];
        account.iter().filter_map(|stream| self.streams.get(stream)?.heard).max()
    }

    /// Seconds since the last message by stream.
    pub(crate) fn ages(&self, now: WallTime) -> impl Iterator<Item = (&'static str, f64)> {
        self.streams.iter().filter_map(move |(stream, one)| Some((stream.as_str(), one.age(now)?)))
    }

    /// Confirmed topics by stream.
    pub(crate) fn topics(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.streams.iter().map(|(stream, one)| (stream.as_str(), one.topics))
    }

    /// The rows of the status page.
    pub(crate) fn rows(&self, now: WallTime) -> Vec<Value> {
        let row = |(stream, one): (&Stream, &One)| {
            json!({
                "stream": stream.as_str(),
                "is_up": one.is_up,
                "age_seconds": one.age(now),
                "topics": one.topics,
                "reconnects": one.ups.saturating_sub(1),
                "reason": one.reason,
            })
        };
        self.streams.iter().map(row).collect()
    }
}

impl One {
    fn age(&self, now: WallTime) -> Option<f64> {
        self.heard.map(|at| seconds(now.0 - at.0))
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures for people and graphs")]
fn seconds(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}
