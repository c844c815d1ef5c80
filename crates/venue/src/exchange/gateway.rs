//! The gate of REST and trade-socket requests: faults, signatures, budgets, counting, then the endpoint.

use std::time::Duration;

use hyper::{Method, StatusCode};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use windvane_venue_core::Category;

use super::Exchange;
use crate::fault::{FaultKind, Strike, Subject, Target};
use crate::rest::{self, Endpoint, order};
use crate::server::auth::{AuthFailure, Caller};
use crate::server::budget::Allowance;
use crate::server::{RestAnswer, RestCall, RestOutcome};
use crate::sim;
use crate::wire::envelope::{Answer, Refusal, rest_body};
use crate::wire::fields::Fields;

/// In place of an account where none is known.
pub(crate) const NOBODY: u64 = 0;

/// What a request is, apart from how it came.
#[derive(Clone, Copy)]
pub(super) struct Errand<'a> {
    /// Who asks; `None` for unsigned market data, which has no budget.
    pub(super) caller: Option<&'a Caller>,
    /// REST path or operation of the trade socket.
    pub(super) path: &'a str,
    pub(super) endpoint: Endpoint,
    pub(super) fields: &'a Fields,
}

impl Exchange {
    /// Answers one HTTP request.
    pub(super) fn rest(&mut self, call: &RestCall) -> RestAnswer {
        if call.path.starts_with("/sim/") {
            // The control surface answers nobody from elsewhere.
            if !self.sim || !call.peer.is_loopback() {
                return plain(StatusCode::NOT_FOUND, "not found");
            }
            return sim::answer(self, call);
        }
        self.request_skew_ms = self.skew_of_call(call);
        let answer = self.rest_in_time(call);
        self.request_skew_ms = None;
        answer
    }

    /// How far the clock is ahead for one HTTP request, where a fault makes a difference between requests.
    fn skew_of_call(&mut self, call: &RestCall) -> Option<i64> {
        if !self.faults.is_partly_skewed() {
            return None;
        }
        let key = call.headers.api_key.as_ref().and_then(|name| self.keys.key(name).ok());
        let fields = match call.method {
            Method::GET => Ok(Fields::from_query(&call.query)),
            _ => Fields::from_body(&call.body),
        };
        let symbol = fields.ok().and_then(|fields| fields.symbol());
        let uid = key.map(|key| key.uid);
        let subject =
            Subject { uid, symbol: symbol.as_deref(), path: Some(&call.path), ..Subject::default() };
        Some(self.faults.skew_for(&subject))
    }

