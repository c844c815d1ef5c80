//! Switches of an account: one-way or hedged, cross or isolated, prices moved or refused.

use rust_decimal::Decimal;

use super::Venue;
use crate::api::{Acknowledgement, Category, MarginMode, PositionMode, PriceLimit, Refusal, SwitchMode};

/// Coin whose perpetuals offer hedge mode. Source: Bybit V5, "Switch Position Mode".
const HEDGE_COIN: &str = "USDT";

impl Venue {
    pub(super) fn switch_mode(
        &mut self,
        account: usize,
        request: &SwitchMode,
    ) -> Result<Acknowledgement, Refusal> {
        match (&request.symbol, &request.coin) {
            (Some(symbol), _) => {
                let market = self.market_slot(Category::Linear, symbol)?;
                self.check_switch(account, market, request.mode)?;
                self.accounts[account].desks[market].holdings.mode = request.mode;
            }
            (None, Some(coin)) => {
                if coin != HEDGE_COIN {
                    return Err(Refusal::new(110029, "hedge mode is offered for USDT perpetuals only"));
                }
                // What has a position or an order stays as it is.
                for market in 0..self.markets.len() {
                    if self.check_switch(account, market, request.mode).is_ok() {
                        self.accounts[account].desks[market].holdings.mode = request.mode;
                    }
                }
            }
            (None, None) => return Err(Refusal::new(10001, "symbol or coin is required")),
        }
        Ok(Acknowledgement::Done)
    }

    fn check_switch(&self, account: usize, market: usize, mode: PositionMode) -> Result<(), Refusal> {
        let (of_account, spec) = (&self.accounts[account], &self.markets[market].spec);
        let desk = &of_account.desks[market];
        let holdings = &desk.holdings;
        if spec.category != Category::Linear || spec.quote_coin != HEDGE_COIN {
            return Err(Refusal::new(110029, "hedge mode is offered for USDT perpetuals only"));
        }
        if holdings.mode == mode {
            return Err(Refusal::new(110025, "Position mode is not modified"));
        }
        if !holdings.is_flat() {
            return Err(Refusal::new(110024, "an open position keeps its mode"));
        }
        if !desk.resting().is_empty() || !desk.waiting.is_empty() {
            return Err(Refusal::new(110028, "open orders keep their mode"));
        }
        Ok(())
    }

    /// Switches the whole account, if its balances bear the margin that its positions and orders then hold.
    pub(super) fn set_margin_mode(
        &mut self,
        account: usize,
        mode: MarginMode,
    ) -> Result<Acknowledgement, Refusal> {
        let before = self.accounts[account].margin_mode;
        if before == mode {
            return Err(Refusal::new(110026, "margin mode is not modified"));
        }
        self.accounts[account].margin_mode = mode;
        if !self.bears_margin(account) {
            self.accounts[account].margin_mode = before;
            return Err(Refusal::new(3400045, "set margin mode failed: the balances do not bear it"));
        }
        for place in self.open_places(account) {
            self.accounts[account].position_mut(place).extra_margin = Decimal::ZERO;
            self.touch(place);
        }
        self.touched.wallets.insert(account);
        self.touched.at_risk.insert(account);
        Ok(Acknowledgement::Done)
    }

    pub(super) fn bears_margin(&self, account: usize) -> bool {
        let (account, context) = (&self.accounts[account], self.context());
        let margin = account.margin(context);
        match account.margin_mode {
            MarginMode::Cross => margin.initial_margin().is_zero() || margin.available() >= Decimal::ZERO,
            MarginMode::Isolated => margin.coins.iter().zip(&account.balances).all(|(coin, balance)| {
                coin.position_im + coin.order_im == Decimal::ZERO
                    || coin.free_of(balance.wallet) >= Decimal::ZERO
            }),
        }
    }

    pub(super) fn set_limit_price_action(
        &mut self,
        account: usize,
        category: Category,
        modify: bool,
    ) -> Acknowledgement {
        let choice = Some(if modify { PriceLimit::Move } else { PriceLimit::Refuse });
        let of_account = &mut self.accounts[account].price_limit;
        match category {
            Category::Linear | Category::Inverse => of_account.contracts = choice,
            Category::Spot => of_account.spot = choice,
        }
        Acknowledgement::Done
    }
}
