//! Settings of the account: read and made at start, or by a person.

use super::{
    account::MarginMode,
    client::{Payload, RestClient},
    error::RestError,
    market::Category,
    position_mode::PositionMode,
};
use crate::{
    budget::{Call, Purpose},
    codec::number::Lexeme,
    encode::Object,
};
use reqwest::Method;
use serde::Deserialize;
use windvane_model::{Millis, Symbol};

const WINDOW_MS: Millis = 5_000;
/// "Nothing to change" of the position mode.
const MODE_UNCHANGED: i32 = 110_025;

/// What the venue does with a limit order beyond its price band. Source: Bybit V5, "Get User Setting Config".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitPriceAction {
    /// Whether contracts' orders are moved to the band; else they are refused.
    pub moves_contracts: bool,
    /// Whether spot orders are moved; else they are refused.
    pub moves_spot: bool,
}

/// A group of products that the venue's disconnection protection tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TradingProduct {
    /// Contracts.
    Derivatives,
    /// Coins.
    Spot,
}

impl TradingProduct {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Derivatives => "DERIVATIVES",
            Self::Spot => "SPOT",
        }
    }
}

/// Disconnection protection that is switched on for the account. Source: Bybit V5, "Get DCP Info".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DcpWindow {
    /// The venue's word for the product: `DERIVATIVES`.
    pub product: String,
    /// Whether it is on.
    pub is_on: bool,
    /// Seconds without a connection after which it cancels.
    pub window_s: u32,
}

impl RestClient {
    /// Has the venue refuse an order beyond the price limit; a setting of one kind of contract is that of both. Left alone it moves the price to the limit and
    /// says nothing, so that an order rests where nobody put it. Source: Bybit V5, "Set Limit Price Action".
    ///
    /// # Errors
    /// When the venue refuses, or does not answer.
    pub async fn refuse_moved_prices(&self, category: Category) -> Result<(), RestError> {
        let body = Object::text_of(|object| {
            object.text("category", category.as_str()).raw("modifyEnable", false).finish();
        });
        self.post("account/set-limit-px-action", &body).await
    }

    /// What the venue does with limit orders beyond its band. The documentation gives the two flags opposite meanings:
    /// a contract's price is moved while its flag is off, a pair's while it is on.
    ///
    /// # Errors
    /// When the answer cannot be had or read.
    pub async fn limit_price_action(&self) -> Result<LimitPriceAction, RestError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Config<'a> {
            #[serde(borrow)]
            lpa_perp: Lexeme<'a>,
            #[serde(borrow)]
            lpa_spot: Lexeme<'a>,
        }
        let answer = self.get_signed("/v5/account/user-setting-config", String::new()).await?;
        let config: Config<'_> = answer.result()?;
        Ok(LimitPriceAction {
            moves_contracts: !config.lpa_perp.is_true(),
            moves_spot: config.lpa_spot.is_true(),
        })
    }

    /// Sets the margin mode of the whole account. The venue refuses while orders or positions stand in its way.
    /// Source: Bybit V5, "Set Margin Mode".
    ///
    /// # Errors
    /// When the venue refuses or does not answer, or the mode is one we cannot name.
    pub async fn set_margin_mode(&self, mode: &MarginMode) -> Result<(), RestError> {
        let word = mode.as_str();
        let body = Object::text_of(|object| object.text("setMarginMode", word).finish());
        self.post("account/set-margin-mode", &body).await
    }

    /// Sets how many positions a linear contract may have; other products have no choice. A mode that is set already is none
    /// the worse. Source: Bybit V5, "Switch Position Mode".
    ///
    /// # Errors
    /// When the venue refuses (a position or an order is open), or does not answer.
    pub async fn set_position_mode(&self, symbol: Symbol, mode: PositionMode) -> Result<(), RestError> {
        let number: u8 = match mode {
            PositionMode::OneWay => 0,
            PositionMode::Hedge => 3,
        };
        let body = Object::text_of(|object| {
            object.text("category", "linear").raw("mode", number).text("symbol", symbol).finish();
        });
        match self.post("position/switch-mode", &body).await {
            Err(RestError::Refused { code: MODE_UNCHANGED, .. }) => Ok(()),
            end => end,
        }
    }

    /// The mode of a contract, as its rows of positions show it, flat or not.
    ///
    /// # Errors
    /// When the answer cannot be had or read.
    pub async fn position_mode(&self, category: Category, symbol: Symbol) -> Result<PositionMode, RestError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Row<'a> {
            #[serde(borrow)]
            position_idx: Lexeme<'a>,
        }
        let mut mode = PositionMode::OneWay;
        let query = format!("category={category}&symbol={symbol}");
        self.each_row(super::page::Access::Signed, "/v5/position/list", &query, |answer, text| {
            let row: Row<'_> = answer.row(text)?;
            if row.position_idx.as_str() != "0" {
                mode = PositionMode::Hedge;
            }
            Ok(())
        })
        .await?;
        Ok(mode)
    }

    /// Sets after how many seconds (3 to 300) without any connection the venue cancels open orders. Works for accounts
    /// on which the exchange has switched it on. Source: Bybit V5, "Set DCP".
    ///
    /// # Errors
    /// When the venue refuses, or does not answer.
    pub async fn set_dcp(&self, product: TradingProduct, window_s: u32) -> Result<(), RestError> {
        let body = Object::text_of(|object| {
            object.text("product", product.as_str()).raw("timeWindow", window_s).finish();
        });
        self.post("order/disconnected-cancel-all", &body).await
    }

    /// The disconnection protection of the account; empty where the exchange has not switched it on.
    ///
    /// # Errors
    /// When the answer cannot be had or read.
    pub async fn dcp(&self) -> Result<Vec<DcpWindow>, RestError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Row<'a> {
            #[serde(borrow)]
            product: Lexeme<'a>,
            #[serde(borrow)]
            dcp_status: Lexeme<'a>,
            #[serde(borrow)]
            time_window: Lexeme<'a>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Infos<'a> {
            #[serde(borrow, default)]
            dcp_infos: Vec<Row<'a>>,
        }
        let answer = self.get_signed("/v5/account/query-dcp-info", String::new()).await?;
        let infos: Infos<'_> = answer.result()?;
        let window = |row: &Row<'_>| {
            Ok(DcpWindow {
                product: row.product.as_str().to_owned(),
                is_on: row.dcp_status.as_str() == "ON",
                window_s: row.time_window.integer("timeWindow").map_err(|error| answer.unreadable(error))?,
            })
        };
        infos.dcp_infos.iter().map(window).collect()
    }

    /// Deletes the key that signs this call, at once and for good: a key of a sub-account, or of the main one. Source:
    /// Bybit V5, "Delete Master API Key", "Delete Sub API Key".
    ///
    /// # Errors
    /// When the venue refuses, or does not answer.
    pub async fn delete_own_key(&self, is_of_main_account: bool) -> Result<(), RestError> {
        let endpoint = if is_of_main_account { "user/delete-api" } else { "user/delete-sub-api" };
        self.post(endpoint, "{}").await
    }

    async fn post(&self, endpoint: &'static str, body: &str) -> Result<(), RestError> {
        let turn = self.turn(Call::over_rest(endpoint, Purpose::Open)).await?;
        self.call(&turn, Method::POST, Payload::Body(body), Some(WINDOW_MS)).await.map(drop)
    }
}
