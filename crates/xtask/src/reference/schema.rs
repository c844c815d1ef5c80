//! The JSON Schema of a config, out of the same structures as the page. `windvane schema --of config` prints it.

use super::source::Item;
use super::{ROOT, Shape, WHOLE, shape};
use anyhow::Context as _;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The schema, draft 2020-12, as text.
///
/// # Errors
/// When a type is in none of the sources and nobody has said how it is written.
pub(super) fn made(items: &BTreeMap<String, Item>) -> anyhow::Result<String> {
    let mut schema = Schema { items, shapes: BTreeMap::new() };
    let root = schema.one(ROOT)?;
    let shapes: Map<String, Value> =
        schema.shapes.into_iter().filter_map(|(name, shape)| Some((name, shape?))).collect();
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Windvane config file",
        "$ref": root["$ref"],
        "$defs": shapes,
    });
    Ok(format!("{whole:#}\n"))
}

struct Schema<'i> {
    items: &'i BTreeMap<String, Item>,
    /// By name; `None` while it is being made.
    shapes: BTreeMap<String, Option<Value>>,
}

impl Schema<'_> {
    /// What a field may hold.
    fn field(&mut self, kind: &str) -> anyhow::Result<Value> {
        let Shape { inner, is_list, is_map } = shape(kind);
        let one = self.one(inner)?;
        let many = if is_list { json!({ "type": "array", "items": one }) } else { one };
        Ok(if is_map { json!({ "type": "object", "additionalProperties": many }) } else { many })
    }

    fn one(&mut self, kind: &str) -> anyhow::Result<Value> {
        if let Some(plain) = plain(kind) {
            return Ok(plain);
        }
        let item = self.items.get(kind).with_context(|| format!("{kind} is in none of the sources"))?;
        if !self.shapes.contains_key(kind) {
            self.shapes.insert(kind.to_owned(), None);
            let shape = if item.is_enum { self.choice(item)? } else { self.table(item)? };
            self.shapes.insert(kind.to_owned(), Some(shape));
        }
        Ok(json!({ "$ref": format!("#/$defs/{kind}") }))
    }

    fn table(&mut self, item: &Item) -> anyhow::Result<Value> {
        let mut properties = Map::new();
        for member in &item.members {
            let mut field = self.field(&member.kind)?;
            if let Some(field) = field.as_object_mut().filter(|_| !member.about.is_empty()) {
                field.insert("description".to_owned(), member.about.as_str().into());
            }
            properties.insert(member.name.clone(), field);
        }
        let required: Vec<&str> =
            item.members.iter().filter(|one| !one.is_optional).map(|one| one.name.as_str()).collect();
        Ok(json!({
            "type": "object", "properties": properties, "required": required, "additionalProperties": false,
        }))
    }

    /// A word, or a table of one key that names what it holds.
    fn choice(&mut self, item: &Item) -> anyhow::Result<Value> {
        let (mut words, mut choices) = (Vec::new(), Vec::new());
        for variant in &item.members {
            if variant.kind.is_empty() {
                words.push(variant.name.as_str());
                continue;
            }
            let inner = self.field(&variant.kind)?;
            choices.push(json!({
                "type": "object", "properties": { variant.name.as_str(): inner },
                "required": [variant.name], "additionalProperties": false,
            }));
        }
        if !words.is_empty() {
            choices.insert(0, json!({ "enum": words }));
        }
        Ok(match choices.len() {
            1 => choices.remove(0),
            _ => json!({ "oneOf": choices }),
        })
    }
}

/// A value that is no structure of its own.
fn plain(kind: &str) -> Option<Value> {
    let text = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    Some(match kind {
        "Amount" => text(r"^[0-9._]+ *[A-Z]+$"),
        "Multiple" => text(r"^[0-9.]+ *x$"),
        "Percent" => text(r"^-?[0-9.]+ *%$"),
        "TimeSpan" => text(r"^[0-9.]+ *(ms|s|m|h|d)$"),
        "OrderRate" => text(r"^[0-9]+ +per +[0-9.]+ *(ms|s|m|h|d)$"),
        "Decimal" => text(r"^-?[0-9.]+$"),
        "PathBuf" | "SocketAddr" | "IpAddr" | "Timestamp" | "String" => json!({ "type": "string" }),
        "DoubtsConfig" => json!({ "type": "object" }),
        "toml::Value" => json!({}),
        "bool" => json!({ "type": "boolean" }),
        "f64" => json!({ "type": "number" }),
        "i64" => json!({ "type": "integer" }),
        _ if WHOLE.contains(&kind) => json!({ "type": "integer", "minimum": 0 }),
        _ => return None,
    })
}
