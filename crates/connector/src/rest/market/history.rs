//! Recent trades, and the funding that was paid. Source: Bybit V5, "Get Recent Public Trades", "Get Funding Rate
//! History".

use super::{Category, Span, moment, read, required};
use crate::codec::{
    number::{FieldError, Lexeme, bad},
    rows::side,
};
use crate::rest::{client::RestClient, error::RestError, page::Access};
use rust_decimal::Decimal;
use serde::Deserialize;
use windvane_model::{MarketTime, Side, Symbol};

/// Rows of open interest that one request brings at most.
const INTEREST_MAX: usize = 200;
/// Rows of funding that one request brings at most.
const FUNDING_MAX: usize = 200;

/// A trade between others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicTrade {
    /// The venue's id of it.
    pub id: String,
    /// When.
    pub at: MarketTime,
    /// The side that took.
    pub taker: Side,
    /// At which price.
    pub price: Decimal,
    /// How much: base coin, of inverse contracts dollars.
    pub size: Decimal,
    /// Whether it was agreed off the book.
    pub is_block: bool,
}

/// A funding rate that was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FundingRate {
    /// When it was paid.
    pub at: MarketTime,
    /// As a fraction; positive: longs paid.
    pub rate: Decimal,
}

/// How many contracts were open. Source: Bybit V5, "Get Open Interest".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenInterest {
    /// When.
    pub at: MarketTime,
    /// In the base coin; of inverse contracts in dollars.
    pub contracts: Decimal,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InterestRow<'a> {
    #[serde(borrow)]
    open_interest: Lexeme<'a>,
    #[serde(borrow)]
    timestamp: Lexeme<'a>,
}

impl InterestRow<'_> {
    pub(super) fn interest(&self) -> Result<OpenInterest, FieldError> {
        Ok(OpenInterest {
            at: moment(&self.timestamp, "timestamp")?,
            contracts: required(&self.open_interest, "openInterest")?,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TradeRow<'a> {
    #[serde(borrow)]
    exec_id: Lexeme<'a>,
    #[serde(borrow)]
    price: Lexeme<'a>,
    #[serde(borrow)]
    size: Lexeme<'a>,
    #[serde(borrow)]
    side: Lexeme<'a>,
    #[serde(borrow)]
    time: Lexeme<'a>,
    #[serde(borrow, default)]
    is_block_trade: Lexeme<'a>,
}

impl TradeRow<'_> {
    pub(super) fn trade(&self) -> Result<PublicTrade, FieldError> {
        Ok(PublicTrade {
            id: self.exec_id.as_str().to_owned(),
            at: moment(&self.time, "time")?,
            taker: side(&self.side)?.ok_or(bad("side", "missing"))?,
            price: required(&self.price, "price")?,
            size: required(&self.size, "size")?,
            is_block: self.is_block_trade.is_true(),
        })
    }
}

impl RestClient {
    /// The latest trades, oldest first: at most 60 of spot, 1000 of contracts.
    ///
    /// # Errors
    /// When the answer cannot be had or read.
    pub async fn recent_trades(
        &self,
        category: Category,
        symbol: Symbol,
    ) -> Result<Vec<PublicTrade>, RestError> {
        let limit = if category == Category::Spot { 60 } else { 1_000 };
        let query = format!("category={category}&limit={limit}&symbol={symbol}");
        let mut trades = Vec::new();
        self.each_row(Access::Public, "/v5/market/recent-trade", &query, |answer, text| {
            let row: TradeRow<'_> = answer.row(text)?;
            trades.push(read(answer, row.trade())?);
            Ok(())
        })
        .await?;
        trades.reverse();
        // Stable, should the venue order its rows otherwise one day.
        trades.sort_by_key(|trade: &PublicTrade| trade.at);
        Ok(trades)
    }

    /// Open interest within `span` at each full hour, oldest first; contracts only.
    ///
    /// # Errors
    /// When an answer cannot be had or read.
    pub async fn open_interest(
        &self,
        category: Category,
        symbol: Symbol,
        span: Span,
    ) -> Result<Vec<OpenInterest>, RestError> {
        let query = format!(
            "category={category}&endTime={}&intervalTime=1h&limit={INTEREST_MAX}&startTime={}&symbol={symbol}",
            span.to.0, span.from.0
        );
        let mut rows = Vec::new();
        self.each_row(Access::Public, "/v5/market/open-interest", &query, |answer, text| {
            let row: InterestRow<'_> = answer.row(text)?;
            rows.push(read(answer, row.interest())?);
            Ok(())
        })
        .await?;
        rows.sort_by_key(|row: &OpenInterest| row.at);
        rows.dedup_by_key(|row| row.at);
        Ok(rows)
    }

    /// Funding paid within `span`, oldest first; contracts only.
    ///
    /// # Errors
    /// When an answer cannot be had or read.
    pub async fn funding_history(
        &self,
        category: Category,
        symbol: Symbol,
        span: Span,
    ) -> Result<Vec<FundingRate>, RestError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Row<'a> {
            #[serde(borrow)]
            funding_rate: Lexeme<'a>,
            #[serde(borrow)]
            funding_rate_timestamp: Lexeme<'a>,
        }
        let mut rates: Vec<FundingRate> = Vec::new();
        let mut to = span.to;
        // The interval differs between contracts and changes, so the pages are walked from the newest row back.
        while span.from <= to {
            let query = format!(
                "category={category}&endTime={}&limit={FUNDING_MAX}&startTime={}&symbol={symbol}",
                to.0, span.from.0
            );
            let before = rates.len();
            self.each_row(Access::Public, "/v5/market/funding/history", &query, |answer, text| {
                let row: Row<'_> = answer.row(text)?;
                rates.push(FundingRate {
                    at: read(answer, moment(&row.funding_rate_timestamp, "fundingRateTimestamp"))?,
                    rate: read(answer, required(&row.funding_rate, "fundingRate"))?,
                });
                Ok(())
            })
            .await?;
            let page = &rates[before..];
            let Some(oldest) = page.iter().map(|rate| rate.at).min().filter(|at| *at <= to) else { break };
            if page.len() < FUNDING_MAX {
                break;
            }
            to = MarketTime(oldest.0 - 1);
        }
        rates.sort_by_key(|rate| rate.at);
        Ok(rates)
    }
}
