//! The questions of reconciliation over HTTP: the account as a whole, one order by our id, what an order would hold.

use super::{
    client::RestClient,
    error::RestError,
    inquiry::{self, Ask, Turn, inquire},
    page::Access,
};
use crate::category::Category;
use windvane_model::{AccountEvent, OrderReport, Query, QueryAnswer, QueryFailed, Symbol, WalletReport};

impl RestClient {
    /// Answers a query over all pages. Never an error: a failure is an event that says so.
    ///
    /// `symbols` are the contracts whose positions are read, flat ones included.
    pub async fn answer(&self, query: Query, symbols: &[Symbol]) -> AccountEvent {
        told(query, self.inquire(query, symbols).await)
    }

    async fn inquire(&self, query: Query, symbols: &[Symbol]) -> Result<QueryAnswer, RestError> {
        let mut turn = inquire(query, symbols);
        loop {
            let (inquiry, ask) = match turn {
                Turn::Ask(inquiry, ask) => (inquiry, ask),
                Turn::Done(answer) => return Ok(answer),
            };
            let answer = match ask {
                Ask::Get { path, query, is_signed: true } => self.get_signed(path, query).await?,
                Ask::Get { path, query, is_signed: false } => self.get_public(path, query).await?,
                Ask::Post { path, body } => self.post_question(Category::Linear, path, &body).await?,
            };
            turn = inquiry.take(&answer)?;
        }
    }

    pub(super) async fn orders(
        &self,
        path: &'static str,
        query: &str,
    ) -> Result<Vec<OrderReport>, RestError> {
        let mut orders = Vec::new();
        self.each_row(Access::Signed, path, query, |answer, text| {
            orders.push(inquiry::order(answer, text)?);
            Ok(())
        })
        .await?;
        Ok(orders)
    }

    /// The wallet and the account's totals.
    ///
    /// # Errors
    /// When the venue does not answer, or not with an account.
    pub async fn wallet(&self) -> Result<WalletReport, RestError> {
        let answer = self.get_signed(inquiry::WALLET, inquiry::WALLET_QUERY.to_owned()).await?;
        inquiry::wallet(&answer)
    }
}

/// What the engine is told of a question that was answered, or was not.
pub(crate) fn told(query: Query, answer: Result<QueryAnswer, RestError>) -> AccountEvent {
    match answer {
        Ok(answer) => AccountEvent::Answer(answer),
        Err(error) => {
            tracing::warn!(%error, "query failed");
            AccountEvent::QueryFailed(QueryFailed {
                query,
                code: error.code(),
                is_unsupported: error.is_unsupported(),
            })
        }
    }
}
