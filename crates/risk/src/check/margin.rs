//! Whether the account can hold the order: the refusal that the venue would give, given before.

use super::Context;
use super::proposal::Proposal;
use windvane_model::{DenialReason, Money};

/// Compares what the order would reserve with what is there. An order that reserves nothing more (it closes, or the
/// other side is dearer) passes even on an overdrawn account, as it does at the venue.
pub(super) fn check(proposal: &Proposal<'_>, context: &Context<'_>) -> Result<(), DenialReason> {
    let held = proposal.held;
    let terms = held.terms(held.valuation_price().unwrap_or(proposal.candidate.price));
    let needed = terms.order_margin(Some(&proposal.candidate)).saturating_sub(held.figures().order_margin);
    if needed.is_sign_negative() || needed.is_zero() {
        return Ok(());
    }
    let available = context.exposure.account().available();
    if needed > available {
        let (needed, available) = (Money::new(needed), Money::new(available));
        return Err(DenialReason::Margin { needed, available });
    }
    Ok(())
}
