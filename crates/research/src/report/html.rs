//! One self-contained page: figures, equity, drawdown, and the trades on the price.

use std::fmt::Write as _;

use super::chart::Chart;
use super::moment;
use super::sheet::all_trades;
use super::summary::money;
use crate::data::History;
use crate::run::Outcome;

/// Points of a price line: more than a screen has columns.
const PRICE_POINTS: usize = 2_000;
/// Trades that are listed; the newest. All of them are drawn, and in `trades.csv`.
const LISTED: usize = 200;
/// Above so many, entries get no triangles: they would be one bar.
const TRIANGLES_MAX: usize = 400;
const STYLE: &str = include_str!("page.css");

/// The page.
#[must_use]
pub fn page(outcome: &Outcome, data: &[History]) -> String {
    let (from, to) = outcome.span_ms;
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Backtest</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body>\
         <h1>Backtest</h1><p>{} to {}, {} bars. Past figures; they say nothing about the next ones.</p>",
        moment(from),
        moment(to),
        outcome.bars
    );
    bots(&mut html, outcome);
    html.push_str("<h2>Equity</h2>");
    html.push_str(&equity(outcome));
    html.push_str("<h2>Drawdown</h2>");
    html.push_str(&drawdown(outcome));
    for history in data {
        if let Some(chart) = price(outcome, history) {
            let _ = write!(html, "<h2>{} and its trades</h2>{chart}", history.symbol);
        }
    }
    trades(&mut html, outcome);
    html.push_str("</body></html>\n");
    html
}

fn bots(html: &mut String, outcome: &Outcome) {
    html.push_str(
        "<table><tr><th>bot<th>contract<th>signals<th>orders<th>fills<th>fees<th>funding<th>realised<th>unrealised\
         <th>drawdown<th>net</tr>",
    );
    for bot in outcome.engine.bots() {
        let (account, totals) = (&bot.account, &bot.account.totals);
        let fees = totals.maker_fees.saturating_add(totals.taker_fees);
        let _ = write!(
            html,
            "<tr><td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}</tr>",
            bot.name,
            bot.symbol,
            bot.signals,
            account.orders,
            totals.fills,
            money(fees),
            money(totals.funding),
            money(totals.realised_pnl),
            money(account.unrealised_pnl.get()),
            money(account.curve.max_drawdown().get()),
            money(account.net_pnl().get()),
        );
    }
    html.push_str("</table>");
}

/// The account over time, in USDT.
fn points(outcome: &Outcome) -> impl Iterator<Item = (i64, f64)> + '_ {
    outcome.equity.iter().map(|point| (point.at.0, point.account.to_f64()))
}

fn equity(outcome: &Outcome) -> String {
    let mut chart = Chart::new(260.0, outcome.span_ms, points(outcome).map(|(_, value)| value));
    chart.line("equity", points(outcome));
    chart.svg("equity in USDT")
}

/// How far the equity is below its highest point so far, in per cent of that.
fn drawdown(outcome: &Outcome) -> String {
    let mut peak = f64::NEG_INFINITY;
    let falls: Vec<(i64, f64)> = points(outcome)
        .map(|(at_ms, value)| {
            peak = peak.max(value);
            (at_ms, if peak > 0.0 { (value - peak) / peak * 100.0 } else { 0.0 })
        })
        .collect();
    let mut chart = Chart::new(160.0, outcome.span_ms, falls.iter().map(|(_, fall)| *fall).chain([0.0]));
    chart.line("drawdown", falls.iter().copied());
    chart.svg("drawdown in per cent of the highest equity")
}

fn price(outcome: &Outcome, history: &History) -> Option<String> {
    let trades = all_trades(outcome);
    let trades: Vec<_> = trades.iter().filter(|(_, trade)| trade.symbol == history.symbol).collect();
    let played = &history.bars[history.within(&(outcome.span_ms.0..outcome.span_ms.1))];
    let length_ms = history.interval.millis();
    let every = played.len().div_ceil(PRICE_POINTS).max(1);
    let line: Vec<(i64, f64)> =
        played.iter().step_by(every).map(|bar| (bar.start_ms + length_ms, bar.close.to_f64())).collect();
    if line.is_empty() {
        return None;
    }
    let mut chart = Chart::new(320.0, outcome.span_ms, line.iter().map(|(_, price)| *price));
    chart.line("price", line.into_iter());
    let float = |price: Option<rust_decimal::Decimal>| price.and_then(|price| f64::try_from(price).ok());
    let closed = |has_won: bool| {
        let closed = trades.iter().filter(move |(_, trade)| (trade.net_pnl().get() > 0.into()) == has_won);
        closed.filter_map(move |(_, trade)| {
            let entry = (trade.opened.0, float(trade.entry_price())?);
            Some([entry, (trade.closed?.0, float(trade.exit_price())?)])
        })
    };
    chart.strokes("won", closed(true));
    chart.strokes("lost", closed(false));
    if trades.len() <= TRIANGLES_MAX {
        for (class, side) in [("long", windvane_model::Side::Buy), ("short", windvane_model::Side::Sell)] {
            let of_side = trades.iter().filter(|(_, trade)| trade.side == side);
            let entries =
                of_side.filter_map(|(_, trade)| Some((trade.opened.0, float(trade.entry_price())?)));
            chart.triangles(class, side == windvane_model::Side::Buy, entries);
        }
    }
    Some(chart.svg(&format!("price of {} with trades", history.symbol)))
}

fn trades(html: &mut String, outcome: &Outcome) {
    let trades = all_trades(outcome);
    let _ = write!(html, "<h2>Trades</h2><p>{} in all", trades.len());
    if trades.len() > LISTED {
        let _ = write!(html, ", the newest {LISTED} here, every one in trades.csv");
    }
    html.push_str(
        ".</p><table><tr><th>opened<th>closed<th>bot<th>contract<th>side<th>size<th>entry<th>exit<th>fees<th>funding\
         <th>net</tr>",
    );
    let mean = |price: Option<rust_decimal::Decimal>| {
        price.map_or_else(|| "–".to_owned(), |price| price.round_dp(8).normalize().to_string())
    };
    for (bot, trade) in trades.iter().rev().take(LISTED) {
        let _ = write!(
            html,
            "<tr><td>{}<td>{}<td>{bot}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}</tr>",
            moment(trade.opened.0),
            trade.closed.map_or_else(|| "open".to_owned(), |at| moment(at.0)),
            trade.symbol,
            if trade.side == windvane_model::Side::Buy { "long" } else { "short" },
            trade.opened_qty.normalize(),
            mean(trade.entry_price()),
            mean(trade.exit_price()),
            money(trade.fees.get()),
            money(trade.funding.get()),
            money(trade.net_pnl().get()),
        );
    }
    html.push_str("</table>");
}
