//! The budget as a whole: shares, bans, overload, both transports.

use super::*;

fn at(ms: i64) -> WallTime {
    WallTime(ms * 1_000_000)
}

fn budget(limits: RateLimits) -> Budget {
    Budget::new(limits, fastrand::Rng::with_seed(1))
}

fn create(purpose: Purpose, carrier: Carrier) -> Call {
    Call { endpoint: "order/create", purpose, carrier, is_signed: true, places: 1 }
}

fn market(purpose: Purpose) -> Call {
    Call { endpoint: "market/kline", purpose, carrier: Carrier::Rest, is_signed: false, places: 1 }
}

/// How many of `call` may leave at `now`, answered at once.
fn burst(budget: &mut Budget, now: i64, call: Call) -> usize {
    let sent = (0..2_000).take_while(|_| budget.ask(at(now), &call) == Verdict::Go).count();
    for _ in 0..sent {
        budget.settle(at(now), &call);
    }
    sent
}

#[test]
fn closes_always_find_room_beside_entries_on_either_transport() {
    let mut budget = budget(RateLimits::Published);
    assert_eq!(burst(&mut budget, 0, create(Purpose::Open, Carrier::TradeSocket)), 7);
    assert_eq!(burst(&mut budget, 0, create(Purpose::Open, Carrier::Rest)), 0, "one limit for both");
    assert_eq!(burst(&mut budget, 0, create(Purpose::Protect, Carrier::Rest)), 3);
    assert_eq!(budget.ask(at(1), &create(Purpose::Protect, Carrier::Rest)), Verdict::Wait(at(1_000)));
    assert_eq!(burst(&mut budget, 1_000, create(Purpose::Open, Carrier::TradeSocket)), 7);
}

#[test]
fn history_and_audits_leave_room_in_the_limit_of_the_address() {
    let mut budget = budget(RateLimits::Published);
    assert_eq!(burst(&mut budget, 0, market(Purpose::Open)), 360);
    assert_eq!(burst(&mut budget, 0, market(Purpose::Audit)), 60);
    assert_eq!(burst(&mut budget, 0, market(Purpose::Resolve)), 60);
    assert_eq!(burst(&mut budget, 0, market(Purpose::Cancel)), 60);
    assert_eq!(burst(&mut budget, 0, market(Purpose::Protect)), 60);
    assert_eq!(burst(&mut budget, 4_999, market(Purpose::Protect)), 0);
}

#[test]
fn the_introductory_limits_count_signed_requests_of_both_transports_together() {
    let mut budget = budget(RateLimits::Introductory);
    let mut signed = 0;
    for second in 0..59 {
        signed += burst(&mut budget, second * 1_000, create(Purpose::Open, Carrier::TradeSocket));
    }
    assert_eq!(signed, 36, "60 in a minute, of which two fifths are kept");
    let cancel = Call { endpoint: "order/cancel", ..create(Purpose::Cancel, Carrier::Rest) };
    let mut cancels = 0;
    for ms in [59_000, 59_500] {
        cancels += burst(&mut budget, ms, cancel);
    }
    assert_eq!(cancels, 10, "ten of the cancel endpoint's second");
    assert_eq!(burst(&mut budget, 0, market(Purpose::Protect)), 120);
}

#[test]
fn what_the_headers_say_replaces_the_table() {
    let mut budget = budget(RateLimits::Published);
    let notice = LimitNotice { limit: Some(20), left: None, reset: None };
    assert_eq!(burst(&mut budget, 0, create(Purpose::Protect, Carrier::Rest)), 10);
    budget.learn(at(0), "order/create", notice);
    assert_eq!(burst(&mut budget, 0, create(Purpose::Protect, Carrier::Rest)), 10, "ten more");
}

#[test]
fn a_refusal_as_one_too_many_waits_for_the_reset_stamp() {
    let mut budget = budget(RateLimits::Published);
    budget.refused(at(0), "order/create", Some(at(700)));
    assert_eq!(budget.ask(at(1), &create(Purpose::Protect, Carrier::Rest)), Verdict::Wait(at(700)));
    let cancel = Call { endpoint: "order/cancel", ..create(Purpose::Cancel, Carrier::Rest) };
    assert_eq!(budget.ask(at(1), &cancel), Verdict::Go, "other endpoints go on");
}

#[test]
fn d03_a_ban_silences_http_for_ten_minutes_and_leaves_the_trade_socket_open() {
    let mut budget = budget(RateLimits::Published);
    budget.banned(at(0));
    let over_rest = create(Purpose::Protect, Carrier::Rest);
    assert_eq!(budget.ask(at(599_999), &over_rest), Verdict::Silent(at(600_000)));
    assert_eq!(budget.ask(at(1), &create(Purpose::Protect, Carrier::TradeSocket)), Verdict::Go);
    assert_eq!(budget.ask(at(600_000), &over_rest), Verdict::Go);
}

#[test]
fn overload_holds_back_what_is_not_urgent_longer_each_time() {
    let mut budget = budget(RateLimits::Published);
    let mut longest = 0;
    for round in 0..12 {
        let now = round * 100_000;
        budget.overloaded(at(now), Carrier::Rest);
        if let Verdict::Wait(until) = budget.ask(at(now), &market(Purpose::Audit)) {
            let wait = until.millis_since(at(now));
            assert!((0..=30_000).contains(&wait) && wait <= 1_000 << round, "{wait} ms in round {round}");
            longest = wait.max(longest);
        }
        assert_eq!(budget.ask(at(now), &market(Purpose::Cancel)), Verdict::Go);
        assert_eq!(budget.ask(at(now), &create(Purpose::Protect, Carrier::TradeSocket)), Verdict::Go);
        budget.settle(at(now), &create(Purpose::Protect, Carrier::TradeSocket));
    }
    assert!(longest > 5_000, "{longest}");
    budget.at_ease(Carrier::Rest);
    budget.overloaded(at(9_000_000), Carrier::Rest);
    let next = budget.ask(at(9_000_000), &market(Purpose::Audit));
    assert!(!matches!(next, Verdict::Wait(until) if until > at(9_001_000)), "{next:?}");
}

#[test]
fn a_venue_in_fast_motion_has_no_limits() {
    let mut budget = budget(RateLimits::Off);
    budget.learn(at(0), "order/create", LimitNotice { limit: Some(1), left: Some(0), reset: None });
    assert_eq!(burst(&mut budget, 0, create(Purpose::Open, Carrier::Rest)), 2_000);
}
