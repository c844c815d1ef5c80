//! What the handbook shows is what the program understands: every example of `docs/writing-rules.md`, and an example for
//! every word and key.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use windvane_tests::root;

const HEAD: &str = "language = 1\ntimeframe = \"15m\"\nevaluate = \"tick\"\n[entry.long]\nsignal = \"close > open\"\n\
                    [entry.short]\nsignal = \"close < open\"\n";
const ENTRY: &str = "[entry.any]\norder = { type = \"market\", valid_for = \"20s\" }\n\
                     size = { quote = \"200 USDT\", max_leverage = \"2x\" }\n";
const EXIT: &str = "[exit]\nstop = { distance = \"2 * atr(14)\" }\n";

fn page() -> String {
    std::fs::read_to_string(root().join("docs/writing-rules.md")).unwrap()
}

/// The code blocks of the page.
fn blocks(page: &str) -> Vec<&str> {
    page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// Reads a rule, and takes a warning for a fault: nobody is to copy what is hardly meant.
fn assert_good(shown: &str, rule: &str) {
    match windvane_strategy::check("docs/writing-rules.md", rule, &BTreeMap::new()) {
        Ok(checked) => {
            let said: Vec<_> = checked.warnings.iter().map(|warning| warning.shown("the page")).collect();
            assert!(said.is_empty(), "{shown}: {said:?}");
        }
        Err(problems) => panic!("{shown}: {problems}"),
    }
}

/// A block as a whole rule: it is one, or it is one of a rule's parts.
fn whole(block: &str) -> String {
    if block.starts_with("[entry.any]") {
        format!("{HEAD}{block}{EXIT}")
    } else if block.starts_with("[exit]") {
        format!("{HEAD}{ENTRY}{block}")
    } else {
        block.to_owned()
    }
}

/// The rows `| word | example | meaning |` of the page.
fn rows(page: &str) -> Vec<(&str, &str)> {
    page.lines()
        .filter_map(|line| {
            let (word, rest) = line.strip_prefix("| `")?.split_once("` | `")?;
            Some((word, rest.split_once("` | ")?.0))
        })
        .collect()
}

#[test]
fn every_block_of_the_handbook_is_a_good_rule() {
    let page = page();
    let blocks = blocks(&page);
    assert!(blocks.len() >= 15, "the page was read");
    for block in blocks {
        assert_good(block, &whole(block));
    }
}

#[test]
fn every_word_has_an_example_that_is_understood() {
    let page = page();
    let rows = rows(&page);
    let words = windvane_strategy::vocabulary();
    for entry in &words {
        let Some((_, example)) = rows.iter().find(|(word, _)| *word == entry.written) else {
            panic!("docs/writing-rules.md has no example for `{}`", entry.written)
        };
        let name = entry.written.split('(').next().unwrap_or_default();
        let uses = example.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == name);
        assert!(uses, "the example of `{}` does not use it: {example}", entry.written);
        // What speaks of the position belongs where there is one.
        let rule = if entry.group == "the position" {
            format!("{HEAD}{ENTRY}{EXIT}signal = {{ long = \"{example}\" }}\n")
        } else {
            let filter = format!("filter = {{ example = \"{example}\" }}\n");
            format!("{HEAD}{ENTRY}{filter}{EXIT}")
        };
        assert_good(entry.written, &rule);
    }
    let known: BTreeSet<_> = words.iter().map(|entry| entry.written).collect();
    let gone: Vec<_> = rows.iter().filter(|(word, _)| !known.contains(word)).collect();
    assert!(gone.is_empty(), "examples of words that are gone: {gone:?}");
}

/// Every key below a schema, of tables and of the rows of lists.
fn keys(schema: &Value, found: &mut BTreeSet<String>) {
    for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
        found.insert(key.clone());
        keys(inner, found);
    }
    if schema["items"].is_object() {
        keys(&schema["items"], found);
    }
}

#[test]
fn every_key_of_entries_sizes_and_exits_has_an_example() {
    let page = page();
    let shown = blocks(&page).concat();
    let schema = windvane_strategy::schema();
    let rule = &schema["oneOf"][0]["properties"];
    let mut wanted = BTreeSet::new();
    keys(&rule["entry"], &mut wanted);
    keys(&rule["exit"], &mut wanted);
    assert!(wanted.contains("kelly") && wanted.contains("gives_back"), "the schema was read: {wanted:?}");
    let written = |key: &String| shown.contains(&format!("{key} ")) || shown.contains(&format!(".{key}]"));
    let missing: Vec<_> = wanted.iter().filter(|key| !written(key)).collect();
    assert!(missing.is_empty(), "docs/writing-rules.md shows no {missing:?}");
}
