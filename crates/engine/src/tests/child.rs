//! Which part of a sum an order is.

use super::*;

const TWAP: &str = r#"
builtin = "twap"
[twap]
side = "long"
total = "400 USDT"
over = "40m"
slices = 4
[protect]
stop = "10%"
"#;

/// Everything that the events of a connected account with a fresh quote make the engine want.
fn wanted(strategy: &str) -> (Engine, Vec<Output>) {
    let mut setup = setup(None, Foreign::Leave);
    setup.bots[0].strategy = windvane_strategy::load("bot.toml", strategy, &BTreeMap::new()).unwrap().bot();
    let mut world = World { engine: Engine::new(setup), stamp: Stamp::default() };
    world.connect(&[symbol()]);
    world.show(&[position("0", "10")], "1000");
    let outputs = world.quote();
    (world.engine, outputs)
}

#[test]
fn a_slice_of_a_twap_is_told_with_its_worth_and_the_whole() {
    let (engine, outputs) = wanted(TWAP);
    let slice = submits(&outputs)[0];
    let child = engine.child(Some(bot()), &Command::Submit(slice)).unwrap();
    // 0.999 at 100.05, the middle of 100 and 100.1.
    assert_eq!((child.bot, child.value.get()), (bot(), number("99.94995")));
    assert_eq!((child.parent.total.get(), child.parent.done.get()), (number("400"), number("0")));
    let close = Submit { reduce_only: true, send_before: None, ..slice };
    assert_eq!(engine.child(Some(bot()), &Command::Submit(close)), None, "what reduces belongs to no sum");
}

#[test]
fn quotes_of_a_maker_are_parts_of_nothing() {
    let (engine, outputs) = wanted(MAKER);
    let quotes = submits(&outputs);
    assert_eq!(quotes.len(), 2);
    assert!(quotes.iter().all(|quote| engine.child(Some(bot()), &Command::Submit(*quote)).is_none()));
}
