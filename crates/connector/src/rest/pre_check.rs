//! An order that the engine only asks about: what it would do to the account's margin. Source: Bybit V5, "Pre Check Order".

use super::{client::RestClient, error::RestError};
use crate::{category::Category, encode::Object};
use windvane_model::{OrderQuestion, PreChecked, Rate};

impl RestClient {
    pub(super) async fn ask_about(&self, question: OrderQuestion) -> Result<PreChecked, RestError> {
        let body = Object::text_of(|object| {
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
        });
        let rates = self.rates(Category::Linear, &body).await?;
        Ok(PreChecked {
            question,
            initial_before: Rate::new(rates.initial_before),
            maintenance_before: Rate::new(rates.maintenance_before),
            initial_after: Rate::new(rates.initial_after),
            maintenance_after: Rate::new(rates.maintenance_after),
        })
    }
}
