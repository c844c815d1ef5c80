//! One character too few, too many or another one: what fingers do to a file. For the tests of those who read files that
//! people write; what a slip is to come to is for them to judge.

use std::path::{Path, PathBuf};

/// What is put in, or put in the place of another.
const TYPED: [&str; 6] = ["0", "7", "x", "%", "\"", "."];

/// One slip in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slip<'t> {
    text: &'t str,
    /// Where it begins, in bytes.
    at: usize,
    /// Where what it replaces ends.
    end: usize,
    typed: &'static str,
}

impl Slip<'_> {
    /// The text with the slip in it.
    #[must_use]
    pub fn made(&self) -> String {
        format!("{}{}{}", &self.text[..self.at], self.typed, &self.text[self.end..])
    }

    /// The line it is in, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.text[..self.at].matches('\n').count() + 1
    }

    /// That line as it was, and as it is in the text `made` with the slip.
    #[must_use]
    pub fn lines<'a>(&'a self, made: &'a str) -> [&'a str; 2] {
        [line_of(self.text, self.at), line_of(made, self.at.min(made.len().saturating_sub(1)))]
    }

    /// Whether it takes a line feed away: then a comment swallows the next line, whatever that holds.
    #[must_use]
    pub fn joins_lines(&self) -> bool {
        &self.text[self.at..self.end] == "\n"
    }
}

/// Slips in a text, which is the file of that `number` among those that are tried. Every slip at every place where the
/// environment says `WINDVANE_EVERY_SLIP`; else one at each place, so many bytes `apart`, another kind at each: over all
/// places and files every kind comes up everywhere.
pub fn slips(text: &str, number: usize, apart: usize) -> impl Iterator<Item = Slip<'_>> {
    let tries_all = std::env::var_os("WINDVANE_EVERY_SLIP").is_some();
    let apart = if tries_all { 1 } else { apart };
    let places = (number % apart..text.len()).step_by(apart).filter(|at| text.is_char_boundary(*at));
    places.flat_map(move |at| {
        let end = text.ceil_char_boundary(at + 1);
        let slip = move |end, typed| Slip { text, at, end, typed };
        let all = std::iter::once(slip(end, ""))
            .chain(TYPED.iter().flat_map(move |typed| [slip(at, *typed), slip(end, *typed)]));
        let typed = TYPED[(at + number) % TYPED.len()];
        let one = match (at + number) % 3 {
            0 => slip(end, ""),
            1 => slip(at, typed),
            _ => slip(end, typed),
        };
        let (all, one) = if tries_all { (Some(all), None) } else { (None, Some(one)) };
        all.into_iter().flatten().chain(one)
    })
}

/// The TOML files of a folder, by name.
///
/// # Errors
/// When the folder cannot be read.
pub fn toml_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let paths = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<std::io::Result<Vec<PathBuf>>>()?;
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "toml"));
    paths.sort();
    Ok(paths)
}

fn line_of(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    text[start..].lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_of_its_place_and_keeps_the_rest() {
        let text = "a = 1\nsize = \"5 µs\"\n";
        for slip in slips(text, 0, 1) {
            let made = slip.made();
            assert!(made.starts_with(&text[..slip.at]) && made.ends_with(&text[slip.end..]), "{slip:?}");
            let signs = |text: &str| text.chars().count();
            assert!(signs(&made).abs_diff(signs(text)) <= 1 && made != text, "one sign: {slip:?}");
        }
        let feed = slips(text, 0, 1).find(Slip::joins_lines);
        assert_eq!(feed.map(|slip| (slip.line(), slip.at)), Some((1, 5)));
        let last = slips(text, 0, 1).last().unwrap();
        let made = last.made();
        assert_eq!((last.line(), last.lines(&made)[0]), (2, "size = \"5 µs\""));
    }
}
