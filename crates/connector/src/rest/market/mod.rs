//! What the venue publishes of its markets, for every product: for a downloader of history and for people.
//!
//! The engine itself takes its prices from the streams and trades linear contracts alone. Figures here are plain
//! decimals as the venue gives them, because their units differ by product: an inverse contract counts its volume in
//! dollars and its turnover in coins.

mod book;
#[cfg(test)]
pub(super) mod chaos;
mod contract;
mod history;
mod kline;
mod status;

pub use crate::category::Category;
pub use book::{PriceBand, TickerFigures};
pub use contract::{ContractKind, Listing};
pub use history::{FundingRate, OpenInterest, PublicTrade};
pub use kline::{Kline, KlinePrice, PriceKline};
pub use status::{Customer, Maintenance, MaintenanceState};

use super::answer::Answer;
use super::error::RestError;
use crate::codec::number::{FieldError, Lexeme, bad};
use rust_decimal::Decimal;
use windvane_model::MarketTime;

/// A span of market time, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First moment.
    pub from: MarketTime,
    /// Last moment.
    pub to: MarketTime,
}

impl Span {
    /// Parts of at most `length_ms`, oldest first.
    pub(in crate::rest) fn parts(self, length_ms: i64) -> impl Iterator<Item = Self> {
        let mut next = Some(self.from.0);
        std::iter::from_fn(move || {
            let from = next.filter(|from| *from <= self.to.0)?;
            let to = from.saturating_add(length_ms - 1).min(self.to.0);
            next = to.checked_add(1);
            Some(Self { from: MarketTime(from), to: MarketTime(to) })
        })
    }
}

pub(in crate::rest) fn required(text: &Lexeme<'_>, field: &'static str) -> Result<Decimal, FieldError> {
    text.decimal(field)?.ok_or(bad(field, "missing"))
}

pub(in crate::rest) fn moment(text: &Lexeme<'_>, field: &'static str) -> Result<MarketTime, FieldError> {
    text.time(field)?.ok_or(bad(field, "missing"))
}

/// A field's problem as the problem of its answer.
pub(in crate::rest) fn read<T>(answer: &Answer, row: Result<T, FieldError>) -> Result<T, RestError> {
    row.map_err(|error| answer.unreadable(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_cut_into_parts_without_gap_or_overlap() {
        let span = |from, to| Span { from: MarketTime(from), to: MarketTime(to) };
        assert_eq!(span(5, 25).parts(10).collect::<Vec<_>>(), [span(5, 14), span(15, 24), span(25, 25)]);
        assert_eq!(span(5, 4).parts(10).count(), 0);
        assert_eq!(span(i64::MAX - 3, i64::MAX).parts(10).count(), 1, "the end of time ends it");
    }
}
