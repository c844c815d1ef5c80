//! The texts that a config is made of: the file itself, the files it includes, variables of the environment that
//! override a value, and the strategies it names.
//!
//! Config files become one text, so that a key that two of them give is refused as TOML refuses it, and a place in the
//! whole is told as a place in the file it came from.

use super::elsewhere::malformed;
use super::resolve::place;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// How a variable begins that overrides a value: `WINDVANE__RISK__MAX_LEVERAGE=5x`.
const PREFIX: &str = "WINDVANE__";

/// Every text of a config, by its path as it is written there; the config file itself goes by the empty path. With
/// them a config can be read again when its files have changed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Texts {
    files: BTreeMap<String, String>,
    /// Variables that were there and begin with [`PREFIX`].
    environment: BTreeMap<String, String>,
    /// Whether what is missing is read from the disk.
    #[serde(skip)]
    reads_disk: bool,
}

impl Texts {
    /// Those of this moment: files are read when they are asked for.
    pub(crate) fn of_now() -> Self {
        let ours = std::env::vars().filter(|(name, _)| name.starts_with(PREFIX));
        Self { environment: ours.collect(), reads_disk: true, ..Self::default() }
    }

    /// The text of `written`, which is relative to `folder`.
    ///
    /// # Errors
    /// With the reason when it cannot be read.
    pub(super) fn text(&mut self, folder: &Path, written: &str) -> Result<String, String> {
        if let Some(text) = self.files.get(written) {
            return Ok(text.clone());
        }
        if !self.reads_disk {
            return Err("it was not kept with the config".to_owned());
        }
        let text = std::fs::read_to_string(folder.join(written)).map_err(|error| error.to_string())?;
        self.files.insert(written.to_owned(), text.clone());
        Ok(text)
    }

    /// SHA-256 over everything.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        let mut sum = Sha256::new();
        for (name, text) in self.files.iter().chain(&self.environment) {
            // Lengths keep the end of one from being taken for the beginning of the next.
            sum.update((name.len() as u64).to_le_bytes());
            sum.update(name);
            sum.update((text.len() as u64).to_le_bytes());
            sum.update(text);
        }
        sum.finalize().into()
    }
}

/// Where a part of the whole text came from.
#[derive(Debug, Clone)]
enum Origin {
    /// A file: its number, and where in it.
    File(usize, usize),
    /// A variable of the environment.
    Variable(String),
}

/// The config's files as one text.
#[derive(Debug)]
pub(crate) struct Whole {
    text: String,
    /// In the order of the text: where each part begins.
    parts: Vec<(usize, Origin)>,
    files: Vec<(PathBuf, String)>,
}

impl Whole {
    /// Puts the config file at `path` together with what it includes and what overrides it.
    ///
    /// # Errors
    /// Every problem, each with its place.
    pub(super) fn read(path: &Path, texts: &mut Texts) -> Result<Self, Vec<String>> {
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        let main = match texts.files.get("") {
            Some(kept) => kept.clone(),
            None => std::fs::read_to_string(path)
                .map_err(|error| vec![format!("{}: cannot be read: {error}", path.display())])?,
        };
        texts.files.insert(String::new(), main.clone());
        let mut whole = Self {
            text: main.clone(),
            parts: vec![(0, Origin::File(0, 0))],
            files: vec![(path.to_owned(), main)],
        };
        let mut problems = Vec::new();
        for (written, span) in whole.includes()? {
            match texts.text(&folder, &written) {
                Ok(text) => {
                    if let Err(problem) = whole.include(folder.join(&written), text) {
                        problems.push(problem);
                    }
                }
                Err(error) => {
                    problems.push(format!("{}: `{written}` cannot be read: {error}", whole.place(span)));
                }
            }
        }
        if problems.is_empty() {
            whole.override_by(&texts.environment, &mut problems);
        }
        if problems.is_empty() { Ok(whole) } else { Err(problems) }
    }

    /// All of it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where a span of the whole begins: `FILE:LINE:COL`, or the variable that it came from.
    pub(super) fn place(&self, span: Range<usize>) -> String {
        let part = self.parts.iter().rev().find(|(start, _)| *start <= span.start);
        match part {
            Some((start, Origin::File(number, offset))) => {
                let (path, text) = &self.files[*number];
                let at = offset + (span.start - start);
                place(path, text, at..at)
            }
            Some((_, Origin::Variable(name))) => format!("environment variable {name}"),
            None => String::new(),
        }
    }

