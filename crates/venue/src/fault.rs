//! Faults on request: what a test or an operator asks to go wrong, on which messages, how often.
//!
//! A fault waits until a message matches it, then acts and counts down. Requests (REST and trade socket)
//! and private pushes ask here before they go their way.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultKind {
    /// The request never reaches the exchange; the connection is cut (REST) or stays silent (trade socket).
    RequestLost,
    /// The request is carried out and its reply never arrives.
    ReplyLost,
    /// The reply or the push comes `ms` later.
    Delay,
    /// The request is refused with `code`, not carried out.
    Retcode,
    /// The request is answered with HTTP status `code` and no JSON, not carried out. What comes over a socket is not struck.
    HttpStatus,
    /// The query does not find orders and executions of the last `ms` of market time: they are acknowledged, but not
    /// indexed yet.
    LateIndex,
    /// Matching sockets are cut, at once. A socket matches by its path, its account, and a topic or the symbol of a topic
    /// that it listens to.
    Disconnect,
    /// Matching sockets stay open and say nothing for `ms` from now, not even pong; what they would have said comes
    /// afterwards, in order. What clients send is still heard.
    Stall,
    /// The push is overtaken by the next frame of its socket.
    Reorder,
    /// The private push never arrives.
    DropPrivate,
    /// The public frame never arrives. Its listener sees a gap in the numbers.
    DropPublic,
    /// The push arrives twice.
    Duplicate,
    /// For `ms` of wall time (0: until it is deleted) nothing that acts on an account is carried out: it is refused with
    /// `code`, by default 10016, on the trade socket 10019. Market data and queries go on.
    Maintenance,
    /// The exchange's wall clock is `ms` ahead (negative: behind), until the fault is deleted. With a match, a chance or a
    /// count it is so for the requests that are struck: their time windows and the times in their replies.
    ClockSkew,
    /// The exchange restarts, at once: books begin again with number 1, and `realtime` has forgotten what was closed. The
    /// match, the chance and the count say which sockets are cut.
    Restart,
}

impl FaultKind {
    /// Whether it strikes requests and nothing else.
    fn is_of_requests(self) -> bool {
        match self {
            Self::RequestLost
            | Self::ReplyLost
            | Self::Retcode
            | Self::HttpStatus
            | Self::LateIndex
            | Self::Maintenance
            | Self::ClockSkew => true,
            Self::Delay
            | Self::Disconnect
            | Self::Stall
            | Self::Reorder
            | Self::DropPrivate
            | Self::DropPublic
            | Self::Duplicate
            | Self::Restart => false,
        }
    }

    fn concerns(self, target: Target) -> bool {
        match self {
            Self::RequestLost | Self::ReplyLost | Self::Retcode | Self::HttpStatus | Self::LateIndex => {
                matches!(target, Target::Query | Target::Action)
            }
            Self::Maintenance => target == Target::Action,
            Self::DropPrivate => target == Target::Push,
            Self::DropPublic => target == Target::PublicPush,
            Self::Duplicate | Self::Reorder => matches!(target, Target::Push | Target::PublicPush),
            Self::Delay => true,
            Self::Disconnect | Self::Stall | Self::ClockSkew | Self::Restart => false,
        }
    }
}

/// Where a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// A request that only looks.
    Query,
    /// A request that may change something.
    Action,
    /// A private push.
    Push,
    /// A frame of a public topic. Only faults that name its topic strike it.
    PublicPush,
}

/// Which messages a fault strikes; what is absent matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Matcher {
    pub(crate) uid: Option<u64>,
    pub(crate) symbol: Option<String>,
    /// Topic of a private push (`order`, `execution`, `position`, `wallet`) or of a public frame, in full
    /// (`orderbook.50.BTCUSDT`).
    pub(crate) topic: Option<String>,
    /// REST path (`/v5/order/create`), operation of the trade socket (`order.create`, which also matches
    /// the REST path of the same name), or path of a socket (`/v5/private`).
    pub(crate) path: Option<String>,
}

