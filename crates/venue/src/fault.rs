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
    /// The request is answered with HTTP status `code` and no JSON, not carried out.
    HttpStatus,
    /// The query does not find orders and executions of the last `ms` of market time: they are acknowledged, but not
    /// indexed yet.
    LateIndex,
    /// Matching sockets are cut, at once.
    Disconnect,
    /// Matching sockets stay open and say nothing for `ms` from now, not even pong; what they would have said comes
    /// afterwards, in order. What clients send is still heard.
    Stall,
    /// The private push is overtaken by the next frame of its socket.
    Reorder,
    /// The private push never arrives.
    DropPrivate,
    /// The private push arrives twice.
    Duplicate,
}

impl FaultKind {
    fn concerns(self, target: Target) -> bool {
        match self {
            Self::RequestLost | Self::ReplyLost | Self::Retcode | Self::HttpStatus | Self::LateIndex => {
                target == Target::Request
            }
            Self::DropPrivate | Self::Duplicate | Self::Reorder => target == Target::Push,
            Self::Delay => true,
            Self::Disconnect | Self::Stall => false,
        }
    }
}

/// Where a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Request,
    Push,
}

/// Which messages a fault strikes; what is absent matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Matcher {
    pub(crate) uid: Option<u64>,
    pub(crate) symbol: Option<String>,
    /// Topic of a private push: `order`, `execution`, `position`, `wallet`.
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
    /// How many messages it strikes; absent means until it is deleted.
    pub(crate) count: Option<u64>,
    /// Milliseconds of a delay, a stall (both wall time) or a late index (market time).
    #[serde(default)]
    pub(crate) ms: u64,
    /// Return code or HTTP status.
    pub(crate) code: Option<i64>,
    /// Chance from 0 to 1 that a matching message is struck. Not money, so a float.
    pub(crate) probability: Option<f64>,
    /// Seed of that chance.
    #[serde(default)]
    pub(crate) seed: u64,
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
    left: Option<u64>,
    chance: fastrand::Rng,
}

/// The armed faults, by id.
#[derive(Default)]
pub(crate) struct Faults {
    armed: BTreeMap<u64, Armed>,
    next_id: u64,
}

impl Faults {
    /// Arms a fault and returns its id.
    pub(crate) fn arm(&mut self, request: FaultRequest) -> u64 {
        self.next_id += 1;
        let armed = Armed { left: request.count, chance: fastrand::Rng::with_seed(request.seed), request };
        self.armed.insert(self.next_id, armed);
        self.next_id
    }

    /// Removes a fault; false when there is none with this id.
    pub(crate) fn disarm(&mut self, id: u64) -> bool {
        self.armed.remove(&id).is_some()
    }

    /// The oldest fault that strikes this message, if any; a strike uses up one of its count.
    pub(crate) fn strike(&mut self, target: Target, subject: &Subject<'_>) -> Option<Strike> {
        if self.armed.is_empty() {
            return None;
        }
        let (id, armed) = self.armed.iter_mut().find_map(|(id, armed)| {
            let struck = armed.request.kind.concerns(target)
                && armed.request.matcher.matches(subject)
                && armed.request.probability.is_none_or(|probability| armed.chance.f64() < probability);
            struck.then_some((*id, armed))
        })?;
        let strike = Strike {
            kind: armed.request.kind,
            delay: Duration::from_millis(armed.request.ms),
            code: armed.request.code,
        };
        if let Some(left) = &mut armed.left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.armed.remove(&id);
            }
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
        faults.arm(fault(
            r#"{"kind":"reply_lost","match":{"path":"order.create","symbol":"BTCUSDT"},"count":2}"#,
        ));
        let create = |symbol| Subject {
            uid: Some(1),
            symbol: Some(symbol),
            path: Some("/v5/order/create"),
            ..Subject::default()
        };
        assert_eq!(faults.strike(Target::Request, &create("ETHUSDT")), None);
        assert_eq!(faults.strike(Target::Push, &create("BTCUSDT")), None);
        assert_eq!(
            faults.strike(Target::Request, &create("BTCUSDT")).map(|s| s.kind),
            Some(FaultKind::ReplyLost)
        );
        assert!(faults.strike(Target::Request, &create("BTCUSDT")).is_some());
        assert_eq!(faults.strike(Target::Request, &create("BTCUSDT")), None);
    }

    #[test]
    fn a_fault_can_be_removed_and_an_unknown_word_is_refused() {
        let mut faults = Faults::default();
        let id = faults.arm(fault(r#"{"kind":"delay","ms":5}"#));
        assert!(faults.disarm(id));
        assert!(!faults.disarm(id));
        assert!(serde_json::from_str::<FaultRequest>(r#"{"kind":"delay","msec":5}"#).is_err());
    }
}