    /// Every value that is given, with its path and where it stands.
    pub(super) fn leaves(&self) -> Vec<(String, Range<usize>)> {
        let mut found = Vec::new();
        if let Ok(document) = DeTable::parse(&self.text) {
            leaves(document.get_ref(), "", &mut found);
        }
        found.sort_by_key(|(_, span)| span.start);
        found
    }

    /// What the config file names under `include`, in order.
    fn includes(&self) -> Result<Vec<(String, Range<usize>)>, Vec<String>> {
        let document = self.parsed(0)?;
        let Some(value) = document.get_ref().get("include") else { return Ok(Vec::new()) };
        let wanted = || vec![format!("{}: `include` is a list of files in `[ ]`", self.place(value.span()))];
        let list = value.get_ref().as_array().ok_or_else(wanted)?;
        list.iter()
            .map(|entry| Ok((entry.get_ref().as_str().ok_or_else(wanted)?.to_owned(), entry.span())))
            .collect()
    }

    /// One file alone, for its syntax.
    fn parsed(&self, number: usize) -> Result<Spanned<DeTable<'_>>, Vec<String>> {
        let (path, text) = &self.files[number];
        DeTable::parse(text).map_err(|error| vec![malformed(path, text, &error)])
    }

    /// Appends an included file. It has tables only: a bare key would fall into the last table before it.
    fn include(&mut self, path: PathBuf, text: String) -> Result<(), String> {
        self.files.push((path, text));
        let number = self.files.len() - 1;
        let document = self.parsed(number).map_err(|problems| problems.join("\n"))?;
        let (path, text) = &self.files[number];
        for (key, value) in document.get_ref().iter() {
            let name = key.get_ref();
            let is_header = text[..key.span().start].trim_end().ends_with('[');
            if !is_header || value.get_ref().as_table().is_none() {
                let at = place(path, text, key.span());
                return Err(format!(
                    "{at}: an included file has tables such as `[bot.NAME]` only; `{name}` belongs into the config file"
                ));
            }
        }
        drop(document);
        self.text.push('\n');
        self.parts.push((self.text.len(), Origin::File(number, 0)));
        self.text.push_str(&self.files[number].1);
        Ok(())
    }

    /// Puts the values of the environment in the place of those in the files.
    fn override_by(&mut self, environment: &BTreeMap<String, String>, problems: &mut Vec<String>) {
        let known = self.leaves();
        let mut found: Vec<(Range<usize>, &str, String)> = Vec::new();
        for (name, value) in environment {
            let Some(wanted) = name.strip_prefix(PREFIX) else { continue };
            match known.iter().find(|(path, _)| variable(path) == wanted) {
                Some((_, span)) => found.push((span.clone(), name, self.literal(span.clone(), value))),
                None => problems.push(format!(
                    "environment variable {name}: it overrides a value that a file gives, and none is there; \
                     `windvane check --origins` lists them"
                )),
            }
        }
        found.sort_by_key(|(span, ..)| std::cmp::Reverse(span.start));
        for (span, name, literal) in found {
            self.replace(span, name, &literal);
        }
    }

    /// `value` as it is written in TOML in the place of what stands at `span`.
    fn literal(&self, span: Range<usize>, value: &str) -> String {
        let is_text = self.text[span].starts_with(['"', '\'']);
        let is_literal = !is_text && format!("x = {value}").parse::<toml::Table>().is_ok();
        if is_literal { value.to_owned() } else { toml::Value::String(value.to_owned()).to_string() }
    }

    /// Puts `literal` in the place of `span`. Goes from the end of the text to its beginning: places before it stay.
    fn replace(&mut self, span: Range<usize>, name: &str, literal: &str) {
        let part = self.parts.iter().rposition(|(start, _)| *start <= span.start).unwrap_or(0);
        let (start, origin) = self.parts[part].clone();
        let Origin::File(number, offset) = origin else { return };
        let rest = (span.start + literal.len(), Origin::File(number, offset + (span.end - start)));
        self.text.replace_range(span.clone(), literal);
        for (later, _) in &mut self.parts[part + 1..] {
            *later = *later + literal.len() - span.len();
        }
        self.parts.splice(part + 1..part + 1, [(span.start, Origin::Variable(name.to_owned())), rest]);
    }
}

/// The name of the variable that overrides the value at `path`, without its prefix: upper case, `-` as `_`.
fn variable(path: &str) -> String {
    path.replace('.', "__").replace('-', "_").to_uppercase()
}

