//! The margin of the account as a whole, in the settle coin.
//!
//! The exchange counts the account in USD; with one settle coin at a collateral ratio of 1 the two differ only
//! by that coin's index, which cancels out of every comparison.

use super::{ContractTerms, order_loss};
use crate::{ContractExposure, Contracts, Exposure, Quotes};
use rust_decimal::Decimal;
use windvane_model::{Money, Price, Rate};

/// The account's margin, worst case of open orders included. Source: Bybit help centre, UTA glossary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AccountMargin {
    /// Wallet balance, settle coin.
    pub wallet_balance: Decimal,
    /// Unrealised profit of all positions by mark, settle coin.
    pub unrealised_pnl: Decimal,
    /// Initial margin of all positions, settle coin.
    pub position_margin: Decimal,
    /// Initial margin of all open orders, settle coin.
    pub order_margin: Decimal,
    /// Maintenance margin of all positions, settle coin.
    pub maintenance_margin: Decimal,
}

/// The price that a contract is valued at: the mark, however old; before there is one the entry price, or the
/// dearest order's. `None` when there is nothing to value.
pub(crate) fn valuation_price(exposure: &ContractExposure, quotes: &Quotes) -> Option<Price> {
    let dearest_order = || exposure.buys.highest_opening_price().max(exposure.sells.highest_opening_price());
    quotes.get(exposure.position.symbol).mark.or(exposure.position.average_price).or_else(dearest_order)
}

impl AccountMargin {
    /// Adds up every contract.
    #[must_use]
    pub fn of(exposure: &Exposure, quotes: &Quotes, contracts: &Contracts) -> Self {
        let wallet_balance = exposure.wallet_balance().get();
        let mut account = Self { wallet_balance, ..Self::default() };
        for contract in exposure.contracts() {
            if let Some(mark) = valuation_price(contract, quotes) {
                account.add(contract, mark, contracts);
            }
        }
        account
    }

    fn add(&mut self, exposure: &ContractExposure, mark: Price, contracts: &Contracts) {
        let symbol = exposure.position.symbol;
        let terms = ContractTerms { exposure, mark, taker_fee: contracts.taker_fee(symbol) };
        self.order_margin = self.order_margin.saturating_add(terms.order_margin(None));
        let Some(position) = terms.position() else { return };
        let initial = position.initial_margin();
        // Without its tiers, the initial margin is the bound that is known.
        let maintenance = contracts
            .get(symbol)
            .map_or(initial, |contract| position.maintenance_margin(&contract.instrument.tiers));
        self.position_margin = self.position_margin.saturating_add(initial);
        self.maintenance_margin = self.maintenance_margin.saturating_add(maintenance);
        self.unrealised_pnl = self.unrealised_pnl.saturating_add(position.unrealised_pnl());
    }

    /// Wallet balance + unrealised profit, settle coin. With one settle coin and no borrowing it is the equity.
    #[must_use]
    pub fn margin_balance(&self) -> Decimal {
        self.wallet_balance.saturating_add(self.unrealised_pnl)
    }

    /// The same as money.
    #[must_use]
    pub fn equity(&self) -> Money {
        Money::new(self.margin_balance())
    }

    /// Initial margin of positions and orders, settle coin.
    #[must_use]
    pub fn initial_margin(&self) -> Decimal {
        self.position_margin.saturating_add(self.order_margin)
    }

    /// Margin balance − initial margin, settle coin; negative when overdrawn.
    #[must_use]
    pub fn available(&self) -> Decimal {
        self.margin_balance().saturating_sub(self.initial_margin())
    }

    /// Initial margin / (margin balance + order loss), a fraction; at 1 nothing more may be opened. `None` when
    /// nothing is left to divide by. `order_loss` is never positive ([`account_order_loss`]).
    ///
    /// The venue shows it cut off after four places.
    #[must_use]
    pub fn initial_margin_rate(&self, order_loss: Decimal) -> Option<Rate> {
        self.rate(self.initial_margin(), order_loss)
    }

    /// Maintenance margin / (margin balance + order loss), a fraction; at 1 the account is liquidated. `None` when
    /// nothing is left to divide by.
    #[must_use]
    pub fn maintenance_margin_rate(&self, order_loss: Decimal) -> Option<Rate> {
        self.rate(self.maintenance_margin, order_loss)
    }

    fn rate(&self, margin: Decimal, order_loss: Decimal) -> Option<Rate> {
        let base = self.margin_balance().saturating_add(order_loss);
        if base <= Decimal::ZERO {
            return None;
        }
        margin.checked_div(base).map(Rate::new)
    }
}

/// Σ of [`order_loss`] over all open orders that may open, settle coin; never positive. Looks at every order, so
/// it is for reports, not for the check.
#[must_use]
pub fn account_order_loss(exposure: &Exposure, quotes: &Quotes) -> Decimal {
    exposure
        .orders()
        .filter(|order| !order.reduce_only)
        .filter_map(|order| {
            let mark = quotes.get(order.symbol).mark?;
            Some(order_loss(order.side, order.leaves_qty, order.price, mark))
        })
        .fold(Decimal::ZERO, Decimal::saturating_add)
}
