//! Order books, trades and tickers.

use crate::codec::{
    Spares,
    scan::{Scanner, once},
};
use rust_decimal::Decimal;
use windvane_model::{
    BookLevel, BookUpdate, BookUpdateKind, MarketEvent, MarketTime, Price, Qty, Rate, Side, Symbol, Ticker,
    Trade, TradePrints,
};

/// The inside of a message, of which the outside is still incomplete.
enum Data {
    Book(Book),
    Trades(Symbol, Vec<Trade>),
    Ticker(Figures),
}

struct Book {
    symbol: Symbol,
    bids: Vec<BookLevel>,
    asks: Vec<BookLevel>,
    update_id: u64,
    sequence: u64,
}

#[derive(Default)]
struct Figures {
    symbol: Option<Symbol>,
    last: Option<Option<Price>>,
    mark: Option<Option<Price>>,
    index: Option<Option<Price>>,
    funding_rate: Option<Option<Rate>>,
    next_funding: Option<Option<MarketTime>>,
    open_interest: Option<Qty>,
}

/// Reads a message of the three kinds, if it is an ordinary one.
pub(in crate::codec) fn read(text: &str, spares: &Spares) -> Option<MarketEvent> {
    let mut scanner = Scanner::new(text);
    let (mut topic, mut kind, mut ts, mut data) = (None, None, None, None);
    scanner.object(|scanner, key| match key {
        "topic" => once(&mut topic, scanner.string()?),
        "type" => once(&mut kind, scanner.string()?),
        "ts" => once(&mut ts, scanner.whole()?),
        "data" => once(&mut data, read_data(scanner, topic?, spares)?),
        "creationTime" => None,
        // An answer has no topic; it is none of ours.
        _ => topic.and_then(|_| scanner.skip()),
    })?;
    scanner.end()?;
    let at = MarketTime(ts.filter(|ts| *ts != 0)?);
    Some(match data? {
        Data::Book(book) => MarketEvent::Book(BookUpdate {
            symbol: book.symbol,
            at,
            kind: match kind? {
                // After a restart of the service: see the general way.
                _ if book.update_id == 1 => BookUpdateKind::Snapshot,
                "snapshot" => BookUpdateKind::Snapshot,
                "delta" => BookUpdateKind::Delta,
                _ => return None,
            },
            update_id: book.update_id,
            sequence: book.sequence,
            bids: book.bids,
            asks: book.asks,
        }),
        Data::Trades(symbol, trades) => MarketEvent::Trades(TradePrints { symbol, at, trades }),
        Data::Ticker(figures) => MarketEvent::Ticker(Ticker {
            symbol: figures.symbol?,
            at,
            last: figures.last.flatten(),
            mark: figures.mark.flatten(),
            index: figures.index.flatten(),
            funding_rate: figures.funding_rate.flatten(),
            next_funding: figures.next_funding.flatten(),
            open_interest: figures.open_interest,
        }),
    })
}

fn read_data(scanner: &mut Scanner<'_>, topic: &str, spares: &Spares) -> Option<Data> {
    let (kind, rest) = topic.split_once('.')?;
    match kind {
        "orderbook" if rest.starts_with(|c: char| c.is_ascii_digit()) => {
            let (mut bids, mut asks) = spares.book();
            book(scanner, &mut bids, &mut asks).map(|(symbol, update_id, sequence)| {
                Data::Book(Book { symbol, bids, asks, update_id, sequence })
            })
        }
        "publicTrade" => {
            let mut list = spares.trades();
            trades(scanner, &mut list).map(|symbol| Data::Trades(symbol, list))
        }
        "tickers" => ticker(scanner).map(Data::Ticker),
        _ => None,
    }
}

fn book(
    scanner: &mut Scanner<'_>,
    bids: &mut Vec<BookLevel>,
    asks: &mut Vec<BookLevel>,
) -> Option<(Symbol, u64, u64)> {
    let (mut symbol, mut update_id, mut sequence) = (None, None, None);
    let (mut has_bids, mut has_asks) = (None, None);
    scanner.object(|scanner, key| match key {
        "s" => once(&mut symbol, Symbol::new(scanner.scalar()?).ok()?),
        "b" => once(&mut has_bids, levels(scanner, bids)?),
        "a" => once(&mut has_asks, levels(scanner, asks)?),
        "u" => once(&mut update_id, u64::try_from(scanner.whole()?).ok()?),
        "seq" => once(&mut sequence, u64::try_from(scanner.whole()?).ok()?),
        _ => scanner.skip(),
    })?;
    has_bids.and(has_asks)?;
    Some((symbol?, update_id?, sequence.unwrap_or(0)))
}

/// `[[price, size], …]`.
fn levels(scanner: &mut Scanner<'_>, side: &mut Vec<BookLevel>) -> Option<()> {
    scanner.list(|scanner| {
        let (mut price, mut size) = (None, None);
        scanner.list(|scanner| match (price, size) {
            (None, _) => once(&mut price, scanner.fixed()?),
            (_, None) => once(&mut size, scanner.fixed()?),
            _ => None,
        })?;
        side.push(BookLevel { price: price?, size: size? });
        Some(())
    })
}

