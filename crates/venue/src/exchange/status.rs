//! What queries say of orders: the index behind them may lag their changes, so that an order that was cancelled a moment ago
//! is still shown as open.

use std::collections::{BTreeMap, VecDeque};

use windvane_venue_core::{OrderId, OrderRow};

/// Earlier states of orders, as long as the index may show them. Empty while it does not lag.
#[derive(Debug)]
pub(super) struct StatusIndex {
    lag_ms: i64,
    /// By order, oldest first, each with the market ms from which it held.
    states: BTreeMap<OrderId, VecDeque<(i64, OrderRow)>>,
}

impl StatusIndex {
    /// An index that lags by so many milliseconds of market time.
    pub(super) fn new(lag_ms: u32) -> Self {
        Self { lag_ms: lag_ms.into(), states: BTreeMap::new() }
    }

    /// Whether it lags at all.
    pub(super) fn lags(&self) -> bool {
        self.lag_ms > 0
    }

    /// An order has come to a new state.
    pub(super) fn note(&mut self, now_ms: i64, row: &OrderRow) {
        if !self.lags() {
            return;
        }
        let states = self.states.entry(row.order_id.clone()).or_default();
        states.push_back((now_ms, row.clone()));
        let shown_ms = now_ms - self.lag_ms;
        while states.get(1).is_some_and(|(since, _)| *since <= shown_ms) {
            states.pop_front();
        }
    }

    /// The state of an order that the index shows at a market time; of one that is younger than the lag the first.
    pub(super) fn shown(&self, now_ms: i64, row: OrderRow) -> OrderRow {
        let Some(states) = self.states.get(&row.order_id) else { return row };
        let past = states.iter().take_while(|(since, _)| *since <= now_ms - self.lag_ms).last();
        past.or(states.front()).map_or(row, |(_, row)| row.clone())
    }
}
