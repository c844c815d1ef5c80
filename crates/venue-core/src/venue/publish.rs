//! The end of an input: rows of everything that ended up different.

use rust_decimal::Decimal;

use super::Venue;
use crate::api::{BookDelta, Output, PositionRow, PositionStatus, PublicLiquidation, Side};
use crate::margin::AccountMargin;
use crate::order::Place;
use crate::units::decimal;

impl Venue {
    pub(super) fn publish(&mut self) {
        // Nothing moves any more, so one reckoning serves the rows of all positions and of the wallet of an account.
        let mut reckoned: Option<(usize, AccountMargin)> = None;
        while let Some(place) = self.touched.positions.pop_first() {
            if self.accounts[place.account].audience.positions {
                let margin = self.margin_of(place.account, &mut reckoned);
                self.rank_holders(place.market);
                let row = self.position_row(place, &margin);
                self.out.push(Output::Position { uid: self.accounts[place.account].uid, row });
                reckoned = Some((place.account, margin));
            }
        }
        while let Some(slot) = self.touched.wallets.pop_first() {
            if self.accounts[slot].audience.wallets {
                let margin = self.margin_of(slot, &mut reckoned);
                let row = self.accounts[slot].wallet_row(&margin, self.context());
                self.out.push(Output::Wallet { uid: self.accounts[slot].uid, row });
            }
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

    /// The margin of an account, reckoned already or now.
    fn margin_of(&self, account: usize, reckoned: &mut Option<(usize, AccountMargin)>) -> AccountMargin {
        let of_account = reckoned.take_if(|(other, _)| *other == account);
        of_account.map_or_else(|| self.accounts[account].margin(self.context()), |(_, margin)| margin)
    }

    /// The price at which a position is liquidated, as its row shows it.
    pub(super) fn liquidation_price(&self, place: Place) -> Option<Decimal> {
        let account = &self.accounts[place.account];
        account.position_row(place, &account.margin(self.context()), self.context()).liq_price
    }

    /// Tells what a position is about to undergo.
    pub(super) fn tell_undergoing(&mut self, place: Place, position_status: PositionStatus) {
        if self.accounts[place.account].audience.positions {
            let margin = self.accounts[place.account].margin(self.context());
            let row = PositionRow { position_status, ..self.position_row(place, &margin) };
            self.out.push(Output::Position { uid: self.accounts[place.account].uid, row });
        }
    }

    /// Tells the public that so much of a position has been liquidated by an order of this side; the price in units is that at
    /// which nothing is left, told on the tick; the mark where there is none.
    pub(super) fn tell_liquidation(&mut self, place: Place, side: Side, price: Option<i64>, qty: i64) {
        let of_market = &self.markets[place.market];
        let Some(price) = price.or_else(|| of_market.valuation_price()) else { return };
        if qty == 0 || !self.public_audience.trades {
            return;
        }
        self.out.push(Output::Liquidation(PublicLiquidation {
            category: of_market.spec.category,
            symbol: of_market.symbol().clone(),
            position_side: side.opposite(),
            qty: decimal(qty),
            bankruptcy_price: decimal(of_market.losing_tick(side, price)),
            time_ms: self.now_ms,
        }));
    }

    pub(super) fn position_row(&self, place: Place, margin: &AccountMargin) -> PositionRow {
        let row = self.accounts[place.account].position_row(place, margin, self.context());
        PositionRow { adl_rank: self.adl_rank(place), ..row }
    }
}
