//! Frames of a V5 public socket, recorded or live, as movements of this venue's market: its books become the outside
//! liquidity, its prints the tape, its tickers the reference prices. What accounts fill is decided here.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;
use windvane_venue_core::{Category, Level, MarketInput, Side};

use super::Step;

/// Levels a side that are taken from a recorded book: as deep as the topic that is usually recorded.
const LEVELS: usize = 50;

/// Reads frames one after the other. Symbols that are not listed are passed over.
#[derive(Debug)]
pub(crate) struct Lines {
    category: Category,
    books: BTreeMap<String, LineBook>,
}

/// What is known of one symbol.
#[derive(Debug, Default)]
struct LineBook {
    bids: BTreeMap<Decimal, Decimal>,
    asks: BTreeMap<Decimal, Decimal>,
    /// Whether a snapshot has come: changes before it mean nothing.
    is_whole: bool,
    /// The topic of the last snapshot and the number of the last frame of it, where it has one.
    numbered: Option<(String, i64)>,
    /// Whether a frame of it was lost, and nobody has asked for the book anew.
    is_broken: bool,
    /// Whether a ticker has said what the mark is; until then it is the last price.
    has_mark: bool,
    /// When funding is settled next, market ms, once a ticker has said so.
    next_funding_ms: Option<i64>,
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, default)]
    topic: &'a str,
    /// `lost`: the recorder's mark for frames that it could not keep.
    #[serde(default)]
    op: &'a str,
    #[serde(rename = "type", default)]
    kind: &'a str,
    #[serde(default)]
    ts: i64,
    #[serde(default)]
    data: Value,
}

impl Lines {
    pub(crate) fn new(category: Category, symbols: impl Iterator<Item = String>) -> Self {
        Self { category, books: symbols.map(|symbol| (symbol, LineBook::default())).collect() }
    }

    pub(crate) fn symbols(&self) -> impl Iterator<Item = &str> {
        self.books.keys().map(String::as_str)
    }

    /// The book topics of which a frame was lost, and which nobody has asked for anew.
    pub(crate) fn broken(&self) -> Vec<String> {
        let broken = self.books.values().filter(|book| book.is_broken);
        broken.filter_map(|book| book.numbered.as_ref().map(|(topic, _)| topic.clone())).collect()
    }

    /// Notes that a book topic has been asked for anew.
    pub(crate) fn asked_anew(&mut self, topic: &str) {
        let is_meant = |book: &LineBook| book.numbered.as_ref().is_some_and(|(name, _)| name == topic);
        self.books.values_mut().filter(|book| is_meant(book)).for_each(|book| book.is_broken = false);
    }

    /// What a frame moves, at its own time; `None` for acknowledgements, pongs and what is not understood.
    ///
    /// In front of a recorded frame may stand when it was read, in nanoseconds since 1970.
    pub(crate) fn read(&mut self, text: &str) -> Option<Step> {
        let text = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let frame: Frame<'_> = serde_json::from_str(text).ok()?;
        if frame.op == "lost" {
            // What changed meanwhile is not known: each book is whole again with its next snapshot.
            self.books.values_mut().for_each(|book| book.is_whole = false);
            return None;
        }
        if frame.ts == 0 {
            return None;
        }
        let (topic, symbol) = frame.topic.rsplit_once('.')?;
        let category = self.category;
        let book = self.books.get_mut(symbol)?;
        let mut inputs = Vec::new();
        match topic.split('.').next()? {
            "orderbook" => {
                let is_snapshot = frame.kind == "snapshot" || frame.data["u"] == 1;
                book.follow(is_snapshot, frame.topic, frame.data["u"].as_i64())?;
                book.change(is_snapshot, &frame.data)?;
                let (bids, asks) = book.levels()?;
                inputs.push(MarketInput::Book { category, symbol: symbol.to_owned(), bids, asks });
            }
            "publicTrade" => {
                for print in frame.data.as_array()? {
                    let price = decimal(&print["p"])?;
                    if !book.has_mark {
                        inputs.push(prices(category, symbol, [Some(price), Some(price), None]));
                    }
                    inputs.push(MarketInput::Trade {
                        category,
                        symbol: symbol.to_owned(),
                        side: Side::parse(print["S"].as_str()?)?,
                        price,
                        qty: decimal(&print["v"])?,
                    });
                }
            }
            "tickers" => {
                let price = |name: &str| decimal(&frame.data[name]);
                let (mark, index) = (price("markPrice"), price("indexPrice"));
                book.has_mark |= mark.is_some();
                inputs.push(prices(category, symbol, [mark, index, price("lastPrice")]));
                let next = frame.data["nextFundingTime"].as_str().and_then(|text| text.parse().ok());
                // A later time is announced when the earlier one has been settled, at the rate that was announced with it.
                if let (Some(announced), Some(next)) = (book.next_funding_ms, next)
                    && next > announced
                {
                    inputs.push(MarketInput::SettleFunding { category, symbol: symbol.to_owned() });
                }
                book.next_funding_ms = next.or(book.next_funding_ms);
                if let (Some(rate), Some(next_funding_ms)) = (price("fundingRate"), book.next_funding_ms) {
                    let symbol = symbol.to_owned();
                    inputs.push(MarketInput::FundingRate { category, symbol, rate, next_funding_ms });
                }
            }
            _ => return None,
        }
        Some(Step { at_ms: frame.ts, inputs })
    }
}

