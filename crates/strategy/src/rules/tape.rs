//! The newest trades of the bot's contract, for the words that sum over a time. Kept only when a rule asks for them.

use std::collections::VecDeque;

use windvane_model::{MarketTime, Side, Trade, TradePrints};

/// Most prints kept: a burst beyond it shortens the window, oldest first.
const PRINTS_MAX: usize = 20_000;

/// The newest trades.
#[derive(Debug, Clone, Default)]
pub(super) struct Tape {
    /// Longest window asked for, milliseconds; 0 keeps nothing.
    window_ms: i64,
    prints: VecDeque<Trade>,
}

impl Tape {
    /// Keeps trades for so long.
    pub(super) fn new(window_ms: u32) -> Self {
        Self { window_ms: i64::from(window_ms), prints: VecDeque::new() }
    }

    /// This one with what `earlier` holds.
    pub(super) fn take_over(self, earlier: &Self) -> Self {
        Self { prints: earlier.prints.clone(), ..self }
    }

    pub(super) fn take(&mut self, prints: &TradePrints) {
        if self.window_ms == 0 {
            return;
        }
        self.prints.extend(prints.trades.iter().copied());
        let newest = prints.at;
        while self.prints.len() > PRINTS_MAX
            || self.prints.front().is_some_and(|print| newest.since(print.at) > self.window_ms)
        {
            self.prints.pop_front();
        }
    }

    /// (bought, sold) by takers within the window, base coin.
    fn sums(&self, window_ms: u32, now: MarketTime) -> (f64, f64) {
        let recent = self.prints.iter().rev().take_while(|print| now.since(print.at) <= i64::from(window_ms));
        recent.fold((0.0, 0.0), |(bought, sold), print| match print.taker {
            Side::Buy => (bought + print.qty.to_f64(), sold),
            Side::Sell => (bought, sold + print.qty.to_f64()),
        })
    }

    /// (bought − sold) / (bought + sold); `None` where nobody traded.
    pub(super) fn flow(&self, window_ms: u32, now: MarketTime) -> Option<f64> {
        let (bought, sold) = self.sums(window_ms, now);
        let all = bought + sold;
        (all > 0.0).then(|| (bought - sold) / all)
    }

    /// Quantity traded, base coin.
    pub(super) fn volume(&self, window_ms: u32, now: MarketTime) -> f64 {
        let (bought, sold) = self.sums(window_ms, now);
        bought + sold
    }
}
