//! The outside of every REST answer: the code decides, never the words.

use super::error::RestError;
use crate::codec::{
    batch::{ItemAnswer, read_items},
    depth::is_too_deep,
    number::Lexeme,
    read_object,
    words::printable,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{borrow::Cow, ops::Range};

/// Largest answer that is read, in bytes; a page of 1000 instruments has 1.5 MB.
pub(super) const MAX_ANSWER_BYTES: usize = 8 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    ret_code: Lexeme<'a>,
    #[serde(borrow, default)]
    ret_msg: Cow<'a, str>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    time: Lexeme<'a>,
}

/// A read answer with `retCode` 0.
pub(crate) struct Answer {
    endpoint: &'static str,
    text: String,
    /// Where `result` stands in the text; empty when there is none.
    result: Range<usize>,
    /// `time` of the envelope, ms since 1970 on the venue's wall clock; 0 when absent.
    pub(crate) server_ms: i64,
}

impl Answer {
    /// `result`, read as a wire struct that borrows from this answer.
    pub(crate) fn result<'a, T: Deserialize<'a>>(&'a self) -> Result<T, RestError> {
        let result = self.text.get(self.result.clone()).filter(|text| !text.is_empty()).unwrap_or("{}");
        read_object(result).map_err(|error| self.unreadable(error))
    }

    /// What became of each item of a batch.
    pub(super) fn items(&self) -> Result<Vec<ItemAnswer<'_>>, RestError> {
        read_items(&self.text).map_err(|error| self.unreadable(error))
    }

    /// One row of this answer, from its text.
    pub(crate) fn row<'a, T: Deserialize<'a>>(&self, text: &'a str) -> Result<T, RestError> {
        read_object(text).map_err(|error| self.unreadable(error))
    }

    pub(crate) fn unreadable(&self, problem: impl std::fmt::Display) -> RestError {
        RestError::Unreadable { endpoint: self.endpoint, problem: problem.to_string() }
    }
}

/// Reads the outside of an answer; a `retCode` other than 0 is an error with its words.
pub(crate) fn read_envelope(endpoint: &'static str, bytes: Vec<u8>) -> Result<Answer, RestError> {
    let unreadable = |problem: String| RestError::Unreadable { endpoint, problem };
    let text = String::from_utf8(bytes).map_err(|_| unreadable("not utf-8".to_owned()))?;
    if is_too_deep(&text) {
        return Err(unreadable("nested deeper than an answer may be".to_owned()));
    }
    let envelope: Envelope<'_> = read_object(&text).map_err(|e| unreadable(e.to_string()))?;
    let code: i32 = envelope.ret_code.integer("retCode").map_err(|e| unreadable(e.to_string()))?;
    if envelope.ret_code.is_empty() {
        return Err(unreadable("no retCode".to_owned()));
    }
    if code != 0 {
        return Err(RestError::Refused { endpoint, code, message: printable(envelope.ret_msg).into_owned() });
    }
    let server_ms = envelope.time.integer("time").unwrap_or(0);
    let result = envelope.result.map_or(0..0, |raw| {
        let from = raw.get().as_ptr().addr() - text.as_ptr().addr();
        from..from + raw.get().len()
    });
    Ok(Answer { endpoint, text, result, server_ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_by_its_code_and_never_by_its_words() {
        let ok = br#"{"retCode":0,"retMsg":"","result":{"a":"7"},"time":1700000000123}"#;
        let answer = read_envelope("x", ok.to_vec()).unwrap();
        assert_eq!(answer.server_ms, 1_700_000_000_123);
        let result: std::collections::BTreeMap<String, String> = answer.result().unwrap();
        assert_eq!(result["a"], "7");

        let refused = br#"{"retCode":110007,"retMsg":"OK","result":{},"retExtInfo":{},"time":1}"#;
        assert!(matches!(read_envelope("x", refused.to_vec()), Err(RestError::Refused { code: 110007, .. })));
    }

    #[test]
    fn g11_a_refusal_is_one_line_whatever_its_words_are() {
        let refused = br#"{"retCode":10010,"retMsg":"no\n2026-01-01 ERROR \u001b[2Jhalted"}"#;
        let error = read_envelope("x", refused.to_vec()).err().unwrap().to_string();
        assert_eq!(error, "x was refused with code 10010: no?2026-01-01 ERROR ?[2Jhalted");
    }

    #[test]
    fn g07_an_answer_as_deep_as_a_stack_is_unreadable() {
        for (levels, is_read) in [(20, true), (40, false), (200_000, false)] {
            let body = format!(r#"{{"retCode":0,"result":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
            assert_eq!(read_envelope("x", body.into_bytes()).is_ok(), is_read, "{levels}");
        }
    }

    #[test]
    fn html_cut_text_and_an_empty_body_are_unreadable_and_nothing_more() {
        for body in ["<html>busy</html>", "{\"retCode\":0,\"ret", "", "{}", "[0]", "{\"retCode\":\"x\"}"] {
            let error = read_envelope("x", body.as_bytes().to_vec()).err().unwrap();
            assert!(matches!(error, RestError::Unreadable { .. }), "{body}: {error}");
        }
    }
}
