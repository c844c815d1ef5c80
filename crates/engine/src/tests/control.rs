//! What a person tells the engine: halt, pause, flatten, kill, resume, and what of it outlives a crash.

use super::*;

#[test]
fn a_refused_close_is_repeated_after_a_pause_and_not_by_its_own_answer() {
    let (mut world, _) = World::reconciled("10");
    let closes = submits(&world.take(Event::Control(Control::Flatten(Scope::All))));
    let [close] = closes[..] else { panic!("one close, not {closes:?}") };
    assert_eq!(
        (close.role, close.side, close.qty, close.reduce_only),
        (Role::Protect, Side::Sell, qty("1"), true)
    );
    let refused = world.take(Event::Account(AccountEvent::Refused(Refused {
        request: Request::Submit,
        symbol: Some(symbol()),
        client_order_id: Some(close.client_order_id),
        code: 0,
        family: RefusalFamily::NotSent,
        message: Text::lossy("no room"),
    })));
    assert_eq!(submits(&refused), []);
    let due = world.engine.next_deadline().unwrap().millis_since(world.stamp.wall);
    assert_eq!(submits(&world.wait(due - 1)), []);
    assert_eq!(submits(&world.wait(1)).len(), 1);
}

#[test]
fn a_bot_that_is_wound_down_opens_nothing_until_it_is_resumed() {
    let (mut world, _) = World::reconciled("10");
    assert_eq!(world.engine.run_state(), RunState::Active);
    world.take(Event::Control(Control::CancelEntries(Scope::All)));
    let outputs = world.quote();
    assert_eq!(submits(&outputs), []);
    let is_denied = |out: &Output| match out {
        Output::Denied { denial, .. } => {
            denial.reason == DenialReason::RunState { state: RunState::Reducing }
        }
        _ => false,
    };
    assert!(outputs.iter().any(is_denied), "{outputs:?}");
    assert_eq!(world.engine.run_state(), RunState::Active, "it is this bot that may not, not the engine");
    world.take(Event::Control(Control::Resume));
    let mut outputs = world.wait(5_000);
    outputs.extend(world.quote());
    assert!(!submits(&outputs).is_empty());
}

#[test]
fn a_halt_and_a_flatten_outlive_a_crash_and_an_orderly_end_leaves_neither() {
    let (mut world, _) = World::reconciled("10");
    let mut written = world.take(Event::Control(Control::Halt(HaltCause::Operator)));
    written.extend(world.take(Event::Control(Control::Flatten(Scope::All))));
    written.extend(world.take(Event::Control(Control::Halt(HaltCause::Shutdown))));
    let memory = own_memory(&written).unwrap();
    let (mut after, _) = World::reconciled("10");
    after.engine.restore(crate::engine_memory_name(), &memory).unwrap();
    assert_eq!(after.engine.run_state(), RunState::Halted(HaltCause::Operator));
    assert!(after.engine.bots().all(|bot| bot.hold == Some(crate::Hold::Close)));

    let (mut world, _) = World::reconciled("10");
    let mut written = world.take(Event::Control(Control::Halt(HaltCause::Shutdown)));
    written.extend(world.take(Event::Control(Control::Flatten(Scope::All))));
    let (mut after, _) = World::reconciled("10");
    if let Some(memory) = own_memory(&written) {
        after.engine.restore(crate::engine_memory_name(), &memory).unwrap();
    }
    assert_eq!(after.engine.run_state(), RunState::Active);
    assert!(after.engine.bots().all(|bot| bot.hold.is_none()));
}

#[test]
fn after_crash_upon_crash_nothing_opens_until_a_person_resumes() {
    let mut world = World::connected_with(None);
    world.engine.begin_reducing();
    world.show_held("0", "10");
    assert_eq!(submits(&world.quote()), []);
    assert_eq!(world.engine.waiting(), Some(crate::Waiting::Crashes));
    world.take(Event::Control(Control::Resume));
    assert_eq!((world.engine.run_state(), world.engine.waiting()), (RunState::Active, None));
}

#[test]
fn a_bot_on_its_way_out_opens_nothing_whatever_is_resumed() {
    let mut leaving = World::connected_with(Some(Removal::ExitOnly));
    leaving.show_held("1", "10");
    leaving.take(Event::Control(Control::Resume));
    leaving.wait(1);
    assert_eq!(submits(&leaving.quote()), []);

    let mut closing = World::connected_with(Some(Removal::Close));
    let closes = submits(&closing.show_held("1", "10"));
    assert!(closes.iter().all(|close| close.reduce_only) && !closes.is_empty(), "{closes:?}");
}

