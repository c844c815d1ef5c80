//! One character too few, too many or another one, anywhere in any shipped file: it is refused at the place, or it changes
//! exactly that value, or it changes nothing that means anything. What is typed never silently means something else.

use std::collections::BTreeMap;

use serde_json::Value;
use windvane_strategy::check;

use crate::shipped::root;

/// What fingers do: put in, put in the place of another.
const TYPED: [&str; 6] = ["0", "7", "x", "%", "\"", "."];

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

fn line_of(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    text[start..].lines().next().unwrap_or_default()
}

/// What one slip came to.
#[derive(Default)]
struct Count {
    tried: u32,
    refused: u32,
    elsewhere: u32,
    changed: u32,
}

impl Count {
    /// Puts `typed` in the place of `text[at..end]` and judges what the checker makes of it.
    fn slip(&mut self, file: &Sound<'_>, at: usize, end: usize, typed: &str) {
        let Sound { path, text, description } = *file;
        let here = &text[at..end];
        let slip = format!("{}{typed}{}", &text[..at], &text[end..]);
        self.tried += 1;
        let checked = match check("f", &slip, &BTreeMap::new()) {
            Err(problems) => {
                self.refused += 1;
                let line = text[..at].matches('\n').count() + 1;
                // A name that was renamed is missed where it is used; a quote or bracket that is gone, lines later.
                let is_here = problems.list.iter().any(|problem| problem.line.abs_diff(line) <= 1);
                self.elsewhere += u32::from(!is_here);
                return;
            }
            Ok(checked) => checked,
        };
        let paths = differences(description, &checked.description);
        if paths.is_empty() {
            return;
        }
        self.changed += 1;
        // Without its line feed a comment swallows the next line, whatever that holds.
        if here == "\n" {
            return;
        }
        let line = line_of(&slip, at.min(slip.len() - 1));
        // A renamed key is one path gone and one come; both names are of this place.
        assert!(paths.len() <= 2 || line.starts_with('['), "{path}: {line}: {paths:?}");
        let named =
            paths.iter().any(|path| line.contains(key(path)) || line_of(text, at).contains(key(path)));
        assert!(named || line.starts_with('['), "{path}: {line}: {paths:?}");
    }
}

/// A shipped file as it is.
struct Sound<'t> {
    path: &'t str,
    text: &'t str,
    description: &'t Value,
}

#[test]
fn a_slip_anywhere_in_a_shipped_file_is_refused_or_changes_what_stands_there() {
    // Each run takes every fifth place of every file with one slip; `cargo xtask campaign slips` every slip at every place.
    let tries_all = std::env::var_os("WINDVANE_EVERY_SLIP").is_some();
    let every = if tries_all { 1 } else { 5 };
    let files = std::fs::read_dir(root().join("strategies")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|kind| kind == "toml")).collect();
    files.sort();
    assert!(files.len() >= 15);
    let mut count = Count::default();
    for (number, path) in files.iter().enumerate() {
        let text = std::fs::read_to_string(path).unwrap();
        let sound = check("f", &text, &BTreeMap::new()).unwrap_or_else(|problems| panic!("{problems}"));
        let path = path.display().to_string();
        let file = Sound { path: &path, text: &text, description: &sound.description };
        for at in (number % every..text.len()).step_by(every).filter(|at| text.is_char_boundary(*at)) {
            let end = text.ceil_char_boundary(at + 1);
            if tries_all {
                count.slip(&file, at, end, "");
                for typed in TYPED {
                    count.slip(&file, at, at, typed);
                    count.slip(&file, at, end, typed);
                }
                continue;
            }
            // A different slip at each place: over all places and files every kind comes up everywhere.
            let typed = TYPED[(at + number) % TYPED.len()];
            match (at + number) % 3 {
                0 => count.slip(&file, at, end, ""),
                1 => count.slip(&file, at, at, typed),
                _ => count.slip(&file, at, end, typed),
            }
        }
    }
    let Count { tried, refused, elsewhere, changed } = count;
    println!(
        "slips figures: {tried} slips: {refused} refused ({elsewhere} of them told of another line), {changed} changed what stands there"
    );
    assert!(tried > 3_000 && refused * 2 > tried && changed > 60 && elsewhere * 10 < refused);
}
