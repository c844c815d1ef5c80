//! What others do on the account: their positions and their orders.

use super::*;

#[test]
fn a_position_that_strangers_opened_is_an_alarm_and_is_left_alone() {
    let (mut world, _) = World::reconciled("10");
    world.take(Event::Control(Control::CancelEntries(Scope::All)));
    let outputs = world.wait(5_000);
    assert_eq!(alarms(&outputs), [crate::Remedy::Leave]);
    assert_eq!(submits(&outputs), []);
}

#[test]
fn a_position_that_strangers_opened_is_closed_where_the_bot_adopts_it_and_it_has_no_stop() {
    let mut world = World::set_up(None, Foreign::Adopt);
    world.show_held("1", "10");
    world.take(Event::Control(Control::CancelEntries(Scope::All)));
    let outputs = world.wait(5_000);
    assert_eq!(alarms(&outputs), [crate::Remedy::Flatten]);
    assert!(submits(&outputs).iter().any(|close| close.reduce_only), "{outputs:?}");
}

#[test]
fn what_a_stranger_opened_is_the_bots_own_once_it_is_adopted() {
    let (mut world, _) = World::reconciled("10");
    world.take(Event::Control(Control::Pause(Scope::All)));
    world.take(Event::Control(Control::Adopt(bot())));
    assert!(world.engine.orders().position(symbol(), PositionIndex::default()).unwrap().is_ours());
    assert_eq!(alarms(&world.wait(5_000)), [crate::Remedy::Flatten], "and nothing of its own stays bare");
}

#[test]
fn a_bot_that_adopts_is_shown_what_others_have_at_work_in_its_contract_until_it_ends() {
    let phone = |status, cumulative: &str| {
        let mut world = World::connected();
        world.show_held("0", "10");
        let entry = submits(&world.quote()).remove(0);
        OrderReport {
            client_order_id: None,
            order_id: OrderId::new("v-phone").unwrap(),
            cumulative_qty: qty(cumulative),
            qty: qty("0.5"),
            status,
            ..filled(&entry)
        }
    };
    for (foreign, is_shown) in [(Foreign::Leave, false), (Foreign::Adopt, true)] {
        let mut world = World::set_up(None, foreign);
        world.show_held("0", "10");
        let leaves = |world: &mut World| {
            let World { engine, .. } = world;
            let sight = engine.bots[0].look(&engine.orders);
            sight.adopted.iter().map(|order| order.leaves_qty).collect::<Vec<_>>()
        };
        for (status, cumulative, left) in [
            (OrderStatus::New, "0", vec![qty("0.5")]),
            (OrderStatus::PartiallyFilled, "0.2", vec![qty("0.3")]),
            (OrderStatus::Cancelled, "0.2", vec![]),
        ] {
            let told = world.take(Event::Account(AccountEvent::Order(phone(status, cumulative))));
            let is_told = |out: &Output| {
                matches!(out, Output::Notice(NoticeTo { notice: Notice::ForeignOrder(_), .. }))
            };
            assert!(told.iter().any(is_told), "each change is told at once, by either policy: {told:?}");
            assert_eq!(leaves(&mut world), if is_shown { left } else { vec![] }, "{foreign:?} {status:?}");
        }
    }
}

#[test]
fn what_a_strangers_fill_did_to_the_position_is_told_at_once() {
    let (mut world, _) = World::reconciled("10");
    let entry = submits(&world.quote()).remove(0);
    let fill = Execution {
        client_order_id: None,
        order_id: OrderId::new("v-phone").unwrap(),
        side: Side::Sell,
        qty: qty("0.4"),
        closed_qty: qty("0.4"),
        ..fill_of(&entry)
    };
    let told = world.take(Event::Account(AccountEvent::Execution(fill)));
    let is_told = |out: &Output| match out {
        Output::Notice(NoticeTo { notice: Notice::PositionChanged { qty: held, .. }, bot: who }) => {
            *held == qty("0.6") && *who == bot()
        }
        _ => false,
    };
    assert!(told.iter().any(is_told), "{told:?}");
}

