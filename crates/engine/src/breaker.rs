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
        self.gate.set_falling(self.risk.drawdown_step() > DrawdownStep::Green);
    }

    /// Lets risk see how the venue answers.
    pub(crate) fn observe_answer(&mut self, event: &AccountEvent, stamp: Stamp, out: &mut Vec<Output>) {
        if let Some(breach) = self.risk.observe_answer(event, stamp) {
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
