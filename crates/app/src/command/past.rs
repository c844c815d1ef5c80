//! `windvane orders`, `positions`, `fills`, `trades`, `explain`: what the journal tells of the past.

use crate::cli::{Explain, Fills, Orders, Past};
use crate::config;
use crate::control::{self, Answer, Ask, SOCKET_NAME};
use crate::exit::Failure;
use crate::history::{Explanation, History, Question, Table, journal_in, tree};
use rust_decimal::Decimal;
use std::path::PathBuf;
use std::process::ExitCode;
use windvane_model::{BotName, MarketTime, Money, Price, Side};
use windvane_order_management::{Order, Trade};

/// `windvane orders`.
///
/// # Errors
/// When the journal cannot be read.
pub(crate) fn orders(arguments: &Orders) -> Result<ExitCode, Failure> {
    let history = History::read(&folder(&arguments.past)?)?;
    let mut table = Table::new(
        "windvane.orders/1",
        &["submitted", "order", "bot", "symbol", "role", "side", "price", "qty", "filled", "state"],
    );
    let books = history.books.orders();
    let is_shown = |order: &&Order| {
        let is_wanted = arguments.all || order.state().is_open();
        is_wanted && is_bot(arguments.past.bot.as_deref(), order.bot())
    };
    for order in books.orders().filter(is_shown) {
        table.row([
            moment(order.submitted().market.0),
            order.id().to_string(),
            name(order.bot()),
            order.symbol().to_string(),
            format!("{:?}", order.role()).to_lowercase(),
            order.side().as_str().to_owned(),
            order.price().map_or_else(|| "market".to_owned(), |price| price.to_string()),
            order.qty().to_string(),
            order.filled_qty().to_string(),
            order.state().as_str().to_owned(),
        ]);
    }
    for other in books.other_orders().filter(|_| arguments.past.bot.is_none()) {
        let report = other.report();
        if arguments.all || !report.status.is_terminal() {
            table.row([
                moment(report.created.0),
                report.order_id.to_string(),
                other.child_of().map_or_else(|| "(foreign)".to_owned(), |bot| format!("(stop of {bot})")),
                report.symbol.to_string(),
                String::new(),
                report.side.as_str().to_owned(),
                report.price.or(report.trigger_price).map_or_else(String::new, |price| price.to_string()),
                report.qty.to_string(),
                report.cumulative_qty.to_string(),
                report.status.as_str().to_owned(),
            ]);
        }
    }
    Ok(show(&table, &arguments.past, &[]))
}

/// `windvane positions`.
///
/// # Errors
/// When the journal cannot be read.
pub(crate) fn positions(arguments: &Past) -> Result<ExitCode, Failure> {
    let history = History::read(&folder(arguments)?)?;
    let mut table = Table::new(
        "windvane.positions/1",
        &["symbol", "index", "bot", "side", "qty", "entry", "stop", "take_profit", "net_pnl", "in_doubt"],
    );
    for position in history.books.orders().positions() {
        let (held, bot) = (position.holding(), history.bot(position.key()));
        if !is_bot(arguments.bot.as_deref(), bot) || (held.side().is_none() && held.totals().fills == 0) {
            continue;
        }
        table.row([
            position.key().0.to_string(),
            position.key().1.0.to_string(),
            name(bot),
            held.side().map_or("flat", Side::as_str).to_owned(),
            held.qty().to_string(),
            price(held.average_price()),
            price(position.stop_loss()),
            price(position.take_profit()),
            held.totals().net().to_string(),
            position.is_in_doubt().to_string(),
        ]);
    }
    Ok(show(&table, arguments, &[]))
}

/// `windvane fills`.
///
/// # Errors
/// When the journal cannot be read.
pub(crate) fn fills(arguments: &Fills) -> Result<ExitCode, Failure> {
    let history = History::read(&folder(&arguments.past)?)?;
    let mut table = Table::new(
        "windvane.fills/1",
        &["at", "symbol", "bot", "kind", "side", "qty", "price", "fee", "coin", "liquidity", "order", "fill"],
    );
    let books = history.books.orders();
    let mut fills: Vec<_> = books.fills().collect();
    fills.sort_by_key(|(fill, _)| (fill.at, fill.symbol, fill.execution_id));
    for (fill, order) in fills {
        let bot =
            order.and_then(|id| books.order(&id)?.bot()).or_else(|| history.bot(books.position_of(fill)));
        if !is_bot(arguments.past.bot.as_deref(), bot) {
            continue;
        }
        table.row([
            moment(fill.at.0),
            fill.symbol.to_string(),
            name(bot),
            format!("{:?}", fill.kind).to_lowercase(),
            fill.side.as_str().to_owned(),
            fill.qty.to_string(),
            fill.price.to_string(),
            fill.fee.to_string(),
            fill.fee_coin.to_string(),
            if fill.is_maker { "maker" } else { "taker" }.to_owned(),
            order.map_or_else(|| fill.order_id.to_string(), |id| id.to_string()),
            fill.execution_id.to_string(),
        ]);
    }
    table.keep_last(arguments.limit);
    Ok(show(&table, &arguments.past, &[]))
}

