//! The wallet row of `wallet-balance` and of the `wallet` topic. Source: Bybit V5, "Get Wallet Balance".

use serde::Serialize;
use windvane_venue_core::{CoinRow, WalletRow};

use super::number::{amount, amount_or_empty};

/// An account's balances, in the words of the wire. Totals are in USD, taken as equal to USDT.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wallet<'a> {
    account_type: &'static str,
    #[serde(rename = "accountIMRate")]
    account_im_rate: String,
    #[serde(rename = "accountIMRateByMp")]
    account_im_rate_by_mp: String,
    #[serde(rename = "accountMMRate")]
    account_mm_rate: String,
    #[serde(rename = "accountMMRateByMp")]
    account_mm_rate_by_mp: String,
    #[serde(rename = "accountLTV")]
    account_ltv: &'static str,
    total_equity: String,
    total_wallet_balance: String,
    total_margin_balance: String,
    total_available_balance: String,
    #[serde(rename = "totalPerpUPL")]
    total_perp_upl: String,
    total_initial_margin: String,
    total_initial_margin_by_mp: String,
    total_maintenance_margin: String,
    total_maintenance_margin_by_mp: String,
    coin: Vec<Coin<'a>>,
}

/// One coin of a wallet.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Coin<'a> {
    coin: &'a str,
    equity: String,
    usd_value: String,
    wallet_balance: String,
    locked: String,
    spot_hedging_qty: &'static str,
    borrow_amount: String,
    spot_borrow: &'static str,
    available_to_borrow: &'static str,
    available_to_withdraw: String,
    accrued_interest: &'static str,
    #[serde(rename = "totalOrderIM")]
    total_order_im: String,
    #[serde(rename = "totalPositionIM")]
    total_position_im: String,
    #[serde(rename = "totalPositionMM")]
    total_position_mm: String,
    unrealised_pnl: String,
    cum_realised_pnl: String,
    bonus: &'static str,
    collateral_switch: bool,
    margin_collateral: bool,
    col_res: &'static str,
}

impl<'a> Wallet<'a> {
    pub(crate) fn new(row: &'a WalletRow) -> Self {
        let (im_rate, mm_rate) = (amount_or_empty(row.account_im_rate), amount_or_empty(row.account_mm_rate));
        let (initial, maintenance) = (amount(row.total_initial_margin), amount(row.total_maintenance_margin));
        Self {
            account_type: "UNIFIED",
            account_im_rate: im_rate.clone(),
            account_im_rate_by_mp: im_rate,
            account_mm_rate: mm_rate.clone(),
            account_mm_rate_by_mp: mm_rate,
            account_ltv: "0",
            total_equity: amount(row.total_equity),
            total_wallet_balance: amount(row.total_wallet_balance),
            total_margin_balance: amount(row.total_margin_balance),
            total_available_balance: amount(row.total_available_balance),
            total_perp_upl: amount(row.total_perp_upl),
            total_initial_margin: initial.clone(),
            total_initial_margin_by_mp: initial,
            total_maintenance_margin: maintenance.clone(),
            total_maintenance_margin_by_mp: maintenance,
            coin: row.coins.iter().map(|coin| Coin::new(coin, row)).collect(),
        }
    }
}

impl<'a> Coin<'a> {
    /// One coin of `wallet`.
    pub(crate) fn new(row: &'a CoinRow, wallet: &WalletRow) -> Self {
        Self {
            coin: &row.coin,
            equity: amount(row.equity),
            usd_value: amount(row.usd_value),
            wallet_balance: amount(row.wallet_balance),
            locked: amount(row.locked),
            spot_hedging_qty: "0",
            borrow_amount: amount(row.borrow_amount),
            spot_borrow: "0",
            available_to_borrow: "",
            available_to_withdraw: amount(wallet.total_available_balance),
            accrued_interest: "0",
            total_order_im: amount(row.total_order_im),
            total_position_im: amount(row.total_position_im),
            total_position_mm: amount(row.total_position_mm),
            unrealised_pnl: amount(row.unrealised_pnl),
            cum_realised_pnl: amount(row.cum_realised_pnl),
            bonus: "0",
            collateral_switch: row.counts_as_margin,
            margin_collateral: true,
            col_res: "0",
        }
    }
}
