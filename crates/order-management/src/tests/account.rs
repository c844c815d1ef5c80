//! Children, strangers, funding, and the comparison of positions and wallet.

use super::world::{World, notices};
use crate::testing::{
    bot, execution, money, number, order_id, own_id_of, position_report, price, qty, report, submit, symbol,
    wallet_report,
};
use crate::{DifferenceKind, Effect};
use windvane_model::{
    AccountEvent, AccountSnapshot, Coin, CoinBalance, Epoch, ExecutionKind, ExitCause, ForeignOrder,
    HaltCause, MarketTime, Notice, OrderReport, OrderStatus, PositionIndex, Query, Side, StopKind, Submit,
};
use windvane_risk::OrderKey;

/// One BTC bought at 100 for a fee of 0.055, position and wallet confirmed.
fn long() -> World {
    let mut world = World::begun();
    let order = submit(1, "1", "100");
    world.submit(&order);
    world.report(report(&order, OrderStatus::Filled).filled("1").at(5).build());
    world.execution(execution("a").of(&order).filled("1", "100").fee("0.055").at(5).build());
    world.fact(AccountEvent::Position(position_report("BTCUSDT", "1", "100").at(5).stop("90").build()));
    world.fact(AccountEvent::Wallet(wallet_report("999.945")));
    assert_eq!(world.deadline(), None, "everything agrees");
    world
}

fn sold(id: &str) -> crate::testing::ExecutionBuilder {
    execution(id).side(Side::Sell).filled("1", "90").fee("0.05").at(7)
}

#[test]
fn a_session_settlement_is_money_of_its_coin_and_nothing_of_ours() {
    let (usdt, usdc) = (Coin::new("USDT").unwrap(), Coin::new("USDC").unwrap());
    let mut world = World::fresh();
    let mut wallet = wallet_report("1000");
    wallet.coins.push(CoinBalance { coin: usdc, ..wallet.coins[0] });
    world.reconcile_with(AccountSnapshot { wallet, ..AccountSnapshot::default() });
    let perp = |id: &str, at| execution(id).side(Side::Buy).filled("1", "100").at(at);
    let bought = perp("p", 6).fee("0.05").in_coin("BTCPERP", "USDC", "0").build();
    let funded = perp("f", 7).funding("1", "104", "0.01").in_coin("BTCPERP", "USDC", "0").build();
    let settled =
        perp("s", 7).filled("1", "104").kind(ExecutionKind::Session).in_coin("BTCPERP", "USDC", "4").build();
    let sold = sold("q").filled("1", "105").at(8).in_coin("BTCPERP", "USDC", "1").build();
    for row in [bought, funded, settled] {
        assert_eq!(world.execution(row), [], "nothing that anybody has to look at");
    }
    let held = world.orders.position(settled.symbol, PositionIndex(0)).unwrap().holding();
    assert_eq!((held.qty(), held.average_price()), (qty("1"), Some(price("100"))));
    assert_eq!(world.orders.wallet().computed(usdc), Some(money("1003.94")));
    world.execution(sold);
    assert_eq!(world.orders.wallet().computed(usdc), Some(money("1004.89")), "4 + 1 less fees and funding");
    assert_eq!(world.orders.wallet().computed(usdt), Some(money("1000")), "nothing of it was in USDT");
    world.assert_rebuilds();
}

#[test]
fn what_closes_a_position_is_named() {
    let strategy = submit(2, "1", "90");
    for (fill, cause) in [
        (sold("s").child("v-stop", StopKind::StopLoss).build(), ExitCause::StopLoss),
        (sold("s").child("v-stop", StopKind::TakeProfit).build(), ExitCause::TakeProfit),
        (sold("s").child("v-stop", StopKind::Trailing).build(), ExitCause::Trailing),
        (sold("s").kind(ExecutionKind::Liquidation).build(), ExitCause::Liquidation),
        (sold("s").kind(ExecutionKind::Adl).build(), ExitCause::Liquidation),
        (sold("s").kind(ExecutionKind::Delivery).build(), ExitCause::Delivery),
        (sold("s").build(), ExitCause::Foreign),
        (sold("s").of(&strategy).side(Side::Sell).build(), ExitCause::Strategy),
    ] {
        let mut world = long();
        world.submit(&strategy);
        let effects = world.execution(fill);
        let net_pnl = money("-10.105");
        let expected = Notice::PositionClosed { symbol: strategy.symbol, cause, net_pnl };
        assert!(notices(&effects).contains(&&expected), "{cause:?}: {effects:?}");
        let is_told = notices(&effects).iter().any(|notice| matches!(notice, Notice::Filled { .. }));
        assert_eq!(is_told, cause != ExitCause::Foreign, "{cause:?}: a stranger's fill is not the bot's");
        let is_forced = effects.contains(&Effect::Forced { bot: Some(bot()), symbol: strategy.symbol });
        assert_eq!(is_forced, cause == ExitCause::Liquidation, "{cause:?}");
        world.assert_rebuilds();
    }
}

