//! The two questions of reconciliation: the account as a whole, and one order by our id.

use super::{answer::Answer, client::RestClient, error::RestError, page::Access};
use crate::{
    codec::{
        number::FieldError,
        rows::{ExecutionRow, OrderRow, PositionRow, WalletRow},
    },
    encode::SETTLE_COIN,
};
use serde::Deserialize;
use windvane_model::{
    AccountEvent, AccountSnapshot, ClientOrderId, Execution, MarketTime, Millis, OrderLookup, OrderReport,
    PositionReport, Query, QueryAnswer, QueryFailed, Symbol, WalletReport,
};

const REALTIME: &str = "/v5/order/realtime";
const HISTORY: &str = "/v5/order/history";
const EXECUTIONS: &str = "/v5/execution/list";
const WINDOW_MS: Millis = 7 * 24 * 3_600_000;
const REACH_MS: Millis = 730 * 24 * 3_600_000;

impl RestClient {
    /// Answers a query over all pages. Never an error: a failure is an event that says so.
    ///
    /// `symbols` are the contracts whose positions are read, flat ones included.
    pub async fn answer(&self, query: Query, symbols: &[Symbol]) -> AccountEvent {
        let answer = match query {
            Query::Account { executions_since } => {
                self.account(executions_since, symbols).await.map(|s| QueryAnswer::Account(Box::new(s)))
            }
            Query::Order { symbol, client_order_id } => {
                self.order(symbol, client_order_id).await.map(|l| QueryAnswer::Order(Box::new(l)))
            }
            Query::PreCheck(question) => self.ask_about(question).await.map(QueryAnswer::PreCheck),
        };
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

    /// The order of the calls matters: what fills while they run is then in the executions or in a later push,
    /// and never only in the position.
    async fn account(&self, since: MarketTime, symbols: &[Symbol]) -> Result<AccountSnapshot, RestError> {
        let query = format!("category=linear&limit=50&openOnly=0&settleCoin={SETTLE_COIN}");
        let open_orders = self.orders(REALTIME, &query).await?;
        let mut positions = Vec::with_capacity(symbols.len());
        for symbol in symbols {
            self.positions(&format!("category=linear&symbol={symbol}"), &mut positions).await?;
        }
        let mut wallet = self.wallet().await?;
        let executions = self.executions_since(since, symbols).await?;
        // The answer's own time is the wall's. On the market's clock the wallet is as new as the newest row.
        let stamps = positions.iter().map(|position| position.updated);
        let stamps = stamps.chain(open_orders.iter().map(|order| order.updated));
        let stamps = stamps.chain(executions.iter().map(|execution| execution.at));
        wallet.at = stamps.max().unwrap_or(since);
        Ok(AccountSnapshot { open_orders, executions, positions, wallet })
    }

    async fn order(&self, symbol: Symbol, id: ClientOrderId) -> Result<OrderLookup, RestError> {
        let query = format!("category=linear&orderLinkId={id}&symbol={symbol}");
        let mut found = self.orders(REALTIME, &query).await?;
        if found.is_empty() {
            found = self.orders(HISTORY, &query).await?;
        }
        // The venue is asked by id; a row of another order would be its fault, and must not become ours.
        let order = found.into_iter().find(|order| order.client_order_id == Some(id));
        let executions = self.executions(&query).await?;
        Ok(OrderLookup { symbol, client_order_id: id, order, executions })
    }

    pub(super) async fn orders(
        &self,
        path: &'static str,
        query: &str,
    ) -> Result<Vec<OrderReport>, RestError> {
        let mut orders = Vec::new();
        self.each_row(Access::Signed, path, query, |answer, text| {
            let row: OrderRow<'_> = answer.row(text)?;
            orders.push(row.report().map_err(|error| field(answer, &error))?);
            Ok(())
        })
        .await?;
        Ok(orders)
    }

    /// Every execution from `since` on, oldest first. One call reaches over seven days at most and nothing is older
    /// than two years. Source: Bybit V5, "Get Trade History".
    async fn executions_since(
        &self,
        since: MarketTime,
        symbols: &[Symbol],
    ) -> Result<Vec<Execution>, RestError> {
        let mut start = since;
        let mut all = Vec::new();
        if let Some(symbol) = symbols.first() {
            let now = self.market_time(*symbol).await?;
            start = start.max(now.after(-REACH_MS));
            while now.since(start) > WINDOW_MS {
                let end = start.after(WINDOW_MS);
                let query = format!("category=linear&endTime={}&limit=100&startTime={}", end.0 - 1, start.0);
                all.extend(self.executions(&query).await?);
                start = end;
            }
        }
        // The last window has no end, so that nothing falls between the clocks.
        all.extend(self.executions(&format!("category=linear&limit=100&startTime={}", start.0)).await?);
        Ok(all)
    }

    /// Oldest first; the venue answers newest first.
    async fn executions(&self, query: &str) -> Result<Vec<Execution>, RestError> {
        let mut executions = Vec::new();
        self.each_row(Access::Signed, EXECUTIONS, query, |answer, text| {
            let row: ExecutionRow<'_> = answer.row(text)?;
            executions.push(row.report().map_err(|error| field(answer, &error))?);
            Ok(())
        })
        .await?;
        executions.reverse();
        // Stable: rows of one millisecond keep the venue's order.
        executions.sort_by_key(|execution| execution.at);
        Ok(executions)
    }

    async fn positions(&self, query: &str, out: &mut Vec<PositionReport>) -> Result<(), RestError> {
        self.each_row(Access::Signed, "/v5/position/list", query, |answer, text| {
            let row: PositionRow<'_> = answer.row(text)?;
            out.push(row.report().map_err(|error| field(answer, &error))?);
            Ok(())
        })
        .await
    }

    /// The wallet and the account's totals.
    ///
    /// # Errors
    /// When the venue does not answer, or not with an account.
    pub async fn wallet(&self) -> Result<WalletReport, RestError> {
        #[derive(Deserialize)]
        struct Accounts<'a> {
            #[serde(borrow)]
            list: Vec<WalletRow<'a>>,
        }
        let answer = self.get_signed("/v5/account/wallet-balance", "accountType=UNIFIED".to_owned()).await?;
        let accounts: Accounts<'_> = answer.result()?;
        let account = accounts.list.first().ok_or_else(|| answer.unreadable("no account"))?;
        account.report(MarketTime::default()).map_err(|error| field(&answer, &error))
    }
}

fn field(answer: &Answer, error: &FieldError) -> RestError {
    answer.unreadable(error)
}
