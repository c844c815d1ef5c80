//! Public topics: what each one stands at and what changed since it was last published.

mod book;
mod frame;
mod pace;
mod topic;

use std::collections::BTreeMap;

use serde_json::json;
use tokio::time::Instant;
use windvane_venue_core::{Category, PublicLiquidation, PublicTrade, Venue};

use super::hub::Hub;
use super::stage::Stage;
use crate::config::{DoubtsConfig, LevelOneRepeat, QuietCandle};
use crate::listed::Listed;
use crate::market::MarketRecord;
use crate::market::candle::Candle;
use crate::market::interval::Interval;
use crate::rest::ticker::{TickerFields, topic_fields};
use crate::wire::Digits;
use crate::wire::number::Scales;
use book::{BookFeed, BookWords};
use pace::{KLINE_MS, LIQUIDATION_MS, PRICE_LIMIT_MS, Pace, book_ms, ticker_ms};
use topic::DEPTHS;
pub(super) use topic::Topic;

/// What the venue's public side looked like when it was last published.
#[derive(Debug)]
pub(super) struct PublicFeeds {
    category: Category,
    books: BTreeMap<String, BookFeed>,
    tickers: BTreeMap<String, TickerFields>,
    price_limits: BTreeMap<String, (String, String)>,
    pace: Pace,
    /// Whether a level-1 book that stands still is sent again.
    repeats: bool,
    /// Whether the numbers of books have begun again, so that they no longer are those of the core.
    restarted: bool,
}

/// What an input changed in one symbol.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) trades: Vec<PublicTrade>,
    pub(super) liquidations: Vec<PublicLiquidation>,
    pub(super) closed: Vec<(Interval, Candle)>,
}

/// What a frame needs to know of the venue.
pub(super) struct View<'a> {
    pub(super) core: &'a Venue,
    pub(super) records: &'a Listed<MarketRecord>,
    pub(super) digits: &'a Digits,
    pub(super) doubts: &'a DoubtsConfig,
    /// Market ms.
    pub(super) now_ms: i64,
    /// The same moment for timers.
    pub(super) instant: Instant,
}

impl PublicFeeds {
    /// The topics of a product group, all silent.
    pub(super) fn new(category: Category, doubts: &DoubtsConfig) -> Self {
        Self {
            category,
            repeats: category != Category::Spot || doubts.level_one_repeat == LevelOneRepeat::All,
            books: BTreeMap::new(),
            tickers: BTreeMap::new(),
            price_limits: BTreeMap::new(),
            pace: Pace::new(doubts.push_pace),
            restarted: false,
        }
    }

    pub(super) fn category(&self) -> Category {
        self.category
    }

