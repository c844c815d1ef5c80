//! The venue's public facts as market events.

use crate::report::{side, symbol};
use rust_decimal::Decimal;
use windvane_model::{
    BookLevel, BookUpdate, BookUpdateKind, Fixed, MarketEvent, MarketTime, Price, Qty, Rate, Ticker, Trade,
    TradePrints,
};
use windvane_venue_core as venue;

fn levels(levels: &[venue::Level]) -> Vec<BookLevel> {
    let fixed = |number: Decimal| Fixed::try_from(number).expect("book levels lie on the fixed scale");
    levels.iter().map(|(price, size)| BookLevel { price: fixed(*price), size: fixed(*size) }).collect()
}

/// A change of the book.
#[must_use]
pub fn book_delta(delta: &venue::BookDelta) -> MarketEvent {
    MarketEvent::Book(BookUpdate {
        symbol: symbol(&delta.symbol),
        at: MarketTime(delta.time_ms),
        kind: BookUpdateKind::Delta,
        update_id: delta.update_id.unsigned_abs(),
        sequence: delta.seq.unsigned_abs(),
        bids: levels(&delta.bids),
        asks: levels(&delta.asks),
    })
}

/// A whole book.
#[must_use]
pub fn book_snapshot(book: &venue::BookSnapshot) -> MarketEvent {
    MarketEvent::Book(BookUpdate {
        symbol: symbol(&book.symbol),
        at: MarketTime(book.time_ms),
        kind: BookUpdateKind::Snapshot,
        update_id: book.update_id.unsigned_abs(),
        sequence: book.seq.unsigned_abs(),
        bids: levels(&book.bids),
        asks: levels(&book.asks),
    })
}

/// A trade of the public tape.
#[must_use]
pub fn print(trade: &venue::PublicTrade) -> MarketEvent {
    let at = MarketTime(trade.time_ms);
    MarketEvent::Trades(TradePrints {
        symbol: symbol(&trade.symbol),
        at,
        trades: vec![Trade {
            at,
            taker: side(trade.side),
            price: Price::new(trade.price).expect("trades have a price"),
            qty: Qty::new(trade.qty).expect("trades have a quantity"),
        }],
    })
}

/// All figures of the ticker at `at`.
#[must_use]
pub fn ticker(row: &venue::TickerRow, at: MarketTime) -> MarketEvent {
    let price = |value: Option<Decimal>| value.and_then(|value| Price::new(value).ok());
    MarketEvent::Ticker(Ticker {
        symbol: symbol(&row.symbol),
        at,
        last: price(row.last_price),
        mark: price(row.mark_price),
        index: price(row.index_price),
        funding_rate: Some(Rate::new(row.funding_rate)),
        next_funding: (row.next_funding_ms > 0).then_some(MarketTime(row.next_funding_ms)),
        open_interest: Qty::new(row.open_interest).ok(),
    })
}
