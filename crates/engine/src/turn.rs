//! Run to completion: effects become notices, notices wake bots, bots want, risk decides, orders command.

use crate::bot::{Bot, Foreign, Hold};
use crate::engine::{Engine, push_query};
use crate::listeners::Listeners;
use crate::memory::{EngineMemory, engine_memory_name};
use crate::output::Output;
use crate::short::Relief;
use crate::view::is_held;
use windvane_model::{
    AccountEvent, BotMemory, ClientOrderId, Command, Denial, DenialReason, Grounds, HaltCause, Intent,
    MarketTime, Mutant, Notice, NoticeTo, Qty, RunState, Scope, SignalName, Stamp, Symbol, Tag, mutant,
};
use windvane_order_management::Effect;
use windvane_risk::{Approved, Ask};
use windvane_strategy::Wake;

/// Rounds of notices and intents that one event may lead to, beside those that it brings. A strategy that answers every notice with another wish would
/// go on for ever; a healthy one needs a handful.
const ROUNDS_MAX: usize = 1_000;

impl Engine {
    /// Works off effects and notices until nothing is left.
    pub(crate) fn work_off(&mut self, stamp: Stamp, out: &mut Vec<Output>) {
        self.take_effects(stamp, out);
        // What the event itself has to tell is told, however much it is: a picture of the account may show thousands of
        // orders.
        let mut rounds_left = ROUNDS_MAX.saturating_add(self.notices.len());
        while let Some(notice) = self.notices.pop_front() {
            rounds_left = rounds_left.saturating_sub(1);
            if rounds_left == 0 {
                self.notices.clear();
                self.gate.halt(HaltCause::Invariant);
                return;
            }
            self.deliver(notice, stamp, out);
            self.take_effects(stamp, out);
        }
    }

    /// The same after steps of which most come to nothing: what has happened to the account is known by then.
    pub(crate) fn work_off_rest(&mut self, stamp: Stamp, out: &mut Vec<Output>) {
        if !self.effects.is_empty() || !self.notices.is_empty() {
            self.work_off(stamp, out);
        }
    }

    fn take_effects(&mut self, stamp: Stamp, out: &mut Vec<Output>) {
        let mut effects = std::mem::take(&mut self.effects);
        for effect in effects.drain(..) {
            match effect {
                Effect::Notice(notice) => {
                    if let Notice::PositionClosed { cause, net_pnl, .. } = notice.notice {
                        self.risk.observe_close(notice.bot, cause, net_pnl, stamp);
                    }
                    self.notices.push_back(notice);
                }
                Effect::Ask(query) => push_query(query, out),
                Effect::Difference(difference) => out.push(Output::Difference(difference)),
                Effect::Doubt { symbol, on } => out.push(Output::Doubt { symbol, on }),
                Effect::Forced { bot, symbol } => {
                    // What led here goes on where nobody looks: more margin than there was, or a market without bids.
                    if let Some(bot) = bot {
                        self.in_scope(Scope::Bot(bot), |bot| bot.tighten(Hold::ExitOnly));
                    }
                    out.push(Output::Forced { bot, symbol });
                }
                Effect::Undergoing { symbol, status } => out.push(Output::Undergoing { symbol, status }),
                Effect::Halt(cause) => self.gate.halt(cause),
                Effect::Fenced { .. } => {
                    self.gate.fence();
                    // The fence ends with the process; whether this engine is to trade the account again is for a person.
                    self.gate.halt(HaltCause::Contradiction);
                }
            }
        }
        self.effects = effects;
        self.gate.set_reconciled(self.orders.is_reconciled() || mutant(Mutant::OpensUnreconciled));
        let state = self.gate.state();
        self.announce(state, out);
    }

    /// Makes a change of the run state known to risk at once, and to everyone else in their turn.
    fn announce(&mut self, state: RunState, out: &mut Vec<Output>) {
        if self.risk.run_state() == state {
            return;
        }
        self.risk.set_run_state(state);
        out.push(Output::RunState(state));
        for bot in &self.bots {
            self.notices.push_back(NoticeTo { bot: bot.name, notice: Notice::RunState(state) });
        }
    }

    /// Brings the run state up to date after everything else has been done.
    pub(crate) fn settle_run_state(&mut self, stamp: Stamp, out: &mut Vec<Output>) {
        let state = self.gate.state();
        if self.risk.run_state() != state {
            self.announce(state, out);
            self.work_off(stamp, out);
        }
    }

