//! Public topics: what each one stands at and what changed since it was last published.
//!
//! No socket and no clock: moments come in as values, and frames go to an [`Outlet`]. The server has its sockets behind that;
//! whoever has a core of his own has what he likes, and is told by the very same writer.

mod book;
mod frame;
mod names;
mod outlet;
mod pace;
mod topic;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use windvane_venue_core::{Category, Venue};

use crate::config::{DoubtsConfig, LevelOneRepeat, QuietCandle};
use crate::market::candle::Candle;
use crate::market::trades::Changes;
pub use crate::market::trades::{Changed, TradeRecords};
use crate::wire::Digits;
use crate::wire::number::{Figure, Scales};
use crate::wire::ticker::Ticker;
use book::{BookFeed, BookWords};
use names::Names;
pub use outlet::Outlet;
use pace::{KLINE_MS, LIQUIDATION_MS, PRICE_LIMIT_MS, Pace, book_ms, ticker_ms};
pub(crate) use topic::Topic;

/// What the venue's public side looked like when it was last published.
#[derive(Debug)]
pub struct PublicFeeds {
    category: Category,
    names: BTreeMap<String, Arc<Names>>,
    books: BTreeMap<String, BookFeed>,
    tickers: BTreeMap<String, Ticker>,
    price_limits: BTreeMap<String, (Figure, Figure)>,
    pace: Pace,
    /// Whether a level-1 book that stands still is sent again.
    repeats: bool,
    /// Whether the numbers of books have begun again, so that they no longer are those of the core.
    restarted: bool,
}

/// What a frame needs to know of the venue.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The core.
    pub core: &'a Venue,
    /// What its trades have made.
    pub traded: &'a TradeRecords,
    /// Of what it lists.
    pub digits: &'a Digits,
    /// The answers about the wire.
    pub doubts: &'a DoubtsConfig,
    /// Market ms.
    pub now_ms: i64,
    /// The same moment by a clock that only goes forward: what stands still is told again by that.
    pub uptime: Duration,
}

impl PublicFeeds {
    /// The topics of a product group, all silent.
    #[must_use]
    pub fn new(category: Category, doubts: &DoubtsConfig) -> Self {
        Self {
            category,
            names: BTreeMap::new(),
            repeats: category != Category::Spot || doubts.level_one_repeat == LevelOneRepeat::All,
            books: BTreeMap::new(),
            tickers: BTreeMap::new(),
            price_limits: BTreeMap::new(),
            pace: Pace::new(doubts.push_pace),
            restarted: false,
        }
    }

    pub(crate) fn category(&self) -> Category {
        self.category
    }

