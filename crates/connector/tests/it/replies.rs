//! Every recorded reply of the exchange, read where it lies: those of calls that nobody here makes by their envelope, those
//! of other products and of rarer shapes by the call that they answer.

use super::{
    fixtures::shared,
    peer::{Behaviour, Peer},
    rig::{hasty_client, submit},
};
use std::{cell::RefCell, fs};
use windvane_connector::{Category, ContractKind, MarginMode, Mutation, RestClient, RestError, Span};
use windvane_model::{
    AccountEvent, Cancel, CancelAll, ClientOrderId, MarketTime, RefusalFamily, SetLeverage, SetProtection,
    Side, Submit, Symbol, Triggers,
};

thread_local! {
    /// What the peer answers next; it runs on the thread of its test.
    static ANSWER: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A client whose every question gets the answer that was put last.
async fn answered() -> (RestClient, Peer) {
    let peer = Peer::start(Behaviour::answering(|_| (200, ANSWER.with_borrow(Clone::clone)))).await;
    (hasty_client(&peer), peer)
}

/// Puts a recorded reply.
fn put(name: &str) {
    let path = shared(&format!("fixtures/v5/rest/{name}.resp.json")).unwrap();
    ANSWER.set(fs::read_to_string(path).unwrap());
}

#[tokio::test]
async fn every_recorded_reply_is_taken_or_refused_by_its_code() {
    let Some(folder) = shared("fixtures/v5/rest") else { return };
    let (rest, _peer) = answered().await;
    let (mut taken, mut refused) = (0, 0);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.to_string_lossy().ends_with(".resp.json") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = serde_json::from_str::<serde_json::Value>(&text).unwrap()["retCode"].as_i64().unwrap();
        ANSWER.set(text);
        // A call that wants nothing but the code.
        match rest.set_margin_mode(&MarginMode::Cross).await {
            Ok(()) => taken += usize::from(code == 0),
            Err(RestError::Refused { code: found, .. }) if i64::from(found) == code => refused += 1,
            other => panic!("{}: {other:?}", path.display()),
        }
    }
    assert!(taken > 80 && refused > 0, "{taken} taken, {refused} refused");
}

fn symbol(name: &str) -> Symbol {
    Symbol::new(name).unwrap()
}

#[tokio::test]
async fn what_other_products_and_rarer_shapes_say_is_understood() {
    if shared("fixtures/v5/rest").is_none() {
        return;
    }
    let (rest, _peer) = answered().await;
    let span = Span { from: MarketTime(1_672_041_600_000), to: MarketTime(1_672_041_600_000) };

    put("position.list.inverse");
    let positions = rest.open_positions_of(Category::Inverse).await.unwrap();
    assert_eq!((positions[0].symbol, positions[0].side), (symbol("BTCUSD"), Side::Sell));
    put("old.order.realtime.spot.tpsl-cancelled");
    assert!(!rest.open_orders_of(Category::Spot).await.unwrap().is_empty());
    put("old.order.history.linear.cancelled-by-user");
    assert_eq!(rest.past_orders(Category::Linear, span).await.unwrap()[0].status, "Cancelled");
    put("old.account.wallet-balance.with-im");
    assert!(!rest.wallet().await.unwrap().coins.is_empty());
    for name in ["market.instruments-info.spot", "old.market.instruments-info.spot"] {
        put(name);
        assert_eq!(rest.listings(Category::Spot, None).await.unwrap()[0].kind, ContractKind::Pair);
    }
    put("market.instruments-info.linear.prelaunch");
    let listing = &rest.listings(Category::Linear, Some("PreLaunch")).await.unwrap()[0];
    assert_eq!((listing.symbol, listing.status.as_str()), (symbol("BIOUSDT"), "PreLaunch"));
    put("market.orderbook.spot");
    assert!(!rest.order_book(Category::Spot, symbol("BTCUSDT"), 50).await.unwrap().bids.is_empty());
    for name in ["market.tickers.inverse", "old.market.tickers.inverse"] {
        put(name);
        assert!(rest.tickers(Category::Inverse, None).await.unwrap()[0].mark.is_some());
    }
}

#[tokio::test]
async fn what_became_of_requests_is_read_from_recorded_replies() {
    if shared("fixtures/v5/rest").is_none() {
        return;
    }
    let (rest, _peer) = answered().await;
    let order = submit(1);
    let of_id = |id: &str| Submit { client_order_id: ClientOrderId::new(id).unwrap(), ..order };
    let cancel = |id: &str| {
        let client_order_id = Some(ClientOrderId::new(id).unwrap());
        Mutation::Cancel(Cancel { symbol: order.symbol, client_order_id, order_id: None })
    };
    let all = Mutation::CancelAll(CancelAll { symbol: Some(order.symbol), spare_protection: false });
    let leverage = windvane_model::Leverage::new("10".parse().unwrap()).unwrap();
    let protection = SetProtection {
        symbol: order.symbol,
        position_index: order.position_index,
        stop_loss: None,
        take_profit: None,
        triggers: Triggers::default(),
    };
    for (name, category, mutation, has_id) in [
        ("order.create", Category::Linear, Mutation::Submit(order), true),
        ("order.cancel", Category::Linear, cancel("w01-1"), true),
        ("order.cancel-all", Category::Linear, all, false),
        ("old.order.cancel-all.linear.no-success-field", Category::Linear, all, false),
        ("old.order.cancel-all.spot.success-only", Category::Spot, all, false),
        (
            "position.set-leverage",
            Category::Linear,
            Mutation::SetLeverage(SetLeverage { symbol: order.symbol, leverage }),
            false,
        ),
        ("position.trading-stop", Category::Linear, Mutation::SetProtection(protection), false),
    ] {
        put(name);
        let end = rest.perform(category, &mutation).await;
        let AccountEvent::Acknowledged(end) = end else { panic!("{name}: {end:?}") };
        assert_eq!(end.order_id.is_some(), has_id, "{name}");
    }
    put("order.create-batch.spot");
    let pair = ["spot-btc-03", "spot-atom-03"].map(|id| Mutation::Submit(of_id(id)));
    let ends = rest.perform_all(Category::Spot, &pair).await;
    assert!(ends.iter().all(|end| matches!(end, AccountEvent::Acknowledged(_))), "{ends:?}");
    put("order.cancel-batch.spot.partial-failure");
    let pair = ["spot-btc-03", "1666800494330512129"].map(cancel);
    let ends = rest.perform_all(Category::Spot, &pair).await;
    assert!(
        matches!(&ends[..], [AccountEvent::Acknowledged(_), AccountEvent::Refused(gone)] if gone.family == RefusalFamily::OrderNotFound),
        "{ends:?}"
    );
}