/// A message that asks whether a fault strikes it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Subject<'a> {
    pub(crate) uid: Option<u64>,
    pub(crate) symbol: Option<&'a str>,
    pub(crate) topic: Option<&'a str>,
    /// REST path or operation.
    pub(crate) path: Option<&'a str>,
    /// Path of the socket it travels on, for messages of a socket.
    pub(crate) socket: Option<&'a str>,
}

impl Matcher {
    pub(crate) fn matches(&self, subject: &Subject<'_>) -> bool {
        let path_matches = self.path.as_deref().is_none_or(|wanted| {
            subject.socket == Some(wanted)
                || subject.path.is_some_and(|path| {
                    path == wanted
                        || path.strip_prefix("/v5/").is_some_and(|p| p.replacen('/', ".", 1) == wanted)
                })
        });
        path_matches
            && self.uid.is_none_or(|uid| subject.uid == Some(uid))
            && self.symbol.as_deref().is_none_or(|symbol| subject.symbol == Some(symbol))
            && self.topic.as_deref().is_none_or(|topic| subject.topic == Some(topic))
    }
}

/// One fault as requested.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultRequest {
    pub(crate) kind: FaultKind,
    #[serde(default, rename = "match")]
    pub(crate) matcher: Matcher,
    /// How many messages (or sockets) it strikes; absent means until it is deleted.
    pub(crate) count: Option<u64>,
    /// Milliseconds of a delay, a stall, a maintenance, a skew (all wall time) or a late index (market time). Only a
    /// skew may be negative.
    #[serde(default)]
    pub(crate) ms: i64,
    /// Return code or HTTP status.
    pub(crate) code: Option<i64>,
    /// Chance from 0 to 1 that a matching message is struck. Not money, so a float.
    pub(crate) probability: Option<f64>,
    /// Seed of that chance.
    #[serde(default)]
    pub(crate) seed: u64,
}

impl FaultRequest {
    /// What is asked for and cannot be: a match that no message of the kind has would strike nothing in silence.
    ///
    /// # Errors
    /// The reason.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
            return Err("probability is a number from 0 to 1");
        }
        if self.ms < 0 && self.kind != FaultKind::ClockSkew {
            return Err("only a clock_skew takes a negative ms");
        }
        if self.ms == 0 && self.kind == FaultKind::Stall {
            return Err("a stall takes ms");
        }
        if self.kind.is_of_requests() && self.matcher.topic.is_some() {
            return Err("a request has no topic");
        }
        if self.kind == FaultKind::DropPublic && self.matcher.uid.is_some() {
            return Err("a public frame belongs to no account");
        }
        Ok(())
    }
}

/// Which of the things that a fault names it strikes: by chance, and only so many.
#[derive(Debug, Clone)]
pub(crate) struct Aim {
    matcher: Matcher,
    probability: Option<f64>,
    chance: fastrand::Rng,
    left: Option<u64>,
}

impl Aim {
    pub(crate) fn new(request: &FaultRequest) -> Self {
        Self {
            matcher: request.matcher.clone(),
            probability: request.probability,
            chance: fastrand::Rng::with_seed(request.seed),
            left: request.count,
        }
    }

    /// Whether it strikes what is known by any of these names; a strike uses up one of the count.
    pub(crate) fn strikes<'a>(&mut self, subjects: impl IntoIterator<Item = Subject<'a>>) -> bool {
        let strikes = !self.is_spent()
            && subjects.into_iter().any(|subject| self.matcher.matches(&subject))
            && self.probability.is_none_or(|probability| self.chance.f64() < probability);
        if let Some(left) = self.left.as_mut().filter(|_| strikes) {
            *left -= 1;
        }
        strikes
    }

    fn is_spent(&self) -> bool {
        self.left == Some(0)
    }
}

/// A fault that struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Strike {
    pub(crate) kind: FaultKind,
    pub(crate) delay: Duration,
    pub(crate) code: Option<i64>,
}

