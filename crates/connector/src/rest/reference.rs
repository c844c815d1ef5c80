//! What is read once at start: clock, fees, history of candles, the account's mode and the key's rights.

use super::{client::RestClient, error::RestError, page::Access};
use crate::{
    clock::{ClockOffset, ClockSample},
    codec::{
        interval_to_wire,
        number::{FieldError, Lexeme, bad},
    },
};
use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::BTreeMap;
use windvane_model::{Candle, FeeRates, Interval, MarketTime, Price, Symbol};

/// The venue's wall clock, and how far it is from ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerTime {
    /// Nanoseconds since 1970 on the venue's clock.
    pub server_ns: i64,
    /// This exchange of time on its own; [`crate::VenueClock`] keeps the best of all.
    pub offset: ClockOffset,
}

/// How margin is shared between positions. Source: Bybit V5, "Get Account Info", `marginMode`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarginMode {
    /// Each position has its own.
    Isolated,
    /// All positions share the account's.
    Cross,
    /// By risk of the whole portfolio.
    Portfolio,
    /// A text we do not know.
    Other(String),
}

/// The account's mode. Source: Bybit V5, "Get Account Info".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountInfo {
    /// How margin is shared.
    pub margin_mode: MarginMode,
    /// `unifiedMarginStatus`: 1 classic, 3 and 4 unified 1.0, 5 and 6 unified 2.0.
    pub unified_status: i32,
}

/// What the key may do. Source: Bybit V5, "Get API Key Information".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyInfo {
    /// Whose key it is.
    pub uid: u64,
    /// Whether it may only read.
    pub is_read_only: bool,
    /// Rights by area: `ContractTrade` → `Order`, `Position`.
    pub permissions: BTreeMap<String, Vec<String>>,
    /// Addresses it is bound to; empty or `*` means any.
    pub ips: Vec<String>,
    /// Days until it expires; `None` when it does not say. Keys without addresses expire.
    pub expires_in_days: Option<i64>,
    /// Whether the account is a unified one.
    pub is_unified: bool,
    /// `type`: 1 made by the account's owner, 2 of a third-party application.
    pub kind: i32,
}

