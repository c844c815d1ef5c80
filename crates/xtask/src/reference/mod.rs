//! `cargo xtask reference`: `docs/configuration.md` and the JSON Schema of a config, made from the structures that a config
//! is read into.

mod schema;
mod source;

use crate::process::workspace_root;
use anyhow::Context as _;
use source::{Item, Member};
use std::{collections::BTreeMap, fmt::Write as _, fs, path::PathBuf};

/// Where the structures stand. The first one's first struct is the whole file.
const SOURCES: [&str; 13] = [
    "crates/app/src/config/file.rs",
    "crates/connector/src/region.rs",
    "crates/connector/src/rest/position_mode.rs",
    "crates/risk/src/limits/mod.rs",
    "crates/risk/src/limits/scope.rs",
    "crates/risk/src/margin/mode.rs",
    "crates/venue/src/config/mod.rs",
    "crates/venue/src/config/account.rs",
    "crates/venue/src/config/address.rs",
    "crates/venue/src/config/connection.rs",
    "crates/venue/src/config/market.rs",
    "crates/telemetry/src/chronicle.rs",
    "crates/research/src/settings.rs",
];
const ROOT: &str = "ConfigFile";

/// Ends the path of a table that may be there several times.
const LIST: &str = "[]";

/// How a value of a type is written.
const WRITTEN: [(&str, &str); 15] = [
    ("Amount", "amount: `\"500 USDT\"`"),
    ("Multiple", "multiple: `\"3x\"`"),
    ("Percent", "share: `\"1%\"`"),
    ("TimeSpan", "time: `\"5s\"`, `\"15m\"`, `\"4h\"`"),
    ("OrderRate", "rate: `\"5 per 1s\"`"),
    ("PathBuf", "path, relative to the file"),
    ("SocketAddr", "address: `\"127.0.0.1:9464\"`"),
    ("IpAddr", "address: `\"10.0.0.5\"`"),
    ("Decimal", "number in quotes: `\"0.01\"`"),
    ("Timestamp", "moment: `\"2026-12-31T00:00:00Z\"`"),
    ("DoubtsConfig", "table; `windvane venue --list-doubts` prints its keys"),
    ("toml::Value", "as the parameter wants it"),
    ("bool", "`true` or `false`"),
    ("String", "text"),
    ("f64", "number"),
];
/// Whole numbers.
const WHOLE: [&str; 6] = ["u8", "u16", "u32", "u64", "usize", "i64"];

const HEAD: &str = "# Configuration\n\n\
    Every key of the file that `windvane run --config` reads. Made by `cargo xtask reference` from the structures that read it; a \
    test says when it lags behind. Unknown keys, bare numbers where a unit belongs and missing limits are refused with file, line \
    and column. Complete files to start from: [`config/`](../config/live.toml), `windvane init DIR`. The keys of a strategy file: \
    [writing-rules.md](writing-rules.md).\n";

/// Where the page lies.
fn page() -> PathBuf {
    workspace_root().join("docs/configuration.md")
}

/// Where the schema lies, for the program to print.
fn schema_file() -> PathBuf {
    workspace_root().join("crates/app/src/config/schema.json")
}

/// Writes the page and the schema.
///
/// # Errors
/// When a source cannot be read, or what was made not written.
pub(crate) fn write() -> anyhow::Result<()> {
    fs::write(page(), made()?).context("writing docs/configuration.md")?;
    fs::write(schema_file(), schema::made(&items()?)?).context("writing the schema")
}

/// The structures of all sources by name.
fn items() -> anyhow::Result<BTreeMap<String, Item>> {
    let mut items = BTreeMap::new();
    for path in SOURCES {
        let text =
            fs::read_to_string(workspace_root().join(path)).with_context(|| format!("reading {path}"))?;
        items.extend(source::items(&text).into_iter().map(|item| (item.name.clone(), item)));
    }
    Ok(items)
}

/// The page as the sources want it.
fn made() -> anyhow::Result<String> {
    let mut page = Page { text: HEAD.to_owned(), items: items()? };
    page.table("", ROOT)?;
    Ok(page.text)
}

struct Page {
    text: String,
    items: BTreeMap<String, Item>,
}

/// What a field's type says beside its name.
#[derive(Default)]
struct Shape<'k> {
    inner: &'k str,
    is_list: bool,
    is_map: bool,
}

/// The type without its wrappers.
fn shape(kind: &str) -> Shape<'_> {
    let mut shape = Shape { inner: kind, ..Shape::default() };
    loop {
        let within = |name: &str| shape.inner.strip_prefix(name).and_then(|rest| rest.strip_suffix('>'));
        if let Some(inner) = within("Option<").or_else(|| within("Spanned<")).or_else(|| within("Box<")) {
            shape.inner = inner;
        } else if let Some(inner) = within("Vec<") {
            shape = Shape { inner, is_list: true, ..shape };
        } else if let Some(inner) = within("BTreeMap<") {
            shape = Shape {
                inner: inner.split_once(", ").map_or(inner, |(_, value)| value),
                is_map: true,
                ..shape
            };
        } else {
            shape.inner = shape
                .inner
                .rsplit("::")
                .next()
                .filter(|_| !shape.inner.starts_with("toml"))
                .unwrap_or(shape.inner);
            return shape;
        }
    }
}

