//! Isolated margin: adding and taking back margin, and the liquidation of one position when the mark reaches its price.

use rust_decimal::Decimal;

use super::Venue;
use super::fill::Role;
use crate::api::{
    Acknowledgement, AddMargin, CancelType, CreateType, MarginMode, OrderStatus, PositionStatus, Refusal,
    RejectReason, SetAutoAddMargin, Side,
};
use crate::margin::Isolated;
use crate::order::{Order, OrderKey, Place};
use crate::units::{decimal, round_down};

/// Decimal places of margin that is added or taken back. Source: Bybit V5, "Add Or Reduce Margin".
const MARGIN_PLACES: u32 = 4;

impl Venue {
    pub(super) fn add_margin(
        &mut self,
        account: usize,
        request: &AddMargin,
    ) -> Result<Acknowledgement, Refusal> {
        let market = self.contract_slot(request.category, &request.symbol)?;
        let place = self.check_position_idx(Place { account, market, position_idx: request.position_idx })?;
        if self.accounts[account].margin_mode == MarginMode::Cross {
            return Err(Refusal::new(110015, "position is in cross margin mode"));
        }
        let position = self.accounts[account].position(place);
        if position.size == 0 {
            return Err(Refusal::new(110033, "margin cannot be set without a position"));
        }
        let margin = request.margin;
        if margin.is_zero() || margin.normalize().scale() > MARGIN_PLACES {
            return Err(Refusal::new(10001, "margin invalid"));
        }
        let extra_before = position.extra_margin;
        let free = self.free_margin(place);
        if margin > free {
            return Err(Refusal::new(110014, "available balance is insufficient to add margin"));
        }
        if -margin > extra_before {
            return Err(Refusal::new(110078, "more margin asked back than was added"));
        }
        self.accounts[account].position_mut(place).extra_margin = extra_before + margin;
        if self.is_at_liquidation(place) {
            self.accounts[account].position_mut(place).extra_margin = extra_before;
            return Err(Refusal::new(110046, "the position would be liquidated at once"));
        }
        self.touch(place);
        Ok(Acknowledgement::Done)
    }

    pub(super) fn set_auto_add_margin(
        &mut self,
        account: usize,
        request: &SetAutoAddMargin,
    ) -> Result<Acknowledgement, Refusal> {
        let market = self.contract_slot(request.category, &request.symbol)?;
        let place = self.check_position_idx(Place { account, market, position_idx: request.position_idx })?;
        if self.accounts[account].margin_mode == MarginMode::Cross {
            return Err(Refusal::new(110076, "auto-add margin is for isolated margin"));
        }
        self.accounts[account].position_mut(place).auto_add_margin = request.auto_add;
        self.touch(place);
        Ok(Acknowledgement::Done)
    }

    /// What the coin of a position has left for it; below zero where all that is held takes more than there is.
    pub(super) fn free_margin(&self, place: Place) -> Decimal {
        let account = &self.accounts[place.account];
        let margin = account.margin(self.context());
        account.available(self.markets[place.market].settle, &margin, self.context())
    }

    fn isolated_at(&self, place: Place) -> Option<Isolated> {
        let account = &self.accounts[place.account];
        account.isolated(account.position(place), &self.markets[place.market])
    }

    /// Whether the mark has reached the liquidation price of an isolated position.
    fn is_at_liquidation(&self, place: Place) -> bool {
        let reached = || {
            let isolated = self.isolated_at(place)?;
            let price = isolated.liquidation_price(self.doubts.isolated_liquidation)?;
            let mark = decimal(self.markets[place.market].valuation_price()?);
            Some(match isolated.exposure.side {
                Side::Buy => mark <= price,
                Side::Sell => mark >= price,
            })
        };
        reached().unwrap_or(false)
    }

    /// One step of the liquidation of the first of an account's positions that is due.
    pub(super) fn liquidate_isolated(&mut self, account: usize) -> bool {
        let due = self.open_places(account).into_iter().find(|place| self.is_at_liquidation(*place));
        let Some(place) = due else { return false };
        if self.replenish(place) {
            return true;
        }
        let orders: Vec<OrderKey> = self.accounts[account].desks[place.market].resting().iter().collect();
        for &key in &orders {
            self.end(key, CancelType::BeforeLiquidation, RejectReason::NoError);
        }
        self.take_over(place);
        true
    }

    /// Adds margin by itself, up to the initial margin again, as far as the coin has any. Says whether it did.
    fn replenish(&mut self, place: Place) -> bool {
        let Some(isolated) = self.isolated_at(place) else { return false };
        let free = self.free_margin(place);
        if !self.accounts[place.account].position(place).auto_add_margin || free <= Decimal::ZERO {
            return false;
        }
        let wanted = isolated.exposure.entry_value / isolated.exposure.leverage;
        self.accounts[place.account].position_mut(place).extra_margin += wanted.min(free);
        self.touch(place);
        true
    }

    /// Closes a position at its bankruptcy price or better: on the book, then against opposite positions, and what is left
    /// is the venue's.
    pub(super) fn take_over(&mut self, place: Place) {
        let Some(isolated) = self.isolated_at(place) else { return };
        let side = isolated.exposure.side.opposite();
        let bankruptcy = isolated.bankruptcy_price().map(|price| round_down(price, 1));
        let price = bankruptcy.unwrap_or_else(|| self.markets[place.market].extreme_price(side));
        self.tell_undergoing(place, PositionStatus::Liquidation);
        let all = self.accounts[place.account].position(place).reducible(side);
        let key = self.enter_closing(place, side, CreateType::ByLiquidation, price, all);
        self.submit(key);
        self.tell_liquidation(place, side, Some(price), self.orders[key].filled);
        while self.accounts[place.account].position(place).size != 0
            && self.deleverage(place, side, Some(price))
        {}
        let left = self.accounts[place.account].position(place).reducible(side);
        if left > 0 {
            let order = Order {
                price,
                qty: left,
                ..Order::closing(place, &self.no_name, side, CreateType::ByTakeOver, self.now_ms)
            };
            let key = self.enter(order);
            self.fill(key, price, left, Role::Taker);
            debug_assert_eq!(self.orders[key].status, OrderStatus::Filled);
            self.tell_liquidation(place, side, Some(price), left);
            self.report_order(key);
        }
    }
}
