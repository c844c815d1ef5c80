//! What holds for any order and any repetition of messages.

use super::world::World;
use crate::Truth;
use crate::testing::{execution, number, report, submit};
use proptest::prelude::*;
use rust_decimal::Decimal;
use windvane_model::{
    AccountEvent, Acknowledged, Execution, OrderReport, OrderStatus, PositionIndex, Request, Side, Submit,
    Undetermined,
};
use windvane_risk::Exposure;

/// One order as the venue lived it: the fills (lots, price in cents above 90, whether the row lacks our id),
/// what was cancelled of it, and what its submit was answered.
#[derive(Debug, Clone)]
struct Life {
    side: Side,
    lots: Vec<(u8, u16, bool)>,
    rest: u8,
    answers: Vec<Answer>,
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    Acknowledged,
    Undetermined,
}

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let lots = prop::collection::vec((1..9_u8, 1..2000_u16, any::<bool>()), 0..4);
    let answer = prop_oneof![Just(Answer::Acknowledged), Just(Answer::Undetermined)];
    let answers = prop::collection::vec(answer, 0..3);
    let life = (side, lots, 0..3_u8, answers).prop_map(|(side, lots, rest, answers)| Life {
        side,
        lots,
        rest,
        answers,
    });
    prop::collection::vec(life, 1..6)
}

/// The venue's messages about these lives, and the commands that began them.
fn messages(lives: &[Life]) -> (Vec<Submit>, Vec<AccountEvent>) {
    let (mut submits, mut facts, mut clock) = (Vec::new(), Vec::new(), 0);
    for (sequence, life) in (1..).zip(lives) {
        let whole: u32 =
            life.lots.iter().map(|(lots, ..)| u32::from(*lots)).sum::<u32>() + u32::from(life.rest);
        if whole == 0 {
            continue;
        }
        let order = Submit { side: life.side, ..submit(sequence, &lots(whole), "100") };
        facts.extend(life.answers.iter().map(|answer| answered(*answer, &order)));
        clock += 1;
        facts.push(AccountEvent::Order(report(&order, OrderStatus::New).at(clock).build()));
        let mut filled = 0;
        for (index, (qty, cents, is_nameless)) in life.lots.iter().enumerate() {
            clock += 1;
            filled += u32::from(*qty);
            let id = format!("e-{sequence}-{index}");
            let price = format!("{}.{:02}", 90 + cents / 100, cents % 100);
            let mut fill = execution(&id)
                .of(&order)
                .filled(&lots(u32::from(*qty)), &price)
                .fee("0.0123")
                .at(clock)
                .build();
            if *is_nameless {
                fill.client_order_id = None;
            }
            facts.push(AccountEvent::Execution(fill));
            let status = if filled == whole { OrderStatus::Filled } else { OrderStatus::PartiallyFilled };
            facts.push(AccountEvent::Order(report(&order, status).filled(&lots(filled)).at(clock).build()));
        }
        if filled < whole {
            clock += 1;
            let end = report(&order, OrderStatus::Cancelled).filled(&lots(filled)).at(clock);
            facts.push(AccountEvent::Order(end.build()));
        }
        submits.push(order);
    }
    (submits, facts)
}

fn answered(answer: Answer, order: &Submit) -> AccountEvent {
    let (request, symbol) = (Request::Submit, Some(order.symbol));
    let (client_order_id, order_id) = (Some(order.client_order_id), None);
    match answer {
        Answer::Acknowledged => {
            AccountEvent::Acknowledged(Acknowledged { request, symbol, client_order_id, order_id })
        }
        Answer::Undetermined => {
            AccountEvent::Undetermined(Undetermined { request, symbol, client_order_id, code: 0 })
        }
    }
}

/// A count of 0.001.
fn lots(count: u32) -> String {
    Decimal::new(i64::from(count), 3).to_string()
}

/// What must not depend on the order of messages.
fn outcome(submits: &[Submit], facts: &[AccountEvent]) -> (Truth, Exposure, World) {
    let mut world = World::begun();
    for order in submits {
        world.submit(order);
    }
    for fact in facts {
        world.fact(fact.clone());
    }
    (world.orders.truth(), world.orders.exposure().clone(), world)
}

