//! Order operations of the trade socket. Source: Bybit V5, "Websocket Trade Guideline".

use serde_json::{Map, Value};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::Exchange;
use super::gateway::{Errand, NOBODY, injected_refusal, limit_headers};
use crate::fault::{FaultKind, Subject, Target};
use crate::rest::{self, Endpoint};
use crate::server::{ConnectionId, SocketKind};
use crate::wire::envelope::Refusal;
use crate::wire::trade::TradeCall;

impl Exchange {
    /// An order operation of the trade socket. Only its timestamp is checked: the socket itself is signed in.
    pub(super) fn trade(&mut self, id: ConnectionId, op: &str, frame: &Map<String, Value>) {
        let call = TradeCall { operation: op, frame };
        let Some(caller) = self.hub.session(id).and_then(|session| session.caller.clone()) else {
            self.count_refusal(NOBODY, 10005);
            let refused = Err(Refusal::new(10005, "the connection is not authenticated"));
            let reply = call.reply((id, self.wall_ms()), &refused, None);
            return self.hub.send(id, Utf8Bytes::from(reply));
        };
        let fields = call.fields();
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
            None => self.admit_trade(id, call).inspect_err(|refusal| refused = Some(refusal.code)),
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
        let limits = allowance.as_ref().map(limit_headers);
        let reply = call.reply((id, self.wall_ms()), &answer, limits.as_ref().map(|limits| &limits[..]));
        self.reply_to_trade(id, reply, strike.as_ref());
    }

    /// The endpoint behind an operation, if the operation exists, is not a repetition and is in time.
    fn admit_trade(&mut self, id: ConnectionId, call: TradeCall<'_>) -> Result<Endpoint, Refusal> {
        let endpoint = rest::trade_operation(call.operation).ok_or_else(|| call.unknown())?;
        let limited = self.limits_rates();
        let Some(session) = self.hub.session(id) else {
            return Err(Refusal::new(10007, "the connection is gone"));
        };
        if limited {
            self.quotas.admit_trade(session.peer, id, self.now.wall_ms)?;
        }
        if let Some(request_id) = call.request_id()?
            && !session.is_new_request(request_id)
        {
            return Err(Refusal::new(20006, "Duplicate reqId"));
        }
        call.check_stamp(self.wall_ms())?;
        Ok(endpoint)
    }
}