#[test]
fn a_stop_made_by_the_venue_is_a_child_and_enters_the_truth_with_its_fills() {
    let mut world = long();
    let of = submit(1, "1", "90");
    let mut waiting = report(&of, OrderStatus::Untriggered).child("v-stop", StopKind::StopLoss).at(6).build();
    waiting.side = Side::Sell;
    world.report(waiting);
    assert_eq!(world.orders.other_orders().next().unwrap().child_of(), Some(bot()));
    assert_eq!(world.orders.truth().orders.len(), 1);
    assert_eq!(world.orders.exposure().open_orders(), 0, "a stop is no reduction under way");

    world.execution(sold("s").child("v-stop", StopKind::StopLoss).build());
    let filled = OrderReport {
        status: OrderStatus::Filled,
        cumulative_qty: qty("1"),
        updated: MarketTime(7),
        ..waiting
    };
    world.report(filled);
    world.report(waiting);
    let truth = world.orders.truth();
    let stop = truth.orders.iter().find(|row| row.name == "v-stop").unwrap();
    assert_eq!((stop.status.as_str(), stop.filled_value), ("Filled", number("90")));
    let account = world.orders.bot(bot()).unwrap();
    assert_eq!((account.totals.fills, account.orders, account.totals.net()), (2, 1, money("-10.105")));
}

#[test]
fn funding_is_money_and_never_a_trade() {
    let mut world = long();
    let effects = world.execution(execution("f").funding("1", "101", "0.0101").at(8).build());
    assert_eq!(notices(&effects), Vec::<&Notice>::new());
    let account = world.orders.bot(bot()).unwrap();
    assert_eq!((account.totals.fills, account.totals.funding_payments), (1, 1));
    assert_eq!(world.orders.wallet().balance(), money("999.9349"));
    let position = world.orders.position(submit(1, "1", "1").symbol, PositionIndex(0)).unwrap();
    assert_eq!(position.holding().qty(), qty("1"));
}

#[test]
fn an_order_from_the_phone_is_counted_and_never_touched() {
    let mut world = World::begun();
    let phone = report(&submit(1, "2", "95"), OrderStatus::New).foreign("v-phone").build();
    let told = |leaves| {
        let order_id = order_id("v-phone");
        let (symbol, side, price) = (phone.symbol, Side::Buy, phone.price);
        Notice::ForeignOrder(ForeignOrder {
            order_id,
            symbol,
            side,
            price,
            leaves_qty: qty(leaves),
            reduce_only: false,
        })
    };
    assert_eq!(notices(&world.report(phone)), [&told("2")], "its owner hears of it at once");
    assert_eq!(world.report(phone), [], "and once");
    let row = world.orders.exposure().order(OrderKey::Venue(order_id("v-phone"))).unwrap();
    assert_eq!(row.leaves_qty, qty("2"), "it may fill, so it counts");
    let mut fill = execution("p").filled("2", "95").at(3).build();
    fill.order_id = order_id("v-phone");
    let effects = world.execution(fill);
    assert!(matches!(notices(&effects)[..], [Notice::PositionChanged { .. }]), "{effects:?}");
    let counters = world.orders.counters();
    assert_eq!((counters.foreign_orders, counters.foreign_executions), (1, 1));
    assert_eq!(world.orders.orders().count(), 0);
    let ended = OrderReport { status: OrderStatus::Cancelled, updated: MarketTime(9), ..phone };
    assert_eq!(notices(&world.report(ended)), [&told("0")]);
}

#[test]
fn a_successor_on_the_account_fences_us() {
    let mut world = World::begun();
    let mut order = submit(1, "1", "100");
    order.client_order_id = own_id_of(11, 1);
    let fenced = Effect::Fenced { epoch: Epoch(11) };
    assert!(world.report(report(&order, OrderStatus::New).build()).contains(&fenced));
    assert!(world.execution(execution("a").of(&order).build()).contains(&fenced));
}

