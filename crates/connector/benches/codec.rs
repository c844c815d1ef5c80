//! What a message costs between the socket and the engine: decoding each kind, encoding and signing an order. A bare
//! parse of the same text into a `serde_json::Value` stands beside each as the floor to compare with.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use windvane_connector::{
    Category, Credentials, Mutation, Secret,
    codec::{Spares, decode_private, decode_public},
};
use windvane_market::{Change, Market};
use windvane_model::{
    BookLevel, BookUpdate, BookUpdateKind, ClientOrderId, Fixed, MarketEvent, OrderKind, PositionIndex,
    Price, Qty, Role, Side, Stamp, Submit, Symbol, TimeInForce, Triggers,
};

fn order() -> Option<Submit> {
    Some(Submit {
        client_order_id: ClientOrderId::new("w01trnde0000001-000001").ok()?,
        symbol: Symbol::new("BTCUSDT").ok()?,
        position_index: PositionIndex(0),
        role: Role::Entry,
        side: Side::Buy,
        qty: Qty::new("0.012".parse().ok()?).ok()?,
        kind: OrderKind::Limit {
            price: Price::new("97000.5".parse().ok()?).ok()?,
            time_in_force: TimeInForce::PostOnly,
        },
        reduce_only: false,
        stop_loss: Price::new("95000".parse().ok()?).ok(),
        take_profit: None,
        triggers: Triggers::default(),
        send_before: None,
    })
}

const PUBLIC: [(&str, &str); 3] = [
    ("an orderbook delta of 12 levels", include_str!("../tests/payloads/public/orderbook-delta.json")),
    ("public trades", include_str!("../tests/payloads/public/trades.json")),
    ("a ticker delta", include_str!("../tests/payloads/public/ticker-delta.json")),
];
const PRIVATE: [(&str, &str); 3] = [
    ("executions", include_str!("../tests/payloads/private/executions.json")),
    ("an order report", include_str!("../tests/payloads/private/order-working-with-stop.json")),
    ("positions", include_str!("../tests/payloads/private/position-open-and-flat.json")),
];

fn codec(criterion: &mut Criterion) {
    let mut market = Vec::with_capacity(8);
    let spares = Spares::default();
    for (what, text) in PUBLIC {
        criterion.bench_function(&format!("decode {what}"), |bench| {
            bench.iter(|| {
                black_box(decode_public(black_box(text), &spares, &mut market));
                market.drain(..).for_each(|event| spares.give_back(event));
            });
        });
        floor(criterion, what, text);
    }
    let mut account = Vec::with_capacity(8);
    for (what, text) in PRIVATE {
        criterion.bench_function(&format!("decode {what}"), |bench| {
            bench.iter(|| {
                account.clear();
                black_box(decode_private(black_box(text), &mut account));
            });
        });
        floor(criterion, what, text);
    }

    let secret = Secret::new("benchSecret".to_owned());
    let (Ok(credentials), Some(order)) = (Credentials::new("benchKey".to_owned(), secret), order()) else {
        return;
    };
    let body = Mutation::Submit(order).body(Category::Linear);
    criterion.bench_function("sign an order's body", |bench| {
        bench.iter(|| black_box(credentials.sign_rest("1700000000000", "2000", black_box(&body))));
    });
    criterion.bench_function("encode and sign an order", |bench| {
        bench.iter(|| {
            let body = Mutation::Submit(black_box(order)).body(Category::Linear);
            black_box(credentials.sign_rest("1700000000000", "2000", &body))
        });
    });
}

/// Deltas applied to a book of 50 levels a side, without their decoding: one that deletes as the recorded one does, and one
/// that puts the same levels back.
fn book_update(criterion: &mut Criterion) {
    let (mut decoded, spares) = (Vec::new(), Spares::default());
    decode_public(PUBLIC[0].1, &spares, &mut decoded);
    let Some(MarketEvent::Book(delta)) = decoded.pop() else { return };
    let Ok(size) = Fixed::from_raw(100_000_000) else { return };
    let beside = |best: i64, step: i64| {
        (0..50).filter_map(move |place| Some(BookLevel { price: level(best + step * place).ok()?, size }))
    };
    let put_back = |levels: &[BookLevel]| levels.iter().map(|old| BookLevel { size, ..*old }).collect();
    let (bids, asks) = (put_back(&delta.bids), put_back(&delta.asks));
    let restored = BookUpdate { bids, asks, ..delta.clone() };
    let mut snapshot = restored.clone();
    snapshot.kind = BookUpdateKind::Snapshot;
    snapshot.bids.extend(beside(9_699_000, -10));
    snapshot.asks.extend(beside(9_701_000, 10));

    let (mut books, stamp, mut update_id) = (Market::new(1), Stamp::default(), delta.update_id);
    books.apply(&MarketEvent::Book(snapshot), stamp);
    let mut updates = [MarketEvent::Book(delta), MarketEvent::Book(restored)];
    criterion.bench_function("apply an orderbook delta of 12 levels", |bench| {
        bench.iter(|| {
            update_id += 1;
            updates.swap(0, 1);
            if let MarketEvent::Book(update) = &mut updates[0] {
                update.update_id = update_id;
            }
            let change = books.apply(black_box(&updates[0]), stamp);
            assert!(!matches!(change, Change::BookLost(_)), "the book stays whole");
            black_box(change)
        });
    });
}

/// A price of so many cents.
fn level(cents: i64) -> Result<Fixed, impl std::fmt::Debug> {
    Fixed::from_raw(cents * 1_000_000)
}

fn floor(criterion: &mut Criterion, what: &str, text: &str) {
    criterion.bench_function(&format!("floor: {what} into a serde_json value"), |bench| {
        bench.iter(|| black_box(serde_json::from_str::<serde_json::Value>(black_box(text))));
    });
}

criterion_group!(benches, codec, book_update);
criterion_main!(benches);