/// The same facts in another order, some of them twice.
fn shuffled() -> impl Strategy<Value = (Vec<Life>, Vec<AccountEvent>)> {
    lives().prop_flat_map(|lives| {
        let (_, facts) = messages(&lives);
        let twice = prop::collection::vec(any::<bool>(), facts.len());
        (Just(lives), Just(facts), twice).prop_flat_map(|(lives, facts, twice)| {
            let again: Vec<AccountEvent> =
                facts.iter().zip(twice).filter(|(_, twice)| *twice).map(|(fact, _)| fact.clone()).collect();
            let all: Vec<AccountEvent> = facts.into_iter().chain(again).collect();
            (Just(lives), Just(all).prop_shuffle())
        })
    })
}

fn executions(facts: &[AccountEvent]) -> impl Iterator<Item = &Execution> {
    facts
        .iter()
        .filter_map(|fact| if let AccountEvent::Execution(execution) = fact { Some(execution) } else { None })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_repetition_of_the_same_facts_gives_the_same_state((lives, mixed) in shuffled()) {
        let (submits, facts) = messages(&lives);
        let (truth, exposure, _) = outcome(&submits, &facts);
        let (mixed_truth, mixed_exposure, _) = outcome(&submits, &mixed);
        prop_assert_eq!(mixed_truth.differences(&truth), []);
        prop_assert_eq!(mixed_exposure, exposure);
    }

    #[test]
    fn position_and_wallet_are_the_sums_of_the_fills((lives, mixed) in shuffled()) {
        let (submits, facts) = messages(&lives);
        let (_, exposure, world) = outcome(&submits, &mixed);
        let (mut size, mut fees, mut cash) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        for fill in executions(&facts) {
            let sign = if fill.side == Side::Buy { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
            size += sign * fill.qty.get();
            cash -= sign * fill.price.times(fill.qty).get();
            fees += fill.fee.get();
        }
        let symbol = submit(1, "1", "1").symbol;
        let holding = *world.orders.position(symbol, PositionIndex(0)).unwrap().holding();
        prop_assert_eq!(holding.size(), size);
        let balance = world.orders.wallet().balance().get();
        prop_assert_eq!(balance, number("1000") + holding.totals().realised_pnl - fees);
        // Cash and holding at cost are the realised profit, up to the rounding of the average price.
        let at_cost = holding.average_price().map_or(Decimal::ZERO, windvane_model::Price::get) * size;
        prop_assert!((holding.totals().realised_pnl - cash - at_cost).abs() < number("0.00001"));
        prop_assert_eq!(exposure.open_orders(), 0);
    }

    #[test]
    fn after_every_fact_the_exposure_covers_what_can_still_fill((lives, mixed) in shuffled()) {
        let (submits, facts) = messages(&lives);
        let mut world = World::begun();
        for order in &submits {
            world.submit(order);
        }
        let fills_to_come = |world: &World, order: &Submit| -> Decimal {
            let booked = world.orders.order(&order.client_order_id).unwrap().filled_qty().get();
            let name = report(order, OrderStatus::New).build().order_id;
            let all = executions(&facts).filter(|fill| fill.order_id == name);
            all.map(|fill| fill.qty.get()).sum::<Decimal>() - booked
        };
        for fact in &mixed {
            world.fact(fact.clone());
            for order in &submits {
                let reserved = world.orders.exposure().order(order.client_order_id);
                let reserved = reserved.map_or(Decimal::ZERO, |row| row.leaves_qty.get());
                prop_assert!(reserved >= fills_to_come(&world, order), "{} after {fact:?}", order.client_order_id);
            }
        }
    }

    #[test]
    fn the_journal_rebuilds_the_state_to_the_last_bit((lives, mixed) in shuffled(), waits in prop::collection::vec(0..4000_i64, 0..8)) {
        let (submits, _) = messages(&lives);
        let mut world = World::begun();
        let mut waits = waits.into_iter();
        for order in &submits {
            world.submit(order);
            world.undetermined(Request::Submit, order);
        }
        for (index, fact) in mixed.into_iter().enumerate() {
            if index % 3 == 0 {
                world.wait(waits.next().unwrap_or(0));
            }
            if let AccountEvent::Order(OrderReport { client_order_id: Some(id), .. }) = &fact
                && let Some(order) = submits.iter().find(|order| order.client_order_id == *id && index % 4 == 0)
            {
                world.cancel(order);
            }
            world.fact(fact);
        }
        world.assert_rebuilds();
    }
}
