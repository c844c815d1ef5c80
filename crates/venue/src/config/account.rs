//! Accounts and their API keys.

use std::net::IpAddr;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use windvane_venue_core::{AccountSetup, Fees, MarginMode};

use super::decimal_text;

/// One account with its first API key, which may trade everything and expires never; more keys in `keys`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountConfig {
    /// Account number.
    pub uid: u64,
    /// API key.
    pub key: String,
    /// API secret. It guards nothing but play money, so it may stand in the file.
    pub secret: String,
    /// Further keys of the account.
    #[serde(default)]
    pub keys: Vec<KeyConfig>,
    /// Opening wallet balance in USDT.
    #[serde(deserialize_with = "decimal_text")]
    pub balance_usdt: Decimal,
    /// Opening balances in other coins.
    #[serde(default)]
    pub coins: Vec<BalanceConfig>,
    /// Leverage of every symbol at the start, as a factor.
    #[serde(deserialize_with = "decimal_text")]
    pub leverage: Decimal,
    /// How positions are margined at the start: `cross` or `isolated`. Default: cross.
    #[serde(default = "cross", deserialize_with = "margin_mode")]
    pub margin_mode: MarginMode,
    /// Taker fee as a fraction of the value. Default: the exchange's non-VIP rate.
    #[serde(default = "taker_fee", deserialize_with = "decimal_text")]
    pub taker_fee: Decimal,
    /// Maker fee as a fraction of the value. Default: the exchange's non-VIP rate.
    #[serde(default = "maker_fee", deserialize_with = "decimal_text")]
    pub maker_fee: Decimal,
}

/// An opening balance.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalanceConfig {
    /// Which coin.
    pub coin: String,
    /// How much of it.
    #[serde(deserialize_with = "decimal_text")]
    pub balance: Decimal,
}

/// A further API key. It has either a secret (HMAC-SHA256) or a public key (RSA-SHA256).
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyConfig {
    /// API key.
    pub key: String,
    /// Secret of an HMAC key.
    pub secret: Option<String>,
    /// Public key of an RSA key, in PEM.
    pub rsa_public_key: Option<String>,
    /// Whether it may only look.
    #[serde(default)]
    pub read_only: bool,
    /// What it may do. Default: trade.
    #[serde(default = "trading_rights")]
    pub rights: Vec<Right>,
    /// The addresses it is bound to; none means that it works from everywhere.
    #[serde(default)]
    pub ips: Vec<IpAddr>,
    /// When it expires, as `2026-12-31T00:00:00Z`; absent means never.
    #[serde(default, deserialize_with = "moment")]
    pub expires: Option<Timestamp>,
}

/// What a key may do. Source: Bybit V5, "Get API Key Information", `permissions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// Orders on contracts (`ContractTrade`: `Order`).
    Order,
    /// Positions, leverage, protective stops (`ContractTrade`: `Position`).
    Position,
    /// Spot orders (`Spot`: `SpotTrade`).
    Spot,
    /// Transfers between accounts (`Wallet`: `AccountTransfer`).
    Transfer,
    /// Withdrawal (`Wallet`: `Withdraw`). Nothing can be withdrawn here; a client that checks its key sees it.
    Withdraw,
}

impl std::fmt::Debug for AccountConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountConfig")
            .field("uid", &self.uid)
            .field("key", &self.key)
            .field("secret", &"***")
            .field("keys", &self.keys)
            .field("balance_usdt", &self.balance_usdt)
            .field("leverage", &self.leverage)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for KeyConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyConfig")
            .field("key", &self.key)
            .field("secret", &"***")
            .field("read_only", &self.read_only)
            .field("rights", &self.rights)
            .field("ips", &self.ips)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl AccountConfig {
    /// The documented account whose credentials are worth nothing.
    pub(super) fn paper() -> Self {
        Self {
            uid: 1001,
            key: "paper-key".to_owned(),
            secret: "paper-secret".to_owned(),
            keys: Vec::new(),
            balance_usdt: Decimal::from(100_000),
            coins: Vec::new(),
            leverage: Decimal::TEN,
            margin_mode: cross(),
            taker_fee: taker_fee(),
            maker_fee: maker_fee(),
        }
    }

    /// All keys of the account, the first one included.
    pub(crate) fn all_keys(&self) -> impl Iterator<Item = KeyConfig> + '_ {
        let first = KeyConfig {
            key: self.key.clone(),
            secret: Some(self.secret.clone()),
            rsa_public_key: None,
            read_only: false,
            rights: trading_rights(),
            ips: Vec::new(),
            expires: None,
        };
        std::iter::once(first).chain(self.keys.iter().cloned())
    }

    pub(crate) fn setup(&self) -> AccountSetup {
        let fees = Fees { taker: self.taker_fee, maker: self.maker_fee };
        let mut setup = AccountSetup::usdt(self.uid, self.balance_usdt, self.leverage, fees);
        setup.balances.extend(self.coins.iter().map(|coin| (coin.coin.clone(), coin.balance)));
        AccountSetup { margin_mode: self.margin_mode, ..setup }
    }
}

const fn cross() -> MarginMode {
    MarginMode::Cross
}

fn margin_mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MarginMode, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "cross" => Ok(MarginMode::Cross),
        "isolated" => Ok(MarginMode::Isolated),
        other => Err(serde::de::Error::custom(format!("{other:?} is neither \"cross\" nor \"isolated\""))),
    }
}

fn trading_rights() -> Vec<Right> {
    vec![Right::Order, Right::Position, Right::Spot]
}

fn taker_fee() -> Decimal {
    Decimal::new(55, 5)
}

fn maker_fee() -> Decimal {
    Decimal::new(2, 4)
}

fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|_| {
        serde::de::Error::custom(format!("{text:?} is not a moment such as \"2026-12-31T00:00:00Z\""))
    })
}
