//! What risk's breakers ask for, carried out: halt, cut, flatten, look again.

use crate::bot::{Bot, Hold};
use crate::engine::Engine;
use crate::output::Output;
use windvane_model::{AccountEvent, Money, Scope, Stamp};
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
            self.observe_results(stamp);
        }
        self.gate.set_falling(self.risk.drawdown_step() > DrawdownStep::Green);
    }

    /// Lets risk see what each position has made. Before its mark is known, as after a start, the venue's own word of its
    /// profit counts; without either it would read as a loss of its profit.
    fn observe_results(&mut self, stamp: Stamp) {
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
        self.risk.observe_results(&results, stamp);
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

    /// How far a bot is held back, for whatever reason. From the drawdown's second step on entries are cancelled, for as
    /// long as the step lasts.
    pub(crate) fn held_back(&self, bot: &Bot) -> Option<Hold> {
        let by_fall = (self.risk.drawdown_step() >= DrawdownStep::Orange).then_some(Hold::ExitOnly);
        bot.hold().max(by_fall)
    }

    fn breach(&mut self, breach: Breach, stamp: Stamp, out: &mut Vec<Output>) {
        match breach {
            Breach::Halt(cause) => self.gate.halt(cause),
            Breach::Flatten(cause) => {
                self.gate.halt(cause);
                self.in_scope(Scope::All, |bot| bot.tighten(Hold::Close));
            }
            Breach::CutToHalf => {
                let exposure = self.orders.exposure();
                for bot in &mut self.bots {
                    bot.keeps = Some(kept_half(exposure, bot.symbol, bot.position_index));
                    bot.next_round = None;
                }
            }
            Breach::ReadAccount => {
                if self.gate.private_is_up() && self.orders.is_reconciled() {
                    self.reconcile(stamp, out);
                }
            }
        }
    }
}