    /// Answers one HTTP request of a client, by the clock that holds for it.
    fn rest_in_time(&mut self, call: &RestCall) -> RestAnswer {
        if self.limits_rates() && !self.bans.admit(call.peer, self.now.wall_ms) {
            return self.turned_away(NOBODY, StatusCode::FORBIDDEN, "access too frequent");
        }
        if call.method == Method::GET && !call.body.is_empty() {
            // Documented as a cause of 403.
            return self.turned_away(NOBODY, StatusCode::FORBIDDEN, "a GET request carries no body");
        }
        let Some(endpoint) = rest::endpoint(&call.method, &call.path) else {
            return self.turned_away(NOBODY, StatusCode::NOT_FOUND, "not found");
        };
        let caller = match endpoint {
            Endpoint::Market(_) => None,
            Endpoint::Query(_)
            | Endpoint::Action(_)
            | Endpoint::Batch(_)
            | Endpoint::KeyQuery(_)
            | Endpoint::KeyAction(_) => {
                let payload = if call.method == Method::GET { call.query.as_bytes() } else { &call.body };
                match self.keys.verify_rest(&call.headers, payload, call.peer, self.wall_ms()) {
                    Ok(caller) => Some(caller),
                    Err(AuthFailure::HeadersMissing) => {
                        return self.turned_away(NOBODY, StatusCode::UNAUTHORIZED, "");
                    }
                    Err(AuthFailure::Refused(refusal)) => {
                        self.count_refusal(self.owner(call.headers.api_key.as_deref()), refusal.code);
                        return self.enveloped(&Err(refusal), None);
                    }
                }
            }
        };
        let uid = caller.as_ref().map(|caller| caller.uid);
        if self.limits_rates() && !self.quotas.admit_request(uid, call.peer, self.now.wall_ms) {
            let uid = uid.unwrap_or(NOBODY);
            return self.turned_away(uid, StatusCode::TOO_MANY_REQUESTS, "too many requests");
        }
        let fields = if call.method == Method::GET {
            Fields::from_query(&call.query)
        } else {
            match Fields::from_body(&call.body) {
                Ok(fields) => fields,
                Err(refusal) => {
                    self.count_refusal(uid.unwrap_or(NOBODY), refusal.code);
                    return self.enveloped(&Err(refusal), None);
                }
            }
        };
        let symbol = fields.symbol();
        let subject =
            Subject { uid, symbol: symbol.as_deref(), path: Some(&call.path), ..Subject::default() };
        let strike = self.faults.strike(target(endpoint), &subject, self.now.wall_ms);
        let kind = strike.map(|strike| strike.kind);
        if kind == Some(FaultKind::RequestLost) {
            return RestAnswer { after: Duration::ZERO, outcome: RestOutcome::HangUp };
        }
        if kind == Some(FaultKind::HttpStatus) {
            let code = strike.and_then(|strike| u16::try_from(strike.code?).ok());
            let status = code.and_then(|code| StatusCode::from_u16(code).ok());
            return plain(status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE), "injected fault");
        }
        if let Some(Strike { kind: FaultKind::LateIndex, delay, .. }) = strike {
            self.index_lag = delay;
        }
        let (answer, allowance) = match injected_refusal(strike.as_ref(), 10016) {
            Some(refusal) => (Err(refusal), None),
            None => {
                self.errand(Errand { caller: caller.as_ref(), path: &call.path, endpoint, fields: &fields })
            }
        };
        self.index_lag = Duration::ZERO;
        let mut reply = self.enveloped(&answer, allowance.as_ref());
        match kind {
            Some(FaultKind::ReplyLost) => reply.outcome = RestOutcome::HangUp,
            Some(FaultKind::Delay) => reply.after = strike.map_or(Duration::ZERO, |strike| strike.delay),
            _ => {}
        }
        reply
    }

    /// Carries out a request within its account's budget and counts it.
    pub(super) fn errand(&mut self, errand: Errand<'_>) -> (Answer, Option<Allowance>) {
        let Errand { caller, path, endpoint, fields } = errand;
        let (uid, key) = caller.map_or((NOBODY, ""), |caller| (caller.uid, &*caller.key));
        let units = match endpoint {
            Endpoint::Market(_)
            | Endpoint::Query(_)
            | Endpoint::Action(_)
            | Endpoint::KeyQuery(_)
            | Endpoint::KeyAction(_) => 1,
            // A batch costs as many units as it has orders; a malformed one is refused for that instead.
            Endpoint::Batch(_) => fields.objects("request").map_or(1, |items| items.len()),
        };
        let allowance = if self.limits_rates() {
            let category = fields.text("category").and_then(|text| Category::parse(&text));
            self.budgets.take(uid, (path, category), units, self.now.wall_ms)
        } else {
            None
        };
        let granted = allowance.map_or(units, |allowance| allowance.granted);
        let answer = match endpoint {
            _ if granted == 0 && units > 0 => Err(Refusal::too_many()),
            Endpoint::Market(answer) => {
                self.tell_what_has_ended();
                answer(self, fields)
            }
            _ if let Err(refusal) = self.check_right(key, path, fields) => Err(refusal),
            Endpoint::KeyQuery(act) | Endpoint::KeyAction(act) => act(self, key, fields),
            Endpoint::Query(answer) => answer(self, uid, fields),
            Endpoint::Action(act) => act(self, uid, fields),
            Endpoint::Batch(batch) => order::batch(self, uid, fields, granted, batch),
        };
        self.count(uid, path, &answer);
        (answer, allowance)
    }

    fn check_right(&self, key: &str, path: &str, fields: &Fields) -> Result<(), Refusal> {
        self.keys.key(key)?.check_right(rest::right::needed(path, fields))
    }

    fn count(&mut self, uid: u64, path: &str, answer: &Answer) {
        let counts = self.counts.entry(uid).or_default();
        match answer {
            Ok(_) => {
                let name = path.trim_start_matches("/v5/").replace('.', "/");
                *counts.accepted.entry(name).or_default() += 1;
            }
            Err(refusal) => *counts.refused.entry(refusal.code).or_default() += 1,
        }
    }

    /// Counts a refusal; whose it is, is [`NOBODY`] where no account is known.
    pub(crate) fn count_refusal(&mut self, uid: u64, code: i64) {
        *self.counts.entry(uid).or_default().refused.entry(code).or_default() += 1;
    }

    /// Answers by an HTTP status alone, and counts that like a code.
    fn turned_away(&mut self, uid: u64, status: StatusCode, body: &str) -> RestAnswer {
        self.count_refusal(uid, status.as_u16().into());
        plain(status, body)
    }

    /// Whose an API key is, [`NOBODY`]'s where there is none of this name.
    pub(super) fn owner(&self, key: Option<&str>) -> u64 {
        key.and_then(|name| self.keys.key(name).ok()).map_or(NOBODY, |key| key.uid)
    }

    fn enveloped(&self, answer: &Answer, allowance: Option<&Allowance>) -> RestAnswer {
        let headers = allowance.map(limit_headers).into_iter().flatten().collect();
        RestAnswer {
            after: Duration::ZERO,
            outcome: RestOutcome::Reply {
                status: StatusCode::OK,
                headers,
                content_type: "application/json; charset=utf-8",
                body: rest_body(answer, self.doubts.success_text.text(), self.wall_ms()),
            },
        }
    }

    /// Sends a trade-socket reply, as a fault may bend it.
    pub(super) fn reply_to_trade(&mut self, connection: u64, frame: String, strike: Option<&Strike>) {
        let frame = Utf8Bytes::from(frame);
        match strike {
            Some(Strike { kind: FaultKind::ReplyLost, .. }) => {}
            Some(Strike { kind: FaultKind::Delay, delay, .. }) => {
                self.hub.send_later(connection, frame, self.now.instant + *delay)
            }
            _ => self.hub.send(connection, frame),
        }
    }
}

