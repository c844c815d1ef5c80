//! What is said on every socket besides data and orders: subscriptions and pings, and their answers.

use serde_json::{Map, Value, json};
use windvane_venue_core::Category;

use super::reply::{connection_name, echo};

/// Which of the exchange's sockets a client opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SocketKind {
    /// Market data of a product group.
    Public(Category),
    /// What accounts are told.
    Private,
    /// Orders.
    Trade,
}

impl SocketKind {
    pub(crate) fn at_path(path: &str) -> Option<Self> {
        match path {
            // Nautilus takes the REST address, root and all, for the public stream.
            "/v5/public/linear" | "/" => Some(Self::Public(Category::Linear)),
            "/v5/public/inverse" => Some(Self::Public(Category::Inverse)),
            "/v5/public/spot" => Some(Self::Public(Category::Spot)),
            "/v5/private" => Some(Self::Private),
            "/v5/trade" => Some(Self::Trade),
            _ => None,
        }
    }

    pub(crate) fn is_public(self) -> bool {
        matches!(self, Self::Public(_))
    }

    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Public(Category::Linear) => "/v5/public/linear",
            Self::Public(Category::Inverse) => "/v5/public/inverse",
            Self::Public(Category::Spot) => "/v5/public/spot",
            Self::Private => "/v5/private",
            Self::Trade => "/v5/trade",
        }
    }
}

/// `{success, ret_msg, op, conn_id, req_id}`, the reply of public and private sockets. Where the request has no id, the private
/// one leaves it out, and the others say that it is empty.
#[must_use]
pub fn acknowledgement(
    (id, kind): (u64, SocketKind),
    op: &str,
    frame: &Map<String, Value>,
    outcome: Result<(), String>,
) -> Value {
    let mut reply = json!({
        "success": outcome.is_ok(),
        "ret_msg": outcome.err().unwrap_or_default(),
        "conn_id": connection_name(id),
        "op": op,
    });
    if kind.is_public() {
        reply["req_id"] = "".into();
    }
    echo(&mut reply, frame, "req_id");
    reply
}

/// The reply to a ping: its shape differs by socket.
#[must_use]
pub fn pong(kind: SocketKind, (id, now_ms): (u64, i64), frame: &Map<String, Value>) -> Value {
    let now = now_ms.to_string();
    let mut reply = match kind {
        SocketKind::Public(Category::Spot) => {
            json!({"success": true, "ret_msg": "pong", "conn_id": connection_name(id), "op": "ping"})
        }
        SocketKind::Public(Category::Linear | Category::Inverse) => {
            json!({"success": true, "ret_msg": "pong", "conn_id": connection_name(id), "req_id": "", "op": "ping"})
        }
        SocketKind::Private => {
            json!({"req_id": "", "op": "pong", "args": [now], "conn_id": connection_name(id)})
        }
        SocketKind::Trade => {
            json!({"retCode": 0, "retMsg": "OK", "op": "pong", "data": [now], "connId": connection_name(id)})
        }
    };
    echo(&mut reply, frame, "req_id");
    reply
}

/// The topics that a request names.
#[must_use]
pub fn topics(frame: &Map<String, Value>) -> Vec<String> {
    let args = frame.get("args").and_then(Value::as_array);
    args.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
