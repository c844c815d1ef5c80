//! What is read once at start: clock, fees, history of candles.

use super::{answer::Answer, client::RestClient, error::RestError, page::Access};
use crate::{
    category::Category,
    clock::{ClockOffset, ClockSample},
    codec::{
        interval_to_wire,
        number::{FieldError, Lexeme, bad},
    },
};
use rust_decimal::Decimal;
use serde::Deserialize;
use windvane_model::{Candle, FeeRates, Interval, MarketTime, Price, Symbol};

/// The venue's wall clock, and how far it is from ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerTime {
    /// Nanoseconds since 1970 on the venue's clock.
    pub server_ns: i64,
    /// This exchange of time on its own; [`crate::VenueClock`] keeps the best of all.
    pub offset: ClockOffset,
}

/// Where a book is asked for.
pub(super) const BOOK: &str = "/v5/market/orderbook";

/// The smallest book of a contract.
pub(super) fn book_query(symbol: Symbol) -> String {
    format!("category=linear&limit=1&symbol={symbol}")
}

/// The market's clock as the venue stamps a book.
pub(super) fn book_time(answer: &Answer) -> Result<MarketTime, RestError> {
    #[derive(Deserialize)]
    struct Book<'a> {
        #[serde(borrow)]
        ts: Lexeme<'a>,
    }
    let book: Book<'_> = answer.result()?;
    let time = book.ts.time("ts").and_then(|time| time.ok_or(bad("ts", "missing")));
    time.map_err(|error| answer.unreadable(error))
}

/// The past of one series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct History {
    /// Closed candles, oldest first.
    pub(crate) candles: Vec<Candle>,
    /// Whether the newest of them is older than the one that closed last: answers may lag in extreme markets.
    pub(crate) is_late: bool,
}

