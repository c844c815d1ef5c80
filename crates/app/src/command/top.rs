//! `windvane top`: the status of a running engine in a terminal, renewed once a second.
//!
//! Plain text and two escape sequences. A library of widgets would bring thirty crates for one table.

use super::control::{reach, socket};
use crate::cli::Target;
use crate::control::{Answer, Ask};
use crate::exit::Failure;
use serde_json::Value;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(1);
/// Cursor home, then clear to the end of the screen: without the flicker of clearing first.
const HOME: &str = "\x1b[H";
const CLEAR_REST: &str = "\x1b[J";
const CLEAR_LINE: &str = "\x1b[K";
/// Events below the tables.
const EVENTS: usize = 12;

/// Shows it until a signal or the end of the engine; once, where standard output is no terminal.
///
/// # Errors
/// When no engine answers.
pub(crate) fn top(target: &Target) -> Result<ExitCode, Failure> {
    let socket = socket(target)?;
    let is_terminal = std::io::stdout().is_terminal();
    let mut was_shown = false;
    loop {
        let status = match reach(&socket, &Ask::Status {}) {
            Ok(Answer::Status(status)) => status,
            Ok(other) => {
                return Err(Failure::Fault(anyhow::anyhow!("the engine answered something else: {other:?}")));
            }
            Err(_) if was_shown => {
                println!("the engine has ended");
                return Ok(ExitCode::SUCCESS);
            }
            Err(failure) => return Err(failure),
        };
        let lines = render(&status);
        let mut out = std::io::stdout().lock();
        let written = if is_terminal {
            write!(out, "{HOME}{}{CLEAR_REST}", lines.join(&format!("{CLEAR_LINE}\n")))
        } else {
            writeln!(out, "{}", lines.join("\n"))
        };
        if !is_terminal || written.and_then(|()| out.flush()).is_err() {
            return Ok(ExitCode::SUCCESS);
        }
        was_shown = true;
        drop(out);
        std::thread::sleep(EVERY);
    }
}

fn render(status: &Value) -> Vec<String> {
    let word = |key: &str| text(&status[key]);
    let waits = status["waiting_for"].as_str().map_or_else(String::new, |what| format!("  waits for {what}"));
    let mut lines = vec![
        format!("windvane  {}  {}{waits}", word("environment"), word("run_state")),
        format!(
            "equity {} {}  today {}  free {}  unknown {}  not ours {}",
            money(&status["equity"]),
            word("coin"),
            money(&status["day_pnl"]),
            money(&status["available"]),
            word("orders_unknown"),
            word("foreign_orders")
        ),
        rows(&status["links"])
            .map(|link| {
                format!("{} {}", text(&link["stream"]), if link["is_up"] == true { "up" } else { "DOWN" })
            })
            .collect::<Vec<_>>()
            .join("  "),
        String::new(),
        format!(
            "{:<12} {:<12} {:>14} {:>12} {:>12} {:>12} {:>12} {:>7} {:>7} {:>12}",
            "bot", "contract", "position", "entry", "mark", "unrealised", "stop", "orders", "fills", "net"
        ),
    ];
    lines.extend(rows(&status["bots"]).map(bot));
    lines.push(String::new());
    lines.extend(rows(&status["events"]).take(EVENTS).map(event));
    lines
}

fn bot(bot: &Value) -> String {
    let position = match bot["side"].as_str() {
        None => "flat".to_owned(),
        Some(side) => format!("{} {}", if side == "Buy" { "long" } else { "short" }, text(&bot["qty"])),
    };
    let stop = if bot["side"].is_null() || !bot["stop_loss"].is_null() {
        text(&bot["stop_loss"])
    } else {
        "NONE".to_owned()
    };
    format!(
        "{:<12} {:<12} {position:>14} {:>12} {:>12} {:>12} {stop:>12} {:>7} {:>7} {:>12}",
        text(&bot["name"]),
        text(&bot["symbol"]),
        text(&bot["average_price"]),
        text(&bot["mark"]),
        money(&bot["unrealised_pnl"]),
        text(&bot["open_orders"]),
        text(&bot["fills"]),
        money(&bot["net_pnl"]),
    )
}

fn event(event: &Value) -> String {
    let at = event["market_ms"].as_i64().map(crate::progress::moment).unwrap_or_default();
    let who = event["bot"].as_str().unwrap_or_default();
    format!("{at}  {:<8} {who:<12} {}", text(&event["kind"]), text(&event["text"]))
}

fn rows(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// As a person reads it: nothing is a dash.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Two places.
fn money(value: &Value) -> String {
    let amount = value.as_str().and_then(|text| text.parse::<rust_decimal::Decimal>().ok());
    amount.map_or_else(|| text(value), |amount| format!("{:.2}", amount.round_dp(2)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_naked_position_and_a_lost_link_stand_out() {
        let status = json!({
            "environment": "testnet", "run_state": "active", "equity": "100.129", "coin": "USDT",
            "links": [{ "stream": "private", "is_up": false }],
            "bots": [{ "name": "trend", "symbol": "BTCUSDT", "side": "Sell", "qty": "0.1", "stop_loss": null }],
            "events": [],
        });
        let shown = render(&status).join("\n");
        for words in ["testnet  active", "equity 100.13 USDT", "private DOWN", "short 0.1", "NONE"] {
            assert!(shown.contains(words), "no `{words}` in:\n{shown}");
        }
    }
}
