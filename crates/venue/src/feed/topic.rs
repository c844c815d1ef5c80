//! Names of public topics.

use windvane_venue_core::Category;

use crate::market::interval::Interval;

/// Book depths that can be subscribed to.
pub(crate) const DEPTHS: [usize; 4] = [1, 50, 200, 1_000];

/// What a topic about insurance pools may name.
const POOLS: [&str; 3] = ["USDT", "USDC", "inverse"];

/// A public topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Topic {
    Book {
        depth: usize,
        symbol: String,
    },
    Trades {
        symbol: String,
    },
    Ticker {
        symbol: String,
    },
    Kline {
        interval: Interval,
        symbol: String,
    },
    PriceLimit {
        symbol: String,
    },
    Liquidations {
        symbol: String,
    },
    /// The insurance pools of a settle coin, or how near they are to deleveraging.
    Pools {
        coin: String,
    },
}

impl Topic {
    /// The topic with this wire text, if the venue has it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        match parts.as_slice() {
            ["orderbook", depth, symbol] => {
                let depth = depth.parse().ok().filter(|depth| DEPTHS.contains(depth))?;
                Some(Self::Book { depth, symbol: (*symbol).to_owned() })
            }
            ["publicTrade", symbol] => Some(Self::Trades { symbol: (*symbol).to_owned() }),
            ["tickers", symbol] => Some(Self::Ticker { symbol: (*symbol).to_owned() }),
            ["kline", interval, symbol] => {
                Some(Self::Kline { interval: Interval::parse(interval)?, symbol: (*symbol).to_owned() })
            }
            ["priceLimit", symbol] => Some(Self::PriceLimit { symbol: (*symbol).to_owned() }),
            ["allLiquidation", symbol] => Some(Self::Liquidations { symbol: (*symbol).to_owned() }),
            ["insurance" | "adlAlert", coin] if POOLS.contains(coin) => {
                Some(Self::Pools { coin: (*coin).to_owned() })
            }
            _ => None,
        }
    }

    /// Whether a product group has topics of this kind.
    pub(crate) fn is_in(&self, category: Category) -> bool {
        !matches!((self, category), (Self::Liquidations { .. } | Self::Pools { .. }, Category::Spot))
    }

    /// The instrument it is about, if it is about one.
    pub(crate) fn symbol(&self) -> Option<&str> {
        match self {
            Self::Pools { .. } => None,
            Self::Book { symbol, .. }
            | Self::Trades { symbol }
            | Self::Ticker { symbol }
            | Self::Kline { symbol, .. }
            | Self::PriceLimit { symbol }
            | Self::Liquidations { symbol } => Some(symbol),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_read_and_unknown_ones_refused() {
        let book = Topic::Book { depth: 50, symbol: "BTCUSDT".into() };
        assert_eq!(Topic::parse("orderbook.50.BTCUSDT"), Some(book));
        for unknown in ["orderbook.500.BTCUSDT", "kline.2.BTCUSDT", "order", "tickers", "insurance.BTC", ""] {
            assert_eq!(Topic::parse(unknown), None, "{unknown}");
        }
    }
}
