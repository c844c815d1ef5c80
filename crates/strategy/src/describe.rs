//! What was understood of a strategy file, as JSON: for `windvane check --json`, and to see what a change changes.

use serde_json::{Map, Value, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::language::canonical;
use crate::rules::Definition;

/// The file as it was understood: every value, expressions and figures with their units in one canonical form.
pub(crate) fn describe(definition: &Definition, document: &Spanned<DeTable<'_>>) -> Value {
    let mut described = Map::new();
    described.insert("schema".to_owned(), json!("windvane.strategy/1"));
    described.insert("file".to_owned(), table(document.get_ref()));
    if let Definition::Rules(rules) = definition {
        let parameters: Map<String, Value> = rules
            .parameters()
            .iter()
            .map(|parameter| {
                (
                    parameter.name.clone(),
                    json!({ "type": parameter.unit, "value": parameter.value, "live": parameter.is_live }),
                )
            })
            .collect();
        described.insert("parameters".to_owned(), Value::Object(parameters));
        described.insert("warm_up_bars".to_owned(), json!(rules.warm_up()));
    }
    Value::Object(described)
}

fn table(table: &DeTable<'_>) -> Value {
    let rows = table.iter().map(|(key, entry)| (key.get_ref().to_string(), value(entry.get_ref())));
    Value::Object(rows.collect())
}

fn value(given: &DeValue<'_>) -> Value {
    match given {
        DeValue::String(text) => json!(canonical(text)),
        DeValue::Integer(digits) => number(digits.as_str()),
        DeValue::Float(digits) => number(digits.as_str()),
        DeValue::Boolean(value) => json!(value),
        DeValue::Datetime(value) => json!(value.to_string()),
        DeValue::Array(list) => Value::Array(list.iter().map(|entry| value(entry.get_ref())).collect()),
        DeValue::Table(inner) => table(inner),
    }
}

fn number(digits: &str) -> Value {
    digits.replace('_', "").parse::<f64>().map_or_else(|_| json!(digits), |value| json!(value))
}
