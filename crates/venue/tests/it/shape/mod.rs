//! Every message that was recorded from the exchange has its counterpart here, with the same fields, types and
//! spelling, and no field beside. What is missing stands in `exemptions.tsv`, what is there besides in `additions.tsv`, each
//! with its reason.

mod made;

use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::shared::shared;

/// A difference that is known, and why it is one.
struct Exemption {
    file: &'static str,
    field: &'static str,
    /// Whether it was met with.
    is_met: Cell<bool>,
}

fn exemptions(table: &'static str) -> Vec<Exemption> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let read = |line: &'static str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [file, field, reason] = columns[..] else { panic!("three columns: {line}") };
        assert!(!reason.is_empty(), "a reason: {line}");
        Exemption { file, field, is_met: Cell::new(false) }
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

    /// Whether it means this whole message.
    fn is_of_all(&self, file: &str) -> bool {
        let is_meant = self.field.is_empty() && self.is_of(file);
        self.is_met.set(self.is_met.get() || is_meant);
        is_meant
    }

    /// Whether it means this field of the message.
    fn is_of_field(&self, file: &str, field: &str) -> bool {
        let is_meant = !self.field.is_empty() && self.is_of(file) && field.contains(self.field);
        self.is_met.set(self.is_met.get() || is_meant);
        is_meant
    }
}

/// How one message differs from another.
#[derive(Default)]
struct Differences {
    /// Fields that it lacks, or has in another JSON type.
    missing: Vec<String>,
    /// Fields that only it has.
    added: Vec<String>,
}

/// Notes every difference of `made` from `recorded`, at any depth; of lists the first row counts.
fn compare(made: &Value, recorded: &Value, at: &str, differences: &mut Differences) {
    match (made, recorded) {
        (Value::Object(made), Value::Object(recorded)) => {
            for (key, value) in recorded {
                match made.get(key) {
                    Some(made) => compare(made, value, &format!("{at}.{key}"), differences),
                    None => differences.missing.push(format!("{at}.{key}")),
                }
            }
            let added = made.keys().filter(|key| !recorded.contains_key(*key));
            differences.added.extend(added.map(|key| format!("{at}.{key}")));
        }
        (Value::Array(made), Value::Array(recorded)) => match (made.first(), recorded.first()) {
            (Some(made), Some(recorded)) => compare(made, recorded, &format!("{at}[0]"), differences),
            (None, Some(_)) => differences.missing.push(format!("{at} (empty)")),
            (_, None) => {}
        },
        (Value::String(_), Value::String(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::Bool(_), Value::Bool(_))
        | (Value::Null, Value::Null) => {}
        _ => differences.missing.push(format!("{at} ({made} against {recorded})")),
    }
}

#[tokio::test]
async fn every_recorded_message_has_its_counterpart_or_a_reason() {
    let Some(folder) = shared("fixtures/v5") else { return };
    let exemptions = exemptions(include_str!("exemptions.tsv"));
    let additions = self::exemptions(include_str!("additions.tsv"));
    let made: BTreeMap<&str, Value> = made::messages().await;
    let index = std::fs::read_to_string(folder.join("index.tsv")).unwrap();
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for line in index.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let (file, kind) = (columns[0], columns[1]);
        // Requests are what clients send; signing vectors have a test of their own.
        if matches!(kind, "request" | "vectors") {
            continue;
        }
        let is_exempt = exemptions.iter().any(|exemption| exemption.is_of_all(file));
        let Some(made) = made.get(file) else {
            if !is_exempt {
                wrong.push(format!("{file}: nothing is made that corresponds"));
            }
            continue;
        };
        let recorded = serde_json::from_str(&std::fs::read_to_string(folder.join(file)).unwrap()).unwrap();
        let mut differences = Differences::default();
        compare(made, &recorded, "", &mut differences);
        for (fields, known, what) in
            [(differences.missing, &exemptions, "lacks"), (differences.added, &additions, "has besides")]
        {
            // Each one that means it is met, not only the first.
            let is_known =
                |field: &String| known.iter().filter(|known| known.is_of_field(file, field)).count() > 0;
            wrong.extend(
                fields.iter().filter(|field| !is_known(field)).map(|field| format!("{file}: {what} {field}")),
            );
        }
        compared += 1;
    }
    let unmet = exemptions.iter().chain(&additions).filter(|known| !known.is_met.get());
    wrong.extend(unmet.map(|known| format!("{} {}: no longer a difference", known.file, known.field)));
    assert!(wrong.is_empty(), "{} of {compared} compared:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared >= 76, "only {compared} messages were compared");
}
