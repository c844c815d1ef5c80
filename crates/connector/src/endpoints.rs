//! Where the venue lives: one REST base and three WebSocket addresses, checked against an allow-list.
//!
//! A key must never travel to a host that is not the exchange's, nor in the clear: `https` and `wss` to the
//! documented hosts, plain `http` and `ws` to loopback only. Source: Bybit V5, "Integration guidance", hosts.

use crate::{region::Region, rest::market::Category};
use std::fmt;

/// Hosts of the exchange. Source: Bybit V5, "Integration guidance" and the regional sites' pages.
const DOCUMENTED_HOSTS: &[&str] = &[
    "api.bybit.com",
    "api.bytick.com",
    "api-testnet.bybit.com",
    "api-demo.bybit.com",
    "api.bybit.nl",
    "api.bybit.tr",
    "api.bybit.kz",
    "api.bybitgeorgia.ge",
    "api.bybit.ae",
    "api.bybit.eu",
    "api.bybit.id",
    "api.manepa.jp",
    "api-testnet.manepa.jp",
    "stream.bybit.com",
    "stream-testnet.bybit.com",
    "stream-demo.bybit.com",
    "stream.bybit.tr",
    "stream.bybit.kz",
    "stream.bybitgeorgia.ge",
    "stream.bybit.eu",
    "stream.bybit.id",
    "stream.manepa.jp",
];

const PUBLIC_PATH: &str = "/v5/public/linear";
const PRIVATE_PATH: &str = "/v5/private";
const TRADE_PATH: &str = "/v5/trade";

/// One set of addresses that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueEndpoints {
    rest: Address,
    public_ws: Address,
    private_ws: Address,
    trade_ws: Option<Address>,
}

/// An address that passed the allow-list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    url: String,
    is_plain: bool,
}

/// Why an address was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not `scheme://host[:port][/path]`.
    #[error("`{url}` is not an address of the form {scheme}://host[:port]")]
    Malformed {
        /// The address as given.
        url: String,
        /// The scheme expected.
        scheme: &'static str,
    },
    /// Unencrypted to a host that is not this machine.
    #[error("`{url}` is not encrypted; plain {scheme}:// is allowed to loopback only")]
    PlainToRemote {
        /// The address as given.
        url: String,
        /// The scheme used.
        scheme: &'static str,
    },
    /// Not a host of the exchange.
    #[error("`{host}` is not a documented host of the exchange; a key is not sent there")]
    UnknownHost {
        /// The host named.
        host: String,
    },
}

impl VenueEndpoints {
    /// The exchange.
    #[must_use]
    pub fn mainnet() -> Self {
        Self::preset("https://api.bybit.com", "wss://stream.bybit.com", "wss://stream.bybit.com")
    }

    /// The exchange's test network, with keys and prices of its own.
    #[must_use]
    pub fn testnet() -> Self {
        let stream = "wss://stream-testnet.bybit.com";
        Self::preset("https://api-testnet.bybit.com", stream, stream)
    }

    /// A regional site of the exchange; its customers have their accounts there. Source: Bybit V5, "Integration guidance".
    #[must_use]
    pub fn regional(region: Region) -> Self {
        let common = "wss://stream.bybit.com";
        let (rest, stream) = match region {
            Region::Netherlands => ("https://api.bybit.nl", common),
            Region::Turkey => ("https://api.bybit.tr", "wss://stream.bybit.tr"),
            Region::Kazakhstan => ("https://api.bybit.kz", "wss://stream.bybit.kz"),
            Region::Georgia => ("https://api.bybitgeorgia.ge", "wss://stream.bybitgeorgia.ge"),
            Region::Emirates => ("https://api.bybit.ae", common),
            Region::Europe => ("https://api.bybit.eu", common),
            Region::Indonesia => ("https://api.bybit.id", "wss://stream.bybit.id"),
            Region::Japan => ("https://api.manepa.jp", "wss://stream.manepa.jp"),
        };
        Self::preset(rest, stream, stream)
    }

    /// Demo trading on mainnet prices: public data comes from mainnet, and there is no trade socket.
    #[must_use]
    pub fn demo() -> Self {
        let mut demo = Self::preset(
            "https://api-demo.bybit.com",
            "wss://stream.bybit.com",
            "wss://stream-demo.bybit.com",
        );
        demo.trade_ws = None;
        demo
    }

    /// A venue with all its paths behind one `host:port`, in the clear: the embedded one and tests.
    ///
    /// # Errors
    /// When the address is not loopback.
    pub fn loopback(host_and_port: &str) -> Result<Self, EndpointError> {
        Self::custom(
            &format!("http://{host_and_port}"),
            &format!("ws://{host_and_port}{PUBLIC_PATH}"),
            &format!("ws://{host_and_port}{PRIVATE_PATH}"),
            Some(&format!("ws://{host_and_port}{TRADE_PATH}")),
        )
    }

