//! No naked positions: what is done when a position of a bot has no stop at the venue for too long.
//!
//! Its strategy looks after its stop, and in the ordinary case it is there with the entry. This is for everything
//! else: a request that was lost, a stop that somebody removed, a fill that beat its protection. First an alarm, the
//! stop asked for again and the account read anew, since it may only be our picture that lacks it. If the position is
//! still bare after the same time again, or there is no stop to ask for, the bot is flattened: what cannot be protected
//! is not kept. From the alarm until the stop shows, nothing of the bot's opens.
//!
//! What only strangers opened is theirs, an alarm, and nothing is touched; unless the bot adopts it by its configuration.

use crate::bot::{Bot, Hold};
use crate::engine::Engine;
use crate::output::Output;
use windvane_model::{BotName, DenialReason, Grounds, Intent, Side, Stamp, Symbol, Triggers, WallTime};
use windvane_order_management::{Position, WantedStop};
use windvane_risk::{Action, Ask, allows};

/// A position without a stop, and what is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Naked {
    /// The bot that owns the position.
    pub bot: BotName,
    /// The contract.
    pub symbol: Symbol,
    /// Since when it has had no stop, wall clock.
    pub since: WallTime,
    /// What is done.
    pub remedy: Remedy,
}

/// What is done about a position without a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The stop is asked for again.
    Attach,
    /// The position is closed.
    Flatten,
    /// Nothing: no order of ours opened it.
    Leave,
}

impl Remedy {
    /// A short word for logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attach => "attach",
            Self::Flatten => "flatten",
            Self::Leave => "leave",
        }
    }
}

/// What has been done about one spell without a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rescue {
    /// Which spell: when it began.
    spell: WallTime,
    /// Whether the position was ours when the step was taken; a bot may grow what a stranger opened.
    is_ours: bool,
    /// When the next step is due; `None` after the last one.
    next: Option<WallTime>,
}

impl Rescue {
    fn is_about(&self, position: &Position, is_ours: bool) -> bool {
        Some(self.spell) == position.unprotected_since() && self.is_ours == is_ours
    }
}

impl Engine {
    /// Whether a wish asks for nothing but stops and targets that are there: the venue would answer that nothing was modified.
    /// There is what the venue has told, and the stop of an entry from its fill on. Where something else has been asked for
    /// since, the venue's word is behind, and the wish is sent.
    pub(crate) fn stands_already(&self, bot: usize, intent: &Intent) -> bool {
        let Intent::Protect { stop_loss, take_profit, triggers, .. } = *intent else { return false };
        let bot = &self.bots[bot];
        let Some(position) = self.orders.position(bot.symbol, bot.position_index) else { return false };
        let side = position.holding().side();
        let stop_stands = stop_loss.is_none_or(|at| {
            let wanted = WantedStop { at, by: triggers.stop_loss };
            let has_come_with_the_fill = bot.asked_stop != side && position.awaits_report();
            position.wanted_stop() == Some(wanted)
                && (position.stop_loss() == stop_loss || has_come_with_the_fill)
        });
        let profit_stands = take_profit.is_none_or(|at| {
            let is_last_word = bot.asked_profit.is_none_or(|asked| asked == (at, triggers.take_profit));
            position.take_profit() == take_profit && is_last_word
        });
        side.is_some() && stop_stands && profit_stands
    }

    /// Takes the next step for every position that has been without a stop for too long.
    pub(crate) fn protect(&mut self, stamp: Stamp, out: &mut Vec<Output>) {
        if !self.orders.has_unprotected() {
            return;
        }
        for bot in 0..self.bots.len() {
            if self.next_rescue(&self.bots[bot]).is_some_and(|at| at <= stamp.wall) {
                self.rescue(bot, stamp, out);
            }
        }
    }

