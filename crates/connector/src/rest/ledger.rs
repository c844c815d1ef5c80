//! What the venue has booked: its log of every change of the wallet, and profit and loss of positions closed.
//!
//! One call reaches over seven days at most, so longer spans are read week by week. Source: Bybit V5, "Get Transaction
//! Log", "Get Closed PnL".

use super::{
    client::RestClient,
    error::RestError,
    market::{Category, Span, moment, read},
    page::Past,
};
use crate::codec::{
    number::{FieldError, Lexeme, bad},
    rows,
};
use rust_decimal::Decimal;
use serde::Deserialize;
use windvane_model::{Coin, MarketTime, Money, Movement, MovementKind, Symbol, Text};

/// One change of the wallet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The venue's id of it; rows of one fill share theirs with nothing else.
    pub id: String,
    /// When.
    pub at: MarketTime,
    /// The venue's word for why: `TRADE`, `SETTLEMENT` (funding), `TRANSFER_IN`, and some ninety more.
    pub kind: String,
    /// Which contract or pair, where there is one.
    pub symbol: Option<Symbol>,
    /// Which coin.
    pub coin: String,
    /// By how much the balance changed: cash flow + funding − fee.
    pub change: Decimal,
    /// Profit or loss, or money moved.
    pub cash_flow: Decimal,
    /// Funding: positive was received (the other way round than in executions).
    pub funding: Decimal,
    /// Fee: positive was paid.
    pub fee: Decimal,
    /// The balance after it.
    pub balance: Decimal,
    /// Our id of the order, where there is one.
    pub client_order_id: String,
    /// The execution, where there is one.
    pub execution_id: String,
}

/// A closing of a position, or of a part of it, by one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedPnl {
    /// Which contract.
    pub symbol: Symbol,
    /// The venue's id of the order that closed.
    pub order_id: String,
    /// How much was closed.
    pub qty: Decimal,
    /// Profit or loss, fees included.
    pub pnl: Decimal,
    /// Average price of the entry, from costs.
    pub entry: Decimal,
    /// Average price of the exit, from costs.
    pub exit: Decimal,
    /// When it was last changed.
    pub at: MarketTime,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct LedgerRow<'a> {
    #[serde(borrow)]
    id: Lexeme<'a>,
    #[serde(borrow)]
    transaction_time: Lexeme<'a>,
    #[serde(borrow, rename = "type")]
    kind: Lexeme<'a>,
    #[serde(borrow)]
    symbol: Lexeme<'a>,
    #[serde(borrow)]
    currency: Lexeme<'a>,
    #[serde(borrow)]
    change: Lexeme<'a>,
    #[serde(borrow)]
    cash_flow: Lexeme<'a>,
    #[serde(borrow)]
    funding: Lexeme<'a>,
    #[serde(borrow)]
    fee: Lexeme<'a>,
    #[serde(borrow)]
    cash_balance: Lexeme<'a>,
    #[serde(borrow)]
    order_link_id: Lexeme<'a>,
    #[serde(borrow)]
    trade_id: Lexeme<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ClosedRow<'a> {
    #[serde(borrow)]
    symbol: Lexeme<'a>,
    #[serde(borrow)]
    order_id: Lexeme<'a>,
    #[serde(borrow)]
    closed_size: Lexeme<'a>,
    #[serde(borrow)]
    closed_pnl: Lexeme<'a>,
    #[serde(borrow)]
    avg_entry_price: Lexeme<'a>,
    #[serde(borrow)]
    avg_exit_price: Lexeme<'a>,
    #[serde(borrow)]
    updated_time: Lexeme<'a>,
}

/// Empty is nothing: a trade has no funding, a transfer no fee.
fn amount(text: &Lexeme<'_>, field: &'static str) -> Result<Decimal, FieldError> {
    Ok(text.decimal(field)?.unwrap_or_default())
}

impl LedgerRow<'_> {
    pub(super) fn entry(&self) -> Result<LedgerEntry, FieldError> {
        Ok(LedgerEntry {
            id: self.id.as_str().to_owned(),
            at: moment(&self.transaction_time, "transactionTime")?,
            kind: self.kind.as_str().to_owned(),
            symbol: self.symbol.known().map(|_| rows::symbol(&self.symbol)).transpose()?,
            coin: self.currency.as_str().to_owned(),
            change: amount(&self.change, "change")?,
            cash_flow: amount(&self.cash_flow, "cashFlow")?,
            funding: amount(&self.funding, "funding")?,
            fee: amount(&self.fee, "fee")?,
            balance: amount(&self.cash_balance, "cashBalance")?,
            client_order_id: self.order_link_id.as_str().to_owned(),
            execution_id: self.trade_id.as_str().to_owned(),
        })
    }
}

