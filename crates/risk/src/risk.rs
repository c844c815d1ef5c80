//! The state that the check decides with: limits, owners, contracts, run state, send times, the day.

use crate::day::DayLoss;
use crate::margin::{AccountMargin, ContractTerms, valuation_price};
use crate::rate::SendTimes;
use crate::{ContractExposure, Contracts, Exposure, Ownership, Quotes, RiskLimits, TradingDay};
use windvane_model::{HaltCause, Money, PositionIndex, Price, Qty, Reference, RunState, Side, Stamp, Symbol};

/// The only way from a wish to an order.
#[derive(Debug, Clone)]
pub struct Risk {
    pub(crate) limits: RiskLimits,
    pub(crate) ownership: Ownership,
    pub(crate) contracts: Contracts,
    pub(crate) run_state: RunState,
    pub(crate) sent_short: SendTimes,
    pub(crate) sent_long: SendTimes,
    pub(crate) day: DayLoss,
}

impl Risk {
    /// Starts with nothing known of the contracts, and with nothing allowed that opens until the engine says so.
    ///
    /// The limits should have no [`RiskLimits::problems`]; the loader reports them all before it comes here.
    #[must_use]
    pub fn new(limits: RiskLimits, ownership: Ownership) -> Self {
        Self {
            limits,
            ownership,
            contracts: Contracts::default(),
            run_state: RunState::Reducing,
            sent_short: SendTimes::new(limits.max_order_rate_short),
            sent_long: SendTimes::new(limits.max_order_rate_long),
            day: DayLoss::default(),
        }
    }

    /// Takes what the venue says of the contracts and the account's fees.
    pub fn set_reference(&mut self, reference: &Reference) {
        self.contracts.apply(reference);
    }

    /// Takes the run state that holds from now on.
    pub const fn set_run_state(&mut self, state: RunState) {
        self.run_state = state;
    }

    /// The run state that holds now.
    #[must_use]
    pub const fn run_state(&self) -> RunState {
        self.run_state
    }

    /// The limits in force.
    #[must_use]
    pub const fn limits(&self) -> &RiskLimits {
        &self.limits
    }

    /// Whose position is whose.
    #[must_use]
    pub const fn ownership(&self) -> &Ownership {
        &self.ownership
    }

    /// The contracts known so far.
    #[must_use]
    pub const fn contracts(&self) -> &Contracts {
        &self.contracts
    }

    /// The account's margin at this moment, in the worst case of its open orders.
    #[must_use]
    pub fn account(&self, exposure: &Exposure, quotes: &Quotes) -> AccountMargin {
        AccountMargin::of(exposure, quotes, &self.contracts)
    }

    /// Where a position would be liquidated, were every other contract to stand still; an estimate. `None` when
    /// flat, when the mark or the contract is unknown, or when no price does it.
    #[must_use]
    pub fn liquidation_price(
        &self,
        symbol: Symbol,
        index: PositionIndex,
        exposure: &Exposure,
        quotes: &Quotes,
    ) -> Option<Price> {
        let account = self.account(exposure, quotes);
        let held = exposure.contract(symbol, index)?;
        let mark = quotes.get(symbol).mark?;
        let position = self.terms(held, mark).position()?;
        let tiers = &self.contracts.get(symbol)?.instrument.tiers;
        position.liquidation_price(tiers, account.margin_balance(), account.maintenance_margin)
    }

    /// The largest order that the account's margin covers now, base coin, on the lot grid; limits apart. Zero
    /// for a contract that is unknown.
    #[must_use]
    pub fn max_affordable_qty(
        &self,
        symbol: Symbol,
        side: Side,
        price: Price,
        exposure: &Exposure,
        quotes: &Quotes,
    ) -> Qty {
        let Some(contract) = self.contracts.get(symbol) else { return Qty::ZERO };
        let index = PositionIndex::default();
        let flat = ContractExposure::flat(symbol, index);
        let held = exposure.contract(symbol, index).unwrap_or(&flat);
        let mark = valuation_price(held, quotes).unwrap_or(price);
        let available = self.account(exposure, quotes).available();
        self.terms(held, mark).max_affordable_qty(&contract.instrument, side, price, available)
    }

    /// Takes the account's equity by mark; the day is the market clock's. Returns the cause to halt for when the
    /// loss of the day has reached its limit.
    pub fn observe_equity(&mut self, equity: Money, stamp: Stamp) -> Option<HaltCause> {
        self.day.observe(equity, stamp.market);
        (self.day.loss() >= self.limits.max_loss_per_day.value).then_some(HaltCause::DayLoss)
    }

    /// The day that the loss is counted from, to be kept over a restart.
    #[must_use]
    pub const fn trading_day(&self) -> Option<TradingDay> {
        self.day.day()
    }

    /// Takes back the day that an earlier start of the engine kept.
    pub fn restore_trading_day(&mut self, day: TradingDay) {
        self.day.restore(day);
    }

    pub(crate) fn terms<'a>(&self, exposure: &'a ContractExposure, mark: Price) -> ContractTerms<'a> {
        ContractTerms { exposure, mark, taker_fee: self.contracts.taker_fee(exposure.position.symbol) }
    }
}