struct Armed {
    request: FaultRequest,
    aim: Aim,
    /// When it was armed and when it ends by itself.
    span: Span,
}

impl Armed {
    /// Of a skew: whether it holds for some requests only.
    fn is_partial(&self) -> bool {
        let request = &self.request;
        request.matcher != Matcher::default() || request.probability.is_some() || request.count.is_some()
    }

    fn added_to(&self, sum_ms: i64) -> i64 {
        sum_ms.saturating_add(self.request.ms)
    }
}

/// From when to when, in wall milliseconds; the end is `None` while nobody knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) begin_ms: i64,
    pub(crate) end_ms: Option<i64>,
}

impl Span {
    fn is_over(self, now_ms: i64) -> bool {
        self.end_ms.is_some_and(|end| end <= now_ms)
    }
}

/// The armed faults, by id.
#[derive(Default)]
pub(crate) struct Faults {
    armed: BTreeMap<u64, Armed>,
    next_id: u64,
    /// Maintenances that are over, oldest first.
    past: Vec<(u64, Span)>,
}

impl Faults {
    /// Arms a fault and returns its id.
    pub(crate) fn arm(&mut self, request: FaultRequest, now_ms: i64) -> u64 {
        self.next_id += 1;
        let lasts = request.kind == FaultKind::Maintenance && request.ms > 0;
        let end_ms = lasts.then(|| now_ms.saturating_add(request.ms));
        let armed = Armed { aim: Aim::new(&request), span: Span { begin_ms: now_ms, end_ms }, request };
        self.armed.insert(self.next_id, armed);
        self.next_id
    }

    /// Removes a fault; false when there is none with this id.
    pub(crate) fn disarm(&mut self, id: u64, now_ms: i64) -> bool {
        let Some(armed) = self.armed.remove(&id) else { return false };
        if armed.request.kind == FaultKind::Maintenance {
            let end_ms = armed.span.end_ms.unwrap_or(now_ms).min(now_ms);
            self.past.push((id, Span { end_ms: Some(end_ms), ..armed.span }));
        }
        true
    }

    /// How far the exchange's wall clock is ahead for everybody, in milliseconds.
    pub(crate) fn skew_ms(&self) -> i64 {
        self.skews().filter(|armed| !armed.is_partial()).fold(0, |sum, armed| armed.added_to(sum))
    }

    /// Whether the clock is another one for some requests.
    pub(crate) fn is_partly_skewed(&self) -> bool {
        self.skews().any(Armed::is_partial)
    }

    /// How far the exchange's wall clock is ahead for a request, in milliseconds; a strike uses up one of its count.
    pub(crate) fn skew_for(&mut self, subject: &Subject<'_>) -> i64 {
        let mut sum = self.skew_ms();
        let armed = self.armed.values_mut().filter(|armed| armed.request.kind == FaultKind::ClockSkew);
        for armed in armed.filter(|armed| armed.is_partial()) {
            if armed.aim.strikes([*subject]) {
                sum = armed.added_to(sum);
            }
        }
        self.armed.retain(|_, armed| !armed.aim.is_spent());
        sum
    }

    fn skews(&self) -> impl Iterator<Item = &Armed> {
        self.armed.values().filter(|armed| armed.request.kind == FaultKind::ClockSkew)
    }

    /// Every maintenance with whether it is going on, oldest first.
    pub(crate) fn maintenances(&self, now_ms: i64) -> Vec<(u64, Span, bool)> {
        let armed = self.armed.iter().filter(|(_, armed)| armed.request.kind == FaultKind::Maintenance);
        let armed = armed.map(|(id, armed)| (*id, armed.span, !armed.span.is_over(now_ms)));
        let mut all: Vec<_> = self.past.iter().map(|(id, span)| (*id, *span, false)).chain(armed).collect();
        all.sort_by_key(|(id, ..)| *id);
        all
    }

