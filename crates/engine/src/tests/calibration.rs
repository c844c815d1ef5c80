//! Our margin beside the venue's.

use super::*;

#[test]
fn with_each_audit_the_venue_is_asked_what_an_order_would_hold_and_a_lasting_difference_is_told() {
    let (mut world, _) = World::reconciled("10");
    // Nothing of ours must be under way.
    world.take(Event::Control(Control::Halt(HaltCause::Operator)));
    world.quote();
    for round in 1..=3 {
        world.wait(1_000);
        world.quote();
        let outputs = world.show(&[position("0", "10")], "1000");
        let question = outputs.iter().find_map(|output| match output {
            Output::Command { command: Command::Query(Query::PreCheck(question)), .. } => Some(*question),
            _ => None,
        });
        let question = question.expect("a quarter of what can be afforded");
        assert_eq!((question.side, question.price), (Side::Buy, price("100")));
        // The venue says that it would hold nothing.
        let nothing = Rate::ZERO;
        let answer = QueryAnswer::PreCheck(PreChecked {
            question,
            initial_before: nothing,
            maintenance_before: nothing,
            initial_after: nothing,
            maintenance_after: nothing,
        });
        let outputs = world.take(Event::Account(AccountEvent::Answer(answer)));
        let is_told = outputs.iter().any(|output| matches!(output, Output::Miscount(_)));
        assert_eq!(is_told, round == 3, "round {round}");
    }
}

#[test]
fn a_venue_that_has_no_such_call_is_asked_three_times_and_no_more() {
    let (mut world, _) = World::reconciled("10");
    // Nothing of ours must be under way.
    world.take(Event::Control(Control::Halt(HaltCause::Operator)));
    world.quote();
    let mut asked = 0;
    for _ in 0..5 {
        world.wait(1_000);
        world.quote();
        for output in world.show(&[position("0", "10")], "1000") {
            let Output::Command { command: Command::Query(query @ Query::PreCheck(_)), .. } = output else {
                continue;
            };
            asked += 1;
            world.take(Event::Account(AccountEvent::QueryFailed(QueryFailed { query, code: 10001 })));
        }
    }
    assert_eq!(asked, 3);
}