#[test]
fn a_lasting_difference_in_size_brings_doubt_until_both_sides_agree() {
    let mut world = long();
    let ahead = position_report("BTCUSDT", "2", "101").at(9).stop("90").build();
    assert_eq!(world.fact(AccountEvent::Position(ahead)), [], "an execution may be on its way");
    assert_eq!(world.wait(1_999), []);
    let effects = world.wait(1);
    let symbol = ahead.symbol;
    assert!(effects.contains(&Effect::Doubt { symbol, on: true }), "{effects:?}");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Ask(Query::Account { .. }))), "{effects:?}");
    assert!(world.orders.is_reconciled(), "an audit does not hold up the other contracts");

    let missed = execution("m").filled("1", "102").fee("0.0561").at(9).build();
    let effects = world.fact(answer(AccountSnapshot {
        executions: vec![missed],
        positions: vec![ahead],
        wallet: wallet_report("999.8889"),
        ..AccountSnapshot::default()
    }));
    assert!(effects.contains(&Effect::Doubt { symbol, on: false }), "{effects:?}");
    assert_eq!(world.orders.counters().backfilled_executions, 1);
    assert_eq!(world.deadline(), None);
    world.assert_rebuilds();
}

#[test]
fn what_cannot_be_explained_ends_after_bounded_tries() {
    let mut world = long();
    let other = AccountSnapshot {
        positions: vec![position_report("BTCUSDT", "2", "101").at(9).build()],
        wallet: wallet_report("1500"),
        ..AccountSnapshot::default()
    };
    world.fact(AccountEvent::Position(other.positions[0]));
    let mut asked = 0;
    for _ in 0..20 {
        let effects = world.wait(10_000);
        if !effects.iter().any(|effect| matches!(effect, Effect::Ask(Query::Account { .. }))) {
            break;
        }
        asked += 1;
        world.fact(answer(other.clone()));
    }
    assert_eq!(asked, 9, "the tries outlast an index that is late");
    assert!(world.orders.is_in_doubt(submit(1, "1", "1").symbol), "nothing opens where nobody knows");
    assert_eq!(world.orders.wallet().balance(), money("1500"));
    assert_eq!(world.orders.truth().wallet[0].balance, money("999.945").get(), "the gap stays visible");
    world.assert_rebuilds();
}

#[test]
fn one_execution_id_with_two_figures_halts() {
    let mut world = long();
    assert_eq!(
        world.execution(execution("a").of(&submit(1, "1", "100")).filled("1", "100").fee("0.055").build()),
        []
    );
    assert_eq!(world.orders.counters().duplicate_executions, 1);
    let effects = world.execution(execution("a").of(&submit(1, "1", "100")).filled("2", "100").build());
    assert!(effects.contains(&Effect::Halt(HaltCause::Contradiction)), "{effects:?}");
    assert_eq!(world.orders.counters().differences.get(&DifferenceKind::MissedFill), None);
}

fn answer(snapshot: AccountSnapshot) -> AccountEvent {
    AccountEvent::Answer(windvane_model::QueryAnswer::Account(Box::new(snapshot)))
}

#[test]
fn while_the_venue_tells_another_size_the_larger_of_both_counts() {
    let mut world = long();
    let held_at_most = |world: &World| {
        let contract = world.orders.exposure().contract(symbol("BTCUSDT"), PositionIndex(0)).unwrap();
        [Side::Buy, Side::Sell].map(|side| contract.held_qty(side).max(contract.told_qty(side)))
    };
    assert_eq!(held_at_most(&world), [number("1"), number("0")]);
    // The venue's stop has sold the position, and then a sale of ours fills; the stop's execution is heard late.
    let sale = Submit { side: Side::Sell, ..submit(2, "1", "110") };
    world.submit(&sale);
    world.execution(execution("b").of(&sale).side(Side::Sell).filled("1", "110").at(8).build());
    assert_eq!(held_at_most(&world), [number("0"), number("0")], "it seems to have closed");
    let mut short = position_report("BTCUSDT", "1", "110").at(8).build();
    short.side = Some(Side::Sell);
    world.fact(AccountEvent::Position(short));
    assert_eq!(held_at_most(&world), [number("0"), number("1")]);
    world.assert_rebuilds();
    let mut valued = world.orders.clone();
    valued.mark(symbol("BTCUSDT"), price("110"));
    assert_eq!(valued.exposure().gross_worst_value(), number("110"), "and risk goes by it");

    world.execution(sold("s").child("v-stop", StopKind::StopLoss).at(7).build());
    assert_eq!(held_at_most(&world), [number("0"), number("1")], "now it is what the executions come to");
    let position = world.orders.position(symbol("BTCUSDT"), PositionIndex(0)).unwrap();
    assert_eq!((position.holding().side(), position.told_size()), (Some(Side::Sell), None));
    world.assert_rebuilds();

    // A word from before the last fill says nothing.
    world.fact(AccountEvent::Position(position_report("BTCUSDT", "5", "100").at(6).build()));
    assert_eq!(held_at_most(&world), [number("0"), number("1")]);
}
