//! Settings of the venue, as typed in `config/venue.toml` or in the app's `[venue]` table.
//!
//! Decimals are quoted strings; unknown keys are refused. What needs more than one field is checked by
//! [`VenueConfig::check`], which reports every problem at once.

mod account;
mod address;
mod connection;
mod doubt;
mod market;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use windvane_venue_core::Category;

pub use account::{AccountConfig, BalanceConfig, KeyConfig, Right};
pub use address::AddressLimits;
pub use connection::ConnectionLimits;
pub use doubt::*;
pub use market::{
    ManualConfig, MarketConfig, RecordingConfig, RelayConfig, ReplayConfig, Stream, SyntheticConfig,
    TradesConfig,
};

use crate::catalogue::{self, Listing};
use crate::server::auth::ApiKey;
pub use crate::server::auth::KeyProblem;

/// A whole venue: where it listens, what it lists, who trades on it and where its market comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VenueConfig {
    /// Address of the one port for REST and WebSocket. Port 0 takes a free one. Default: `127.0.0.1:8484`.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Whether the control surface under `/sim` answers (to loopback peers only).
    #[serde(default)]
    pub sim: bool,
    /// Whether requests per second and account, and per address, are limited as on the exchange. Never applied in a replay faster than
    /// the clock, where a second of market time holds thousands of times the usual work. Default: `true`.
    #[serde(default = "yes")]
    pub rate_limits: bool,
    /// Whose limits hold where `rate_limits` are on.
    #[serde(default)]
    pub limits: LimitPreset,
    /// What one address may do where `rate_limits` are on. Default: what the exchange publishes.
    #[serde(default)]
    pub address_limits: AddressLimits,
    /// How many connections are kept open at once.
    #[serde(default)]
    pub connections: ConnectionLimits,
    /// Wall milliseconds that replies and pushes are under way to the client, in place of a network. Without any, a
    /// reply can be there before its request has been noted: pybit 5.17 notes a request on the trade socket after
    /// sending it, and drops such a reply. Leave it at 0 in a replay faster than the clock.
    #[serde(default)]
    pub latency_ms: u16,
    /// Wall milliseconds within which a request's head must have come, and then its body; a connection on which nothing is
    /// asked for so long is closed, too. The default is longer than clients usually keep an idle connection, so that none
    /// is closed under a request. Not published. Default: 75000.
    #[serde(default = "default_request_timeout")]
    pub request_timeout_ms: u32,
    /// Seed of order and execution ids.
    #[serde(default)]
    pub seed: u64,
    /// Linear contracts to list, from the built-in catalogue. Default: those with recorded figures.
    #[serde(default = "default_instruments")]
    pub instruments: Vec<String>,
    /// Spot pairs to list.
    #[serde(default)]
    pub spot: Vec<String>,
    /// Inverse contracts to list.
    #[serde(default)]
    pub inverse: Vec<String>,
    /// Accounts with their API keys. Default: the paper account.
    #[serde(default = "default_accounts")]
    pub accounts: Vec<AccountConfig>,
    /// Where prices come from.
    pub market: MarketConfig,
    /// Answers to what the exchange's documentation leaves open.
    #[serde(default)]
    pub doubts: DoubtsConfig,
}

/// Whose limits hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LimitPreset {
    /// Those of the exchange's documentation.
    #[default]
    Documented,
    /// Besides them those of its introductory article: 120 requests a minute without a key, 60 with one, answered with
    /// HTTP 429 beyond, and 100 topics on a socket, which is closed beyond.
    Article,
}

/// What is wrong with a [`VenueConfig`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigProblem {
    /// A symbol the catalogue does not know.
    #[error("instrument {symbol} is not in the venue's catalogue ({known})")]
    UnknownInstrument {
        /// As typed.
        symbol: String,
        /// The symbols there are.
        known: String,
    },
    /// The same symbol, uid or key twice.
    #[error("{what} {value} is given twice")]
    Duplicate {
        /// Which field.
        what: &'static str,
        /// Its value.
        value: String,
    },
    /// A key that can sign nothing.
    #[error("key {key}: {problem}")]
    Key {
        /// Which key.
        key: String,
        /// What is wrong with it.
        problem: KeyProblem,
    },
    /// Nothing to trade, or nobody to trade.
    #[error("at least one {0} is needed")]
    Missing(&'static str),
    /// A replay that would stand still.
    #[error("speed must be at least 1")]
    SpeedZero,
    /// An amount that must not be negative, or a leverage below 1.
    #[error("{what} of account {uid} is out of range: {value}")]
    OutOfRange {
        /// Which field.
        what: &'static str,
        /// Whose.
        uid: u64,
        /// Its value.
        value: Decimal,
    },
}

impl ConfigProblem {
    /// What to look for in the file to find it: the value as it is typed there, or the key.
    #[must_use]
    pub fn mark(&self) -> Option<String> {
        match self {
            Self::UnknownInstrument { symbol, .. } => Some(format!("\"{symbol}\"")),
            Self::Duplicate { value, .. } => Some(value.clone()),
            Self::Key { key, .. } => Some(format!("\"{key}\"")),
            Self::Missing(_) => None,
            Self::SpeedZero => Some("speed".to_owned()),
            Self::OutOfRange { what, .. } => Some((*what).to_owned()),
        }
    }
}