    fn deliver(&mut self, notice: NoticeTo, stamp: Stamp, out: &mut Vec<Output>) {
        if let Some(bot) = self.bots.iter().position(|bot| bot.name == notice.bot) {
            self.wake(bot, Wake::Notice(&notice.notice), stamp, out);
        }
        out.push(Output::Notice(notice));
    }

    /// Wakes every bot on a contract and works off what they want. A candle also wakes the bots that look at the
    /// contract from another one, and a trade those that sum its trades.
    pub(crate) fn wake_symbol(
        &mut self,
        symbol: Symbol,
        wake: Wake<'_>,
        stamp: Stamp,
        out: &mut Vec<Output>,
    ) {
        let mut from = 0;
        // Asked anew each time: a bot that goes on by other rules may look at other contracts.
        while let Some(bot) = self.listeners.next(symbol, wake, from) {
            let is_quote = matches!(wake, Wake::Book | Wake::Ticker);
            if !is_quote || self.is_moved_by_quotes(&self.bots[bot]) {
                self.wake(bot, wake, stamp, out);
            }
            from = bot + 1;
        }
    }

    /// Whether a quote may be of any use to a bot: with a thousand of them most wait for a bar to close.
    fn is_moved_by_quotes(&self, bot: &Bot) -> bool {
        bot.strategy.heeds_quotes()
            || bot.next.is_some()
            || bot.needs_history
            || bot.foreign == Foreign::Adopt
            || !bot.sight.is_empty_as_of(&self.orders)
            || is_held(&self.orders, bot.symbol, bot.position_index)
    }

    /// Wakes the bots whose moment has come.
    pub(crate) fn wake_timers(&mut self, stamp: Stamp, out: &mut Vec<Output>) {
        if stamp.market >= self.next_wake {
            for bot in 0..self.bots.len() {
                if self.bots[bot].wake_at.is_some_and(|at| at <= stamp.market) {
                    self.wake(bot, Wake::Timer, stamp, out);
                }
            }
            let next = self.bots.iter().filter_map(|bot| bot.wake_at).min();
            self.next_wake = next.unwrap_or(MarketTime(i64::MAX));
        }
        self.work_off_rest(stamp, out);
    }

    /// Whether waking a bot is of any use. One whose contract is not known yet sleeps on; so do all when the engine
    /// is fenced: every wish would be denied, and a bot that insists would fill the journal with that.
    pub(crate) fn can_wake(&self, bot: &Bot) -> bool {
        self.gate.state() != RunState::Fenced
            && self.instruments.contains_key(&bot.symbol)
            && self.market.contract(bot.symbol).is_some()
    }

    /// Wakes one bot and takes what it wants.
    fn wake(&mut self, bot: usize, wake: Wake<'_>, stamp: Stamp, out: &mut Vec<Output>) {
        if self.gate.state() == RunState::Fenced {
            return;
        }
        let Self { market, instruments, orders, bots, intents, config, has_opened, .. } = self;
        let asleep = &mut bots[bot];
        let (name, sight, share) = (asleep.name, asleep.look(orders), asleep.share(orders));
        let Some(context) = asleep.context(market, instruments, orders, &sight, &share, stamp) else {
            return;
        };
        let goes_on_anew = asleep.catch_up(*config, &context);
        *has_opened |= goes_on_anew;
        if let Some(meter) = &mut self.meter {
            meter.begins();
        }
        asleep.strategy.handle(wake, &context, intents);
        if let Some(meter) = &mut self.meter {
            meter.ended(name);
        }
        asleep.wake_at = asleep.strategy.wake_at();
        self.next_wake = asleep.wake_at.map_or(self.next_wake, |at| self.next_wake.min(at));
        self.touched.push(bot);
        asleep.sight = sight;
        while let Some(signal) = asleep.strategy.take_signal() {
            out.push(Output::Signal { bot: name, symbol: asleep.symbol, signal });
        }
        if goes_on_anew {
            self.listeners = Listeners::of(&self.bots);
        }
        let mut wanted = std::mem::take(&mut self.intents);
        for intent in wanted.drain(..) {
            let signal = SignalName::lossy(self.bots[bot].strategy.reason(&intent));
            self.take(bot, &intent, signal, stamp, out);
        }
        self.intents = wanted;
    }

