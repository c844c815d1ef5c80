//! Reads a TOML file table by table, so that every problem is found in one go and points at its place.
//!
//! Serde would stop at the first problem and loses the place of a value inside an inline table.

use std::cell::RefCell;

use rust_decimal::Decimal;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::bracket::never_closed;
use crate::language::{Literal, Report, literal, nearest};

/// A string value and where its characters stand in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'t> {
    pub(crate) content: &'t str,
    start: usize,
    /// Whether the file has the characters as they are: no escapes.
    is_verbatim: bool,
}

impl Text<'_> {
    /// Place in the file of the character at `index` of the content; the value's start where that cannot be said.
    pub(crate) fn offset(&self, index: usize) -> usize {
        if self.is_verbatim { self.start + index } else { self.start }
    }
}

/// One table of the file. Keys that nobody asks for are reported by [`Table::finish`].
pub(crate) struct Table<'t> {
    /// As it is named in messages: `[entry.any]` or `order`.
    name: String,
    start: usize,
    table: &'t DeTable<'t>,
    report: &'t Report<'t>,
    known: RefCell<Vec<&'static str>>,
}

/// The document in `text`, or nothing when it is not TOML; its syntax errors are in the report then.
pub(crate) fn parse<'t>(text: &'t str, report: &Report<'_>) -> Option<Spanned<DeTable<'t>>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let first = errors.first().map(|error| error.span().map_or(0, |span| span.start));
    let open = first.and_then(|first| never_closed(text, first));
    if let Some((at, message)) = &open {
        report.add(*at, message);
    }
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        // What comes after a bracket that is never closed is read as if it stood within it.
        if open.as_ref().is_some_and(|(opened, _)| *opened < at) {
            continue;
        }
        let first = error.span().and_then(|span| first_of(text, text.get(span)?, at));
        let first = first.map(|first| (first, "it is here already".to_owned()));
        let first = first.filter(|_| error.message().contains("duplicate"));
        report.add_related(at..at, error.message().replace('\n', ", "), first.into_iter().collect());
    }
    errors.is_empty().then_some(document)
}

/// Where a line before the byte `at` begins with `key`.
fn first_of(text: &str, key: &str, at: usize) -> Option<usize> {
    let sets =
        |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(['=', '.']));
    let mut start = 0;
    for line in text.get(..at)?.split_inclusive('\n') {
        if sets(line) {
            return Some(start);
        }
        start += line.len();
    }
    None
}

impl<'t> Table<'t> {
    pub(crate) fn root(document: &'t Spanned<DeTable<'t>>, report: &'t Report<'t>) -> Self {
        Self::new("the file".to_owned(), 0, document.get_ref(), report)
    }

    fn new(name: String, start: usize, table: &'t DeTable<'t>, report: &'t Report<'t>) -> Self {
        Self { name, start, table, report, known: RefCell::default() }
    }

    /// Reports a problem with the table as a whole.
    pub(crate) fn problem(&self, message: impl Into<String>) {
        self.report.add(self.start, message);
    }

    /// Reports that `key` is missing; where a comment sets it, that is said.
    pub(crate) fn missing(&self, key: &str, message: impl Into<String>) {
        let comment = self.report.in_comment(key);
        self.report.add_related(self.start..self.start, message, comment.into_iter().collect());
    }

