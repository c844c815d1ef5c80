//! Public topics: what each one stands at and what changed since it was last published.

mod book;
mod frame;
mod topic;

use std::collections::BTreeMap;

use serde_json::json;
use tokio::time::Instant;
use windvane_venue_core::{Category, ExecutionRow, PublicTrade, Venue};

use super::hub::Hub;
use super::stage::Stage;
use crate::config::{DoubtsConfig, QuietCandle};
use crate::market::MarketRecord;
use crate::market::candle::Candle;
use crate::market::interval::Interval;
use crate::rest::market::ticker_fields;
use crate::wire::number::Scales;
use book::BookFeed;
pub(crate) use book::levels;
use topic::DEPTHS;
pub(super) use topic::Topic;

/// Fields of a ticker by name.
type TickerFields = BTreeMap<&'static str, String>;

/// What the venue's public side looked like when it was last published.
#[derive(Debug, Default)]
pub(super) struct PublicFeeds {
    books: BTreeMap<String, BookFeed>,
    tickers: BTreeMap<String, TickerFields>,
    price_limits: BTreeMap<String, (String, String)>,
    /// Whether the numbers of books have begun again, so that they no longer are those of the core.
    restarted: bool,
}

/// What an input changed in one symbol.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) trades: Vec<PublicTrade>,
    /// Fills of liquidations.
    pub(super) liquidations: Vec<ExecutionRow>,
    pub(super) closed: Vec<(Interval, Candle)>,
}

/// What a frame needs to know of the venue.
pub(super) struct View<'a> {
    pub(super) core: &'a Venue,
    pub(super) records: &'a BTreeMap<String, MarketRecord>,
    pub(super) scales: &'a BTreeMap<String, Scales>,
    pub(super) doubts: &'a DoubtsConfig,
    /// Market ms.
    pub(super) now_ms: i64,
}

impl PublicFeeds {
    /// The first frame of a new subscription: a snapshot of what the topic stands at, if it has a state. What
    /// was remembered of a topic nobody listened to (`heard` is false) is out of date.
    pub(super) fn first_frame(
        &mut self,
        topic: &Topic,
        text: &str,
        heard: bool,
        view: &View<'_>,
    ) -> Option<String> {
        let (symbol, now_ms) = (topic.symbol(), view.now_ms);
        let scales = *view.scales.get(symbol)?;
        match topic {
            Topic::Book { depth, .. } => {
                if !heard {
                    let mut book = view.core.book(Category::Linear, symbol, *depth)?;
                    if self.restarted {
                        book.update_id = 1;
                    }
                    let last = self.books.get(text).map_or(0, BookFeed::update_id);
                    let feed = BookFeed::new(text.to_owned(), *depth, scales, book, last);
                    self.books.insert(text.to_owned(), feed);
                }
                Some(self.books.get(text)?.snapshot(now_ms))
            }
            Topic::Ticker { .. } => {
                if !heard {
                    self.tickers.insert(symbol.to_owned(), ticker(symbol, view)?);
                }
                let (fields, seq) =
                    (self.tickers.get(symbol)?, view.core.ticker(Category::Linear, symbol)?.seq);
                let frame =
                    json!({"topic": text, "type": "snapshot", "data": fields, "cs": seq, "ts": now_ms});
                Some(frame.to_string())
            }
            Topic::Kline { interval, .. } => {
                let open = view.records.get(symbol)?.candles.series(*interval).back()?;
                Some(frame::klines(text, &[(open, false)], *interval, scales, now_ms))
            }
            Topic::PriceLimit { .. } => {
                Some(frame::price_limit(text, symbol, &price_limit(symbol, scales, view)?, now_ms))
            }
            Topic::Trades { .. } | Topic::Liquidations { .. } => None,
        }
    }