impl ApiKeyInfo {
    /// Whether the key has this right in this area.
    #[must_use]
    pub fn may(&self, area: &str, right: &str) -> bool {
        self.permissions.get(area).is_some_and(|rights| rights.iter().any(|r| r == right))
    }
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
        #[derive(Deserialize)]
        struct Book<'a> {
            #[serde(borrow)]
            ts: Lexeme<'a>,
        }
        let query = format!("category=linear&limit=1&symbol={symbol}");
        let answer = self.get_public("/v5/market/orderbook", query).await?;
        let book: Book<'_> = answer.result()?;
        book.ts
            .time("ts")
            .and_then(|time| time.ok_or(bad("ts", "missing")))
            .map_err(|error| answer.unreadable(error))
    }

    /// What fills of each contract cost, in the order asked.
    ///
    /// # Errors
    /// When the venue names no rate for one, or an answer cannot be had or read.
    pub async fn fee_rates(&self, symbols: &[Symbol]) -> Result<Vec<(Symbol, FeeRates)>, RestError> {
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
            let query = format!("category=linear&symbol={symbol}");
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

    /// Closed candles before now on the market's clock, oldest first, marked as warm-up; at most `limit` (≤ 999).
    ///
    /// # Errors
    /// When an answer cannot be had or read.
    pub async fn candles(
        &self,
        symbol: Symbol,
        interval: Interval,
        limit: u16,
    ) -> Result<Vec<Candle>, RestError> {
        let now = self.market_time(symbol).await?;
        // One more than asked, because the newest row is usually the open candle.
        let query = format!(
            "category=linear&interval={}&limit={}&symbol={symbol}",
            interval_to_wire(interval),
            limit.saturating_add(1).min(1000)
        );
        let mut candles = Vec::with_capacity(usize::from(limit));
        self.each_row(Access::Public, "/v5/market/kline", &query, |answer, text| {
            let row: Vec<Lexeme<'_>> =
                serde_json::from_str(text).map_err(|error| answer.unreadable(error))?;
            let candle = warm_up_candle(symbol, interval, &row).map_err(|e| answer.unreadable(e))?;
            if candle.at <= now {
                candles.push(candle);
            }
            Ok(())
        })
        .await?;
        candles.sort_by_key(|candle| candle.start);
        let surplus = candles.len().saturating_sub(usize::from(limit));
        candles.drain(..surplus);
        Ok(candles)
    }

    /// The account's mode.
    ///
    /// # Errors
    /// When the answer cannot be had or read.
    pub async fn account_info(&self) -> Result<AccountInfo, RestError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Info<'a> {
            #[serde(borrow)]
            margin_mode: Lexeme<'a>,
            #[serde(borrow, default)]
            unified_margin_status: Lexeme<'a>,
        }
        let answer = self.get_signed("/v5/account/info", String::new()).await?;
        let info: Info<'_> = answer.result()?;
        Ok(AccountInfo {
            margin_mode: match info.margin_mode.as_str() {
                "ISOLATED_MARGIN" => MarginMode::Isolated,
                "REGULAR_MARGIN" => MarginMode::Cross,
                "PORTFOLIO_MARGIN" => MarginMode::Portfolio,
                other => MarginMode::Other(other.to_owned()),
            },
            unified_status: info
                .unified_margin_status
                .integer("unifiedMarginStatus")
                .map_err(|error| answer.unreadable(error))?,
        })
    }

    /// What the key may do.
    ///
    /// # Errors
    /// When the answer cannot be had or read.
    pub async fn api_key_info(&self) -> Result<ApiKeyInfo, RestError> {
        let answer = self.get_signed("/v5/user/query-api", String::new()).await?;
        let wire: KeyWire<'_> = answer.result()?;
        wire.info().map_err(|error| answer.unreadable(error))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyWire<'a> {
    #[serde(borrow)]
    read_only: Lexeme<'a>,
    #[serde(borrow, default, rename = "userID")]
    user_id: Lexeme<'a>,
    #[serde(default)]
    permissions: BTreeMap<String, Option<Vec<String>>>,
    #[serde(default)]
    ips: Option<Vec<String>>,
    #[serde(borrow, default)]
    deadline_day: Lexeme<'a>,
    #[serde(borrow, default)]
    uta: Lexeme<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: Lexeme<'a>,
}

impl KeyWire<'_> {
    fn info(self) -> Result<ApiKeyInfo, FieldError> {
        let expires_in_days =
            if self.deadline_day.is_empty() { None } else { Some(self.deadline_day.integer("deadlineDay")?) };
        Ok(ApiKeyInfo {
            uid: self.user_id.integer("userID")?,
            is_read_only: self.read_only.is_true(),
            permissions: self.permissions.into_iter().map(|(k, v)| (k, v.unwrap_or_default())).collect(),
            ips: self.ips.unwrap_or_default(),
            // Keys bound to addresses do not expire; the exchange then shows a day in the past.
            expires_in_days: expires_in_days.filter(|days| *days >= 0),
            is_unified: self.uta.is_true(),
            kind: self.kind.integer("type")?,
        })
    }
}

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
    fn rights_and_expiry_of_a_key_are_read() {
        let json = r#"{"readOnly":0,"permissions":{"ContractTrade":["Order","Position"],"Wallet":[],"NFT":null},
            "ips":["192.0.2.7"],"deadlineDay":-2,"uta":1,"userID":24617703}"#;
        let info = serde_json::from_str::<KeyWire<'_>>(json).unwrap().info().unwrap();
        assert!(info.may("ContractTrade", "Order") && !info.may("Wallet", "Withdraw"));
        assert_eq!((info.uid, info.is_read_only, info.is_unified), (24_617_703, false, true));
        assert_eq!(info.expires_in_days, None, "bound to an address: does not expire");
    }

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
