//! Which bots a message of a contract concerns: with a thousand of them, asking each would cost more than the message.

use crate::bot::Bot;
use std::collections::BTreeMap;
use windvane_model::Symbol;
use windvane_strategy::Wake;

/// Bots by the contracts that wake them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listeners(BTreeMap<Symbol, Vec<Listener>>);

#[derive(Debug, Clone, Copy)]
struct Listener {
    /// Place of the bot in the order of the configuration.
    bot: usize,
    /// Whether it trades the contract, and is woken by all of it.
    is_own: bool,
    /// Whether its candles wake it.
    looks: bool,
    /// Whether its trades wake it.
    hears: bool,
}

impl Listeners {
    pub(crate) fn of(bots: &[Bot]) -> Self {
        let mut all: BTreeMap<Symbol, Vec<Listener>> = BTreeMap::new();
        for (number, bot) in bots.iter().enumerate() {
            let others = bot.looks_at.iter().chain(&bot.hears).copied();
            for symbol in std::iter::once(bot.symbol).chain(others) {
                let listeners = all.entry(symbol).or_default();
                if listeners.last().is_some_and(|last| last.bot == number) {
                    continue;
                }
                listeners.push(Listener {
                    bot: number,
                    is_own: bot.symbol == symbol,
                    looks: bot.looks_at.contains(&symbol),
                    hears: bot.hears.contains(&symbol),
                });
            }
        }
        Self(all)
    }

    /// The bots that trade a contract, in the order of the configuration.
    pub(crate) fn own(&self, symbol: Symbol) -> impl Iterator<Item = usize> {
        let listeners = self.0.get(&symbol).into_iter().flatten();
        listeners.filter(|listener| listener.is_own).map(|listener| listener.bot)
    }

    /// The first bot from `from` on that `wake` concerns, in the order of the configuration.
    pub(crate) fn next(&self, symbol: Symbol, wake: Wake<'_>, from: usize) -> Option<usize> {
        let listeners = self.0.get(&symbol)?;
        let start = listeners.partition_point(|listener| listener.bot < from);
        let is_meant = |listener: &&Listener| {
            listener.is_own
                || match wake {
                    Wake::Candle(_) => listener.looks,
                    Wake::Trades(_) => listener.hears,
                    Wake::Book | Wake::Ticker | Wake::Notice(_) | Wake::Timer => false,
                }
        };
        listeners[start..].iter().find(is_meant).map(|listener| listener.bot)
    }
}
