//! Frames that go out on the sockets. Source: Bybit V5, "Connect" and "Trade WebSocket guideline".

use super::{Mutation, Object};
use crate::sign::Credentials;

/// Answers to a ping keep the connection; the protocol's own ping frames are not what the venue counts.
pub(crate) fn ping() -> String {
    r#"{"op":"ping"}"#.to_owned()
}

/// Log-in with a signature that is valid until `expires_ms` on the venue's clock.
pub(crate) fn login(request_id: &str, credentials: &Credentials, expires_ms: i64) -> String {
    let expires = expires_ms.to_string();
    let signature = credentials.sign_login(&expires);
    let key = credentials.key().replace('\\', "\\\\").replace('"', "\\\"");
    Object::new()
        .raw("args", format_args!("[\"{key}\",{expires},\"{}\"]", signature.as_str()))
        .text("op", "auth")
        .text("req_id", request_id)
        .finish()
}

pub(crate) fn subscribe(request_id: &str, topics: &[String]) -> String {
    topics_request("subscribe", request_id, topics)
}

pub(crate) fn unsubscribe(request_id: &str, topics: &[String]) -> String {
    topics_request("unsubscribe", request_id, topics)
}

/// Topics are made of our own words, symbols and numbers; none needs escaping.
fn topics_request(operation: &str, request_id: &str, topics: &[String]) -> String {
    Object::new()
        .raw("args", format_args!("[\"{}\"]", topics.join("\",\"")))
        .text("op", operation)
        .text("req_id", request_id)
        .finish()
}

/// One order request, or `None` when the socket does not offer the operation. The stamp is the venue's time.
pub(crate) fn trade_frame(request_id: &str, mutation: &Mutation, stamp_ms: i64) -> Option<String> {
    let operation = mutation.socket_operation()?;
    let header = format_args!(
        "{{\"X-BAPI-RECV-WINDOW\":\"{}\",\"X-BAPI-TIMESTAMP\":\"{stamp_ms}\"}}",
        mutation.recv_window_ms()
    )
    .to_string();
    Some(
        Object::new()
            .raw("args", format_args!("[{}]", mutation.body()))
            .raw("header", header)
            .text("op", operation)
            .text("reqId", request_id)
            .finish(),
    )
}
