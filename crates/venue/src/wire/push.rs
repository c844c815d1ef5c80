//! What an account is told: frames of the private topics, written from what the core put out. No socket, no task, and no
//! state but what the wallet topic last told.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use windvane_venue_core::{Coin, ExecutionRow, ExecutionType, Output, WalletRow};

use super::execution::Execution;
use super::narrow::Told;
use super::order::Order;
use super::wallet::Wallet;
use super::{Writer, to_value};
use crate::config::{DoubtsConfig, IsReduceOnly, NewField, NewWord, SmpGroupType, WalletTopicSwitches};

/// The outside of a frame.
#[derive(Debug, Clone, Serialize)]
pub struct Frame<'a> {
    /// Unique among the frames of an account; the fast topic has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// As it was subscribed.
    pub topic: &'a str,
    /// Market time in milliseconds.
    #[serde(rename = "creationTime")]
    pub creation_time: i64,
    /// What it tells.
    #[serde(rename = "data")]
    pub rows: &'a Rows,
}

impl Frame<'_> {
    /// The text on the wire.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).expect("rows of text and numbers encode")
    }
}

/// The rows of one frame, written once for all who listen.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Rows(Box<RawValue>);

/// What the wallet topic last told of each coin of an account: balance, locked, margin of orders and of positions, debt.
#[derive(Debug, Clone, Default)]
pub struct ToldCoins(BTreeMap<Coin, [Decimal; 5]>);

impl ToldCoins {
    /// The wallet with the coins that are not as they were last told, which they now are; `None` where each is. Profit that
    /// is not realised does not count: the exchange tells nothing of its moves.
    pub fn news(&mut self, row: &WalletRow) -> Option<WalletRow> {
        let mut wallet = row.clone();
        wallet.coins.retain(|coin| {
            let state = [
                coin.wallet_balance,
                coin.locked,
                coin.total_order_im,
                coin.total_position_im,
                coin.borrow_amount,
            ];
            self.0.insert(coin.coin.clone(), state) != Some(state)
        });
        (!wallet.coins.is_empty()).then_some(wallet)
    }
}

/// Facts in the order of their happening, those together that travel in one frame: executions that follow each other directly.
pub fn runs(mut facts: &[Output]) -> impl Iterator<Item = &[Output]> {
    std::iter::from_fn(move || {
        let together = match facts.first()? {
            Output::Execution { uid, row } => facts
                .iter()
                .take_while(|next| {
                    matches!(next, Output::Execution { uid: other, row: next }
                             if other == uid && next.category == row.category)
                })
                .count(),
            _ => 1,
        };
        let (run, rest) = facts.split_at(together);
        facts = rest;
        Some(run)
    })
}

impl Writer<'_> {
    /// The rows of one of the [`runs`]; `None` for what is no account's, for symbols that are not listed and for wallets,
    /// which have [`Writer::wallet`].
    #[must_use]
    pub fn rows(&self, run: &[Output]) -> Option<Rows> {
        match run {
            [Output::Order { row, .. }] => {
                self.list(&[Order::new(row, self.scales(row.category, &row.symbol)?, Told::Topic)])
            }
            [Output::Position { uid, row }] => self.list(&[self.position(*uid, row, Told::Topic)?]),
            [Output::Execution { .. }, ..] => {
                let rows: Vec<_> = executions(run)
                    .filter_map(|row| {
                        Some(Execution::new(row, self.scales(row.category, &row.symbol)?, Told::Topic))
                    })
                    .collect();
                self.list(&rows)
            }
            _ => None,
        }
    }

    /// The short rows of `execution.fast`: trades only, no fee, no client order id on maker fills.
    #[must_use]
    pub fn fast_rows(&self, run: &[Output]) -> Option<Rows> {
        let rows: Vec<_> = executions(run)
            .filter(|row| row.exec_type == ExecutionType::Trade)
            .filter_map(|row| {
                let scales = self.scales(row.category, &row.symbol)?;
                Some(json!({
                    "category": row.category.as_str(),
                    "symbol": &*row.symbol,
                    "execId": row.exec_id,
                    "execPrice": scales.price_figure(row.exec_price),
                    "execQty": scales.qty_figure(row.exec_qty),
                    "orderId": &*row.order_id,
                    "orderLinkId": if row.is_maker { "" } else { &*row.order_link_id },
                    "isMaker": row.is_maker,
                    "side": row.side.as_str(),
                    "execTime": row.exec_time_ms.to_string(),
                    "seq": row.seq,
                }))
            })
            .collect();
        self.list(&rows)
    }

    /// The row of a wallet, with the coins that it holds.
    #[must_use]
    pub fn wallet(&self, row: &WalletRow) -> Option<Rows> {
        if self.doubts.wallet_topic_switches == WalletTopicSwitches::Swapped {
            let mut wallet = to_value(&Wallet::new(row));
            swap_switches(&mut wallet);
            return self.list(&[wallet]);
        }
        self.list(&[Wallet::new(row)])
    }

    fn list<T: Serialize>(&self, rows: &[T]) -> Option<Rows> {
        if rows.is_empty() {
            return None;
        }
        let written = if drifts(self.doubts) {
            let mut rows: Vec<Value> = rows.iter().map(to_value).collect();
            rows.iter_mut().for_each(|row| drift(self.doubts, row));
            to_raw_value(&rows)
        } else {
            to_raw_value(rows)
        };
        Some(Rows(written.expect("rows of text and numbers encode")))
    }
}

fn executions(run: &[Output]) -> impl Iterator<Item = &ExecutionRow> {
    run.iter().filter_map(|fact| match fact {
        Output::Execution { row, .. } => Some(row),
        _ => None,
    })
}

/// Gives each coin's two words about margin the meaning of the other.
fn swap_switches(wallet: &mut Value) {
    for coin in wallet["coin"].as_array_mut().into_iter().flatten() {
        let platform = coin["marginCollateral"].take();
        coin["marginCollateral"] = coin["collateralSwitch"].take();
        coin["collateralSwitch"] = platform;
    }
}

/// Whether rows are bent at all.
fn drifts(doubts: &DoubtsConfig) -> bool {
    doubts.new_field == NewField::Present
        || doubts.new_word == NewWord::Present
        || doubts.smp_group == SmpGroupType::Text
        || doubts.is_reduce_only == IsReduceOnly::Absent
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
