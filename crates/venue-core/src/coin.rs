//! The coins of a venue: their price in USD and how much of a balance counts as margin.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;

use crate::api::{Category, Coin, CoinSetup, CollateralTier, Instrument};
use crate::market::Market;
use crate::units::decimal;

/// Coins that are taken at one USD.
const DOLLARS: [&str; 3] = ["USDT", "USDC", "USD"];

/// All coins that instruments, balances or collateral tables name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Coins {
    table: Vec<CoinSpec>,
    slots: BTreeMap<Coin, usize>,
}

#[derive(Clone, Debug)]
struct CoinSpec {
    name: Coin,
    is_dollar: bool,
    collateral: Vec<CollateralTier>,
    /// Markets that price it in dollars, the first one with a price counts: spot, then linear, then inverse.
    priced_by: Vec<usize>,
}

impl Coins {
    /// Slot of a coin, which is entered if it is new.
    pub(crate) fn enter(&mut self, name: &str) -> usize {
        if let Some(slot) = self.slots.get(name) {
            return *slot;
        }
        let name: Coin = Arc::from(name);
        let is_dollar = DOLLARS.contains(&&*name);
        self.slots.insert(name.clone(), self.table.len());
        self.table.push(CoinSpec { name, is_dollar, collateral: Vec::new(), priced_by: Vec::new() });
        self.table.len() - 1
    }

    pub(crate) fn slot(&self, name: &str) -> Option<usize> {
        self.slots.get(name).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    pub(crate) fn name(&self, slot: usize) -> &Coin {
        &self.table[slot].name
    }

    pub(crate) fn set_collateral(&mut self, setup: CoinSetup) {
        let slot = self.enter(&setup.coin);
        self.table[slot].collateral = setup.collateral;
    }

    /// Whether a coin is taken at one USD.
    pub(crate) fn is_dollar(&self, slot: usize) -> bool {
        self.table[slot].is_dollar
    }

    /// Whether all of a balance counts as margin.
    pub(crate) fn counts_in_full(&self, slot: usize) -> bool {
        self.table[slot].collateral.is_empty()
    }

    /// Notes which markets price which coins.
    pub(crate) fn price_by<'a>(&mut self, instruments: impl Iterator<Item = &'a Instrument> + Clone) {
        for category in [Category::Spot, Category::Linear, Category::Inverse] {
            for (market, instrument) in instruments.clone().enumerate() {
                if instrument.category == category && DOLLARS.contains(&&*instrument.quote_coin) {
                    let base = self.enter(&instrument.base_coin);
                    self.table[base].priced_by.push(market);
                }
            }
        }
    }

    /// Price in USD; zero while nothing prices the coin.
    pub(crate) fn usd_price(&self, slot: usize, markets: &[Market]) -> Decimal {
        let coin = &self.table[slot];
        if coin.is_dollar {
            return Decimal::ONE;
        }
        let mut prices = coin.priced_by.iter().filter_map(|market| markets[*market].coin_price());
        prices.next().map_or(Decimal::ZERO, decimal)
    }

    /// How much of a balance counts as margin; debts count in full.
    pub(crate) fn collateral_of(&self, slot: usize, balance: Decimal) -> Decimal {
        let tiers = &self.table[slot].collateral;
        if balance <= Decimal::ZERO || tiers.is_empty() {
            return balance;
        }
        let (mut counted, mut from) = (Decimal::ZERO, Decimal::ZERO);
        for tier in tiers {
            let end = tier.up_to.unwrap_or(balance).min(balance);
            if end > from {
                counted += (end - from) * tier.ratio;
                from = end;
            }
        }
        counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collateral_counts_by_steps_and_debts_in_full() {
        let tier = |up_to: Option<i64>, percent: i64| CollateralTier {
            up_to: up_to.map(Decimal::from),
            ratio: Decimal::new(percent, 2),
        };
        let mut coins = Coins::default();
        let collateral = vec![tier(Some(10), 98), tier(Some(20), 95), tier(None, 0)];
        coins.set_collateral(CoinSetup { coin: "BTC".to_owned(), collateral });
        let btc = coins.slot("BTC").unwrap();
        for (balance, counted) in [(15, "14.55"), (5, "4.9"), (100, "19.3"), (-3, "-3"), (0, "0")] {
            assert_eq!(coins.collateral_of(btc, Decimal::from(balance)), counted.parse().unwrap());
        }
    }
}
