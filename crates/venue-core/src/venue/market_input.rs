//! What the outside does: its book, its trades, its prices, its funding, and what the exchange does to an instrument.

use rust_decimal::Decimal;

use super::Venue;
use crate::api::{Level, MarketInput, Refusal, Side};
use crate::book::Front;
use crate::units::units;

impl Venue {
    pub(super) fn move_market(&mut self, input: &MarketInput) -> Result<(), Refusal> {
        match input {
            MarketInput::Book { category, symbol, bids, asks } => {
                let market = self.market_slot(*category, symbol)?;
                self.replace_outside(market, bids, asks)
            }
            MarketInput::Trade { category, symbol, side, price, qty } => {
                let market = self.market_slot(*category, symbol)?;
                self.outside_trade(market, *side, *price, *qty)
            }
            MarketInput::Prices { category, symbol, mark, index, last } => {
                let market = self.market_slot(*category, symbol)?;
                self.move_prices(market, *mark, *index, *last)
            }
            MarketInput::FundingRate { category, symbol, rate, next_funding_ms } => {
                let market = self.market_slot(*category, symbol)?;
                self.markets[market].funding_rate = *rate;
                self.markets[market].next_funding_ms = *next_funding_ms;
                self.touched.tickers.insert(market);
                Ok(())
            }
            MarketInput::SettleFunding { category, symbol } => {
                let market = self.market_slot(*category, symbol)?;
                self.settle_funding(market)
            }
            MarketInput::Liquidate { category, symbol, uid } => {
                let market = self.contract_slot(*category, symbol)?;
                self.liquidate_holders(market, *uid)
            }
            MarketInput::Deleverage { category, symbol, uid, price, qty } => {
                let market = self.contract_slot(*category, symbol)?;
                let price = price.map(positive).transpose()?;
                let qty = qty.map(positive).transpose()?;
                self.deleverage_holders(market, *uid, price, qty)
            }
            MarketInput::AnnounceDelisting { category, symbol, delivery_ms } => {
                let market = self.market_slot(*category, symbol)?;
                self.announce_delisting(market, *delivery_ms)
            }
            MarketInput::Delist { category, symbol, price } => {
                let market = self.market_slot(*category, symbol)?;
                self.delist(market, price.map(positive).transpose()?)
            }
            MarketInput::ChangeTickSize { category, symbol, tick_size } => {
                let market = self.market_slot(*category, symbol)?;
                self.change_tick_size(market, *tick_size)
            }
        }
    }

    fn replace_outside(&mut self, market: usize, bids: &[Level], asks: &[Level]) -> Result<(), Refusal> {
        let bids = check_levels(bids)?;
        let asks = check_levels(asks)?;
        if let (Some((bid, _)), Some((ask, _))) = (bids.last(), asks.first())
            && bid >= ask
        {
            return Err(Refusal::new(10001, "the outside book is crossed"));
        }
        if self.markets[market].is_closed() {
            return Ok(());
        }
        self.seq += 1;
        let book = self.book_mut(market);
        book.replace_outside(Side::Buy, &bids);
        book.replace_outside(Side::Sell, &asks);
        self.uncross(market);
        Ok(())
    }

    /// A print means that everything better on the side it hit is gone; at its own price it eats from the front.
    fn outside_trade(
        &mut self,
        market: usize,
        side: Side,
        price: Decimal,
        qty: Decimal,
    ) -> Result<(), Refusal> {
        let price = positive(price)?;
        let qty = positive(qty)?;
        if self.markets[market].is_closed() {
            return Ok(());
        }
        self.seq += 1;
        let hit = side.opposite();
        let mut left = qty;
        for maker in self.markets[market].book.orders_better_than(hit, price) {
            if let Some(room) = self.maker_room(maker) {
                let maker_price = self.orders[maker].price;
                self.fill_resting(maker, room);
                self.print(market, side, maker_price, room);
                left = (left - room).max(0);
            }
        }
        while left > 0 {
            match self.markets[market].book.front_at(hit, price) {
                None => break,
                Some(Front::Outside(size)) => {
                    let taken = size.min(left);
                    self.book_mut(market).take_outside(hit, price, taken);
                    left -= taken;
                }
                Some(Front::Order(maker)) => {
                    if let Some(room) = self.maker_room(maker) {
                        let taken = room.min(left);
                        self.fill_resting(maker, taken);
                        left -= taken;
                    }
                }
            }
        }
        self.print(market, side, price, qty);
        Ok(())
    }

    fn move_prices(
        &mut self,
        market: usize,
        mark: Option<Decimal>,
        index: Option<Decimal>,
        last: Option<Decimal>,
    ) -> Result<(), Refusal> {
        let mark = mark.map(positive).transpose()?;
        let index = index.map(positive).transpose()?;
        let last = last.map(positive).transpose()?;
        let of_market = &mut self.markets[market];
        of_market.sample_premium(self.now_ms);
        of_market.mark = mark.or(of_market.mark);
        of_market.index = index.or(of_market.index);
        if let Some(last) = last {
            of_market.take_last(last);
        }
        self.touched.tickers.insert(market);
        self.touched.priced.insert(market);
        self.look_at_holders(market);
        Ok(())
    }
}

/// Levels by rising price, in units.
fn check_levels(levels: &[Level]) -> Result<Vec<(i64, i64)>, Refusal> {
    let in_units = levels.iter().map(|(price, qty)| Ok((positive(*price)?, positive(*qty)?)));
    let mut levels = in_units.collect::<Result<Vec<_>, Refusal>>()?;
    levels.sort_by_key(|(price, _)| *price);
    // Of a price that comes twice the last word counts.
    levels.reverse();
    levels.dedup_by_key(|(price, _)| *price);
    levels.reverse();
    Ok(levels)
}

/// A positive number in units.
pub(super) fn positive(number: Decimal) -> Result<i64, Refusal> {
    units(number).filter(|units| *units > 0).ok_or_else(|| {
        Refusal::new(10001, format!("not a positive number with at most eight decimals: {number}"))
    })
}
