//! Sequences of wishes, amends, fills, cancels and pauses of two bots in any order, by the million: no limit of the account, a
//! contract, a bot or a group is passed at any point of any of them, nor any rate; what is counted of the bots adds up to the
//! account, and no rounding makes anything larger.
//!
//! `WINDVANE_LIMIT_SEQUENCES` sets how many; `cargo xtask campaign limits` is the long run.

use crate::scene::{bot, dec, other_symbol, qty, symbol};
use crate::world::{
    BOT_BOOK_COLLAR, BOT_GROSS_LIMIT, BOT_ORDER_COUNT_LIMIT, BOT_ORDER_QTY_LIMIT, BOT_SECOND, GROSS_LIMIT,
    GROUP_GROSS_LIMIT, GROUP_MINUTE, GROUP_ORDER_COUNT_LIMIT, GROUP_ORDER_MINIMUM, GROUP_POSITION_LIMIT,
    MINUTE, ORDER_COUNT_LIMIT, POSITION_LIMIT, SECOND, SYMBOL_ORDER_COUNT_LIMIT, SYMBOL_ORDER_QTY_LIMIT,
    SYMBOL_POSITION_LIMIT, SYMBOL_PRICE_COLLAR, SYMBOL_TEN, Step, World, owner, second,
};
use fastrand::Rng;
use rust_decimal::Decimal;
use windvane_model::{Intent, PositionIndex, Price, Qty, Scope, Side, Symbol};
use windvane_risk::margin::ContractFigures;
use windvane_risk::{ContractExposure, OrderExposure, Share};

/// Sequences of the run that is part of the tests.
const SHORT_RUN: u64 = 2_000;
/// Longest sequence.
const STEPS_MOST: usize = 24;

#[test]
fn no_limit_is_passed_by_any_sequence_of_commands() {
    let asked = std::env::var("WINDVANE_LIMIT_SEQUENCES").ok();
    let sequences = asked.map_or(SHORT_RUN, |text| text.parse().expect("a number of sequences"));
    let workers = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let start = World::new();
    let (mut steps, mut approved) = (0, 0);
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..workers)
            .map(|worker| {
                let start = &start;
                scope.spawn(move || {
                    let seeds = (worker..sequences).step_by(usize::try_from(workers).unwrap());
                    seeds.map(|seed| play(start, seed)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
                })
            })
            .collect();
        for run in runs {
            let (more, yes) = run.join().unwrap();
            (steps, approved) = (steps + more, approved + yes);
        }
    });
    println!(
        "limits figures: {sequences} sequences, {steps} steps, {approved} orders at work: no limit passed, every sum equal"
    );
    assert!(approved > sequences, "hardly anything is let through: {approved} of {steps}");
}

/// Plays one sequence. Gives its steps and how many orders it put to work.
fn play(start: &World, seed: u64) -> (u64, u64) {
    let (mut rng, mut world) = (Rng::with_seed(seed), start.clone());
    let steps = rng.usize(1..=STEPS_MOST);
    for _ in 0..steps {
        let step = step(&mut rng);
        let sent = world.sent.len();
        world.take(&step);
        judge(&world, seed, &step);
        judge_rates(&world, sent, seed, &step);
        judge_order(&world, seed);
    }
    close(&world, seed);
    (steps as u64, world.sequence())
}

fn step(rng: &mut Rng) -> Step {
    let (symbol, side) =
        (if rng.bool() { symbol() } else { other_symbol() }, if rng.bool() { Side::Buy } else { Side::Sell });
    let (pick, lots, ticks) = (rng.usize(..), rng.u32(1..40), rng.u32(950..1050));
    match rng.u8(0..12) {
        10 => Step::Wait(if rng.bool() { rng.i64(1..1_500) } else { rng.i64(1_500..40_000) }),
        11 => Step::Trespass { symbol, side, lots },
        0..=3 => {
            Step::Place { symbol, side, lots, ticks, is_market: rng.bool(), reduce_only: rng.u8(0..5) == 0 }
        }
        4..=5 => Step::Amend { pick, lots, ticks, is_taken: rng.bool() },
        6..=8 => Step::Fill { pick, lots },
        _ => Step::Cancelled { pick },
    }
}

