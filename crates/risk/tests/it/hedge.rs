//! Hedge mode: two bots on the two sides of one contract, each with its own position, the account with both.

use crate::calibration::holding;
use crate::scene::{Scene, at as order_at, bot, dec, limits, place, price, qty, symbol};
use windvane_model::{
    BotName, DenialReason, Intent, Money, OrderKind, Place, PositionIndex, Price, Scope, Side, Triggers,
};
use windvane_risk::{Ask, Context, OrderExposure, Ownership, PositionExposure, Share};

fn other() -> BotName {
    BotName::new("mirror").unwrap()
}

/// The scene's bot has the long side, another the short one.
fn scene() -> Scene {
    let mut scene = Scene::new();
    let claims = [(symbol(), PositionIndex::LONG, bot()), (symbol(), PositionIndex::SHORT, other())];
    scene.risk.reconfigure(limits(&[]), Ownership::new(claims).unwrap());
    for index in [PositionIndex::LONG, PositionIndex::SHORT] {
        hold(&mut scene, index, "0");
    }
    scene
}

fn hold(scene: &mut Scene, index: PositionIndex, size: &str) {
    let known = scene.exposure.contract(symbol(), PositionIndex::ONE_WAY).unwrap().position;
    let size = qty(size);
    let side = index.only_side().filter(|_| !size.is_zero());
    let average_price = side.map(|_| price("100"));
    scene.exposure.set_position(PositionExposure { index, side, qty: size, average_price, ..known });
}

fn ask(scene: &mut Scene, bot: BotName, intent: Intent) -> Result<PositionIndex, DenialReason> {
    let context = Context {
        exposure: &scene.exposure,
        quotes: &scene.quotes,
        stamp: scene.stamp,
        symbol_in_doubt: false,
    };
    let verdict = scene.risk.check(&Ask { bot, intent: &intent, existing: None }, &context);
    verdict.map(|approved| approved.position_index()).map_err(|denial| denial.reason)
}

fn short(kind: OrderKind) -> Place {
    Place { side: Side::Sell, kind, stop_loss: Some(price("120")), ..place() }
}

#[test]
fn each_bot_opens_its_own_side_and_only_that() {
    let mut scene = scene();
    assert_eq!(ask(&mut scene, bot(), Intent::Place(place())), Ok(PositionIndex::LONG));
    let sell = Intent::Place(short(order_at("101")));
    assert_eq!(ask(&mut scene, bot(), sell), Err(DenialReason::OtherSide), "it would open the short");
    assert_eq!(ask(&mut scene, other(), sell), Ok(PositionIndex::SHORT));
    let exit = |side| Intent::Place(Place { side, reduce_only: true, stop_loss: None, ..place() });
    hold(&mut scene, PositionIndex::SHORT, "1");
    let nothing = Err(DenialReason::NothingToReduce);
    assert_eq!(ask(&mut scene, bot(), exit(Side::Sell)), nothing, "the short is none of its own");
    assert_eq!(ask(&mut scene, bot(), exit(Side::Buy)), nothing);
    assert_eq!(ask(&mut scene, other(), exit(Side::Buy)), Ok(PositionIndex::SHORT));
}

#[test]
fn protection_and_closes_name_the_position_that_they_are_for() {
    let mut scene = scene();
    hold(&mut scene, PositionIndex::LONG, "2");
    hold(&mut scene, PositionIndex::SHORT, "1");
    let protect = |stop| Intent::Protect {
        symbol: symbol(),
        stop_loss: Some(price(stop)),
        take_profit: None,
        triggers: Triggers::default(),
    };
    assert_eq!(ask(&mut scene, bot(), protect("90")), Ok(PositionIndex::LONG));
    assert_eq!(ask(&mut scene, other(), protect("110")), Ok(PositionIndex::SHORT));
    let wrong = ask(&mut scene, other(), protect("90"));
    assert!(matches!(wrong, Err(DenialReason::StopOnWrongSide { .. })), "{wrong:?}");
    let closes = scene.risk.protective(Scope::All, Share::All, &scene.exposure);
    let row = |place: &Place, index| (place.side, place.qty, place.reduce_only, index);
    let rows: Vec<_> = closes
        .iter()
        .map(|close| match close.intent() {
            Intent::Place(place) => row(place, close.position_index()),
            other => panic!("{other:?}"),
        })
        .collect();
    let wanted = [
        (Side::Sell, qty("2"), true, PositionIndex::LONG),
        (Side::Buy, qty("1"), true, PositionIndex::SHORT),
    ];
    assert_eq!(rows, wanted);
}

