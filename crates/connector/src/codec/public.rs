//! Frames of the public stream: order books, trades, tickers, candles.

use super::{
    Decoded, Envelope, MAX_FRAME_BYTES, Spares, Unrecognised, fast,
    number::{BookFigure, Lexeme, bad},
    open, read_object,
    rows::side,
};
use rust_decimal::Decimal;
use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, SeqAccess},
};
use std::fmt;
use windvane_model::{
    BookLevel, BookUpdate, BookUpdateKind, Candle, Interval, Liquidation, Liquidations, MarketEvent,
    MarketTime, Price, PriceLimit, Qty, Side, Symbol, Ticker, Trade, TradePrints,
};

/// Reads one frame of the public stream; its events are appended to `out` in the order of the frame.
///
/// Of a message that cannot be read as a whole nothing is appended. Books and trades come in lists out of `spares`
/// while there are any.
pub fn decode_public<'a>(text: &'a str, spares: &Spares, out: &mut Vec<MarketEvent>) -> Decoded<'a> {
    if text.len() > MAX_FRAME_BYTES {
        return Decoded::Unrecognised(Unrecognised::TooLong(text.len()));
    }
    if let Some(event) = fast::read_public(text, spares) {
        out.push(event);
        return Decoded::Data;
    }
    decode_generally(text, out)
}

/// The same by way of serde: slower, and it knows everything.
pub(super) fn decode_generally<'a>(text: &'a str, out: &mut Vec<MarketEvent>) -> Decoded<'a> {
    let before = out.len();
    match read(text, out) {
        Ok(decoded) => decoded,
        Err(reason) => {
            out.truncate(before);
            Decoded::Unrecognised(reason)
        }
    }
}

fn read<'a>(text: &'a str, out: &mut Vec<MarketEvent>) -> Result<Decoded<'a>, Unrecognised> {
    let envelope = match open(text)? {
        Ok(envelope) => envelope,
        Err(reply) => return Ok(Decoded::Reply(reply)),
    };
    let topic = envelope.topic.as_str();
    let (kind, rest) = topic.split_once('.').unwrap_or((topic, ""));
    match kind {
        // `orderbook.rpi` and `orderbook.full` have other columns or products and are never subscribed.
        "orderbook" if rest.starts_with(|c: char| c.is_ascii_digit()) => {
            out.push(MarketEvent::Book(book(&envelope)?));
        }
        "publicTrade" => {
            if let Some(prints) = trades(&envelope)? {
                out.push(MarketEvent::Trades(prints));
            }
        }
        "tickers" => out.push(MarketEvent::Ticker(ticker(&envelope)?)),
        "kline" => candles(&envelope, rest, out)?,
        "allLiquidation" => {
            if let Some(told) = liquidations(&envelope)? {
                out.push(MarketEvent::Liquidations(told));
            }
        }
        "priceLimit" => out.push(MarketEvent::PriceLimit(price_limit(&envelope)?)),
        _ => return Ok(Decoded::Unused),
    }
    Ok(Decoded::Data)
}

fn sent_at(envelope: &Envelope<'_>) -> Result<MarketTime, Unrecognised> {
    Ok(envelope.ts.time("ts")?.ok_or(bad("ts", "missing"))?)
}

/// Source: Bybit V5, "Orderbook" topic.
#[derive(Deserialize)]
struct BookData<'a> {
    #[serde(borrow)]
    s: Lexeme<'a>,
    b: Levels,
    a: Levels,
    u: u64,
    #[serde(default)]
    seq: u64,
}

fn book(envelope: &Envelope<'_>) -> Result<BookUpdate, Unrecognised> {
    let data: BookData<'_> = read_object(envelope.data()?)?;
    let kind = match envelope.kind.as_str() {
        // After a restart of the service the first message has `u` = 1 and replaces the book, whatever its type.
        _ if data.u == 1 => BookUpdateKind::Snapshot,
        "snapshot" => BookUpdateKind::Snapshot,
        "delta" => BookUpdateKind::Delta,
        _ => return Err(bad("type", "neither snapshot nor delta").into()),
    };
    Ok(BookUpdate {
        symbol: super::rows::symbol(&data.s)?,
        at: sent_at(envelope)?,
        kind,
        update_id: data.u,
        sequence: data.seq,
        bids: data.b.0,
        asks: data.a.0,
    })
}

