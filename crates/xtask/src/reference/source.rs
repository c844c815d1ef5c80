//! The structures that a config is read into, as they stand in our formatted sources: names, types, docs and what serde is
//! told. No parser of Rust, only of what `cargo fmt` makes of it.

/// A struct or an enum.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) is_enum: bool,
    /// How serde writes the names of variants: `lowercase`, `kebab-case`.
    rename_all: String,
    /// Whether every field may be left out.
    has_default: bool,
    /// Whether a field that is left out is the default of its type.
    is_plain_default: bool,
    pub(super) members: Vec<Member>,
}

/// A field or a variant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Member {
    /// As it is written in a config.
    pub(super) name: String,
    /// The type of a field, or of what a variant holds; empty for a bare variant.
    pub(super) kind: String,
    pub(super) about: String,
    pub(super) is_optional: bool,
    /// Whether a field that is left out is the default of its type.
    pub(super) takes_default: bool,
    /// Whether a variant is the default of its enum.
    pub(super) is_default: bool,
}

/// All structs and enums of a source file.
pub(super) fn items(source: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let (mut about, mut attributes) = (Vec::new(), String::new());
    let mut item: Option<Item> = None;
    for line in source.lines() {
        let text = line.trim();
        if let Some(doc) = text.strip_prefix("///") {
            about.push(doc.trim());
        } else if text.starts_with("#[") {
            attributes.push_str(text);
        } else if line == "}" || text.ends_with("{}") && item.is_none() {
            items.extend(item.take().or_else(|| head(text.trim_end_matches('}'), &about, &attributes)));
            (about, attributes) = (Vec::new(), String::new());
        } else if let Some(item) = item.as_mut() {
            item.members.extend(member(text, item.is_enum, prose(&about), &attributes, item));
            (about, attributes) = (Vec::new(), String::new());
        } else {
            item = head(text, &about, &attributes);
            (about, attributes) = (Vec::new(), String::new());
        }
    }
    items
}

/// The beginning of a struct or an enum; `None` for any other line.
fn head(text: &str, about: &[&str], attributes: &str) -> Option<Item> {
    let bare = text.trim_start_matches("pub(crate) ").trim_start_matches("pub ");
    let (kind, rest) = bare.split_once(' ')?;
    let name = rest.strip_suffix('{')?.trim();
    let is_enum = kind == "enum";
    (is_enum || kind == "struct").then(|| Item {
        name: name.to_owned(),
        about: prose(about),
        is_enum,
        rename_all: value(attributes, "rename_all").unwrap_or_default(),
        has_default: attributes.contains("default)]"),
        is_plain_default: attributes.contains(" Default,") || attributes.contains(" Default)"),
        members: Vec::new(),
    })
}

/// Lines of docs as one text. What links to code only has its name here.
fn prose(lines: &[&str]) -> String {
    let lines: Vec<_> = lines.iter().filter(|line| !line.is_empty()).copied().collect();
    lines.join(" ").replace("[`", "`").replace("`]", "`")
}

/// The value of `key = "…"` in attributes.
fn value(attributes: &str, key: &str) -> Option<String> {
    let (_, rest) = attributes.split_once(&format!("{key} = \""))?;
    Some(rest.split('"').next()?.to_owned())
}

fn member(text: &str, is_variant: bool, about: String, attributes: &str, of: &Item) -> Option<Member> {
    let text = text.trim_end_matches(',');
    if is_variant {
        let (name, kind) = text.split_once('(').unwrap_or((text, ""));
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric()) && !name.is_empty();
        let kind = kind.trim_end_matches(')').to_owned();
        return is_name.then(|| Member {
            name: renamed(name, &of.rename_all),
            kind,
            about,
            is_optional: false,
            takes_default: false,
            is_default: attributes.contains("#[default]"),
        });
    }
    let (name, kind) = text.split_once(": ")?;
    let name = name.trim_start_matches("pub(crate) ").trim_start_matches("pub ").to_owned();
    let is_optional = of.has_default
        || kind.starts_with("Option<")
        || attributes.contains("(default")
        || attributes.contains(", default");
    Some(Member {
        name: value(attributes, "rename").unwrap_or(name),
        kind: kind.to_owned(),
        about,
        is_optional,
        takes_default: attributes.contains("(default)") || of.has_default && of.is_plain_default,
        is_default: false,
    })
}

/// A variant as serde writes it.
fn renamed(name: &str, rule: &str) -> String {
    let mut written = String::new();
    for (index, c) in name.char_indices() {
        if c.is_ascii_uppercase() && index > 0 && rule == "kebab-case" {
            written.push('-');
        } else if c.is_ascii_uppercase() && index > 0 && rule == "snake_case" {
            written.push('_');
        }
        written.push(if rule.is_empty() { c } else { c.to_ascii_lowercase() });
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
/// `[venue]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Venue {
    /// Which kind,
    /// of several.
    pub(crate) kind: Kind,
    /// Where.
    #[serde(default = "here")]
    pub(crate) place: PathBuf,
    /// Whether.
    #[serde(rename = "if")]
    pub(crate) whether: Option<bool>,
    /// Whether not.
    #[serde(default)]
    pub(crate) calm: bool,
}

/// Kinds.
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The first.
    #[default]
    OneOf,
    /// With settings.
    Other(Settings),
}

fn not_an_item() {
    body();
}

/// Nothing to set.
pub struct Settings {}
"#;

    #[test]
    fn structures_are_read_as_they_are_formatted() {
        let items = items(SOURCE);
        assert_eq!(
            items.iter().map(|item| item.name.as_str()).collect::<Vec<_>>(),
            ["Venue", "Kind", "Settings"]
        );
        let members = |index: usize| {
            let members = items[index].members.iter();
            members.map(|one| (one.name.as_str(), one.kind.as_str(), one.is_optional)).collect::<Vec<_>>()
        };
        assert_eq!(
            members(0),
            [
                ("kind", "Kind", false),
                ("place", "PathBuf", true),
                ("if", "Option<bool>", true),
                ("calm", "bool", true)
            ]
        );
        assert_eq!(members(1), [("one-of", "", false), ("other", "Settings", false)]);
        assert!(items[1].members[0].is_default && !items[1].members[1].is_default);
        let takes_default =
            |name: &str| items[0].members.iter().any(|one| one.name == name && one.takes_default);
        assert!(takes_default("calm") && !takes_default("place") && !takes_default("if"));
        assert_eq!(items[0].members[0].about, "Which kind, of several.");
        assert!(items[1].is_enum && items[2].members.is_empty());
    }
}
