//! An order that is only asked about, and what the venue's core makes of it.

use crate::request::position_idx;
use rust_decimal::Decimal;
use windvane_model::{OrderQuestion, PreChecked, Rate, Side};
use windvane_venue_core as venue;

/// The order as the venue's core is asked about it.
#[must_use]
pub fn question(question: &OrderQuestion) -> venue::CreateOrder {
    let side = match question.side {
        Side::Buy => venue::Side::Buy,
        Side::Sell => venue::Side::Sell,
    };
    let (symbol, qty, price) = (question.symbol.as_str(), question.qty.get(), question.price.get());
    let position_idx = position_idx(question.position_index);
    venue::CreateOrder { position_idx, ..venue::CreateOrder::limit(symbol, side, qty, price) }
}

/// Its answer.
#[must_use]
pub fn pre_checked(question: OrderQuestion, rates: venue::PreCheck) -> PreChecked {
    let rate = |e4: i64| Rate::new(Decimal::new(e4, 4));
    PreChecked {
        question,
        initial_before: rate(rates.pre_imr_e4),
        maintenance_before: rate(rates.pre_mmr_e4),
        initial_after: rate(rates.post_imr_e4),
        maintenance_after: rate(rates.post_mmr_e4),
    }
}
