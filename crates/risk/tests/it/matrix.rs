//! The matrix of run states: every state against every kind of order, allowed or denied with which reason.

use crate::scene::{Scene, at, exit, market, place, price, qty};
use windvane_model::{DenialReason, HaltCause, Intent, Place, RunState, Side, TimeInForce, Triggers};

/// What a bot may wish, and what it comes to.
const KINDS: [(&str, Kind); 14] = [
    ("market order that opens", Kind::Opens),
    ("limit order that opens", Kind::Opens),
    ("post-only order that opens", Kind::Opens),
    ("order that would turn the position", Kind::Opens),
    ("amend to more", Kind::Opens),
    ("amend to a dearer price", Kind::Opens),
    ("amend to less", Kind::Lowers),
    ("cancel", Kind::Lowers),
    ("market exit", Kind::Lowers),
    ("limit exit", Kind::Lowers),
    ("amend of an exit to more", Kind::Lowers),
    ("amend of an exit to less", Kind::Lowers),
    ("another stop-loss", Kind::Lowers),
    ("another take-profit", Kind::Lowers),
];

/// Whether it may raise what is at stake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Opens,
    Lowers,
}

/// Puts one wish of [`KINDS`] to an account that is long by 2, with an entry for 1 and an exit for 1 at work.
fn verdict(scene: &mut Scene, what: &str) -> Result<(), DenialReason> {
    scene.hold(Side::Buy, "2");
    scene.rest_exit(2, Side::Sell, "1", "105");
    let exit_order = scene.existing;
    scene.rest(1, Side::Buy, "1", "99");
    let entry = scene.existing.unwrap();
    let limit_exit = Place { kind: at("104"), ..exit("1") };
    let amend = |order: windvane_risk::OpenOrder, limit: Option<&str>, size: Option<&str>| {
        (
            Some(order),
            Intent::Amend {
                client_order_id: order.client_order_id,
                price: limit.map(price),
                qty: size.map(qty),
            },
        )
    };
    let protect = |stop: Option<&str>, profit: Option<&str>| Intent::Protect {
        symbol: crate::scene::symbol(),
        stop_loss: stop.map(price),
        take_profit: profit.map(price),
        triggers: Triggers::default(),
    };
    let post_only =
        windvane_model::OrderKind::Limit { price: price("99"), time_in_force: TimeInForce::PostOnly };
    let (existing, intent) = match what {
        "market order that opens" => (None, Intent::Place(Place { kind: market(), ..place() })),
        "limit order that opens" => (None, Intent::Place(place())),
        "post-only order that opens" => (None, Intent::Place(Place { kind: post_only, ..place() })),
        "order that would turn the position" => {
            let short = Place { side: Side::Sell, kind: at("101"), stop_loss: Some(price("110")), ..place() };
            (None, Intent::Place(short))
        }
        "amend to more" => amend(entry, None, Some("1.5")),
        "amend to a dearer price" => amend(entry, Some("99.5"), None),
        "amend to less" => amend(entry, None, Some("0.5")),
        "cancel" => (Some(entry), Intent::Cancel { client_order_id: entry.client_order_id }),
        "market exit" => (None, Intent::Place(exit("1"))),
        "limit exit" => (None, Intent::Place(limit_exit)),
        "amend of an exit to more" => amend(exit_order.unwrap(), None, Some("1.5")),
        "amend of an exit to less" => amend(exit_order.unwrap(), None, Some("0.5")),
        "another stop-loss" => (None, protect(Some("90"), None)),
        "another take-profit" => (None, protect(None, Some("120"))),
        other => panic!("{other} is no kind"),
    };
    scene.existing = existing;
    scene.check(intent).map(drop)
}

#[test]
fn every_state_lets_pass_what_it_should_and_denies_the_rest_by_its_name() {
    let latched = HaltCause::ALL.map(RunState::Halted);
    let states = [RunState::Active, RunState::Reducing, RunState::Fenced].into_iter().chain(latched);
    for state in states {
        for (what, kind) in KINDS {
            let mut scene = Scene::new();
            scene.risk.set_run_state(state);
            let is_allowed = match state {
                RunState::Active => true,
                RunState::Reducing | RunState::Halted(_) => kind == Kind::Lowers,
                RunState::Fenced => false,
            };
            let expected = if is_allowed { Ok(()) } else { Err(DenialReason::RunState { state }) };
            assert_eq!(verdict(&mut scene, what), expected, "{state}: {what}");
        }
    }
}

#[test]
fn a_symbol_in_doubt_and_a_drawdown_hold_back_what_opens_and_nothing_else() {
    for (what, kind) in KINDS {
        let mut scene = Scene::new();
        scene.symbol_in_doubt = true;
        let expected = if kind == Kind::Opens { Err(DenialReason::SymbolInDoubt) } else { Ok(()) };
        assert_eq!(verdict(&mut scene, what), expected, "in doubt: {what}");

        let mut scene = Scene::new();
        scene.worth("100");
        scene.worth("69");
        scene.stamp.market = scene.stamp.market.after(10_000);
        scene.worth("69");
        let reducing = DenialReason::RunState { state: RunState::Reducing };
        let expected = if kind == Kind::Opens { Err(reducing) } else { Ok(()) };
        assert_eq!(verdict(&mut scene, what), expected, "yellow: {what}");
    }
}
