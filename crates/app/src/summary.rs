//! The summary at the end of a run: what each bot did, and what it made of it.

use crate::live::Session;
use crate::verdict::Verdict;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use windvane_engine::BotView;

/// The table for people.
pub(crate) fn lines(session: &Session) -> Vec<String> {
    let coin =
        session.engine.orders().wallet().coins().next().map_or_else(String::new, |coin| coin.to_string());
    let mut lines = vec![format!(
        "{:<12} {:<10} {:>7} {:>7} {:>7} {:>10} {:>10} {:>12} {:>12} {:>10} {:>12}",
        "bot",
        "symbol",
        "orders",
        "fills",
        "maker",
        "fees",
        "funding",
        "realised",
        "unrealised",
        "drawdown",
        "net"
    )];
    lines.extend(session.engine.bots().map(|bot| row(&bot)));
    let margin = session.engine.margin();
    lines.push(format!(
        "account: wallet {} {coin}, equity {} {coin}",
        session.engine.orders().wallet().balance().get().normalize(),
        shown(margin.equity().get())
    ));
    lines
}

fn row(bot: &BotView) -> String {
    let (account, totals) = (&bot.account, &bot.account.totals);
    format!(
        "{:<12} {:<10} {:>7} {:>7} {:>7} {:>10} {:>10} {:>12} {:>12} {:>10} {:>12}",
        bot.name,
        bot.symbol,
        account.orders,
        totals.fills,
        totals.maker_fills,
        shown(totals.maker_fees.saturating_add(totals.taker_fees)),
        shown(totals.funding),
        shown(totals.realised_pnl),
        shown(account.unrealised_pnl.get()),
        shown(account.curve.max_drawdown().get()),
        shown(account.net_pnl().get()),
    )
}

/// Two places are enough to read; the verdict is on all of them.
fn shown(amount: Decimal) -> String {
    format!("{:.2}", amount.round_dp(2))
}

/// The same for programs, in full precision.
pub(crate) fn json(session: &Session, verdict: Option<&Verdict>) -> Value {
    let bots: Vec<Value> = session.engine.bots().map(|bot| bot_json(&bot)).collect();
    json!({
        "schema": "windvane.summary/1",
        "ending": format!("{:?}", session.ending).to_lowercase(),
        "journal": session.folder.display().to_string(),
        "rate_limits": verdict.map(|verdict| verdict.rate_limits.clone()),
        "bots": bots,
        "wallet_balance": session.engine.orders().wallet().balance().to_string(),
        "equity": session.engine.margin().equity().to_string(),
        "verdict": verdict.map(|verdict| json!({
            "is_equal": verdict.is_equal(),
            "rows": {
                "orders": verdict.rows[0], "fills": verdict.rows[1],
                "positions": verdict.rows[2], "coins": verdict.rows[3],
            },
            "differences": verdict.differences.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })),
    })
}

fn bot_json(bot: &BotView) -> Value {
    let (account, totals) = (&bot.account, &bot.account.totals);
    json!({
        "name": bot.name.to_string(),
        "symbol": bot.symbol.to_string(),
        "orders": account.orders,
        "fills": totals.fills,
        "maker_fills": totals.maker_fills,
        "taker_fills": totals.taker_fills(),
        "funding_payments": totals.funding_payments,
        "maker_fees": totals.maker_fees.to_string(),
        "taker_fees": totals.taker_fees.to_string(),
        "funding": totals.funding.to_string(),
        "realised_pnl": totals.realised_pnl.to_string(),
        "unrealised_pnl": account.unrealised_pnl.to_string(),
        "max_drawdown": account.curve.max_drawdown().to_string(),
        "net_pnl": account.net_pnl().to_string(),
        "equity": bot.equity.to_string(),
        "signals": bot.signals,
    })
}