/// `[[price, size], …]`, read into place without intermediate strings.
struct Levels(Vec<BookLevel>);

/// Room for an ordinary delta of a 50-level book; a snapshot grows twice.
const USUAL_LEVELS: usize = 16;

impl<'de> Deserialize<'de> for Levels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Side;

        impl<'de> de::Visitor<'de> for Side {
            type Value = Levels;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of [price, size]")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Levels, A::Error> {
                let mut levels = Vec::new();
                while let Some(Level(level)) = seq.next_element()? {
                    if levels.is_empty() {
                        levels.reserve(USUAL_LEVELS);
                    }
                    levels.push(level);
                }
                Ok(Levels(levels))
            }
        }

        deserializer.deserialize_seq(Side)
    }
}

struct Level(BookLevel);

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pair;

        impl<'de> de::Visitor<'de> for Pair {
            type Value = Level;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("[price, size]")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Level, A::Error> {
                let missing = || de::Error::invalid_length(0, &"price and size");
                let BookFigure(price) = seq.next_element()?.ok_or_else(missing)?;
                let BookFigure(size) = seq.next_element()?.ok_or_else(missing)?;
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Level(BookLevel { price, size }))
            }
        }

        deserializer.deserialize_seq(Pair)
    }
}

/// Somebody's trade, or somebody's liquidation, which is told by the same names. Source: Bybit V5, "Trade" and "All
/// Liquidation" topics.
#[derive(Deserialize)]
struct PrintRow<'a> {
    #[serde(borrow, rename = "T")]
    at: Lexeme<'a>,
    #[serde(borrow, rename = "s")]
    symbol: Lexeme<'a>,
    #[serde(borrow, rename = "S")]
    side: Lexeme<'a>,
    #[serde(borrow, rename = "v")]
    qty: Lexeme<'a>,
    #[serde(borrow, rename = "p")]
    price: Lexeme<'a>,
}

/// One of them as it is read.
struct Print {
    at: MarketTime,
    /// The taker's side of a trade, the position's side of a liquidation.
    side: Side,
    price: Price,
    qty: Qty,
}

/// Rows of one contract, which the first of them names; none without a row.
fn prints<T>(
    rows: &[PrintRow<'_>],
    one: impl Fn(Print) -> T,
) -> Result<Option<(Symbol, Vec<T>)>, Unrecognised> {
    let Some(first) = rows.first() else { return Ok(None) };
    let symbol = super::rows::symbol(&first.symbol)?;
    let mut read = Vec::with_capacity(rows.len());
    for row in rows {
        read.push(one(Print {
            at: row.at.time("T")?.ok_or(bad("T", "missing"))?,
            side: side(&row.side)?.ok_or(bad("S", "missing"))?,
            price: row.price.required_price("p")?,
            qty: row.qty.required_qty("v")?,
        }));
    }
    Ok(Some((symbol, read)))
}

fn trades(envelope: &Envelope<'_>) -> Result<Option<TradePrints>, Unrecognised> {
    let rows: Vec<PrintRow<'_>> = serde_json::from_str(envelope.data()?)?;
    let trade = |print: Print| Trade { at: print.at, taker: print.side, price: print.price, qty: print.qty };
    let Some((symbol, trades)) = prints(&rows, trade)? else { return Ok(None) };
    Ok(Some(TradePrints { symbol, at: sent_at(envelope)?, trades }))
}

/// A list of rows, or one alone: the documentation's tables and examples disagree about two topics.
fn one_or_more<'a, T: Deserialize<'a>>(text: &'a str) -> Result<Vec<T>, Unrecognised> {
    if text.trim_start().starts_with('[') {
        Ok(serde_json::from_str(text)?)
    } else {
        Ok(vec![read_object(text)?])
    }
}

fn liquidations(envelope: &Envelope<'_>) -> Result<Option<Liquidations>, Unrecognised> {
    let rows: Vec<PrintRow<'_>> = one_or_more(envelope.data()?)?;
    let liquidation = |print: Print| Liquidation {
        at: print.at,
        position: print.side,
        bankruptcy_price: print.price,
        qty: print.qty,
    };
    let Some((symbol, liquidations)) = prints(&rows, liquidation)? else { return Ok(None) };
    Ok(Some(Liquidations { symbol, at: sent_at(envelope)?, liquidations }))
}

/// Source: Bybit V5, "Order Price Limit" topic.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PriceLimitRow<'a> {
    #[serde(borrow)]
    symbol: Lexeme<'a>,
    #[serde(borrow)]
    buy_lmt: Lexeme<'a>,
    #[serde(borrow)]
    sell_lmt: Lexeme<'a>,
}

