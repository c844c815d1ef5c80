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
    /// What is wrong and, where it can be known, what to write instead.
    pub message: String,
}

/// Everything that is wrong with one file, in the order of the file. Shown as `FILE:LINE:COL: message`, a line each.
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
            write!(f, "{}:{}:{}: {}", self.file, problem.line, problem.column, problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Collects the problems of one file while it is read. Shared by everything that reads a part of the file.
pub(crate) struct Report<'s> {
    file: &'s str,
    text: &'s str,
    found: RefCell<Vec<(usize, String)>>,
}

impl<'s> Report<'s> {
    pub(crate) fn new(file: &'s str, text: &'s str) -> Self {
        Self { file, text, found: RefCell::default() }
    }

    /// The file's text, for those who need to see how a value was typed.
    pub(crate) fn text(&self) -> &'s str {
        self.text
    }

    /// Notes a problem at the byte `offset` of the file.
    pub(crate) fn add(&self, offset: usize, message: impl Into<String>) {
        self.found.borrow_mut().push((offset, message.into()));
    }

    /// `value` if nothing was wrong, else every problem by its place in the file.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Problems> {
        let mut found = self.found.take();
        match value {
            Some(value) if found.is_empty() => Ok(value),
            _ => {
                found.sort();
                found.dedup();
                let list = found.iter().map(|(offset, message)| self.locate(*offset, message)).collect();
                Err(Problems { file: self.file.to_owned(), list })
            }
        }
    }

    fn locate(&self, offset: usize, message: &str) -> Problem {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Problem {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.to_owned(),
        }
    }
}
