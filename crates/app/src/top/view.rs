//! What `windvane top` shows: the engine's status in words, and how much each of them is to catch the eye. It knows no
//! terminal.

use crate::progress::moment;
use rust_decimal::Decimal;
use serde_json::Value;

/// How much something is to catch the eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    /// What one only reads when one looks for it.
    Soft,
    Good,
    Warn,
    /// A person should look at this.
    Bad,
}

/// Words with their tone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) words: String,
    pub(crate) tone: Tone,
}

impl Cell {
    fn new(words: impl Into<String>, tone: Tone) -> Self {
        Self { words: words.into(), tone }
    }

    fn plain(words: impl Into<String>) -> Self {
        Self::new(words, Tone::Plain)
    }
}

/// A column, the more important ones first: a narrow terminal leaves out the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) head: &'static str,
    /// Figures stand to the right, so that their digits are below each other.
    pub(crate) is_figure: bool,
}

/// Rows of equal length, below heads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// What is said when there is no row.
    pub(crate) empty: &'static str,
}

/// Everything that is shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct View {
    /// Where it trades, and which version.
    pub(crate) place: String,
    /// What the engine allows.
    pub(crate) state: Cell,
    /// What keeps it from opening, where something does.
    pub(crate) waits: Option<String>,
    /// The market's clock.
    pub(crate) moment: String,
    /// The account in a few figures with their names.
    pub(crate) account: Vec<(&'static str, Cell)>,
    /// Milliseconds since 1970 by the market's clock and equity in the settle coin, oldest first.
    pub(crate) curve: Vec<(i64, f64)>,
    pub(crate) bots: Table,
    pub(crate) orders: Table,
    /// What keeps each bot from entering: conditions that do not hold, and what risk denied last.
    pub(crate) blockers: Table,
    pub(crate) events: Table,
    pub(crate) links: Table,
    /// The state of clock, books and journal.
    pub(crate) health: Vec<(&'static str, Cell)>,
}

impl View {
    /// Reads a status document; what it lacks is shown as a dash.
    pub(crate) fn of(status: &Value) -> Self {
        let run_state = text(&status["run_state"]);
        let tone = if run_state.starts_with("active") {
            Tone::Good
        } else if run_state.starts_with("reducing") {
            Tone::Warn
        } else {
            Tone::Bad
        };
        Self {
            place: format!("{} {}", text(&status["environment"]), text(&status["version"])),
            state: Cell::new(run_state, tone),
            waits: status["waiting_for"].as_str().map(|what| format!("waits for {what}")),
            moment: status["market_ms"].as_i64().map(moment).unwrap_or_default(),
            account: account(status),
            curve: rows(&status["equity_curve"])
                .filter_map(|point| Some((point[0].as_i64()?, point[1].as_f64()?)))
                .collect(),
            bots: bots(status),
            orders: orders(status),
            blockers: blockers(status),
            events: events(status),
            links: links(status),
            health: health(status),
        }
    }
}

fn account(status: &Value) -> Vec<(&'static str, Cell)> {
    let coin = status["coin"].as_str().unwrap_or_default();
    let ratio = |key: &str, alarming: f64| {
        let value = status[key].as_f64();
        let tone = if value.is_some_and(|value| value > alarming) { Tone::Bad } else { Tone::Plain };
        Cell::new(percent(&status[key]), tone)
    };
    let count = |key: &str| {
        let is_none = status[key].as_u64().is_none_or(|count| count == 0);
        Cell::new(text(&status[key]), if is_none { Tone::Plain } else { Tone::Bad })
    };
    vec![
        ("equity", Cell::plain(format!("{} {coin}", money(&status["equity"])))),
        ("today", gain(&status["day_pnl"])),
        ("below peak", ratio("drawdown", 0.05)),
        ("free", Cell::plain(money(&status["available"]))),
        ("initial margin", ratio("initial_margin_ratio", 0.8)),
        ("maintenance", ratio("maintenance_margin_ratio", 0.5)),
        ("unknown orders", count("orders_unknown")),
        ("not ours", count("foreign_orders")),
    ]
}

fn bots(status: &Value) -> Table {
    let row = |bot: &Value| {
        let name = match bot["hold"].as_str() {
            Some(hold) => Cell::new(format!("{} ({hold})", text(&bot["name"])), Tone::Warn),
            None => Cell::plain(text(&bot["name"])),
        };
        let (position, stop) = match bot["side"].as_str() {
            None => (Cell::new("flat", Tone::Soft), Cell::new("–", Tone::Soft)),
            Some(side) => (held(side, bot), stop(bot)),
        };
        let unrealised =
            if bot["side"].is_null() { Cell::new("–", Tone::Soft) } else { gain(&bot["unrealised_pnl"]) };
        vec![
            name,
            Cell::plain(text(&bot["symbol"])),
            position,
            stop,
            unrealised,
            gain(&bot["net_pnl"]),
            Cell::plain(text(&bot["average_price"])),
            Cell::plain(text(&bot["mark"])),
            Cell::plain(percent(&bot["liquidation_distance"])),
            Cell::plain(text(&bot["open_orders"])),
            Cell::plain(text(&bot["fills"])),
        ]
    };
    Table {
        columns: vec![
            word("bot"),
            word("contract"),
            word("position"),
            figure("stop at venue"),
            figure("unrealised"),
            figure("net"),
            figure("entry"),
            figure("mark"),
            figure("to liquidation"),
            figure("orders"),
            figure("fills"),
        ],
        rows: rows(&status["bots"]).map(row).collect(),
        empty: "No bot is configured.",
    }
}

fn held(side: &str, bot: &Value) -> Cell {
    let (word, tone) = if side == "Buy" { ("long", Tone::Good) } else { ("short", Tone::Bad) };
    Cell::new(format!("{word} {}", text(&bot["qty"])), tone)
}

fn stop(bot: &Value) -> Cell {
    match bot["stop_loss"].as_str() {
        Some(price) => Cell::plain(price),
        None => Cell::new(format!("NONE for {}", seconds(&bot["unprotected_seconds"])), Tone::Bad),
    }
}

fn orders(status: &Value) -> Table {
    let row = |order: &Value| {
        let is_buy = order["side"] == "Buy";
        let state = text(&order["state"]);
        let tone = if state == "Unknown" { Tone::Bad } else { Tone::Plain };
        vec![
            Cell::plain(text(&order["bot"])),
            Cell::plain(text(&order["symbol"])),
            Cell::new(if is_buy { "buy" } else { "sell" }, if is_buy { Tone::Good } else { Tone::Bad }),
            Cell::plain(text(&order["qty"])),
            Cell::plain(order["price"].as_str().unwrap_or("market")),
            Cell::new(state, tone),
            Cell::plain(text(&order["filled_qty"])),
            Cell::plain(seconds(&order["age_seconds"])),
            Cell::new(text(&order["client_order_id"]), Tone::Soft),
        ]
    };
    Table {
        columns: vec![
            word("bot"),
            word("contract"),
            word("side"),
            figure("quantity"),
            figure("price"),
            word("state"),
            figure("filled"),
            figure("age"),
            word("id"),
        ],
        rows: rows(&status["orders"]).map(row).collect(),
        empty: "No order is open.",
    }
}

/// A condition that holds and never stood in the way is no answer to "why not".
fn blockers(status: &Value) -> Table {
    let of_bot = |bot: &Value| {
        let name = text(&bot["name"]);
        let denial = (!bot["last_denial"].is_null()).then(|| {
            let denial = &bot["last_denial"];
            vec![
                Cell::plain(name.clone()),
                Cell::plain(format!("risk, {}", clock(&denial["market_ms"]))),
                Cell::new(text(&denial["text"]), Tone::Warn),
                Cell::plain(text(&bot["denials"])),
            ]
        });
        let conditions = rows(&bot["conditions"]).filter_map(|one| {
            let (holds, blocked) = (one["holds"].as_bool(), one["blocked"].as_u64().unwrap_or(0));
            let now = match holds {
                Some(true) => Cell::new("holds now", Tone::Good),
                Some(false) => Cell::new("does not hold", Tone::Warn),
                None => Cell::new("–", Tone::Soft),
            };
            (holds == Some(false) || blocked > 0).then(|| {
                vec![Cell::plain(name.clone()), Cell::plain(text(&one["name"])), now, counted(blocked)]
            })
        });
        denial.into_iter().chain(conditions).collect::<Vec<_>>()
    };
    Table {
        columns: vec![word("bot"), word("condition"), word("now"), figure("stopped")],
        rows: rows(&status["bots"]).flat_map(of_bot).collect(),
        empty: "Nothing stands in the way.",
    }
}

fn counted(count: u64) -> Cell {
    if count == 0 { Cell::new("–", Tone::Soft) } else { Cell::plain(count.to_string()) }
}

fn events(status: &Value) -> Table {
    let row = |event: &Value| {
        let kind = text(&event["kind"]);
        let tone = match kind.as_str() {
            "halt" | "stop" | "refusal" | "doubt" => Tone::Bad,
            "denial" | "link" => Tone::Warn,
            "fill" | "exit" | "state" => Tone::Good,
            _ => Tone::Soft,
        };
        let whose = |key: &str| Cell::plain(event[key].as_str().unwrap_or_default());
        vec![
            Cell::new(clock(&event["market_ms"]), Tone::Soft),
            Cell::new(kind, tone),
            whose("bot"),
            whose("symbol"),
            Cell::plain(text(&event["text"])),
        ]
    };
    Table {
        columns: vec![word("at"), word("kind"), word("bot"), word("contract"), word("what")],
        rows: rows(&status["events"]).map(row).collect(),
        empty: "Nothing has happened yet.",
    }
}

fn links(status: &Value) -> Table {
    let row = |link: &Value| {
        let state = match link["is_up"].as_bool() {
            Some(true) => Cell::new("up", Tone::Good),
            _ => Cell::new(format!("DOWN {}", link["reason"].as_str().unwrap_or_default()), Tone::Bad),
        };
        vec![
            Cell::plain(text(&link["stream"])),
            state,
            Cell::plain(seconds(&link["age_seconds"])),
            Cell::plain(text(&link["topics"])),
            Cell::plain(text(&link["reconnects"])),
        ]
    };
    Table {
        columns: vec![
            word("stream"),
            word("state"),
            figure("last heard"),
            figure("topics"),
            figure("reconnects"),
        ],
        rows: rows(&status["links"]).map(row).collect(),
        empty: "No link was opened yet.",
    }
}

fn health(status: &Value) -> Vec<(&'static str, Cell)> {
    let milliseconds = |key: &str| {
        let words = status[key].as_f64().map(|value| format!("{:.1} ms", value * 1_000.0));
        Cell::plain(words.unwrap_or_else(|| "–".to_owned()))
    };
    let agreed = match &status["reconciled_seconds"] {
        Value::Null => Cell::new("not yet", Tone::Warn),
        age => Cell::plain(format!("{} ago", seconds(age))),
    };
    let unsynced = text(&status["journal_unsynced"]);
    vec![
        ("clock against the venue's", milliseconds("clock_offset_seconds")),
        ("last round trip", milliseconds("round_trip_seconds")),
        ("books agreed with the venue", agreed),
        ("records not yet on the disk", Cell::plain(unsynced)),
    ]
}

const fn word(head: &'static str) -> Column {
    Column { head, is_figure: false }
}

const fn figure(head: &'static str) -> Column {
    Column { head, is_figure: true }
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
    amount(value).map_or_else(|| text(value), |amount| format!("{:.2}", amount.round_dp(2)))
}

/// Two places with a sign, in the tone of its direction.
fn gain(value: &Value) -> Cell {
    match amount(value).map(|amount| amount.round_dp(2)) {
        None => Cell::new(text(value), Tone::Soft),
        Some(amount) if amount.is_zero() => Cell::new("0.00", Tone::Soft),
        Some(amount) if amount.is_sign_negative() => Cell::new(format!("{amount:.2}"), Tone::Bad),
        Some(amount) => Cell::new(format!("+{amount:.2}"), Tone::Good),
    }
}

fn amount(value: &Value) -> Option<Decimal> {
    value.as_str()?.parse().ok()
}

fn percent(ratio: &Value) -> String {
    ratio.as_f64().map_or_else(|| "–".to_owned(), |ratio| format!("{:.1} %", ratio * 100.0))
}

/// A length of time in the unit that fits it.
fn seconds(value: &Value) -> String {
    match value.as_f64() {
        None => "–".to_owned(),
        Some(value) if value < 10.0 => format!("{value:.1} s"),
        Some(value) if value < 60.0 => format!("{value:.0} s"),
        Some(value) if value < 5_400.0 => format!("{:.0} min", value / 60.0),
        Some(value) => format!("{:.1} h", value / 3_600.0),
    }
}

/// The time of day.
fn clock(ms: &Value) -> String {
    let at = ms.as_i64().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.map_or_else(|| "–".to_owned(), |at| at.strftime("%H:%M:%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of_bot(bot: Value) -> View {
        View::of(&json!({ "run_state": "active", "bots": [bot] }))
    }

    #[test]
    fn a_naked_position_a_lost_link_and_an_unknown_order_strike_the_eye() {
        let view = View::of(&json!({
            "run_state": "halted (operator)", "orders_unknown": 1,
            "bots": [{ "name": "trend", "side": "Sell", "qty": "0.1", "stop_loss": null, "unprotected_seconds": 12.3 }],
            "links": [{ "stream": "private", "is_up": false, "reason": "reset by peer" }],
            "orders": [{ "state": "Unknown", "side": "Buy" }],
        }));
        let bad: Vec<&str> =
            [&view.state, &view.bots.rows[0][3], &view.links.rows[0][1], &view.orders.rows[0][5]]
                .iter()
                .filter(|cell| cell.tone == Tone::Bad)
                .map(|cell| cell.words.as_str())
                .collect();
        assert_eq!(bad, ["halted (operator)", "NONE for 12 s", "DOWN reset by peer", "Unknown"]);
        assert!(view.account.contains(&("unknown orders", Cell::new("1", Tone::Bad))));
    }

    #[test]
    fn only_what_stands_in_the_way_is_a_blocker() {
        let view = of_bot(json!({
            "name": "trend", "denials": 3, "last_denial": { "text": "max_order_notional", "market_ms": 3_600_000 },
            "conditions": [
                { "name": "calm", "holds": true, "blocked": 0 },
                { "name": "trend up", "holds": false, "blocked": 0 },
                { "name": "volume", "holds": true, "blocked": 7 },
            ],
        }));
        let words =
            |row: &Vec<Cell>| row.iter().map(|cell| cell.words.clone()).collect::<Vec<_>>().join(", ");
        assert_eq!(
            view.blockers.rows.iter().map(words).collect::<Vec<_>>(),
            [
                "trend, risk, 01:00:00, max_order_notional, 3",
                "trend, trend up, does not hold, –",
                "trend, volume, holds now, 7",
            ]
        );
    }

    #[test]
    fn every_row_has_a_cell_for_each_column() {
        let view = View::of(&json!({
            "bots": [{ "conditions": [{ "holds": false }] }], "orders": [{}], "events": [{}], "links": [{}],
        }));
        for table in [&view.bots, &view.orders, &view.blockers, &view.events, &view.links] {
            assert_eq!(table.rows.iter().map(Vec::len).collect::<Vec<_>>(), [table.columns.len()]);
        }
    }

    #[test]
    fn figures_read_well() {
        assert_eq!(gain(&json!("-0.004")), Cell::new("0.00", Tone::Soft));
        assert_eq!(gain(&json!("12.345")), Cell::new("+12.34", Tone::Good));
        assert_eq!(gain(&json!("-7")), Cell::new("-7.00", Tone::Bad));
        assert_eq!(money(&Value::Null), "–");
        assert_eq!(seconds(&json!(0.04)), "0.0 s");
        assert_eq!(seconds(&json!(150.0)), "2 min");
        assert_eq!(seconds(&json!(7_200.0)), "2.0 h");
    }
}
