//! `set-leverage`: per symbol, and in hedge mode with isolated margin per side.

use rust_decimal::Decimal;

use super::Venue;
use crate::api::{Acknowledgement, MarginMode, PositionIdx, PositionMode, Refusal, SetLeverage};
use crate::market::Market;
use crate::order::Place;

impl Venue {
    pub(super) fn set_leverage(
        &mut self,
        account: usize,
        request: &SetLeverage,
    ) -> Result<Acknowledgement, Refusal> {
        let market = self.contract_slot(request.category, &request.symbol)?;
        let of_account = &self.accounts[account];
        let holdings = &of_account.desks[market].holdings;
        let (buy, sell) = (request.buy_leverage, request.sell_leverage);
        let may_differ =
            holdings.mode == PositionMode::Hedge && of_account.margin_mode == MarginMode::Isolated;
        if buy != sell && !may_differ {
            return Err(Refusal::new(10001, format!("leverage invalid: {buy} and {sell} must be equal")));
        }
        check_grid(&self.markets[market], buy)?;
        check_grid(&self.markets[market], sell)?;
        let wanted = [(PositionIdx::OneWay, buy), (PositionIdx::Long, buy), (PositionIdx::Short, sell)];
        let before = wanted.map(|(idx, _)| (idx, holdings.get(idx).leverage));
        let of_mode = |(idx, _): &&(PositionIdx, Decimal)| holdings.mode.positions().contains(idx);
        if wanted.iter().filter(of_mode).eq(before.iter().filter(of_mode)) {
            return Err(Refusal::new(110043, "leverage not modified"));
        }
        let risk_value = of_account.risk_value(market, self.context(), None);
        if buy.max(sell) > self.markets[market].tiers.at(risk_value).max_leverage {
            return Err(Refusal::new(110013, "leverage not allowed at this risk tier"));
        }
        // A change that takes nothing, as of a contract that is flat and without orders, is refused to nobody.
        let place = Place { account, market, position_idx: PositionIdx::OneWay };
        let had = self.free_margin(place);
        self.put_leverage(account, market, wanted);
        let has = self.free_margin(place);
        if has < had && has < Decimal::ZERO {
            self.put_leverage(account, market, before);
            return Err(Refusal::new(110044, "available margin is insufficient"));
        }
        // An edit keeps the sequence of the last trade; by its moment a reader tells the row of before from that of after.
        for idx in self.accounts[account].desks[market].holdings.mode.positions() {
            self.accounts[account].desks[market].holdings.get_mut(*idx).updated_ms = self.now_ms;
            self.touch(Place { account, market, position_idx: *idx });
        }
        Ok(Acknowledgement::Done)
    }

    fn put_leverage(&mut self, account: usize, market: usize, leverage: [(PositionIdx, Decimal); 3]) {
        for (idx, leverage) in leverage {
            self.accounts[account].desks[market].holdings.get_mut(idx).leverage = leverage;
        }
    }
}

fn check_grid(market: &Market, leverage: Decimal) -> Result<(), Refusal> {
    let spec = &market.spec;
    let in_range = leverage >= Decimal::ONE && leverage <= spec.max_leverage;
    let on_step = spec.leverage_step.is_zero() || (leverage % spec.leverage_step).is_zero();
    if in_range && on_step {
        Ok(())
    } else {
        Err(Refusal::new(10001, format!("leverage invalid: {leverage}")))
    }
}
