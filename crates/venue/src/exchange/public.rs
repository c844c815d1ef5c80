//! Public topics: what each one looks like and what changed since it was last published.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::json;
use windvane_venue_core::{Level, PublicTrade, Venue};

use super::hub::Hub;
use crate::market::MarketRecord;
use crate::market::candle::{Candle, Interval};
use crate::rest::market::ticker_fields;
use crate::wire::number::{Scales, amount};

/// Book depths that can be subscribed to.
const DEPTHS: [usize; 4] = [1, 50, 200, 1_000];

/// A public topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Topic {
    Book { depth: usize, symbol: String },
    Trades { symbol: String },
    Ticker { symbol: String },
    Kline { interval: Interval, symbol: String },
    PriceLimit { symbol: String },
}

impl Topic {
    /// The topic with this wire text, if the venue has it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        match parts.as_slice() {
            ["orderbook", depth, symbol] => {
                let depth = depth.parse().ok().filter(|depth| DEPTHS.contains(depth))?;
                Some(Self::Book { depth, symbol: (*symbol).to_owned() })
            }
            ["publicTrade", symbol] => Some(Self::Trades { symbol: (*symbol).to_owned() }),
            ["tickers", symbol] => Some(Self::Ticker { symbol: (*symbol).to_owned() }),
            ["kline", interval, symbol] => {
                Some(Self::Kline { interval: Interval::parse(interval)?, symbol: (*symbol).to_owned() })
            }
            ["priceLimit", symbol] => Some(Self::PriceLimit { symbol: (*symbol).to_owned() }),
            _ => None,
        }
    }

    pub(super) fn symbol(&self) -> &str {
        match self {
            Self::Book { symbol, .. }
            | Self::Trades { symbol }
            | Self::Ticker { symbol }
            | Self::Kline { symbol, .. }
            | Self::PriceLimit { symbol } => symbol,
        }
    }
}

/// What the venue's public side looked like when it was last published.
#[derive(Debug, Default)]
pub(super) struct PublicFeeds {
    books: BTreeMap<(String, usize), BookFeed>,
    tickers: BTreeMap<String, BTreeMap<&'static str, String>>,
    price_limits: BTreeMap<String, (String, String)>,
}

/// What an input changed in one symbol.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) trades: Vec<PublicTrade>,
    pub(super) closed: Vec<(Interval, Candle)>,
}

/// One book stream: the levels as last published, and their number.
#[derive(Debug)]
struct BookFeed {
    bids: Vec<Level>,
    asks: Vec<Level>,
    /// Grows by one with each frame, as the exchange's does.
    update_id: i64,
    seq: i64,
}

/// What a frame needs to know of the venue.
pub(super) struct View<'a> {
    pub(super) core: &'a Venue,
    pub(super) records: &'a BTreeMap<String, MarketRecord>,
    pub(super) scales: &'a BTreeMap<String, Scales>,
    /// Market ms.
    pub(super) now_ms: i64,
}

#[derive(Serialize)]
struct BookFrame<'a> {
    topic: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    ts: i64,
    data: BookData<'a>,
    cts: i64,
}

#[derive(Serialize)]
struct BookData<'a> {
    s: &'a str,
    b: Vec<[String; 2]>,
    a: Vec<[String; 2]>,
    u: i64,
    seq: i64,
}

impl PublicFeeds {
    /// The first frame of a new subscription: a snapshot of what the topic stands at, if it has a state.
    pub(super) fn first_frame(
        &mut self,
        topic: &Topic,
        text: &str,
        heard: bool,
        view: &View<'_>,
    ) -> Option<String> {
        let symbol = topic.symbol();
        let scales = *view.scales.get(symbol)?;
        match topic {
            Topic::Book { depth, .. } => {
                let key = (symbol.to_owned(), *depth);
                if !heard {
                    let last = self.books.get(&key).map_or(1, |feed| feed.update_id);
                    let book = view.core.book(symbol, *depth)?;
                    let update_id = book.update_id.max(last + 1);
                    let feed = BookFeed { bids: book.bids, asks: book.asks, update_id, seq: book.seq };
                    self.books.insert(key.clone(), feed);
                }
                let feed = self.books.get(&key)?;
                Some(feed.frame(text, "snapshot", &feed.bids, &feed.asks, symbol, scales, view.now_ms))
            }
            Topic::Ticker { .. } => {
                if !heard {
                    self.tickers.insert(symbol.to_owned(), ticker_of(symbol, view)?);
                }
                let (fields, row) = (self.tickers.get(symbol)?, view.core.ticker(symbol)?);
                Some(
                    json!({"topic": text, "type": "snapshot", "data": fields, "cs": row.seq, "ts": view.now_ms})
                        .to_string(),
                )
            }
            Topic::Kline { interval, .. } => {
                let open = view.records.get(symbol)?.candles.series(*interval).back()?;
                Some(kline_frame(text, &[(open, false)], *interval, scales, view.now_ms))
            }
            Topic::PriceLimit { .. } => price_limit(symbol, scales, view)
                .map(|limits| price_limit_frame(text, symbol, &limits, view.now_ms)),
            Topic::Trades { .. } => None,
        }
    }

