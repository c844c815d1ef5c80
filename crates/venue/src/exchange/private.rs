//! Private topics: orders, executions, positions and wallets, pushed to the account they belong to.

use serde::Serialize;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use windvane_venue_core::{ExecutionType, Output};

use super::Exchange;
use crate::config::NewField;
use crate::fault::{FaultKind, Subject, Target};
use crate::rest::query::to_value;
use crate::server::SocketKind;
use crate::wire::LINEAR;
use crate::wire::execution::Execution;
use crate::wire::order::Order;
use crate::wire::position::{Destination, Position};
use crate::wire::wallet::Wallet;

/// The private topics, without their `.linear` form.
const TOPICS: [&str; 5] = ["order", "execution", "execution.fast", "position", "wallet"];

/// Whether a private socket may subscribe to this text.
pub(super) fn is_topic(text: &str) -> bool {
    TOPICS.contains(&text.strip_suffix(".linear").unwrap_or(text))
}

#[derive(Serialize)]
struct Frame<'a> {
    id: String,
    topic: &'a str,
    #[serde(rename = "creationTime")]
    creation_time: i64,
    data: &'a [Value],
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
        let subject = Subject {
            uid: Some(uid),
            symbol: symbol.as_deref(),
            topic: Some(topic),
            socket: Some(SocketKind::Private.path()),
            path: None,
        };
        self.push(&subject, topic, now_ms, |exchange| {
            group.iter().filter_map(|output| exchange.row(output)).collect()
        });
        if topic == "execution" {
            let subject = Subject { topic: Some("execution.fast"), ..subject };
            self.push(&subject, "execution.fast", now_ms, |_| group.iter().filter_map(fast_row).collect());
        }
    }

    /// Sends rows to every socket of the account that listens to `topic`, as a fault may bend it. The rows are
    /// made only when someone listens.
    fn push(&mut self, subject: &Subject<'_>, topic: &str, now_ms: i64, rows: impl Fn(&Self) -> Vec<Value>) {
        let uid = subject.uid.unwrap_or_default();
        let listeners = self.hub.private_listeners(uid, topic);
        if listeners.is_empty() {
            return;
        }
        let mut rows = rows(self);
        if rows.is_empty() {
            return;
        }
        if self.doubts.new_field == NewField::Present {
            for row in &mut rows {
                row["futureField"] = json!({"list": [{"kind": "UNHEARD_OF", "value": null}]});
            }
        }
        for (connection, heard_as) in listeners {
            self.frames += 1;
            let id = format!("{uid}_{topic}_{}", self.frames);
            let frame = Frame { id, topic: &heard_as, creation_time: now_ms, data: &rows };
            let frame = Utf8Bytes::from(serde_json::to_string(&frame).expect("JSON values encode"));
            let strike = self.faults.strike(Target::Push, subject);
            match strike.map(|strike| (strike.kind, strike.delay)) {
                Some((FaultKind::DropPrivate, _)) => {}
                Some((FaultKind::Reorder, _)) => self.hub.hold(connection, frame),
                Some((FaultKind::Delay, delay)) => self.hub.send_later(connection, frame, delay),
                Some((FaultKind::Duplicate, _)) => {
                    self.hub.send(connection, frame.clone());
                    self.hub.send(connection, frame);
                }
                Some(_) | None => self.hub.send(connection, frame),
            }
        }
    }

    fn row(&self, output: &Output) -> Option<Value> {
        let scales = |symbol: &str| self.scales.get(symbol).copied();
        match output {
            Output::Order { row, .. } => Some(to_value(&Order::new(row, scales(&row.symbol)?))),
            Output::Execution { row, .. } => Some(to_value(&Execution::new(row, scales(&row.symbol)?))),
            Output::Position { row, .. } => Some(to_value(&Position::new(
                row,
                scales(&row.symbol)?,
                (Destination::Topic, self.doubts.untraded_seq),
            ))),
            Output::Wallet { row, .. } => Some(to_value(&Wallet::new(row))),
            Output::Trade(_) | Output::Book(_) | Output::Ticker(_) => None,
        }
    }
}

/// The short row of `execution.fast`: trades only, no fee, no client order id on maker fills.
fn fast_row(output: &Output) -> Option<Value> {
    let Output::Execution { row, .. } = output else { return None };
    (row.exec_type == ExecutionType::Trade).then(|| {
        json!({
            "category": LINEAR,
            "symbol": &*row.symbol,
            "execId": row.exec_id,
            "execPrice": row.exec_price.to_string(),
            "execQty": row.exec_qty.to_string(),
            "orderId": &*row.order_id,
            "orderLinkId": if row.is_maker { "" } else { &*row.order_link_id },
            "isMaker": row.is_maker,
            "side": row.side.as_str(),
            "execTime": row.exec_time_ms.to_string(),
            "seq": row.seq,
        })
    })
}
