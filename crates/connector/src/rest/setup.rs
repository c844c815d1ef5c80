//! Settings of the account that are made once at start.

use super::{
    client::{Payload, RestClient},
    error::RestError,
};
use crate::{
    budget::{Call, Carrier, Purpose},
    encode::Object,
};
use reqwest::Method;
use windvane_model::Millis;

const WINDOW_MS: Millis = 5_000;

impl RestClient {
    /// Has the venue refuse a futures order beyond the price limit. Left alone it moves the price to the limit and
    /// says nothing, so that an order rests where nobody put it. Source: Bybit V5, "Set Limit Price Action".
    ///
    /// # Errors
    /// When the venue refuses, or does not answer.
    pub async fn refuse_moved_prices(&self) -> Result<(), RestError> {
        let call = Call {
            endpoint: "account/set-limit-px-action",
            purpose: Purpose::Open,
            carrier: Carrier::Rest,
            is_signed: true,
        };
        let turn = self.turn(call).await?;
        let body = Object::new().text("category", "linear").raw("modifyEnable", false).finish();
        self.call(&turn, Method::POST, Payload::Body(&body), Some(WINDOW_MS)).await.map(drop)
    }
}
