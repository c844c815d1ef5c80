//! The JSON Schema knows every key of every shipped file, and every file lacks nothing that it asks for.

use serde_json::Value;
use windvane_strategy::schema;

use crate::shipped::root;

/// What `value` has that `schema` does not know, or lacks that it wants. A small part of JSON Schema: what ours uses.
fn faults(value: &toml::Value, schema: &Value, whole: &Value, path: &str, found: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()) {
        return faults(value, &whole["$defs"][name], whole, path, found);
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.iter().any(|word| word.as_str() == value.as_str())
    {
        found.push(format!("{path}: {value} is not one of {words:?}"));
    }
    if let (Some(list), Some(items)) = (value.as_array(), schema.get("items")) {
        list.iter().for_each(|item| faults(item, items, whole, path, found));
    }
    let Some(table) = value.as_table() else { return };
    for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !table.contains_key(key) {
            found.push(format!("{path}/{key} is missing"));
        }
    }
    for (key, inner) in table {
        match schema["properties"]
            .get(key)
            .or(schema.get("additionalProperties").filter(|rest| rest.is_object()))
        {
            Some(known) => faults(inner, known, whole, &format!("{path}/{key}"), found),
            None => found.push(format!("{path}/{key} is unknown")),
        }
    }
}

#[test]
fn every_shipped_file_fits_exactly_one_shape_of_the_schema() {
    let schema = schema();
    let shapes = schema["oneOf"].as_array().unwrap();
    for entry in std::fs::read_dir(root().join("strategies")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "toml") {
            continue;
        }
        let file: toml::Value = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let meant = |shape: &&Value| {
            shape["properties"]["builtin"]["const"].as_str()
                == file.get("builtin").and_then(|name| name.as_str())
        };
        let [shape] = shapes.iter().filter(meant).collect::<Vec<_>>()[..] else {
            panic!("{}", path.display())
        };
        let mut found = Vec::new();
        faults(&file, shape, &schema, "", &mut found);
        assert!(found.is_empty(), "{}: {found:?}", path.display());
    }
}
