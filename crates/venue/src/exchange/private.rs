//! Private topics: orders, executions, positions and wallets, pushed to the account they belong to.

use serde::Serialize;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use windvane_venue_core::Output;

use super::Exchange;
use crate::fault::{FaultKind, Subject, Target};
use crate::server::SocketKind;
use crate::wire::execution::Execution;
use crate::wire::order::Order;
use crate::wire::position::{Destination, Position};
use crate::wire::wallet::Wallet;

/// The private topics, without their `.linear` form.
pub(super) const TOPICS: [&str; 4] = ["order", "execution", "position", "wallet"];

/// Whether a private socket may subscribe to this text.
pub(super) fn is_topic(text: &str) -> bool {
    TOPICS.contains(&text.strip_suffix(".linear").unwrap_or(text))
        || matches!(text, "execution.fast" | "execution.fast.linear" | "greeks" | "dcp.future")
}

#[derive(Serialize)]
struct Frame<'a> {
    id: String,
    topic: &'a str,
    #[serde(rename = "creationTime")]
    creation_time: i64,
    data: &'a [serde_json::Value],
}

impl Exchange {
    /// Pushes what concerns accounts, in the order of its happening. Executions that follow each other
    /// directly travel in one frame.
    pub(super) fn tell_accounts(&mut self, outputs: &[Output], now_ms: i64) {
        let mut rest = outputs;
        while let Some(first) = rest.first() {
            let together = match first {
                Output::Execution { uid, .. } => rest
                    .iter()
                    .take_while(|next| matches!(next, Output::Execution { uid: other, .. } if other == uid))
                    .count(),
                _ => 1,
            };
            let (group, tail) = rest.split_at(together);
            rest = tail;
            self.tell_account(group, now_ms);
        }
    }

    fn tell_account(&mut self, group: &[Output], now_ms: i64) {
        let (uid, topic, symbol) = match group.first() {
            Some(Output::Order { uid, row }) => (*uid, "order", Some(row.symbol.to_string())),
            Some(Output::Execution { uid, row }) => (*uid, "execution", Some(row.symbol.to_string())),
            Some(Output::Position { uid, row }) => (*uid, "position", Some(row.symbol.to_string())),
            Some(Output::Wallet { uid, .. }) => (*uid, "wallet", None),
            Some(Output::Trade(_) | Output::Book(_) | Output::Ticker(_)) | None => return,
        };
        let listeners = self.hub.private_listeners(uid, topic);
        if listeners.is_empty() {
            return;
        }
        let rows: Vec<serde_json::Value> = group.iter().filter_map(|output| self.row(output)).collect();
        for (connection, heard_as) in listeners {
            self.frames += 1;
            let frame = Frame {
                id: format!("{uid}_{topic}_{}", self.frames),
                topic: &heard_as,
                creation_time: now_ms,
                data: &rows,
            };
            let frame =
                Utf8Bytes::from(serde_json::to_string(&frame).expect("a frame of JSON values encodes"));
            let subject = Subject {
                uid: Some(uid),
                symbol: symbol.as_deref(),
                topic: Some(topic),
                socket: Some(SocketKind::Private.path()),
                path: None,
            };
            let Some(strike) = self.faults.strike(Target::Push, &subject) else {
                self.hub.send(connection, frame);
                continue;
            };
            match strike.kind {
                FaultKind::DropPrivate => {}
                FaultKind::Delay => self.send_later(connection, frame, strike.delay),
                FaultKind::Duplicate => {
                    self.hub.send(connection, frame.clone());
                    self.hub.send(connection, frame);
                }
                FaultKind::RequestLost
                | FaultKind::ReplyLost
                | FaultKind::Retcode
                | FaultKind::HttpStatus
                | FaultKind::Disconnect => self.hub.send(connection, frame),
            }
        }
    }

    fn row(&self, output: &Output) -> Option<serde_json::Value> {
        let scales = |symbol: &str| self.scales.get(symbol).copied();
        let row = match output {
            Output::Order { row, .. } => serde_json::to_value(Order::new(row, scales(&row.symbol)?)),
            Output::Execution { row, .. } => serde_json::to_value(Execution::new(row, scales(&row.symbol)?)),
            Output::Position { row, .. } => {
                serde_json::to_value(Position::new(row, scales(&row.symbol)?, Destination::Topic))
            }
            Output::Wallet { row, .. } => serde_json::to_value(Wallet::new(row)),
            Output::Trade(_) | Output::Book(_) | Output::Ticker(_) => return None,
        };
        Some(row.expect("a row of text and numbers encodes"))
    }

    /// Queues a frame after a wall delay. The wait is a task of its own, so what comes after may overtake.
    pub(super) fn send_later(&self, connection: u64, frame: Utf8Bytes, delay: std::time::Duration) {
        let Some(queue) = self.hub.queue(connection) else { return };
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            // Fails when the socket has closed meanwhile; nothing is owed to it then.
            let _ = queue.send(frame).await;
        });
    }
}
