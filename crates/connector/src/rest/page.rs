//! Paging: the same query again with the cursor of the last answer, until there is no more.

use super::{answer::Answer, client::RestClient, error::RestError, market::Span};
use crate::codec::number::Lexeme;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt::Write;
use windvane_model::{MarketTime, Millis};

/// More pages than any account fills; a venue that never stops must not keep us for ever.
const MAX_PAGES: usize = 400;

/// Reach of one call into an account's past, less a moment so that both ends lie within it. Source: Bybit V5, "Get Order
/// History" and its like.
const WEEK_MS: Millis = 7 * 24 * 3_600_000 - 1_000;

/// A list of an account's past.
pub(super) struct Past {
    pub(super) path: &'static str,
    /// The field of the query that says of what; it stands before `endTime` in the alphabet.
    pub(super) of: String,
    /// Rows of a page at most.
    pub(super) limit: u32,
}

/// Whether a call needs a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Public,
    Signed,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page<'a> {
    #[serde(borrow, default)]
    pub(super) list: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    next_page_cursor: Lexeme<'a>,
}

/// A list that is read page by page.
#[derive(Debug, Default)]
pub(super) struct Pages {
    path: &'static str,
    of: String,
    /// Where the next page begins; empty before the first.
    cursor: String,
    read: usize,
}

impl Pages {
    /// `query` must have no `cursor`.
    pub(super) const fn new(path: &'static str, query: String) -> Self {
        Self { path, of: query, cursor: String::new(), read: 0 }
    }

    pub(super) const fn path(&self) -> &'static str {
        self.path
    }

    /// The query of the next page. Its fields stay the same between pages, as the venue demands.
    pub(super) fn query(&self) -> String {
        let mut query = self.of.clone();
        if !self.cursor.is_empty() {
            query.push_str("&cursor=");
            push_cursor(&mut query, &self.cursor);
        }
        query
    }

    /// Reads a page; `row` is called with the text of each row, in the order of the answer. Says whether there is another.
    pub(super) fn take(
        &mut self,
        answer: &Answer,
        mut row: impl FnMut(&str) -> Result<(), RestError>,
    ) -> Result<bool, RestError> {
        let page: Page<'_> = answer.result()?;
        for text in &page.list {
            row(text.get())?;
        }
        // The last page may still carry a cursor, so an empty list ends as well.
        let next = page.next_page_cursor.as_str();
        if next.is_empty() || page.list.is_empty() || next == self.cursor {
            return Ok(false);
        }
        next.clone_into(&mut self.cursor);
        self.read += 1;
        if self.read >= MAX_PAGES {
            return Err(RestError::Unreadable {
                endpoint: self.path.trim_start_matches("/v5/"),
                problem: format!("more than {MAX_PAGES} pages"),
            });
        }
        Ok(true)
    }
}

impl RestClient {
    /// Reads every page of a list; `row` is called with the text of each row, in the order of the answer.
    ///
    /// `query` must have no `cursor`. The fields of the query stay the same between pages, as the venue demands.
    pub(super) async fn each_row<F>(
        &self,
        access: Access,
        path: &'static str,
        query: &str,
        mut row: F,
    ) -> Result<(), RestError>
    where
        F: FnMut(&Answer, &str) -> Result<(), RestError>,
    {
        let mut pages = Pages::new(path, query.to_owned());
        loop {
            let answer = match access {
                Access::Public => self.get_public(path, pages.query()).await?,
                Access::Signed => self.get_signed(path, pages.query()).await?,
            };
            if !pages.take(&answer, |text| row(&answer, text))? {
                return Ok(());
            }
        }
    }
}

impl RestClient {
    /// Everything within `span`, in the order of `at`, read week by week and each week to its last page.
    pub(super) async fn past<T>(
        &self,
        past: Past,
        span: Span,
        at: fn(&T) -> MarketTime,
        row: impl Fn(&Answer, &str) -> Result<T, RestError>,
    ) -> Result<Vec<T>, RestError> {
        let Past { path, of, limit } = past;
        let mut all = Vec::new();
        for Span { from, to } in span.parts(WEEK_MS) {
            let query = format!("{of}&endTime={}&limit={limit}&startTime={}", to.0, from.0);
            self.each_row(Access::Signed, path, &query, |answer, text| {
                all.push(row(answer, text)?);
                Ok(())
            })
            .await?;
        }
        all.sort_by_key(at);
        Ok(all)
    }
}

/// Cursors come percent-encoded already and go back as they came; only what may not stand in a query is encoded.
fn push_cursor(query: &mut String, cursor: &str) {
    for byte in cursor.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'%' => {
                query.push(char::from(byte));
            }
            other => write!(query, "%{other:02X}").expect("writing to a string cannot fail"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_cursor_goes_back_as_it_came_and_a_raw_one_is_encoded() {
        for (cursor, sent) in
            [("page_token%3D39380%26", "page_token%3D39380%26"), ("a=1&b:2", "a%3D1%26b%3A2")]
        {
            let mut query = String::new();
            push_cursor(&mut query, cursor);
            assert_eq!(query, sent);
        }
    }
}
