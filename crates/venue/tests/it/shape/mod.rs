//! Every message that was recorded from the exchange has its counterpart here, with the same fields, types and
//! spelling. What has none stands in `exemptions.tsv` with its reason.

mod made;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

/// What this venue does not produce.
struct Exemption {
    file: &'static str,
    field: &'static str,
}

fn exemptions() -> Vec<Exemption> {
    let lines = include_str!("exemptions.tsv").lines().filter(|line| !line.starts_with('#'));
    let read = |line: &'static str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [file, field, reason] = columns[..] else { panic!("three columns: {line}") };
        assert!(!reason.is_empty(), "a reason: {line}");
        Exemption { file, field }
    };
    lines.map(read).collect()
}

impl Exemption {
    /// Whether it means this file: a `*` stands for anything.
    fn is_of(&self, file: &str) -> bool {
        match self.file.split_once('*') {
            Some((head, tail)) => file.starts_with(head) && file.ends_with(tail),
            None => file == self.file,
        }
    }
}

/// The folder of recorded messages, or `None` (said aloud) when it is not there.
fn recordings() -> Option<PathBuf> {
    let folder = std::env::var_os("WINDVANE_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let folder = folder.join("fixtures/v5");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: no recordings at {} (set WINDVANE_SHARED)", folder.display());
    None
}

/// Notes every key of `recorded`, at any depth, that `made` lacks or has in another JSON type; of lists the first row
/// counts.
fn compare(made: &Value, recorded: &Value, at: &str, problems: &mut Vec<String>) {
    match (made, recorded) {
        (Value::Object(made), Value::Object(recorded)) => {
            for (key, value) in recorded {
                match made.get(key) {
                    Some(made) => compare(made, value, &format!("{at}.{key}"), problems),
                    None => problems.push(format!("{at}.{key}")),
                }
            }
        }
        (Value::Array(made), Value::Array(recorded)) => match (made.first(), recorded.first()) {
            (Some(made), Some(recorded)) => compare(made, recorded, &format!("{at}[0]"), problems),
            (None, Some(_)) => problems.push(format!("{at} (empty)")),
            (_, None) => {}
        },
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Null, Value::Null) => {}
        _ => problems.push(format!("{at} ({made} against {recorded})")),
    }
}

#[tokio::test]
async fn every_recorded_message_has_its_counterpart_or_a_reason() {
    let Some(folder) = recordings() else { return };
    let exemptions = exemptions();
    let made: BTreeMap<&str, Value> = made::messages().await;
    let index = std::fs::read_to_string(folder.join("index.tsv")).unwrap();
    let (mut missing, mut compared) = (Vec::new(), 0);
    for line in index.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let (file, kind) = (columns[0], columns[1]);
        // Requests are what clients send; signing vectors have a test of their own.
        if matches!(kind, "request" | "vectors") {
            continue;
        }
        let of_file: Vec<&Exemption> = exemptions.iter().filter(|exemption| exemption.is_of(file)).collect();
        let Some(made) = made.get(file) else {
            if !of_file.iter().any(|exemption| exemption.field.is_empty()) {
                missing.push(format!("{file}: nothing is made that corresponds"));
            }
            continue;
        };
        let recorded = serde_json::from_str(&std::fs::read_to_string(folder.join(file)).unwrap()).unwrap();
        let mut problems = Vec::new();
        compare(made, &recorded, "", &mut problems);
        problems.retain(|problem| {
            !of_file.iter().any(|exemption| !exemption.field.is_empty() && problem.contains(exemption.field))
        });
        missing.extend(problems.into_iter().map(|problem| format!("{file}: {problem}")));
        compared += 1;
    }
    assert!(missing.is_empty(), "{} of {compared} compared:\n{}", missing.len(), missing.join("\n"));
    assert!(compared >= 70, "only {compared} messages were compared");
}
