//! Which coins of an account count as margin. Source: Bybit V5, "Set Collateral Coin".

use super::Venue;
use crate::api::{Acknowledgement, Category, MarginMode, Refusal};
use crate::order::Place;

impl Venue {
    /// Lets a coin count as margin or not. The dollars always count, and so does what contracts settle in while there are
    /// any.
    pub(super) fn set_collateral(
        &mut self,
        account: usize,
        coin: &str,
        counts: bool,
    ) -> Result<Acknowledgement, Refusal> {
        let slot = self.coins.slot(coin).filter(|slot| !self.coins.is_dollar(*slot));
        let slot = slot.ok_or_else(|| Refusal::new(182111, "this coin cannot be switched as collateral"))?;
        if !counts && self.settles_contracts(account, slot) {
            return Err(Refusal::new(182108, "positions or orders are margined in this coin"));
        }
        let before = self.accounts[account].balances[slot].is_excluded;
        self.accounts[account].balances[slot].is_excluded = !counts;
        if !self.bears_margin(account) {
            self.accounts[account].balances[slot].is_excluded = before;
            return Err(Refusal::new(182108, "the margin does not suffice without this coin"));
        }
        self.touched.wallets.insert(account);
        self.touched.at_risk.insert(account);
        Ok(Acknowledgement::Done)
    }

    /// Whether an account has a position or an order in a contract that settles in a coin.
    fn settles_contracts(&self, account: usize, coin: usize) -> bool {
        self.accounts[account].desks.iter().any(|(market, desk)| {
            let of_market = &self.markets[market];
            !of_market.is_spot() && of_market.settle == coin && !desk.is_idle()
        })
    }

    /// An inverse contract is margined in its coin, which has to count.
    pub(super) fn check_collateral(&self, place: Place) -> Result<(), Refusal> {
        let (account, of_market) = (&self.accounts[place.account], &self.markets[place.market]);
        let needs_it =
            of_market.spec.category == Category::Inverse && account.margin_mode == MarginMode::Cross;
        if needs_it && account.balances[of_market.settle].is_excluded {
            return Err(Refusal::new(110101, "the settle coin must be switched on as collateral"));
        }
        Ok(())
    }
}
