//! Another configuration while the engine runs.

use super::*;

#[test]
fn another_configuration_changes_limits_and_figures_and_leaves_orders_where_they_are() {
    let (mut world, _) = World::reconciled("10");
    world.show_held("0", "10");
    world.quote();
    let resting: Vec<_> =
        world.engine.orders().live_orders().map(windvane_order_management::Order::id).collect();
    assert!(!resting.is_empty());
    let maker = windvane_strategy::load("maker.toml", MAKER, &BTreeMap::new()).unwrap();
    let bots = |budget: &str| {
        vec![BotSetup {
            name: bot(),
            symbol: symbol(),
            position_index: PositionIndex::default(),
            strategy: maker.bot(),
            next: None,
            budget: Money::new(number(budget)),
            leverage: Leverage::new(number("10")).unwrap(),
            removal: None,
            when_short: WhenShort::Refuse,
            priority: 0,
            foreign: Foreign::Leave,
        }]
    };
    world.engine.reconfigure(crate::Reconfiguration {
        bots: bots("700"),
        redefined: BTreeMap::new(),
        limits: RiskLimits { max_open_orders: 1, ..limits() },
        ownership: Ownership::new([(symbol(), PositionIndex::default(), bot())]).unwrap(),
        config: [1; 32],
        unprotected_ms_max: 5_000,
    });
    assert!(submits(&world.wait(10)).is_empty());
    let still: Vec<_> =
        world.engine.orders().live_orders().map(windvane_order_management::Order::id).collect();
    assert_eq!(resting, still, "not one is touched");
    assert_eq!(world.engine.bots().next().unwrap().equity, Money::new(number("700")));
}

#[test]
fn a_bot_that_is_gone_is_not_woken_and_its_orders_are_nobodys() {
    let (mut world, _) = World::reconciled("10");
    world.show_held("0", "10");
    world.engine.reconfigure(crate::Reconfiguration {
        bots: Vec::new(),
        redefined: BTreeMap::new(),
        limits: limits(),
        ownership: Ownership::default(),
        config: [1; 32],
        unprotected_ms_max: 5_000,
    });
    assert!(world.quote().is_empty() && world.engine.bots().next().is_none());
}

#[test]
fn other_rules_wait_for_the_end_of_a_position_and_the_opening_is_remembered() {
    let (mut world, outputs) = World::reconciled("10");
    let memories = |outputs: &[Output]| -> Vec<Vec<u8>> {
        let memory = |output: &Output| match output {
            Output::Memory(memory) if memory.bot == crate::engine_memory_name() => Some(memory.bytes.clone()),
            _ => None,
        };
        outputs.iter().filter_map(memory).collect()
    };
    let remembered = memories(&outputs).pop().unwrap();
    assert_eq!(
        crate::opened_under(&remembered),
        [(bot(), [0; 32])],
        "opened under the configuration of then"
    );
    world.quote();
    let narrow = MAKER.replace("half_spread = \"1%\"", "half_spread = \"2%\"");
    let narrow = windvane_strategy::load("maker.toml", &narrow, &BTreeMap::new()).unwrap();
    let reconfigure = |world: &mut World, urgency| {
        world.engine.reconfigure(crate::Reconfiguration {
            bots: vec![BotSetup {
                name: bot(),
                symbol: symbol(),
                position_index: PositionIndex::default(),
                strategy: narrow.bot(),
                next: None,
                budget: Money::new(number("1000")),
                leverage: Leverage::new(number("10")).unwrap(),
                removal: None,
                when_short: WhenShort::Refuse,
                priority: 0,
                foreign: Foreign::Leave,
            }],
            redefined: BTreeMap::from([(bot(), (narrow.clone(), urgency))]),
            limits: limits(),
            ownership: Ownership::new([(symbol(), PositionIndex::default(), bot())]).unwrap(),
            config: [1; 32],
            unprotected_ms_max: 5_000,
        });
        world.quote()
    };
    reconfigure(&mut world, windvane_strategy::Urgency::WhenFlat);
    assert_eq!(world.engine.waiting_for_flat().collect::<Vec<_>>(), [bot()]);
    let outputs = reconfigure(&mut world, windvane_strategy::Urgency::AtOnce);
    assert_eq!(world.engine.waiting_for_flat().count(), 0);
    let remembered = memories(&outputs).pop().unwrap();
    assert_eq!(crate::opened_under(&remembered), [(bot(), [1; 32])], "it lives by the new ones from here on");
}
