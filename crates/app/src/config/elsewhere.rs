//! Places that have to do with a problem elsewhere in a config: a key is missed at its table, and was lost where its line is.

use std::path::Path;
use windvane_strategy::{nearest, never_closed, set_in_comment};
use windvane_venue::VenueConfig;

/// Where the key that a reader misses may stand, and what is there: `at` is the byte of the table that lacks it.
pub(super) fn of_missing(text: &str, at: usize, message: &str) -> Option<(usize, String)> {
    let key = message.strip_prefix("missing field `")?.split('`').next()?;
    if let Some(comment) = set_in_comment(text, key) {
        return Some((comment, format!("`{key}` is set here, in a comment")));
    }
    let table = header(text.get(at..)?.lines().next()?)?;
    let missed = format!("{table}.{key}");
    let parts = missed.matches('.').count() + 1;
    let mut headers = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(name) = header(line) {
            // Of a table within it the outer part counts; one whose full stop was lost has a part less.
            for count in [parts, parts - 1] {
                headers.push((name.split('.').take(count).collect::<Vec<_>>().join("."), start, name));
            }
        }
        start += line.len();
    }
    headers.retain(|(outer, ..)| outer != table);
    let meant = nearest(&missed, headers.iter().map(|(outer, ..)| outer.as_str()))?;
    let (_, at, name) = headers.iter().find(|(outer, ..)| outer == meant)?;
    Some((*at, format!("is `[{name}]` meant to be it?")))
}

/// The name of the table that a line begins.
fn header(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix('[')?.split(']').next()
}

/// What is wrong with a config of the venue, each with the byte of its text that it is about.
pub(super) fn of_venue(text: &str, config: &VenueConfig) -> Vec<(usize, String)> {
    let place = |mark: Option<String>| mark.and_then(|mark| text.find(&mark)).unwrap_or(0);
    config.check().into_iter().map(|problem| (place(problem.mark()), problem.to_string())).collect()
}

/// What a reader of TOML says of a text, with its place: that of a bracket that nothing closes rather than that of what
/// was read as if it stood within.
pub(crate) fn malformed(path: &Path, text: &str, error: &toml::de::Error) -> String {
    let at = error.span().map_or(0, |span| span.start);
    let told = |at: usize, what: &str| format!("{}: {what}", super::place(path, text, at..at));
    match never_closed(text, at) {
        Some((open, what)) => told(open, &what),
        None => told(at, error.message()),
    }
}

/// What is wrong with a config of the venue, each with its place; nothing where it is sound.
///
/// # Errors
/// The problems, one a line.
pub(crate) fn check_venue(path: &Path, text: &str, config: &VenueConfig) -> Result<(), String> {
    let problems = of_venue(text, config).into_iter();
    let told: Vec<String> =
        problems.map(|(at, what)| format!("{}: {what}", super::place(path, text, at..at))).collect();
    if told.is_empty() { Ok(()) } else { Err(told.join("\n")) }
}
