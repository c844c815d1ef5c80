//! The end of an input: rows of everything that ended up different.

use rust_decimal::Decimal;

use super::Venue;
use crate::api::{BookDelta, Output, TickerRow};
use crate::units::decimal;

impl Venue {
    pub(super) fn publish(&mut self) {
        for (slot, market) in std::mem::take(&mut self.touched.positions) {
            let account = &self.accounts[slot];
            let row = account.position_row(market, &self.markets, &self.orders);
            self.out.push(Output::Position { uid: account.uid, row });
        }
        for slot in std::mem::take(&mut self.touched.wallets) {
            let account = &self.accounts[slot];
            let row = account.wallet_row(&account.margin(&self.markets, &self.orders));
            self.out.push(Output::Wallet { uid: account.uid, row });
        }
        for market in 0..self.markets.len() {
            self.publish_book(market);
        }
        for market in std::mem::take(&mut self.touched.tickers) {
            let row = self.ticker_row(market);
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
            symbol: market.symbol().clone(),
            bids,
            asks,
            update_id: market.update_id,
            seq: self.seq,
            time_ms: self.now_ms,
        }));
    }

    pub(super) fn ticker_row(&self, market: usize) -> TickerRow {
        let sizes = self.accounts.iter().map(|account| account.positions[market].size.max(0));
        let open_interest: Decimal = sizes.map(decimal).sum();
        self.markets[market].ticker(open_interest, self.seq)
    }
}