impl RestClient {
    /// Exchanges time with the venue.
    ///
    /// # Errors
    /// When the answer cannot be had or read.
    pub async fn server_time(&self) -> Result<ServerTime, RestError> {
        #[derive(Deserialize)]
        struct Time<'a> {
            #[serde(borrow, rename = "timeNano")]
            time_nano: Lexeme<'a>,
        }
        let sent = self.clock.now();
        let answer = self.get_public("/v5/market/time", String::new()).await?;
        let received = self.clock.now();
        let time: Time<'_> = answer.result()?;
        let server_ns = time.time_nano.integer("timeNano").map_err(|error| answer.unreadable(error))?;
        let sample = ClockSample { sent, received, server_ns, resolution_ns: 1 };
        if !sample.is_plausible() {
            return Err(answer.unreadable(bad("timeNano", "not a time")));
        }
        self.measure(&sample);
        Ok(ServerTime { server_ns, offset: sample.offset() })
    }

    /// The market's clock as the venue stamps the order book of this contract. It is the wall's except in an
    /// accelerated replay.
    ///
    /// # Errors
    /// When the answer cannot be had or read.
    pub async fn market_time(&self, symbol: Symbol) -> Result<MarketTime, RestError> {
        let answer = self.get_public(BOOK, book_query(symbol)).await?;
        book_time(&answer)
    }

    /// What fills of each contract or pair cost, in the order asked.
    ///
    /// # Errors
    /// When the venue names no rate for one, or an answer cannot be had or read.
    pub async fn fee_rates(
        &self,
        category: Category,
        symbols: &[Symbol],
    ) -> Result<Vec<(Symbol, FeeRates)>, RestError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Row<'a> {
            #[serde(borrow)]
            symbol: Lexeme<'a>,
            #[serde(borrow)]
            taker_fee_rate: Lexeme<'a>,
            #[serde(borrow)]
            maker_fee_rate: Lexeme<'a>,
        }
        let mut all = Vec::with_capacity(symbols.len());
        for symbol in symbols {
            let mut found = None;
            let query = format!("category={category}&symbol={symbol}");
            self.each_row(Access::Signed, "/v5/account/fee-rate", &query, |answer, text| {
                let row: Row<'_> = answer.row(text)?;
                if row.symbol.as_str() == symbol.as_str() {
                    let rates = (
                        row.taker_fee_rate.rate("takerFeeRate").map_err(|e| answer.unreadable(e))?,
                        row.maker_fee_rate.rate("makerFeeRate").map_err(|e| answer.unreadable(e))?,
                    );
                    if let (Some(taker), Some(maker)) = rates {
                        found = Some(FeeRates { taker, maker });
                    }
                }
                Ok(())
            })
            .await?;
            all.push((*symbol, found.ok_or(RestError::NoSuchInstrument(*symbol))?));
        }
        Ok(all)
    }

    /// Closed candles before now on the market's clock, oldest first, marked as warm-up; at most `limit`, asked for in as
    /// many requests as it takes.
    ///
    /// # Errors
    /// When an answer cannot be had or read.
    pub async fn candles(
        &self,
        symbol: Symbol,
        interval: Interval,
        limit: usize,
    ) -> Result<Vec<Candle>, RestError> {
        self.history(symbol, interval, limit).await.map(|history| history.candles)
    }

    /// The same, and whether the venue is behind with it.
    pub(crate) async fn history(
        &self,
        symbol: Symbol,
        interval: Interval,
        limit: usize,
    ) -> Result<History, RestError> {
        let now = self.market_time(symbol).await?;
        let mut candles: Vec<Candle> = Vec::with_capacity(limit);
        // Pages go back in time: each ends before the oldest candle of the one after it.
        let mut end = None;
        while candles.len() < limit {
            // One more than asked, because the newest row is usually the open candle.
            let rows = (limit - candles.len() + 1).min(ROWS_MAX);
            let mut page = self.page(symbol, interval, rows, end).await?;
            let is_last = page.len() < rows;
            page.retain(|candle| candle.at <= now);
            let Some(oldest) = page.iter().map(|candle| candle.start).min() else { break };
            candles.append(&mut page);
            if is_last {
                break;
            }
            end = Some(MarketTime(oldest.0 - 1));
        }
        candles.sort_by_key(|candle| candle.start);
        candles.dedup_by_key(|candle| candle.start);
        let surplus = candles.len().saturating_sub(limit);
        candles.drain(..surplus);
        let is_late = candles.last().is_none_or(|newest| now.since(newest.at) >= interval.millis());
        Ok(History { candles, is_late })
    }

    /// The newest `rows` candles, the open one included; those alone that began at `end` or before, where it is given.
    async fn page(
        &self,
        symbol: Symbol,
        interval: Interval,
        rows: usize,
        end: Option<MarketTime>,
    ) -> Result<Vec<Candle>, RestError> {
        let end = end.map_or_else(String::new, |end| format!("&end={}", end.0));
        let query = format!(
            "category=linear{end}&interval={}&limit={rows}&symbol={symbol}",
            interval_to_wire(interval)
        );
        let mut candles = Vec::with_capacity(rows);
        self.each_row(Access::Public, "/v5/market/kline", &query, |answer, text| {
            let row: Vec<Lexeme<'_>> =
                serde_json::from_str(text).map_err(|error| answer.unreadable(error))?;
            candles.push(warm_up_candle(symbol, interval, &row).map_err(|e| answer.unreadable(e))?);
            Ok(())
        })
        .await?;
        Ok(candles)
    }
}

/// Most rows of one answer. Source: Bybit V5, Get Kline, `limit`.
const ROWS_MAX: usize = 1_000;

/// A row of `[start, open, high, low, close, volume, turnover]`.
fn warm_up_candle(symbol: Symbol, interval: Interval, row: &[Lexeme<'_>]) -> Result<Candle, FieldError> {
    let [start, open, high, low, close, volume, ..] = row else {
        return Err(bad("list", "fewer than six columns"));
    };
    let price = |text: &Lexeme<'_>, field| -> Result<Price, FieldError> { text.required_price(field) };
    let start = start.time("start")?.ok_or(bad("start", "missing"))?;
    Ok(Candle {
        symbol,
        at: start.after(interval.millis()),
        interval,
        start,
        open: price(open, "open")?,
        high: price(high, "high")?,
        low: price(low, "low")?,
        close: price(close, "close")?,
        volume: volume.decimal("volume")?.unwrap_or(Decimal::ZERO),
        is_confirmed: true,
        is_warm_up: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_candle_of_history_is_closed_and_marked() {
        let row: Vec<Lexeme<'_>> =
            serde_json::from_str(r#"["1670608800000","17071","17073","17027","17055.5","268","15.7"]"#)
                .unwrap();
        let symbol = Symbol::new("BTCUSDT").unwrap();
        let candle = warm_up_candle(symbol, Interval::H1, &row).unwrap();
        assert_eq!(candle.at, MarketTime(1_670_612_400_000));
        assert!(candle.is_confirmed && candle.is_warm_up);
        assert!(warm_up_candle(symbol, Interval::H1, &row[..5]).is_err());
    }
}
