//! The end of an input: rows of everything that ended up different.

use super::Venue;
use crate::api::{BookDelta, Output, PositionRow};
use crate::order::Place;

impl Venue {
    pub(super) fn publish(&mut self) {
        for place in std::mem::take(&mut self.touched.positions) {
            let row = self.position_row(place);
            self.out.push(Output::Position { uid: self.accounts[place.account].uid, row });
        }
        for slot in std::mem::take(&mut self.touched.wallets) {
            let account = &self.accounts[slot];
            let context = self.context();
            let row = account.wallet_row(&account.margin(context), context);
            self.out.push(Output::Wallet { uid: account.uid, row });
        }
        for market in 0..self.markets.len() {
            self.publish_book(market);
        }
        for market in std::mem::take(&mut self.touched.tickers) {
            let row = self.markets[market].ticker(self.seq);
            self.out.push(Output::Ticker(row));
        }
    }

    fn publish_book(&mut self, market: usize) {
        let market = &mut self.markets[market];
        let Some((bids, asks)) = market.book.take_changes() else { return };
        market.update_id += 1;
        market.book_seq = self.seq;
        market.book_time_ms = self.now_ms;
        self.out.push(Output::Book(BookDelta {
            category: market.spec.category,
            symbol: market.symbol().clone(),
            bids,
            asks,
            update_id: market.update_id,
            seq: self.seq,
            time_ms: self.now_ms,
        }));
    }

    pub(super) fn position_row(&self, place: Place) -> PositionRow {
        let row = self.accounts[place.account].position_row(place, self.context());
        PositionRow { adl_rank: self.adl_rank(place), ..row }
    }
}
