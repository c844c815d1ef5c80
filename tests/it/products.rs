//! The typed calls for every product against a venue: orders, positions, leverage, and what is refused before it leaves.

use rust_decimal::Decimal;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc;
use windvane_connector::{
    Category, Credentials, Mutation, Observer, RateLimits, RestClient, Secret, Span, VenueClock,
    VenueEndpoints, WallClock,
};
use windvane_model::{
    AccountEvent, Amend, Cancel, CancelAll, ClientOrderId, Leverage, MarketTime, OrderKind, PositionIndex,
    Price, Qty, RefusalFamily, Role, SetLeverage, SetProtection, Side, Submit, Symbol, TimeInForce, Triggers,
};
use windvane_tests::{Ground, Market, PATIENCE, wait_until};

/// A venue whose account holds coins beside dollars.
const COINS: (&str, &str) =
    ("# coins = [{ coin = \"BTC\", balance = \"1\" }]", "coins = [{ coin = \"BTC\", balance = \"1\" }]  #");

fn rest(ground: &Ground) -> RestClient {
    let endpoints = VenueEndpoints::loopback(&ground.venue().to_string()).unwrap();
    let secret = Secret::new("paper-secret".to_owned());
    let credentials = Arc::new(Credentials::new("paper-key".to_owned(), secret).unwrap());
    let (observations, _) = mpsc::channel(1);
    let clock = Arc::new(VenueClock::new(WallClock::start()));
    let observer = Observer::new(observations);
    RestClient::new(&endpoints, credentials, clock, observer, RateLimits::Published).unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn price(text: Decimal) -> Price {
    Price::new(text).unwrap()
}

fn order(number: u32, symbol: Symbol, qty: &str, kind: OrderKind) -> Submit {
    Submit {
        client_order_id: ClientOrderId::new(&format!("plain-{number}")).unwrap(),
        symbol,
        position_index: PositionIndex(0),
        role: Role::Entry,
        side: Side::Buy,
        qty: Qty::new(decimal(qty)).unwrap(),
        kind,
        reduce_only: false,
        stop_loss: None,
        take_profit: None,
        triggers: Triggers::default(),
        send_before: None,
    }
}

fn is_done(event: &AccountEvent) -> bool {
    matches!(event, AccountEvent::Acknowledged(_))
}

/// Whether it never left.
fn is_kept_back(event: &AccountEvent) -> bool {
    matches!(event, AccountEvent::Refused(refused) if refused.family == RefusalFamily::NotSent)
}

#[test]
fn plain_orders_of_every_product_are_placed_changed_found_and_cancelled() {
    let ground = Ground::on(Market::Walking, &[COINS]);
    let rest = rest(&ground);
    for (number, category, name, qty, more) in [
        (1, Category::Linear, "BTCUSDT", "0.01", "0.02"),
        (2, Category::Inverse, "BTCUSD", "100", "200"),
        (3, Category::Spot, "BTCUSDT", "0.001", "0.002"),
    ] {
        let symbol = Symbol::new(name).unwrap();
        let open = || block_on(rest.open_orders_of(category)).unwrap();
        let perform = |mutation| block_on(rest.perform(category, &mutation));
        let book = block_on(rest.order_book(category, symbol, 1)).unwrap();
        let best = book.bids[0].price.to_decimal();
        // Far enough below to rest, near enough for the price limit.
        let below = price((best * decimal("0.98")).round_dp(0));
        let kind = OrderKind::Limit { price: below, time_in_force: TimeInForce::PostOnly };
        let resting = order(number * 10, symbol, qty, kind);
        let event = perform(Mutation::Submit(resting));
        assert!(is_done(&event), "{category}: {event:?}");
        wait_until("the order", PATIENCE, || open().len() == 1);
        let found = &open()[0];
        assert_eq!(
            (found.symbol, found.client_order_id.as_str()),
            (symbol, resting.client_order_id.as_str())
        );
        assert_eq!((found.qty, found.price), (decimal(qty), Some(below.get())), "{category}");

        let amend = Amend {
            symbol,
            client_order_id: resting.client_order_id,
            price: None,
            qty: Some(Qty::new(decimal(more)).unwrap()),
            send_before: None,
        };
        assert!(is_done(&perform(Mutation::Amend(amend))), "{category}");
        wait_until("the change", PATIENCE, || open()[0].qty == decimal(more));
        let cancel = Cancel { symbol, client_order_id: Some(resting.client_order_id), order_id: None };
        assert!(is_done(&perform(Mutation::Cancel(cancel))), "{category}");
        wait_until("the cancel", PATIENCE, || open().is_empty());
        let gone = perform(Mutation::Cancel(cancel));
        assert!(
            matches!(&gone, AccountEvent::Refused(refused) if refused.family == RefusalFamily::OrderNotFound),
            "{gone:?}"
        );

        for n in 1..4 {
            assert!(is_done(&perform(Mutation::Submit(order(number * 10 + n, symbol, qty, kind)))));
        }
        wait_until("three orders", PATIENCE, || open().len() == 3);
        let all = CancelAll { symbol: Some(symbol), spare_protection: false };
        assert!(is_done(&perform(Mutation::CancelAll(all))), "{category}");
        wait_until("none", PATIENCE, || open().is_empty());

        // Of a pair a market order is in coins, too.
        let market = order(number * 10 + 5, symbol, qty, OrderKind::Market { max_slippage_ticks: None });
        assert!(is_done(&perform(Mutation::Submit(market))), "{category}");
        let filled = || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
            let now = i64::try_from(now).unwrap();
            let span = Span { from: MarketTime(now - 600_000), to: MarketTime(now + 600_000) };
            let rows = block_on(rest.past_executions(category, span)).unwrap();
            let ours = rows.iter().filter(|row| row.client_order_id == market.client_order_id.as_str());
            ours.map(|row| row.qty).sum::<Decimal>()
        };
        wait_until("the fill", PATIENCE, || filled() == decimal(qty));
        let fees = block_on(rest.fee_rates(category, &[symbol])).unwrap();
        assert!(fees[0].1.taker.get() > Decimal::ZERO, "{category}");
        let positions = block_on(rest.open_positions_of(category)).unwrap();
        assert_eq!(positions.len(), usize::from(category != Category::Spot), "{category}");
        if let Some(position) = positions.first() {
            assert_eq!((position.symbol, position.side, position.qty), (symbol, Side::Buy, decimal(qty)));
            let five = Leverage::new(decimal("5")).unwrap();
            assert!(is_done(&perform(Mutation::SetLeverage(SetLeverage { symbol, leverage: five }))));
            let stop = price((best * decimal("0.9")).round_dp(0));
            let protection = SetProtection {
                symbol,
                position_index: PositionIndex(0),
                stop_loss: Some(stop),
                take_profit: None,
                triggers: Triggers::default(),
            };
            assert!(is_done(&perform(Mutation::SetProtection(protection))), "{category}");
            wait_until("leverage and stop", PATIENCE, || {
                let positions = block_on(rest.open_positions_of(category)).unwrap();
                positions[0].leverage == Some(decimal("5")) && open().len() == 1
            });
            let close = Submit { side: Side::Sell, reduce_only: true, ..market };
            let close =
                Submit { client_order_id: ClientOrderId::new(&format!("close-{number}")).unwrap(), ..close };
            assert!(is_done(&perform(Mutation::Submit(close))));
            wait_until("flat", PATIENCE, || block_on(rest.open_positions_of(category)).unwrap().is_empty());
        } else {
            let leverage = Leverage::new(decimal("5")).unwrap();
            assert!(is_kept_back(&perform(Mutation::SetLeverage(SetLeverage { symbol, leverage }))));
            assert!(is_kept_back(&perform(Mutation::Submit(Submit { reduce_only: true, ..market }))));
        }
    }
}