impl LedgerRow<'_> {
    /// The row as a movement of money; `None` of what executions tell, and where nothing moved.
    pub(super) fn movement(&self) -> Result<Option<Movement>, FieldError> {
        let entry = self.entry()?;
        let kind = match entry.kind.as_str() {
            "TRADE" | "SETTLEMENT" | "DELIVERY" | "LIQUIDATION" | "ADL" => return Ok(None),
            "INTEREST" | "FEE_REFUND" => MovementKind::Earned,
            _ => MovementKind::Moved,
        };
        if entry.change.is_zero() {
            return Ok(None);
        }
        Ok(Some(Movement {
            id: Text::lossy(&entry.id),
            at: entry.at,
            coin: Coin::new(self.currency.as_str()).map_err(|_| bad("currency", "not a coin"))?,
            change: Money::new(entry.change),
            kind,
        }))
    }
}

impl ClosedRow<'_> {
    pub(super) fn closed(&self) -> Result<ClosedPnl, FieldError> {
        Ok(ClosedPnl {
            symbol: rows::symbol(&self.symbol)?,
            order_id: self.order_id.as_str().to_owned(),
            qty: amount(&self.closed_size, "closedSize")?,
            pnl: amount(&self.closed_pnl, "closedPnl")?,
            entry: amount(&self.avg_entry_price, "avgEntryPrice")?,
            exit: amount(&self.avg_exit_price, "avgExitPrice")?,
            at: moment(&self.updated_time, "updatedTime")?,
        })
    }
}

impl RestClient {
    /// Every change of the wallet within `span`, oldest first.
    ///
    /// # Errors
    /// When an answer cannot be had or read.
    pub async fn transaction_log(&self, span: Span) -> Result<Vec<LedgerEntry>, RestError> {
        let past =
            Past { path: "/v5/account/transaction-log", of: "accountType=UNIFIED".to_owned(), limit: 50 };
        let at = |entry: &LedgerEntry| entry.at;
        self.past(past, span, at, |answer, text| read(answer, answer.row::<LedgerRow<'_>>(text)?.entry()))
            .await
    }

    /// Profit and loss of positions closed within `span`, oldest first; contracts only.
    ///
    /// # Errors
    /// When an answer cannot be had or read.
    pub async fn closed_pnl(&self, category: Category, span: Span) -> Result<Vec<ClosedPnl>, RestError> {
        let past = Past { path: "/v5/position/closed-pnl", of: format!("category={category}"), limit: 100 };
        let at = |closed: &ClosedPnl| closed.at;
        self.past(past, span, at, |answer, text| read(answer, answer.row::<ClosedRow<'_>>(text)?.closed()))
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_executions_tell_is_no_movement_and_every_other_word_says_what_it_is() {
        for (kind, change, expected) in [
            ("TRADE", "-1.5", None),
            ("SETTLEMENT", "-1.5", None),
            ("DELIVERY", "-1.5", None),
            ("LIQUIDATION", "-1.5", None),
            ("ADL", "-1.5", None),
            ("TRANSFER_IN", "500", Some(MovementKind::Moved)),
            ("TRANSFER_OUT", "-300", Some(MovementKind::Moved)),
            ("BONUS", "5", Some(MovementKind::Moved)),
            ("AIRDROP", "5", Some(MovementKind::Moved)),
            ("INTEREST", "-0.02", Some(MovementKind::Earned)),
            ("FEE_REFUND", "0.02", Some(MovementKind::Earned)),
            ("A_WORD_OF_TOMORROW", "1", Some(MovementKind::Moved)),
            ("TRANSFER_IN", "0", None),
        ] {
            let text = format!(
                r#"{{"id":"1_USDT_2","transactionTime":"1700000000000","type":"{kind}","symbol":"","currency":"USDT","change":"{change}"}}"#
            );
            let row: LedgerRow<'_> = serde_json::from_str(&text).unwrap();
            let movement = row.movement().unwrap();
            assert_eq!(movement.map(|movement| movement.kind), expected, "{kind}");
            if let Some(movement) = movement {
                assert_eq!(
                    (movement.id.as_str(), movement.at, movement.coin.as_str(), movement.change.to_string()),
                    ("1_USDT_2", MarketTime(1_700_000_000_000), "USDT", change.to_owned())
                );
            }
        }
    }
}
