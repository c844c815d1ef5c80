//! What a backtest notes while it runs; orders, fills and trades are in the engine's books anyway.

use std::collections::BTreeMap;

use windvane_engine::{Engine, Output};
use windvane_model::{BotName, MarketTime, Money, Side};

/// A signal that was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// When, by the market's clock.
    pub at: MarketTime,
    /// Whose.
    pub bot: BotName,
    /// The side that was to be opened.
    pub side: Side,
    /// What stood in the way of an order: a filter, or something afterwards.
    pub blocker: Option<String>,
}

/// What the account and each bot had made at one moment, settle coin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equity {
    /// When, by the market's clock.
    pub at: MarketTime,
    /// The account's equity, by the last price.
    pub account: Money,
    /// Net profit of each bot, in the order of their names.
    pub bots: Vec<Money>,
}

/// Notes.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) signals: Vec<Signal>,
    pub(super) equity: Vec<Equity>,
    /// Orders that risk did not let pass, by reason.
    pub(super) denied: BTreeMap<String, u64>,
    /// Signals of each bot so far.
    counted: Vec<u64>,
}

impl Record {
    pub(super) fn output(&mut self, output: &Output) {
        if let Output::Denied { denial, .. } = output {
            *self.denied.entry(denial.reason.as_str().to_owned()).or_default() += 1;
        }
    }

    /// Notes the signals that came since the last call.
    pub(super) fn signals(&mut self, engine: &Engine) {
        for (slot, (bot, count)) in engine.signals().enumerate() {
            if self.counted.len() == slot {
                self.counted.push(0);
            }
            let before = std::mem::replace(&mut self.counted[slot], count);
            if before == count {
                continue;
            }
            let most = usize::try_from(count - before).unwrap_or(usize::MAX);
            let looks = engine.newest_signals(bot, most).into_iter();
            let signals =
                looks.map(|look| Signal { at: look.at, bot, side: look.side, blocker: look.blocker });
            self.signals.extend(signals);
        }
    }

    /// Notes what everybody has.
    pub(super) fn equity(&mut self, engine: &Engine, at: MarketTime) {
        if self.equity.last().is_some_and(|last| last.at == at) {
            return;
        }
        let bots = engine.profits().collect();
        self.equity.push(Equity { at, account: engine.margin().equity(), bots });
    }
}
