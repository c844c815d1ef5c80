//! What closing may do: take off the position, never more than there is.

use super::proposal::Proposal;
use rust_decimal::Decimal;
use windvane_model::DenialReason;

/// A reduce-only order must fit into the position beside the others that reduce it.
///
/// One that takes at once is measured only against others that do: a resting take-profit shrinks at the venue
/// when the position does, and who wants out must not wait until it is cancelled. An amend that asks for no
/// more than is working already passes even when the position has shrunk below it.
pub(super) fn check(proposal: &Proposal<'_>) -> Result<(), DenialReason> {
    let working_qty = proposal.candidate.replaces.map_or(Decimal::ZERO, |row| row.leaves_qty.get());
    let wanted_qty = proposal.leaves_qty.get();
    if wanted_qty <= working_qty {
        return Ok(());
    }
    let reducing = proposal.held.side(proposal.side);
    let others = if proposal.takes_at_once {
        reducing.reducing_market_qty()
    } else {
        reducing.reducing_qty().saturating_sub(working_qty)
    };
    let room = proposal.held.held_qty(proposal.side.opposite()).saturating_sub(others);
    if wanted_qty > room { Err(DenialReason::NothingToReduce) } else { Ok(()) }
}
