//! Sequences of wishes, amends, fills and cancels in any order, by the million: no limit is passed at any point of any of
//! them, what is counted of the contracts adds up to the account, and no rounding makes anything larger.
//!
//! `WINDVANE_LIMIT_SEQUENCES` sets how many; `cargo xtask campaign limits` is the long run.

use crate::scene::{dec, other_symbol, qty, symbol};
use crate::world::{GROSS_LIMIT, ORDER_COUNT_LIMIT, POSITION_LIMIT, Step, World};
use fastrand::Rng;
use rust_decimal::Decimal;
use windvane_model::{Intent, PositionIndex, Qty, Scope, Side};
use windvane_risk::Share;
use windvane_risk::margin::ContractFigures;

/// Sequences of the run that is part of the tests.
const SHORT_RUN: u64 = 2_000;
/// Longest sequence.
const STEPS_MOST: usize = 16;

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
        world.take(&step);
        judge(&world, seed, &step);
    }
    close(&world, seed);
    (steps as u64, world.sequence())
}

fn step(rng: &mut Rng) -> Step {
    let (symbol, side) =
        (if rng.bool() { symbol() } else { other_symbol() }, if rng.bool() { Side::Buy } else { Side::Sell });
    let (pick, lots, ticks) = (rng.usize(..), rng.u32(1..40), rng.u32(950..1050));
    match rng.u8(0..10) {
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
    let exposure = &world.scene.exposure;
    let opening = exposure.orders().filter(|order| !order.reduce_only).count();
    assert!(
        u32::try_from(opening).unwrap() <= ORDER_COUNT_LIMIT,
        "sequence {seed}: {opening} after {step:?}"
    );
    let mut sum = ContractFigures::default();
    for contract in exposure.contracts() {
        let figures = contract.figures();
        sum.order_margin += figures.order_margin;
        sum.position_margin += figures.position_margin;
        sum.maintenance_margin += figures.maintenance_margin;
        sum.unrealised_pnl += figures.unrealised_pnl;
        sum.worst_value += figures.worst_value;
    }
    let account = exposure.account();
    let whole = ContractFigures {
        order_margin: account.order_margin,
        position_margin: account.position_margin,
        maintenance_margin: account.maintenance_margin,
        unrealised_pnl: account.unrealised_pnl,
        worst_value: exposure.gross_worst_value(),
    };
    assert_eq!(sum, whole, "sequence {seed}: the contracts do not add up to the account after {step:?}");
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
            let price = windvane_model::Price::new(dec("100.7")).unwrap();
            let most = exposure.max_affordable_qty(symbol, PositionIndex(0), side, price);
            assert!(instrument.is_on_lot(most), "sequence {seed}: {most}");
        }
    }
}
