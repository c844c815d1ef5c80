//! The why-ledger of a running engine as a tree: each look of a bot at its signals, every condition and whether it held,
//! and the first that stood in the way; each look at the exits of what it holds, and the one that was taken.

use super::words;
use serde_json::Value;

/// The looks as [`crate::live`] tells them, newest last, as lines.
pub(crate) fn tree(looks: &Value) -> Vec<String> {
    looks.as_array().into_iter().flatten().flat_map(one).collect()
}

fn one(look: &Value) -> Vec<String> {
    match look["of"].as_str() {
        Some("exit") => exit(look),
        Some("state") => state(look),
        _ => entry(look),
    }
}

/// Each condition of a look, with its truth.
fn conditions(look: &Value) -> impl Iterator<Item = (&str, Option<bool>)> {
    let rows = look["conditions"].as_array().into_iter().flatten();
    rows.filter_map(|row| Some((row["name"].as_str()?, row["holds"].as_bool())))
}

/// Leaves of one branch, the last of them closed off.
fn leaves(lines: &mut Vec<String>, leaves: &[String]) {
    for (at, leaf) in leaves.iter().enumerate() {
        let branch = if at + 1 == leaves.len() { "└─" } else { "├─" };
        lines.push(format!("  {branch} {leaf}"));
    }
}

/// The ways out of a position, in the order of the file's reference; the other side's exit signal is none of them.
fn exit(look: &Value) -> Vec<String> {
    let side = look["side"].as_str().unwrap_or_default();
    let cause = look["cause"].as_str();
    let outcome = match (look["fired"].as_bool(), cause) {
        (Some(true), Some(cause)) => format!("closed by {}", way(cause)),
        (Some(true), None) => "closed".to_owned(),
        _ => "held".to_owned(),
    };
    let mut lines = vec![format!("{}  {side}: {outcome}", moment(look))];
    let other = if side == "long" { "exit.signal.short" } else { "exit.signal.long" };
    let ways = conditions(look).filter(|(name, _)| name.starts_with("exit.") && *name != other);
    let rows: Vec<String> = ways
        .map(|(name, holds)| {
            let mark = if Some(name) == cause { "  ◄ closes it" } else { "" };
            format!("{}: {}{mark}", way(name), truth(holds))
        })
        .collect();
    leaves(&mut lines, &rows);
    lines
}

/// A way out without the words that its place in the tree says already.
fn way(name: &str) -> &str {
    let short = name.strip_prefix("exit.").unwrap_or(name);
    if short.starts_with("signal.") { "signal" } else { short }
}

/// How the conditions of a bot that keeps no looks stand.
fn state(look: &Value) -> Vec<String> {
    let mut lines = vec![format!("{}  now", moment(look))];
    let rows = look["conditions"].as_array().into_iter().flatten();
    let rows: Vec<String> = rows
        .filter_map(|row| {
            let blocked = match row["blocked"].as_u64() {
                None | Some(0) => String::new(),
                Some(count) => format!(", stood in the way {count} time(s)"),
            };
            Some(format!("{}: {}{blocked}", row["name"].as_str()?, truth(row["holds"].as_bool())))
        })
        .collect();
    leaves(&mut lines, &rows);
    lines
}

fn moment(look: &Value) -> String {
    words::moment(look["market_ms"].as_i64().unwrap_or_default())
}

const fn truth(holds: Option<bool>) -> &'static str {
    match holds {
        Some(true) => "holds",
        Some(false) => "does not hold",
        None => "not defined yet",
    }
}

fn entry(look: &Value) -> Vec<String> {
    let side = look["side"].as_str().unwrap_or_default();
    let blocker = look["blocker"].as_str();
    let outcome = match (look["fired"].as_bool(), blocker) {
        (Some(true), None) => "fired".to_owned(),
        (Some(true), Some(blocker)) => format!("fired, and {} stood in the way of its order", short(blocker)),
        (_, Some(blocker)) => format!("blocked by {}", short(blocker)),
        (_, None) => "did not fire".to_owned(),
    };
    let mut lines = vec![format!("{}  {side}: {outcome}", moment(look))];
    let own = format!("entry.{side}.");
    let conditions: Vec<(&str, Option<bool>)> =
        conditions(look).filter_map(|(name, holds)| Some((name.strip_prefix(&own)?, holds))).collect();
    // By table, in the order of the file: the signal, what filters it, what is looked at once more when it is sent.
    let tables: Vec<&str> = ["signal", "filter", "at_send", "scale_in"]
        .into_iter()
        .filter(|table| conditions.iter().any(|(name, _)| table_of(name) == *table))
        .collect();
    for (at, table) in tables.iter().enumerate() {
        let (branch, below) = if at + 1 == tables.len() { ("└─", "   ") } else { ("├─", "│  ") };
        let rows: Vec<_> = conditions.iter().filter(|(name, _)| table_of(name) == *table).collect();
        if matches!(*table, "signal" | "scale_in") {
            rows.iter().for_each(|row| lines.push(format!("  {branch} {}", leaf(table, row, blocker))));
            continue;
        }
        lines.push(format!("  {branch} {table}"));
        for (at, row) in rows.iter().enumerate() {
            let leaf_branch = if at + 1 == rows.len() { "└─" } else { "├─" };
            let name = row.0.split_once('.').map_or(row.0, |(_, name)| name);
            lines.push(format!("  {below}{leaf_branch} {}", leaf(name, row, blocker)));
        }
    }
    lines
}