    /// Addresses of one's own choice, within the allow-list: a regional site, another test set-up.
    ///
    /// # Errors
    /// When an address is malformed, unencrypted to a remote host, or not a host of the exchange.
    pub fn custom(
        rest: &str,
        public_ws: &str,
        private_ws: &str,
        trade_ws: Option<&str>,
    ) -> Result<Self, EndpointError> {
        Ok(Self {
            rest: Address::check(rest, "http", "https")?,
            public_ws: Address::check(public_ws, "ws", "wss")?,
            private_ws: Address::check(private_ws, "ws", "wss")?,
            trade_ws: trade_ws.map(|url| Address::check(url, "ws", "wss")).transpose()?,
        })
    }

    fn preset(rest: &str, public: &str, private: &str) -> Self {
        let remote = |url: String| Address { url, is_plain: false };
        Self {
            rest: remote(rest.to_owned()),
            public_ws: remote(format!("{public}{PUBLIC_PATH}")),
            private_ws: remote(format!("{private}{PRIVATE_PATH}")),
            trade_ws: Some(remote(format!("{private}{TRADE_PATH}"))),
        }
    }

    /// Base of REST paths, without a trailing slash.
    #[must_use]
    pub const fn rest(&self) -> &Address {
        &self.rest
    }

    /// The public stream of linear contracts.
    #[must_use]
    pub const fn public_ws(&self) -> &Address {
        &self.public_ws
    }

    /// The public stream of a product; `None` where a custom address does not end with the product's name.
    #[must_use]
    pub fn public_ws_of(&self, category: Category) -> Option<Address> {
        let (base, last) = self.public_ws.url.rsplit_once('/')?;
        let is_named = Category::ALL.into_iter().any(|product| product.as_str() == last);
        is_named.then(|| Address { url: format!("{base}/{category}"), is_plain: self.public_ws.is_plain })
    }

    /// The private stream.
    #[must_use]
    pub const fn private_ws(&self) -> &Address {
        &self.private_ws
    }

    /// The trade socket; `None` where the venue offers none (demo).
    #[must_use]
    pub const fn trade_ws(&self) -> Option<&Address> {
        self.trade_ws.as_ref()
    }
}

impl Address {
    fn check(url: &str, plain: &'static str, encrypted: &'static str) -> Result<Self, EndpointError> {
        let malformed = || EndpointError::Malformed { url: url.to_owned(), scheme: encrypted };
        let (scheme, rest) = url.split_once("://").ok_or_else(malformed)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let is_plain = scheme == plain;
        if !is_plain && scheme != encrypted {
            return Err(malformed());
        }
        // A user part would let `api.bybit.com@evil.example` look right to a reader.
        if authority.is_empty() || authority.contains('@') || url.contains(char::is_whitespace) {
            return Err(malformed());
        }
        let host = match authority.strip_prefix('[') {
            Some(v6) => v6.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        };
        let is_loopback =
            host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if !is_loopback {
            if is_plain {
                return Err(EndpointError::PlainToRemote { url: url.to_owned(), scheme: plain });
            }
            if !DOCUMENTED_HOSTS.contains(&host.to_ascii_lowercase().as_str()) {
                return Err(EndpointError::UnknownHost { host: host.to_owned() });
            }
        }
        Ok(Self { url: url.trim_end_matches('/').to_owned(), is_plain })
    }

    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Whether it is unencrypted, which only loopback may be.
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        self.is_plain
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(url: &str) -> Result<VenueEndpoints, EndpointError> {
        VenueEndpoints::custom(url, "ws://127.0.0.1:1/p", "ws://127.0.0.1:1/q", None)
    }

    #[test]
    fn loopback_may_be_plain_and_documented_hosts_may_not() {
        for url in ["http://127.0.0.1:8484", "http://localhost:1", "http://[::1]:9", "https://api.bybit.nl"] {
            assert!(rest(url).is_ok(), "{url}");
        }
        assert!(matches!(rest("http://api.bybit.com"), Err(EndpointError::PlainToRemote { .. })));
        assert!(matches!(rest("http://10.0.0.8:80"), Err(EndpointError::PlainToRemote { .. })));
    }

    #[test]
    fn g10_d12_a_key_is_not_sent_to_strangers() {
        for url in ["https://api.bybit.com.evil.example", "https://api-bybit.com", "https://192.0.2.1"] {
            assert!(matches!(rest(url), Err(EndpointError::UnknownHost { .. })), "{url}");
        }
        for url in ["https://api.bybit.com@evil.example", "ftp://api.bybit.com", "api.bybit.com", "https://"]
        {
            assert!(matches!(rest(url), Err(EndpointError::Malformed { .. })), "{url}");
        }
    }

    #[test]
    fn presets_pass_their_own_allow_list() {
        let regions = Region::ALL.map(VenueEndpoints::regional);
        let common = [VenueEndpoints::mainnet(), VenueEndpoints::testnet(), VenueEndpoints::demo()];
        for set in common.into_iter().chain(regions) {
            let trade = set.trade_ws().map(Address::as_str);
            let again = VenueEndpoints::custom(
                set.rest().as_str(),
                set.public_ws().as_str(),
                set.private_ws().as_str(),
                trade,
            );
            assert_eq!(again, Ok(set));
        }
        let spot = VenueEndpoints::mainnet().public_ws_of(Category::Spot);
        assert_eq!(spot.unwrap().as_str(), "wss://stream.bybit.com/v5/public/spot");
        assert_eq!(VenueEndpoints::demo().trade_ws(), None, "demo offers no trade socket");
    }
}
