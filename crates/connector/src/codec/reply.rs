//! Answers on the sockets: log-in, subscribe, pong, and the trade socket's replies.
//!
//! The shapes differ by socket and product (`success` or `retCode`, `req_id` or `reqId`, `op` or a `type` of
//! `COMMAND_RESP`); one struct reads them all. Source: Bybit V5, "Connect" and "Trade WebSocket guideline", and
//! the five recorded forms of a pong.

use super::{Unrecognised, depth::is_too_deep, number::Lexeme, read_object, words::printable};
use serde::Deserialize;
use std::borrow::Cow;

/// An answer to something we sent on a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply<'a> {
    /// What it answers.
    pub kind: ReplyKind,
    /// Our id of the request, empty when the answer does not repeat it.
    pub request_id: Cow<'a, str>,
    /// 0 when it was taken; the venue's code, or -1 when it only says that it failed.
    pub code: i32,
    /// The venue's words.
    pub message: Cow<'a, str>,
    /// `orderId` of an answer about an order, empty otherwise.
    pub order_id: Cow<'a, str>,
    /// The rate limit of the operation, when the answer tells it.
    pub limit: Option<u32>,
    /// What is left of it.
    pub remaining: Option<u32>,
    /// When the venue takes the next request, ms since 1970 on its clock, after one too many.
    pub reset_ms: Option<i64>,
    /// The venue's clock in milliseconds since 1970, when the answer tells it.
    pub server_ms: Option<i64>,
}

/// What an answer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyKind {
    /// Log-in.
    Login,
    /// Subscribe.
    Subscribe,
    /// Unsubscribe.
    Unsubscribe,
    /// Ping.
    Pong,
    /// An order request on the trade socket, or a refusal that names no operation.
    Trade,
}

/// Code of an answer that says `"success": false` and gives no number.
pub(crate) const FAILED_WITHOUT_CODE: i32 = -1;

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default)]
    op: Lexeme<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Lexeme<'a>,
    #[serde(default)]
    success: Option<bool>,
    #[serde(borrow, default, rename = "retCode")]
    ret_code: Lexeme<'a>,
    #[serde(borrow, default, rename = "ret_code")]
    ret_code_snake: Lexeme<'a>,
    #[serde(borrow, default, rename = "retMsg")]
    ret_msg: Lexeme<'a>,
    #[serde(borrow, default, rename = "ret_msg")]
    ret_msg_snake: Lexeme<'a>,
    #[serde(borrow, default, rename = "reqId")]
    req_id: Lexeme<'a>,
    #[serde(borrow, default, rename = "req_id")]
    req_id_snake: Lexeme<'a>,
    #[serde(borrow, default)]
    data: Option<&'a serde_json::value::RawValue>,
    #[serde(borrow, default)]
    header: Option<Header<'a>>,
}

#[derive(Deserialize, Default)]
struct Header<'a> {
    #[serde(borrow, default, rename = "X-Bapi-Limit")]
    limit: Lexeme<'a>,
    #[serde(borrow, default, rename = "X-Bapi-Limit-Status")]
    remaining: Lexeme<'a>,
    #[serde(borrow, default, rename = "X-Bapi-Limit-Reset-Timestamp")]
    reset: Lexeme<'a>,
    #[serde(borrow, default, rename = "Timenow")]
    now: Lexeme<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderData<'a> {
    #[serde(borrow, default)]
    order_id: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TopicData<'a> {
    #[serde(borrow, default)]
    fail_topics: Vec<Cow<'a, str>>,
}

