//! The sums of a backtest.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Value, json};
use windvane_engine::BotView;
use windvane_model::RunState;

use super::moment;
use super::sheet::{all_trades, sheets};
use crate::run::Outcome;

/// Closed trades of a bot, or of all, and how many of them earned.
pub(crate) fn trade_count(outcome: &Outcome, bot: Option<&BotView>) -> (usize, usize) {
    let trades = all_trades(outcome);
    let is_meant = |name: &str| bot.is_none_or(|bot| bot.name.as_str() == name);
    let closed = trades.iter().filter(|(name, trade)| is_meant(name) && trade.closed.is_some());
    closed.fold((0, 0), |(count, won), (_, trade)| {
        (count + 1, won + usize::from(trade.net_pnl().get() > Decimal::ZERO))
    })
}

/// Orders of a kind that did not come to be, with their reasons: `12 of stale_data, 1 of margin`.
fn reasons<R: std::fmt::Display>(counts: impl Iterator<Item = (R, u64)>) -> String {
    counts.map(|(reason, count)| format!("{count} {reason}")).collect::<Vec<_>>().join(", ")
}

/// The table for people.
#[must_use]
pub fn lines(outcome: &Outcome) -> Vec<String> {
    let mut lines = vec![format!(
        "{:<12} {:<10} {:>7} {:>7} {:>7} {:>7} {:>5} {:>10} {:>10} {:>12} {:>12} {:>10} {:>12}",
        "bot",
        "symbol",
        "signals",
        "orders",
        "fills",
        "trades",
        "won",
        "fees",
        "funding",
        "realised",
        "unrealised",
        "drawdown",
        "net"
    )];
    lines.extend(outcome.engine.bots().map(|bot| row(outcome, &bot)));
    let books = outcome.engine.orders();
    let (from, to) = outcome.span_ms;
    lines.push(format!(
        "account: wallet {} USDT, equity {} USDT, from {} to {}",
        books.wallet().balance().get().normalize(),
        money(outcome.engine.margin().equity().get()),
        moment(from),
        moment(to)
    ));
    if !outcome.denied.is_empty() {
        let reasons = reasons(outcome.denied.iter().map(|(reason, count)| (reason, *count)));
        lines.push(format!("denied by risk: {reasons}"));
    }
    if !outcome.refused.is_empty() {
        let reasons =
            reasons(outcome.refused.iter().map(|(code, count)| (format!("of code {code}"), *count)));
        lines.push(format!("refused by the venue: {reasons}"));
    }
    if outcome.engine.run_state() != RunState::Active {
        lines.push(format!("the engine ended {}: nothing opens in that state", outcome.engine.run_state()));
    }
    lines
}

fn row(outcome: &Outcome, bot: &BotView) -> String {
    let (account, totals) = (&bot.account, &bot.account.totals);
    let (closed, won) = trade_count(outcome, Some(bot));
    let won = won.checked_mul(100).and_then(|won| won.checked_div(closed));
    format!(
        "{:<12} {:<10} {:>7} {:>7} {:>7} {:>7} {:>5} {:>10} {:>10} {:>12} {:>12} {:>10} {:>12}",
        bot.name,
        bot.symbol,
        bot.signals,
        account.orders,
        totals.fills,
        closed,
        won.map_or_else(|| "-".to_owned(), |percent| format!("{percent}%")),
        money(totals.maker_fees.saturating_add(totals.taker_fees)),
        money(totals.funding),
        money(totals.realised_pnl),
        money(account.unrealised_pnl.get()),
        money(account.curve.max_drawdown().get()),
        money(account.net_pnl().get()),
    )
}

/// Two places are enough to read.
pub(super) fn money(amount: Decimal) -> String {
    format!("{:.2}", amount.round_dp(2))
}

/// Everything for programs, in full precision.
#[must_use]
pub fn json(outcome: &Outcome) -> Value {
    let bots: Vec<Value> = outcome.engine.bots().map(|bot| bot_json(outcome, &bot)).collect();
    let mut object = json!({
        "schema": "windvane.backtest/1",
        "bars": outcome.bars,
        "from_ms": outcome.span_ms.0,
        "to_ms": outcome.span_ms.1,
        "bots": bots,
        "wallet_balance": outcome.engine.orders().wallet().balance().to_string(),
        "equity": outcome.engine.margin().equity().to_string(),
        "run_state": outcome.engine.run_state().to_string(),
        "denied": outcome.denied,
        "refused": outcome.refused.iter().map(|(code, count)| (code.to_string(), count)).collect::<std::collections::BTreeMap<_, _>>(),
    });
    for sheet in sheets(outcome) {
        let key = if sheet.name == "equity" { "equity_curve" } else { sheet.name };
        object[key] = sheet.json();
    }
    object
}

fn bot_json(outcome: &Outcome, bot: &BotView) -> Value {
    let (account, totals) = (&bot.account, &bot.account.totals);
    let (closed, won) = trade_count(outcome, Some(bot));
    json!({
        "name": bot.name.to_string(),
        "symbol": bot.symbol.to_string(),
        "signals": bot.signals,
        "orders": account.orders,
        "fills": totals.fills,
        "maker_fills": totals.maker_fills,
        "trades": closed,
        "trades_won": won,
        "maker_fees": totals.maker_fees.to_string(),
        "taker_fees": totals.taker_fees.to_string(),
        "funding": totals.funding.to_string(),
        "realised_pnl": totals.realised_pnl.to_string(),
        "unrealised_pnl": account.unrealised_pnl.to_string(),
        "max_drawdown": account.curve.max_drawdown().to_string(),
        "net_pnl": account.net_pnl().to_string(),
        "budget": bot.equity.less(account.net_pnl()).to_string(),
        "return": ratio(account.net_pnl().get(), bot.equity.less(account.net_pnl()).get()),
    })
}

/// A part of a whole, for reading.
fn ratio(part: Decimal, whole: Decimal) -> Option<f64> {
    part.checked_div(whole)?.to_f64()
}