    /// The first frame of a new subscription: a snapshot of what the topic stands at, if it has a state. What
    /// was remembered of a topic nobody listened to (`heard` is false) is out of date.
    pub(super) fn first_frame(
        &mut self,
        topic: &Topic,
        text: &str,
        heard: bool,
        view: &View<'_>,
    ) -> Option<String> {
        let now_ms = view.now_ms;
        let Some(symbol) = topic.symbol() else { return Some(frame::no_pools(text, now_ms)) };
        let scales = view.digits.get(self.category, symbol)?;
        match topic {
            Topic::Book { depth, .. } => {
                if !heard {
                    let mut book = view.core.book(self.category, symbol, *depth)?;
                    if self.restarted {
                        book.update_id = 1;
                    }
                    let last = self.books.get(text).map_or(0, BookFeed::update_id);
                    let words = BookWords { topic: text.to_owned(), scales, time: view.doubts.book_time };
                    let feed = BookFeed::new(words, *depth, book, (last, view.instant));
                    self.books.insert(text.to_owned(), feed);
                }
                Some(self.books.get(text)?.snapshot(now_ms))
            }
            Topic::Ticker { .. } => {
                if !heard {
                    self.tickers.insert(symbol.to_owned(), ticker((self.category, symbol), view)?);
                }
                let (fields, seq) = (self.tickers.get(symbol)?, view.core.ticker(self.category, symbol)?.seq);
                Some(frame::ticker((text, "snapshot"), json!(fields), seq, view))
            }
            Topic::Kline { interval, .. } => {
                let open = view.records.get(self.category, symbol)?.candles.series(*interval).back()?;
                Some(frame::klines(text, &[(open, false)], *interval, scales, now_ms))
            }
            Topic::PriceLimit { .. } => {
                let limits = price_limit((self.category, symbol), scales, view)?;
                Some(frame::price_limit(text, symbol, &limits, view))
            }
            Topic::Trades { .. } | Topic::Liquidations { .. } | Topic::Pools { .. } => None,
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
        let Some(scales) = view.digits.get(self.category, symbol) else { return };
        for depth in DEPTHS {
            let topic = format!("orderbook.{depth}.{symbol}");
            if stage.is_heard(self.category, &topic)
                && self.pace.is_open(&topic, view.now_ms)
                && let (Some(feed), Some(book)) =
                    (self.books.get_mut(&topic), view.core.book(self.category, symbol, depth))
                && let Some(frame) = feed.update(book, scales, view.now_ms, view.instant)
            {
                stage.publish(self.category, &topic, &frame);
                self.pace.spoke(&topic, symbol, (view.now_ms, book_ms(depth)));
            }
        }
        let topic = format!("publicTrade.{symbol}");
        if !changes.trades.is_empty() && stage.is_heard(self.category, &topic) {
            for frame in frame::trades(&topic, &changes.trades, scales, view.now_ms) {
                stage.publish(self.category, &topic, &frame);
            }
        }
        let topic = format!("allLiquidation.{symbol}");
        if stage.is_heard(self.category, &topic)
            && (!changes.liquidations.is_empty() || self.pace.waits(&topic))
        {
            let liquidations = self.pace.with_held(&topic, &changes.liquidations);
            if self.pace.is_open(&topic, view.now_ms) {
                for frame in frame::liquidations(&topic, &liquidations, scales, view) {
                    stage.publish(self.category, &topic, &frame);
                }
                self.pace.spoke(&topic, symbol, (view.now_ms, LIQUIDATION_MS));
            } else {
                self.pace.hold(&topic, liquidations);
            }
        }
        let topic = format!("tickers.{symbol}");
        if stage.is_heard(self.category, &topic)
            && self.pace.is_open(&topic, view.now_ms)
            && let Some(frame) = self.ticker_delta(symbol, &topic, view)
        {
            stage.publish(self.category, &topic, &frame);
            self.pace.spoke(&topic, symbol, (view.now_ms, ticker_ms(self.category)));
        }
        self.publish_klines(symbol, changes, view, stage);
        let topic = format!("priceLimit.{symbol}");
        if stage.is_heard(self.category, &topic)
            && self.pace.is_open(&topic, view.now_ms)
            && let Some(limits) = price_limit((self.category, symbol), scales, view)
            && self.price_limits.get(symbol) != Some(&limits)
        {
            self.pace.spoke(&topic, symbol, (view.now_ms, PRICE_LIMIT_MS));
            stage.publish(self.category, &topic, &frame::price_limit(&topic, symbol, &limits, view));
            self.price_limits.insert(symbol.to_owned(), limits);
        }
    }

    fn publish_klines(&mut self, symbol: &str, changes: &Changes, view: &View<'_>, stage: &mut Stage<'_>) {
        let category = self.category;
        let (Some(record), Some(scales)) =
            (view.records.get(category, symbol), view.digits.get(category, symbol))
        else {
            return;
        };
        let any_waits = self.pace.any_waits();
        for interval in Interval::all() {
            let told = |candle: &Candle| view.doubts.quiet_candle == QuietCandle::Confirmed || candle.traded;
            let closed = changes.closed.iter().find(|(closed, candle)| *closed == interval && told(candle));
            let has_news = closed.is_some() || !changes.trades.is_empty();
            if !has_news && !any_waits {
                continue;
            }
            let topic = format!("kline.{}.{symbol}", interval.text());
            if !stage.is_heard(category, &topic) || !has_news && !self.pace.waits(&topic) {
                continue;
            }
            let closed = closed.map(|(_, candle)| *candle);
            if !self.pace.is_open(&topic, view.now_ms) {
                self.pace.hold_candle(&topic, closed);
                continue;
            }
            // At a boundary the closed and the new candle travel in one frame, as on the exchange.
            let mut ended = self.pace.take_candles(&topic);
            ended.extend(closed);
            let open = record.candles.series(interval).back().map(|candle| (candle, false));
            let rows: Vec<_> = ended.iter().map(|candle| (candle, true)).chain(open).collect();
            stage.publish(category, &topic, &frame::klines(&topic, &rows, interval, scales, view.now_ms));
            self.pace.spoke(&topic, symbol, (view.now_ms, KLINE_MS));
        }
    }

    /// Lets the topics speak whose turn it is and that have waited for it.
    pub(super) fn publish_due(&mut self, view: &View<'_>, stage: &mut Stage<'_>) {
        for symbol in self.pace.due(view.now_ms) {
            self.publish(&symbol, &Changes::default(), view, stage);
        }
    }

    /// When it is the next waiting topic's turn, in market ms.
    pub(super) fn next_turn_ms(&self) -> Option<i64> {
        self.pace.next_ms()
    }

    /// When the next unchanged level-1 book has to be sent again, if someone listens to one.
    pub(super) fn next_repetition(&self, hub: &Hub) -> Option<Instant> {
        let books = self.books.iter().filter(|_| self.repeats);
        let heard = books.filter(|(topic, _)| hub.is_heard(self.category, topic));
        heard.filter_map(|(_, feed)| feed.repetition_due()).min()
    }

    /// Sends again the level-1 books that are due for it.
    pub(super) fn repeat(&mut self, now_ms: i64, stage: &mut Stage<'_>) {
        let now = stage.now.instant;
        for (topic, feed) in self.books.iter_mut().filter(|_| self.repeats) {
            if feed.repetition_due().is_some_and(|due| due <= now) && stage.is_heard(self.category, topic) {
                stage.publish(self.category, topic, &feed.repeat(now_ms, now));
            }
        }
    }

    /// Begins the numbers of every book again with 1, as a restart of the exchange does, and tells those who still
    /// listen.
    pub(super) fn restart(&mut self, now_ms: i64, stage: &mut Stage<'_>) {
        self.restarted = true;
        let category = self.category;
        self.books.retain(|topic, _| stage.is_heard(category, topic));
        for (topic, feed) in &mut self.books {
            stage.publish(self.category, topic, &feed.restart(now_ms, stage.now.instant));
        }
    }

    /// The fields of a ticker that changed since they were last published.
    fn ticker_delta(&mut self, symbol: &str, topic: &str, view: &View<'_>) -> Option<String> {
        let fields = ticker((self.category, symbol), view)?;
        let known = self.tickers.entry(symbol.to_owned()).or_default();
        let changed = |(name, value): &(&&'static str, &String)| known.get(**name) != Some(*value);
        let mut delta: BTreeMap<&str, &str> =
            fields.iter().filter(changed).map(|(name, value)| (*name, value.as_str())).collect();
        if delta.is_empty() {
            return None;
        }
        delta.insert("symbol", symbol);
        let seq = view.core.ticker(self.category, symbol)?.seq;
        let frame = frame::ticker((topic, "delta"), json!(delta), seq, view);
        *known = fields;
        Some(frame)
    }
}

fn ticker((category, symbol): (Category, &str), view: &View<'_>) -> Option<TickerFields> {
    let row = view.core.ticker(category, symbol)?;
    let record = view.records.get(category, symbol)?;
    let instrument = view.core.instruments().find(|i| i.category == category && *i.symbol == *symbol)?;
    Some(topic_fields(&row, &record.day(), instrument))
}

fn price_limit(
    (category, symbol): (Category, &str),
    scales: Scales,
    view: &View<'_>,
) -> Option<(String, String)> {
    let (buy, sell) = view.core.price_limits(view.now_ms, category, symbol)?;
    Some((scales.price(buy), scales.price(sell)))
}