impl<'a> Reply<'a> {
    /// Reads an answer.
    ///
    /// # Errors
    /// When the text is JSON without any mark of an answer.
    pub(crate) fn read(text: &'a str) -> Result<Self, Unrecognised> {
        let wire: Wire<'a> = read_object(text)?;
        let message = printable(wire.ret_msg.or(wire.ret_msg_snake).into_text());
        let kind = match (wire.op.as_str(), wire.kind.as_str()) {
            // A pong is `"op":"pong"`, or `"op":"ping"` with the message `pong`.
            ("ping" | "pong", _) => ReplyKind::Pong,
            ("auth", _) | ("", "AUTH_RESP") => ReplyKind::Login,
            ("subscribe", _) | ("", "COMMAND_RESP") => ReplyKind::Subscribe,
            ("unsubscribe", _) => ReplyKind::Unsubscribe,
            (op, _) if op.starts_with("order.") => ReplyKind::Trade,
            ("", _) if !wire.ret_code.is_empty() => ReplyKind::Trade,
            _ => return Err(Unrecognised::Shape),
        };
        let named = if wire.ret_code.is_empty() { &wire.ret_code_snake } else { &wire.ret_code };
        let code = match (named.integer("retCode")?, wire.success) {
            (0, Some(false)) => FAILED_WITHOUT_CODE,
            (code, _) => code,
        };
        let order_id = match (kind, wire.data) {
            (ReplyKind::Trade, Some(data)) => {
                read_object::<OrderData<'a>>(data.get()).map(|d| d.order_id).unwrap_or_default()
            }
            _ => Cow::default(),
        };
        let code = match (kind, wire.data) {
            (ReplyKind::Subscribe, Some(data)) if code == 0 && names_failures(data.get()) => {
                FAILED_WITHOUT_CODE
            }
            _ => code,
        };
        let header = wire.header.unwrap_or_default();
        Ok(Self {
            kind,
            request_id: printable(wire.req_id.or(wire.req_id_snake).into_text()),
            code,
            message,
            order_id,
            limit: header.limit.as_str().parse().ok(),
            remaining: header.remaining.as_str().parse().ok(),
            reset_ms: header.reset.as_str().parse().ok(),
            server_ms: header.now.as_str().parse().ok(),
        })
    }

    /// Reads a frame of the trade socket, which carries nothing but answers.
    ///
    /// # Errors
    /// When the text is too long, not JSON, or without any mark of an answer.
    pub fn decode(text: &'a str) -> Result<Self, Unrecognised> {
        if text.len() > super::MAX_FRAME_BYTES {
            return Err(Unrecognised::TooLong(text.len()));
        }
        if is_too_deep(text) {
            return Err(Unrecognised::TooDeep);
        }
        Self::read(text)
    }

    /// Whether the request was taken.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        self.code == 0
    }
}

fn names_failures(data: &str) -> bool {
    read_object::<TopicData<'_>>(data).is_ok_and(|data| !data.fail_topics.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_five_forms_of_a_pong_are_pongs() {
        for text in [
            r#"{"success":true,"ret_msg":"pong","conn_id":"c","op":"ping"}"#,
            r#"{"success":true,"ret_msg":"pong","conn_id":"c","req_id":"","op":"ping"}"#,
            r#"{"args":["1672916271846"],"op":"pong"}"#,
            r#"{"req_id":"t","op":"pong","args":["1675418560633"],"conn_id":"c"}"#,
            r#"{"retCode":0,"retMsg":"OK","op":"pong","data":["1711002002529"],"connId":"c"}"#,
        ] {
            assert_eq!(Reply::read(text).unwrap().kind, ReplyKind::Pong, "{text}");
        }
    }

    #[test]
    fn failure_is_seen_in_every_spelling() {
        for (text, code) in [
            (r#"{"success":false,"ret_msg":"no","op":"auth"}"#, FAILED_WITHOUT_CODE),
            (r#"{"success":false,"ret_msg":"no","retCode":10003,"op":"auth"}"#, 10003),
            (r#"{"success":false,"ret_msg":"no","ret_code":"10004","op":"subscribe"}"#, 10004),
            (r#"{"retCode":10004,"retMsg":"no","op":"auth"}"#, 10004),
            (
                r#"{"success":true,"data":{"failTopics":["x"],"successTopics":[]},"type":"COMMAND_RESP"}"#,
                FAILED_WITHOUT_CODE,
            ),
        ] {
            assert_eq!(Reply::read(text).unwrap().code, code, "{text}");
        }
    }

    #[test]
    fn g11_no_answer_brings_a_second_line_into_a_log() {
        let text = r#"{"retCode":10003,"retMsg":"no\n2026-01-01 ERROR halted","reqId":"7\r8","op":"auth"}"#;
        let reply = Reply::read(text).unwrap();
        assert_eq!((&*reply.message, &*reply.request_id), ("no?2026-01-01 ERROR halted", "7?8"));
    }

    #[test]
    fn json_that_answers_nothing_is_not_a_reply() {
        for text in ["{}", "[]", r#"{"op":"dance"}"#, r#"{"success":true}"#] {
            assert!(Reply::read(text).is_err(), "{text}");
        }
    }
}
