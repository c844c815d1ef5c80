//! Kill at the scope of the account: every order goes, whosever it is, by the venue's own cancel-all.
//!
//! Repeated until a picture of the account, asked for after the last cancel-all and read to its end, shows nothing: a
//! request may be lost, and an order may come while it travels. Stops and take-profits stay; what they protect is
//! closed by flattening.

use crate::engine::Engine;
use crate::output::Output;
use windvane_model::{CancelAll, Command, Millis, Stamp, WallTime};
use windvane_order_management::{OrderState, Orders};
use windvane_risk::{Action, allows};

/// From one cancel-all to the next, wall clock: long enough for the picture that says whether another is needed.
const ROUND_EVERY_MS: Millis = 1_000;

/// Where the cancelling of everything stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Kill {
    /// When it is looked at again; `None` before the first cancel-all.
    pub(crate) next_round: Option<WallTime>,
}

impl Engine {
    /// Takes the next step of a kill at the scope of the account.
    pub(crate) fn cancel_account(&mut self, stamp: Stamp, out: &mut Vec<Output>) {
        let Some(kill) = self.kill else { return };
        if !allows(self.gate.state(), Action::Cancel) || kill.next_round.is_some_and(|at| stamp.wall < at) {
            return;
        }
        if kill.next_round.is_some() && self.orders.is_reconciled() && !has_orders(&self.orders) {
            self.kill = None;
            return;
        }
        let command = Command::CancelAll(CancelAll { symbol: None, spare_protection: true });
        self.orders.record(&command, windvane_order_management::Provenance::default(), stamp);
        out.push(Output::of_engine("kill", command));
        if self.gate.private_is_up() {
            self.reconcile(stamp, out);
        }
        self.kill = Some(Kill { next_round: Some(stamp.wall.after(ROUND_EVERY_MS)) });
    }
}

/// Whether any order but the venue's own stops may still fill.
fn has_orders(orders: &Orders) -> bool {
    let is_open = |state: OrderState| state.is_open();
    let has_foreign = orders.other_orders().any(|other| {
        let report = other.report();
        report.stop_kind.is_none() && !report.status.is_terminal()
    });
    has_foreign || orders.live_orders().any(|order| is_open(order.state()))
}