    /// Reports that the values of some keys do not go together. The first is what the message is about, the others are named
    /// beside it.
    pub(crate) fn clash<const N: usize>(
        &self,
        key: &str,
        others: [(&Table<'_>, &str); N],
        message: impl Into<String>,
    ) {
        let place = |table: &Table<'_>, key: &str| table.table.get(key).map(|value| value.span().start);
        let start = place(self, key).unwrap_or(self.start);
        let note = |table: &Table<'_>, key: &str| format!("`{key}` of {}", table.name);
        let others =
            others.into_iter().filter_map(|(table, key)| Some((place(table, key)?, note(table, key))));
        self.report.add_related(start..start, message, others.collect());
    }

    /// Reports a problem with one value of the table.
    pub(crate) fn report(&self, value: &Spanned<DeValue<'_>>, message: impl Into<String>) {
        self.report.add(value.span().start, message);
    }

    /// The value of `key`, if the key is there.
    pub(crate) fn value(&self, key: &'static str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.known.borrow_mut().push(key);
        self.table.get(key)
    }

    /// Whether the key is there, without asking for its value.
    pub(crate) fn has(&self, key: &'static str) -> bool {
        self.value(key).is_some()
    }

    /// Every key with its value, in the order of the file; used where the file names the keys.
    pub(crate) fn entries(&self) -> Vec<(&'t str, usize, &'t Spanned<DeValue<'t>>)> {
        let mut entries: Vec<_> =
            self.table.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span().start, value)).collect();
        entries.sort_by_key(|(_, start, _)| *start);
        entries
    }

    /// The table at `key`. `shown` is its name in messages.
    pub(crate) fn table(&self, key: &'static str, shown: &str) -> Option<Table<'t>> {
        self.as_table(self.value(key)?, shown)
    }

    /// `value` as a table.
    pub(crate) fn as_table(&self, value: &'t Spanned<DeValue<'t>>, shown: &str) -> Option<Table<'t>> {
        match value.get_ref().as_table() {
            Some(table) => Some(Table::new(shown.to_owned(), value.span().start, table, self.report)),
            None => {
                let kind = value.get_ref().type_str();
                self.report.add(value.span().start, format!("{shown} is a table, this is {}", article(kind)));
                None
            }
        }
    }

    /// The tables of the list at `key`; `None` when it is no list of tables.
    pub(crate) fn tables(&self, key: &'static str, shown: &str) -> Option<Vec<Table<'t>>> {
        let value = self.value(key)?;
        match value.get_ref().as_array() {
            Some(list) => list.iter().map(|entry| self.as_table(entry, shown)).collect(),
            None => {
                let kind = article(value.get_ref().type_str());
                self.report(value, format!("`{key}` is a list of tables in `[ ]`, this is {kind}"));
                None
            }
        }
    }

    /// The string at `key`.
    pub(crate) fn text(&self, key: &'static str) -> Option<Text<'t>> {
        self.as_text(self.value(key)?)
    }

    /// The string at `key`, which has to be there. `example` is shown when it is not.
    pub(crate) fn required(&self, key: &'static str, example: &str) -> Option<Text<'t>> {
        if !self.has(key) {
            self.missing(key, format!("{} needs `{key}`, for example `{key} = {example}`", self.name));
        }
        self.text(key)
    }

    /// `value` as a string.
    pub(crate) fn as_text(&self, value: &'t Spanned<DeValue<'t>>) -> Option<Text<'t>> {
        let Some(content) = value.get_ref().as_str() else {
            let kind = article(value.get_ref().type_str());
            self.report.add(value.span().start, format!("text in quotes is wanted here, this is {kind}"));
            return None;
        };
        let raw = self.report.text().get(value.span()).unwrap_or_default();
        let quotes = if raw.starts_with("\"\"\"") || raw.starts_with("'''") { 3 } else { 1 };
        let newline = raw
            .get(quotes..)
            .filter(|_| quotes == 3)
            .map_or(0, |rest| rest.len() - rest.trim_start_matches(['\r', '\n']).len());
        let start = quotes + newline.min(1);
        let is_verbatim = raw.get(start..).is_some_and(|rest| rest.starts_with(content));
        let start = value.span().start + if is_verbatim { start } else { 0 };
        Some(Text { content, start, is_verbatim })
    }

    /// The value that the word at `key` stands for.
    pub(crate) fn choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(word, _)| *word == text.content).map(|(_, value)| *value);
        if found.is_none() {
            let words: Vec<_> = choices.iter().map(|(word, _)| format!("`{word}`")).collect();
            let meant = nearest(text.content, choices.iter().map(|(word, _)| *word));
            let meant = meant.map_or(String::new(), |word| format!("; did you mean `{word}`?"));
            let message = format!("`{key}` is {}, not `{}`{meant}", words.join(" or "), text.content);
            self.report.add(text.offset(0), message);
        }
        found
    }

