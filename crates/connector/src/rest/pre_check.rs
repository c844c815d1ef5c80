//! An order that the engine only asks about: what it would do to the account's margin. Source: Bybit V5, "Pre Check Order".

use super::past::PreCheck;
use crate::{category::Category, encode::Object};
use windvane_model::{OrderQuestion, PreChecked, Rate};

/// The order as the venue is asked about it.
pub(super) fn body(question: &OrderQuestion) -> String {
    Object::text_of(|object| {
        object
            .text("category", Category::Linear.as_str())
            .text("orderType", "Limit")
            .raw("positionIdx", question.position_index.0)
            .text("price", question.price)
            .text("qty", question.qty)
            .text("side", question.side.as_str())
            .text("symbol", question.symbol)
            .text("timeInForce", "GTC")
            .finish();
    })
}

/// What the venue says of it.
pub(super) const fn answered(question: OrderQuestion, rates: PreCheck) -> PreChecked {
    PreChecked {
        question,
        initial_before: Rate::new(rates.initial_before),
        maintenance_before: Rate::new(rates.maintenance_before),
        initial_after: Rate::new(rates.initial_after),
        maintenance_after: Rate::new(rates.maintenance_after),
    }
}
