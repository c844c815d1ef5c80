//! Rows of an account's money: its wallet and the log of its changes. Named and empty as in the rows of orders.
//! Source: Bybit V5, "Get Wallet Balance", "Get Transaction Log".

use rust_decimal::Decimal;

use super::product::{Category, MarginMode};
use super::word::{Side, TransactionType};
use super::{Coin, OrderId, OrderLinkId, Symbol};

/// An account over all its coins. Totals in USD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletRow {
    /// How positions are margined. In isolated mode the margin totals below say nothing about a position's safety.
    pub margin_mode: MarginMode,
    /// Equity of all coins, at full value.
    pub total_equity: Decimal,
    /// Wallet balances at their collateral value.
    pub total_wallet_balance: Decimal,
    /// Unrealised profit.
    pub total_perp_upl: Decimal,
    /// Wallet balance + unrealised profit.
    pub total_margin_balance: Decimal,
    /// Of positions and orders.
    pub total_initial_margin: Decimal,
    /// Of positions.
    pub total_maintenance_margin: Decimal,
    /// Margin balance − haircut − initial margin.
    pub total_available_balance: Decimal,
    /// Fraction, four decimals, truncated; `None` when there is margin but nothing to divide it by.
    pub account_im_rate: Option<Decimal>,
    /// Same for maintenance margin.
    pub account_mm_rate: Option<Decimal>,
    /// Coins with assets or debts, and the one every account begins with.
    pub coins: Vec<CoinRow>,
}

impl WalletRow {
    /// One coin's row, if it has one.
    #[must_use]
    pub fn coin(&self, name: &str) -> Option<&CoinRow> {
        self.coins.iter().find(|row| &*row.coin == name)
    }
}

/// One coin of an account, in that coin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoinRow {
    /// Name.
    pub coin: Coin,
    /// Wallet balance + unrealised profit.
    pub equity: Decimal,
    /// Equity in USD, at full value.
    pub usd_value: Decimal,
    /// Wallet balance.
    pub wallet_balance: Decimal,
    /// Held by spot orders.
    pub locked: Decimal,
    /// What the account owes: a negative wallet balance less what positions have gained.
    pub borrow_amount: Decimal,
    /// Held by orders of contracts.
    pub total_order_im: Decimal,
    /// Of positions, closing fee included.
    pub total_position_im: Decimal,
    /// Of positions, closing fee included.
    pub total_position_mm: Decimal,
    /// Unrealised profit.
    pub unrealised_pnl: Decimal,
    /// Realised since the account began, after fees and funding.
    pub cum_realised_pnl: Decimal,
    /// Whether the account lets it count as margin.
    pub counts_as_margin: bool,
}

/// A change of the wallet balance. `change` = `cash_flow` + `funding` − `fee`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionRow {
    /// Unique id.
    pub id: String,
    /// Product group; `None` for what is no trade.
    pub category: Option<Category>,
    /// Coin whose balance changed.
    pub currency: Coin,
    /// Instrument; empty for transfers.
    pub symbol: Symbol,
    /// Side; `None` for transfers.
    pub side: Option<Side>,
    /// Kind.
    pub kind: TransactionType,
    /// When.
    pub transaction_time_ms: i64,
    /// Traded quantity.
    pub qty: Decimal,
    /// Signed position after (zero for spot).
    pub size: Decimal,
    /// Price.
    pub trade_price: Decimal,
    /// Funding, positive is received.
    pub funding: Decimal,
    /// Fee, positive is paid.
    pub fee: Decimal,
    /// Rate of the fee (a fraction).
    pub fee_rate: Decimal,
    /// Gross realised profit, the coins a spot trade moved, or the amount of a transfer.
    pub cash_flow: Decimal,
    /// Total change of the balance.
    pub change: Decimal,
    /// Balance after.
    pub cash_balance: Decimal,
    /// Execution id, or empty.
    pub trade_id: String,
    /// Order id, or empty.
    pub order_id: OrderId,
    /// Client order id, or empty.
    pub order_link_id: OrderLinkId,
}
