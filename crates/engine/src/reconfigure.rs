//! Going on under another configuration: bots that stay keep their orders, their memory and, where their rules stay, their
//! minds.
//!
//! Nothing is asked of the venue here. The shell sends an [`windvane_model::Event::Timer`] next, and what follows from the
//! change (a leverage to set, a bot to wind down) follows from that as it would at any other moment.

use crate::bot::{Bot, BotSetup};
use crate::engine::{ConfigId, Engine};
use crate::listeners::Listeners;
use std::collections::BTreeMap;
use windvane_model::{BotName, MarketTime, Millis};
use windvane_risk::{Ownership, RiskLimits};
use windvane_strategy::{Context, Definition, Urgency, Wake, known_history};

/// A configuration to go on under.
pub struct Reconfiguration {
    /// Every bot that there will be, in a fixed order. One that is there already keeps its mind; its strategy here is not
    /// used.
    pub bots: Vec<BotSetup>,
    /// Bots that go on by other rules, and when.
    pub redefined: BTreeMap<BotName, (Definition, Urgency)>,
    /// What is allowed.
    pub limits: RiskLimits,
    /// Which bot owns which position.
    pub ownership: Ownership,
    /// Which configuration this is.
    pub config: ConfigId,
    /// As in [`crate::EngineSetup`].
    pub unprotected_ms_max: Millis,
}

impl Engine {
    /// Goes on under another configuration. Bots that are not named in it are gone, with whatever they had open: the
    /// caller has made sure that this is nothing, or is meant to be somebody else's.
    pub fn reconfigure(&mut self, to: Reconfiguration) {
        let Reconfiguration { bots, mut redefined, limits, ownership, config, unprotected_ms_max } = to;
        let claims: Vec<_> =
            bots.iter().map(|bot| (bot.name, vec![(bot.symbol, bot.position_index)])).collect();
        let mut known = std::mem::take(&mut self.bots);
        self.bots = bots
            .into_iter()
            .map(|setup| {
                let next = redefined.remove(&setup.name);
                match known.iter().position(|bot| bot.name == setup.name) {
                    Some(at) => known.swap_remove(at).under(&setup, next),
                    None => Bot { needs_history: true, ..Bot::from(setup) },
                }
            })
            .collect();
        self.listeners = Listeners::of(&self.bots);
        self.next_wake = MarketTime(i64::MIN);
        self.may_hold_back = true;
        self.orders.set_owners(&claims);
        self.requires_stop = limits.require_stop_on_entry;
        self.unprotected_ms_max = unprotected_ms_max;
        self.config = config;
        self.risk.reconfigure(limits, ownership);
    }

    /// Bots that go on by the rules their position was opened under, while other rules wait for its end.
    pub fn waiting_for_flat(&self) -> impl Iterator<Item = BotName> {
        self.bots.iter().filter(|bot| bot.next.is_some()).map(|bot| bot.name)
    }
}

impl Bot {
    /// The same bot under other figures, and perhaps by other rules.
    fn under(mut self, setup: &BotSetup, next: Option<(Definition, Urgency)>) -> Self {
        self.budget = setup.budget;
        self.leverage = setup.leverage;
        self.foreign = setup.foreign;
        if self.removal != setup.removal {
            self.removal = setup.removal;
            self.next_round = None;
        }
        self.when_short = setup.when_short;
        self.priority = setup.priority;
        self.next = next.or(self.next);
        self
    }

    /// Takes over what waits for it, where that can be now: the past for a new bot, other rules for an old one.
    /// Answers whether it did the latter.
    pub(crate) fn catch_up(&mut self, config: ConfigId, context: &Context<'_>) -> bool {
        if std::mem::take(&mut self.needs_history) {
            let wanted = self.strategy.subscription();
            let mut nothing = Vec::new();
            for candle in known_history(&wanted, context.symbol(), context.markets) {
                self.strategy.handle(Wake::Candle(&candle), context, &mut nothing);
            }
        }
        if let Some((definition, urgency)) = &self.next
            && self.strategy.redefine(definition, *urgency, context)
        {
            self.next = None;
            let wanted = self.strategy.subscription();
            (self.looks_at, self.hears) = (wanted.symbols, wanted.trades);
            self.opened_under = Some(config);
            return true;
        }
        false
    }
}
