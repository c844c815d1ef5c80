//! The check itself: what is asked, what is known, and the order in which the questions are put.
//!
//! First whose order it is and what it would do, then whether the run state allows that, then the venue's own
//! grid and bounds. What reduces is then measured against the position alone; only what opens meets the
//! limits and the margin.

mod grid;
mod limit;
mod margin;
mod protection;
mod reduce;

use crate::approved::{Reserved, Seal};
use crate::margin::{Candidate, valuation_price};
use crate::{Action, Approved, Contract, ContractExposure, Exposure, Quotes, Risk, allows};
use windvane_model::{
    BotName, ClientOrderId, Denial, DenialReason, InstrumentStatus, Intent, OrderKind, Place, PositionIndex,
    Price, Qty, Side, Stamp, Symbol, WallTime,
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

/// A new or amended order in the form that every question is put to.
struct Proposal<'a> {
    action: Action,
    contract: &'a Contract,
    index: PositionIndex,
    side: Side,
    /// Whole quantity, filled part included.
    qty: Qty,
    /// `None` for a market order.
    limit_price: Option<Price>,
    takes_at_once: bool,
    reduce_only: bool,
    /// What it adds to the exposure, and in place of which row.
    candidate: Candidate,
    /// The wish it came from, when it is a new order.
    place: Option<&'a Place>,
}

impl Proposal<'_> {
    fn symbol(&self) -> Symbol {
        self.contract.instrument.symbol
    }

    fn reserved(&self) -> Reserved {
        Reserved {
            side: self.side,
            leaves_qty: self.candidate.qty,
            price: self.candidate.price,
            reduce_only: self.reduce_only,
        }
    }
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
            Intent::Protect { symbol, stop_loss, take_profit } => {
                self.check_protect(ask, *symbol, *stop_loss, *take_profit, context)
            }
        }
        .map_err(|reason| Denial { symbol: symbol_of(ask), reason })?;
        if approved.worst_price().is_some() {
            self.sent_short.record(context.stamp.wall);
            self.sent_long.record(context.stamp.wall);
        }
        Ok(approved)
    }

    fn check_place(
        &self,
        ask: &Ask<'_>,
        place: &Place,
        context: &Context<'_>,
    ) -> Result<Approved, DenialReason> {
        let contract = self.contracts.get(place.symbol).ok_or(DenialReason::NotTradable)?;
        let index = PositionIndex::default();
        if self.ownership.owner(place.symbol, index) != Some(ask.bot) {
            return Err(DenialReason::NotOwner);
        }
        let action = if place.reduce_only { Action::Reduce } else { Action::Open };
        self.check_allowed(action, contract, context)?;
        let price = worst_price(place, contract, index, context).ok_or(DenialReason::StaleData)?;
        let proposal = Proposal {
            action,
            contract,
            index,
            side: place.side,
            qty: place.qty,
            limit_price: place.kind.limit_price(),
            takes_at_once: takes_at_once(&place.kind),
            reduce_only: place.reduce_only,
            candidate: Candidate { side: place.side, qty: place.qty, price, replaces: None },
            place: Some(place),
        };
        self.check_figures(&proposal, context)?;
        Ok(self.seal(ask, &proposal, self.send_before(&proposal, context)))
    }

    fn check_amend(
        &self,
        ask: &Ask<'_>,
        price: Option<Price>,
        qty: Option<Qty>,
        context: &Context<'_>,
    ) -> Result<Approved, DenialReason> {
        let order = own_order(ask)?;
        let contract = self.contracts.get(order.symbol).ok_or(DenialReason::NotTradable)?;
        let old_price = order.price.ok_or(DenialReason::NotAmendable)?;
        let (new_price, new_qty) = (price.unwrap_or(old_price), qty.unwrap_or(order.qty));
        if (price.is_none() && qty.is_none()) || new_qty <= order.filled_qty {
            return Err(DenialReason::NotAmendable);
        }
        let action = amend_action(order, old_price, new_price, new_qty);
        self.check_allowed(action, contract, context)?;
        // Until the amend is answered either version may fill, so both are counted by their larger side.
        let replaces = context.exposure.order(order.client_order_id).copied();
        let old_leaves = replaces.map_or(order.qty.less(order.filled_qty), |row| row.leaves_qty);
        let candidate = Candidate {
            side: order.side,
            qty: new_qty.less(order.filled_qty).max(old_leaves),
            price: replaces.map_or(old_price, |row| row.price).max(new_price),
            replaces,
        };
        let proposal = Proposal {
            action,
            contract,
            index: order.position_index,
            side: order.side,
            qty: new_qty,
            limit_price: Some(new_price),
            takes_at_once: false,
            reduce_only: order.reduce_only,
            candidate,
            place: None,
        };
        self.check_figures(&proposal, context)?;
        Ok(self.seal(ask, &proposal, None))
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

    /// The questions about an order's figures, by what it would do.
    fn check_figures(&self, proposal: &Proposal<'_>, context: &Context<'_>) -> Result<(), DenialReason> {
        grid::check(proposal)?;
        match proposal.action {
            Action::Reduce => reduce::check(proposal, context),
            Action::Open | Action::AmendUp => {
                self.check_limits(proposal, context)?;
                self.check_margin(proposal, context)
            }
            Action::AmendDown | Action::Cancel | Action::Protect => Ok(()),
        }
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
        if allows(self.run_state, action) {
            Ok(())
        } else {
            Err(DenialReason::RunState { state: self.run_state })
        }
    }

    /// An order that opens must leave while the prices it was approved on are still fresh.
    fn send_before(&self, proposal: &Proposal<'_>, context: &Context<'_>) -> Option<WallTime> {
        if !proposal.action.opens() {
            return None;
        }
        let stale = context.stamp.wall.after(self.limits.stale_after.millis());
        let asked = proposal.place.and_then(|place| place.send_before);
        Some(asked.map_or(stale, |asked| asked.min(stale)))
    }

    fn seal(&self, ask: &Ask<'_>, proposal: &Proposal<'_>, send_before: Option<WallTime>) -> Approved {
        Approved::new(Seal {
            bot: ask.bot,
            intent: *ask.intent,
            action: proposal.action,
            symbol: proposal.symbol(),
            position_index: proposal.index,
            reserved: Some(proposal.reserved()),
            takes_at_once: proposal.takes_at_once,
            send_before,
        })
    }
}

