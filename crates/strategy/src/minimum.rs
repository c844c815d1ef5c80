//! Orders that the venue would find too small: a built-in bot says so instead of silently sending nothing.

use rust_decimal::Decimal;
use windvane_model::{Instrument, Price, Qty};

use crate::context::Condition;

/// The quantity on the lot grid that is worth `value` (quote coin) at `price`; `None` when the venue would refuse it.
pub(crate) fn affordable(value: Decimal, price: Price, instrument: &Instrument) -> Option<Qty> {
    let qty = instrument.round_down_to_lot(value.checked_div(price.get())?);
    (qty >= instrument.min_qty && price.times(qty) >= instrument.min_notional).then_some(qty)
}

/// Whether the configured size is enough for the venue, and how often it was not.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Minimum {
    is_met: Option<bool>,
    missed: u64,
}

impl Minimum {
    /// Notes a look at the size.
    pub(crate) fn note(&mut self, is_met: bool) {
        self.is_met = Some(is_met);
        self.missed += u64::from(!is_met);
    }

    /// As it is shown: `grid.size meets the venue's minimum`.
    pub(crate) fn condition(&self, setting: &str) -> Condition {
        Condition {
            name: format!("{setting} meets the venue's minimum"),
            holds: self.is_met,
            blocked: self.missed,
        }
    }
}
