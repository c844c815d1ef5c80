//! Recorded messages of the exchange, read where they lie: none may be put aside.
//!
//! They are not part of the repository. `WINDVANE_SHARED` names their folder; `../shared` beside the workspace is
//! tried when it is not set. Without them these tests say so and pass; with a variable
//! that names a folder without them they fail.

use super::{
    peer::{Behaviour, Peer},
    rig::{client, submit},
};
use std::{fs, path::PathBuf};
use windvane_connector::{
    Category, ContractKind, Credentials, KlinePrice, MarginMode, PositionMode, Secret, Span, TradingProduct,
    codec::{Decoded, Reply, Spares, decode_private, decode_public},
};
use windvane_model::{AccountEvent, Interval, MarketTime, Query, QueryAnswer, Symbol};

/// The folder of shared papers, or `None` with a word on standard error.
pub(crate) fn shared(file: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("WINDVANE_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let path = folder.join(file);
    if !path.exists() {
        // Whoever names the folder wants these tests; without that they are left out, and say so.
        assert!(std::env::var_os("WINDVANE_SHARED").is_none(), "WINDVANE_SHARED has no {}", path.display());
        eprintln!("SKIPPED: {} is not here; set WINDVANE_SHARED", path.display());
        return None;
    }
    Some(path)
}

fn messages(folder: &str, keep: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let Some(path) = shared(folder) else { return vec![] };
    let mut files: Vec<_> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .filter(|(name, _)| keep(name) && !name.contains(".req."))
        .collect();
    files.sort();
    files
}

#[test]
fn every_recorded_public_message_is_understood() {
    for (name, text) in messages("fixtures/v5/ws", |name| name.contains("public.") || name.contains("op.")) {
        let mut out = vec![];
        let decoded = decode_public(&text, &Spares::default(), &mut out);
        assert!(
            matches!(decoded, Decoded::Data | Decoded::Unused | Decoded::Reply(_)),
            "{name}: {decoded:?}"
        );
    }
}

#[test]
fn every_recorded_private_message_is_understood() {
    for (name, text) in messages("fixtures/v5/ws", |name| name.contains("private.")) {
        let mut out = vec![];
        let decoded = decode_private(&text, &mut out);
        assert!(
            matches!(decoded, Decoded::Data | Decoded::Unused | Decoded::Reply(_)),
            "{name}: {decoded:?}"
        );
        let is_ours = text.contains("\"linear\"") || name.contains("wallet");
        assert_eq!(!out.is_empty(), is_ours && !name.contains("fast"), "{name}");
    }
}

#[test]
fn every_recorded_answer_of_the_trade_socket_is_understood() {
    for (name, text) in messages("fixtures/v5/ws", |name| name.starts_with("trade.")) {
        assert!(Reply::decode(&text).is_ok(), "{name}");
    }
}

#[test]
fn every_signing_vector_is_met() {
    let Some(path) = shared("fixtures/v5/signing-vectors.json") else { return };
    let file: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let credentials =
        Credentials::new(text(&file["api_key"]), Secret::new(text(&file["api_secret"]))).unwrap();
    for vector in file["vectors"].as_array().unwrap() {
        let parts = &vector["parts"];
        let signature = match parts["expires"].as_i64() {
            Some(expires) => credentials.sign_login(&expires.to_string()),
            None => credentials.sign_rest(
                &text(&parts["timestamp"]),
                &text(&parts["recv_window"]),
                &text(&parts["payload"]),
            ),
        };
        assert_eq!(signature.as_str(), text(&vector["signature"]), "{}", vector["name"]);
    }
}

/// Answers every call with the recorded reply of its endpoint.
fn recorded(target: &str) -> (u16, String) {
    let path = target.split("/v5/").nth(1).unwrap_or_default().split('?').next().unwrap_or_default();
    let file = match path {
        "order/realtime" => "order.realtime.linear",
        "order/history" => "order.history.linear.postonly-cancelled",
        "execution/list" => "execution.list.linear",
        "position/list" => "old.position.list.linear.open-long",
        "account/wallet-balance" => "account.wallet-balance",
        "account/fee-rate" => "account.fee-rate.linear",
        "account/info" => "account.info",
        "user/query-api" => "user.query-api",
        "market/time" => "market.time",
        "market/orderbook" => "old.market.orderbook.linear",
        "market/kline" => "market.kline.inverse",
        "market/instruments-info" if target.contains("spot") => "market.instruments-info.spot",
        "market/instruments-info" => "market.instruments-info.linear",
        "market/risk-limit" => "market.risk-limit.inverse",
        "market/mark-price-kline" => "market.mark-price-kline.linear",
        "market/index-price-kline" => "market.index-price-kline.inverse",
        "market/premium-index-price-kline" => "market.premium-index-price-kline.linear",
        "market/recent-trade" => "market.recent-trade.spot",
        "market/funding/history" => "market.funding-history.linear",
        "market/open-interest" => "market.open-interest.inverse",
        "order/pre-check" => "order.pre-check",
        "market/tickers" if target.contains("spot") => "market.tickers.spot",
        "market/tickers" => "market.tickers.inverse",
        "market/price-limit" => "market.price-limit.linear",
        "system/status" => "system.status",
        "account/transaction-log" => "account.transaction-log",
        "account/user-setting-config" => "account.user-setting-config",
        "account/query-dcp-info" => "account.query-dcp-info",
        "account/set-margin-mode" => "account.set-margin-mode.failure",
        "account/set-limit-px-action" => "account.set-limit-px-action",
        "position/closed-pnl" => "position.closed-pnl.linear",
        "position/switch-mode" => "position.switch-mode",
        "order/disconnected-cancel-all" => "order.disconnected-cancel-all",
        "user/delete-api" => "user.delete-api",
        "user/delete-sub-api" => "user.delete-sub-api",
        _ => return (404, String::new()),
    };
    let file = shared(&format!("fixtures/v5/rest/{file}.resp.json")).unwrap();
    (200, fs::read_to_string(file).unwrap())
}

#[tokio::test]
async fn every_recorded_reply_that_the_engine_needs_is_understood() {
    if shared("fixtures/v5/rest").is_none() {
        return;
    }
    let peer = Peer::start(Behaviour::answering(recorded)).await;
    let (rest, _, _observations) = client(&peer).await;
    let symbol = |name| Symbol::new(name).unwrap();

    let account = Query::Account { executions_since: MarketTime(1_672_000_000_000) };
    let AccountEvent::Answer(QueryAnswer::Account(account)) =
        rest.answer(account, &[symbol("BTCUSDT")]).await
    else {
        panic!("the account could not be read")
    };
    assert!(!account.open_orders.is_empty() && !account.executions.is_empty());
    assert!(account.positions[0].side.is_some() && !account.wallet.coins.is_empty());

    let instruments = rest.instruments(&[symbol("BTCUSDT")]).await.unwrap();
    insta::assert_debug_snapshot!("instrument-of-the-documentation", instruments);
    assert_eq!(rest.fee_rates(Category::Linear, &[symbol("ETHUSDT")]).await.unwrap().len(), 1);
    assert!(
        rest.fee_rates(Category::Linear, &[symbol("BTCUSDT")]).await.is_err(),
        "the reply is about another contract"
    );
    assert_eq!(rest.candles(symbol("BTCUSD"), Interval::H1, 200).await.unwrap().len(), 3);
    assert_eq!(rest.account_info().await.unwrap().margin_mode, MarginMode::Cross);
    let key = rest.api_key_info().await.unwrap();
    assert!(key.is_read_only && key.may("ContractTrade", "Order") && key.may("Wallet", "AccountTransfer"));
    assert_eq!(rest.server_time().await.unwrap().server_ns, 1_688_639_403_423_213_947);
}

#[tokio::test]
async fn every_recorded_reply_that_a_downloader_or_an_operator_needs_is_understood() {
    if shared("fixtures/v5/rest").is_none() {
        return;
    }
    let peer = Peer::start(Behaviour::answering(recorded)).await;
    let (rest, _, _observations) = client(&peer).await;
    let (linear, btc) = (Category::Linear, Symbol::new("BTCUSDT").unwrap());
    // A moment is a span of one page.
    let span = Span { from: MarketTime(1_672_041_600_000), to: MarketTime(1_672_041_600_000) };

    assert_eq!(rest.klines(linear, btc, Interval::H1, span).await.unwrap().len(), 3);
    for price in [KlinePrice::Mark, KlinePrice::Index, KlinePrice::Premium] {
        assert!(
            !rest.price_klines(price, linear, btc, Interval::H1, span).await.unwrap().is_empty(),
            "{price:?}"
        );
    }
    assert!(!rest.recent_trades(Category::Spot, btc).await.unwrap().is_empty());
    let funding = rest.funding_history(linear, btc, span).await.unwrap();
    assert_eq!((funding[0].at, funding[0].rate.to_string()), (span.from, "0.0001".to_owned()));
    let pair = &rest.tickers(Category::Spot, Some(btc)).await.unwrap()[0];
    assert!(pair.last.is_some() && pair.mark.is_none());
    assert!(rest.tickers(Category::Inverse, None).await.unwrap()[0].mark.is_some());
    let book = rest.order_book(linear, btc, 50).await.unwrap();
    assert!(!book.bids.is_empty() && !book.asks.is_empty());
    let band = rest.price_band(linear, btc).await.unwrap();
    assert!(band.lowest_sell < band.highest_buy);
    let pair = &rest.listings(Category::Spot, None).await.unwrap()[0];
    assert!(pair.kind == ContractKind::Pair && pair.lot_size.is_some() && pair.settle_coin.is_none());
    let contract = &rest.listings(linear, None).await.unwrap()[0];
    assert!(contract.kind == ContractKind::Perpetual && contract.max_leverage.is_some());
    let tiers = rest.risk_limits(Category::Inverse, None).await.unwrap();
    assert_eq!(tiers[&Symbol::new("BTCUSD").unwrap()].len(), 1);
    assert!(rest.maintenances().await.unwrap().len() > 2);

    let log = rest.transaction_log(span).await.unwrap();
    assert!(log.iter().any(|entry| entry.kind == "SETTLEMENT" && entry.funding.to_string() == "-0.003676"));
    assert!(log.iter().all(|entry| entry.change == entry.cash_flow + entry.funding - entry.fee));
    assert!(!rest.closed_pnl(linear, span).await.unwrap().is_empty());
    let interest = rest.open_interest(Category::Inverse, Symbol::new("BTCUSD").unwrap(), span).await.unwrap();
    assert!(!interest.is_empty() && interest.iter().all(|one| !one.contracts.is_zero()));
    let past = rest.past_orders(linear, span).await.unwrap();
    assert!(!past.is_empty() && past[0].status == "Cancelled", "{past:?}");
    let executions = rest.past_executions(linear, span).await.unwrap();
    assert!(!executions.is_empty() && executions.iter().all(|one| !one.execution_id.is_empty()));
    let check = rest.pre_check(linear, submit(1)).await.unwrap();
    let (after, before) = (check.initial_after.normalize(), check.maintenance_before.normalize());
    assert_eq!((after.to_string(), before.to_string()), ("0.0357".to_owned(), "0.0021".to_owned()));
    assert!(rest.limit_price_action().await.unwrap().moves_contracts);
    assert!(rest.dcp().await.unwrap().iter().all(|dcp| dcp.is_on && dcp.window_s == 10));
    rest.set_dcp(TradingProduct::Derivatives, 10).await.unwrap();
    rest.set_position_mode(btc, PositionMode::OneWay).await.unwrap();
    rest.refuse_moved_prices(linear).await.unwrap();
    let refused = rest.set_margin_mode(&MarginMode::Portfolio).await.unwrap_err();
    assert_eq!(refused.code(), 3_400_045, "{refused}");
    for is_of_main_account in [true, false] {
        rest.delete_own_key(is_of_main_account).await.unwrap();
    }
}
