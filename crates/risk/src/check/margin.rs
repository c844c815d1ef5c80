//! Whether the account can hold the order: the refusal that the venue would give, given before.

use super::Context;
use super::proposal::Proposal;
use crate::Risk;
use crate::margin::valuation_price;
use windvane_model::{DenialReason, Money};

impl Risk {
    /// Compares what the order would reserve with what is there. An order that reserves nothing more (it closes,
    /// or the other side is dearer) passes even on an overdrawn account, as it does at the venue.
    pub(super) fn check_margin(
        &self,
        proposal: &Proposal<'_>,
        context: &Context<'_>,
    ) -> Result<(), DenialReason> {
        let needed = proposal.with_held(context, |held| {
            let mark = valuation_price(held, context.quotes).unwrap_or(proposal.candidate.price);
            let terms = self.terms(held, mark);
            terms.order_margin(Some(&proposal.candidate)).saturating_sub(terms.order_margin(None))
        });
        if needed.is_sign_negative() || needed.is_zero() {
            return Ok(());
        }
        let available = self.account(context.exposure, context.quotes).available();
        if needed > available {
            let (needed, available) = (Money::new(needed), Money::new(available));
            return Err(DenialReason::Margin { needed, available });
        }
        Ok(())
    }
}
