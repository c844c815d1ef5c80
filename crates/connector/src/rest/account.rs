//! The account's mode, and what the key may do. Source: Bybit V5, "Get Account Info", "Get API Key Information".

use super::{client::RestClient, error::RestError};
use crate::codec::number::{FieldError, Lexeme};
use serde::Deserialize;
use std::collections::BTreeMap;

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

impl MarginMode {
    /// The venue's word.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        match self {
            Self::Isolated => "ISOLATED_MARGIN",
            Self::Cross => "REGULAR_MARGIN",
            Self::Portfolio => "PORTFOLIO_MARGIN",
            Self::Other(word) => word.as_str(),
        }
    }
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
    /// Whether its account is a main one; a sub-account's key has calls of its own.
    pub is_of_main_account: bool,
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
pub(super) struct KeyWire<'a> {
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
    #[serde(borrow, default)]
    is_master: Lexeme<'a>,
}

impl KeyWire<'_> {
    pub(super) fn info(self) -> Result<ApiKeyInfo, FieldError> {
        let expires_in_days =
            if self.deadline_day.is_empty() { None } else { Some(self.deadline_day.integer("deadlineDay")?) };
        Ok(ApiKeyInfo {
            uid: self.user_id.integer("userID")?,
            is_of_main_account: self.is_master.is_true(),
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
}
