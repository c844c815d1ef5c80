//! Winding a bot down: cancel what opens, close reduce-only, leave the stops until it is flat.
//!
//! Asked after every event for every bot that is to be wound down, so it converges whatever order the venue's
//! answers come in: an entry that fills after its cancel was sent is closed by the next round. Rounds keep a
//! distance, so that a venue that refuses a close is asked again and not flooded.

use crate::bot::{Bot, Foreign, Hold};
use crate::engine::Engine;
use crate::output::Output;
use crate::turn::qty_of;
use crate::view::{is_held, open_orders_of};
use windvane_model::{
    BotName, Cancel, ClientOrderId, Command, Grounds, Intent, Millis, Mutant, Role, Scope, Stamp, mutant,
};
use windvane_risk::{Action, Ask, DrawdownStep, Share, allows};

/// From one round of cancels and closes to the next, wall clock.
const ROUND_EVERY_MS: Millis = 200;
/// Cancels that may wait for their answer at once. The venue takes ten a second; a thousand handed over together would
/// wait until each seems lost and is asked about.
const CANCELS_AT_ONCE: usize = 40;

impl Engine {
    /// Takes the next steps of every bot that is being wound down.
    pub(crate) fn flatten(&mut self, stamp: Stamp, out: &mut Vec<Output>) {
        if self.may_hold_back || self.risk.deepest_step() >= DrawdownStep::Orange {
            self.wind_down(stamp, out);
            self.may_hold_back = self.bots.iter().any(Bot::is_held_back);
        }
        self.work_off_rest(stamp, out);
    }

    fn wind_down(&mut self, stamp: Stamp, out: &mut Vec<Output>) {
        for bot in 0..self.bots.len() {
            self.end_cut(bot);
            let hold = self.held_back(&self.bots[bot]);
            self.tell_closing(bot, hold == Some(Hold::Close), out);
            let asked = &mut self.bots[bot];
            let is_flattening = match hold {
                None | Some(Hold::Pause) if asked.keeps.is_none() => {
                    // A round that was planned before would be asked for for ever.
                    asked.next_round = None;
                    continue;
                }
                None | Some(Hold::Pause | Hold::ExitOnly) => false,
                Some(Hold::Close) => true,
            };
            if asked.next_round.is_some_and(|at| stamp.wall < at) {
                continue;
            }
            asked.next_round = None;
            let (name, keeps) = (asked.name, asked.keeps);
            let before = out.len();
            for id in self.doomed(name, is_flattening) {
                self.cancel(bot, id, "wind_down", stamp, out);
            }
            for order in self.adopted_entries(bot) {
                out.push(Output::of_engine("wind_down", Command::Cancel(order)));
            }
            let is_flattening = is_flattening && !mutant(Mutant::FlattenDoesNotClose);
            let share = if is_flattening { Some(Share::All) } else { keeps.map(Share::Beyond) };
            let reason = if is_flattening { "flatten" } else { "drawdown" };
            if let Some(share) = share {
                for close in self.risk.protective(Scope::Bot(name), share, self.orders.exposure()) {
                    let grounds = Grounds { asked: qty_of(close.intent()), ..Grounds::of(reason) };
                    self.command(&close, grounds, stamp, out);
                }
            }
            if out.len() > before {
                self.bots[bot].next_round = Some(stamp.wall.after(ROUND_EVERY_MS));
            }
        }
    }

    /// Tells when the closing of a position was decided: entries go first, so its own orders leave later.
    fn tell_closing(&mut self, bot: usize, is_wanted: bool, out: &mut Vec<Output>) {
        let Bot { symbol, position_index, is_closing, .. } = self.bots[bot];
        if !is_wanted && !is_closing {
            return;
        }
        let is_held = is_held(&self.orders, symbol, position_index);
        let is_closing_now = is_wanted && is_held;
        if is_closing_now != is_closing {
            self.bots[bot].is_closing = is_closing_now;
            if is_held {
                out.push(Output::Closing { symbol, on: is_closing_now });
            }
        }
    }

    /// A cut is done when no more is held than is to be kept, or its bot closes everything anyway.
    fn end_cut(&mut self, bot: usize) {
        let Bot { symbol, position_index, keeps, .. } = self.bots[bot];
        let Some(keeps) = keeps else { return };
        let held = crate::view::holding(&self.orders, symbol, position_index).qty;
        if held <= keeps || self.bots[bot].hold() == Some(Hold::Close) {
            self.bots[bot].keeps = None;
        }
    }

    /// The orders of strangers that may open what a bot owns, where its configuration says that they are its own: they are
    /// wound down with it, and not touched before. Empty when fenced.
    fn adopted_entries(&self, bot: usize) -> Vec<Cancel> {
        let Bot { symbol, position_index, foreign, .. } = self.bots[bot];
        if foreign != Foreign::Adopt || !allows(self.gate.state(), Action::Cancel) {
            return Vec::new();
        }
        let strangers = self.orders.other_orders().filter(|order| order.is_foreign_and_open());
        let reports = strangers.map(windvane_order_management::OtherOrder::report);
        reports
            .filter(|report| (report.symbol, report.position_index) == (symbol, position_index))
            .filter(|report| !report.reduce_only)
            .map(|report| Cancel { client_order_id: None, order_id: Some(report.order_id), symbol })
            .take(CANCELS_AT_ONCE)
            .collect()
    }

    /// The orders of a bot to cancel in this round: what opens first.
    fn doomed(&self, name: BotName, is_flattening: bool) -> Vec<ClientOrderId> {
        let pending = self.orders.live_orders().filter(|order| order.is_cancel_pending()).count();
        let left = || {
            open_orders_of(&self.orders, name)
                .filter(|order| !order.is_cancel_pending() && order.role() != Role::Protect)
        };
        let entries = left().filter(|order| !order.is_reduce_only());
        let exits = left().filter(|order| is_flattening && order.is_reduce_only());
        let room = CANCELS_AT_ONCE.saturating_sub(pending);
        entries.chain(exits).take(room).map(windvane_order_management::Order::id).collect()
    }

    /// Cancels one order on a bot's behalf.
    pub(crate) fn cancel(
        &mut self,
        bot: usize,
        id: ClientOrderId,
        reason: &str,
        stamp: Stamp,
        out: &mut Vec<Output>,
    ) {
        let intent = Intent::Cancel { client_order_id: id };
        let existing = self.open_order(&id);
        let ask = Ask { bot: self.bots[bot].name, intent: &intent, existing: existing.as_ref() };
        let context = windvane_risk::Context {
            exposure: self.orders.exposure(),
            quotes: &self.quotes,
            stamp,
            symbol_in_doubt: false,
        };
        // A fenced engine may not even cancel; then there is nothing to be done here.
        if let Ok(approved) = self.risk.check(&ask, &context) {
            self.command(&approved, Grounds::of(reason), stamp, out);
        }
    }
}