fn leaves(table: &DeTable<'_>, path: &str, found: &mut Vec<(String, Range<usize>)>) {
    for (key, value) in table.iter() {
        let name: &Cow<'_, str> = key.get_ref();
        let path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
        match value.get_ref() {
            DeValue::Table(inner) => leaves(inner, &path, found),
            _ => found.push((path, value.span())),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Texts that were kept: what is not among them is not to be had.
    pub(crate) fn kept(files: &[(&str, &str)]) -> Texts {
        texts(files, &[])
    }

    /// This text as the config's own, all others from the disk.
    pub(crate) fn over_disk(main: &str) -> Texts {
        Texts { reads_disk: true, ..texts(&[("", main)], &[]) }
    }

    fn texts(files: &[(&str, &str)], environment: &[(&str, &str)]) -> Texts {
        let owned = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
        };
        Texts { files: owned(files), environment: owned(environment), reads_disk: false }
    }

    fn whole(files: &[(&str, &str)], environment: &[(&str, &str)]) -> Result<Whole, Vec<String>> {
        Whole::read(Path::new("main.toml"), &mut texts(files, environment))
    }

    const MAIN: &str = "include = [\"bots.toml\"]\n[risk]\nmax_leverage = \"10x\"\nmax_open_orders = 40\n";

    #[test]
    fn a_place_is_told_as_one_of_its_own_file_or_variable() {
        let bots = "# two\n[bot.trend]\nbudget = \"1 USDT\"\n[bot.mean-rev]\nbudget = \"2 USDT\"\n";
        let variables = [
            ("WINDVANE__RISK__MAX_LEVERAGE", "5x"),
            ("WINDVANE__RISK__MAX_OPEN_ORDERS", "7"),
            ("WINDVANE__BOT__MEAN_REV__BUDGET", "3 USDT"),
        ];
        let whole = whole(&[("", MAIN), ("bots.toml", bots)], &variables).unwrap();
        let table: toml::Table = whole.text().parse().unwrap();
        assert_eq!(table["risk"]["max_leverage"].as_str(), Some("5x"));
        assert_eq!(table["risk"]["max_open_orders"].as_integer(), Some(7), "a number stays one");
        assert_eq!(table["bot"]["mean-rev"]["budget"].as_str(), Some("3 USDT"));
        let places: Vec<String> =
            whole.leaves().into_iter().map(|(path, span)| format!("{path}: {}", whole.place(span))).collect();
        assert_eq!(
            places,
            [
                "include: main.toml:1:11",
                "risk.max_leverage: environment variable WINDVANE__RISK__MAX_LEVERAGE",
                "risk.max_open_orders: environment variable WINDVANE__RISK__MAX_OPEN_ORDERS",
                "bot.trend.budget: bots.toml:3:10",
                "bot.mean-rev.budget: environment variable WINDVANE__BOT__MEAN_REV__BUDGET",
            ]
        );
        let behind = whole.text().find("[bot.mean-rev]").unwrap();
        assert_eq!(
            whole.place(behind..behind),
            "bots.toml:4:1",
            "what follows a replaced value keeps its place"
        );
    }

    #[test]
    fn what_is_not_there_is_not_overridden_and_a_file_that_is_missing_is_named() {
        let problem = whole(&[("", MAIN), ("bots.toml", "")], &[("WINDVANE__RISK__MAX_LEVERAG", "5x")]);
        assert!(problem.unwrap_err()[0].contains("WINDVANE__RISK__MAX_LEVERAG"));
        let problem = whole(&[("", MAIN)], &[]).unwrap_err();
        assert_eq!(problem.len(), 1);
        assert!(problem[0].starts_with("main.toml:1:12: `bots.toml` cannot be read"), "{problem:?}");
    }

    #[test]
    fn an_included_file_with_a_bare_key_or_bad_syntax_is_refused_at_its_place() {
        for (bots, at) in
            [("x = 1\n", "bots.toml:1:1"), ("risk.x = 1\n", "bots.toml:1:1"), ("[bot\n", "bots.toml:1:5")]
        {
            let problems = whole(&[("", MAIN), ("bots.toml", bots)], &[]).unwrap_err();
            assert!(problems[0].starts_with(at), "{problems:?}");
        }
    }

    #[test]
    fn every_text_counts_in_the_fingerprint() {
        let one = texts(&[("", "a"), ("b", "c")], &[]);
        for other in [
            texts(&[("", "a"), ("b", "d")], &[]),
            texts(&[("", "ab"), ("", "c")], &[]),
            texts(&[("", "a")], &[("b", "d")]),
        ] {
            assert_ne!(one.fingerprint(), other.fingerprint());
        }
    }
}
