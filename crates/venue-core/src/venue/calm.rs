//! How far a price may move before anything happens to anybody: whoever makes up a path of prices need not walk it tick by
//! tick where nobody waits.

use rust_decimal::Decimal;

use super::Venue;
use crate::api::{Calm, Category, MarginMode, Side, TriggerDirection};
use crate::units::decimal;

impl Venue {
    /// The prices around the present one between which nothing happens, if last, mark and index price all move there
    /// together and the outside book with them: no order here fills or fires, and no account is liquidated. `None` where
    /// every price may be one too many (a trailing stop, isolated margin, a debt), or none is known.
    ///
    /// It holds until the next input that is not such a move. Of liquidation it is a careful bound and no prediction:
    /// every other open position may move against its owner as much meanwhile.
    #[must_use]
    pub fn calm(&self, category: Category, symbol: &str) -> Option<Calm> {
        let slot = self.slot_of(category, symbol).filter(|_| category == Category::Linear)?;
        let market = &self.markets[slot];
        let (now, mut below, mut above) = (market.valuation_price()?, 0, i64::MAX);
        if !market.watch.trailing.is_empty() {
            return None;
        }
        for desk in self.accounts.iter().map(|account| &account.desks[slot]) {
            for trigger in desk.waiting.iter().filter_map(|key| self.orders[key].trigger) {
                match trigger.direction {
                    TriggerDirection::Fall => below = below.max(trigger.price),
                    TriggerDirection::Rise => above = above.min(trigger.price),
                }
            }
            for key in desk.resting().iter() {
                let order = &self.orders[key];
                match order.side {
                    Side::Buy => below = below.max(order.price),
                    Side::Sell => above = above.min(order.price),
                }
            }
        }
        for &(account, _) in &market.holders {
            let reach = self.solvent_for(account, slot)?;
            below = below.max(now.saturating_sub(reach));
            above = above.min(now.saturating_add(reach));
        }
        Some(Calm { below: decimal(below), above: (above < i64::MAX).then(|| decimal(above)) })
    }

    /// How far the price of a market may surely move against an account before it is liquidated, in units.
    fn solvent_for(&self, account: usize, market: usize) -> Option<i64> {
        let held = &self.accounts[account];
        if held.margin_mode != MarginMode::Cross || self.stuck.contains(account) {
            return None;
        }
        let margin = held.margin(self.context());
        let slack = margin.base() - margin.maintenance_margin();
        let open = self.open_places(account);
        let here = open.iter().filter(|place| place.market == market);
        let size: i64 = here.map(|place| held.position(*place).size.abs()).sum();
        // A move costs its size in loss and, as maintenance margin is no more than all of a value, at most as much again
        // in margin; the positions in other markets get as much of the slack each, and half of it is left over.
        let shares = Decimal::from(4 * open.len().max(1));
        let reach = slack.checked_div(shares.checked_mul(decimal(size))?)?;
        (reach > Decimal::ZERO).then(|| crate::units::round_down(reach, 1))
    }
}
