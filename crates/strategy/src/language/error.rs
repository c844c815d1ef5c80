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
}

impl Fault {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
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
}

impl Problem {
    /// `FILE:LINE:COL: message`, the line, and a caret under what is meant.
    #[must_use]
    pub fn shown(&self, file: &str) -> String {
        let Self { line, column, length, source, message } = self;
        let gutter = " ".repeat(line.to_string().len());
        let before: String =
            source.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let carets = "^".repeat(*length);
        format!("{file}:{line}:{column}: {message}\n {line} | {source}\n {gutter} | {before}{carets}")
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

/// A message and the bytes of the file that it is about.
type Found = (usize, usize, String);

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
        self.found.borrow_mut().push((span.start, span.end, message.into()));
    }

    /// Notes something that is allowed and hardly meant.
    pub(crate) fn warn(&self, span: Span, message: impl Into<String>) {
        self.warned.borrow_mut().push((span.start, span.end, message.into()));
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
        found.dedup_by(|one, other| one.0 == other.0 && one.2 == other.2);
        found.into_iter().map(|(start, end, message)| self.locate(start, end, message)).collect()
    }

    fn locate(&self, start: usize, end: usize, message: String) -> Problem {
        let start = self.text.floor_char_boundary(start);
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = self.text[start..].find('\n').map_or(self.text.len(), |newline| start + newline);
        let end = self.text.floor_char_boundary(end.clamp(start, line_end.max(start)));
        Problem {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            length: self.text[start..end].chars().count().max(1),
            source: self.text[line_start..line_end].trim_end_matches('\r').to_owned(),
            message,
        }
    }
}
