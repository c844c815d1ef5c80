//! The account as it would be with the order in it, counted once for every limit that asks.

use super::Context;
use super::proposal::Proposal;
use rust_decimal::Decimal;
use windvane_model::{Leverage, Price};

/// The worst case with the order in it.
pub(super) struct Projection {
    /// Leverage of the position; 1 while the venue has not told.
    pub(super) leverage: Leverage,
    /// Worst value of the position, quote coin.
    pub(super) position_value: Decimal,
    /// What the venue's risk tier goes by, quote coin.
    pub(super) risk_value: Decimal,
    /// Worst value of all positions together, quote coin.
    pub(super) gross_value: Decimal,
}

impl Projection {
    pub(super) fn new(proposal: &Proposal<'_>, context: &Context<'_>, mark: Price) -> Self {
        let (terms, candidate) = (proposal.held.terms(mark), Some(&proposal.candidate));
        let position_value = terms.worst_value(candidate);
        let others = context.exposure.gross_worst_value().saturating_sub(proposal.held.figures().worst_value);
        Self {
            leverage: terms.leverage(),
            position_value,
            risk_value: terms.risk_value(candidate),
            gross_value: others.saturating_add(position_value),
        }
    }
}