#[test]
fn a_strangers_order_is_told_at_once_and_cancelled_only_with_a_bot_that_adopts_it() {
    let venues_cancels = |outputs: &[Output]| {
        let is_theirs = |out: &&Output| matches!(out, Output::Command { command: Command::Cancel(cancel), .. } if cancel.order_id.is_some());
        outputs.iter().filter(is_theirs).count()
    };
    for (foreign, wanted) in [(Foreign::Leave, 0), (Foreign::Adopt, 1)] {
        let mut world = World::set_up(None, foreign);
        world.show_held("1", "10");
        let entry = submits(&world.quote()).remove(0);
        let phone = OrderReport {
            client_order_id: None,
            order_id: OrderId::new("v-phone").unwrap(),
            cumulative_qty: Qty::ZERO,
            status: OrderStatus::New,
            ..filled(&entry)
        };
        let told = world.take(Event::Account(AccountEvent::Order(phone)));
        let is_told =
            |out: &Output| matches!(out, Output::Notice(NoticeTo { notice: Notice::ForeignOrder(_), .. }));
        assert!(told.iter().any(is_told), "{told:?}");
        assert_eq!(venues_cancels(&told) + venues_cancels(&world.wait(60_000)), 0, "never touched unasked");
        let ending = world.take(Event::Control(Control::CancelEntries(Scope::All)));
        assert_eq!(venues_cancels(&ending), wanted, "{foreign:?}");
    }
}

#[test]
fn e11_while_the_venue_liquidates_a_position_nothing_opens_there_and_what_reduces_passes() {
    let told = |status| {
        let report = PositionReport { status, ..position("1", "10") };
        Event::Account(AccountEvent::Position(report))
    };
    let alarm = |outputs: &[Output]| {
        let status = |out: &Output| match out {
            Output::Undergoing { symbol: of, status } if *of == symbol() => Some(*status),
            _ => None,
        };
        outputs.iter().filter_map(status).collect::<Vec<_>>()
    };
    let opens = |outputs: &[Output]| submits(outputs).iter().any(|order| !order.reduce_only);
    for status in [PositionStatus::Liquidation, PositionStatus::Adl, PositionStatus::Other] {
        let (mut world, _) = World::reconciled("10");
        assert_eq!(alarm(&world.take(told(status))), [status]);
        assert_eq!(alarm(&world.take(told(status))), [], "told once");
        let quoted = world.quote();
        assert!(!opens(&quoted), "{quoted:?}");
        let is_denied = |out: &Output| matches!(out, Output::Denied { denial, .. } if denial.reason == DenialReason::Undergoing { status });
        assert!(quoted.iter().any(is_denied), "{quoted:?}");
        assert_eq!(alarm(&world.take(told(PositionStatus::Normal))), [PositionStatus::Normal]);
    }
    let (mut world, _) = World::reconciled("10");
    world.take(told(PositionStatus::Liquidation));
    let closes = submits(&world.take(Event::Control(Control::Flatten(Scope::All))));
    assert!(!closes.is_empty() && closes.iter().all(|close| close.reduce_only), "{closes:?}");

    let (mut world, _) = World::reconciled("10");
    world.take(told(PositionStatus::Liquidation));
    world.take(told(PositionStatus::Normal));
    assert!(opens(&world.quote()), "it has ended");
}

#[test]
fn e11_a_position_that_is_gone_undergoes_nothing_whatever_was_last_said_of_it() {
    let (mut world, _) = World::reconciled("10");
    let entry = submits(&world.quote()).remove(0);
    let report = PositionReport { status: PositionStatus::Liquidation, ..position("1", "10") };
    world.take(Event::Account(AccountEvent::Position(report)));
    let bust = Execution {
        client_order_id: None,
        order_id: OrderId::new("v-bust").unwrap(),
        kind: ExecutionKind::Liquidation,
        side: Side::Sell,
        qty: qty("1"),
        ..fill_of(&entry)
    };
    let outputs = world.take(Event::Account(AccountEvent::Execution(bust)));
    let ended = Output::Undergoing { symbol: symbol(), status: PositionStatus::Normal };
    assert!(outputs.contains(&ended), "{outputs:?}");
}