    /// A per cent above zero at `key`, as a fraction.
    pub(crate) fn ratio(&self, key: &'static str) -> Option<Decimal> {
        self.quantity(key, "`0.5%`", |text| {
            decimal(text.strip_suffix('%')?)?.checked_div(Decimal::ONE_HUNDRED)
        })
    }

    /// A length of time above zero at `key`, in milliseconds.
    pub(crate) fn duration_ms(&self, key: &'static str) -> Option<i64> {
        self.quantity(key, "`20s`, `15m`, `4h` or `1d`", |text| match literal(text)? {
            Literal::Duration(ms) => Decimal::try_from(ms).ok(),
            _ => None,
        })
        .and_then(|ms| i64::try_from(ms.trunc()).ok())
    }

    /// A multiple above zero at `key`, written `3x`.
    pub(crate) fn multiple(&self, key: &'static str) -> Option<Decimal> {
        self.quantity(key, "`3x`", |text| decimal(text.strip_suffix('x')?))
    }

    /// An amount above zero of the coin that all contracts of this engine settle in.
    pub(crate) fn amount(&self, key: &'static str) -> Option<Decimal> {
        self.quantity(key, "`500 USDT`", |text| decimal(text.strip_suffix("USDT")?.trim_end()))
    }

    /// A plain number above zero in quotes at `key`.
    pub(crate) fn plain(&self, key: &'static str) -> Option<Decimal> {
        self.quantity(key, "`0.01`", decimal)
    }

    fn quantity(
        &self,
        key: &'static str,
        shape: &str,
        read: impl Fn(&str) -> Option<Decimal>,
    ) -> Option<Decimal> {
        let value = self.value(key)?;
        let Some(content) = value.get_ref().as_str() else {
            let kind = article(value.get_ref().type_str());
            self.report.add(
                value.span().start,
                format!("`{key}` needs its unit in quotes, such as {shape}; this is {kind}"),
            );
            return None;
        };
        let text = self.as_text(value)?;
        let found = read(content.trim()).filter(|value| *value > Decimal::ZERO);
        if found.is_none() {
            self.report.add(
                text.offset(0),
                format!("`{key}` is written {shape} and is above zero; `{content}` is not"),
            );
        }
        found
    }

    /// A whole number from `least` to `most` at `key`.
    pub(crate) fn count(&self, key: &'static str, least: u32, most: u32) -> Option<u32> {
        let value = self.value(key)?;
        let digits = value.get_ref().as_integer().map(ToString::to_string);
        let found =
            digits.and_then(|digits| digits.parse().ok()).filter(|count| (least..=most).contains(count));
        if found.is_none() {
            self.report.add(value.span().start, format!("`{key}` is a whole number from {least} to {most}"));
        }
        found
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn finish(&self) {
        let known = self.known.borrow();
        for (key, start, _) in self.entries() {
            if known.contains(&key) {
                continue;
            }
            let advice = match nearest(key, known.iter().copied()) {
                Some(meant) => format!("; did you mean `{meant}`?"),
                None => {
                    let mut words: Vec<_> = known.iter().copied().collect();
                    words.sort_unstable();
                    words.dedup();
                    format!("; it may hold {}", words.join(", "))
                }
            };
            self.report.add(start, format!("unknown key `{key}` in {}{advice}", self.name));
        }
    }
}

/// A plain decimal number; no exponent, no sign words.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text.trim()).ok()
}

fn article(kind: &str) -> String {
    if kind.starts_with(['a', 'i', 'o']) { format!("an {kind}") } else { format!("a {kind}") }
}
