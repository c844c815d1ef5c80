//! The venue's own grid and bounds: what it would refuse whatever the account holds.

use super::proposal::Proposal;
use windvane_model::{DenialReason, Instrument, Price};

pub(super) fn check(proposal: &Proposal<'_>) -> Result<(), DenialReason> {
    let instrument = &proposal.contract.instrument;
    let qty = proposal.qty;
    if let Some(price) = proposal.limit_price {
        on_tick(instrument, price)?;
    }
    if qty < instrument.min_qty || qty.is_zero() {
        return Err(DenialReason::BelowMinimum { qty });
    }
    if !instrument.is_on_lot(qty) {
        return Err(DenialReason::OffLot { qty });
    }
    let max = match proposal.limit_price {
        Some(_) => instrument.max_limit_qty,
        None => instrument.max_market_qty,
    };
    if qty > max {
        return Err(DenialReason::AboveVenueMaximum { qty, max });
    }
    // The exchange spares reduce-only orders the smallest value.
    let value = proposal.lowest_price.times(qty);
    if !proposal.reduce_only && value < instrument.min_notional {
        return Err(DenialReason::BelowMinimum { qty });
    }
    Ok(())
}

pub(super) fn on_tick(instrument: &Instrument, price: Price) -> Result<(), DenialReason> {
    if instrument.is_on_tick(price) { Ok(()) } else { Err(DenialReason::OffTick { price }) }
}
