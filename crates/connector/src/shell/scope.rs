//! What the engine's configuration asks the connector to look after; it may grow while streams run.

use crate::session::Topic;
use std::collections::BTreeSet;
use windvane_model::{Interval, Symbol};

/// The contracts that are traded and the candles that are streamed.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// Contracts whose reference and positions are read.
    pub(super) symbols: Vec<Symbol>,
    /// Series of candles whose gaps are filled.
    pub(super) series: Vec<(Symbol, Interval)>,
    /// Everything that is subscribed to.
    topics: BTreeSet<Topic>,
}

impl Scope {
    /// Of these contracts and topics.
    pub(super) fn new(symbols: &[Symbol], topics: &[Topic]) -> Self {
        let mut scope = Self::default();
        scope.extend(symbols, topics);
        scope
    }

    /// Takes more in; the topics that are new.
    pub(super) fn extend(&mut self, symbols: &[Symbol], topics: &[Topic]) -> Vec<Topic> {
        for symbol in symbols {
            if !self.symbols.contains(symbol) {
                self.symbols.push(*symbol);
            }
        }
        let mut new = Vec::new();
        for topic in topics {
            if self.topics.insert(*topic) {
                new.push(*topic);
                if let Topic::Candles(symbol, interval) = topic {
                    self.series.push((*symbol, *interval));
                }
            }
        }
        new
    }
}