/// One condition; the first that stood in the way is marked.
fn leaf(name: &str, row: &(&str, Option<bool>), blocker: Option<&str>) -> String {
    let is_blocker = blocker.is_some_and(|blocker| short(blocker) == row.0);
    let mark = if is_blocker { "  ◄ stands in the way" } else { "" };
    format!("{name}: {}{mark}", truth(row.1))
}

fn table_of(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// A condition's name without `entry.SIDE.`; a reason that is none stays as it is.
fn short(name: &str) -> &str {
    name.strip_prefix("entry.").and_then(|name| name.split_once('.')).map_or(name, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_look_is_a_tree_of_its_sides_conditions_and_marks_the_first_that_blocked() {
        let conditions = json!([
            { "name": "entry.long.signal", "holds": true },
            { "name": "entry.long.filter.trend", "holds": false },
            { "name": "entry.long.filter.rsi", "holds": null },
            { "name": "entry.long.at_send.spread", "holds": true },
            { "name": "entry.short.signal", "holds": false },
        ]);
        let looks = json!([
            { "market_ms": 0, "side": "long", "fired": false, "blocker": "entry.long.filter.trend", "conditions": conditions },
            { "market_ms": 60_000, "side": "short", "fired": false, "blocker": "entry.short.signal", "conditions": conditions },
            { "market_ms": 60_000, "side": "long", "fired": true, "blocker": "cooldown", "conditions": [] },
        ]);
        assert_eq!(
            tree(&looks).join("\n"),
            "1970-01-01T00:00:00.000Z  long: blocked by filter.trend\n  ├─ signal: holds\n  ├─ filter\n  │  ├─ trend: does not hold  \
             ◄ stands in the way\n  │  └─ rsi: not defined yet\n  └─ at_send\n     └─ spread: holds\n1970-01-01T00:01:00.000Z  short: \
             blocked by signal\n  └─ signal: does not hold  ◄ stands in the way\n1970-01-01T00:01:00.000Z  long: fired, and cooldown \
             stood in the way of its order"
        );
    }
    #[test]
    fn a_look_at_the_exits_shows_every_way_out_and_marks_the_one_that_was_taken() {
        let conditions = json!([
            { "name": "entry.long.signal", "holds": true },
            { "name": "exit.stop", "holds": false },
            { "name": "exit.trail", "holds": null },
            { "name": "exit.signal.long", "holds": true },
            { "name": "exit.signal.short", "holds": true },
        ]);
        let looks = json!([
            { "market_ms": 0, "of": "exit", "side": "long", "fired": false, "cause": null, "conditions": [{ "name": "exit.stop", "holds": false }] },
            { "market_ms": 60_000, "of": "exit", "side": "long", "fired": true, "cause": "exit.signal.long", "conditions": conditions },
        ]);
        assert_eq!(
            tree(&looks).join("\n"),
            "1970-01-01T00:00:00.000Z  long: held\n  └─ stop: does not hold\n1970-01-01T00:01:00.000Z  long: closed by signal\n  \
             ├─ stop: does not hold\n  ├─ trail: not defined yet\n  └─ signal: holds  ◄ closes it"
        );
    }

    #[test]
    fn a_bot_without_looks_shows_how_its_conditions_stand() {
        let conditions = json!([
            { "name": "grid.size", "holds": true, "blocked": 2 },
            { "name": "protect.cooldown", "holds": false, "blocked": 0 },
        ]);
        let looks = json!([{ "market_ms": 0, "of": "state", "conditions": conditions }]);
        assert_eq!(
            tree(&looks).join("\n"),
            "1970-01-01T00:00:00.000Z  now\n  ├─ grid.size: holds, stood in the way 2 time(s)\n  └─ protect.cooldown: does not hold"
        );
    }
}
