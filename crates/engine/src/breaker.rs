//! What risk's breakers ask for, carried out: halt, cut, flatten, look again.

use crate::bot::{Bot, Hold};
use crate::engine::Engine;
use crate::output::Output;
use windvane_model::{AccountEvent, BotName, LimitScope, Money, Scope, Stamp};
use windvane_risk::{Breach, DrawdownStep, Worth, kept_half};

impl Engine {
    /// Lets risk see what the account is worth now.
    pub(crate) fn observe_worth(&mut self, stamp: Stamp, out: &mut Vec<Output>) {
        // Before the account is known, an empty wallet would read as a loss of everything.
        if !self.orders.is_reconciled() {
            return;
        }
        let worth = Worth { equity: self.margin().equity(), transfers: self.transfers() };
        if let Some(breach) = self.risk.observe_worth(worth, stamp) {
            self.breach(breach, stamp, out);
        }
        if self.risk.counts_results() {
            self.observe_results(stamp, out);
        }
        self.gate.set_falling(self.risk.drawdown_step() > DrawdownStep::Green);
    }

    /// Lets risk see what each position has made. Before its mark is known, as after a start, the venue's own word of its
    /// profit counts; without either it would read as a loss of its profit.
    fn observe_results(&mut self, stamp: Stamp, out: &mut Vec<Output>) {
        let mut results = std::mem::take(&mut self.results);
        results.clear();
        for position in self.orders.positions() {
            let ((symbol, index), held) = (position.key(), position.holding());
            let told = || position.reported().and_then(|report| report.unrealised_pnl);
            let unrealised = match (held.side(), self.quotes.get(symbol).mark) {
                (None, _) => Some(Money::ZERO),
                (Some(_), Some(mark)) => Some(held.unrealised_pnl(mark)),
                (Some(_), None) => told(),
            };
            let Some(unrealised) = unrealised else {
                self.results = results;
                return;
            };
            results.push((symbol, index, held.totals().net().plus(unrealised)));
        }
        for breach in self.risk.observe_results(&results, stamp) {
            self.breach(breach, stamp, out);
        }
        self.results = results;
    }

    /// Lets risk see how the venue answers.
    pub(crate) fn observe_answer(&mut self, event: &AccountEvent, stamp: Stamp, out: &mut Vec<Output>) {
        let id = match event {
            AccountEvent::Refused(refused) => refused.client_order_id,
            _ => None,
        };
        let bot = id.and_then(|id| self.orders.order(&id)?.bot());
        if let Some(breach) = self.risk.observe_answer(event, bot, stamp) {
            self.breach(breach, stamp, out);
        }
    }

    /// What came in from outside so far less what went out, settle coin.
    pub(crate) fn transfers(&self) -> Money {
        self.orders.wallet().transfers()
    }

    /// How far a bot is held back, for whatever reason. From the second step of a drawdown on, the account's or one that it
    /// counts in, entries are cancelled, for as long as the step lasts.
    pub(crate) fn held_back(&self, bot: &Bot) -> Option<Hold> {
        let step = self.risk.drawdown_step().max(self.risk.drawdown_step_of(bot.name, bot.symbol));
        let by_fall = (step >= DrawdownStep::Orange).then_some(Hold::ExitOnly);
        bot.hold().max(by_fall)
    }

    fn breach(&mut self, breach: Breach, stamp: Stamp, out: &mut Vec<Output>) {
        match breach {
            Breach::Halt(cause) => self.gate.halt(cause),
            Breach::Flatten(cause) => {
                self.gate.halt(cause);
                self.in_scope(Scope::All, |bot| bot.tighten(Hold::Close));
            }
            Breach::CutToHalf => self.cut_to_half(|_| true),
            Breach::CutScope(scope) => {
                let within = self.within(scope);
                self.cut_to_half(|bot| within.contains(&bot.name));
                out.push(Output::Fall { scope, step: DrawdownStep::Orange });
            }
            Breach::FlattenScope(scope) => {
                for bot in self.within(scope) {
                    self.in_scope(Scope::Bot(bot), |bot| bot.tighten(Hold::Close));
                }
                out.push(Output::Fall { scope, step: DrawdownStep::Red });
            }
            Breach::ReadAccount => {
                if self.gate.private_is_up() && self.orders.is_reconciled() {
                    self.reconcile(stamp, out);
                }
            }
        }
    }

    /// The bots whose positions count in a scope.
    fn within(&self, scope: LimitScope) -> Vec<BotName> {
        let is_within = |bot: &&Bot| self.risk.is_within(scope, bot.symbol, bot.position_index);
        self.bots.iter().filter(is_within).map(|bot| bot.name).collect()
    }

    /// Has each position of those bots cut to half of what it is now.
    fn cut_to_half(&mut self, is_meant: impl Fn(&Bot) -> bool) {
        self.may_hold_back = true;
        let exposure = self.orders.exposure();
        for bot in self.bots.iter_mut().filter(|bot| is_meant(bot)) {
            bot.keeps = Some(kept_half(exposure, bot.symbol, bot.position_index));
            bot.next_round = None;
        }
    }
}
