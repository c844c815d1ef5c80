//! The endpoints by path. Each one reads its fields, asks the core and writes rows.

pub(crate) mod account;
mod announcement;
mod borrowing;
mod collateral;
mod disconnection;
mod insurance;
pub(crate) mod market;
pub(crate) mod order;
pub(crate) mod position;
mod query;
pub(crate) mod right;
pub(crate) mod ticker;
mod user;

use hyper::Method;

use crate::exchange::Exchange;
use crate::wire::envelope::Answer;
use crate::wire::fields::Fields;
use crate::wire::request::path_of;

/// An endpoint: who may call it, by which method, and what it does.
#[derive(Clone, Copy)]
pub(crate) enum Endpoint {
    /// GET, unsigned.
    Market(fn(&Exchange, &Fields) -> Answer),
    /// GET, signed.
    Query(fn(&Exchange, u64, &Fields) -> Answer),
    /// POST, signed.
    Action(Action),
    /// POST, signed: one action for each item of `request`.
    Batch(order::Batch),
    /// GET, signed: about the calling key.
    KeyQuery(KeyAction),
    /// POST, signed: changes the calling key.
    KeyAction(KeyAction),
}

/// A request of an account that may change something.
pub(crate) type Action = fn(&mut Exchange, u64, &Fields) -> Answer;

/// A request about the API key that signed it.
pub(crate) type KeyAction = fn(&mut Exchange, &str, &Fields) -> Answer;

/// The endpoint with this method and path; `None` when there is none.
pub(crate) fn endpoint(method: &Method, path: &str) -> Option<Endpoint> {
    use Endpoint::{Action, Batch, KeyAction, KeyQuery, Market, Query};
    let endpoint = match path.strip_prefix("/v5/")? {
        "market/time" => Market(market::time),
        "market/instruments-info" => Market(market::instruments_info),
        "market/kline" => Market(market::kline),
        "market/mark-price-kline" => Market(market::mark_price_kline),
        "market/index-price-kline" => Market(market::index_price_kline),
        "market/premium-index-price-kline" => Market(market::premium_index_kline),
        "market/orderbook" => Market(market::orderbook),
        "market/tickers" => Market(ticker::tickers),
        "market/recent-trade" => Market(market::recent_trade),
        "market/funding/history" => Market(market::funding_history),
        "market/open-interest" => Market(market::open_interest),
        "market/insurance" => Market(insurance::pools),
        "market/adlAlert" => Market(insurance::adl_alert),
        "market/risk-limit" => Market(market::risk_limit),
        "market/price-limit" => Market(market::price_limit),
        "announcements/index" => Market(announcement::index),
        "system/status" => Market(market::system_status),
        "order/pre-check" => Action(order::pre_check),
        "order/create" => Action(order::create),
        "order/amend" => Action(order::amend),
        "order/cancel" => Action(order::cancel),
        "order/cancel-all" => Action(order::cancel_all),
        "order/disconnected-cancel-all" => Action(disconnection::set),
        "order/create-batch" => Batch(order::Batch::Create),
        "order/amend-batch" => Batch(order::Batch::Amend),
        "order/cancel-batch" => Batch(order::Batch::Cancel),
        "order/spot-borrow-check" => Query(borrowing::spot_borrow_check),
        "order/realtime" => Query(query::realtime),
        "order/history" => Query(query::order_history),
        "execution/list" => Query(query::executions),
        "position/list" => Query(position::list),
        "position/closed-pnl" => Query(position::closed_pnl),
        "position/set-leverage" => Action(position::set_leverage),
        "position/trading-stop" => Action(position::trading_stop),
        "position/add-margin" => Action(position::add_margin),
        "position/set-auto-add-margin" => Action(position::set_auto_add_margin),
        "position/confirm-pending-mmr" => Action(position::confirm_pending_mmr),
        "position/symbol-info" => Query(position::symbol_info),
        "position/switch-mode" => Action(position::switch_mode),
        "account/info" => Query(account::info),
        "account/wallet-balance" => Query(account::wallet_balance),
        "account/fee-rate" => Query(account::fee_rate),
        "account/transaction-log" => Query(account::transaction_log),
        "account/instruments-info" => Query(account::instruments_info),
        "account/query-dcp-info" => Query(disconnection::query),
        "account/smp-group" => Query(account::smp_group),
        "account/user-setting-config" => Query(account::user_settings),
        "account/withdrawal" => Query(account::withdrawal),
        "account/collateral-info" => Query(collateral::info),
        "account/set-collateral-switch" => Action(collateral::set_switch),
        "account/set-collateral-switch-batch" => Action(collateral::set_switches),
        "spot-margin-trade/collateral" => Market(collateral::tiers),
        "account/borrow-history" => Query(borrowing::borrow_history),
        "account/borrow" => Action(borrowing::borrow),
        "account/repay" | "account/no-convert-repay" | "account/quick-repayment" => Action(borrowing::repay),
        "spot-margin-trade/state" => Query(borrowing::spot_margin_state),
        "spot-margin-trade/max-borrowable"
        | "spot-margin-trade/position-tiers"
        | "spot-margin-trade/coinstate"
        | "spot-margin-trade/repayment-available-amount"
        | "spot-margin-trade/get-auto-repay-mode" => Query(borrowing::spot_margin_query),
        "spot-margin-trade/switch-mode"
        | "spot-margin-trade/set-leverage"
        | "spot-margin-trade/set-auto-repay-mode" => Action(borrowing::spot_margin_action),
        "spot-margin-trade/data" => Market(borrowing::spot_margin_data),
        "account/set-hedging-mode" => Action(borrowing::spot_hedging),
        "account/mmp-modify" | "account/mmp-reset" => Action(borrowing::market_maker_protection),
        "account/set-limit-px-action" => Action(account::set_limit_price_action),
        "account/set-margin-mode" => Action(account::set_margin_mode),
        "user/query-api" => KeyQuery(user::query_api),
        "user/update-api" => KeyAction(user::update_api),
        "user/delete-api" => KeyAction(user::delete_api),
        "asset/settlement-record" => Query(position::settlement_record),
        // ccxt asks this before anything else.
        "asset/coin/query-info" => Query(account::coins),
        _ => return None,
    };
    let expected = match endpoint {
        Market(_) | Query(_) | KeyQuery(_) => Method::GET,
        Action(_) | Batch(_) | KeyAction(_) => Method::POST,
    };
    (*method == expected).then_some(endpoint)
}

/// The endpoint behind an operation of the trade socket (`order.create-batch`); `None` when there is none.
pub(crate) fn trade_operation(op: &str) -> Option<Endpoint> {
    endpoint(&Method::POST, path_of(op)?)
}
