//! What a watcher beside the engine needs: the account's open orders, and a cancel of one.

use super::{client::RestClient, error::RestError};
use crate::{
    budget::{Call, Carrier, Purpose},
    encode::{Mutation, SETTLE_COIN},
};
use windvane_model::{AccountEvent, Cancel, OrderReport};

impl RestClient {
    /// Every open order of the account in linear contracts, stops included, over all pages.
    ///
    /// # Errors
    /// When the venue refuses, or does not answer.
    pub async fn open_orders(&self) -> Result<Vec<OrderReport>, RestError> {
        let query = format!("category=linear&limit=50&openOnly=0&settleCoin={SETTLE_COIN}");
        self.orders("/v5/order/realtime", &query).await
    }

    /// Cancels one order when the rate limit lets it, and says what became of it.
    pub async fn cancel(&self, cancel: Cancel) -> AccountEvent {
        let mutation = Mutation::Cancel(cancel);
        let call = Call {
            endpoint: mutation.endpoint(),
            purpose: Purpose::Cancel,
            carrier: Carrier::Rest,
            is_signed: true,
            places: 1,
        };
        match self.turn(call).await {
            Ok(turn) => self.mutate(&mutation, turn).await,
            Err(error) => crate::outcome::Asked::from(&mutation).not_sent(&error.to_string()),
        }
    }
}
