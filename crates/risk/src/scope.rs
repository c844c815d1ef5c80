//! Limits of contracts, bots and groups in the form that the check asks: by name, with the contracts they count.

use crate::breaker::{NarrowBreaker, NarrowLimits};
use crate::rate::SendTimes;
use crate::{BotLimits, Exposure, Ownership, RiskLimits, SymbolLimits};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use windvane_model::{BotName, LimitScope, PositionIndex, Symbol, Text, WallTime};

/// Every narrower limit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scopes {
    symbols: BTreeMap<Symbol, SymbolLimits>,
    bots: BTreeMap<BotName, BotScope>,
    groups: Vec<GroupScope>,
    /// Breakers of contracts, bots and groups that have any.
    pub(crate) breakers: Vec<NarrowBreaker>,
}

/// One bot that has limits of its own.
#[derive(Debug, Clone)]
pub(crate) struct BotScope {
    pub(crate) limits: BotLimits,
    pub(crate) positions: Vec<(Symbol, PositionIndex)>,
    sent: Option<SendTimes>,
}

/// Contracts that move together.
#[derive(Debug, Clone)]
pub(crate) struct GroupScope {
    pub(crate) name: Text<16>,
    pub(crate) symbols: Vec<Symbol>,
    pub(crate) max_gross_exposure: Decimal,
}

impl Scopes {
    /// Names that are none are left out: the loader has refused them.
    pub(crate) fn new(limits: &RiskLimits, ownership: &Ownership) -> Self {
        let symbols =
            limits.symbol.iter().filter_map(|(name, limits)| Some((Symbol::new(name).ok()?, *limits)));
        let bots = limits.bot.iter().filter_map(|(name, limits)| {
            let bot = BotName::new(name).ok()?;
            let positions = ownership.positions(bot).collect();
            Some((
                bot,
                BotScope { limits: *limits, positions, sent: limits.max_order_rate.map(SendTimes::new) },
            ))
        });
        let groups = limits.group.iter().filter_map(|(name, limits)| {
            Some(GroupScope {
                name: Text::new(name).ok()?,
                symbols: limits.symbols.iter().filter_map(|name| Symbol::new(name).ok()).collect(),
                max_gross_exposure: limits.max_gross_exposure.value,
            })
        });
        let mut scopes = Self {
            symbols: symbols.collect(),
            bots: bots.collect(),
            groups: groups.collect(),
            breakers: Vec::new(),
        };
        scopes.breakers = scopes.breakers_of(limits);
        scopes
    }

    fn breakers_of(&self, limits: &RiskLimits) -> Vec<NarrowBreaker> {
        let every_index = |symbol: &Symbol| PositionIndex::ALL.map(|index| (*symbol, index));
        let symbols = self.symbols.iter().map(|(symbol, limits)| {
            (LimitScope::Symbol(*symbol), limits.narrow(), every_index(symbol).to_vec())
        });
        let bots = self
            .bots
            .iter()
            .map(|(bot, scope)| (LimitScope::Bot(*bot), scope.limits.narrow(), scope.positions.clone()));
        let groups = self.groups.iter().map(|group| {
            let narrow = limits.group.get(group.name.as_str()).map(crate::GroupLimits::narrow);
            let positions = group.symbols.iter().flat_map(every_index).collect();
            (LimitScope::Group(group.name), narrow.unwrap_or_default(), positions)
        });
        let all = symbols.chain(bots).chain(groups);
        all.filter(|(_, narrow, _): &(_, NarrowLimits, _)| !narrow.is_empty())
            .map(|(scope, narrow, positions)| NarrowBreaker::new(scope, narrow, positions))
            .collect()
    }

    /// The breakers that an order of `bot` in `symbol` meets.
    pub(crate) fn breakers_on(&self, bot: BotName, symbol: Symbol) -> impl Iterator<Item = &NarrowBreaker> {
        self.breakers.iter().filter(move |breaker| self.is_in(breaker.scope, Some(bot), Some(symbol)))
    }

    /// The venue refused something of `bot` in `symbol`.
    pub(crate) fn record_refusal(&mut self, bot: Option<BotName>, symbol: Option<Symbol>, now: WallTime) {
        let mut breakers = std::mem::take(&mut self.breakers);
        for breaker in &mut breakers {
            if self.is_in(breaker.scope, bot, symbol) {
                breaker.record_refusal(now);
            }
        }
        self.breakers = breakers;
    }

    fn is_in(&self, scope: LimitScope, bot: Option<BotName>, symbol: Option<Symbol>) -> bool {
        match scope {
            LimitScope::Symbol(of) => symbol == Some(of),
            LimitScope::Bot(of) => bot == Some(of),
            LimitScope::Group(of) => {
                symbol.is_some_and(|symbol| self.groups_of(symbol).any(|group| group.name == of))
            }
        }
    }

    /// Keeps what was counted under earlier limits.
    pub(crate) fn count_on(mut self, earlier: &Self) -> Self {
        for (bot, scope) in &mut self.bots {
            let counted = earlier.bots.get(bot).and_then(|scope| scope.sent.as_ref());
            if let (Some(counted), Some(limit)) = (counted, scope.limits.max_order_rate) {
                scope.sent = Some(counted.under(limit));
            }
        }
        for breaker in &mut self.breakers {
            if let Some(known) = earlier.breakers.iter().find(|known| known.scope == breaker.scope) {
                breaker.count_on(known);
            }
        }
        self
    }

    pub(crate) fn symbol(&self, symbol: Symbol) -> Option<&SymbolLimits> {
        self.symbols.get(&symbol)
    }

    pub(crate) fn bot(&self, bot: BotName) -> Option<&BotScope> {
        self.bots.get(&bot)
    }

    /// The groups that a contract is in.
    pub(crate) fn groups_of(&self, symbol: Symbol) -> impl Iterator<Item = &GroupScope> {
        self.groups.iter().filter(move |group| group.symbols.contains(&symbol))
    }

    /// Counts an order of a bot.
    pub(crate) fn record(&mut self, bot: BotName, now: WallTime) {
        if let Some(sent) = self.bots.get_mut(&bot).and_then(|scope| scope.sent.as_mut()) {
            sent.record(now);
        }
    }
}

impl BotScope {
    /// Whether one more order fits into the bot's window.
    pub(crate) fn check_rate(&self, now: WallTime) -> bool {
        self.sent.as_ref().is_none_or(|sent| sent.check(now).is_ok())
    }

    /// Orders on the bot's positions that may still fill.
    pub(crate) fn open_orders(&self, exposure: &Exposure) -> u32 {
        let held = self.positions.iter().filter_map(|(symbol, index)| exposure.contract(*symbol, *index));
        held.map(|held| held.buys.order_count() + held.sells.order_count()).sum()
    }
}