fn price_limit(envelope: &Envelope<'_>) -> Result<PriceLimit, Unrecognised> {
    let mut rows: Vec<PriceLimitRow<'_>> = one_or_more(envelope.data()?)?;
    let row = rows.pop().ok_or(Unrecognised::Shape)?;
    Ok(PriceLimit {
        symbol: super::rows::symbol(&row.symbol)?,
        at: sent_at(envelope)?,
        highest_buy: row.buy_lmt.required_price("buyLmt")?,
        lowest_sell: row.sell_lmt.required_price("sellLmt")?,
    })
}

/// Source: Bybit V5, "Ticker" topic. A delta leaves out what has not changed.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct TickerData<'a> {
    #[serde(borrow)]
    symbol: Lexeme<'a>,
    #[serde(borrow)]
    last_price: Lexeme<'a>,
    #[serde(borrow)]
    mark_price: Lexeme<'a>,
    #[serde(borrow)]
    index_price: Lexeme<'a>,
    #[serde(borrow)]
    funding_rate: Lexeme<'a>,
    #[serde(borrow)]
    next_funding_time: Lexeme<'a>,
    #[serde(borrow)]
    open_interest: Lexeme<'a>,
}

fn ticker(envelope: &Envelope<'_>) -> Result<Ticker, Unrecognised> {
    let data: TickerData<'_> = read_object(envelope.data()?)?;
    Ok(Ticker {
        symbol: super::rows::symbol(&data.symbol)?,
        at: sent_at(envelope)?,
        last: data.last_price.price("lastPrice")?,
        mark: data.mark_price.price("markPrice")?,
        index: data.index_price.price("indexPrice")?,
        funding_rate: data.funding_rate.rate("fundingRate")?,
        next_funding: data.next_funding_time.time("nextFundingTime")?,
        open_interest: match data.open_interest.is_empty() {
            true => None,
            false => Some(data.open_interest.qty("openInterest")?),
        },
    })
}

/// Source: Bybit V5, "Kline" topic.
#[derive(Deserialize)]
struct CandleRow<'a> {
    #[serde(borrow)]
    start: Lexeme<'a>,
    #[serde(borrow)]
    open: Lexeme<'a>,
    #[serde(borrow)]
    high: Lexeme<'a>,
    #[serde(borrow)]
    low: Lexeme<'a>,
    #[serde(borrow)]
    close: Lexeme<'a>,
    #[serde(borrow)]
    volume: Lexeme<'a>,
    #[serde(borrow)]
    confirm: Lexeme<'a>,
}

fn candles(envelope: &Envelope<'_>, topic: &str, out: &mut Vec<MarketEvent>) -> Result<(), Unrecognised> {
    let (interval, symbol) = topic.split_once('.').ok_or(bad("topic", "no interval"))?;
    let interval = interval_from_wire(interval).ok_or(bad("topic", "not a known interval"))?;
    let symbol = Symbol::new(symbol).map_err(|_| bad("topic", "not a symbol"))?;
    let at = sent_at(envelope)?;
    // At a boundary the closed candle and the new one may come in one message.
    let rows: Vec<CandleRow<'_>> = serde_json::from_str(envelope.data()?)?;
    for row in &rows {
        out.push(MarketEvent::Candle(Candle {
            symbol,
            at,
            interval,
            start: row.start.time("start")?.ok_or(bad("start", "missing"))?,
            open: row.open.required_price("open")?,
            high: row.high.required_price("high")?,
            low: row.low.required_price("low")?,
            close: row.close.required_price("close")?,
            volume: row.volume.decimal("volume")?.unwrap_or(Decimal::ZERO),
            is_confirmed: row.confirm.is_true(),
            is_warm_up: false,
        }));
    }
    Ok(())
}

