//! Frames that go out on the sockets. Source: Bybit V5, "Connect" and "Trade WebSocket guideline".

use super::{Mutation, Object, Spell, batch, object::push_list};
use crate::category::Category;
use crate::sign::Credentials;
use windvane_model::Millis;

/// Answers to a ping keep the connection; the protocol's own ping frames are not what the venue counts.
pub(crate) fn ping() -> String {
    r#"{"op":"ping"}"#.to_owned()
}

/// Log-in with a signature that is valid until `expires_ms` on the venue's clock.
pub(crate) fn login(request_id: &str, credentials: &Credentials, expires_ms: i64) -> String {
    let signature = credentials.sign_login(&expires_ms.to_string());
    let args = |out: &mut String| {
        out.push_str("[\"");
        credentials.key().spell(out);
        out.push_str("\",");
        expires_ms.spell(out);
        out.push_str(",\"");
        out.push_str(signature.as_str());
        out.push_str("\"]");
    };
    Object::text_of(|object| {
        object.with("args", args).text("op", "auth").text("req_id", request_id).finish();
    })
}

pub(crate) fn subscribe(request_id: &str, topics: &[String]) -> String {
    topics_request("subscribe", request_id, topics)
}

pub(crate) fn unsubscribe(request_id: &str, topics: &[String]) -> String {
    topics_request("unsubscribe", request_id, topics)
}

fn topics_request(operation: &str, request_id: &str, topics: &[String]) -> String {
    let topic = |out: &mut String, topic: &String| {
        out.push('"');
        topic.spell(out);
        out.push('"');
    };
    Object::text_of(|object| {
        object
            .with("args", |out| push_list(out, topics, topic))
            .text("op", operation)
            .text("req_id", request_id)
            .finish();
    })
}

/// The id of a request on the trade socket.
#[derive(Debug, Clone, Copy)]
pub struct RequestId {
    /// What makes it unique over restarts of the process.
    pub prefix: u64,
    /// What makes it unique within one.
    pub number: u64,
}

impl RequestId {
    /// The number of a request in the id that an answer repeats; `None` where that is not of this prefix.
    pub(crate) fn number_in(prefix: u64, text: &str) -> Option<u64> {
        let (before, number) = text.rsplit_once('-')?;
        if before.parse() == Ok(prefix) { number.parse().ok() } else { None }
    }
}

impl Spell for RequestId {
    fn spell(&self, out: &mut String) {
        self.prefix.spell(out);
        out.push('-');
        self.number.spell(out);
    }
}

/// One order request, or `None` when the socket does not offer the operation. The stamp is the venue's time.
#[must_use]
pub fn trade_frame(id: RequestId, mutation: &Mutation, stamp_ms: i64) -> Option<String> {
    let operation = mutation.socket_operation()?;
    Some(frame(id, operation, mutation.recv_window_ms(), stamp_ms, |out| {
        mutation.write_body(Category::Linear, out)
    }))
}

/// Several order requests of one kind; `None` when they are not, or the socket does not offer the operation.
pub(crate) fn trade_batch_frame(id: RequestId, mutations: &[Mutation], stamp_ms: i64) -> Option<String> {
    let kind = batch::kind(mutations.first()?)?;
    Some(frame(id, kind.operation(), kind.recv_window_ms, stamp_ms, |out| {
        batch::write_body(Category::Linear, mutations, out);
    }))
}

fn frame(
    id: RequestId,
    operation: &str,
    recv_window_ms: Millis,
    stamp_ms: i64,
    body: impl FnOnce(&mut String),
) -> String {
    let mut text = String::with_capacity(512);
    Object::new(&mut text)
        .with("args", |out| {
            out.push('[');
            body(out);
            out.push(']');
        })
        .with("header", |out| {
            Object::new(out)
                .text("X-BAPI-RECV-WINDOW", recv_window_ms)
                .text("X-BAPI-TIMESTAMP", stamp_ms)
                .finish();
        })
        .text("op", operation)
        .text("reqId", id)
        .finish();
    text
}