fn judge(world: &World, seed: u64, step: &Step) {
    let values = [symbol(), other_symbol()].map(|symbol| world.true_worst_value(symbol));
    let (position, gross) = (dec(POSITION_LIMIT), dec(GROSS_LIMIT));
    assert!(values.iter().all(|value| *value <= position), "sequence {seed}: {values:?} after {step:?}");
    assert!(values.iter().sum::<Decimal>() <= gross, "sequence {seed}: {values:?} after {step:?}");
    assert!(values[0] <= dec(SYMBOL_POSITION_LIMIT), "sequence {seed}: {values:?} after {step:?}");
    assert!(values[1] <= dec(BOT_GROSS_LIMIT), "sequence {seed}: {values:?} after {step:?}");
    let position = dec(GROUP_POSITION_LIMIT);
    assert!(values.iter().all(|value| *value <= position), "sequence {seed}: {values:?} after {step:?}");
    let group = values.iter().sum::<Decimal>();
    assert!(group <= dec(GROUP_GROSS_LIMIT), "sequence {seed}: {values:?} after {step:?}");
    let exposure = &world.scene.exposure;
    let opening = |wanted: Option<Symbol>| {
        let is_meant =
            |order: &&OrderExposure| !order.reduce_only && wanted.is_none_or(|symbol| symbol == order.symbol);
        u32::try_from(exposure.orders().filter(is_meant).count()).unwrap()
    };
    for (wanted, limit) in [
        (None, ORDER_COUNT_LIMIT),
        (None, GROUP_ORDER_COUNT_LIMIT),
        (Some(symbol()), SYMBOL_ORDER_COUNT_LIMIT),
        (Some(other_symbol()), BOT_ORDER_COUNT_LIMIT),
    ] {
        let open = opening(wanted);
        assert!(open <= limit, "sequence {seed}: {open} of {wanted:?} after {step:?}");
    }
    // Bot by bot, by whose order it is and whose contract.
    let of_bots = [bot(), second()].map(|bot| {
        let own = |symbol: Symbol| owner(symbol) == bot;
        let rows = exposure.orders().filter(|order| own(order.symbol)).count();
        let asked = world.working.iter().filter(|order| order.bot == bot).count();
        assert_eq!(rows, asked, "sequence {seed}: the orders of {bot} after {step:?}");
        let figures = exposure.contracts().filter(|contract| own(contract.position.symbol));
        sum_of(figures.map(ContractExposure::figures))
    });
    let sum = sum_of(of_bots.iter());
    let account = exposure.account();
    let whole = ContractFigures {
        order_margin: account.order_margin,
        position_margin: account.position_margin,
        maintenance_margin: account.maintenance_margin,
        unrealised_pnl: account.unrealised_pnl,
        worst_value: exposure.gross_worst_value(),
    };
    assert_eq!(sum, whole, "sequence {seed}: the bots do not add up to the account after {step:?}");
}

fn sum_of<'a>(figures: impl Iterator<Item = &'a ContractFigures>) -> ContractFigures {
    figures.fold(ContractFigures::default(), |sum, figures| ContractFigures {
        order_margin: sum.order_margin + figures.order_margin,
        position_margin: sum.position_margin + figures.position_margin,
        maintenance_margin: sum.maintenance_margin + figures.maintenance_margin,
        unrealised_pnl: sum.unrealised_pnl + figures.unrealised_pnl,
        worst_value: sum.worst_value + figures.worst_value,
    })
}

/// An order that opens is itself within what its contract, its bot and its group allow. The mark stands at 100, the book at
/// 99.9 and 100.1.
fn judge_order(world: &World, seed: u64) {
    let Some(place) = world.placed.filter(|place| !place.reduce_only) else { return };
    let touch = if place.side == Side::Buy { dec("100.1") } else { dec("99.9") };
    let price = place.kind.limit_price().map_or(touch, Price::get);
    let value = price.max(Decimal::ONE_HUNDRED) * place.qty.get();
    assert!(value >= dec(GROUP_ORDER_MINIMUM), "sequence {seed}: {place:?}");
    if place.symbol == symbol() {
        assert!(place.qty <= qty(SYMBOL_ORDER_QTY_LIMIT), "sequence {seed}: {place:?}");
        let away = (price - Decimal::ONE_HUNDRED).abs();
        assert!(away <= dec(SYMBOL_PRICE_COLLAR), "sequence {seed}: {place:?}");
    } else {
        assert!(place.qty <= qty(BOT_ORDER_QTY_LIMIT), "sequence {seed}: {place:?}");
        let through = if place.side == Side::Buy { price - touch } else { touch - price };
        assert!(through * Decimal::ONE_HUNDRED <= dec(BOT_BOOK_COLLAR) * touch, "sequence {seed}: {place:?}");
    }
}

/// What opens leaves only where its window has room for it; what reduces counts, and is never held back.
fn judge_rates(world: &World, before: usize, seed: u64, step: &Step) {
    if !world.sent.get(before).is_some_and(|(_, _, opens)| *opens) {
        return;
    }
    for ((count, window_ms), bot) in [
        (SECOND, None),
        (MINUTE, None),
        (GROUP_MINUTE, None),
        (BOT_SECOND, Some(second())),
        (SYMBOL_TEN, Some(bot())),
    ] {
        // An order of the other bot does not ask for this one's room.
        if bot.is_none_or(|bot| world.sent[before].1 == bot) {
            let sent = world.sent_within(window_ms, bot);
            assert!(sent <= count, "sequence {seed}: {sent} in {window_ms} ms of {bot:?} after {step:?}");
        }
    }
}

/// Closing takes off what is held and no lot more, in whole and in half; what fits is on the grid and below what was
/// asked for.
fn close(world: &World, seed: u64) {
    let exposure = &world.scene.exposure;
    for share in [Share::All, Share::Beyond(qty("0.7"))] {
        let closes = world.scene.risk.protective(Scope::All, share, exposure);
        for contract in exposure.contracts() {
            let of_contract = closes.iter().filter_map(|close| match close.intent() {
                Intent::Place(place) if place.symbol == contract.position.symbol => Some(place),
                _ => None,
            });
            let mut taken = Qty::ZERO;
            for place in of_contract {
                assert!(
                    place.reduce_only && Some(place.side.opposite()) == contract.position.side,
                    "sequence {seed}"
                );
                taken = taken.plus(place.qty);
            }
            assert!(taken <= contract.position.qty, "sequence {seed}: {taken} of {:?}", contract.position);
        }
    }
    for symbol in [symbol(), other_symbol()] {
        let instrument = &exposure.listed(symbol).unwrap().instrument;
        for side in [Side::Buy, Side::Sell] {
            let price = Price::new(dec("100.7")).unwrap();
            let most = exposure.max_affordable_qty(symbol, PositionIndex(0), side, price);
            assert!(instrument.is_on_lot(most), "sequence {seed}: {most}");
        }
    }
}