impl LineBook {
    /// Takes the number of a frame; `None` for a change that cannot be applied: one of another depth, one that has been
    /// applied, or one that does not follow, whereupon the book waits for its next snapshot. Source: Bybit V5, "Orderbook".
    fn follow(&mut self, is_snapshot: bool, topic: &str, number: Option<i64>) -> Option<()> {
        if is_snapshot {
            self.numbered = number.map(|number| (topic.to_owned(), number));
            self.is_broken = false;
            return Some(());
        }
        let (Some((of, last)), Some(number)) = (&mut self.numbered, number) else { return Some(()) };
        if of != topic || number == *last {
            return None;
        }
        let follows = number == *last + 1;
        *last = number;
        if !follows && self.is_whole {
            self.is_whole = false;
            self.is_broken = true;
        }
        follows.then_some(())
    }

    /// Applies a snapshot or a change; `None` when there is nothing yet to change, or it is malformed.
    fn change(&mut self, is_snapshot: bool, data: &Value) -> Option<()> {
        if is_snapshot {
            self.bids.clear();
            self.asks.clear();
            self.is_whole = true;
        } else if !self.is_whole {
            return None;
        }
        for (side, rows) in [(&mut self.bids, &data["b"]), (&mut self.asks, &data["a"])] {
            for row in rows.as_array()? {
                let (price, size) = (decimal(&row[0])?, decimal(&row[1])?);
                if size.is_zero() {
                    side.remove(&price);
                } else {
                    side.insert(price, size);
                }
            }
        }
        Some(())
    }

    /// The best levels of both sides; `None` while they cross, as recordings with lost frames do.
    fn levels(&self) -> Option<(Vec<Level>, Vec<Level>)> {
        let level = |(price, size): (&Decimal, &Decimal)| (*price, *size);
        let bids: Vec<Level> = self.bids.iter().rev().take(LEVELS).map(level).collect();
        let asks: Vec<Level> = self.asks.iter().take(LEVELS).map(level).collect();
        let crossed = bids.first().zip(asks.first()).is_some_and(|(bid, ask)| bid.0 >= ask.0);
        (!crossed).then_some((bids, asks))
    }
}

fn prices(category: Category, symbol: &str, [mark, index, last]: [Option<Decimal>; 3]) -> MarketInput {
    MarketInput::Prices { category, symbol: symbol.to_owned(), mark, index, last }
}