/// Twelve orders are more than a second takes one by one, and of pairs more than one batch holds.
#[test]
fn batches_of_every_product_are_placed_and_cancelled_and_each_item_has_its_own_end() {
    let ground = Ground::on(Market::Walking, &[COINS]);
    let rest = rest(&ground);
    for (category, name, qty) in [
        (Category::Linear, "BTCUSDT", "0.01"),
        (Category::Inverse, "BTCUSD", "100"),
        (Category::Spot, "BTCUSDT", "0.001"),
    ] {
        let symbol = Symbol::new(name).unwrap();
        let best = block_on(rest.order_book(category, symbol, 1)).unwrap().bids[0].price.to_decimal();
        let below = price((best * decimal("0.98")).round_dp(0));
        let kind = OrderKind::Limit { price: below, time_in_force: TimeInForce::PostOnly };
        let base = 100 + 100 * u32::try_from(category.as_str().len()).unwrap();
        let mut orders: Vec<_> = (0..12).map(|n| order(base + n, symbol, qty, kind)).collect();
        // In the midst one that the venue cannot take, and one that cannot be asked for.
        orders[3].client_order_id = orders[2].client_order_id;
        let mut wishes: Vec<_> = orders.iter().copied().map(Mutation::Submit).collect();
        let leverage = Leverage::new(decimal("5")).unwrap();
        wishes.insert(7, Mutation::SetLeverage(SetLeverage { symbol, leverage }));
        let ends = block_on(rest.perform_all(category, &wishes));
        assert_eq!(ends.len(), wishes.len());
        for (place, end) in ends.iter().enumerate() {
            match place {
                3 => assert!(
                    matches!(end, AccountEvent::Refused(end) if end.family == RefusalFamily::Duplicate),
                    "{end:?}"
                ),
                7 if category == Category::Spot => assert!(is_kept_back(end), "{end:?}"),
                _ => assert!(is_done(end), "{category} {place}: {end:?}"),
            }
        }
        let open = || block_on(rest.open_orders_of(category)).unwrap();
        wait_until("the orders", PATIENCE, || open().len() == 11);
        orders.remove(3);
        let cancels: Vec<_> = orders
            .iter()
            .map(|order| Cancel { symbol, client_order_id: Some(order.client_order_id), order_id: None })
            .map(Mutation::Cancel)
            .collect();
        let ends = block_on(rest.perform_all(category, &cancels));
        assert!(ends.iter().all(is_done), "{category}: {ends:?}");
        wait_until("none", PATIENCE, || open().is_empty());
    }
    let requests = ground.account()["requests"].clone();
    let accepted = |name: &str| requests["accepted"][name].as_u64().unwrap_or(0);
    assert!(accepted("order/create-batch") >= 4 && accepted("order/create") == 0, "{requests}");
    assert_eq!(requests["refused"].get("10006"), None, "the limits were kept to: {requests}");
}