    /// Publishes what changed in `symbol` to those who listen.
    pub(super) fn publish(
        &mut self,
        symbol: &str,
        changes: &Changes,
        view: &View<'_>,
        stage: &mut Stage<'_>,
    ) {
        let Some(&scales) = view.scales.get(symbol) else { return };
        for depth in DEPTHS {
            let topic = format!("orderbook.{depth}.{symbol}");
            if stage.is_heard(&topic)
                && let (Some(feed), Some(book)) =
                    (self.books.get_mut(&topic), view.core.book(Category::Linear, symbol, depth))
                && let Some(frame) = feed.update(book, view.now_ms)
            {
                stage.publish(&topic, &frame);
            }
        }
        let topic = format!("publicTrade.{symbol}");
        if !changes.trades.is_empty() && stage.is_heard(&topic) {
            stage.publish(&topic, &frame::trades(&topic, &changes.trades, scales, view.now_ms));
        }
        let topic = format!("allLiquidation.{symbol}");
        if !changes.liquidations.is_empty() && stage.is_heard(&topic) {
            let frame = frame::liquidations(&topic, &changes.liquidations, scales, view.now_ms);
            stage.publish(&topic, &frame);
        }
        let topic = format!("tickers.{symbol}");
        if stage.is_heard(&topic)
            && let Some(frame) = self.ticker_delta(symbol, &topic, view)
        {
            stage.publish(&topic, &frame);
        }
        publish_klines(symbol, changes, scales, view, stage);
        let topic = format!("priceLimit.{symbol}");
        if stage.is_heard(&topic)
            && let Some(limits) = price_limit(symbol, scales, view)
            && self.price_limits.get(symbol) != Some(&limits)
        {
            stage.publish(&topic, &frame::price_limit(&topic, symbol, &limits, view.now_ms));
            self.price_limits.insert(symbol.to_owned(), limits);
        }
    }

    /// When the next unchanged level-1 book has to be sent again, if someone listens to one.
    pub(super) fn next_repetition(&self, hub: &Hub) -> Option<Instant> {
        let heard = self.books.iter().filter(|(topic, _)| hub.is_heard(topic));
        heard.filter_map(|(_, feed)| feed.repetition_due()).min()
    }

    /// Sends again the level-1 books that are due for it.
    pub(super) fn repeat(&mut self, now_ms: i64, stage: &mut Stage<'_>) {
        let now = Instant::now();
        for (topic, feed) in &mut self.books {
            if feed.repetition_due().is_some_and(|due| due <= now) && stage.is_heard(topic) {
                stage.publish(topic, &feed.repeat(now_ms));
            }
        }
    }

    /// Begins the numbers of every book again with 1, as a restart of the exchange does, and tells those who still
    /// listen.
    pub(super) fn restart(&mut self, now_ms: i64, stage: &mut Stage<'_>) {
        self.restarted = true;
        self.books.retain(|topic, _| stage.is_heard(topic));
        for (topic, feed) in &mut self.books {
            stage.publish(topic, &feed.restart(now_ms));
        }
    }

    /// The fields of a ticker that changed since they were last published.
    fn ticker_delta(&mut self, symbol: &str, topic: &str, view: &View<'_>) -> Option<String> {
        let fields = ticker(symbol, view)?;
        let known = self.tickers.entry(symbol.to_owned()).or_default();
        let changed = |(name, value): &(&&'static str, &String)| known.get(**name) != Some(*value);
        let mut delta: BTreeMap<&str, &str> =
            fields.iter().filter(changed).map(|(name, value)| (*name, value.as_str())).collect();
        if delta.is_empty() {
            return None;
        }
        delta.insert("symbol", symbol);
        let seq = view.core.ticker(Category::Linear, symbol)?.seq;
        let frame = json!({"topic": topic, "type": "delta", "data": delta, "cs": seq, "ts": view.now_ms});
        let frame = frame.to_string();
        *known = fields;
        Some(frame)
    }
}

fn publish_klines(symbol: &str, changes: &Changes, scales: Scales, view: &View<'_>, stage: &mut Stage<'_>) {
    let Some(record) = view.records.get(symbol) else { return };
    for interval in Interval::all() {
        let told = |candle: &Candle| view.doubts.quiet_candle == QuietCandle::Confirmed || candle.traded;
        let closed = changes.closed.iter().find(|(closed, candle)| *closed == interval && told(candle));
        if closed.is_none() && changes.trades.is_empty() {
            continue;
        }
        let topic = format!("kline.{}.{symbol}", interval.text());
        if !stage.is_heard(&topic) {
            continue;
        }
        // At a boundary the closed and the new candle travel in one frame, as on the exchange.
        let open = record.candles.series(interval).back().map(|candle| (candle, false));
        let rows: Vec<_> = closed.map(|(_, candle)| (candle, true)).into_iter().chain(open).collect();
        stage.publish(&topic, &frame::klines(&topic, &rows, interval, scales, view.now_ms));
    }
}

fn ticker(symbol: &str, view: &View<'_>) -> Option<TickerFields> {
    let row = view.core.ticker(Category::Linear, symbol)?;
    let record = view.records.get(symbol)?;
    let instrument = view.core.instruments().find(|instrument| *instrument.symbol == *symbol)?;
    Some(ticker_fields(&row, &record.day(), instrument))
}

fn price_limit(symbol: &str, scales: Scales, view: &View<'_>) -> Option<(String, String)> {
    let (buy, sell) = view.core.price_limits(Category::Linear, symbol)?;
    Some((scales.price(buy), scales.price(sell)))
}