/// `windvane trades`.
///
/// # Errors
/// When the journal cannot be read.
pub(crate) fn trades(arguments: &Past) -> Result<ExitCode, Failure> {
    let history = History::read(&folder(arguments)?)?;
    let mut table = Table::new(
        "windvane.trades/1",
        &[
            "opened", "closed", "bot", "symbol", "side", "qty", "entry", "exit", "realised", "fees",
            "funding", "net",
        ],
    );
    let mut trades: Vec<(Option<BotName>, Trade)> = history.trades().collect();
    trades.retain(|(bot, _)| is_bot(arguments.bot.as_deref(), *bot));
    trades.sort_by_key(|(_, trade)| (trade.opened, trade.symbol));
    for (bot, trade) in &trades {
        table.row([
            moment(trade.opened.0),
            trade.closed.map_or_else(|| "open".to_owned(), |at| moment(at.0)),
            name(*bot),
            trade.symbol.to_string(),
            trade.side.as_str().to_owned(),
            trade.opened_qty.normalize().to_string(),
            mean(trade.entry_price()),
            mean(trade.exit_price()),
            trade.realised_pnl.to_string(),
            trade.fees.to_string(),
            trade.funding.to_string(),
            trade.net_pnl().to_string(),
        ]);
    }
    let trades: Vec<Trade> = trades.into_iter().map(|(_, trade)| trade).collect();
    let footer = footer(&trades, history.books.orders().forgotten_until());
    Ok(show(&table, arguments, &footer))
}

/// What the trades come to, and which figures of the venue are the same: where what is over has been forgotten by then,
/// only those since.
fn footer(trades: &[Trade], forgotten_until: MarketTime) -> [String; 2] {
    let is_whole = forgotten_until == MarketTime::default();
    let since = if is_whole { String::new() } else { format!(" since {}", moment(forgotten_until.0)) };
    let sum = |is_closed: bool, figure: fn(&Trade) -> Money| -> Money {
        trades.iter().filter(|trade| trade.closed.is_some() == is_closed).map(figure).sum()
    };
    let count = trades.iter().filter(|trade| trade.closed.is_some()).count();
    let closed = format!(
        "closed{since}: {count} trades, {} after fees (the venue's closed-pnl{since}), {} after funding",
        sum(true, Trade::closed_pnl),
        sum(true, Trade::net_pnl)
    );
    let all = sum(true, Trade::net_pnl).plus(sum(false, Trade::net_pnl));
    [closed, format!("with what is open: {all} (the venue's transaction log{since})")]
}

/// `windvane explain`.
///
/// # Errors
/// When the journal cannot be read, or names nothing of that kind.
pub(crate) fn explain(arguments: &Explain) -> Result<ExitCode, Failure> {
    let folder = folder(&arguments.past)?;
    let history = History::read(&folder)?;
    let looks = if arguments.at.is_none() { looks(arguments) } else { None };
    let lines = match Question::of(&arguments.what, &history, &folder) {
        Ok(question) => Explanation::read(&folder, question, &history, arguments.at)?,
        // A bot that has never asked for anything is in no record, and there is a reason for that.
        Err(_) if looks.is_some() => Vec::new(),
        Err(unknown) => return Err(unknown),
    };
    if arguments.past.json {
        println!("{}", serde_json::json!({ "schema": "windvane.explain/1", "steps": lines, "looks": looks }));
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(looks) = &looks {
        tree(looks).iter().for_each(|line| println!("{line}"));
    }
    if lines.is_empty() && looks.is_none() {
        println!("nothing is on record of it then");
    } else {
        lines.iter().for_each(|line| println!("{line}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// The newest looks of a bot at its signals, where its engine runs: they are in its memory, not in the journal.
fn looks(arguments: &Explain) -> Option<serde_json::Value> {
    let data = match (&arguments.past.data, &arguments.past.config) {
        (Some(data), _) => data.clone(),
        (None, config) => config::data_dir(config.as_ref()?).ok()?,
    };
    let ask = Ask::Looks { bot: arguments.what.clone(), count: arguments.looks };
    match control::ask(&data.join(SOCKET_NAME), &ask) {
        Ok(Answer::Looks(looks)) => Some(looks),
        _ => None,
    }
}

fn folder(past: &Past) -> Result<PathBuf, Failure> {
    let base = match (&past.data, &past.config) {
        (Some(folder), _) => folder.clone(),
        (None, Some(path)) => config::load(path)?.data_dir,
        (None, None) => return Err(Failure::Config("name the journal by --config or --data".to_owned())),
    };
    journal_in(&base)
}

fn show(table: &Table, past: &Past, footer: &[String]) -> ExitCode {
    if past.json {
        println!("{}", table.json());
    } else {
        table.lines().iter().chain(footer).for_each(|line| println!("{line}"));
    }
    ExitCode::SUCCESS
}

fn is_bot(asked: Option<&str>, bot: Option<BotName>) -> bool {
    asked.is_none_or(|asked| bot.is_some_and(|bot| bot.as_str() == asked))
}

fn name(bot: Option<BotName>) -> String {
    bot.map_or_else(|| "-".to_owned(), |bot| bot.to_string())
}

fn price(price: Option<Price>) -> String {
    price.map_or_else(|| "-".to_owned(), |price| price.to_string())
}

/// A mean price, to eight places.
fn mean(price: Option<Decimal>) -> String {
    price.map_or_else(|| "-".to_owned(), |price| price.round_dp(8).normalize().to_string())
}

fn moment(ms: i64) -> String {
    crate::history::moment(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_say_since_when_they_are_once_anything_has_been_forgotten() {
        let [closed, open] = footer(&[], MarketTime::default());
        assert_eq!(closed, "closed: 0 trades, 0 after fees (the venue's closed-pnl), 0 after funding");
        assert_eq!(open, "with what is open: 0 (the venue's transaction log)");
        let [closed, open] = footer(&[], MarketTime(1_700_000_000_000));
        let since = format!(" since {}", moment(1_700_000_000_000));
        assert!(closed.starts_with(&format!("closed{since}: 0 trades")), "{closed}");
        assert!(closed.contains(&format!("closed-pnl{since})")), "{closed}");
        assert!(open.ends_with(&format!("transaction log{since})")), "{open}");
    }
}
