//! When the engine asks the venue for leverage.

use super::*;

fn asks_for_leverage(outputs: &[Output]) -> bool {
    outputs.iter().any(|out| matches!(out, Output::Command { command: Command::SetLeverage(_), .. }))
}

/// A long and a short bot on one contract.
fn hedged() -> World {
    let mut setup = setup(None, Foreign::Leave);
    let short_bot = BotName::new("short").unwrap();
    let sides = [(bot(), PositionIndex::LONG), (short_bot, PositionIndex::SHORT)];
    let claims = sides.map(|(name, side)| (name, vec![(symbol(), side)]));
    let identity = Identity { install: InstallTag::new("w01").unwrap(), epoch: Epoch(10) };
    setup.orders = Orders::new(identity, &claims);
    setup.ownership = Ownership::new(sides.map(|(name, side)| (symbol(), side, name))).unwrap();
    setup.bots[0].position_index = PositionIndex::LONG;
    let alike = super::setup(None, Foreign::Leave).bots.remove(0);
    setup.bots.push(BotSetup { name: short_bot, position_index: PositionIndex::SHORT, ..alike });
    let mut world = World { engine: Engine::new(setup), stamp: Stamp::default() };
    world.connect(&[symbol()]);
    world
}

fn side(index: PositionIndex, leverage: &str) -> PositionReport {
    PositionReport { position_index: index, ..position("0", leverage) }
}

#[test]
fn one_side_that_stands_right_does_not_make_the_other_be_asked_for_over_and_over() {
    let mut world = hedged();
    let picture = [side(PositionIndex::LONG, "10"), side(PositionIndex::SHORT, "3")];
    assert!(asks_for_leverage(&world.show(&picture, "1000")));
    for _ in 0..3 {
        let already = world.take(Event::Account(AccountEvent::Refused(Refused {
            request: Request::SetLeverage,
            symbol: Some(symbol()),
            client_order_id: None,
            code: 110_043,
            family: RefusalFamily::AlreadySo,
            message: Text::lossy("leverage not modified"),
        })));
        assert!(
            !asks_for_leverage(&already),
            "it has been asked for, and its answer is no reason to ask again"
        );
    }
    let told = world.take(Event::Account(AccountEvent::Position(side(PositionIndex::SHORT, "10"))));
    assert!(!asks_for_leverage(&told));
    assert_eq!(world.engine.waiting(), None, "both sides stand as configured");
}

#[test]
fn a_leverage_that_is_not_seen_is_read_again_and_asked_for_again() {
    let mut world = World::connected();
    let outputs = world.show_held("0", "5");
    assert!(asks_for_leverage(&outputs));
    assert_eq!(world.engine.run_state(), RunState::Reducing);
    assert!(!asks_for_leverage(&world.wait(1_000)), "once is enough for now");
    let due = world.engine.next_deadline().unwrap().millis_since(world.stamp.wall);
    let outputs = world.wait(due);
    let is_read =
        |out: &Output| matches!(out, Output::Command { command: Command::Query(Query::Account { .. }), .. });
    assert!(outputs.iter().any(is_read), "{outputs:?}");
    assert!(asks_for_leverage(&world.show_held("0", "5")), "still another one");
    world.wait(10_000);
    world.show_held("0", "10");
    assert_eq!(world.engine.run_state(), RunState::Active);
}
