//! What is wrong with a file, and where: every problem of a file is collected before any is shown.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

/// Bytes of a text, from and to (excluded).
pub(crate) type Span = Range<usize>;

/// A problem inside one expression; the span counts from the expression's own start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) span: Span,
    pub(crate) message: String,
    /// A name that nothing defines.
    pub(crate) unknown: Option<Unknown>,
}

/// A name that nothing defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unknown {
    pub(crate) name: String,
    /// The names of the file that are most like it, and the bytes of the file where they are defined.
    pub(crate) alike: Vec<(usize, String)>,
}

impl Fault {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), unknown: None }
    }
}

/// One thing that is wrong, at the place where a person has to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line in the file, counted from 1.
    pub line: usize,
    /// Character in that line, counted from 1.
    pub column: usize,
    /// Characters that are meant, at least one.
    pub length: usize,
    /// The whole line, as it stands in the file.
    pub source: String,
    /// What is wrong and, where it can be known, what to write instead.
    pub message: String,
    /// Other places that have to do with it: a name is missed where it is used, and misspelt where it is defined.
    pub related: Vec<Related>,
}

/// A place that has to do with a problem elsewhere in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Line in the file, counted from 1.
    pub line: usize,
    /// Character in that line, counted from 1.
    pub column: usize,
    /// What is there.
    pub note: String,
}

impl Problem {
    /// `FILE:LINE:COL: message`, the line, a caret under what is meant, and a line for each other place.
    #[must_use]
    pub fn shown(&self, file: &str) -> String {
        let Self { line, column, length, source, message, related } = self;
        let gutter = " ".repeat(line.to_string().len());
        let before: String =
            source.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let carets = "^".repeat(*length);
        let mut shown =
            format!("{file}:{line}:{column}: {message}\n {line} | {source}\n {gutter} | {before}{carets}");
        for Related { line, column, note } in related {
            shown.push_str(&format!("\n {gutter} = {file}:{line}:{column}: {note}"));
        }
        shown
    }
}

/// Everything that is wrong with one file, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    /// The file as the user named it.
    pub file: String,
    /// At least one problem.
    pub list: Vec<Problem>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            f.write_str(&problem.shown(&self.file))?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The byte of a TOML text at which a comment sets `key`: the end of the line before it may have been lost.
#[must_use]
pub fn set_in_comment(text: &str, key: &str) -> Option<usize> {
    let sets = |rest: &str| rest.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let comment = line.find('#').unwrap_or(line.len());
        if let Some(at) = (comment..line.len()).find(|at| line.get(*at..).is_some_and(sets)) {
            return Some(start + at);
        }
        start += line.len();
    }
    None
}

/// A message and the bytes of the file that it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    start: usize,
    end: usize,
    message: String,
    /// Bytes of other places, with what is there.
    related: Vec<(usize, String)>,
}

/// Collects the problems of one file while it is read. Shared by everything that reads a part of the file.
pub(crate) struct Report<'s> {
    file: &'s str,
    text: &'s str,
    found: RefCell<Vec<Found>>,
    warned: RefCell<Vec<Found>>,
}

impl<'s> Report<'s> {
    pub(crate) fn new(file: &'s str, text: &'s str) -> Self {
        Self { file, text, found: RefCell::default(), warned: RefCell::default() }
    }

    /// The file's text, for those who need to see how a value was typed.
    pub(crate) fn text(&self) -> &'s str {
        self.text
    }

    /// Notes a problem at the byte `offset` of the file.
    pub(crate) fn add(&self, offset: usize, message: impl Into<String>) {
        self.add_over(offset..offset, message);
    }

    /// Notes a problem with these bytes of the file.
    pub(crate) fn add_over(&self, span: Span, message: impl Into<String>) {
        self.add_related(span, message, Vec::new());
    }

    /// Notes a problem with these bytes of the file, and the bytes of other places that have to do with it.
    pub(crate) fn add_related(&self, span: Span, message: impl Into<String>, related: Vec<(usize, String)>) {
        let found = Found { start: span.start, end: span.end, message: message.into(), related };
        self.found.borrow_mut().push(found);
    }

    /// Notes a fault of an expression, whose bytes of the file are `span`.
    pub(crate) fn add_fault(&self, span: Span, fault: Fault) {
        let related = fault.unknown.map(|Unknown { name, alike }| {
            let defined = |(start, known)| (start, format!("`{known}` is defined here"));
            alike.into_iter().map(defined).chain(self.in_comment(&name)).collect()
        });
        self.add_related(span, fault.message, related.unwrap_or_default());
    }

    /// Where a comment holds a line that sets `key`: it may have been meant.
    pub(crate) fn in_comment(&self, key: &str) -> Option<(usize, String)> {
        set_in_comment(self.text, key).map(|at| (at, format!("`{key}` is set here, in a comment")))
    }

    /// Notes something that is allowed and hardly meant.
    pub(crate) fn warn(&self, span: Span, message: impl Into<String>) {
        let warned = Found { start: span.start, end: span.end, message: message.into(), related: Vec::new() };
        self.warned.borrow_mut().push(warned);
    }

    /// `value` and the warnings if nothing was wrong, else every problem by its place in the file.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<(T, Vec<Problem>), Problems> {
        let (found, warned) = (self.found.take(), self.warned.take());
        match value {
            Some(value) if found.is_empty() => Ok((value, self.located(warned))),
            _ => Err(Problems { file: self.file.to_owned(), list: self.located(found) }),
        }
    }

    fn located(&self, mut found: Vec<Found>) -> Vec<Problem> {
        found.sort();
        found.dedup_by(|one, other| one.start == other.start && one.message == other.message);
        found.into_iter().map(|found| self.locate(found)).collect()
    }

    /// Line and column of a byte, and the byte where the line begins.
    fn place(&self, at: usize) -> (usize, usize, usize) {
        let before = &self.text[..self.text.floor_char_boundary(at)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1, line_start)
    }

    fn locate(&self, found: Found) -> Problem {
        let Found { start, end, message, related } = found;
        let start = self.text.floor_char_boundary(start);
        let (line, column, line_start) = self.place(start);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |newline| start + newline);
        let end = self.text.floor_char_boundary(end.clamp(start, line_end.max(start)));
        Problem {
            line,
            column,
            length: self.text[start..end].chars().count().max(1),
            source: self.text[line_start..line_end].trim_end_matches('\r').to_owned(),
            message,
            related: related
                .into_iter()
                .map(|(at, note)| {
                    let (line, column, _) = self.place(at);
                    Related { line, column, note }
                })
                .collect(),
        }
    }
}
