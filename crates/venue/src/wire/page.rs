//! Pages of long lists: newest first, a cursor that names the last row seen.

use serde::Serialize;
use windvane_venue_core::Category;

use super::envelope::{Accepted, Refusal};
use super::fields::{Fields, percent_decoded};
use crate::config::LastCursor;

/// Length of a day in milliseconds.
pub(crate) const DAY_MS: i64 = 86_400_000;
/// Longest span most dated queries may cover, and its default, in milliseconds.
pub(crate) const WEEK_MS: i64 = 7 * DAY_MS;

/// How far back dated queries reach, in milliseconds. Source: Bybit V5, "Get Order History", "Get Trade History",
/// "Get Closed PnL", "Get Transaction Log", "Get USDC Session Settlement": two years.
const REACH_MS: i64 = 730 * DAY_MS;

/// Both ends of a dated query, in market ms, inclusive. What is older than two years is not reached.
///
/// # Errors
/// 10001 when a time is no integer, the start lies after the end, or they are over a week apart.
pub(crate) fn window(fields: &Fields, now_ms: i64, default_ms: i64) -> Result<(i64, i64), Refusal> {
    window_of(fields, now_ms, default_ms, WEEK_MS)
}

/// The same for a query that covers `most_ms`.
///
/// # Errors
/// As there, beyond `most_ms`.
pub(crate) fn window_of(
    fields: &Fields,
    now_ms: i64,
    default_ms: i64,
    most_ms: i64,
) -> Result<(i64, i64), Refusal> {
    let (start, end) = (fields.integer("startTime")?, fields.integer("endTime")?);
    let (start, end) = match (start, end) {
        (Some(start), Some(end)) => (start, end),
        (Some(start), None) => (start, start.saturating_add(default_ms)),
        (None, Some(end)) => (end.saturating_sub(default_ms), end),
        (None, None) => (now_ms.saturating_sub(default_ms), now_ms),
    };
    if start > end {
        return Err(Refusal::parameter("startTime is after endTime"));
    }
    if end.saturating_sub(start) > most_ms {
        let days = most_ms / DAY_MS;
        return Err(Refusal::parameter(format!("startTime and endTime are more than {days} days apart")));
    }
    Ok((start.max(now_ms.saturating_sub(REACH_MS)), end))
}

/// One page of `rows`, which are newest first and named by `name`, and the cursor of the next page (empty
/// on the last one, unless `last_cursor` says otherwise). An unknown cursor gives an empty page.
pub(crate) fn page<T>(
    rows: Vec<T>,
    fields: &Fields,
    (limit, last_cursor): (usize, LastCursor),
    name: impl Fn(&T) -> String,
) -> (Vec<T>, String) {
    let first = match fields.text("cursor") {
        None => 0,
        Some(cursor) => {
            // Clients send a cursor back as they got it or encoded once more.
            let cursor = percent_decoded(&cursor);
            let last = cursor.trim_start_matches("after:");
            rows.iter().position(|row| name(row) == last).map_or(rows.len(), |index| index + 1)
        }
    };
    let more = rows.len() > first + limit || last_cursor == LastCursor::Kept;
    let page: Vec<T> = rows.into_iter().skip(first).take(limit).collect();
    let cursor = match page.last() {
        Some(last) if more => format!("after%3A{}", name(last)),
        _ => String::new(),
    };
    (page, cursor)
}

/// `{category, list, nextPageCursor}`.
pub(crate) fn listing<T: Serialize>(fields: &Fields, rows: &[T], cursor: &str) -> Accepted {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Listing<'a, T> {
        category: String,
        list: &'a [T],
        next_page_cursor: &'a str,
    }
    let category = fields.text("category").unwrap_or_else(|| Category::Linear.to_string());
    Accepted::written(&Listing { category, list: rows, next_page_cursor: cursor })
}

/// A list of nothing.
pub(crate) fn empty_listing(fields: &Fields) -> Accepted {
    listing::<()>(fields, &[], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap_or_repetition() {
        let rows = || vec!["e", "d", "c", "b", "a"];
        for (last_cursor, pages) in [(LastCursor::Empty, 3), (LastCursor::Kept, 4)] {
            let mut query = "limit=2".to_owned();
            let mut seen = Vec::new();
            let mut count = 0;
            loop {
                let fields = Fields::from_query(&query);
                let (page, cursor) = page(rows(), &fields, (2, last_cursor), |row| (*row).to_owned());
                seen.extend(page);
                count += 1;
                if cursor.is_empty() {
                    break;
                }
                query = format!("cursor={}", cursor.replace('%', "%25"));
            }
            assert_eq!((seen, count), (rows(), pages));
        }
        let fields = Fields::from_query("cursor=after%3Ad");
        let (verbatim, _) = page(rows(), &fields, (2, LastCursor::Empty), |row| (*row).to_owned());
        assert_eq!(verbatim, ["c", "b"]);
    }

    #[test]
    fn a_window_is_at_most_a_week() {
        let window = |query: &str| window(&Fields::from_query(query), 10 * DAY_MS, WEEK_MS);
        assert_eq!(window(""), Ok((3 * DAY_MS, 10 * DAY_MS)));
        assert_eq!(window("startTime=0"), Ok((0, WEEK_MS)));
        assert!(window("startTime=0&endTime=604800001").is_err());
        assert!(window("startTime=2&endTime=1").is_err());
        let later = |now_ms: i64| super::window(&Fields::from_query("endTime=604800000"), now_ms, WEEK_MS);
        assert_eq!(later(REACH_MS), Ok((0, WEEK_MS)));
        assert_eq!(later(REACH_MS + DAY_MS), Ok((DAY_MS, WEEK_MS)), "two years back, and no further");
    }
}