/// The contract of the first; the others have the same.
fn trades(scanner: &mut Scanner<'_>, list: &mut Vec<Trade>) -> Option<Symbol> {
    let mut contract = None;
    scanner.list(|scanner| {
        let (mut at, mut symbol, mut taker, mut price, mut qty) = (None, None, None, None, None);
        scanner.object(|scanner, key| match key {
            "T" => once(&mut at, scanner.whole()?),
            "s" => once(&mut symbol, scanner.scalar()?),
            "S" => once(
                &mut taker,
                match scanner.string()? {
                    "Buy" => Side::Buy,
                    "Sell" => Side::Sell,
                    _ => return None,
                },
            ),
            "p" => once(&mut price, Price::new(scanner.decimal()?).ok()?),
            "v" => once(&mut qty, Qty::new(scanner.decimal()?).ok()?),
            _ => scanner.skip(),
        })?;
        let symbol = symbol?;
        if contract.is_none() {
            contract = Some(Symbol::new(symbol).ok()?);
        }
        let at = at.filter(|at| *at != 0)?;
        list.push(Trade { at: MarketTime(at), taker: taker?, price: price?, qty: qty? });
        Some(())
    })?;
    contract
}

fn ticker(scanner: &mut Scanner<'_>) -> Option<Figures> {
    let mut figures = Figures::default();
    scanner.object(|scanner, key| match key {
        "symbol" => once(&mut figures.symbol, Symbol::new(scanner.scalar()?).ok()?),
        "lastPrice" => once(&mut figures.last, price(scanner)?),
        "markPrice" => once(&mut figures.mark, price(scanner)?),
        "indexPrice" => once(&mut figures.index, price(scanner)?),
        "fundingRate" => once(&mut figures.funding_rate, rate(scanner)?),
        "nextFundingTime" => {
            let millis: i64 = scanner.string()?.parse().ok()?;
            once(&mut figures.next_funding, (millis != 0).then_some(MarketTime(millis)))
        }
        "openInterest" => once(&mut figures.open_interest, Qty::new(scanner.decimal()?).ok()?),
        _ => scanner.skip(),
    })?;
    Some(figures)
}

/// Zero stands for "none".
fn price(scanner: &mut Scanner<'_>) -> Option<Option<Price>> {
    let value = scanner.decimal()?;
    if value.is_zero() { Some(None) } else { Price::new(value).ok().map(Some) }
}

/// A rate may be negative, which the scanner's own numbers are not.
fn rate(scanner: &mut Scanner<'_>) -> Option<Option<Rate>> {
    Decimal::from_str_exact(scanner.string()?).ok().map(|value| Some(Rate::new(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Decoded, fast::damage::damaged, public::decode_generally};
    use proptest::prelude::*;

    const MESSAGES: [&str; 6] = [
        include_str!("../../../tests/payloads/public/orderbook-delta.json"),
        include_str!("../../../tests/payloads/public/orderbook-restart.json"),
        include_str!("../../../tests/payloads/public/orderbook-snapshot.json"),
        include_str!("../../../tests/payloads/public/trades.json"),
        include_str!("../../../tests/payloads/public/ticker-delta.json"),
        include_str!("../../../tests/payloads/public/ticker-snapshot.json"),
    ];

    /// What the fast way reads, serde reads likewise.
    fn agrees(text: &str) -> bool {
        let Some(event) = read(text, &Spares::default()) else { return false };
        let mut out = vec![];
        assert_eq!(decode_generally(text, &mut out), Decoded::Data, "{text}");
        assert_eq!(out, [event], "{text}");
        true
    }

    #[test]
    fn the_three_busiest_messages_are_read_in_one_pass() {
        for text in MESSAGES {
            assert!(agrees(text), "{text}");
        }
    }

    #[test]
    fn unusual_messages_are_left_to_the_general_way() {
        let book =
            |inside: &str| format!(r#"{{"topic":"orderbook.50.X","type":"delta","ts":5,"data":{inside}}}"#);
        for text in [
            book(r#"{"s":"X","b":[],"a":[],"u":7,"u":8}"#),
            book(r#"{"s":"X","b":[[1,2]],"a":[],"u":7}"#),
            book(r#"{"s":"X","b":[["1","2","3"]],"a":[],"u":7}"#),
            book(r#"{"s":"X","b":[["1","2"]],"u":7}"#),
            format!("{} x", book(r#"{"s":"X","b":[],"a":[],"u":7}"#)),
            r#"{"success":true,"ret_msg":"","op":"subscribe","topic":"tickers.X"}"#.to_owned(),
            r#"{"data":{"symbol":"X"},"topic":"tickers.X","ts":5}"#.to_owned(),
            r#"{"topic":"orderbook.rpi.X","type":"delta","ts":5,"data":{}}"#.to_owned(),
        ] {
            assert_eq!(read(&text, &Spares::default()), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn both_ways_agree_on_damaged_messages(text in damaged(&MESSAGES)) {
            agrees(&text);
        }
    }
}