/// What a fault sees in a request.
pub(super) fn target(endpoint: Endpoint) -> Target {
    match endpoint {
        Endpoint::Market(_) | Endpoint::Query(_) | Endpoint::KeyQuery(_) => Target::Query,
        Endpoint::Action(_) | Endpoint::Batch(_) | Endpoint::KeyAction(_) => Target::Action,
    }
}

/// The refusal a fault asks for, if it does; `closed` is the code while the exchange is closed.
pub(super) fn injected_refusal(strike: Option<&Strike>, closed: i64) -> Option<Refusal> {
    match strike? {
        Strike { kind: FaultKind::Retcode, code, .. } => {
            Some(Refusal::new(code.unwrap_or(10016), "injected fault"))
        }
        Strike { kind: FaultKind::Maintenance, code, .. } => {
            Some(Refusal::new(code.unwrap_or(closed), "The service is under maintenance."))
        }
        _ => None,
    }
}

/// The three budget headers, by name and value.
pub(super) fn limit_headers(allowance: &Allowance) -> [(&'static str, String); 3] {
    [
        ("x-bapi-limit", allowance.limit.to_string()),
        ("x-bapi-limit-status", allowance.left.to_string()),
        ("x-bapi-limit-reset-timestamp", allowance.reset_ms.to_string()),
    ]
}

pub(super) fn plain(status: StatusCode, body: &str) -> RestAnswer {
    RestAnswer {
        after: Duration::ZERO,
        outcome: RestOutcome::Reply {
            status,
            headers: Vec::new(),
            content_type: "text/plain",
            body: body.to_owned(),
        },
    }
}