impl VenueConfig {
    /// A venue for this market with the documented paper account and the instruments with recorded figures.
    #[must_use]
    pub fn paper(market: MarketConfig) -> Self {
        Self {
            listen: default_listen(),
            sim: true,
            rate_limits: true,
            limits: LimitPreset::Documented,
            address_limits: AddressLimits::default(),
            connections: ConnectionLimits::default(),
            latency_ms: 0,
            request_timeout_ms: default_request_timeout(),
            seed: 0,
            instruments: default_instruments(),
            spot: Vec::new(),
            inverse: Vec::new(),
            accounts: default_accounts(),
            market,
            doubts: DoubtsConfig::default(),
        }
    }

    pub(crate) fn latency(&self) -> Duration {
        Duration::from_millis(self.latency_ms.into())
    }

    pub(crate) fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms.into())
    }

    /// What is to be listed in each product group.
    fn symbols(&self) -> [(Category, &[String]); 3] {
        [
            (Category::Linear, &self.instruments),
            (Category::Inverse, &self.inverse),
            (Category::Spot, &self.spot),
        ]
    }

    /// The catalogue's entries for all that is to be listed; what it does not know is left out.
    pub(crate) fn listings(&self) -> Vec<&'static Listing> {
        let all = self.symbols().into_iter();
        all.flat_map(|(category, symbols)| {
            symbols.iter().filter_map(move |symbol| catalogue::listing(category, symbol))
        })
        .collect()
    }

    /// Every problem that reading alone does not show; empty when the config can be used.
    #[must_use]
    pub fn check(&self) -> Vec<ConfigProblem> {
        let mut problems = Vec::new();
        for (category, symbols) in self.symbols() {
            for symbol in symbols.iter().filter(|symbol| catalogue::listing(category, symbol).is_none()) {
                let known = catalogue::symbols(category).join(", ");
                problems.push(ConfigProblem::UnknownInstrument { symbol: symbol.clone(), known });
            }
            problems.extend(duplicates("instrument", symbols.iter().cloned()));
        }
        problems.extend(duplicates("uid", self.accounts.iter().map(|account| account.uid.to_string())));
        let keys: Vec<KeyConfig> = self.accounts.iter().flat_map(AccountConfig::all_keys).collect();
        problems.extend(duplicates("key", keys.iter().map(|key| key.key.clone())));
        for key in &keys {
            if let Err(problem) = ApiKey::new(0, key) {
                problems.push(ConfigProblem::Key { key: key.key.clone(), problem });
            }
        }
        if self.symbols().iter().all(|(_, symbols)| symbols.is_empty()) {
            problems.push(ConfigProblem::Missing("instrument"));
        }
        if self.accounts.is_empty() {
            problems.push(ConfigProblem::Missing("account"));
        }
        for account in &self.accounts {
            let uid = account.uid;
            if account.balance_usdt < Decimal::ZERO {
                problems.push(ConfigProblem::OutOfRange {
                    what: "balance_usdt",
                    uid,
                    value: account.balance_usdt,
                });
            }
            if account.leverage < Decimal::ONE {
                problems.push(ConfigProblem::OutOfRange { what: "leverage", uid, value: account.leverage });
            }
        }
        if self.market.speed() == Some(0) {
            problems.push(ConfigProblem::SpeedZero);
        }
        problems
    }
}

fn duplicates(what: &'static str, values: impl Iterator<Item = String>) -> Vec<ConfigProblem> {
    let mut sorted: Vec<String> = values.collect();
    sorted.sort();
    let repeated = sorted.windows(2).filter(|pair| pair[0] == pair[1]);
    let mut problems: Vec<_> =
        repeated.map(|pair| ConfigProblem::Duplicate { what, value: pair[0].clone() }).collect();
    problems.dedup();
    problems
}

/// A decimal from a string; TOML floats are refused because they drop digits in silence.
fn decimal_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let text = String::deserialize(deserializer)?;
    Decimal::from_str_exact(&text)
        .map_err(|_| serde::de::Error::custom(format!("{text:?} is not a decimal number")))
}

fn default_request_timeout() -> u32 {
    75_000
}

fn default_listen() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 8484).into()
}

fn default_instruments() -> Vec<String> {
    catalogue::RECORDED.iter().map(|&symbol| symbol.to_owned()).collect()
}

fn default_accounts() -> Vec<AccountConfig> {
    vec![AccountConfig::paper()]
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_is_valid() {
        let config: VenueConfig = toml::from_str(include_str!("../../../../config/venue.toml")).unwrap();
        assert_eq!(config.check(), []);
        assert!(config.listen.ip().is_loopback());
    }

    #[test]
    fn every_problem_is_reported_and_unknown_keys_are_refused() {
        let mut config = VenueConfig::paper(MarketConfig::Manual(ManualConfig {}));
        config.instruments = vec!["BTCUSDT".into(), "BTCUSDT".into(), "NOPEUSDT".into()];
        config.accounts[0].leverage = Decimal::ZERO;
        assert_eq!(config.check().len(), 3);
        assert!(toml::from_str::<VenueConfig>("colour = 1\n[market.manual]").is_err());
        let float =
            "[market.manual]\n[[accounts]]\nuid=1\nkey='k'\nsecret='s'\nbalance_usdt=1.5\nleverage='10'";
        assert!(toml::from_str::<VenueConfig>(float).is_err());
    }
}
