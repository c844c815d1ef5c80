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
use crate::fault::{Aim, FaultKind, FaultRequest};
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
        return (path == "state").then(|| state::state(exchange, &Fields::from_query(&call.query)));
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

/// Arms a fault. A disconnect, a restart or a stall happens at once, on every open socket that it strikes.
fn fault(exchange: &mut Exchange, body: &[u8]) -> Result<Value, Refusal> {
    let request: FaultRequest = serde_json::from_slice(body).map_err(Refusal::parameter)?;
    request.check().map_err(Refusal::parameter)?;
    let mut aim = Aim::new(&request);
    Ok(match request.kind {
        FaultKind::Disconnect => json!({"id": 0, "cut": exchange.cut_sockets(&mut aim)}),
        FaultKind::Restart => json!({"id": 0, "cut": exchange.restart(&mut aim)}),
        FaultKind::Stall => {
            let length = Duration::from_millis(u64::try_from(request.ms).unwrap_or_default());
            json!({"id": 0, "stalled": exchange.silence_sockets(length, &mut aim)})
        }
        _ => json!({"id": exchange.arm(request)}),
    })
}
