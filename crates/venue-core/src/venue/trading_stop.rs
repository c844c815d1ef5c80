//! `trading-stop`: edits the stops of an open position (mode Full) or adds stops of a fixed size (mode Partial).

use super::Venue;
use super::gate::check_limit_mode;
use super::protection::{PARTIAL_STOPS_MAX, Wanted};
use crate::api::{
    Acknowledgement, OrderType, ProtectionPrice, Refusal, Side, StopOrderType, TimeInForce, TpslMode,
    TradingStop, TriggerBy,
};
use crate::order::{Children, Place, Protection, Trailing};

/// What a request says about one stop, once checked.
enum Change {
    Keep,
    Remove,
    /// A trailing stop brings its distance, and has its activation price as trigger (zero: at once).
    Set(Protection, Option<Trailing>),
}

impl Venue {
    pub(super) fn trading_stop(
        &mut self,
        account: usize,
        request: &TradingStop,
    ) -> Result<Acknowledgement, Refusal> {
        let market = self.contract_slot(request.category, &request.symbol)?;
        let place = self.check_position_idx(Place { account, market, position_idx: request.position_idx })?;
        let Some(side) = self.accounts[account].position(place).side() else {
            return Err(Refusal::new(10001, "can not set tp/sl/ts for zero position"));
        };
        let trailing = self.check_trailing(place, side, request)?;
        match request.mode {
            TpslMode::Full => self.edit_stops(place, side, request, trailing)?,
            TpslMode::Partial => self.add_stops(place, side, request, trailing)?,
        }
        self.touch(place);
        Ok(Acknowledgement::Done)
    }

    fn edit_stops(
        &mut self,
        place: Place,
        side: Side,
        request: &TradingStop,
        trailing: Change,
    ) -> Result<(), Refusal> {
        let stop_loss = self.check_stop(place, side, StopOrderType::StopLoss, request.stop_loss)?;
        let take_profit = self.check_stop(place, side, StopOrderType::TakeProfit, request.take_profit)?;
        if matches!((&stop_loss, &take_profit, &trailing), (Change::Keep, Change::Keep, Change::Keep)) {
            return Err(Refusal::new(34040, "not modified"));
        }
        self.change_stop(place, StopOrderType::StopLoss, stop_loss);
        self.change_stop(place, StopOrderType::TakeProfit, take_profit);
        self.change_stop(place, StopOrderType::TrailingStop, trailing);
        Ok(())
    }

    /// Adds a stop-loss, a take-profit, or both as a pair of one size.
    fn add_stops(
        &mut self,
        place: Place,
        side: Side,
        request: &TradingStop,
        trailing: Change,
    ) -> Result<(), Refusal> {
        let wanted = [
            (StopOrderType::TakeProfit, request.take_profit, request.take_profit_size),
            (StopOrderType::StopLoss, request.stop_loss, request.stop_loss_size),
        ];
        let position = self.accounts[place.account].position(place);
        let (held, filed) = (position.size.abs(), position.protection.partial.len());
        let mut checked = [None; 2];
        for ((kind, stop, size), slot) in wanted.into_iter().zip(&mut checked) {
            let Some(stop) = stop.filter(|stop| !stop.price.is_zero()) else { continue };
            let size =
                size.ok_or_else(|| Refusal::new(10001, "tpSize and slSize are required in Partial"))?;
            let size = self.markets[place.market].qty(size, OrderType::Limit, TimeInForce::Gtc)?;
            if size > held {
                return Err(Refusal::new(110058, "the position is too small for the TP/SL"));
            }
            *slot = Some((self.check_protection(place.market, side, kind, stop, None)?, size));
        }
        if let [Some((_, take_profit)), Some((_, stop_loss))] = checked
            && take_profit != stop_loss
        {
            return Err(Refusal::new(10001, "tpSize and slSize must be equal"));
        }
        let added = checked.iter().flatten().count();
        if filed + added > PARTIAL_STOPS_MAX {
            return Err(Refusal::new(110061, "over 20 partial TP/SL"));
        }
        if added == 0 && matches!(trailing, Change::Keep) {
            return Err(Refusal::new(34040, "not modified"));
        }
        let kinds = [StopOrderType::PartialTakeProfit, StopOrderType::PartialStopLoss];
        let [take_profit, stop_loss] = [0, 1].map(|n| {
            let (trigger, size) = checked[n]?;
            let parent_link_id = self.no_name.clone();
            let wanted = Wanted { kind: kinds[n], trigger, trailing: None, parent_link_id, size: Some(size) };
            self.make_stop(place, wanted)
        });
        self.pair(Children { take_profit, stop_loss, covered: 0 });
        self.change_stop(place, StopOrderType::TrailingStop, trailing);
        Ok(())
    }

    fn check_stop(
        &self,
        place: Place,
        side: Side,
        kind: StopOrderType,
        wanted: Option<ProtectionPrice>,
    ) -> Result<Change, Refusal> {
        let Some(wanted) = wanted else { return Ok(Change::Keep) };
        check_limit_mode(wanted, TpslMode::Full)?;
        let current = self.current_stop(place, kind);
        if wanted.price.is_zero() {
            return Ok(if current.is_some() { Change::Remove } else { Change::Keep });
        }
        let wanted = self.check_protection(place.market, side, kind, wanted, None)?;
        Ok(if current == Some(wanted) { Change::Keep } else { Change::Set(wanted, None) })
    }

    fn check_trailing(&self, place: Place, side: Side, request: &TradingStop) -> Result<Change, Refusal> {
        let Some(distance) = request.trailing_stop else { return Ok(Change::Keep) };
        let key = self.accounts[place.account].position(place).protection.trailing;
        let current = key.and_then(|key| self.orders[key].trailing.zip(self.orders[key].trigger));
        if distance.is_zero() {
            return Ok(if current.is_some() { Change::Remove } else { Change::Keep });
        }
        let distance = self.markets[place.market].price(distance)?;
        let by = TriggerBy::LastPrice;
        let activation = match request.active_price.filter(|price| !price.is_zero()) {
            // The activation price lies on the winning side, as a take-profit does.
            Some(price) => {
                let wanted = ProtectionPrice::market(price, by);
                self.check_protection(place.market, side, StopOrderType::TakeProfit, wanted, None)?
            }
            None => Protection { price: 0, by, limit: None },
        };
        let is_same = current
            .is_some_and(|(now, trigger)| now.distance == distance && trigger.price == activation.price);
        let wanted = Change::Set(activation, Some(Trailing { distance, extreme: None }));
        Ok(if is_same { Change::Keep } else { wanted })
    }

    fn change_stop(&mut self, place: Place, kind: StopOrderType, change: Change) {
        match change {
            Change::Keep => {}
            Change::Remove => self.clear_stop(place, kind),
            Change::Set(trigger, trailing) => {
                // What came with an order stays that order's, however it is edited. Source: Bybit V5, "Get Open & Closed
                // Orders", `parentOrderLinkId`.
                let before = self.accounts[place.account].position(place).protection.of(kind);
                let parent_link_id = before
                    .map_or_else(|| self.no_name.clone(), |key| self.orders[key].parent_link_id.clone());
                self.clear_stop(place, kind);
                self.make_stop(place, Wanted { kind, trigger, trailing, parent_link_id, size: None });
            }
        }
    }
}
