//! The ticker of one contract, merged from messages that hold only what changed.

use windvane_model::{MarketTime, Price, Qty, Rate, Ticker};

/// Figures of the ticker as last told; `None` until told once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TickerState {
    /// Last trade.
    pub last: Option<Price>,
    /// Mark price.
    pub mark: Option<Price>,
    /// Index price.
    pub index: Option<Price>,
    /// Funding rate of the running interval, a fraction; positive: longs pay.
    pub funding_rate: Option<Rate>,
    /// When it will be paid.
    pub next_funding: Option<MarketTime>,
    /// Contracts that are open, in the contract's quantity.
    pub open_interest: Option<Qty>,
}

impl TickerState {
    /// Takes what a message tells and keeps the rest.
    pub(crate) fn merge(&mut self, ticker: &Ticker) {
        self.last = ticker.last.or(self.last);
        self.mark = ticker.mark.or(self.mark);
        self.index = ticker.index.or(self.index);
        self.funding_rate = ticker.funding_rate.or(self.funding_rate);
        self.next_funding = ticker.next_funding.or(self.next_funding);
        self.open_interest = ticker.open_interest.or(self.open_interest);
    }
}
