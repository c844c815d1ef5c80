//! Private topics: orders, executions, positions and wallets, pushed to the account they belong to.

use serde::Serialize;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use windvane_venue_core::{Category, ExecutionType, MarginMode, Output, PositionRow, WalletRow};

use super::Exchange;
use crate::config::{
    CrossLiquidationPrice, DoubtsConfig, IsReduceOnly, NewField, NewWord, SmpGroupType, WalletTopicSwitches,
};
use crate::fault::{FaultKind, Subject, Target};
use crate::rest::query::to_value;
use crate::server::SocketKind;
use crate::wire::execution::Execution;
use crate::wire::narrow::{Told, narrowed};
use crate::wire::order::Order;
use crate::wire::position::{Destination, Position};
use crate::wire::wallet::Wallet;

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

#[derive(Serialize)]
struct Frame<'a> {
    /// The fast topic has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
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
                Output::Execution { uid, row } => rest
                    .iter()
                    .take_while(|next| matches!(next, Output::Execution { uid: other, row: next } if other == uid && next.category == row.category))
                    .count(),
                _ => 1,
            };
            let (group, tail) = rest.split_at(together);
            rest = tail;
            self.tell_account(group, now_ms);
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
        self.push(&subject, (topic, category), now_ms, |exchange| {
            group.iter().filter_map(|output| exchange.row(output)).collect()
        });
        if topic == "execution" {
            let subject = Subject { topic: Some("execution.fast"), ..subject };
            self.push(&subject, ("execution.fast", category), now_ms, |exchange| {
                group.iter().filter_map(|output| exchange.fast_row(output)).collect()
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
        rows: impl Fn(&Self) -> Vec<Value>,
    ) {
        let uid = subject.uid.unwrap_or_default();
        let listeners = self.hub.private_listeners(uid, topic, category);
        if listeners.is_empty() {
            return;
        }
        let mut rows = rows(self);
        if rows.is_empty() {
            return;
        }
        for row in &mut rows {
            drift(&self.doubts, row);
        }
        for (connection, heard_as) in listeners {
            self.frames += 1;
            let id = (topic != "execution.fast").then(|| format!("{uid}_{topic}_{}", self.frames));
            let frame = Frame { id, topic: &heard_as, creation_time: now_ms, data: &rows };
            let frame = Utf8Bytes::from(serde_json::to_string(&frame).expect("JSON values encode"));
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

    /// The wallet with the coins that are not as they were last told. Profit that is not realised does not count: the
    /// exchange tells nothing of its moves.
    fn tell_wallet(&mut self, subject: &Subject<'_>, row: &WalletRow, now_ms: i64) {
        let told = self.told_coins.entry(subject.uid.unwrap_or_default()).or_default();
        let mut wallet = row.clone();
        wallet.coins.retain(|coin| {
            let state = [
                coin.wallet_balance,
                coin.locked,
                coin.total_order_im,
                coin.total_position_im,
                coin.borrow_amount,
            ];
            told.insert(coin.coin.clone(), state) != Some(state)
        });
        if !wallet.coins.is_empty() {
            let mut wallet = to_value(&Wallet::new(&wallet));
            if self.doubts.wallet_topic_switches == WalletTopicSwitches::Swapped {
                swap_switches(&mut wallet);
            }
            self.push(subject, ("wallet", None), now_ms, |_| vec![wallet.clone()]);
        }
    }

    /// A position of an account, in the words of the wire; `None` for a symbol that is not listed.
    pub(crate) fn position(&self, uid: u64, row: &PositionRow, destination: Destination) -> Option<Value> {
        let scales = self.scales.get(row.category, &row.symbol).copied()?;
        let mut shown = to_value(&Position::new(row, scales, (destination, self.doubts.untraded_seq)));
        let is_cross = self.core.margin_mode(uid) == Some(MarginMode::Cross);
        if is_cross && self.doubts.cross_liquidation_price == CrossLiquidationPrice::Empty {
            shown["liqPrice"] = "".into();
        }
        Some(shown)
    }

    fn row(&self, output: &Output) -> Option<Value> {
        let scales = |category: Category, symbol: &str| self.scales.get(category, symbol).copied();
        match output {
            Output::Order { row, .. } => {
                let shown = to_value(&Order::new(row, scales(row.category, &row.symbol)?));
                Some(narrowed(shown, Told::OrderTopic))
            }
            Output::Execution { row, .. } => {
                Some(to_value(&Execution::new(row, scales(row.category, &row.symbol)?)))
            }
            Output::Position { uid, row } => self.position(*uid, row, Destination::Topic),
            // It has a way of its own.
            Output::Wallet { .. }
            | Output::Trade(_)
            | Output::Liquidation(_)
            | Output::Book(_)
            | Output::Ticker(_) => None,
        }
    }

    /// The short row of `execution.fast`: trades only, no fee, no client order id on maker fills.
    fn fast_row(&self, output: &Output) -> Option<Value> {
        let Output::Execution { row, .. } = output else { return None };
        let scales = self.scales.get(row.category, &row.symbol).copied()?;
        (row.exec_type == ExecutionType::Trade).then(|| {
            json!({
                "category": row.category.as_str(),
                "symbol": &*row.symbol,
                "execId": row.exec_id,
                "execPrice": scales.price(row.exec_price),
                "execQty": scales.qty(row.exec_qty),
                "orderId": &*row.order_id,
                "orderLinkId": if row.is_maker { "" } else { &*row.order_link_id },
                "isMaker": row.is_maker,
                "side": row.side.as_str(),
                "execTime": row.exec_time_ms.to_string(),
                "seq": row.seq,
            })
        })
    }
}

/// Gives each coin's two words about margin the meaning of the other.
fn swap_switches(wallet: &mut Value) {
    for coin in wallet["coin"].as_array_mut().into_iter().flatten() {
        let platform = coin["marginCollateral"].take();
        coin["marginCollateral"] = coin["collateralSwitch"].take();
        coin["collateralSwitch"] = platform;
    }
}

/// Bends a row to what its schema may be some day, or was once. Sources: the changelog of Bybit V5, and what broke clients.
fn drift(doubts: &DoubtsConfig, row: &mut Value) {
    if doubts.new_field == NewField::Present {
        row["futureField"] = json!({"list": [{"kind": "UNHEARD_OF", "value": null}]});
    }
    let Value::Object(fields) = row else { return };
    if let (Some(word), NewWord::Present) = (fields.get_mut("createType"), doubts.new_word) {
        *word = "CreateByUnheardOf".into();
    }
    if let (Some(group), SmpGroupType::Text) = (fields.get_mut("smpGroup"), doubts.smp_group) {
        *group = group.to_string().into();
    }
    if doubts.is_reduce_only == IsReduceOnly::Absent {
        fields.remove("isReduceOnly");
    }
}