    /// The first frame of a new subscription: a snapshot of what the topic stands at, if it has a state. What
    /// was remembered of a topic nobody listened to (`heard` is false) is out of date.
    pub fn first_frame(&mut self, text: &str, heard: bool, view: &View<'_>) -> Option<String> {
        let now_ms = view.now_ms;
        let topic = &Topic::parse(text)?;
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
                    let feed = BookFeed::new(words, *depth, book, (last, view.uptime));
                    self.books.insert(text.to_owned(), feed);
                }
                Some(self.books.get(text)?.snapshot(now_ms))
            }
            Topic::Ticker { .. } => {
                if !heard {
                    let (fields, _) = ticker((self.category, symbol), view)?;
                    self.tickers.insert(symbol.to_owned(), fields);
                }
                let (fields, seq) = (self.tickers.get(symbol)?, view.core.ticker(self.category, symbol)?.seq);
                Some(frame::ticker((text, "snapshot"), fields, seq, view))
            }
            Topic::Kline { interval, .. } => {
                let open = view.traded.get(self.category, symbol)?.candles.series(*interval).back()?;
                Some(frame::klines(text, &[(open, false)], *interval, scales, now_ms))
            }
            Topic::PriceLimit { .. } => {
                let limits = price_limit((self.category, symbol), scales, view)?;
                Some(frame::price_limit(text, symbol, limits, view))
            }
            Topic::Trades { .. } | Topic::Liquidations { .. } | Topic::Pools { .. } => None,
        }
    }

    /// Tells those who listen what has changed, and lets the topics speak whose turn it is and that have waited for it.
    pub fn tell(&mut self, changed: &Changed, view: &View<'_>, outlet: &mut impl Outlet) {
        for (category, symbol, changes) in changed.iter() {
            if *category == self.category {
                self.publish(symbol, changes, view, outlet);
            }
        }
        for symbol in self.pace.due(view.now_ms) {
            self.publish(&symbol, &Changes::default(), view, outlet);
        }
    }

    fn publish(&mut self, symbol: &str, changes: &Changes, view: &View<'_>, outlet: &mut impl Outlet) {
        let Some(scales) = view.digits.get(self.category, symbol) else { return };
        let (category, now_ms) = (self.category, view.now_ms);
        let names = self.names_of(symbol);
        for (depth, topic) in &names.books {
            if outlet.is_heard(category, topic)
                && self.pace.is_open(topic, now_ms)
                && let Some(feed) = self.books.get_mut(topic)
                && let Some(book) = view.core.book(category, symbol, *depth)
                && let Some(frame) = feed.update(book, scales, (now_ms, view.uptime))
            {
                outlet.publish(category, topic, frame);
                self.pace.spoke(topic, symbol, (now_ms, book_ms(*depth)));
            }
        }
        if !changes.trades.is_empty() && outlet.is_heard(category, &names.trades) {
            for frame in frame::trades(&names.trades, &changes.trades, scales, now_ms) {
                outlet.publish(category, &names.trades, frame);
            }
        }
        let topic = &names.liquidations;
        if (!changes.liquidations.is_empty() || self.pace.waits(topic)) && outlet.is_heard(category, topic) {
            let liquidations = self.pace.with_held(topic, &changes.liquidations);
            if self.pace.is_open(topic, now_ms) {
                for frame in frame::liquidations(topic, &liquidations, scales, view) {
                    outlet.publish(category, topic, frame);
                }
                self.pace.spoke(topic, symbol, (now_ms, LIQUIDATION_MS));
            } else {
                self.pace.hold(topic, liquidations);
            }
        }
        let topic = &names.ticker;
        if outlet.is_heard(category, topic)
            && self.pace.is_open(topic, now_ms)
            && let Some(frame) = self.ticker_delta(symbol, topic, view)
        {
            outlet.publish(category, topic, frame);
            self.pace.spoke(topic, symbol, (now_ms, ticker_ms(category)));
        }
        self.publish_klines((symbol, &names), changes, view, outlet);
        let topic = &names.price_limit;
        if outlet.is_heard(category, topic)
            && self.pace.is_open(topic, now_ms)
            && let Some(limits) = price_limit((category, symbol), scales, view)
            && self.price_limits.get(symbol) != Some(&limits)
        {
            self.pace.spoke(topic, symbol, (now_ms, PRICE_LIMIT_MS));
            outlet.publish(category, topic, frame::price_limit(topic, symbol, limits, view));
            self.price_limits.insert(symbol.to_owned(), limits);
        }
    }

    fn names_of(&mut self, symbol: &str) -> Arc<Names> {
        let of_symbol = self.names.get(symbol).cloned();
        of_symbol.unwrap_or_else(|| {
            let names = Arc::new(Names::of(symbol));
            self.names.insert(symbol.to_owned(), names.clone());
            names
        })
    }

    fn publish_klines(
        &mut self,
        (symbol, names): (&str, &Names),
        changes: &Changes,
        view: &View<'_>,
        outlet: &mut impl Outlet,
    ) {
        let category = self.category;
        let (Some(record), Some(scales)) =
            (view.traded.get(category, symbol), view.digits.get(category, symbol))
        else {
            return;
        };
        let any_waits = self.pace.any_waits();
        if changes.closed.is_empty() && changes.trades.is_empty() && !any_waits {
            return;
        }
        for (interval, series) in record.candles.all() {
            let told = |candle: &Candle| view.doubts.quiet_candle == QuietCandle::Confirmed || candle.traded;
            let closed = changes.closed.iter().find(|(closed, candle)| *closed == interval && told(candle));
            let has_news = closed.is_some() || !changes.trades.is_empty();
            if !has_news && !any_waits {
                continue;
            }
            let Some(topic) = names.kline(interval) else { continue };
            if !outlet.is_heard(category, topic) || !has_news && !self.pace.waits(topic) {
                continue;
            }
            let closed = closed.map(|(_, candle)| *candle);
            if !self.pace.is_open(topic, view.now_ms) {
                self.pace.hold_candle(topic, closed);
                continue;
            }
            // At a boundary the closed and the new candle travel in one frame, as on the exchange.
            let mut ended = self.pace.take_candles(topic);
            ended.extend(closed);
            let open = series.back().map(|candle| (candle, false));
            let rows: Vec<_> = ended.iter().map(|candle| (candle, true)).chain(open).collect();
            outlet.publish(category, topic, frame::klines(topic, &rows, interval, scales, view.now_ms));
            self.pace.spoke(topic, symbol, (view.now_ms, KLINE_MS));
        }
    }

    /// When it is the next waiting topic's turn, in market ms.
    pub(crate) fn next_turn_ms(&self) -> Option<i64> {
        self.pace.next_ms()
    }

    /// When the next unchanged level-1 book has to be sent again, if someone listens to one.
    pub(crate) fn next_repetition(&self, outlet: &impl Outlet) -> Option<Duration> {
        let books = self.books.iter().filter(|_| self.repeats);
        let heard = books.filter(|(topic, _)| outlet.is_heard(self.category, topic));
        heard.filter_map(|(_, feed)| feed.repetition_due()).min()
    }

    /// Sends again the level-1 books that are due for it.
    pub(crate) fn repeat(&mut self, (now_ms, now): (i64, Duration), outlet: &mut impl Outlet) {
        for (topic, feed) in self.books.iter_mut().filter(|_| self.repeats) {
            if feed.repetition_due().is_some_and(|due| due <= now) && outlet.is_heard(self.category, topic) {
                outlet.publish(self.category, topic, feed.repeat(now_ms, now));
            }
        }
    }

    /// Begins the numbers of every book again with 1, as a restart of the exchange does, and tells those who still
    /// listen.
    pub fn restart(&mut self, (now_ms, now): (i64, Duration), outlet: &mut impl Outlet) {
        self.restarted = true;
        let category = self.category;
        self.books.retain(|topic, _| outlet.is_heard(category, topic));
        for (topic, feed) in &mut self.books {
            outlet.publish(self.category, topic, feed.restart(now_ms, now));
        }
    }

    /// The fields of a ticker that changed since they were last published.
    fn ticker_delta(&mut self, symbol: &str, topic: &str, view: &View<'_>) -> Option<String> {
        let (fields, seq) = ticker((self.category, symbol), view)?;
        let known = match self.tickers.get_mut(symbol) {
            Some(known) => known,
            None => self.tickers.entry(symbol.to_owned()).or_default(),
        };
        let delta = fields.changes_since(known)?;
        *known = fields;
        Some(frame::ticker((topic, "delta"), &delta, seq, view))
    }
}

/// What a ticker stands at, and its number.
fn ticker((category, symbol): (Category, &str), view: &View<'_>) -> Option<(Ticker, i64)> {
    let row = view.core.ticker(category, symbol)?;
    let record = view.traded.get(category, symbol)?;
    let instrument = view.core.instruments().find(|i| i.category == category && *i.symbol == *symbol)?;
    Some((Ticker::on_topic(&row, &record.day(), instrument), row.seq))
}

fn price_limit(
    (category, symbol): (Category, &str),
    scales: Scales,
    view: &View<'_>,
) -> Option<(Figure, Figure)> {
    let (buy, sell) = view.core.price_limits(view.now_ms, category, symbol)?;
    Some((scales.price_figure(buy), scales.price_figure(sell)))
}
