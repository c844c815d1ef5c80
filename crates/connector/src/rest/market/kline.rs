//! Candles of trades, and of mark, index and premium. Source: Bybit V5, "Get Kline" and its three sisters.

use super::{Category, Span, moment, read, required};
use crate::codec::{
    interval_to_wire,
    number::{FieldError, Lexeme, bad},
};
use crate::rest::{client::RestClient, error::RestError, page::Access};
use rust_decimal::Decimal;
use windvane_model::{Interval, MarketTime, Symbol};

/// Rows that one request brings at most.
const ROWS_MAX: i64 = 1_000;

/// A candle of trades. The newest may still be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kline {
    /// When it opened.
    pub start: MarketTime,
    /// First price.
    pub open: Decimal,
    /// Highest price.
    pub high: Decimal,
    /// Lowest price.
    pub low: Decimal,
    /// Last price.
    pub close: Decimal,
    /// In the base coin; of inverse contracts in dollars.
    pub volume: Decimal,
    /// In the quote coin; of inverse contracts in the base coin.
    pub turnover: Decimal,
}

/// A candle of a price that nobody trades at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceKline {
    /// When it opened.
    pub start: MarketTime,
    /// First price.
    pub open: Decimal,
    /// Highest price.
    pub high: Decimal,
    /// Lowest price.
    pub low: Decimal,
    /// Last price.
    pub close: Decimal,
}

/// Which price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KlinePrice {
    /// Mark price.
    Mark,
    /// Index price.
    Index,
    /// Premium over the index, a fraction that may be negative; linear contracts only.
    Premium,
}

impl KlinePrice {
    const fn path(self) -> &'static str {
        match self {
            Self::Mark => "/v5/market/mark-price-kline",
            Self::Index => "/v5/market/index-price-kline",
            Self::Premium => "/v5/market/premium-index-price-kline",
        }
    }
}

impl RestClient {
    /// Candles that open within `span`, oldest first.
    ///
    /// # Errors
    /// When an answer cannot be had or read.
    pub async fn klines(
        &self,
        category: Category,
        symbol: Symbol,
        interval: Interval,
        span: Span,
    ) -> Result<Vec<Kline>, RestError> {
        self.kline_rows("/v5/market/kline", category, symbol, interval, span, kline).await
    }

    /// Candles of another price that open within `span`, oldest first.
    ///
    /// # Errors
    /// When an answer cannot be had or read.
    pub async fn price_klines(
        &self,
        price: KlinePrice,
        category: Category,
        symbol: Symbol,
        interval: Interval,
        span: Span,
    ) -> Result<Vec<PriceKline>, RestError> {
        self.kline_rows(price.path(), category, symbol, interval, span, price_kline).await
    }

    /// Each request asks for as many candles as it may bring, so that nothing depends on where a page ends.
    async fn kline_rows<T>(
        &self,
        path: &'static str,
        category: Category,
        symbol: Symbol,
        interval: Interval,
        span: Span,
        row: impl Fn(&[Lexeme<'_>]) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, RestError> {
        let mut all = Vec::new();
        for part in span.parts(interval.millis().saturating_mul(ROWS_MAX)) {
            let query = format!(
                "category={category}&end={}&interval={}&limit={ROWS_MAX}&start={}&symbol={symbol}",
                part.to.0,
                interval_to_wire(interval),
                part.from.0
            );
            let mut page = Vec::new();
            self.each_row(Access::Public, path, &query, |answer, text| {
                let columns: Vec<Lexeme<'_>> =
                    serde_json::from_str(text).map_err(|error| answer.unreadable(error))?;
                page.push(read(answer, row(&columns))?);
                Ok(())
            })
            .await?;
            // The venue answers newest first.
            all.extend(page.into_iter().rev());
        }
        Ok(all)
    }
}

pub(super) fn kline(row: &[Lexeme<'_>]) -> Result<Kline, FieldError> {
    let [_, _, _, _, _, volume, turnover, ..] = row else {
        return Err(bad("list", "fewer than seven columns"));
    };
    let PriceKline { start, open, high, low, close } = price_kline(row)?;
    let (volume, turnover) = (required(volume, "volume")?, required(turnover, "turnover")?);
    Ok(Kline { start, open, high, low, close, volume, turnover })
}

fn price_kline(row: &[Lexeme<'_>]) -> Result<PriceKline, FieldError> {
    let [start, open, high, low, close, ..] = row else {
        return Err(bad("list", "fewer than five columns"));
    };
    Ok(PriceKline {
        start: moment(start, "start")?,
        open: required(open, "open")?,
        high: required(high, "high")?,
        low: required(low, "low")?,
        close: required(close, "close")?,
    })
}
