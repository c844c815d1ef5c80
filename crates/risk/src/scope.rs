//! Limits of contracts, bots and groups in the form that the check asks: by name, with the contracts they count.

use crate::breaker::NarrowBreaker;
use crate::limits::Narrower;
use crate::rate::SendTimes;
use crate::{Exposure, Ownership, RiskLimits};
use std::collections::{BTreeMap, BTreeSet};
use windvane_model::{BotName, LimitScope, PositionIndex, Symbol, Text, WallTime};

/// Every narrower limit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scopes {
    all: Vec<Scope>,
    /// Which of them are about a contract: its own, then its groups'.
    by_symbol: BTreeMap<Symbol, Vec<usize>>,
    /// Which one is about a bot.
    by_bot: BTreeMap<BotName, usize>,
}

/// A contract, a bot or a group that has limits of its own.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) of: LimitScope,
    pub(crate) limits: Narrower,
    pub(crate) positions: Vec<(Symbol, PositionIndex)>,
    sent: Option<SendTimes>,
    pub(crate) breaker: Option<NarrowBreaker>,
}

impl Scope {
    fn new(of: LimitScope, limits: Narrower, positions: Vec<(Symbol, PositionIndex)>) -> Self {
        let breaker =
            (!limits.breaker.is_empty()).then(|| NarrowBreaker::new(of, limits.breaker, positions.clone()));
        Self { of, limits, positions, sent: limits.order_rate.map(SendTimes::new), breaker }
    }

    /// Whether one more order fits into its window.
    pub(crate) fn check_rate(&self, now: WallTime) -> bool {
        self.sent.as_ref().is_none_or(|sent| sent.check(now).is_ok())
    }

    /// Orders on its positions that may still fill.
    pub(crate) fn open_orders(&self, exposure: &Exposure) -> u32 {
        let held = self.positions.iter().filter_map(|(symbol, index)| exposure.contract(*symbol, *index));
        held.map(|held| held.buys.order_count() + held.sells.order_count()).sum()
    }

    /// Keeps what was counted under earlier limits.
    fn count_on(&mut self, earlier: &Self) {
        if let (Some(counted), Some(limit)) = (&earlier.sent, self.limits.order_rate) {
            self.sent = Some(counted.under(limit));
        }
        if let (Some(breaker), Some(known)) = (&mut self.breaker, &earlier.breaker) {
            breaker.count_on(known);
        }
    }
}

impl Scopes {
    /// Names that are none are left out: the loader has refused them.
    pub(crate) fn new(limits: &RiskLimits, ownership: &Ownership) -> Self {
        let every_index = |symbol: Symbol| PositionIndex::ALL.map(|index| (symbol, index));
        let mut scopes = Self::default();
        for (name, table) in &limits.symbol {
            let Ok(symbol) = Symbol::new(name) else { continue };
            let place = scopes.add(LimitScope::Symbol(symbol), table.into(), every_index(symbol).to_vec());
            scopes.by_symbol.entry(symbol).or_default().push(place);
        }
        for (name, table) in &limits.bot {
            let Ok(bot) = BotName::new(name) else { continue };
            let place = scopes.add(LimitScope::Bot(bot), table.into(), ownership.positions(bot).collect());
            scopes.by_bot.insert(bot, place);
        }
        for (name, table) in &limits.group {
            let Ok(group) = Text::new(name) else { continue };
            // One that is named twice counts once.
            let symbols: BTreeSet<Symbol> =
                table.symbols.iter().filter_map(|name| Symbol::new(name).ok()).collect();
            let positions = symbols.iter().copied().flat_map(every_index).collect();
            let place = scopes.add(LimitScope::Group(group), table.into(), positions);
            for symbol in symbols {
                scopes.by_symbol.entry(symbol).or_default().push(place);
            }
        }
        scopes
    }

    fn add(&mut self, of: LimitScope, limits: Narrower, positions: Vec<(Symbol, PositionIndex)>) -> usize {
        self.all.push(Scope::new(of, limits, positions));
        self.all.len() - 1
    }

    /// Those that an order of `bot` in `symbol` meets: the contract's, those of its groups, the bot's.
    pub(crate) fn concerning(
        &self,
        bot: Option<BotName>,
        symbol: Option<Symbol>,
    ) -> impl Iterator<Item = &Scope> {
        places(&self.by_symbol, &self.by_bot, bot, symbol).map(|place| &self.all[place])
    }

    /// The venue refused something of `bot` in `symbol`.
    pub(crate) fn record_refusal(&mut self, bot: Option<BotName>, symbol: Option<Symbol>, now: WallTime) {
        let Self { all, by_symbol, by_bot } = self;
        for place in places(by_symbol, by_bot, bot, symbol) {
            if let Some(breaker) = &mut all[place].breaker {
                breaker.record_refusal(now);
            }
        }
    }

    /// Counts an order of a bot.
    pub(crate) fn record(&mut self, bot: BotName, symbol: Symbol, now: WallTime) {
        let Self { all, by_symbol, by_bot } = self;
        for place in places(by_symbol, by_bot, Some(bot), Some(symbol)) {
            if let Some(sent) = &mut all[place].sent {
                sent.record(now);
            }
        }
    }

    /// Keeps what was counted under earlier limits.
    pub(crate) fn count_on(mut self, earlier: &Self) -> Self {
        for scope in &mut self.all {
            if let Some(known) = earlier.find(scope.of) {
                scope.count_on(known);
            }
        }
        self
    }

    /// The one of that name.
    pub(crate) fn find(&self, of: LimitScope) -> Option<&Scope> {
        self.all.iter().find(|scope| scope.of == of)
    }

    /// Every breaker that there is.
    pub(crate) fn breakers(&self) -> impl Iterator<Item = &NarrowBreaker> {
        self.all.iter().filter_map(|scope| scope.breaker.as_ref())
    }

    /// Every breaker that there is.
    pub(crate) fn breakers_mut(&mut self) -> impl Iterator<Item = &mut NarrowBreaker> {
        self.all.iter_mut().filter_map(|scope| scope.breaker.as_mut())
    }
}

/// Where the scopes are that something of `bot` in `symbol` concerns.
fn places<'s>(
    by_symbol: &'s BTreeMap<Symbol, Vec<usize>>,
    by_bot: &'s BTreeMap<BotName, usize>,
    bot: Option<BotName>,
    symbol: Option<Symbol>,
) -> impl Iterator<Item = usize> + 's {
    let of_symbol = symbol.and_then(|symbol| by_symbol.get(&symbol)).into_iter().flatten();
    let of_bot = bot.and_then(|bot| by_bot.get(&bot));
    of_symbol.chain(of_bot).copied()
}
