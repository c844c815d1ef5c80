//! The order book of one contract, on integers. Source of the rules: Bybit V5, WebSocket `orderbook` topic.

use rust_decimal::Decimal;
use windvane_model::{BookLevel, BookUpdate, BookUpdateKind, Fixed, Price, Side};

/// Most levels kept per side; the deepest topic has 1000. What lies beyond is dropped, furthest first.
const MAX_LEVELS: usize = 1_000;

/// Why a book can no longer be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BookGap {
    /// The numbers of the deltas do not follow each other.
    #[error("book update {got} came where {expected} was due")]
    Sequence {
        /// The number that was due.
        expected: u64,
        /// The number that came.
        got: u64,
    },
    /// The best bid is not below the best ask.
    #[error("the book is crossed at update {update_id}")]
    Crossed {
        /// The update that crossed it.
        update_id: u64,
    },
}

/// Bids and asks of one contract. Empty whenever it cannot be trusted.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// Best last: most changes happen near the touch and move little.
    bids: Vec<BookLevel>,
    /// Best last.
    asks: Vec<BookLevel>,
    /// Number of the last update; `None` until a snapshot has come.
    update_id: Option<u64>,
}

impl Book {
    /// Takes one message: `Ok(true)` when the book moved, `Ok(false)` for a delta that found no snapshot before it.
    ///
    /// # Errors
    /// When the book cannot be trusted any more; it is empty then until a snapshot comes.
    pub(crate) fn apply(&mut self, update: &BookUpdate) -> Result<bool, BookGap> {
        // A restarted service counts from 1 again and means a snapshot, whatever the message says.
        if update.kind == BookUpdateKind::Snapshot || update.update_id == 1 {
            self.clear();
        } else {
            let Some(last) = self.update_id else { return Ok(false) };
            let expected = last.saturating_add(1);
            if update.update_id != expected {
                self.clear();
                return Err(BookGap::Sequence { expected, got: update.update_id });
            }
        }
        self.update_id = Some(update.update_id);
        for level in &update.bids {
            set(&mut self.bids, *level, |kept| kept.price.cmp(&level.price));
        }
        for level in &update.asks {
            set(&mut self.asks, *level, |kept| level.price.cmp(&kept.price));
        }
        if let (Some(bid), Some(ask)) = (self.best_bid(), self.best_ask())
            && bid.price >= ask.price
        {
            self.clear();
            return Err(BookGap::Crossed { update_id: update.update_id });
        }
        Ok(true)
    }

    /// Forgets everything until the next snapshot.
    pub(crate) fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
        self.update_id = None;
    }

    /// Whether a snapshot and every delta since have come.
    #[must_use]
    pub const fn is_valid(&self) -> bool {
        self.update_id.is_some()
    }

    /// The highest bid.
    #[must_use]
    pub fn best_bid(&self) -> Option<BookLevel> {
        self.bids.last().copied()
    }

    /// The lowest ask.
    #[must_use]
    pub fn best_ask(&self) -> Option<BookLevel> {
        self.asks.last().copied()
    }

    /// The best price that rests on a side: the bid for buys, the ask for sells.
    #[must_use]
    pub fn best(&self, side: Side) -> Option<Price> {
        let level = match side {
            Side::Buy => self.best_bid(),
            Side::Sell => self.best_ask(),
        };
        Price::new(level?.price.to_decimal()).ok()
    }

    /// The middle between best bid and best ask, exact: it may lie between two ticks.
    #[must_use]
    pub fn mid(&self) -> Option<Price> {
        let sum = self.best_bid()?.price.to_decimal() + self.best_ask()?.price.to_decimal();
        Price::new(sum / Decimal::TWO).ok()
    }

    /// Levels of a side, best first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = BookLevel> + '_ {
        let levels = match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        };
        levels.iter().rev().copied()
    }

    /// Quantity that rests on a side at `limit` or better, in the base coin.
    #[must_use]
    pub fn depth(&self, side: Side, limit: Fixed) -> Decimal {
        self.levels(side)
            .take_while(|level| match side {
                Side::Buy => level.price >= limit,
                Side::Sell => level.price <= limit,
            })
            .map(|level| level.size.to_decimal())
            .sum()
    }
}

