//! Whether the account can hold the order: the refusal that the venue would give, given before.

use super::Context;
use super::proposal::Proposal;
use rust_decimal::Decimal;
use windvane_model::{DenialReason, Money};

/// Compares what the order would reserve with what is there. An order that reserves nothing more (it closes, or the
/// other side is dearer) passes even on an overdrawn account, as it does at the venue.
///
/// That it reserves nothing more must hold by every reading of the rule, so it is measured from the least that the
/// orders may hold now. By ours, which is the most, an order can seem free that the venue charges for.
pub(super) fn check(proposal: &Proposal<'_>, context: &Context<'_>) -> Result<(), DenialReason> {
    let held = proposal.held;
    let terms = held.terms(held.valuation_price().unwrap_or(proposal.candidate.price));
    let after = terms.order_margin(Some(&proposal.candidate));
    let needed = after.saturating_sub(held.figures().order_margin);
    if needed <= Decimal::ZERO && after <= terms.least_order_margin() {
        return Ok(());
    }
    let available = context.exposure.account().available();
    if needed > available {
        let (needed, available) = (Money::new(needed), Money::new(available));
        return Err(DenialReason::Margin { needed, available });
    }
    Ok(())
}
