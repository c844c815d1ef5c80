//! The end of an input: rows of everything that ended up different.

use super::Venue;
use crate::api::{BookDelta, Output, PositionRow};
use crate::order::Place;

impl Venue {
    pub(super) fn publish(&mut self) {
        while let Some(place) = self.touched.positions.pop_first() {
            if !self.accounts[place.account].audience.positions {
                continue;
            }
            let row = self.position_row(place);
            self.out.push(Output::Position { uid: self.accounts[place.account].uid, row });
        }
        while let Some(slot) = self.touched.wallets.pop_first() {
            let account = &self.accounts[slot];
            if !account.audience.wallets {
                continue;
            }
            let context = self.context();
            let row = account.wallet_row(&account.margin(context), context);
            self.out.push(Output::Wallet { uid: account.uid, row });
        }
        while let Some(market) = self.touched.books.pop_first() {
            self.publish_book(market);
        }
        if !self.public_audience.tickers {
            self.touched.tickers.clear();
        }
        while let Some(market) = self.touched.tickers.pop_first() {
            let row = self.markets[market].ticker(self.seq);
            self.out.push(Output::Ticker(row));
        }
    }

    fn publish_book(&mut self, market: usize) {
        let market = &mut self.markets[market];
        if !market.book.has_changes() {
            return;
        }
        market.update_id += 1;
        market.book_seq = self.seq;
        market.book_time_ms = self.now_ms;
        if !self.public_audience.books {
            market.book.forget_changes();
            return;
        }
        let (bids, asks) = market.book.take_changes();
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