/// The exchange's word for a candle length: minutes, or `D`. Source: Bybit V5, enum `interval`.
pub(crate) fn interval_to_wire(interval: Interval) -> String {
    match interval {
        Interval::D1 => "D".to_owned(),
        other => other.minutes().to_string(),
    }
}

fn interval_from_wire(text: &str) -> Option<Interval> {
    Interval::ALL.into_iter().find(|interval| match interval {
        Interval::D1 => text == "D",
        other => text.parse() == Ok(other.minutes()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_interval_has_a_wire_word_of_its_own() {
        for interval in Interval::ALL {
            assert_eq!(interval_from_wire(&interval_to_wire(interval)), Some(interval));
        }
        assert_eq!(interval_from_wire("7"), None);
    }

    #[test]
    fn liquidations_and_price_limits_are_read_in_both_documented_shapes() {
        let read = |text: &str| {
            let mut out = vec![];
            assert_eq!(decode_public(text, &Spares::default(), &mut out), Decoded::Data, "{text}");
            out.pop().unwrap()
        };
        let row = r#"{"T":1739502302929,"s":"ROSEUSDT","S":"Buy","v":"20000","p":"0.04499"}"#;
        let limits = r#"{"symbol":"BTCUSDT","buyLmt":"114450.00","sellLmt":"103550.00"}"#;
        for (row, limits) in
            [(row.to_owned(), limits.to_owned()), (format!("[{row}]"), format!("[{limits}]"))]
        {
            let told = read(&format!(
                r#"{{"topic":"allLiquidation.ROSEUSDT","type":"snapshot","ts":5,"data":{row}}}"#
            ));
            let MarketEvent::Liquidations(told) = told else { panic!("{told:?}") };
            let one = told.liquidations[0];
            assert_eq!(
                (one.position, one.qty.to_string().as_str(), told.at),
                (Side::Buy, "20000", MarketTime(5))
            );
            let told = read(&format!(r#"{{"topic":"priceLimit.BTCUSDT","ts":6,"data":{limits}}}"#));
            let MarketEvent::PriceLimit(limit) = told else { panic!("{told:?}") };
            assert!(limit.lowest_sell < limit.highest_buy && limit.at == MarketTime(6));
        }
        for text in [
            r#"{"topic":"priceLimit.BTCUSDT","ts":6,"data":[]}"#,
            r#"{"topic":"priceLimit.BTCUSDT","ts":6,"data":{"symbol":"BTCUSDT","buyLmt":"-1","sellLmt":"1"}}"#,
            r#"{"topic":"allLiquidation.X","ts":6,"data":[{"s":"ROSEUSDT"}]}"#,
        ] {
            let mut out = vec![];
            assert!(
                matches!(decode_public(text, &Spares::default(), &mut out), Decoded::Unrecognised(_)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_message_that_breaks_in_the_middle_leaves_no_half() {
        let row = r#"{"start":1,"open":"1","high":"1","low":"1","close":"1","volume":"1","confirm":true}"#;
        let bad = row.replace("\"open\":\"1\"", "\"open\":\"x\"");
        let text = format!(r#"{{"topic":"kline.5.BTCUSDT","ts":1,"data":[{row},{bad}]}}"#);
        let mut out = vec![];
        assert!(matches!(decode_public(&text, &Spares::default(), &mut out), Decoded::Unrecognised(_)));
        assert!(out.is_empty());
    }

    #[test]
    fn c03_after_a_restart_of_the_service_a_delta_is_a_snapshot() {
        let text = r#"{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":5,
            "data":{"s":"BTCUSDT","b":[["1","2"]],"a":[],"u":1,"seq":9}}"#;
        let mut out = vec![];
        assert_eq!(decode_public(text, &Spares::default(), &mut out), Decoded::Data);
        let MarketEvent::Book(update) = &out[0] else { panic!("{out:?}") };
        assert_eq!(update.kind, BookUpdateKind::Snapshot);
    }
}
