//! The check itself: what is asked, what is known, and the order in which the questions are put.

use crate::Action;
use crate::approved::Seal;
use crate::{Approved, Contracts, Exposure, Ownership, Quotes, RiskLimits, allows};
use windvane_model::{
    BotName, ClientOrderId, Denial, DenialReason, Intent, PositionIndex, Price, Qty, Reference, RunState,
    Side, Stamp, Symbol,
};

/// One wish and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The bot.
    pub bot: BotName,
    /// What it wants.
    pub intent: &'a Intent,
    /// The open order that an amend or a cancel names; `None` when there is none.
    pub existing: Option<&'a OpenOrder>,
}

/// An open order, as far as an amend or a cancel of it must be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenOrder {
    /// The order.
    pub client_order_id: ClientOrderId,
    /// Whose it is.
    pub bot: BotName,
    /// The contract.
    pub symbol: Symbol,
    /// Which position it works on.
    pub position_index: PositionIndex,
    /// Direction.
    pub side: Side,
    /// Limit price; `None` for a market order, which cannot be amended.
    pub price: Option<Price>,
    /// Whole quantity, base coin.
    pub qty: Qty,
    /// What has filled of it, base coin.
    pub filled_qty: Qty,
    /// Whether it may only reduce.
    pub reduce_only: bool,
}

/// What is known at the moment of the check.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// What is held and asked for, in the worst case.
    pub exposure: &'a Exposure,
    /// The prices.
    pub quotes: &'a Quotes,
    /// The moment.
    pub stamp: Stamp,
    /// Whether the contract that is asked about is being reconciled: nothing opens in it meanwhile.
    pub symbol_in_doubt: bool,
}

/// The only way from a wish to an order.
#[derive(Debug, Clone)]
pub struct Risk {
    limits: RiskLimits,
    ownership: Ownership,
    contracts: Contracts,
    run_state: RunState,
}

impl Risk {
    /// Starts with nothing known of the contracts, and nothing allowed that opens until the engine says so.
    #[must_use]
    pub fn new(limits: RiskLimits, ownership: Ownership) -> Self {
        Self { limits, ownership, contracts: Contracts::default(), run_state: RunState::Reducing }
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

    /// Decides one wish on what is known now. An approval counts as sent.
    ///
    /// # Errors
    /// The first reason against it, with the figures.
    pub fn check(&mut self, ask: &Ask<'_>, context: &Context<'_>) -> Result<Approved, Denial> {
        match *ask.intent {
            Intent::Cancel { .. } => self.check_cancel(ask),
            Intent::Place(place) => {
                let index = PositionIndex::default();
                let is_owner = self.ownership.owner(place.symbol, index) == Some(ask.bot);
                let is_known = self.contracts.get(place.symbol).is_some() && !context.symbol_in_doubt;
                let reason = match (is_owner, is_known) {
                    (false, _) => DenialReason::NotOwner,
                    (true, true) => DenialReason::StaleData,
                    (true, false) => DenialReason::NotTradable,
                };
                Err(Denial { symbol: place.symbol, reason })
            }
            Intent::Amend { .. } | Intent::Protect { .. } => {
                Err(Denial { symbol: symbol_of(ask), reason: DenialReason::NotTradable })
            }
        }
    }

    fn check_cancel(&self, ask: &Ask<'_>) -> Result<Approved, Denial> {
        let deny = |reason| Denial { symbol: symbol_of(ask), reason };
        let order =
            ask.existing.filter(|order| order.bot == ask.bot).ok_or(deny(DenialReason::NoSuchOrder))?;
        if !allows(self.run_state, Action::Cancel) {
            return Err(deny(DenialReason::RunState { state: self.run_state }));
        }
        Ok(Approved::new(Seal {
            bot: ask.bot,
            intent: *ask.intent,
            action: Action::Cancel,
            symbol: order.symbol,
            position_index: order.position_index,
            reserved: None,
            send_before: None,
        }))
    }
}

/// The contract that a wish is about. A wish about an order that does not exist names none: the dash stands
/// for it in the denial.
fn symbol_of(ask: &Ask<'_>) -> Symbol {
    match (ask.intent, ask.existing) {
        (Intent::Place(place), _) => place.symbol,
        (Intent::Protect { symbol, .. }, _) => *symbol,
        (Intent::Amend { .. } | Intent::Cancel { .. }, Some(order)) => order.symbol,
        (Intent::Amend { .. } | Intent::Cancel { .. }, None) => {
            Symbol::new("-").expect("a dash is printable and short")
        }
    }
}
