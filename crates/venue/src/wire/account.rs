//! The rows of the transaction log. Source: Bybit V5, "Get Transaction Log".

use serde::Serialize;
use windvane_venue_core::{TransactionRow, TransactionType};

use super::number::{Scales, amount};

/// One change of the balance, in the words of the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Transaction<'a> {
    id: &'a str,
    symbol: &'a str,
    category: &'static str,
    side: &'static str,
    transaction_time: String,
    #[serde(rename = "type")]
    kind: &'static str,
    trans_sub_type: &'static str,
    qty: String,
    size: String,
    currency: &'a str,
    trade_price: String,
    /// Positive is received: the opposite sign of a funding execution's `execFee`. Empty for other kinds.
    funding: String,
    fee: String,
    cash_flow: String,
    change: String,
    cash_balance: String,
    fee_rate: String,
    bonus_change: &'static str,
    trade_id: &'a str,
    order_id: &'a str,
    order_link_id: &'a str,
    extra_fees: &'static str,
}

impl<'a> Transaction<'a> {
    /// `scales` is absent for rows without an instrument.
    pub(crate) fn new(row: &'a TransactionRow, scales: Option<Scales>) -> Self {
        let funding = match row.kind {
            TransactionType::Settlement => amount(row.funding),
            TransactionType::Trade
            | TransactionType::Liquidation
            | TransactionType::Adl
            | TransactionType::Delivery
            | TransactionType::Bonus
            | TransactionType::TransferIn
            | TransactionType::TransferOut => String::new(),
        };
        Self {
            id: &row.id,
            symbol: &row.symbol,
            category: row.category.map_or("", |category| category.as_str()),
            side: row.side.map_or("None", |side| side.as_str()),
            transaction_time: row.transaction_time_ms.to_string(),
            kind: row.kind.as_str(),
            trans_sub_type: "",
            qty: scales.map_or_else(|| amount(row.qty), |scales| scales.qty(row.qty)),
            size: scales.map_or_else(|| amount(row.size), |scales| scales.qty(row.size)),
            currency: &row.currency,
            trade_price: scales
                .map_or_else(|| amount(row.trade_price), |scales| scales.price(row.trade_price)),
            funding,
            fee: amount(row.fee),
            cash_flow: amount(row.cash_flow),
            change: amount(row.change),
            cash_balance: amount(row.cash_balance),
            fee_rate: amount(row.fee_rate),
            bonus_change: "",
            trade_id: &row.trade_id,
            order_id: &row.order_id,
            order_link_id: &row.order_link_id,
            extra_fees: "",
        }
    }
}