impl Page {
    /// The section of one struct, and then of those within it.
    fn table(&mut self, path: &str, name: &str) -> anyhow::Result<()> {
        let item = self.items.get(name).with_context(|| format!("{name} is in none of the sources"))?;
        let (about, members) = (item.about.clone(), item.members.clone());
        let (path, title) = match path.strip_suffix(LIST) {
            Some(path) => (path, format!("`[[{path}]]`")),
            None if path.is_empty() => (path, "The file".to_owned()),
            None => (path, format!("`[{path}]`")),
        };
        writeln!(self.text, "\n## {title}\n")?;
        if !about.is_empty() && !about.starts_with('`') {
            writeln!(self.text, "{about}\n")?;
        }
        if members.is_empty() {
            writeln!(self.text, "Nothing to set.")?;
            return Ok(());
        }
        writeln!(self.text, "| key | value | | meaning |\n|---|---|---|---|")?;
        let mut within = Vec::new();
        for member in &members {
            let Shape { inner, is_list, is_map } = shape(&member.kind);
            let child = if path.is_empty() { member.name.clone() } else { format!("{path}.{}", member.name) };
            let child = if is_map { format!("{child}.NAME") } else { child };
            let written = self.value(&child, inner, is_list, &mut within)?;
            let need = match self.default(member) {
                Some(default) => format!("else `{default}`"),
                None if member.is_optional => "optional".to_owned(),
                None => "required".to_owned(),
            };
            let about = format!("{}{}", member.about, self.choices(inner)).replace('|', "\\|");
            writeln!(self.text, "| `{}` | {written} | {need} | {about} |", member.name)?;
        }
        for (path, name) in within {
            self.table(&path, &name)?;
        }
        Ok(())
    }

    /// What holds where a field is left out, if its type says so.
    fn default(&self, member: &Member) -> Option<String> {
        if !member.takes_default {
            return None;
        }
        match member.kind.as_str() {
            "bool" => Some("false".to_owned()),
            number if WHOLE.contains(&number) => Some("0".to_owned()),
            kind => {
                let item = self.items.get(kind).filter(|item| item.is_enum)?;
                item.members.iter().find(|variant| variant.is_default).map(|variant| variant.name.clone())
            }
        }
    }

    /// What the words mean that a value may be, where they say more than themselves.
    fn choices(&self, kind: &str) -> String {
        let item = self.items.get(kind).filter(|item| item.is_enum);
        let variants = item.into_iter().flat_map(|item| &item.members).filter(|one| !one.about.is_empty());
        variants.fold(String::new(), |text, one| format!("{text} `{}`: {}", one.name, one.about))
    }

    /// How a value is written. A struct is a table of its own, which comes later, `within`.
    fn value(
        &self,
        path: &str,
        kind: &str,
        is_list: bool,
        within: &mut Vec<(String, String)>,
    ) -> anyhow::Result<String> {
        let plain = WRITTEN.iter().find(|(name, _)| *name == kind).map(|(_, written)| (*written).to_owned());
        let one = match self.items.get(kind) {
            _ if plain.is_some() => plain.unwrap_or_default(),
            _ if WHOLE.contains(&kind) => "whole number".to_owned(),
            Some(item) if item.is_enum => {
                let tables = item.members.iter().filter(|variant| !variant.kind.is_empty());
                within
                    .extend(tables.map(|variant| (format!("{path}.{}", variant.name), variant.kind.clone())));
                let words: Vec<_> =
                    item.members.iter().map(|variant| format!("`{}`", variant.name)).collect();
                let what = if item.members.iter().any(|variant| !variant.kind.is_empty()) {
                    "table"
                } else {
                    "word"
                };
                format!("{what}: {}", words.join(", "))
            }
            Some(item) => {
                within.push((format!("{path}{}", if is_list { LIST } else { "" }), item.name.clone()));
                "table".to_owned()
            }
            None => {
                anyhow::bail!("`{path}`: how is a {kind} written? Add it to WRITTEN, or its file to SOURCES")
            }
        };
        Ok(if is_list { format!("list; {one}") } else { one })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_what_the_program_reads() {
        let made = made().unwrap();
        for row in [
            "| `max_order_notional` | amount",
            "## `[bot.NAME]`",
            "`embedded`, `custom`",
            "## `[risk.drawdown]`",
        ] {
            assert!(made.contains(row), "{row}");
        }
        let written = fs::read_to_string(page()).unwrap();
        assert!(
            made == written,
            "docs/configuration.md lags behind the structures: run `cargo xtask reference`"
        );
        let (made, written) = (schema::made(&items().unwrap()).unwrap(), fs::read_to_string(schema_file()));
        assert!(made == written.unwrap(), "the config's schema lags behind: run `cargo xtask reference`");
    }

    #[test]
    fn wrappers_of_a_type_are_taken_off() {
        for (kind, inner, is_list, is_map) in [
            ("Option<Spanned<Amount>>", "Amount", false, false),
            ("BTreeMap<Spanned<String>, BotSection>", "BotSection", false, true),
            ("Vec<windvane_telemetry::Kind>", "Kind", true, false),
            ("BTreeMap<String, Spanned<toml::Value>>", "toml::Value", false, true),
        ] {
            let shape = shape(kind);
            assert_eq!((shape.inner, shape.is_list, shape.is_map), (inner, is_list, is_map), "{kind}");
        }
    }
}
