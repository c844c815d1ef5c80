//! Every place where the documentation leaves something open is a setting of the venue, or stands in `rows.tsv` with the
//! reason why not.

use std::collections::BTreeSet;
use std::path::PathBuf;

use windvane_venue::doubts;

use crate::shared::shared;

/// What the venue makes of one open question.
struct Row {
    source: &'static str,
    name: &'static str,
    settings: Vec<&'static str>,
}

fn rows() -> Vec<Row> {
    let lines = include_str!("rows.tsv").lines().filter(|line| !line.starts_with('#'));
    let read = |line: &'static str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [source, name, settings, reason] = columns[..] else { panic!("four columns: {line}") };
        assert_eq!(settings == "-", !reason.is_empty(), "a setting or a reason: {line}");
        let settings = settings.split(',').filter(|setting| *setting != "-").collect();
        Row { source, name, settings }
    };
    lines.map(read).collect()
}

/// A page of the notes on the exchange, or `None` (said aloud) when it is not there.
fn page(name: &str) -> Option<String> {
    Some(std::fs::read_to_string(shared(name)?).unwrap())
}

/// A section, from the heading that begins so to the next one.
fn section<'a>(page: &'a str, heading: &str) -> impl Iterator<Item = &'a str> {
    let lines = page.lines().skip_while(move |line| !line.starts_with(heading)).skip(1);
    lines.take_while(|line| !line.starts_with("## "))
}

/// The first cells of a section's tables.
fn cells<'a>(page: &'a str, heading: &str) -> Vec<&'a str> {
    let cells = section(page, heading).filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    cells.filter(|cell| !matches!(*cell, "topic" | "id") && !cell.starts_with("---")).collect()
}

#[test]
fn every_setting_exists_and_is_there_for_a_reason() {
    let known: BTreeSet<&str> = doubts().map(|doubt| doubt.name).collect();
    assert_eq!(known.len(), doubts().count(), "no name twice");
    let used: BTreeSet<&str> = rows().into_iter().flat_map(|row| row.settings).collect();
    assert_eq!(used.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new(), "no such setting");
    // What the notes mention in passing, outside the two sections and the catalogue.
    let in_passing: BTreeSet<&str> = BTreeSet::from([
        "first-frame",
        "price-beyond-liquidation",
        "push-pace",
        "session-closed-pnl",
        "session-execution",
        "settlement-record-price",
        "settlement-record-size",
        "spot-stops",
        "success-text",
    ]);
    let unused: Vec<_> = known.difference(&used).filter(|name| !in_passing.contains(**name)).collect();
    assert_eq!(unused, Vec::<&&str>::new(), "nothing asks for it");
}

#[test]
fn every_contradiction_of_the_documentation_has_its_row() {
    let Some(page) = page("bybit-v5.md") else { return };
    let asked = cells(&page, "## 19 ");
    let answered: Vec<&str> = rows().iter().filter(|row| row.source == "19").map(|row| row.name).collect();
    assert_eq!(answered, asked);
}

#[test]
fn everything_that_was_not_found_has_its_row() {
    let Some(page) = page("bybit-v5.md") else { return };
    let rows: Vec<Row> = rows().into_iter().filter(|row| row.source == "21").collect();
    let bullets = section(&page, "## 21 ").filter_map(|line| line.strip_prefix("- "));
    let asked: Vec<&str> = bullets.flat_map(|bullet| bullet.split("; ")).collect();
    assert_eq!(rows.len(), asked.len());
    for (row, asked) in rows.iter().zip(asked) {
        assert!(asked.starts_with(row.name), "{asked:?} is not {:?}", row.name);
        assert!(!row.settings.is_empty(), "{asked}: a setting");
    }
}

#[test]
fn every_failure_of_the_catalogue_can_be_had_here_or_is_none_of_an_exchanges() {
    let Some(page) = page("reliability.md") else { return };
    let rows: BTreeSet<&str> = rows().iter().filter(|row| row.source == "2").map(|row| row.name).collect();
    let asked = cells(&page, "## 2. ");
    assert!(asked.len() > 90, "{}", asked.len());
    for id in asked {
        assert!(rows.contains(id) || rows.contains(&id[..1]), "{id} has no row");
    }
}

/// Tests of this crate and of the core that assert something about a doubt: all but those that draw answers at random, and
/// the list of reasons.
fn told_by_tests() -> String {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![here.join("tests/it"), here.join("../venue-core/tests/it")];
    let mut files = vec![here.join("src/exchange/timeless.rs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    let at_random = ["rows.rs", "any_product.rs", "conservation.rs", "properties.rs", "spot_conservation.rs"];
    files.retain(|file| !at_random.iter().any(|name| file.ends_with(name)));
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

#[test]
fn every_setting_is_named_by_a_test() {
    let tests = told_by_tests();
    let is_named = |name: &str| {
        let field = name.replace('-', "_");
        let forms = [format!("{name:?}"), format!("doubts.{field} ="), format!(" {field}: ")];
        forms.iter().any(|form| tests.contains(form))
    };
    assert!(!is_named("no-such-doubt"));
    let unnamed: Vec<&str> = doubts().map(|doubt| doubt.name).filter(|name| !is_named(name)).collect();
    assert_eq!(unnamed, Vec::<&str>::new());
}
