//! How much of an order fits, for a bot that rather has less than nothing.

use super::Context;
use super::proposal::Proposal;
use crate::Risk;
use windvane_model::{BotName, Place};

impl Risk {
    /// The same order with as much of its quantity as the account's margin covers now; `None` where that is less than the
    /// venue takes. Limits apart: the smaller order is checked like any other.
    #[must_use]
    pub fn shrunk(&self, bot: BotName, place: &Place, context: &Context<'_>) -> Option<Place> {
        let exposure = context.exposure;
        let contract = exposure.listed(place.symbol)?;
        let index = self.ownership.index_of(place.symbol, bot)?;
        let flat = exposure.flat(place.symbol, index);
        let held = exposure.contract(place.symbol, index).unwrap_or(&flat);
        let proposal = Proposal::of_place(place, contract, held, context).ok()?;
        let price = proposal.candidate.price;
        let terms = held.terms(held.valuation_price().unwrap_or(price));
        let instrument = &contract.instrument;
        let fits = terms.max_affordable_qty(instrument, place.side, price, exposure.account().available());
        let qty = fits.min(place.qty);
        let is_taken =
            qty >= instrument.min_qty && proposal.lowest_price.times(qty) >= instrument.min_notional;
        is_taken.then_some(Place { qty, ..*place })
    }
}
