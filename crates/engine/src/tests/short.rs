//! An order that does not fit into the account's margin, under each policy.

use super::*;
use windvane_model::{Intent, OrderKind, Place, Tag, Triggers};

/// Never wants anything by itself.
const IDLE: &str = r#"
language = 1
timeframe = "15m"
[entry.long]
signal = "close > high"
[entry.any]
order = { type = "market", valid_for = "20s" }
size = { quote = "200 USDT", max_leverage = "2x" }
[exit]
stop = { distance = "2 * atr(14)" }
"#;

fn other() -> Symbol {
    Symbol::new("ETHUSDT").unwrap()
}

fn second() -> BotName {
    BotName::new("second").unwrap()
}

/// A maker that quotes 100 USDT a side in one contract, and a more important bot in another. Of the wallet's 60 USDT the
/// maker's quotes hold 10.2.
fn world(when_short: WhenShort) -> (World, Vec<Submit>) {
    let mut setup = setup(None, Foreign::Leave);
    let idle = windvane_strategy::load("idle.toml", IDLE, &BTreeMap::new()).unwrap();
    setup.bots.push(BotSetup {
        name: second(),
        symbol: other(),
        position_index: PositionIndex::default(),
        strategy: idle.bot(),
        next: None,
        budget: Money::new(number("1000")),
        leverage: Leverage::new(number("10")).unwrap(),
        removal: None,
        when_short,
        priority: 1,
        foreign: Foreign::Leave,
    });
    let claims = [(symbol(), PositionIndex::default(), bot()), (other(), PositionIndex::default(), second())];
    let owned = claims.map(|(symbol, index, bot)| (bot, vec![(symbol, index)]));
    setup.orders =
        Orders::new(Identity { install: InstallTag::new("w01").unwrap(), epoch: Epoch(10) }, &owned);
    setup.ownership = Ownership::new(claims).unwrap();
    let mut world = World { engine: Engine::new(setup), stamp: Stamp::default() };
    world.connect(&[symbol(), other()]);
    world.show(&[flat(symbol()), flat(other())], "60");
    world.quote_in(other());
    let quotes: Vec<Submit> =
        submits(&world.quote()).into_iter().filter(|order| order.symbol == symbol()).collect();
    assert_eq!(quotes.len(), 2, "the maker quotes both sides");
    for order in &quotes {
        world.take(Event::Account(AccountEvent::Order(told(order, OrderStatus::New))));
    }
    (world, quotes)
}

fn flat(symbol: Symbol) -> PositionReport {
    PositionReport { symbol, ..position("0", "10") }
}

fn told(order: &Submit, status: OrderStatus) -> OrderReport {
    let order_id = OrderId::new(&format!("v-{}", order.client_order_id)).unwrap();
    let cancel_type = Text::lossy(if status == OrderStatus::Cancelled { "CancelByUser" } else { "" });
    OrderReport {
        order_id,
        status,
        cumulative_qty: Qty::ZERO,
        average_price: None,
        cancel_type,
        ..filled(order)
    }
}

/// The second bot wants five at 100, which takes 50.5 USDT.
fn want(world: &mut World) -> Vec<Output> {
    let place = Place {
        tag: Tag(7),
        symbol: other(),
        role: Role::Entry,
        side: Side::Buy,
        qty: qty("5"),
        kind: OrderKind::Limit { price: price("100"), time_in_force: TimeInForce::Gtc },
        reduce_only: false,
        stop_loss: Some(price("95")),
        take_profit: None,
        triggers: Triggers::default(),
        send_before: None,
    };
    let mut outputs = Vec::new();
    world.engine.take(1, &Intent::Place(place), windvane_model::SignalName::EMPTY, world.stamp, &mut outputs);
    outputs
}

fn is_denied_for_margin(outputs: &[Output]) -> bool {
    outputs.iter().any(|out| match out {
        Output::Denied { bot, denial, .. } => {
            *bot == second() && matches!(denial.reason, DenialReason::Margin { .. })
        }
        _ => false,
    })
}

fn of_second(outputs: &[Output]) -> Vec<Qty> {
    submits(outputs).iter().filter(|order| order.symbol == other()).map(|order| order.qty).collect()
}

#[test]
fn refused_is_what_does_not_fit_unless_the_bot_says_otherwise() {
    let (mut world, _) = world(WhenShort::Refuse);
    let outputs = want(&mut world);
    assert!(is_denied_for_margin(&outputs) && submits(&outputs).is_empty(), "{outputs:?}");
}

#[test]
fn shrunk_is_the_order_to_what_fits_and_a_lot_more_would_not() {
    let (mut world, _) = world(WhenShort::Shrink);
    let [placed] = of_second(&want(&mut world))[..] else { panic!("one order") };
    assert!(placed < qty("5") && placed > qty("4.9"), "{placed}");
    assert!(world.engine.margin().available() < number("0.102"), "a lot takes 0.10105");
    assert!(is_denied_for_margin(&want(&mut world)), "nothing that the venue would take is left");
}

#[test]
fn a_wish_waits_for_margin_and_is_placed_when_it_comes_free_or_denied_when_it_does_not() {
    let (mut waiting, quotes) = world(WhenShort::Wait);
    assert_eq!(want(&mut waiting), [], "neither placed nor denied");
    assert_eq!(cancels(&waiting.wait(2_000)), 0, "nobody makes room");
    for order in &quotes {
        let id = order.client_order_id;
        waiting.engine.cancel(0, id, "test", waiting.stamp, &mut Vec::new());
    }
    let mut outputs = Vec::new();
    for order in &quotes {
        outputs
            .extend(waiting.take(Event::Account(AccountEvent::Order(told(order, OrderStatus::Cancelled)))));
    }
    assert_eq!(of_second(&outputs), [qty("5")]);

    let (mut waiting, _) = world(WhenShort::Wait);
    want(&mut waiting);
    let due = waiting.engine.next_deadline().unwrap().millis_since(waiting.stamp.wall);
    assert!(due <= 10_000);
    assert!(is_denied_for_margin(&waiting.wait(10_000)));
}

#[test]
fn a_less_important_bot_makes_room_and_does_not_take_it_back_meanwhile() {
    let (mut world, quotes) = world(WhenShort::MakeRoom);
    let outputs = want(&mut world);
    assert!(cancels(&outputs) >= 1 && submits(&outputs).is_empty(), "{outputs:?}");
    let (first, last) = (quotes[0], quotes[1]);
    world.engine.cancel(0, last.client_order_id, "test", world.stamp, &mut Vec::new());
    let half = world.take(Event::Account(AccountEvent::Order(told(&first, OrderStatus::Cancelled))));
    let gives_way = |out: &Output| match out {
        Output::Denied { bot: who, denial, .. } => {
            *who == bot() && denial.reason == DenialReason::GivesWay { to: second() }
        }
        _ => false,
    };
    let mut quoted = world.wait(3_000);
    quoted.extend(world.quote_in(other()));
    quoted.extend(world.wait(3_000));
    quoted.extend(world.quote());
    quoted.extend(world.wait(1_000));
    assert!(half.iter().chain(&quoted).any(gives_way), "the maker would quote again: {half:?}{quoted:?}");
    let all = world.take(Event::Account(AccountEvent::Order(told(&last, OrderStatus::Cancelled))));
    assert_eq!(of_second(&all), [qty("5")]);
}
