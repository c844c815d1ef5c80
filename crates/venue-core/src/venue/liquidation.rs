//! Liquidation in cross margin: an account whose maintenance margin is no longer covered loses its orders first, then its
//! positions, the largest first and each tier by tier, until it is covered again.
//!
//! Liquidation takes what the book holds at any price. With nothing in the book, opposite positions are reduced
//! (`deleveraging.rs`); what they cannot take stays open and is tried again at the next input.

use rust_decimal::Decimal;

use super::Venue;
use crate::api::{
    BankruptBalance, CancelType, CreateType, MarginMode, PositionStatus, Refusal, RejectReason, Side,
    TransactionType, Uid,
};
use crate::order::{OrderKey, Place};
use crate::payoff::Payoff;
use crate::units::decimal;

impl Venue {
    /// Accounts whose margin a price of a market that moved may have eaten up: those that hold it, those whose orders lie
    /// through its mark, and all that hold anything if it prices a coin that anyone has.
    pub(super) fn look_at_holders(&mut self, market: usize) {
        let moved = &self.markets[market];
        if self.held_coins[moved.base] {
            for (account, _) in self.markets.iter().flat_map(|market| market.holders.iter()) {
                self.touched.at_risk.insert(*account);
            }
            return;
        }
        for (account, _) in &moved.holders {
            self.touched.at_risk.insert(*account);
        }
        let Some(mark) = moved.valuation_price().filter(|_| !moved.is_spot()) else { return };
        for side in [Side::Buy, Side::Sell] {
            for key in moved.book.orders_better_than(side, mark) {
                self.touched.at_risk.insert(self.orders[key].account);
            }
        }
    }

    /// Does one step of one liquidation; says whether there was anything to do.
    pub(super) fn liquidate_next(&mut self) -> bool {
        while let Some(account) = self.touched.at_risk.first() {
            let has_moved = match self.accounts[account].margin_mode {
                MarginMode::Cross => self.is_liquidated(account) && self.liquidate(account),
                MarginMode::Isolated => self.liquidate_isolated(account),
            };
            if has_moved {
                self.cover_debts(account);
                return true;
            }
            self.touched.at_risk.remove(account);
        }
        false
    }

    fn is_liquidated(&self, account: usize) -> bool {
        let account = &self.accounts[account];
        let is_liquidated = || account.margin(self.context()).is_liquidated();
        if account.is_flat() {
            return false;
        }
        if account.is_surely_safe(self.context()) {
            debug_assert!(!is_liquidated(), "the bounds of margin and the margin itself disagree");
            return false;
        }
        is_liquidated()
    }

    /// One step. An account that nothing can be done for is looked at again at the next input.
    fn liquidate(&mut self, account: usize) -> bool {
        let contracts =
            self.accounts[account].desks.iter().filter(|(slot, _)| !self.markets[*slot].is_spot());
        let orders: Vec<OrderKey> = contracts.flat_map(|(_, desk)| desk.resting().iter()).collect();
        for &key in &orders {
            self.end(key, CancelType::BeforeLiquidation, RejectReason::NoError);
        }
        if !orders.is_empty() {
            return true;
        }
        if let Some((place, side)) = self.largest(account, |venue, place, side| venue.can_trade(place, side))
        {
            self.sell_off(place, side, self.step_qty(place, side));
            return true;
        }
        let has_moved = match self.largest(account, |_, _, _| true) {
            Some((place, side)) => self.deleverage(place, side, None),
            None => false,
        };
        if !has_moved {
            self.stuck.insert(account);
        }
        has_moved
    }

    /// How much of a position one step closes: as much as brings its value into the next lower tier of risk, whose margin is
    /// smaller; in the lowest all of it. Source: Bybit help centre, "Liquidation Process (UTA)".
    fn step_qty(&self, place: Place, side: Side) -> i64 {
        let all = self.accounts[place.account].position(place).reducible(side);
        let of_market = &self.markets[place.market];
        let kept = || {
            let price = decimal(of_market.valuation_price()?);
            let limit = of_market.tiers.limit_below(of_market.payoff.value(price, decimal(all)))?;
            Some(of_market.lots(match of_market.payoff {
                Payoff::Linear => limit.checked_div(price)?,
                Payoff::Inverse => limit.checked_mul(price)?,
            }))
        };
        let kept = kept().unwrap_or(0);
        if kept < all { all - kept } else { all }
    }

