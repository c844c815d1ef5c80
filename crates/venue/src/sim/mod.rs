//! The control surface under `/sim`: what a test or an operator may do to the venue that no client can.
//!
//! Replies are plain JSON without the exchange's envelope: 200 with the result, or 400 with `code` and
//! `message`. Decimals are strings.

mod account;
mod market;
mod state;

use std::time::Duration;

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::exchange::Exchange;
use crate::fault::{FaultKind, FaultRequest, Subject};
use crate::server::{RestAnswer, RestCall, RestOutcome};
use crate::wire::envelope::Refusal;
use crate::wire::fields::Fields;

/// Answers one control request.
pub(crate) fn answer(exchange: &mut Exchange, call: &RestCall) -> RestAnswer {
    let outcome = route(exchange, call);
    let (status, body) = match outcome {
        Some(Ok(body)) => (StatusCode::OK, body),
        Some(Err(refusal)) => {
            (StatusCode::BAD_REQUEST, json!({"code": refusal.code, "message": refusal.message}))
        }
        None => (StatusCode::NOT_FOUND, json!({"code": 404, "message": "no such control request"})),
    };
    RestAnswer {
        after: Duration::ZERO,
        outcome: RestOutcome::Reply {
            status,
            headers: Vec::new(),
            content_type: "application/json; charset=utf-8",
            body: body.to_string(),
        },
    }
}

fn route(exchange: &mut Exchange, call: &RestCall) -> Option<Result<Value, Refusal>> {
    let path = call.path.strip_prefix("/sim/")?;
    if call.method == Method::GET {
        return (path == "state").then(|| Ok(state::state(exchange)));
    }
    if call.method == Method::DELETE {
        let id = path.strip_prefix("fault/")?.parse().ok()?;
        return Some(if exchange.disarm(id) {
            Ok(json!({}))
        } else {
            Err(Refusal::parameter(format!("no fault with id {id}")))
        });
    }
    if call.method != Method::POST {
        return None;
    }
    if path == "fault" {
        return Some(fault(exchange, &call.body));
    }
    let fields = match Fields::from_body(&call.body) {
        Ok(fields) => fields,
        Err(refusal) => return Some(Err(refusal)),
    };
    Some(match path {
        "price" => market::price(exchange, &fields),
        "book" => market::book(exchange, &fields),
        "trade" => market::trade(exchange, &fields),
        "event" => market::event(exchange, &fields),
        "clock" => market::clock(exchange, &fields),
        "account" => account::transfer(exchange, &fields),
        "order" => account::order(exchange, &fields),
        _ => return None,
    })
}

/// Arms a fault. A disconnect, a restart or a stall happens at once, on every open socket that matches.
fn fault(exchange: &mut Exchange, body: &[u8]) -> Result<Value, Refusal> {
    let request: FaultRequest = serde_json::from_slice(body).map_err(Refusal::parameter)?;
    let matcher = &request.matcher;
    let is_struck = |uid: Option<u64>, path: &str| {
        matcher.matches(&Subject { uid, socket: Some(path), ..Subject::default() })
    };
    if request.kind == FaultKind::Disconnect {
        return Ok(json!({"id": 0, "cut": exchange.cut_sockets(is_struck)}));
    }
    if request.kind == FaultKind::Restart {
        return Ok(json!({"id": 0, "cut": exchange.restart(is_struck)}));
    }
    if request.ms < 0 && request.kind != FaultKind::ClockSkew {
        return Err(Refusal::parameter("only a clock_skew takes a negative ms"));
    }
    if request.kind == FaultKind::Stall {
        let Some(ms) = u64::try_from(request.ms).ok().filter(|ms| *ms > 0) else {
            return Err(Refusal::parameter("a stall takes ms"));
        };
        let stalled = exchange.silence_sockets(Duration::from_millis(ms), is_struck);
        return Ok(json!({"id": 0, "stalled": stalled}));
    }
    Ok(json!({"id": exchange.arm(request)}))
}