    /// One wish: denied, or approved and commanded.
    pub(crate) fn take(
        &mut self,
        bot: usize,
        intent: &Intent,
        signal: SignalName,
        stamp: Stamp,
        out: &mut Vec<Output>,
    ) {
        if self.stands_already(bot, intent) {
            return;
        }
        let grounds = Grounds { signal: Some(signal), asked: qty_of(intent), granted: None };
        let denial = match self.judge(bot, intent, stamp) {
            Ok(approved) => return self.carry_out(bot, intent, &approved, grounds, stamp, out),
            Err(denial) => denial,
        };
        match self.relieve(bot, intent, signal, denial, stamp, out) {
            Relief::Waits => {}
            Relief::Denied => self.deny(bot, intent, signal, denial, out),
            Relief::Smaller(place) => {
                let smaller = Intent::Place(place);
                match self.judge(bot, &smaller, stamp) {
                    Ok(approved) => self.carry_out(bot, &smaller, &approved, grounds, stamp, out),
                    Err(denial) => self.deny(bot, intent, signal, denial, out),
                }
            }
        }
    }

    /// Asks risk about one wish.
    pub(crate) fn judge(&mut self, bot: usize, intent: &Intent, stamp: Stamp) -> Result<Approved, Denial> {
        let name = self.bots[bot].name;
        let existing = named_order(intent).and_then(|id| self.open_order(&id));
        let symbol_in_doubt = self.orders.is_in_doubt(self.bots[bot].symbol);
        let ask = Ask { bot: name, intent, existing: existing.as_ref() };
        let context = windvane_risk::Context {
            exposure: self.orders.exposure(),
            quotes: &self.quotes,
            stamp,
            symbol_in_doubt,
        };
        // Else it would buy back what was just closed for it, and pay for both for ever.
        let state = self.risk.run_state();
        if state == RunState::Active && self.bots[bot].hold().is_some() {
            self.risk.set_run_state(RunState::Reducing);
        }
        let verdict = match self.unanswered_amend(intent) {
            Some(symbol) => Err(Denial { symbol, reason: DenialReason::NotAmendable }),
            None => self.risk.check(&ask, &context),
        };
        self.risk.set_run_state(state);
        match verdict {
            Ok(approved) if approved.opens() => {
                match self.bare_too_long(bot, stamp).or_else(|| self.gives_way(bot)) {
                    Some(reason) => Err(Denial { symbol: approved.symbol(), reason }),
                    None => Ok(approved),
                }
            }
            verdict => verdict,
        }
    }

    /// Commands what risk approved, and tells the bot.
    pub(crate) fn carry_out(
        &mut self,
        bot: usize,
        intent: &Intent,
        approved: &Approved,
        grounds: Grounds,
        stamp: Stamp,
        out: &mut Vec<Output>,
    ) {
        self.command(approved, grounds, stamp, out);
        if let Intent::Protect { stop_loss, take_profit, triggers, .. } = *intent {
            let bot = &mut self.bots[bot];
            if stop_loss.is_some() {
                bot.asked_stop = crate::view::holding(&self.orders, bot.symbol, bot.position_index).side;
            }
            bot.asked_profit = take_profit.map(|at| (at, triggers.take_profit)).or(bot.asked_profit);
        }
        if let Some(tag) = tag_of(intent)
            && let Some(id) = last_submitted(out)
        {
            let notice = Notice::Submitted { tag, client_order_id: id };
            self.notices.push_back(NoticeTo { bot: self.bots[bot].name, notice });
        }
    }

    /// Tells a bot, and everybody who listens, what it may not.
    pub(crate) fn deny(
        &mut self,
        bot: usize,
        intent: &Intent,
        signal: SignalName,
        denial: Denial,
        out: &mut Vec<Output>,
    ) {
        let name = self.bots[bot].name;
        out.push(Output::Denied { bot: name, denial, signal, wish: *intent });
        let notice = Notice::Denied { tag: tag_of(intent), client_order_id: named_order(intent), denial };
        self.notices.push_back(NoticeTo { bot: name, notice });
    }

    /// The contract of the order that an amend names, if an earlier amend of it is not answered yet.
    fn unanswered_amend(&self, intent: &Intent) -> Option<Symbol> {
        let Intent::Amend { client_order_id, .. } = intent else { return None };
        let order = self.orders.order(client_order_id)?;
        order.is_amend_unanswered().then_some(order.symbol())
    }

    /// Carries out what risk approved. How much that is, is added to the grounds.
    pub(crate) fn command(
        &mut self,
        approved: &Approved,
        grounds: Grounds,
        stamp: Stamp,
        out: &mut Vec<Output>,
    ) {
        let (bot, tag) = (Some(approved.bot()), tag_of(approved.intent()));
        let worst_price = approved.worst_price();
        let command = self.orders.submit(approved, stamp);
        let grounds = Grounds { granted: qty_of(approved.intent()), ..grounds };
        out.push(Output::Command { bot, tag, worst_price, grounds, command });
    }

