//! What one price and one order cost between the socket and the engine: decoding a book delta, encoding and
//! signing an order. A bare parse of the same delta into a `serde_json::Value` is the measure beside it.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use windvane_connector::{Credentials, Mutation, Secret, codec::decode_public};
use windvane_model::{
    ClientOrderId, OrderKind, PositionIndex, Price, Qty, Role, Side, Submit, Symbol, TimeInForce,
};

const DELTA: &str = include_str!("../tests/payloads/public/orderbook-delta.json");

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
        send_before: None,
    })
}

fn codec(criterion: &mut Criterion) {
    let mut out = Vec::with_capacity(1);
    criterion.bench_function("decode an orderbook delta of 12 levels", |bench| {
        bench.iter(|| {
            out.clear();
            black_box(decode_public(black_box(DELTA), &mut out));
        });
    });
    criterion.bench_function("floor: the same text into a serde_json value", |bench| {
        bench.iter(|| black_box(serde_json::from_str::<serde_json::Value>(black_box(DELTA))));
    });

    let secret = Secret::new("benchSecret".to_owned());
    let (Ok(credentials), Some(order)) = (Credentials::new("benchKey".to_owned(), secret), order()) else {
        return;
    };
    criterion.bench_function("encode and sign an order", |bench| {
        bench.iter(|| {
            let body = Mutation::Submit(black_box(order)).body();
            black_box(credentials.sign_rest("1700000000000", "2000", &body))
        });
    });
}

criterion_group!(benches, codec);
criterion_main!(benches);
