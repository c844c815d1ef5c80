//! One character too few, too many or another one, anywhere in any shipped file: it is refused at the place, or it changes
//! exactly that value, or it changes nothing that means anything. What is typed never silently means something else.

use std::collections::BTreeMap;

use serde_json::Value;
use windvane_slips::{Slip, slips, toml_files};
use windvane_strategy::{Problem, Problems, check};

use crate::shipped::root;

/// Every leaf of a JSON value with its path.
fn leaves(value: &Value, path: &str, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, inner)| leaves(inner, &format!("{path}/{key}"), found))
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, inner)| leaves(inner, &format!("{path}/{at}"), found));
        }
        leaf => {
            found.insert(path.to_owned(), leaf.to_string());
        }
    }
}

/// The paths below `file` at which two descriptions differ.
fn differences(one: &Value, other: &Value) -> Vec<String> {
    let (mut left, mut right) = (BTreeMap::new(), BTreeMap::new());
    leaves(&one["file"], "", &mut left);
    leaves(&other["file"], "", &mut right);
    let keys: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    keys.into_iter().filter(|key| left.get(*key) != right.get(*key)).cloned().collect()
}

/// The last key of a path: what its line names.
fn key(path: &str) -> &str {
    path.rsplit('/').find(|part| part.parse::<usize>().is_err()).unwrap_or_default()
}

/// What one slip came to.
#[derive(Default)]
struct Count {
    tried: u32,
    refused: u32,
    changed: u32,
    /// Refusals that do not name the line of the slip, by what they say.
    elsewhere: BTreeMap<String, u32>,
    /// The first of them.
    strays: Vec<String>,
}

/// Whether a refusal names the line: as the place of a problem, or as one that has to do with it.
fn names_line(problems: &Problems, line: usize) -> bool {
    let related = |problem: &Problem| problem.related.iter().any(|related| related.line == line);
    problems.list.iter().any(|problem| problem.line == line || related(problem))
}

/// A message without the names and figures in it.
fn reason(message: &str) -> String {
    let plain: String = message.split('`').step_by(2).collect::<Vec<_>>().join("…");
    plain.chars().filter(|sign| !sign.is_ascii_digit()).collect()
}

impl Count {
    /// Judges what the checker makes of a slip.
    fn judge(&mut self, file: &Sound<'_>, slip: &Slip<'_>) {
        let Sound { path, description } = *file;
        let made = slip.made();
        self.tried += 1;
        let checked = match check("f", &made, &BTreeMap::new()) {
            Err(problems) => {
                self.refused += 1;
                let line = slip.line();
                if !names_line(&problems, line) {
                    let reasons: Vec<String> =
                        problems.list.iter().map(|problem| reason(&problem.message)).collect();
                    *self.elsewhere.entry(reasons.join("; ")).or_default() += 1;
                    if self.strays.len() < 5 {
                        self.strays.push(format!("{path}:{line}: {problems}"));
                    }
                }
                return;
            }
            Ok(checked) => checked,
        };
        let paths = differences(description, &checked.description);
        if paths.is_empty() {
            return;
        }
        self.changed += 1;
        if slip.joins_lines() {
            return;
        }
        let [before, line] = slip.lines(&made);
        // A renamed key is one path gone and one come; both names are of this place.
        assert!(paths.len() <= 2 || line.starts_with('['), "{path}: {line}: {paths:?}");
        let named = paths.iter().any(|path| line.contains(key(path)) || before.contains(key(path)));
        assert!(named || line.starts_with('['), "{path}: {line}: {paths:?}");
    }
}

/// A shipped file as it is.
struct Sound<'t> {
    path: &'t str,
    description: &'t Value,
}

#[test]
fn a_slip_anywhere_in_a_shipped_file_is_refused_or_changes_what_stands_there() {
    // Each run takes every fifth place of every file with one slip; `cargo xtask campaign slips` every slip at every place.
    let files = toml_files(&root().join("strategies")).unwrap();
    assert!(files.len() >= 15);
    let mut count = Count::default();
    for (number, path) in files.iter().enumerate() {
        let text = std::fs::read_to_string(path).unwrap();
        let sound = check("f", &text, &BTreeMap::new()).unwrap_or_else(|problems| panic!("{problems}"));
        let path = path.display().to_string();
        let file = Sound { path: &path, description: &sound.description };
        slips(&text, number, 5).for_each(|slip| count.judge(&file, &slip));
    }
    let Count { tried, refused, changed, elsewhere, strays } = count;
    let elsewhere_in_all: u32 = elsewhere.values().sum();
    println!(
        "slips figures: {tried} slips: {refused} refused ({elsewhere_in_all} of them without naming the line), {changed} changed what stands there"
    );
    elsewhere.iter().for_each(|(reason, count)| println!("  {count} elsewhere: {reason}"));
    assert!(tried > 3_000 && refused * 2 > tried && changed > 60);
    assert_eq!(elsewhere_in_all, 0, "{strays:#?}");
}
