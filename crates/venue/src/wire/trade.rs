//! Requests on the trade socket and their replies. Source: Bybit V5, "Websocket Trade Guideline".

use serde_json::{Map, Value, json};
use windvane_venue_core::Request;

use super::envelope::{Accepted, Answer, Refusal};
use super::fields::Fields;
use super::reply::{connection_name, echo};
use super::request;
use super::window::check_window;
use crate::config::DoubtsConfig;

/// Characters of a `reqId`.
const REQUEST_ID_MAX: usize = 36;

/// A client's frame as a JSON object; `None` when it is anything else.
#[must_use]
pub fn read_frame(text: &str) -> Option<Map<String, Value>> {
    match serde_json::from_str(text) {
        Ok(Value::Object(frame)) => Some(frame),
        _ => None,
    }
}

/// What a frame asks for, empty where it does not say.
#[must_use]
pub fn operation(frame: &Map<String, Value>) -> &str {
    frame.get("op").and_then(Value::as_str).unwrap_or_default()
}

/// An order operation.
#[derive(Debug, Clone, Copy)]
pub struct TradeCall<'a> {
    /// Its name, as `order.create`.
    pub operation: &'a str,
    /// All of the frame.
    pub frame: &'a Map<String, Value>,
}

impl TradeCall<'_> {
    /// The fields of the request; none where the frame does not hold just one.
    pub(crate) fn fields(&self) -> Fields {
        match self.argument() {
            Some(argument) => Fields::from_object(argument.clone()),
            None => Fields::default(),
        }
    }

    fn argument(&self) -> Option<&Map<String, Value>> {
        match self.frame.get("args").and_then(Value::as_array).map(Vec::as_slice) {
            Some([Value::Object(argument)]) => Some(argument),
            _ => None,
        }
    }

    /// The client's id of the request, where it gave one.
    ///
    /// # Errors
    /// 10001 when it is too long.
    pub(crate) fn request_id(&self) -> Result<Option<&str>, Refusal> {
        let request_id = self.frame.get("reqId").and_then(Value::as_str);
        if request_id.is_some_and(|id| id.len() > REQUEST_ID_MAX) {
            return Err(Refusal::parameter("reqId is longer than 36 characters"));
        }
        Ok(request_id)
    }

    /// Whether it holds one request, stamped within its window at `now_ms` of the wall clock.
    ///
    /// # Errors
    /// 10001 when it holds another number, or a header is missing or no number; 10002 outside the window.
    pub(crate) fn check_stamp(&self, now_ms: i64) -> Result<(), Refusal> {
        if self.frame.get("args").and_then(Value::as_array).is_none_or(|args| args.len() != 1) {
            return Err(Refusal::parameter("args holds one object"));
        }
        let header = |name: &str| {
            let value = self.frame.get("header")?.get(name)?;
            Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        let timestamp =
            header("X-BAPI-TIMESTAMP").ok_or_else(|| Refusal::parameter("X-BAPI-TIMESTAMP is required"))?;
        check_window(&timestamp, header("X-BAPI-RECV-WINDOW").as_deref(), now_ms)
    }

    /// There is no such operation.
    pub(crate) fn unknown(&self) -> Refusal {
        Refusal::new(10404, format!("op not found: {}", self.operation))
    }

    /// What it asks of the core, if it is a single request, well formed and in time at `now_ms` of the wall clock.
    ///
    /// # Errors
    /// The refusal.
    pub fn read(&self, now_ms: i64, doubts: &DoubtsConfig) -> Result<Request, Refusal> {
        let path = request::path_of(self.operation).ok_or_else(|| self.unknown())?;
        self.request_id()?;
        self.check_stamp(now_ms)?;
        request::read(path, &self.fields(), doubts)?.ok_or_else(|| self.unknown())
    }

    /// The reply on a connection at `now_ms` of the wall clock, with the headers of the rate budget, by name and value,
    /// where there is one.
    #[must_use]
    pub fn reply(
        &self,
        (connection, now_ms): (u64, i64),
        answer: &Answer,
        limits: Option<&[(&'static str, String)]>,
    ) -> String {
        let nothing = Accepted::empty();
        let (code, message, body) = match answer {
            Ok(accepted) => (0, "OK", accepted),
            Err(refusal) => (refusal.code, refusal.message.as_str(), &nothing),
        };
        let mut header =
            json!({"Timenow": now_ms.to_string(), "Traceid": format!("{now_ms:016x}{connection:016x}")});
        let names = ["X-Bapi-Limit", "X-Bapi-Limit-Status", "X-Bapi-Limit-Reset-Timestamp"];
        for (name, (_, value)) in names.into_iter().zip(limits.into_iter().flatten()) {
            header[name] = value.as_str().into();
        }
        let mut reply = json!({
            "retCode": code, "retMsg": message, "op": self.operation, "data": body.result,
            "retExtInfo": body.ext_info, "header": header, "connId": connection_name(connection),
        });
        echo(&mut reply, self.frame, "reqId");
        reply.to_string()
    }
}
