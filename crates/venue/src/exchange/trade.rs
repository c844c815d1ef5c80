//! Order operations of the trade socket. Source: Bybit V5, "Websocket Trade Guideline".

use serde_json::{Map, Value, json};

use super::Exchange;
use super::gateway::{Errand, NOBODY, injected_refusal, limit_headers};
use super::socket::{connection_name, echo};
use crate::fault::{FaultKind, Subject, Target};
use crate::rest::{self, Endpoint};
use crate::server::auth::check_window;
use crate::server::budget::Allowance;
use crate::server::{ConnectionId, SocketKind};
use crate::wire::envelope::{Accepted, Answer, Refusal};
use crate::wire::fields::Fields;

/// Characters of a `reqId`. Source: Bybit V5, "Websocket Trade Guideline".
const REQUEST_ID_MAX: usize = 36;

impl Exchange {
    /// An order operation of the trade socket. Only its timestamp is checked: the socket itself is signed in.
    pub(super) fn trade(&mut self, id: ConnectionId, op: &str, frame: &Map<String, Value>) {
        let Some(caller) = self.hub.session(id).and_then(|session| session.caller.clone()) else {
            self.count_refusal(NOBODY, 10005);
            let refused = Err(Refusal::new(10005, "the connection is not authenticated"));
            let reply = trade_reply((id, self.wall_ms()), (op, frame), &refused, None);
            return self.send(id, &reply);
        };
        let argument = frame.get("args").and_then(Value::as_array).map(Vec::as_slice);
        let fields = match argument {
            Some([Value::Object(argument)]) => Fields::from_object(argument.clone()),
            _ => Fields::default(),
        };
        let symbol = fields.symbol();
        let subject = Subject {
            uid: Some(caller.uid),
            symbol: symbol.as_deref(),
            path: Some(op),
            socket: Some(SocketKind::Trade.path()),
            topic: None,
        };
        let strike = self.faults.strike(Target::Action, &subject, self.now.wall_ms);
        if strike.is_some_and(|strike| strike.kind == FaultKind::RequestLost) {
            return;
        }
        // What a fault makes up is not the account's doing and is not counted.
        let mut refused = None;
        let admitted = match injected_refusal(strike.as_ref(), 10019) {
            Some(refusal) => Err(refusal),
            None => self.admit_trade(id, op, frame).inspect_err(|refusal| refused = Some(refusal.code)),
        };
        if let Some(code) = refused {
            self.count_refusal(caller.uid, code);
        }
        let (answer, allowance) = match admitted {
            Ok(endpoint) => {
                self.errand(Errand { caller: Some(&caller), path: op, endpoint, fields: &fields })
            }
            Err(refusal) => (Err(refusal), None),
        };
        self.tell_before_acknowledging();
        let reply = trade_reply((id, self.wall_ms()), (op, frame), &answer, allowance.as_ref());
        self.reply_to_trade(id, reply.to_string(), strike.as_ref());
    }

    /// The endpoint behind an operation, if the operation exists, is not a repetition and is in time.
    fn admit_trade(
        &mut self,
        id: ConnectionId,
        op: &str,
        frame: &Map<String, Value>,
    ) -> Result<Endpoint, Refusal> {
        let endpoint =
            rest::trade_operation(op).ok_or_else(|| Refusal::new(10404, format!("op not found: {op}")))?;
        let limited = self.limits_rates();
        let Some(session) = self.hub.session(id) else {
            return Err(Refusal::new(10007, "the connection is gone"));
        };
        if limited {
            self.quotas.admit_trade(session.peer, id, self.now.wall_ms)?;
        }
        if let Some(request_id) = frame.get("reqId").and_then(Value::as_str) {
            if request_id.len() > REQUEST_ID_MAX {
                return Err(Refusal::parameter("reqId is longer than 36 characters"));
            }
            if !session.is_new_request(request_id) {
                return Err(Refusal::new(20006, "Duplicate reqId"));
            }
        }
        if frame.get("args").and_then(Value::as_array).is_none_or(|args| args.len() != 1) {
            return Err(Refusal::parameter("args holds one object"));
        }
        let header = |name: &str| {
            let value = frame.get("header")?.get(name)?;
            Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        let timestamp =
            header("X-BAPI-TIMESTAMP").ok_or_else(|| Refusal::parameter("X-BAPI-TIMESTAMP is required"))?;
        check_window(&timestamp, header("X-BAPI-RECV-WINDOW").as_deref(), self.wall_ms())?;
        Ok(endpoint)
    }
}

fn trade_reply(
    (id, now_ms): (ConnectionId, i64),
    (op, frame): (&str, &Map<String, Value>),
    answer: &Answer,
    allowance: Option<&Allowance>,
) -> Value {
    let nothing = Accepted::empty();
    let (code, message, body) = match answer {
        Ok(accepted) => (0, "OK", accepted),
        Err(refusal) => (refusal.code, refusal.message.as_str(), &nothing),
    };
    let mut header = json!({"Timenow": now_ms.to_string(), "Traceid": format!("{now_ms:016x}{id:016x}")});
    if let Some(allowance) = allowance {
        for (name, (_, value)) in ["X-Bapi-Limit", "X-Bapi-Limit-Status", "X-Bapi-Limit-Reset-Timestamp"]
            .into_iter()
            .zip(limit_headers(allowance))
        {
            header[name] = value.into();
        }
    }
    let mut reply = json!({
        "retCode": code, "retMsg": message, "op": op, "data": body.result, "retExtInfo": body.ext_info,
        "header": header, "connId": connection_name(id),
    });
    echo(&mut reply, frame, "reqId");
    reply
}
