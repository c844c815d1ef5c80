//! Whatever the feed sends, a book that answers is sorted and uncrossed.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use proptest::prelude::*;
use windvane_market::{Change, Market};
use windvane_model::{
    BookLevel, BookUpdate, BookUpdateKind, Fixed, MarketEvent, MarketTime, Side, Stamp, Symbol, WallTime,
};

fn level() -> impl Strategy<Value = BookLevel> {
    (90_i64..110, 0_i64..4).prop_map(|(price, size)| BookLevel {
        price: Fixed::from_raw(price * 100_000_000).unwrap(),
        size: Fixed::from_raw(size).unwrap(),
    })
}

fn update() -> impl Strategy<Value = BookUpdate> {
    let levels = || prop::collection::vec(level(), 0..6);
    (any::<bool>(), 1_u64..6, levels(), levels()).prop_map(|(is_snapshot, update_id, bids, asks)| {
        BookUpdate {
            symbol: Symbol::new("BTCUSDT").unwrap(),
            at: MarketTime(0),
            kind: if is_snapshot { BookUpdateKind::Snapshot } else { BookUpdateKind::Delta },
            update_id,
            sequence: 0,
            bids,
            asks,
        }
    })
}

proptest! {
    #[test]
    fn a_book_that_answers_is_sorted_and_uncrossed(updates in prop::collection::vec(update(), 1..60)) {
        let mut market = Market::new(1);
        for (index, update) in updates.into_iter().enumerate() {
            let symbol = update.symbol;
            let stamp = Stamp { wall: WallTime(i64::try_from(index).unwrap()), ..Stamp::default() };
            let change = market.apply(&MarketEvent::Book(update), stamp);
            let book = market.contract(symbol).unwrap().book();
            prop_assert_eq!(book.is_valid(), change == Change::Book);
            let bids: Vec<Fixed> = book.levels(Side::Buy).map(|level| level.price).collect();
            let asks: Vec<Fixed> = book.levels(Side::Sell).map(|level| level.price).collect();
            prop_assert!(bids.windows(2).all(|pair| pair[0] > pair[1]));
            prop_assert!(asks.windows(2).all(|pair| pair[0] < pair[1]));
            if let (Some(bid), Some(ask)) = (bids.first(), asks.first()) {
                prop_assert!(bid < ask);
            }
            prop_assert!(book.levels(Side::Buy).chain(book.levels(Side::Sell)).all(|level| !level.size.is_zero()));
        }
    }
}
