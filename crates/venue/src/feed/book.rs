//! One book stream: what its listeners have been told, and the next frame that keeps them right.

use std::time::Duration;

use rust_decimal::Decimal;
use serde::Serialize;
use windvane_venue_core::{BookSnapshot, Level};

use super::frame::text;
use crate::config::BookTime;
use crate::wire::number::{Figure, Scales, as_text, levels};

/// A level-1 book that does not change is sent again after this wall time. Source: Bybit V5, "Orderbook".
const REPEATED_AFTER: Duration = Duration::from_secs(3);

/// A stream of one symbol at one depth.
#[derive(Debug)]
pub(super) struct BookFeed {
    words: BookWords,
    symbol: String,
    /// The levels as last published.
    bids: Vec<Level>,
    asks: Vec<Level>,
    /// Grows by one with each frame, as the exchange's does.
    update_id: i64,
    seq: i64,
    /// Level 1 sends whole books only, and repeats the last one.
    snapshots_only: bool,
    /// When the last frame went to all listeners, by the clock of [`super::View::uptime`].
    published: Duration,
}

/// How a stream writes what it tells.
#[derive(Debug)]
pub(super) struct BookWords {
    pub(super) topic: String,
    pub(super) scales: Scales,
    pub(super) time: BookTime,
}

#[derive(Serialize)]
struct Frame<'a> {
    topic: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    ts: Stamp,
    data: Data<'a>,
    cts: i64,
}

#[derive(Serialize)]
struct Data<'a> {
    s: &'a str,
    b: Vec<[Figure; 2]>,
    a: Vec<[Figure; 2]>,
    u: i64,
    seq: i64,
}

/// A moment in ms.
#[derive(Serialize)]
#[serde(untagged)]
enum Stamp {
    Number(i64),
    #[serde(serialize_with = "as_text")]
    Text(i64),
}

impl BookFeed {
    /// A stream that begins with `book`; its numbers go on from `after`, so that a topic never counts back.
    pub(super) fn new(
        words: BookWords,
        depth: usize,
        book: BookSnapshot,
        (after, now): (i64, Duration),
    ) -> Self {
        Self {
            words,
            symbol: book.symbol.to_string(),
            update_id: book.update_id.max(after + 1),
            seq: book.seq,
            bids: book.bids,
            asks: book.asks,
            snapshots_only: depth == 1,
            published: now,
        }
    }

    /// Number of the last frame.
    pub(super) fn update_id(&self) -> i64 {
        self.update_id
    }

    /// The whole book as last published.
    pub(super) fn snapshot(&self, now_ms: i64) -> String {
        self.frame("snapshot", &self.bids, &self.asks, now_ms)
    }

    /// The frame that turns the published book into `book`; `None` when they are equal.
    pub(super) fn update(
        &mut self,
        book: BookSnapshot,
        scales: Scales,
        (now_ms, now): (i64, Duration),
    ) -> Option<String> {
        self.words.scales = scales;
        let bids = changed_levels(&self.bids, &book.bids, |a, b| a > b);
        let asks = changed_levels(&self.asks, &book.asks, |a, b| a < b);
        if bids.is_empty() && asks.is_empty() {
            return None;
        }
        self.bids = book.bids;
        self.asks = book.asks;
        self.update_id += 1;
        self.published = now;
        self.seq = book.seq;
        Some(if self.snapshots_only {
            self.snapshot(now_ms)
        } else {
            self.frame("delta", &bids, &asks, now_ms)
        })
    }

    /// When the book has to be sent again if nothing changes; `None` for streams that send changes only.
    pub(super) fn repetition_due(&self) -> Option<Duration> {
        self.snapshots_only.then(|| self.published + REPEATED_AFTER)
    }

    /// The last book once more, under its old number.
    pub(super) fn repeat(&mut self, now_ms: i64, now: Duration) -> String {
        self.published = now;
        self.snapshot(now_ms)
    }

    /// The book as last published, under number 1: whoever sees it replaces what he had.
    pub(super) fn restart(&mut self, now_ms: i64, now: Duration) -> String {
        self.update_id = 1;
        self.repeat(now_ms, now)
    }

    fn frame(&self, kind: &'static str, bids: &[Level], asks: &[Level], now_ms: i64) -> String {
        let data = Data {
            s: &self.symbol,
            b: levels(bids, self.words.scales),
            a: levels(asks, self.words.scales),
            u: self.update_id,
            seq: self.seq,
        };
        let ts = match self.words.time {
            BookTime::Number => Stamp::Number(now_ms),
            BookTime::Text => Stamp::Text(now_ms),
        };
        let frame = Frame { topic: &self.words.topic, kind, ts, data, cts: now_ms };
        text(&frame)
    }
}

/// What must be said to turn `old` into `new`; `before` is the order of both.
fn changed_levels(old: &[Level], new: &[Level], before: impl Fn(Decimal, Decimal) -> bool) -> Vec<Level> {
    let mut changes = Vec::new();
    let mut old = old.iter().copied().peekable();
    for &(price, qty) in new {
        while let Some((gone, _)) = old.next_if(|(old_price, _)| before(*old_price, price)) {
            changes.push((gone, Decimal::ZERO));
        }
        let was = old.next_if(|(old_price, _)| *old_price == price);
        if was.is_none_or(|(_, old_qty)| old_qty != qty) {
            changes.push((price, qty));
        }
    }
    changes.extend(old.map(|(gone, _)| (gone, Decimal::ZERO)));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(levels: &[(i64, i64)]) -> Vec<Level> {
        levels.iter().map(|&(price, qty)| (price.into(), qty.into())).collect()
    }

    #[test]
    fn changes_turn_one_side_into_the_next() {
        let old = side(&[(10, 1), (9, 2), (7, 3)]);
        for (new, expected) in [
            (side(&[(10, 1), (9, 2), (7, 3)]), side(&[])),
            (side(&[(11, 1), (9, 5), (7, 3)]), side(&[(11, 1), (10, 0), (9, 5)])),
            (side(&[]), side(&[(10, 0), (9, 0), (7, 0)])),
            (side(&[(10, 1), (9, 2), (8, 4), (7, 3), (6, 1)]), side(&[(8, 4), (6, 1)])),
        ] {
            assert_eq!(changed_levels(&old, &new, |a, b| a > b), expected);
        }
    }
}
