//! The why-ledger of a running engine as a tree: each look of a bot at its signals, every condition and whether it held,
//! and the first that stood in the way.

use super::words;
use serde_json::Value;

/// The looks as [`crate::live`] tells them, newest last, as lines.
pub(crate) fn tree(looks: &Value) -> Vec<String> {
    looks.as_array().into_iter().flatten().flat_map(one).collect()
}

fn one(look: &Value) -> Vec<String> {
    let side = look["side"].as_str().unwrap_or_default();
    let blocker = look["blocker"].as_str();
    let outcome = match (look["fired"].as_bool(), blocker) {
        (Some(true), None) => "fired".to_owned(),
        (Some(true), Some(blocker)) => format!("fired, and {} stood in the way of its order", short(blocker)),
        (_, Some(blocker)) => format!("blocked by {}", short(blocker)),
        (_, None) => "did not fire".to_owned(),
    };
    let at = look["market_ms"].as_i64().unwrap_or_default();
    let mut lines = vec![format!("{}  {side}: {outcome}", words::moment(at))];
    let own = format!("entry.{side}.");
    let conditions: Vec<(&str, Option<bool>)> = look["conditions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| Some((row["name"].as_str()?.strip_prefix(&own)?, row["holds"].as_bool())))
        .collect();
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
    let truth = match row.1 {
        Some(true) => "holds",
        Some(false) => "does not hold",
        None => "not defined yet",
    };
    let is_blocker = blocker.is_some_and(|blocker| short(blocker) == row.0);
    let mark = if is_blocker { "  ◄ stands in the way" } else { "" };
    format!("{name}: {truth}{mark}")
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
}
