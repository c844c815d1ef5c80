//! Winding a bot down: cancel what opens, close reduce-only, leave the stops until it is flat.
//!
//! Asked after every event for every bot that is to be wound down, so it converges whatever order the venue's
//! answers come in: an entry that fills after its cancel was sent is closed by the next round. Rounds keep a
//! distance, so that a venue that refuses a close is asked again and not flooded.

use crate::engine::Engine;
use crate::output::Output;
use crate::view::open_orders_of;
use windvane_model::{ClientOrderId, Intent, Millis, Mutant, Role, Scope, Stamp, mutant};
use windvane_risk::{Ask, Share};

/// From one round of cancels and closes to the next, wall clock.
const ROUND_EVERY_MS: Millis = 200;

impl Engine {
    /// Takes the next steps of every bot that is being wound down.
    pub(crate) fn flatten(&mut self, stamp: Stamp, out: &mut Vec<Output>) {
        for bot in 0..self.bots.len() {
            let asked = &mut self.bots[bot];
            if !asked.is_winding_down() || asked.next_round.is_some_and(|at| stamp.wall < at) {
                continue;
            }
            asked.next_round = None;
            let (name, is_flattening) = (asked.name, asked.is_flattening);
            let before = out.len();
            let doomed: Vec<ClientOrderId> = open_orders_of(&self.orders, name)
                .filter(|order| !order.is_cancel_pending() && order.role() != Role::Protect)
                .filter(|order| is_flattening || !order.is_reduce_only())
                .map(windvane_order_management::Order::id)
                .collect();
            for id in doomed {
                self.cancel(bot, id, stamp, out);
            }
            if is_flattening && !mutant(Mutant::FlattenDoesNotClose) {
                for close in self.risk.protective(Scope::Bot(name), Share::All, self.orders.exposure()) {
                    self.command(&close, stamp, out);
                }
            }
            if out.len() > before {
                self.bots[bot].next_round = Some(stamp.wall.after(ROUND_EVERY_MS));
            }
        }
        self.work_off(stamp, out);
    }

    fn cancel(&mut self, bot: usize, id: ClientOrderId, stamp: Stamp, out: &mut Vec<Output>) {
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
            self.command(&approved, stamp, out);
        }
    }
}
