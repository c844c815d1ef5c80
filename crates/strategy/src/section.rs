//! Sections of a built-in bot's preset: present, whole, and without a key too many.

use std::collections::BTreeMap;

use crate::toml_file::Table;

/// The section `[key]`, which has to be there with the keys it needs.
pub(crate) fn section<'t, const N: usize>(
    root: &Table<'t>,
    key: &'static str,
    needed: [&'static str; N],
) -> Option<Table<'t>> {
    if !root.has(key) {
        root.problem(format!("[{key}] is missing: it says {}", needed.join(", ")));
    }
    let table = root.table(key, &format!("[{key}]"))?;
    for key in needed {
        if !table.has(key) {
            table.missing(key, format!("`{key}` is missing"));
        }
    }
    Some(table)
}

/// A built-in bot has no parameters that a configuration could set.
pub(crate) fn refuse_overrides(root: &Table<'_>, overrides: &BTreeMap<String, String>) {
    if let Some(name) = overrides.keys().next() {
        root.problem(format!(
            "the bot sets `{name}`, but a built-in bot has no [params]: write the setting into the file"
        ));
    }
}