#[test]
fn the_account_counts_both_sides_and_neither_trades_with_the_other() {
    let mut scene = scene();
    hold(&mut scene, PositionIndex::LONG, "2");
    let one = scene.exposure.account();
    hold(&mut scene, PositionIndex::SHORT, "2");
    let both = scene.exposure.account();
    assert_eq!(scene.exposure.gross_worst_value(), dec("400"), "a hedge is no smaller exposure");
    assert!(both.position_margin > one.position_margin && both.maintenance_margin > one.maintenance_margin);
    let rests = |scene: &mut Scene, sequence, index, side, limit: &str| {
        let row = scene.rest(sequence, side, "1", limit);
        scene.exposure.set_order(OrderExposure { index, ..row });
    };
    rests(&mut scene, 1, PositionIndex::SHORT, Side::Sell, "100");
    let meets = ask(&mut scene, bot(), Intent::Place(Place { kind: order_at("100"), ..place() }));
    assert_eq!(
        meets,
        Err(DenialReason::SelfTrade { own: price("100") }),
        "the other bot's order is ours, too"
    );
}

/// The venue does not say whether the smaller side holds anything.
#[test]
fn orders_on_both_sides_may_hold_the_margin_of_the_larger_or_of_both() {
    let mut scene = scene();
    for (sequence, index, side, size) in
        [(1, PositionIndex::LONG, Side::Buy, "1"), (2, PositionIndex::SHORT, Side::Sell, "2")]
    {
        let row = scene.rest(sequence, side, size, "100");
        scene.exposure.set_order(OrderExposure { index, ..row });
    }
    let of = |scene: &Scene, index| scene.exposure.contract(symbol(), index).unwrap().figures().order_margin;
    let (buys, sells) = (of(&scene, PositionIndex::LONG), of(&scene, PositionIndex::SHORT));
    assert!(buys > dec("10") && sells > buys);
    for theirs in [sells, buys + sells] {
        for _ in 0..3 {
            assert_eq!(scene.risk.compare_wallet(&holding(Money::new(theirs)), &[], &scene.exposure), None);
        }
        let error = scene.risk.margin_error().unwrap().abs();
        assert!(error < dec("0.000001"), "{theirs}: {error}");
    }
    let too_little = Money::new(buys);
    let wrong: Vec<_> =
        (0..3).map(|_| scene.risk.compare_wallet(&holding(too_little), &[], &scene.exposure)).collect();
    assert_eq!(wrong[..2], [None, None]);
    assert_eq!(wrong[2].unwrap().theirs, too_little);
}

#[test]
fn a_hedged_position_is_liquidated_by_what_is_left_over() {
    let mut scene = scene();
    hold(&mut scene, PositionIndex::LONG, "20");
    let at = |scene: &Scene, index| scene.exposure.liquidation_price(symbol(), index).map(Price::get);
    let alone = at(&scene, PositionIndex::LONG).unwrap();
    hold(&mut scene, PositionIndex::SHORT, "10");
    let beside = at(&scene, PositionIndex::LONG).unwrap();
    assert!(beside < alone, "{beside} and not {alone}: the short gains what half of the long loses");
    hold(&mut scene, PositionIndex::SHORT, "20");
    assert_eq!(at(&scene, PositionIndex::LONG), None, "no price moves it");
}

#[test]
fn the_limit_of_a_contract_counts_both_of_its_positions() {
    let text =
        format!("{}[symbol.BTCUSDT]\nmax_position_notional = \"300 USDT\"\n", crate::scene::limits_text(&[]));
    let asked = |held: &str| {
        let mut scene = scene();
        let claims = [(symbol(), PositionIndex::LONG, bot()), (symbol(), PositionIndex::SHORT, other())];
        scene.risk.reconfigure(toml::from_str(&text).unwrap(), Ownership::new(claims).unwrap());
        hold(&mut scene, PositionIndex::SHORT, held);
        ask(&mut scene, bot(), Intent::Place(place()))
    };
    assert_eq!(asked("2"), Ok(PositionIndex::LONG));
    let denied = asked("2.001");
    assert!(
        matches!(denied, Err(DenialReason::ScopeLimit { key: "max_position_notional", .. })),
        "{denied:?}"
    );
}