    /// Publishes what changed in `symbol` to those who listen.
    pub(super) fn publish(&mut self, symbol: &str, changes: &Changes, view: &View<'_>, hub: &mut Hub) {
        let Some(&scales) = view.scales.get(symbol) else { return };
        for depth in DEPTHS {
            let topic = format!("orderbook.{depth}.{symbol}");
            if hub.is_heard(&topic)
                && let Some(frame) = self.book_frame(symbol, depth, &topic, scales, view)
            {
                hub.publish(&topic, &frame);
            }
        }
        let topic = format!("publicTrade.{symbol}");
        if !changes.trades.is_empty() && hub.is_heard(&topic) {
            hub.publish(&topic, &trades_frame(&topic, &changes.trades, scales, view.now_ms));
        }
        let topic = format!("tickers.{symbol}");
        if hub.is_heard(&topic)
            && let Some(frame) = self.ticker_frame(symbol, &topic, view)
        {
            hub.publish(&topic, &frame);
        }
        self.publish_klines(symbol, changes, scales, view, hub);
        let topic = format!("priceLimit.{symbol}");
        if hub.is_heard(&topic)
            && let Some(limits) = price_limit(symbol, scales, view)
            && self.price_limits.get(symbol) != Some(&limits)
        {
            hub.publish(&topic, &price_limit_frame(&topic, symbol, &limits, view.now_ms));
            self.price_limits.insert(symbol.to_owned(), limits);
        }
    }

    fn publish_klines(
        &self,
        symbol: &str,
        changes: &Changes,
        scales: Scales,
        view: &View<'_>,
        hub: &mut Hub,
    ) {
        let Some(record) = view.records.get(symbol) else { return };
        for interval in Interval::all() {
            let closed =
                changes.closed.iter().find(|(closed, _)| *closed == interval).map(|(_, candle)| candle);
            if closed.is_none() && changes.trades.is_empty() {
                continue;
            }
            let topic = format!("kline.{}.{symbol}", interval.text());
            if !hub.is_heard(&topic) {
                continue;
            }
            // At a boundary the closed and the new candle travel in one frame, as on the exchange.
            let open = record.candles.series(interval).back();
            let rows: Vec<_> = closed
                .map(|candle| (candle, true))
                .into_iter()
                .chain(open.map(|candle| (candle, false)))
                .collect();
            hub.publish(&topic, &kline_frame(&topic, &rows, interval, scales, view.now_ms));
        }
    }

    fn book_frame(
        &mut self,
        symbol: &str,
        depth: usize,
        topic: &str,
        scales: Scales,
        view: &View<'_>,
    ) -> Option<String> {
        let feed = self.books.get_mut(&(symbol.to_owned(), depth))?;
        let book = view.core.book(symbol, depth)?;
        let bids = changed_levels(&feed.bids, &book.bids, |a, b| a > b);
        let asks = changed_levels(&feed.asks, &book.asks, |a, b| a < b);
        if bids.is_empty() && asks.is_empty() {
            return None;
        }
        *feed = BookFeed { bids: book.bids, asks: book.asks, update_id: feed.update_id + 1, seq: book.seq };
        if depth == 1 {
            return Some(feed.frame(topic, "snapshot", &feed.bids, &feed.asks, symbol, scales, view.now_ms));
        }
        Some(feed.frame(topic, "delta", &bids, &asks, symbol, scales, view.now_ms))
    }