    /// Closes so much of a position with what the book holds at any price.
    fn sell_off(&mut self, place: Place, side: Side, qty: i64) {
        self.tell_undergoing(place, PositionStatus::Liquidation);
        let bankruptcy = self.cross_bankruptcy_price(place);
        let price = self.markets[place.market].extreme_price(side);
        let key = self.enter_closing(place, side, CreateType::ByLiquidation, price, qty);
        self.submit(key);
        self.tell_liquidation(place, side, bankruptcy, self.orders[key].filled);
    }

    /// Liquidates the positions in a market whatever their margin says, those of one account or everybody's. What neither
    /// the book nor deleveraging takes stays open.
    pub(super) fn liquidate_holders(&mut self, market: usize, uid: Option<Uid>) -> Result<(), Refusal> {
        for place in self.held_by(market, uid)? {
            let resting = self.accounts[place.account].desks[market].resting().iter();
            for key in resting.collect::<Vec<OrderKey>>() {
                self.end(key, CancelType::BeforeLiquidation, RejectReason::NoError);
            }
            let Some(side) = self.accounts[place.account].position(place).side().map(Side::opposite) else {
                continue;
            };
            match self.accounts[place.account].margin_mode {
                MarginMode::Cross => {
                    let all = self.accounts[place.account].position(place).reducible(side);
                    self.sell_off(place, side, all);
                    while self.deleverage(place, side, None) {}
                }
                MarginMode::Isolated => self.take_over(place),
            }
            self.cover_debts(place.account);
        }
        Ok(())
    }

    /// The open positions in a market, those of one account or everybody's.
    ///
    /// # Errors
    /// 110018 for an unknown account, 10001 where nothing is open.
    pub(super) fn held_by(&self, market: usize, uid: Option<Uid>) -> Result<Vec<Place>, Refusal> {
        let only = uid.map(|uid| self.account_slot(uid)).transpose()?;
        let holders = self.markets[market].holders.iter();
        let meant = holders.filter(|(account, _)| only.is_none_or(|only| only == *account));
        let places: Vec<Place> =
            meant.map(|(account, idx)| Place { account: *account, market, position_idx: *idx }).collect();
        if places.is_empty() {
            return Err(Refusal::new(10001, "nobody who is meant holds a position there"));
        }
        Ok(places)
    }

    /// The position of the largest value that passes, and the side that closes it.
    fn largest(&self, account: usize, passes: impl Fn(&Self, Place, Side) -> bool) -> Option<(Place, Side)> {
        let value_of = |place: &Place| {
            let market = &self.markets[place.market];
            let size = decimal(self.accounts[account].position(*place).size.abs());
            let price = market.valuation_price().map_or(Decimal::ZERO, decimal);
            market.payoff.value(price, size) * self.coins.usd_price(market.settle, &self.markets)
        };
        self.open_places(account)
            .into_iter()
            .filter_map(|place| Some((place, self.accounts[account].position(place).side()?.opposite())))
            .filter(|(place, side)| passes(self, *place, *side))
            .max_by_key(|(place, _)| value_of(place))
    }

    /// The open positions of an account.
    pub(super) fn open_places(&self, account: usize) -> Vec<Place> {
        let open = self.accounts[account].desks.iter().flat_map(|(market, desk)| {
            let open = desk.holdings.each().filter(|(_, position)| position.size != 0);
            open.map(move |(position_idx, _)| Place { account, market, position_idx })
        });
        open.collect()
    }

    /// Whether a liquidation of this side would trade: without this a step could repeat for ever.
    fn can_trade(&self, place: Place, side: Side) -> bool {
        let of_market = &self.markets[place.market];
        of_market.book.size_up_to(side.opposite(), of_market.extreme_price(side), 1) > 0
    }

    /// Pays balances back to zero that liquidation left below it, if the venue's fund is set to.
    fn cover_debts(&mut self, account: usize) {
        if self.doubts.bankrupt_balance == BankruptBalance::Kept || !self.open_places(account).is_empty() {
            return;
        }
        for coin in 0..self.accounts[account].balances.len() {
            let debt = -self.accounts[account].balances[coin].wallet;
            if debt > Decimal::ZERO {
                self.book_transfer(account, coin, TransactionType::Bonus, debt);
            }
        }
    }
}
