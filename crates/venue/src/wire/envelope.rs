//! The envelope around every V5 reply, and the refusal that fills it when a request is not accepted.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use windvane_venue_core::{Acknowledgement, Request};

use super::reply::accepted;
use crate::config::DoubtsConfig;

/// A request that is not accepted: a return code with its text. Source: `retCode` tables of Bybit V5.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Bybit's return code, never 0.
    pub code: i64,
    /// `retMsg`.
    pub message: String,
    /// `result`, for the few refusals that carry one.
    pub(crate) result: Value,
    /// `retExtInfo`, for the one that carries it.
    pub(crate) ext_info: Value,
}

impl Refusal {
    /// A refusal that says no more than this.
    #[must_use]
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), result: json!({}), ext_info: json!({}) }
    }

    /// 10006: the account's budget for this endpoint is used up.
    pub(crate) fn too_many() -> Self {
        Self::new(10006, "Too many visits. Exceeded the API Rate Limit.")
    }

    /// 10001 with the name of the field at fault.
    pub(crate) fn parameter(message: impl std::fmt::Display) -> Self {
        Self::new(10001, format!("params error: {message}"))
    }
}

/// What an accepted request returns.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// `result` (REST) or `data` (trade socket). Null where the exchange leaves it out, and where it is written already.
    pub(crate) result: Value,
    /// `result`, where it is a list of rows.
    written: Option<Box<RawValue>>,
    /// `retExtInfo`: the codes of each item of a batch, else empty.
    pub(crate) ext_info: Value,
}

impl Accepted {
    pub(crate) fn new(result: Value) -> Self {
        Self { result, written: None, ext_info: json!({}) }
    }

    /// With a result that is written down at once: rows are many, and nothing of them is looked at again.
    pub(crate) fn written(result: &impl Serialize) -> Self {
        let written = to_raw_value(result).expect("rows of text and numbers encode");
        Self { written: Some(written), ..Self::new(Value::Null) }
    }

    /// With another `retExtInfo` than the empty one.
    pub(crate) fn with_ext_info(self, ext_info: Value) -> Self {
        Self { ext_info, ..self }
    }

    fn shown(&self) -> Content<'_> {
        self.written.as_deref().map_or(Content::Made(&self.result), Content::Written)
    }

    /// What the exchange says of a request that the core took.
    #[must_use]
    pub fn of(request: &Request, taken: &Acknowledgement, doubts: &DoubtsConfig) -> Self {
        accepted(request, taken, doubts)
    }

    /// Accepted with nothing to tell.
    pub(crate) fn empty() -> Self {
        Self::new(json!({}))
    }
}

/// The outcome of one endpoint.
pub type Answer = Result<Accepted, Refusal>;

/// `result` of an envelope.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Made(&'a Value),
    Written(&'a RawValue),
}

impl Content<'_> {
    const fn is_null(&self) -> bool {
        matches!(self, Self::Made(Value::Null))
    }
}

/// `{retCode, retMsg, result, retExtInfo, time}`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    ret_code: i64,
    ret_msg: &'a str,
    #[serde(skip_serializing_if = "Content::is_null")]
    result: Content<'a>,
    #[serde(skip_serializing_if = "Value::is_null")]
    ret_ext_info: &'a Value,
    time: i64,
}

/// The REST body of an answer. `wall_ms` is the server's wall clock in milliseconds.
pub(crate) fn rest_body(answer: &Answer, success_text: &str, wall_ms: i64) -> String {
    let envelope = match answer {
        Ok(accepted) => Envelope {
            ret_code: 0,
            ret_msg: success_text,
            result: accepted.shown(),
            ret_ext_info: &accepted.ext_info,
            time: wall_ms,
        },
        Err(refusal) => Envelope {
            ret_code: refusal.code,
            ret_msg: &refusal.message,
            result: Content::Made(&refusal.result),
            ret_ext_info: &refusal.ext_info,
            time: wall_ms,
        },
    };
    serde_json::to_string(&envelope).expect("an envelope of JSON values encodes")
}