    /// The oldest fault that strikes this message, if any; a strike uses up one of its count.
    /// `now_ms` is wall time.
    pub(crate) fn strike(&mut self, target: Target, subject: &Subject<'_>, now_ms: i64) -> Option<Strike> {
        let (id, armed) = self.armed.iter_mut().find_map(|(id, armed)| {
            let struck = armed.request.kind.concerns(target)
                && (target != Target::PublicPush || armed.request.matcher.topic.is_some())
                && !armed.span.is_over(now_ms)
                && (armed.request.kind != FaultKind::HttpStatus || subject.socket.is_none())
                && armed.aim.strikes([*subject]);
            struck.then_some((*id, armed))
        })?;
        let strike = Strike {
            kind: armed.request.kind,
            delay: Duration::from_millis(u64::try_from(armed.request.ms).unwrap_or(0)),
            code: armed.request.code,
        };
        if armed.aim.is_spent() {
            self.armed.remove(&id);
        }
        Some(strike)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> FaultRequest {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_counted_fault_strikes_only_what_it_matches_and_only_so_often() {
        let mut faults = Faults::default();
        faults.arm(
            fault(r#"{"kind":"reply_lost","match":{"path":"order.create","symbol":"BTCUSDT"},"count":2}"#),
            0,
        );
        let create = |symbol| Subject {
            uid: Some(1),
            symbol: Some(symbol),
            path: Some("/v5/order/create"),
            ..Subject::default()
        };
        assert_eq!(faults.strike(Target::Action, &create("ETHUSDT"), 5_000), None);
        assert_eq!(faults.strike(Target::Push, &create("BTCUSDT"), 5_000), None);
        assert_eq!(
            faults.strike(Target::Action, &create("BTCUSDT"), 5_000).map(|s| s.kind),
            Some(FaultKind::ReplyLost)
        );
        assert!(faults.strike(Target::Action, &create("BTCUSDT"), 5_000).is_some());
        assert_eq!(faults.strike(Target::Action, &create("BTCUSDT"), 5_000), None);
    }

    /// The kinds that strike messages one by one, and a target of each.
    const STRIKING: [(&str, Target); 11] = [
        ("request_lost", Target::Action),
        ("reply_lost", Target::Action),
        ("delay", Target::Query),
        ("retcode", Target::Action),
        ("http_status", Target::Query),
        ("late_index", Target::Query),
        ("maintenance", Target::Action),
        ("drop_private", Target::Push),
        ("duplicate", Target::Push),
        ("reorder", Target::Push),
        ("drop_public", Target::PublicPush),
    ];

    #[test]
    fn every_kind_strikes_by_account_symbol_topic_and_path() {
        let subject = Subject {
            uid: Some(1),
            symbol: Some("BTCUSDT"),
            topic: Some("order"),
            path: Some("/v5/order/create"),
            socket: Some("/v5/private"),
        };
        for (kind, target) in STRIKING {
            // What comes over a socket has no HTTP status.
            let socket = subject.socket.filter(|_| kind != "http_status");
            let subject = Subject { socket, ..subject };
            for (field, hit, miss) in [
                ("uid", "1", "2"),
                ("symbol", r#""BTCUSDT""#, r#""ETHUSDT""#),
                ("topic", r#""order""#, r#""wallet""#),
                ("path", r#""/v5/order/create""#, r#""/v5/order/cancel""#),
                ("path", r#""/v5/private""#, r#""/v5/trade""#),
            ] {
                for (value, strikes) in [(hit, true), (miss, false)] {
                    // A public frame is struck by its topic at least.
                    let topic = if target == Target::PublicPush && field != "topic" {
                        r#","topic":"order""#
                    } else {
                        ""
                    };
                    let strikes = strikes && (socket.is_some() || value != r#""/v5/private""#);
                    let json = format!(r#"{{"kind":"{kind}","match":{{"{field}":{value}{topic}}}}}"#);
                    let mut faults = Faults::default();
                    faults.arm(fault(&json), 0);
                    assert_eq!(faults.strike(target, &subject, 0).is_some(), strikes, "{json}");
                }
            }
        }
    }

    #[test]
    fn every_kind_strikes_by_chance_and_one_seed_by_one_chance() {
        let subject = Subject { topic: Some("order"), ..Subject::default() };
        for (kind, target) in STRIKING {
            let struck = |seed: u64| -> Vec<bool> {
                let json = format!(
                    r#"{{"kind":"{kind}","match":{{"topic":"order"}},"probability":0.5,"seed":{seed}}}"#
                );
                let mut faults = Faults::default();
                faults.arm(fault(&json), 0);
                (0..200).map(|_| faults.strike(target, &subject, 0).is_some()).collect()
            };
            let times = struck(7).into_iter().filter(|struck| *struck).count();
            assert!((70..130).contains(&times), "{kind}: {times} of 200");
            assert_eq!(struck(7), struck(7), "{kind}");
            assert_ne!(struck(7), struck(8), "{kind}");
        }
    }

    /// The kinds that strike sockets, once, by what they are and listen to.
    const OF_SOCKETS: [&str; 3] = ["disconnect", "stall", "restart"];

    #[test]
    fn kinds_of_sockets_and_a_skew_of_requests_go_by_match_chance_and_count() {
        let whole = Subject { uid: Some(1), socket: Some("/v5/public/linear"), ..Subject::default() };
        let heard = Subject { topic: Some("tickers.BTCUSDT"), symbol: Some("BTCUSDT"), ..whole };
        for kind in OF_SOCKETS {
            for (matcher, strikes) in [
                ("{}", true),
                (r#"{"uid":1}"#, true),
                (r#"{"uid":2}"#, false),
                (r#"{"path":"/v5/public/linear"}"#, true),
                (r#"{"path":"/v5/trade"}"#, false),
                (r#"{"topic":"tickers.BTCUSDT"}"#, true),
                (r#"{"topic":"tickers.ETHUSDT"}"#, false),
                (r#"{"symbol":"BTCUSDT","uid":1}"#, true),
                (r#"{"symbol":"ETHUSDT"}"#, false),
            ] {
                let request = fault(&format!(r#"{{"kind":"{kind}","match":{matcher},"ms":5}}"#));
                assert_eq!(request.check(), Ok(()));
                assert_eq!(Aim::new(&request).strikes([whole, heard]), strikes, "{kind} {matcher}");
            }
            let struck = |seed: u64, count: u64| -> Vec<bool> {
                let json =
                    format!(r#"{{"kind":"{kind}","ms":5,"probability":0.5,"seed":{seed},"count":{count}}}"#);
                let mut aim = Aim::new(&fault(&json));
                (0..200).map(|_| aim.strikes([whole, heard])).collect()
            };
            let times = struck(7, 1_000).into_iter().filter(|struck| *struck).count();
            assert!((70..130).contains(&times), "{kind}: {times} of 200");
            assert_eq!(struck(7, 3), struck(7, 3));
            assert_ne!(struck(7, 1_000), struck(8, 1_000));
            assert_eq!(struck(7, 3).into_iter().filter(|struck| *struck).count(), 3, "{kind}");
        }
        for (matcher, own, other) in [
            (r#""match":{"uid":1}"#, 5, 0),
            (r#""match":{"symbol":"BTCUSDT"}"#, 5, 0),
            (r#""match":{"path":"order.create"}"#, 5, 5),
            (r#""count":1"#, 5, 0),
            (r#""probability":0"#, 0, 0),
        ] {
            let mut faults = Faults::default();
            faults.arm(fault(&format!(r#"{{"kind":"clock_skew","ms":5,{matcher}}}"#)), 0);
            let create = Subject { path: Some("/v5/order/create"), ..heard };
            let of_other = Subject { uid: Some(2), symbol: Some("ETHUSDT"), ..create };
            assert_eq!(faults.skew_ms(), 0, "nobody else's clock: {matcher}");
            assert_eq!(
                [create, of_other].map(|subject| faults.skew_for(&subject)),
                [own, other],
                "{matcher}"
            );
        }
    }

    #[test]
    fn what_no_message_of_the_kind_has_is_refused() {
        for json in [
            r#"{"kind":"retcode","match":{"topic":"order"}}"#,
            r#"{"kind":"clock_skew","ms":5,"match":{"topic":"order"}}"#,
            r#"{"kind":"drop_public","match":{"uid":1,"topic":"tickers.BTCUSDT"}}"#,
            r#"{"kind":"delay","ms":-1}"#,
            r#"{"kind":"disconnect","ms":-1}"#,
            r#"{"kind":"stall"}"#,
            r#"{"kind":"delay","ms":1,"probability":1.5}"#,
            r#"{"kind":"delay","ms":1,"probability":-0.5}"#,
        ] {
            assert!(fault(json).check().is_err(), "{json}");
        }
    }

    #[test]
    fn a_fault_can_be_removed_and_an_unknown_word_is_refused() {
        let mut faults = Faults::default();
        let id = faults.arm(fault(r#"{"kind":"delay","ms":5}"#), 0);
        assert!(faults.disarm(id, 0));
        assert!(!faults.disarm(id, 0));
        assert!(serde_json::from_str::<FaultRequest>(r#"{"kind":"delay","msec":5}"#).is_err());
    }

    #[test]
    fn an_http_status_strikes_nothing_on_a_socket() {
        let mut faults = Faults::default();
        faults.arm(fault(r#"{"kind":"http_status","code":403}"#), 0);
        let over_http = Subject { path: Some("/v5/order/create"), ..Subject::default() };
        let on_socket =
            Subject { path: Some("order.create"), socket: Some("/v5/trade"), ..Subject::default() };
        assert_eq!(faults.strike(Target::Action, &on_socket, 0), None);
        assert_eq!(faults.strike(Target::Action, &over_http, 0).and_then(|strike| strike.code), Some(403));
    }

    #[test]
    fn a_public_frame_is_struck_only_by_a_fault_that_names_its_topic() {
        let mut faults = Faults::default();
        let frame = Subject { topic: Some("orderbook.50.BTCUSDT"), ..Subject::default() };
        faults.arm(fault(r#"{"kind":"duplicate"}"#), 0);
        assert_eq!(faults.strike(Target::PublicPush, &frame, 5_000), None);
        faults.arm(fault(r#"{"kind":"drop_public","match":{"topic":"orderbook.50.BTCUSDT"}}"#), 0);
        assert_eq!(
            faults.strike(Target::PublicPush, &frame, 5_000).map(|s| s.kind),
            Some(FaultKind::DropPublic)
        );
    }

    #[test]
    fn a_maintenance_refuses_actions_only_and_is_remembered_when_it_is_over() {
        let mut faults = Faults::default();
        let now_ms = 5_000;
        let long_over = faults.arm(fault(r#"{"kind":"maintenance","ms":1}"#), now_ms - 1_000);
        let subject = Subject::default();
        assert_eq!(faults.strike(Target::Action, &subject, 5_000), None);
        let open = faults.arm(fault(r#"{"kind":"maintenance"}"#), now_ms);
        assert!(faults.strike(Target::Action, &subject, 5_000).is_some());
        assert_eq!(faults.strike(Target::Query, &subject, 5_000), None);
        assert!(faults.disarm(open, now_ms + 5));
        let states: Vec<_> =
            faults.maintenances(now_ms + 5).into_iter().map(|(id, _, on)| (id, on)).collect();
        assert_eq!(states, [(long_over, false), (open, false)]);
    }

    #[test]
    fn skews_add_up() {
        let mut faults = Faults::default();
        faults.arm(fault(r#"{"kind":"clock_skew","ms":-40000}"#), 0);
        faults.arm(fault(r#"{"kind":"clock_skew","ms":1000}"#), 0);
        assert_eq!(faults.skew_ms(), -39_000);
    }
}