/// Puts a level into a sorted side, replaces it, or removes it when its size is zero.
fn set(side: &mut Vec<BookLevel>, level: BookLevel, order: impl FnMut(&BookLevel) -> std::cmp::Ordering) {
    match side.binary_search_by(order) {
        Ok(at) if level.size.is_zero() => {
            side.remove(at);
        }
        Ok(at) => side[at] = level,
        // Deleting a level that is not there is allowed by the feed.
        Err(_) if level.size.is_zero() => {}
        Err(at) => {
            side.insert(at, level);
            if side.len() > MAX_LEVELS {
                side.remove(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windvane_model::{MarketTime, Symbol};

    fn levels(rows: &[(&str, &str)]) -> Vec<BookLevel> {
        rows.iter()
            .map(|(price, size)| BookLevel {
                price: Fixed::parse(price).unwrap(),
                size: Fixed::parse(size).unwrap(),
            })
            .collect()
    }

    fn update(
        kind: BookUpdateKind,
        update_id: u64,
        bids: &[(&str, &str)],
        asks: &[(&str, &str)],
    ) -> BookUpdate {
        BookUpdate {
            symbol: Symbol::new("BTCUSDT").unwrap(),
            at: MarketTime(0),
            kind,
            update_id,
            sequence: 0,
            bids: levels(bids),
            asks: levels(asks),
        }
    }

    fn book() -> Book {
        let mut book = Book::default();
        let snapshot = update(
            BookUpdateKind::Snapshot,
            10,
            &[("99", "1"), ("98", "2")],
            &[("101", "1"), ("100.5", "3")],
        );
        assert_eq!(book.apply(&snapshot), Ok(true));
        book
    }

    fn delta(id: u64, bids: &[(&str, &str)], asks: &[(&str, &str)]) -> BookUpdate {
        update(BookUpdateKind::Delta, id, bids, asks)
    }

    #[test]
    fn deltas_insert_replace_and_delete() {
        let mut book = book();
        assert_eq!(book.mid().unwrap().to_string(), "99.75");
        assert_eq!(
            book.apply(&delta(11, &[("99", "0"), ("98.5", "4"), ("97", "0")], &[("100.5", "1")])),
            Ok(true)
        );
        assert_eq!(book.best(Side::Buy).unwrap().to_string(), "98.5");
        assert_eq!(book.best_ask().unwrap().size.to_string(), "1");
        assert_eq!(book.depth(Side::Buy, Fixed::parse("98").unwrap()), Decimal::from(6));
    }

    #[test]
    fn a_gap_empties_the_book_until_a_snapshot() {
        let mut book = book();
        assert_eq!(book.apply(&delta(12, &[], &[])), Err(BookGap::Sequence { expected: 11, got: 12 }));
        assert!(!book.is_valid() && book.mid().is_none());
        assert_eq!(book.apply(&delta(13, &[("99", "1")], &[])), Ok(false));
        assert!(book.best_bid().is_none());
        assert_eq!(book.apply(&update(BookUpdateKind::Snapshot, 20, &[("99", "1")], &[])), Ok(true));
        assert!(book.is_valid());
    }

    #[test]
    fn a_falling_number_is_a_gap_too() {
        assert_eq!(book().apply(&delta(9, &[], &[])), Err(BookGap::Sequence { expected: 11, got: 9 }));
    }

    #[test]
    fn number_one_is_a_snapshot_whatever_it_says() {
        let mut book = book();
        assert_eq!(book.apply(&delta(1, &[("50", "1")], &[("51", "1")])), Ok(true));
        assert_eq!((book.levels(Side::Buy).count(), book.mid().unwrap().to_string()), (1, "50.5".to_owned()));
    }

    #[test]
    fn a_crossed_book_is_no_book() {
        let mut book = book();
        assert_eq!(book.apply(&delta(11, &[("100.5", "1")], &[])), Err(BookGap::Crossed { update_id: 11 }));
        assert!(book.best(Side::Sell).is_none());
    }
}