#[test]
fn a_paused_bot_opens_nothing_and_leaves_what_rests_until_it_alone_is_released() {
    let (mut world, _) = World::reconciled("10");
    let resting = submits(&world.quote());
    assert!(!resting.is_empty());
    let outputs = world.take(Event::Control(Control::Pause(Scope::Bot(bot()))));
    assert_eq!(cancels(&outputs), 0, "a pause takes nothing back");
    world.wait(5_000);
    assert_eq!(submits(&world.quote()), []);
    let memory = own_memory(&outputs).expect("the pause is written down");
    let (mut after, _) = World::reconciled("10");
    after.engine.restore(crate::engine_memory_name(), &memory).unwrap();
    assert_eq!(after.engine.bots().next().unwrap().hold, Some(crate::Hold::Pause));

    world.take(Event::Control(Control::CancelEntries(Scope::Bot(bot()))));
    let stricter = world.take(Event::Control(Control::Pause(Scope::Bot(bot()))));
    assert_eq!(own_memory(&stricter), None, "the stricter wish stays");
    world.take(Event::Control(Control::Release(bot())));
    assert_eq!(world.engine.bots().next().unwrap().hold, None);
}

fn kills(outputs: &[Output]) -> usize {
    let is_kill = |out: &&Output| matches!(out, Output::Command { command: Command::CancelAll(_), .. });
    outputs.iter().filter(is_kill).count()
}

#[test]
fn d11_a_kill_of_the_account_is_repeated_until_a_later_picture_shows_no_order_and_outlives_a_crash() {
    let (mut world, _) = World::reconciled("10");
    assert!(!submits(&world.quote()).is_empty());
    world.take(Event::Control(Control::Halt(HaltCause::Operator)));
    let outputs = world.take(Event::Control(Control::CancelAccount));
    assert_eq!(kills(&outputs), 1);
    let closes = world.take(Event::Control(Control::Flatten(Scope::All)));
    assert_eq!(cancels(&closes), 0, "the venue's own cancel-all does it");
    assert!(submits(&closes).iter().all(|close| close.reduce_only), "{closes:?}");
    assert_eq!(kills(&world.wait(999)), 0);
    assert_eq!(kills(&world.wait(1)), 1, "the answer may be lost");
    world.show_held("1", "10");
    assert_eq!(kills(&world.wait(1_000)), 1, "our own orders are not told gone");

    let memory = own_memory(&outputs).expect("the kill is written down");
    let (mut after, _) = World::reconciled("10");
    after.engine.restore(crate::engine_memory_name(), &memory).unwrap();
    assert_eq!(kills(&after.wait(1)), 1, "a crash may have come before the send");
    after.show_held("1", "10");
    let ended = after.wait(1_000);
    assert_eq!(kills(&ended), 0, "nothing is left");
    assert!(own_memory(&ended).is_some(), "the end is written down");
    assert_eq!(kills(&after.wait(60_000)), 0);
}

#[test]
fn a_bot_whose_position_the_venue_has_deleveraged_opens_nothing_until_a_person_resumes_it() {
    let (mut world, _) = World::reconciled("10");
    let resting = submits(&world.quote());
    assert!(!resting.is_empty());
    // A part of the position: it does not even go flat.
    let deleveraged = Execution {
        kind: ExecutionKind::Adl,
        client_order_id: None,
        order_id: OrderId::new("v-adl").unwrap(),
        side: Side::Sell,
        qty: qty("0.4"),
        closed_qty: qty("0.4"),
        ..fill_of(&resting[0])
    };
    let outputs = world.take(Event::Account(AccountEvent::Execution(deleveraged)));
    assert!(outputs.contains(&Output::Forced { bot: Some(bot()), symbol: symbol() }), "{outputs:?}");
    assert!(cancels(&outputs) > 0, "what opens is taken back: {outputs:?}");
    world.wait(5_000);
    assert!(submits(&world.quote()).iter().all(|order| order.reduce_only));
    let memory = own_memory(&outputs).expect("it is written down");
    let (mut after, _) = World::reconciled("10");
    after.engine.restore(crate::engine_memory_name(), &memory).unwrap();
    assert_eq!(
        after.engine.bots().next().unwrap().hold,
        Some(crate::Hold::ExitOnly),
        "a crash does not end it"
    );

    world.take(Event::Control(Control::Release(bot())));
    assert_eq!(world.engine.bots().next().unwrap().hold, None);
}

#[test]
fn the_decision_to_close_is_told_before_the_first_order_that_closes_and_taken_back_with_it() {
    let (mut world, _) = World::reconciled("10");
    let told = |outputs: &[Output]| {
        let of = |output: &Output| match output {
            Output::Closing { on, .. } => Some(*on),
            _ => None,
        };
        outputs.iter().filter_map(of).collect::<Vec<_>>()
    };
    let outputs = world.take(Event::Control(Control::Flatten(Scope::All)));
    assert_eq!(told(&outputs), [true]);
    let is_close = |output: &Output| matches!(output, Output::Command { command: Command::Submit(submit), .. } if submit.reduce_only);
    let decision = outputs.iter().position(|output| matches!(output, Output::Closing { .. }));
    assert!(decision < outputs.iter().position(is_close), "{outputs:?}");
    assert!(told(&world.wait(1_000)).is_empty(), "once");
    assert_eq!(told(&world.take(Event::Control(Control::Resume))), [false]);
}
