//! What a watcher beside the engine needs: the account's open orders, and a cancel of one.

use super::{client::RestClient, error::RestError};
use crate::{
    category::Category,
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
        self.perform(Category::Linear, &Mutation::Cancel(cancel)).await
    }
}
