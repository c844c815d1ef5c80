//! What closing may do: take off the position, never more than there is.

use super::{Context, Proposal, with_contract};
use rust_decimal::Decimal;
use windvane_model::DenialReason;

/// A reduce-only order must fit into the position beside the others that reduce it.
///
/// One that takes at once is measured only against others that do: a resting take-profit shrinks at the venue
/// when the position does, and who wants out must not wait until it is cancelled.
pub(super) fn check(proposal: &Proposal<'_>, context: &Context<'_>) -> Result<(), DenialReason> {
    let room = with_contract(proposal, context, |contract| {
        let working = contract.side(proposal.side);
        let others = if proposal.takes_at_once {
            working.reducing_market_qty()
        } else {
            let own = proposal.candidate.replaces.map_or(Decimal::ZERO, |row| row.leaves_qty.get());
            working.reducing_qty().saturating_sub(own)
        };
        contract.held_qty(proposal.side.opposite()).saturating_sub(others)
    });
    if proposal.candidate.qty.get() > room { Err(DenialReason::NothingToReduce) } else { Ok(()) }
}
