//! When our margin is compared with the venue's own figures: at the start and at every audit with the account that is read
//! then, and with each position and wallet that the venue pushes.
//!
//! What a wallet says of open orders may be of a moment before or after the messages around it. It is compared once the
//! account has been quiet for a while.

use crate::engine::Engine;
use crate::output::Output;
use windvane_model::{
    AccountEvent, Event, HaltCause, Millis, Money, QueryAnswer, Stamp, WallTime, WalletReport,
};
use windvane_order_management::{Order, OrderState};

/// So long nothing else may have happened on the account, wall clock.
const QUIET_MS: Millis = 500;

/// What the venue said of the open orders' margin, not compared yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Calibrating {
    waiting: Option<(Money, WallTime)>,
    /// When anything but a wallet last came of the account.
    stirred: WallTime,
}

impl Calibrating {
    /// Whether nothing waits to be compared.
    pub(crate) const fn is_at_rest(&self) -> bool {
        self.waiting.is_none()
    }
}

impl Engine {
    /// Compares what there is to compare after an event. An error that lasts halts.
    pub(crate) fn calibrate(&mut self, event: &Event, stamp: Stamp, out: &mut Vec<Output>) {
        let mut miscount = None;
        match event {
            Event::Account(AccountEvent::Wallet(wallet)) => self.await_quiet(wallet, stamp),
            Event::Account(AccountEvent::Answer(QueryAnswer::Account(snapshot))) => {
                for report in &snapshot.positions {
                    miscount = miscount.or(self.risk.compare_position(report, self.orders.exposure()));
                }
                // Its parts were read one after the other, and what came meanwhile is in some of them only.
                if stamp.wall.millis_since(self.calibrating.stirred) >= QUIET_MS {
                    self.await_quiet(&snapshot.wallet, stamp);
                }
            }
            Event::Account(event) => {
                if let AccountEvent::Position(report) = event {
                    miscount = self.risk.compare_position(report, self.orders.exposure());
                }
                self.calibrating = Calibrating { waiting: None, stirred: stamp.wall };
            }
            Event::Market(_) | Event::Link(_) | Event::Reference(_) | Event::Timer | Event::Control(_) => {}
        }
        if let Some((theirs, since)) = self.calibrating.waiting
            && stamp.wall.millis_since(since) >= QUIET_MS
        {
            self.calibrating.waiting = None;
            if self.orders.is_reconciled() && self.orders.live_orders().all(is_quiet) {
                miscount = miscount.or(self.risk.compare_orders(theirs, self.orders.exposure()));
            }
        }
        if let Some(miscount) = miscount {
            out.push(Output::Miscount(miscount));
            self.gate.halt(HaltCause::MarginModel);
        }
    }

    fn await_quiet(&mut self, wallet: &WalletReport, stamp: Stamp) {
        let coin = self.risk.limits().coin();
        let held = wallet.coins.iter().find(|balance| balance.coin == coin);
        self.calibrating.waiting = held.and_then(|balance| Some((balance.order_margin?, stamp.wall)));
    }
}

fn is_quiet(order: &Order) -> bool {
    let is_known = matches!(order.state(), OrderState::Working(_));
    is_known && !order.is_amend_pending() && !order.is_cancel_pending()
}