fn decimal(value: &Value) -> Option<Decimal> {
    Decimal::from_str_exact(value.as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Lines {
        Lines::new(Category::Linear, std::iter::once("BTCUSDT".to_owned()))
    }

    #[test]
    fn changes_make_a_whole_book_once_there_was_a_snapshot() {
        let mut lines = lines();
        let delta = r#"{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":2,"data":{"s":"BTCUSDT","b":[["99","0"]],"a":[["101","5"]],"u":3,"seq":1}}"#;
        assert!(lines.read(delta).is_none());
        let whole = r#"{"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":1,"data":{"s":"BTCUSDT","b":[["99","1"],["98","2"]],"a":[["100","1"]],"u":2,"seq":1}}"#;
        assert!(lines.read(whole).is_some());
        let step = lines.read(delta).unwrap();
        let MarketInput::Book { bids, asks, .. } = &step.inputs[0] else { panic!("a book") };
        assert_eq!(*bids, [(98.into(), 2.into())]);
        assert_eq!(*asks, [(100.into(), 1.into()), (101.into(), 5.into())]);
    }

    #[test]
    fn frames_may_be_stamped_and_a_mark_of_loss_makes_books_wait_for_a_snapshot() {
        let mut lines = lines();
        let whole = r#"1723161256322000000 {"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":1,"data":{"s":"BTCUSDT","b":[["99","1"]],"a":[["100","1"]],"u":2,"seq":1}}"#;
        let delta = r#"1723161256322000001 {"topic":"orderbook.50.BTCUSDT","type":"delta","ts":2,"data":{"s":"BTCUSDT","b":[],"a":[["101","5"]],"u":3,"seq":1}}"#;
        let reads = |lines: &mut Lines, text: &str| lines.read(text).is_some();
        assert!(reads(&mut lines, whole) && reads(&mut lines, delta));
        assert!(!reads(&mut lines, r#"1723161256322000002 {"op":"lost","frames":3}"#));
        assert!(!reads(&mut lines, delta));
        assert!(reads(&mut lines, whole) && reads(&mut lines, delta));
    }

    #[test]
    fn a_book_with_a_gap_in_its_numbers_waits_for_a_snapshot_and_says_so_once() {
        let mut lines = lines();
        let frame = |kind: &str, number: i64| {
            format!(
                r#"{{"topic":"orderbook.50.BTCUSDT","type":"{kind}","ts":1,"data":{{"s":"BTCUSDT","b":[["99","{number}"]],"a":[["100","1"]],"u":{number},"seq":1}}}}"#
            )
        };
        let reads = |lines: &mut Lines, kind, number| lines.read(&frame(kind, number)).is_some();
        assert!(reads(&mut lines, "snapshot", 5) && reads(&mut lines, "delta", 6));
        assert!(!reads(&mut lines, "delta", 6), "what comes twice is applied once");
        assert!(reads(&mut lines, "delta", 7) && lines.broken().is_empty());
        assert!(!reads(&mut lines, "delta", 9), "8 is missing");
        assert_eq!(lines.broken(), ["orderbook.50.BTCUSDT"]);
        lines.asked_anew("orderbook.50.BTCUSDT");
        assert!(!reads(&mut lines, "delta", 10) && lines.broken().is_empty());
        assert!(reads(&mut lines, "snapshot", 11) && reads(&mut lines, "delta", 12));
        assert!(!reads(&mut lines, "delta", 4), "numbers do not fall");
        assert!(reads(&mut lines, "delta", 1), "1 is a snapshot, whatever it is called");
        let level = frame("snapshot", 3).replace("orderbook.50", "orderbook.200");
        assert!(lines.read(&level).is_some());
        assert!(!reads(&mut lines, "delta", 2), "of another depth");
    }

    #[test]
    fn prints_set_the_mark_until_a_ticker_does() {
        let mut lines = lines();
        let print = r#"{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1,"data":[{"T":1,"s":"BTCUSDT","S":"Sell","v":"0.2","p":"100"}]}"#;
        assert_eq!(lines.read(print).unwrap().inputs.len(), 2);
        let ticker = r#"{"topic":"tickers.BTCUSDT","type":"delta","ts":2,"data":{"symbol":"BTCUSDT","markPrice":"101"}}"#;
        assert_eq!(lines.read(ticker).unwrap().inputs.len(), 1);
        assert_eq!(lines.read(print).unwrap().inputs.len(), 1);
    }

    #[test]
    fn funding_is_settled_when_the_next_time_is_announced() {
        let mut lines = lines();
        let mut settles = |data: &str| {
            let text = format!(
                r#"{{"topic":"tickers.BTCUSDT","type":"delta","ts":1,"data":{{"symbol":"BTCUSDT",{data}}}}}"#
            );
            let inputs = lines.read(&text).unwrap().inputs;
            let at = |wanted: fn(&MarketInput) -> bool| inputs.iter().position(wanted);
            let settled = at(|input| matches!(input, MarketInput::SettleFunding { .. }));
            let announced = at(|input| matches!(input, MarketInput::FundingRate { .. }));
            assert!(
                settled.is_none() || settled < announced,
                "the old rate is settled before the new one comes"
            );
            (settled.is_some(), announced.is_some())
        };
        assert_eq!(settles(r#""nextFundingTime":"100","fundingRate":"0.0001""#), (false, true));
        assert_eq!(settles(r#""fundingRate":"0.0002""#), (false, true), "the time stands as it was");
        assert_eq!(settles(r#""nextFundingTime":"100""#), (false, false));
        assert_eq!(settles(r#""nextFundingTime":"200","fundingRate":"0.0003""#), (true, true));
        assert_eq!(settles(r#""markPrice":"5""#), (false, false));
    }

    #[test]
    fn what_is_not_understood_is_passed_over() {
        let mut lines = lines();
        for text in [
            "",
            "[]",
            r#"{"success":true,"op":"subscribe"}"#,
            r#"{"topic":"publicTrade.OTHER","ts":1,"data":[]}"#,
            r#"{"topic":"publicTrade.BTCUSDT","ts":1,"data":[{"p":"x"}]}"#,
            r#"{"topic":"kline.1.BTCUSDT","type":"snapshot","ts":1,"data":[]}"#,
        ] {
            assert!(lines.read(text).is_none(), "{text}");
        }
    }
}
