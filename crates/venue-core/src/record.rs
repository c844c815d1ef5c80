//! What an account's history is kept as: numbers and keys. The rows that queries and topics show are made from them where
//! they are shown (`venue/record.rs`), with the names and texts that they share with their orders.

use rust_decimal::Decimal;

use crate::api::{ExecutionType, Side, TransactionType};
use crate::order::OrderKey;

/// A fill, a funding or a session settlement. Prices and quantities in units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Execution {
    pub(crate) number: u64,
    /// `None` for funding and sessions.
    pub(crate) order: Option<OrderKey>,
    /// Slot of its market.
    pub(crate) market: usize,
    pub(crate) side: Side,
    pub(crate) kind: ExecutionType,
    /// The order's at that moment.
    pub(crate) order_price: i64,
    pub(crate) order_qty: i64,
    pub(crate) leaves: i64,
    pub(crate) price: i64,
    pub(crate) qty: i64,
    pub(crate) value: Decimal,
    /// Slot of the fee's coin.
    pub(crate) coin: usize,
    pub(crate) fee: Decimal,
    pub(crate) fee_rate: Decimal,
    pub(crate) is_maker: bool,
    pub(crate) mark: i64,
    pub(crate) index: i64,
    /// How much of the position it closed, and the gross profit of that.
    pub(crate) closed: i64,
    pub(crate) realised: Decimal,
    pub(crate) time_ms: i64,
    pub(crate) seq: i64,
}

/// A change of a balance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transaction {
    pub(crate) number: u64,
    pub(crate) kind: TransactionType,
    /// Slot of the coin.
    pub(crate) coin: usize,
    /// Index of the account's execution that it stems from.
    pub(crate) execution: Option<usize>,
    /// Signed position after, in units; zero for spot and transfers.
    pub(crate) size: i64,
    pub(crate) cash_flow: Decimal,
    /// Positive is received.
    pub(crate) funding: Decimal,
    /// Positive is paid.
    pub(crate) fee: Decimal,
    /// Balance after.
    pub(crate) balance: Decimal,
    pub(crate) time_ms: i64,
}

impl Transaction {
    /// What it adds to the balance.
    pub(crate) fn change(&self) -> Decimal {
        self.cash_flow + self.funding - self.fee
    }
}

/// The settlement of one session of a position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session {
    /// That of the funding execution it comes with.
    pub(crate) number: u64,
    /// Slot of its market.
    pub(crate) market: usize,
    /// Signed size of the position, in units.
    pub(crate) size: i64,
    pub(crate) leverage: Decimal,
    /// Price that its profit was counted from.
    pub(crate) price_before: Decimal,
    /// Price it was settled at, in units.
    pub(crate) mark: i64,
    pub(crate) profit: Decimal,
    pub(crate) time_ms: i64,
}

/// What one closing order brought. Prices and quantities in units, money in settle coin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClosedPnl {
    pub(crate) order: OrderKey,
    pub(crate) kind: ExecutionType,
    /// The order's at its first closing fill.
    pub(crate) order_price: i64,
    pub(crate) order_qty: i64,
    pub(crate) leverage: Decimal,
    pub(crate) closed: i64,
    pub(crate) entry_value: Decimal,
    pub(crate) exit_value: Decimal,
    /// Exit against entry, less both fees.
    pub(crate) profit: Decimal,
    pub(crate) open_fee: Decimal,
    pub(crate) close_fee: Decimal,
    pub(crate) fills: u32,
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
}