/// What an amend does. A lower price of a sell is nearer to a fill and a higher one is worth more, so for a sell
/// only the same price is plainly safer.
fn amend_action(order: &OpenOrder, old_price: Price, new_price: Price, new_qty: Qty) -> Action {
    let is_safer_price = match order.side {
        Side::Buy => new_price <= old_price,
        Side::Sell => new_price == old_price,
    };
    if order.reduce_only {
        Action::Reduce
    } else if new_qty <= order.qty && is_safer_price {
        Action::AmendDown
    } else {
        Action::AmendUp
    }
}

fn takes_at_once(kind: &OrderKind) -> bool {
    use windvane_model::TimeInForce::{Fok, Ioc};
    match kind {
        OrderKind::Market { .. } => true,
        OrderKind::Limit { time_in_force, .. } => matches!(time_in_force, Ioc | Fok),
    }
}

/// The price that margin counts for a new order: its limit, or for a market order the dearest fill. `None`
/// without a price to go by.
///
/// What the exchange charges a market order on is not published. A buy is counted at the inner price limit,
/// mark × (1 + X), or the ask when that is higher; a sell, which can only fill lower, at the mark or the bid.
fn worst_price(
    place: &Place,
    contract: &Contract,
    index: PositionIndex,
    context: &Context<'_>,
) -> Option<Price> {
    if let Some(limit) = place.kind.limit_price() {
        return Some(limit);
    }
    let quote = context.quotes.get(place.symbol);
    let held = || valuation_price(context.exposure.contract(place.symbol, index)?, context.quotes);
    let mark = quote.mark.or_else(held)?;
    match place.side {
        Side::Sell => Some(quote.bid.map_or(mark, |bid| bid.max(mark))),
        Side::Buy => {
            let inner = contract.instrument.price_limit_ratio_x.get().checked_add(1.into())?;
            let bound = contract.instrument.round_up_to_tick(mark.get().checked_mul(inner)?)?;
            Some(quote.ask.map_or(bound, |ask| ask.max(bound)))
        }
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

/// Runs `look` on the position with what works on it, flat when nothing is known of it.
fn with_contract<T>(
    proposal: &Proposal<'_>,
    context: &Context<'_>,
    look: impl FnOnce(&ContractExposure) -> T,
) -> T {
    match context.exposure.contract(proposal.symbol(), proposal.index) {
        Some(contract) => look(contract),
        None => look(&ContractExposure::flat(proposal.symbol(), proposal.index)),
    }
}
