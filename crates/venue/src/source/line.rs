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
    /// Whether a ticker has said what the mark is; until then it is the last price.
    has_mark: bool,
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow)]
    topic: &'a str,
    #[serde(rename = "type", default)]
    kind: &'a str,
    ts: i64,
    data: Value,
}

impl Lines {
    pub(crate) fn new(category: Category, symbols: impl Iterator<Item = String>) -> Self {
        Self { category, books: symbols.map(|symbol| (symbol, LineBook::default())).collect() }
    }

    pub(crate) fn symbols(&self) -> impl Iterator<Item = &str> {
        self.books.keys().map(String::as_str)
    }

    /// What a frame moves, at its own time; `None` for acknowledgements, pongs and what is not understood.
    pub(crate) fn read(&mut self, text: &str) -> Option<Step> {
        let frame: Frame<'_> = serde_json::from_str(text).ok()?;
        let (topic, symbol) = frame.topic.rsplit_once('.')?;
        let category = self.category;
        let book = self.books.get_mut(symbol)?;
        let mut inputs = Vec::new();
        match topic.split('.').next()? {
            "orderbook" => {
                book.change(frame.kind == "snapshot" || frame.data["u"] == 1, &frame.data)?;
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
                if let (Some(rate), Some(next_funding_ms)) = (price("fundingRate"), next) {
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
    fn prints_set_the_mark_until_a_ticker_does() {
        let mut lines = lines();
        let print = r#"{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1,"data":[{"T":1,"s":"BTCUSDT","S":"Sell","v":"0.2","p":"100"}]}"#;
        assert_eq!(lines.read(print).unwrap().inputs.len(), 2);
        let ticker = r#"{"topic":"tickers.BTCUSDT","type":"delta","ts":2,"data":{"symbol":"BTCUSDT","markPrice":"101"}}"#;
        assert_eq!(lines.read(ticker).unwrap().inputs.len(), 1);
        assert_eq!(lines.read(print).unwrap().inputs.len(), 1);
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
