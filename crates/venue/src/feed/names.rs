//! The topics of one instrument by their names, spelled once and not with every change.

use super::topic::DEPTHS;
use crate::market::interval::Interval;

/// Names of the topics of one instrument.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) books: [(usize, String); DEPTHS.len()],
    pub(super) trades: String,
    pub(super) liquidations: String,
    pub(super) ticker: String,
    pub(super) price_limit: String,
    klines: Vec<(Interval, String)>,
}

impl Names {
    pub(super) fn of(symbol: &str) -> Self {
        Self {
            books: DEPTHS.map(|depth| (depth, format!("orderbook.{depth}.{symbol}"))),
            trades: format!("publicTrade.{symbol}"),
            liquidations: format!("allLiquidation.{symbol}"),
            ticker: format!("tickers.{symbol}"),
            price_limit: format!("priceLimit.{symbol}"),
            klines: Interval::all()
                .map(|interval| (interval, format!("kline.{}.{symbol}", interval.text())))
                .collect(),
        }
    }

    pub(super) fn kline(&self, interval: Interval) -> Option<&str> {
        self.klines.iter().find(|(known, _)| *known == interval).map(|(_, topic)| topic.as_str())
    }
}
