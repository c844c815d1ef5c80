//! The budget as a whole: shares, bans, overload, both transports.

use super::*;

fn at(ms: i64) -> WallTime {
    WallTime(ms * 1_000_000)
}

fn budget(limits: RateLimits) -> Budget {
    Budget::new(limits, fastrand::Rng::with_seed(1))
}

fn create(purpose: Purpose, carrier: Carrier) -> Call {
    Call { carrier, ..Call::over_rest("order/create", purpose) }
}

fn market(purpose: Purpose) -> Call {
    Call { is_signed: false, ..Call::over_rest("market/kline", purpose) }
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
    budget.learn(at(0), &create(Purpose::Open, Carrier::Rest), notice);
    assert_eq!(burst(&mut budget, 0, create(Purpose::Protect, Carrier::Rest)), 10, "ten more");
}

#[test]
fn a_refusal_as_one_too_many_waits_for_the_reset_stamp() {
    let mut budget = budget(RateLimits::Published);
    budget.refused(at(0), &create(Purpose::Open, Carrier::Rest), Some(at(700)));
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
fn d03_d04_each_answer_that_says_so_holds_its_own_transport_back() {
    let (rest, socket) = (Carrier::Rest, Carrier::TradeSocket);
    for (carrier, code, is_held) in [
        (rest, 429, true),
        (socket, 10403, true),
        (socket, 10429, true),
        (socket, 20003, true),
        (rest, 500, false),
        (rest, 10016, false),
        (socket, 110_007, false),
    ] {
        let budget = SharedBudget::new(RateLimits::Published, fastrand::Rng::with_seed(1));
        let call = create(Purpose::Open, carrier);
        // Full jitter may wait for nothing once, but not for ever.
        for _ in 0..10 {
            assert_eq!(budget.answered(at(0), &call, code, LimitNotice::default()), is_held, "{code}");
        }
        let verdict = |carrier| budget.with(|budget| budget.ask(at(0), &create(Purpose::Open, carrier)));
        assert_eq!(matches!(verdict(carrier), Verdict::Wait(_)), is_held, "{code}");
        let other = if carrier == rest { socket } else { rest };
        assert_eq!(verdict(other), Verdict::Go, "{code}");
    }
}

#[test]
fn a_venue_in_fast_motion_has_no_limits() {
    let mut budget = budget(RateLimits::Off);
    budget.learn(
        at(0),
        &create(Purpose::Open, Carrier::Rest),
        LimitNotice { limit: Some(1), left: Some(0), reset: None },
    );
    assert_eq!(burst(&mut budget, 0, create(Purpose::Open, Carrier::Rest)), 2_000);
}

#[test]
fn orders_of_pairs_have_limits_of_their_own() {
    let mut budget = budget(RateLimits::Published);
    let linear = create(Purpose::Protect, Carrier::Rest);
    let pair = Call { category: Category::Spot, ..linear };
    assert_eq!((burst(&mut budget, 0, linear), burst(&mut budget, 0, pair)), (10, 20));
    budget.learn(at(1_000), &pair, LimitNotice { limit: Some(40), left: None, reset: None });
    assert_eq!((burst(&mut budget, 1_000, linear), burst(&mut budget, 1_000, pair)), (10, 40));
    budget.refused(at(2_000), &pair, Some(at(2_700)));
    assert_eq!(burst(&mut budget, 2_000, pair), 0);
    assert_eq!(burst(&mut budget, 2_000, linear), 10, "contracts go on");
    let inverse = Call { category: Category::Inverse, ..linear };
    assert_eq!(burst(&mut budget, 2_000, inverse), 0, "and share theirs");
}

/// Endpoints that this crate sends signed requests to, with what the list calls them in common.
const SIGNED: [&str; 28] = [
    "order/create",
    "order/amend",
    "order/cancel",
    "order/cancel-all",
    "order/create-batch",
    "order/amend-batch",
    "order/cancel-batch",
    "order/pre-check",
    "order/disconnected-cancel-all",
    "order/realtime",
    "order/history",
    "execution/list",
    "position/list",
    "position/closed-pnl",
    "position/set-leverage",
    "position/switch-mode",
    "position/trading-stop",
    "account/wallet-balance",
    "account/info",
    "account/user-setting-config",
    "account/transaction-log",
    "account/fee-rate",
    "account/query-dcp-info",
    "account/set-margin-mode",
    "account/set-limit-px-action",
    "user/query-api",
    "user/delete-api",
    "user/delete-sub-api",
];

/// The exchange's figures, of contracts and of pairs, out of its list where it lies: rows name endpoints of one folder, the
/// first with it and the others without.
fn listed(text: &str) -> BTreeMap<String, [Option<u32>; 2]> {
    let (_, section) = text.split_once("\n### 4.2 ").unwrap();
    let (section, _) = section.split_once("\n### 4.3 ").unwrap();
    let figure = |cell: &str| cell.trim().split_once("/s").and_then(|(figure, _)| figure.parse().ok());
    let mut all = BTreeMap::new();
    for row in section.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        let figures = match cells.as_slice() {
            [_, one] => [figure(one), figure(one)],
            [_, contracts, _, pairs, _] => [figure(contracts), figure(pairs)],
            _ => continue,
        };
        let mut folder = "";
        for word in cells[0].split([' ', ',', ';']).filter(|word| !word.is_empty()) {
            let (path, name) = word.rsplit_once('/').unwrap_or((folder, word));
            folder = path;
            all.insert(format!("{folder}/{name}"), figures);
        }
    }
    all
}

#[test]
fn every_signed_request_has_the_published_limit() {
    let shared = std::env::var_os("WINDVANE_SHARED").map_or_else(
        || concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into(),
        std::path::PathBuf::from,
    );
    let Ok(text) = std::fs::read_to_string(shared.join("bybit-v5.md")) else {
        assert!(std::env::var_os("WINDVANE_SHARED").is_none(), "{} has no list", shared.display());
        eprintln!("SKIPPED: the list of limits is not here; set WINDVANE_SHARED");
        return;
    };
    let listed = listed(&text);
    for endpoint in SIGNED {
        let [contracts, pairs] = listed[endpoint];
        for (is_of_pairs, figure) in [(false, contracts), (true, pairs)] {
            let Some(figure) = figure else { continue };
            let ours = table::of_endpoint(Limited { endpoint, is_of_pairs });
            assert_eq!(ours.map(|limit| limit.requests), Some(figure), "{endpoint}, of pairs: {is_of_pairs}");
        }
    }
}