    fn ticker_frame(&mut self, symbol: &str, topic: &str, view: &View<'_>) -> Option<String> {
        let fields = ticker_of(symbol, view)?;
        let known = self.tickers.entry(symbol.to_owned()).or_default();
        let mut changed: BTreeMap<&str, &String> = fields
            .iter()
            .filter(|(name, value)| known.get(*name) != Some(value))
            .map(|(n, v)| (*n, v))
            .collect();
        if changed.is_empty() {
            return None;
        }
        let name = fields.get("symbol")?;
        changed.insert("symbol", name);
        let seq = view.core.ticker(symbol)?.seq;
        let frame = json!({"topic": topic, "type": "delta", "data": changed, "cs": seq, "ts": view.now_ms})
            .to_string();
        *known = fields;
        Some(frame)
    }
}

impl BookFeed {
    #[expect(clippy::too_many_arguments, reason = "one frame has that many parts, and one caller each")]
    fn frame(
        &self,
        topic: &str,
        kind: &'static str,
        bids: &[Level],
        asks: &[Level],
        symbol: &str,
        scales: Scales,
        now_ms: i64,
    ) -> String {
        let data = BookData {
            s: symbol,
            b: levels(bids, scales),
            a: levels(asks, scales),
            u: self.update_id,
            seq: self.seq,
        };
        let frame = BookFrame { topic, kind, ts: now_ms, data, cts: now_ms };
        serde_json::to_string(&frame).expect("text and numbers encode")
    }
}

/// Levels as `[price, size]`; a size of zero deletes and is written `"0"`.
pub(crate) fn levels(levels: &[Level], scales: Scales) -> Vec<[String; 2]> {
    let size = |qty: Decimal| if qty.is_zero() { "0".to_owned() } else { scales.qty(qty) };
    levels.iter().map(|(price, qty)| [scales.price(*price), size(*qty)]).collect()
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

fn ticker_of(symbol: &str, view: &View<'_>) -> Option<BTreeMap<&'static str, String>> {
    let row = view.core.ticker(symbol)?;
    let record = view.records.get(symbol)?;
    Some(ticker_fields(&row, &record.day(), *view.scales.get(symbol)?))
}

fn trades_frame(topic: &str, trades: &[PublicTrade], scales: Scales, now_ms: i64) -> String {
    let rows: Vec<_> = trades
        .iter()
        .map(|trade| {
            json!({
                "T": trade.time_ms, "s": &*trade.symbol, "S": trade.side.as_str(), "v": scales.qty(trade.qty),
                "p": scales.price(trade.price), "L": "ZeroPlusTick", "i": trade.trade_id, "BT": false,
                "RPI": false, "seq": trade.seq,
            })
        })
        .collect();
    json!({"topic": topic, "type": "snapshot", "ts": now_ms, "data": rows}).to_string()
}

/// Candles with whether each one is closed.
fn kline_frame(
    topic: &str,
    rows: &[(&Candle, bool)],
    interval: Interval,
    scales: Scales,
    now_ms: i64,
) -> String {
    let rows: Vec<_> = rows
        .iter()
        .map(|(candle, confirm)| {
            json!({
                "start": candle.start_ms, "end": candle.start_ms + interval.ms() - 1, "interval": interval.text(),
                "open": scales.price(candle.open), "close": scales.price(candle.close),
                "high": scales.price(candle.high), "low": scales.price(candle.low),
                "volume": scales.qty(candle.volume), "turnover": amount(candle.turnover),
                "confirm": confirm, "timestamp": now_ms,
            })
        })
        .collect();
    json!({"topic": topic, "type": "snapshot", "ts": now_ms, "data": rows}).to_string()
}

fn price_limit(symbol: &str, scales: Scales, view: &View<'_>) -> Option<(String, String)> {
    let (buy, sell) = view.core.price_limits(symbol)?;
    Some((scales.price(buy), scales.price(sell)))
}

fn price_limit_frame(topic: &str, symbol: &str, (buy, sell): &(String, String), now_ms: i64) -> String {
    json!({"topic": topic, "ts": now_ms, "data": {"symbol": symbol, "buyLmt": buy, "sellLmt": sell}})
        .to_string()
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

    #[test]
    fn topics_are_read_and_unknown_ones_refused() {
        assert_eq!(
            Topic::parse("orderbook.50.BTCUSDT"),
            Some(Topic::Book { depth: 50, symbol: "BTCUSDT".into() })
        );
        for unknown in ["orderbook.500.BTCUSDT", "kline.2.BTCUSDT", "order", "tickers", ""] {
            assert_eq!(Topic::parse(unknown), None, "{unknown}");
        }
        assert_eq!(
            levels(
                &[(Decimal::TEN, Decimal::ZERO)],
                Scales::of(&crate::catalogue::instrument("BTCUSDT").unwrap())
            ),
            [["10.00", "0"]]
        );
    }
}
