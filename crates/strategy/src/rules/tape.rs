//! The newest trades of the contracts whose trades a rule sums over a time: the bot's own and those after `@`. Kept only
//! where a rule asks for them.

use std::collections::VecDeque;

use windvane_model::{MarketTime, Side, Symbol, Trade, TradePrints};

use crate::language::{LiveWord, Program, Quote};

/// Most prints kept: a burst beyond it shortens the window, oldest first.
const PRINTS_MAX: usize = 20_000;

/// The tapes that a program sums over, by contract as its rules name it: `None` is the bot's own.
#[derive(Debug, Clone, Default)]
pub(super) struct Tapes {
    kept: Vec<(Option<Symbol>, Tape)>,
}

impl Tapes {
    /// A tape for each contract that `program` sums over, as long as the longest of its windows.
    pub(super) fn new(program: &Program) -> Self {
        let mut tapes = Self::default();
        for word in program.live_words() {
            if let LiveWord::Quote(
                Quote::TradeFlow(window) | Quote::TradeVolume(window) | Quote::TradeDelta(window),
                symbol,
            ) = word
            {
                let kept = tapes.kept.iter_mut().find(|(known, _)| *known == symbol);
                match kept {
                    Some((_, tape)) => tape.window_ms = tape.window_ms.max(i64::from(window)),
                    None => tapes.kept.push((symbol, Tape::new(window))),
                }
            }
        }
        tapes
    }

    /// These with what `earlier` hold of the same contracts.
    pub(super) fn take_over(mut self, earlier: &Self) -> Self {
        for (symbol, tape) in &mut self.kept {
            if let Some(known) = earlier.of(*symbol) {
                tape.prints.clone_from(&known.prints);
                // What its window was too short for has been dropped.
                let kept = known.prints.back().map(|newest| newest.at.after(-known.window_ms));
                tape.since = known.since.max(kept);
            }
        }
        self
    }

    /// Other contracts whose trades are needed.
    pub(super) fn symbols(&self) -> Vec<Symbol> {
        self.kept.iter().filter_map(|(symbol, _)| *symbol).collect()
    }

    /// Notes prints; `own` is the bot's contract.
    pub(super) fn take(&mut self, prints: &TradePrints, own: Symbol) {
        for (symbol, tape) in &mut self.kept {
            if symbol.unwrap_or(own) == prints.symbol {
                tape.take(prints);
            }
        }
    }

    /// The tape of a contract, if it is kept.
    pub(super) fn of(&self, symbol: Option<Symbol>) -> Option<&Tape> {
        self.kept.iter().find(|(known, _)| *known == symbol).map(|(_, tape)| tape)
    }
}

/// The newest trades of one contract.
#[derive(Debug, Clone)]
pub(super) struct Tape {
    /// Longest window asked for, milliseconds.
    window_ms: i64,
    prints: VecDeque<Trade>,
    /// From when on every print is here; `None` before the first one.
    since: Option<MarketTime>,
}

impl Tape {
    fn new(window_ms: u32) -> Self {
        Self { window_ms: i64::from(window_ms), prints: VecDeque::new(), since: None }
    }

    fn take(&mut self, prints: &TradePrints) {
        self.since = self.since.or_else(|| prints.trades.first().map(|print| print.at));
        self.prints.extend(prints.trades.iter().copied());
        let newest = prints.at;
        while let Some(print) = self.prints.front().copied()
            && (self.prints.len() > PRINTS_MAX || newest.since(print.at) > self.window_ms)
        {
            self.prints.pop_front();
            self.since = self.since.max(Some(print.at));
        }
    }

    /// (bought, sold) by takers within the window, base coin; `None` while not all of it was listened to.
    fn sums(&self, window_ms: u32, now: MarketTime) -> Option<(f64, f64)> {
        let window_ms = i64::from(window_ms);
        self.since.filter(|since| now.since(*since) >= window_ms)?;
        let recent = self.prints.iter().rev().take_while(|print| now.since(print.at) <= window_ms);
        Some(recent.fold((0.0, 0.0), |(bought, sold), print| match print.taker {
            Side::Buy => (bought + print.qty.to_f64(), sold),
            Side::Sell => (bought, sold + print.qty.to_f64()),
        }))
    }

    /// (bought − sold) / (bought + sold); `None` where nobody traded, or not all of it was listened to.
    pub(super) fn flow(&self, window_ms: u32, now: MarketTime) -> Option<f64> {
        let (bought, sold) = self.sums(window_ms, now)?;
        let all = bought + sold;
        (all > 0.0).then(|| (bought - sold) / all)
    }

    /// Bought less sold by takers, base coin; `None` while not all of the window was listened to.
    pub(super) fn delta(&self, window_ms: u32, now: MarketTime) -> Option<f64> {
        self.sums(window_ms, now).map(|(bought, sold)| bought - sold)
    }

    /// Quantity traded, base coin; `None` while not all of the window was listened to.
    pub(super) fn volume(&self, window_ms: u32, now: MarketTime) -> Option<f64> {
        self.sums(window_ms, now).map(|(bought, sold)| bought + sold)
    }
}
