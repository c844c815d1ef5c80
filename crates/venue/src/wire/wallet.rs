//! The wallet row of `wallet-balance` and of the `wallet` topic. Source: Bybit V5, "Get Wallet Balance".

use serde::Serialize;
use windvane_venue_core::{CoinRow, WalletRow};

use super::number::Figure;

/// An account's balances, in the words of the wire. Totals are in USD, taken as equal to USDT.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wallet<'a> {
    account_type: &'static str,
    #[serde(rename = "accountIMRate")]
    account_im_rate: Figure,
    #[serde(rename = "accountIMRateByMp")]
    account_im_rate_by_mp: Figure,
    #[serde(rename = "accountMMRate")]
    account_mm_rate: Figure,
    #[serde(rename = "accountMMRateByMp")]
    account_mm_rate_by_mp: Figure,
    #[serde(rename = "accountLTV")]
    account_ltv: &'static str,
    total_equity: Figure,
    total_wallet_balance: Figure,
    total_margin_balance: Figure,
    total_available_balance: Figure,
    #[serde(rename = "totalPerpUPL")]
    total_perp_upl: Figure,
    total_initial_margin: Figure,
    total_initial_margin_by_mp: Figure,
    total_maintenance_margin: Figure,
    total_maintenance_margin_by_mp: Figure,
    coin: Vec<Coin<'a>>,
}

/// One coin of a wallet.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Coin<'a> {
    coin: &'a str,
    equity: Figure,
    usd_value: Figure,
    wallet_balance: Figure,
    locked: Figure,
    spot_hedging_qty: &'static str,
    borrow_amount: Figure,
    spot_borrow: &'static str,
    available_to_borrow: &'static str,
    available_to_withdraw: Figure,
    accrued_interest: &'static str,
    #[serde(rename = "totalOrderIM")]
    total_order_im: Figure,
    #[serde(rename = "totalPositionIM")]
    total_position_im: Figure,
    #[serde(rename = "totalPositionMM")]
    total_position_mm: Figure,
    unrealised_pnl: Figure,
    cum_realised_pnl: Figure,
    bonus: &'static str,
    collateral_switch: bool,
    margin_collateral: bool,
    col_res: &'static str,
}

impl<'a> Wallet<'a> {
    pub(crate) fn new(row: &'a WalletRow) -> Self {
        let (im_rate, mm_rate) =
            (Figure::amount_or_empty(row.account_im_rate), Figure::amount_or_empty(row.account_mm_rate));
        let (initial, maintenance) =
            (Figure::amount(row.total_initial_margin), Figure::amount(row.total_maintenance_margin));
        Self {
            account_type: "UNIFIED",
            account_im_rate: im_rate,
            account_im_rate_by_mp: im_rate,
            account_mm_rate: mm_rate,
            account_mm_rate_by_mp: mm_rate,
            account_ltv: "0",
            total_equity: Figure::amount(row.total_equity),
            total_wallet_balance: Figure::amount(row.total_wallet_balance),
            total_margin_balance: Figure::amount(row.total_margin_balance),
            total_available_balance: Figure::amount(row.total_available_balance),
            total_perp_upl: Figure::amount(row.total_perp_upl),
            total_initial_margin: initial,
            total_initial_margin_by_mp: initial,
            total_maintenance_margin: maintenance,
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
            equity: Figure::amount(row.equity),
            usd_value: Figure::amount(row.usd_value),
            wallet_balance: Figure::amount(row.wallet_balance),
            locked: Figure::amount(row.locked),
            spot_hedging_qty: "0",
            borrow_amount: Figure::amount(row.borrow_amount),
            spot_borrow: "0",
            available_to_borrow: "",
            available_to_withdraw: Figure::amount(wallet.total_available_balance),
            accrued_interest: "0",
            total_order_im: Figure::amount(row.total_order_im),
            total_position_im: Figure::amount(row.total_position_im),
            total_position_mm: Figure::amount(row.total_position_mm),
            unrealised_pnl: Figure::amount(row.unrealised_pnl),
            cum_realised_pnl: Figure::amount(row.cum_realised_pnl),
            bonus: "0",
            collateral_switch: row.counts_as_margin,
            margin_collateral: true,
            col_res: "0",
        }
    }
}