    /// When something is to be done about the missing stop of a bot's position.
    pub(crate) fn next_rescue(&self, bot: &Bot) -> Option<WallTime> {
        let position = self.orders.position(bot.symbol, bot.position_index)?;
        let since = position.unprotected_since()?;
        // Before the account is read, our picture of its stops is as old as the last run. Nothing is left to do for one
        // that is being closed, nor for one that another engine looks after.
        if !self.needs_stop(position) || bot.hold() == Some(Hold::Close) || !self.may_rescue() {
            return None;
        }
        match bot.rescue.filter(|rescue| rescue.is_about(position, bot.looks_after(position))) {
            Some(rescue) => rescue.next,
            None => Some(since.after(self.unprotected_ms_max)),
        }
    }

    /// Whether a bot may not open because its position has had no stop for too long, whatever is being done about that. Its step
    /// is taken when the bots have spoken, so one that is free to open with the same event would grow it first.
    pub(crate) fn bare_too_long(&self, bot: usize, stamp: Stamp) -> Option<DenialReason> {
        let bot = &self.bots[bot];
        let position = self.orders.position(bot.symbol, bot.position_index)?;
        let since = position.unprotected_since()?;
        let is_too_long = since.after(self.unprotected_ms_max) <= stamp.wall;
        (is_too_long && self.needs_stop(position) && bot.looks_after(position))
            .then_some(DenialReason::StopMissing { since })
    }

    fn needs_stop(&self, position: &Position) -> bool {
        self.requires_stop || position.wanted_stop().is_some()
    }

    fn may_rescue(&self) -> bool {
        self.gate.private_is_up() && self.orders.is_reconciled() && allows(self.gate.state(), Action::Protect)
    }

    fn rescue(&mut self, bot: usize, stamp: Stamp, out: &mut Vec<Output>) {
        let Bot { name, symbol, position_index, rescue, .. } = self.bots[bot];
        let Some(position) = self.orders.position(symbol, position_index) else { return };
        let Some(since) = position.unprotected_since() else { return };
        let is_ours = self.bots[bot].looks_after(position);
        let is_first = !rescue.is_some_and(|it| it.is_about(position, is_ours));
        let stop = self.attachable(position).filter(|_| is_first);
        let remedy = if !is_ours {
            Remedy::Leave
        } else if stop.is_some_and(|stop| self.attach(bot, stop, stamp, out)) {
            Remedy::Attach
        } else {
            Remedy::Flatten
        };
        let next = (remedy == Remedy::Attach).then(|| stamp.wall.after(self.unprotected_ms_max));
        self.bots[bot].rescue = Some(Rescue { spell: since, is_ours, next });
        if remedy == Remedy::Flatten {
            self.bots[bot].tighten(Hold::Close);
            self.may_hold_back = true;
        }
        out.push(Output::Naked(Naked { bot: name, symbol, since, remedy }));
        if remedy == Remedy::Attach {
            self.reconcile(stamp, out);
        }
    }

    /// Asks for a stop-loss on the bot's behalf. Says whether risk let it pass.
    fn attach(&mut self, bot: usize, stop: WantedStop, stamp: Stamp, out: &mut Vec<Output>) -> bool {
        let Bot { name, symbol, .. } = self.bots[bot];
        let triggers = Triggers { stop_loss: stop.by, ..Triggers::default() };
        let intent = Intent::Protect { symbol, stop_loss: Some(stop.at), take_profit: None, triggers };
        let ask = Ask { bot: name, intent: &intent, existing: None };
        let context = windvane_risk::Context {
            exposure: self.orders.exposure(),
            quotes: &self.quotes,
            stamp,
            symbol_in_doubt: self.orders.is_in_doubt(symbol),
        };
        let verdict = self.risk.check(&ask, &context);
        if let Ok(approved) = &verdict {
            self.command(approved, Grounds::of("unprotected"), stamp, out);
        }
        verdict.is_ok()
    }

    /// The stop that was last asked for, if the venue would still take it: the price that fires it has not passed it.
    fn attachable(&self, position: &Position) -> Option<WantedStop> {
        let (stop, side) = (position.wanted_stop()?, position.holding().side()?);
        let watched = self.quotes.get(position.key().0).watched(stop.by)?;
        let is_ahead = match side {
            Side::Buy => stop.at < watched,
            Side::Sell => stop.at > watched,
        };
        is_ahead.then_some(stop)
    }
}
