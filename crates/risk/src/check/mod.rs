//! The check itself: what is asked, what is known, and the order in which the questions are put.
//!
//! First whose order it is and what it would do, then whether the run state allows that, then the venue's own
//! grid and bounds. What reduces is then measured against the position alone; only what opens meets the
//! limits and the margin.

mod grid;
mod limit;
mod liquidation;
mod margin;
mod projection;
mod proposal;
mod protection;
mod quote;
mod reduce;
mod scope;
mod shrink;

use crate::approved::Seal;
use crate::{Action, Approved, Contract, DrawdownStep, Exposure, Quotes, Risk, allows};
use proposal::Proposal;
use protection::Protection;
use windvane_model::{
    BotName, ClientOrderId, Denial, DenialReason, InstrumentStatus, Intent, Mutant, Place, PositionIndex,
    PositionStatus, Price, Qty, RunState, Side, Stamp, Symbol, WallTime, mutant,
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

impl Risk {
    /// Decides one wish on what is known now. An approval counts as sent.
    ///
    /// # Errors
    /// The first reason against it, with the figures.
    pub fn check(&mut self, ask: &Ask<'_>, context: &Context<'_>) -> Result<Approved, Denial> {
        let approved = match ask.intent {
            Intent::Place(place) => self.check_place(ask, place, context),
            Intent::Amend { price, qty, .. } => self.check_amend(ask, *price, *qty, context),
            Intent::Cancel { .. } => self.check_cancel(ask),
            Intent::Protect { symbol, stop_loss, take_profit, triggers } => {
                let (symbol, triggers) = (*symbol, *triggers);
                let protection =
                    Protection { symbol, stop_loss: *stop_loss, take_profit: *take_profit, triggers };
                self.check_protect(ask, protection, context)
            }
        }
        .map_err(|reason| Denial { symbol: symbol_of(ask), reason })?;
        if matches!(ask.intent, Intent::Place(_) | Intent::Amend { .. }) {
            self.sent_short.record(context.stamp.wall);
            self.sent_long.record(context.stamp.wall);
            self.scopes.record(ask.bot, approved.symbol(), context.stamp.wall);
        }
        Ok(approved)
    }

    fn check_place(
        &self,
        ask: &Ask<'_>,
        place: &Place,
        context: &Context<'_>,
    ) -> Result<Approved, DenialReason> {
        let exposure = context.exposure;
        let contract = exposure.listed(place.symbol).ok_or(DenialReason::NotTradable)?;
        let index = self.ownership.index_of(place.symbol, ask.bot).ok_or(DenialReason::NotOwner)?;
        // In hedge mode the venue takes such an order for a close, or refuses it; either is not what was wished.
        if !place.reduce_only && index.only_side().is_some_and(|only| only != place.side) {
            return Err(DenialReason::OtherSide);
        }
        let flat;
        let held = match exposure.contract(place.symbol, index) {
            Some(held) => held,
            None => {
                flat = exposure.flat(place.symbol, index);
                &flat
            }
        };
        let proposal = Proposal::of_place(place, contract, held, context)?;
        self.check_proposal(ask, &proposal, context)
    }

    fn check_amend(
        &self,
        ask: &Ask<'_>,
        price: Option<Price>,
        qty: Option<Qty>,
        context: &Context<'_>,
    ) -> Result<Approved, DenialReason> {
        let order = own_order(ask)?;
        let exposure = context.exposure;
        let contract = exposure.listed(order.symbol).ok_or(DenialReason::NotTradable)?;
        let held = exposure.contract(order.symbol, order.position_index).ok_or(DenialReason::NoSuchOrder)?;
        let proposal = Proposal::of_amend(order, price, qty, contract, held, context)?;
        self.check_proposal(ask, &proposal, context)
    }

    fn check_cancel(&self, ask: &Ask<'_>) -> Result<Approved, DenialReason> {
        let order = own_order(ask)?;
        self.check_state(Action::Cancel)?;
        Ok(Approved::new(Seal {
            bot: ask.bot,
            intent: *ask.intent,
            action: Action::Cancel,
            symbol: order.symbol,
            position_index: order.position_index,
            reserved: None,
            takes_at_once: false,
            send_before: None,
        }))
    }

    fn check_proposal(
        &self,
        ask: &Ask<'_>,
        proposal: &Proposal<'_>,
        context: &Context<'_>,
    ) -> Result<Approved, DenialReason> {
        self.check_allowed(proposal.action, proposal.contract, context)?;
        let status = proposal.held.status;
        if proposal.action.opens() && status != PositionStatus::Normal {
            return Err(DenialReason::Undergoing { status });
        }
        grid::check(proposal)?;
        match proposal.action {
            Action::Reduce => reduce::check(proposal)?,
            Action::Open | Action::AmendUp => self.check_limits(ask.bot, proposal, context)?,
            Action::AmendDown | Action::Cancel | Action::Protect => {}
        }
        Ok(Approved::new(Seal {
            bot: ask.bot,
            intent: *ask.intent,
            action: proposal.action,
            symbol: proposal.symbol(),
            position_index: proposal.index(),
            reserved: Some(proposal.reserved()),
            takes_at_once: proposal.takes_at_once,
            send_before: self.send_before(ask.bot, proposal, context),
        }))
    }

    fn check_allowed(
        &self,
        action: Action,
        contract: &Contract,
        context: &Context<'_>,
    ) -> Result<(), DenialReason> {
        self.check_state(action)?;
        let instrument = &contract.instrument;
        if action.opens() {
            if context.symbol_in_doubt {
                return Err(DenialReason::SymbolInDoubt);
            }
            if instrument.settle_coin != self.limits.coin() || instrument.status != InstrumentStatus::Trading
            {
                return Err(DenialReason::NotTradable);
            }
        }
        if instrument.status == InstrumentStatus::Closed { Err(DenialReason::NotTradable) } else { Ok(()) }
    }

    fn check_state(&self, action: Action) -> Result<(), DenialReason> {
        let is_falling = self.drawdown_step() > DrawdownStep::Green;
        let state = match self.run_state {
            RunState::Active if is_falling => RunState::Reducing,
            state => state,
        };
        if allows(state, action) || mutant(Mutant::HaltedMayOpen) {
            Ok(())
        } else {
            Err(DenialReason::RunState { state })
        }
    }

    /// An order that opens must leave while the prices it was approved on are still fresh.
    fn send_before(&self, bot: BotName, proposal: &Proposal<'_>, context: &Context<'_>) -> Option<WallTime> {
        if !proposal.action.opens() {
            return None;
        }
        let stale = context.stamp.wall.after(self.stale_after(bot, proposal.symbol()));
        let asked = proposal.place.and_then(|place| place.send_before);
        Some(asked.map_or(stale, |asked| asked.min(stale)))
    }
}

fn own_order<'a>(ask: &Ask<'a>) -> Result<&'a OpenOrder, DenialReason> {
    ask.existing.filter(|order| order.bot == ask.bot).ok_or(DenialReason::NoSuchOrder)
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