    /// The engine's own memory as of now, without the openings. What an orderly end winds down by policy is no wish of a person, and the
    /// next start trades on.
    fn own_memory(&self) -> EngineMemory {
        let bots = if self.may_hold_back { self.bots.as_slice() } else { &[] };
        let holds = if self.gate.is_stopping() {
            self.remembered.holds.clone()
        } else {
            bots.iter().filter_map(|bot| Some((bot.name, bot.asked?))).collect()
        };
        EngineMemory {
            halted: self.gate.latched(),
            kills_account: self.kill.is_some(),
            holds,
            keeps: bots.iter().filter_map(|bot| Some((bot.name, bot.keeps?))).collect(),
            opened_under: Vec::new(),
            risk: self.risk.memory(),
        }
    }

    /// Notes of each position that a fact of the account has opened which configuration it lives by.
    pub(crate) fn note_openings(&mut self, event: &AccountEvent) {
        let Self { bots, listeners, orders, config, has_opened, .. } = self;
        let mut note = |bot: &mut Bot| {
            let is_held = is_held(orders, bot.symbol, bot.position_index);
            if is_held && !bot.was_held && bot.next.is_none() {
                *has_opened |= bot.opened_under != Some(*config);
                bot.opened_under = Some(*config);
            }
            bot.was_held = is_held;
            if !is_held {
                (bot.asked_stop, bot.asked_profit) = (None, None);
            }
        };
        // Most facts are of one contract, and with a thousand bots the others need not be asked.
        let symbol = match event {
            AccountEvent::Order(report) => report.symbol,
            AccountEvent::Execution(execution) => execution.symbol,
            AccountEvent::Position(report) => report.symbol,
            AccountEvent::Wallet(_) => return,
            AccountEvent::Acknowledged(_)
            | AccountEvent::Refused(_)
            | AccountEvent::Undetermined(_)
            | AccountEvent::Answer(_)
            | AccountEvent::QueryFailed(_) => return bots.iter_mut().for_each(note),
        };
        listeners.own(symbol).for_each(|bot| note(&mut bots[bot]));
    }

    /// Takes down what bots, and the engine itself, must remember over a restart.
    pub(crate) fn collect_memory(&mut self, out: &mut Vec<Output>) {
        if !self.tells_memory {
            self.touched.clear();
            return;
        }
        let mut own = self.own_memory();
        // Long where there are many bots, and seldom another: it is not made anew to be compared.
        let openings = std::mem::take(&mut self.remembered.opened_under);
        let is_other = own != self.remembered || self.has_opened;
        own.opened_under = match std::mem::take(&mut self.has_opened) {
            true => self.bots.iter().filter_map(|bot| Some((bot.name, bot.opened_under?))).collect(),
            false => openings,
        };
        if is_other {
            out.push(Output::Memory(BotMemory { bot: engine_memory_name(), bytes: own.to_bytes() }));
        }
        self.remembered = own;
        // Only those that were woken can remember anything else than before.
        self.touched.sort_unstable();
        self.touched.dedup();
        for bot in self.touched.drain(..) {
            let bot = &mut self.bots[bot];
            if let Some(bytes) = bot.strategy.changed_memory() {
                out.push(Output::Memory(BotMemory { bot: bot.name, bytes }));
            }
        }
    }
}

const fn tag_of(intent: &Intent) -> Option<Tag> {
    match intent {
        Intent::Place(place) => Some(place.tag),
        Intent::Amend { .. } | Intent::Cancel { .. } | Intent::Protect { .. } => None,
    }
}

/// The quantity of a wish, where it has one, base coin.
pub(crate) const fn qty_of(intent: &Intent) -> Option<Qty> {
    match intent {
        Intent::Place(place) => Some(place.qty),
        Intent::Amend { qty, .. } => *qty,
        Intent::Cancel { .. } | Intent::Protect { .. } => None,
    }
}

const fn named_order(intent: &Intent) -> Option<ClientOrderId> {
    match intent {
        Intent::Amend { client_order_id, .. } | Intent::Cancel { client_order_id } => Some(*client_order_id),
        Intent::Place(_) | Intent::Protect { .. } => None,
    }
}

/// The id of the order that the last command submits.
fn last_submitted(out: &[Output]) -> Option<ClientOrderId> {
    match out.last() {
        Some(Output::Command { command: Command::Submit(submit), .. }) => Some(submit.client_order_id),
        _ => None,
    }
}
