//! Private topics: orders, executions, positions and wallets, pushed to the account they belong to.

use tokio_tungstenite::tungstenite::Utf8Bytes;
use windvane_venue_core::{Category, Output, WalletRow};

use super::Exchange;
use crate::fault::{FaultKind, Subject, Target};
use crate::server::SocketKind;
use crate::wire::push::{Frame, Rows, runs};

/// The private topics that have a categorised form (`order.linear`) beside the plain one, and those that have not.
const CATEGORISED: [&str; 4] = ["order", "execution", "execution.fast", "position"];
const PLAIN: [&str; 4] = ["wallet", "dcp.future", "dcp.spot", "dcp.option"];
/// Product groups that a topic may name: also the one that this venue has nothing of.
const GROUPS: [&str; 4] = ["linear", "inverse", "spot", "option"];

/// Whether a private socket may subscribe to this text.
pub(super) fn is_topic(text: &str) -> bool {
    let categorised = text
        .rsplit_once('.')
        .is_some_and(|(topic, group)| CATEGORISED.contains(&topic) && GROUPS.contains(&group));
    categorised || CATEGORISED.contains(&text) || PLAIN.contains(&text)
}

impl Exchange {
    /// Pushes what concerns accounts, in the order of its happening. Executions that follow each other
    /// directly travel in one frame.
    pub(super) fn tell_accounts(&mut self, outputs: &[Output], now_ms: i64) {
        for run in runs(outputs) {
            self.tell_account(run, now_ms);
        }
    }

    fn tell_account(&mut self, group: &[Output], now_ms: i64) {
        let (uid, topic, of) = match group.first() {
            Some(Output::Order { uid, row }) => (*uid, "order", Some((row.category, &row.symbol))),
            Some(Output::Execution { uid, row }) => (*uid, "execution", Some((row.category, &row.symbol))),
            Some(Output::Position { uid, row }) => (*uid, "position", Some((row.category, &row.symbol))),
            Some(Output::Wallet { uid, .. }) => (*uid, "wallet", None),
            Some(Output::Trade(_) | Output::Liquidation(_) | Output::Book(_) | Output::Ticker(_)) | None => {
                return;
            }
        };
        let subject = Subject {
            uid: Some(uid),
            symbol: of.map(|(_, symbol)| &**symbol),
            topic: Some(topic),
            socket: Some(SocketKind::Private.path()),
            path: None,
        };
        let category = of.map(|(category, _)| category);
        if let Some(Output::Wallet { row, .. }) = group.first() {
            return self.tell_wallet(&subject, row, now_ms);
        }
        self.push(&subject, (topic, category), now_ms, |exchange| exchange.writer().rows(group));
        if topic == "execution" {
            let subject = Subject { topic: Some("execution.fast"), ..subject };
            self.push(&subject, ("execution.fast", category), now_ms, |exchange| {
                exchange.writer().fast_rows(group)
            });
        }
    }

    /// Sends rows to every socket of the account that listens to `topic`, as a fault may bend it. The rows are
    /// made only when someone listens.
    fn push(
        &mut self,
        subject: &Subject<'_>,
        (topic, category): (&str, Option<Category>),
        now_ms: i64,
        rows: impl Fn(&Self) -> Option<Rows>,
    ) {
        let uid = subject.uid.unwrap_or_default();
        let listeners = self.hub.private_listeners(uid, topic, category);
        if listeners.is_empty() {
            return;
        }
        let Some(rows) = rows(self) else { return };
        for (connection, heard_as) in listeners {
            self.frames += 1;
            let id = (topic != "execution.fast").then(|| format!("{uid}_{topic}_{}", self.frames));
            let frame = Frame { id, topic: &heard_as, creation_time: now_ms, rows: &rows };
            let frame = Utf8Bytes::from(frame.text());
            let strike = self.faults.strike(Target::Push, subject, self.now.wall_ms);
            match strike.map(|strike| (strike.kind, strike.delay)) {
                Some((FaultKind::DropPrivate, _)) => {}
                Some((FaultKind::Reorder, _)) => self.hub.hold(connection, frame),
                Some((FaultKind::Delay, delay)) => {
                    self.hub.send_later(connection, frame, self.now.instant + delay)
                }
                Some((FaultKind::Duplicate, _)) => {
                    self.hub.send(connection, frame.clone());
                    self.hub.send(connection, frame);
                }
                Some(_) | None => self.hub.send(connection, frame),
            }
        }
    }

    /// The wallet with what is new in it.
    fn tell_wallet(&mut self, subject: &Subject<'_>, row: &WalletRow, now_ms: i64) {
        let told = self.told_coins.entry(subject.uid.unwrap_or_default()).or_default();
        if let Some(news) = told.news(row) {
            self.push(subject, ("wallet", None), now_ms, |exchange| exchange.writer().wallet(&news));
        }
    }
}
