//! The calm at the end: faults cease, the market stands still, both worlds are compared.

use super::happening::Happening;
use super::life::bots;
use super::{Broken, EPOCH_MS, World};
use crate::listing::{LEVERAGE, LISTINGS, UID};
use crate::oracle::{self, Unknowable};
use crate::scenario::Script;
use crate::swarm::{Ending, Millis};
use crate::tally::Fault;
use rust_decimal::Decimal;
use std::sync::atomic::Ordering;
use windvane_engine::Waiting;
use windvane_model::{Control, HaltCause, RunState, Scope};
use windvane_venue_core::{Category, Request, SetLeverage};

/// How long the market goes on after the faults have ceased, so that positions can be closed.
const MARKET_MS: Millis = 75_000;
/// How long both sides then have to come to the same truth: twice the proof of absence.
const SETTLE_MS: Millis = 150_000;
/// Source: Bybit V5, error codes: "Available margin is insufficient".
const NO_MARGIN_FOR_LEVERAGE: i32 = 110_044;

impl World {
    pub(super) fn calm(&mut self) -> Result<(), Broken> {
        if self.is_doomed {
            // It never came to another command. The end that the story promised comes all the same: a successor's order
            // is taken in by the start that follows only.
            self.prove_rebuild()?;
            self.die()?;
        }
        self.swarm = self.swarm.calmed();
        self.is_calm = true;
        self.clock_off = 0;
        self.halted_until = 0;
        self.mood.store(false, Ordering::Relaxed);
        let mut at = |after: Millis, happening| self.queue.at(self.now + after, happening);
        at(12_000, Happening::Control(Control::Resume));
        let still = match self.swarm.ending {
            Ending::Keep => 15_000,
            Ending::Flatten => MARKET_MS,
        };
        if self.swarm.ending == Ending::Flatten {
            at(15_000, Happening::Control(Control::Flatten(Scope::All)));
        }
        at(still, Happening::Still);
        at(still + SETTLE_MS, Happening::Finish);
        Ok(())
    }

    /// Whether a hedged contract is held on both sides.
    pub(super) fn see_both_sides(&mut self) {
        let rows = self.venue.positions_in(UID, LISTINGS[0].symbol);
        if self.engine.is_some() && rows.iter().filter(|row| row.side.is_some()).count() > 1 {
            self.hit_all(Fault::BothSides);
        }
    }

    /// Counts the time that a position is without a stop although every entry had one.
    pub(super) fn count_unprotected(&mut self) {
        if !self.swarm.requires_stop {
            return;
        }
        for listing in &LISTINGS {
            let mut rows = self.venue.positions_in(UID, listing.symbol).into_iter();
            if rows.any(|row| row.side.is_some() && row.stop_loss.is_zero()) {
                self.tally.unprotected_ms += self.swarm.step_ms.unsigned_abs();
            }
        }
    }

    /// Whether the venue refuses the leverage that the bots want because the account has no margin for it. A lower leverage
    /// takes more, and what has taken the rest may be a stranger's order, which is not ours to cancel: the engine asks
    /// again for as long as that lasts, and opens nothing.
    fn has_no_margin_for_leverage(&self) -> bool {
        LISTINGS.iter().any(|listing| {
            let factor = Decimal::from(LEVERAGE);
            let wanted = Request::SetLeverage(SetLeverage {
                category: Category::Linear,
                symbol: listing.symbol.to_owned(),
                buy_leverage: factor,
                sell_leverage: factor,
            });
            let mut asked = self.venue.clone();
            let verdict = asked.apply_request(self.market_ms(), UID, &wanted, &mut Vec::new());
            verdict.is_err_and(|refusal| refusal.code == NO_MARGIN_FOR_LEVERAGE)
        })
    }

    pub(super) fn finish(&mut self) -> Result<(), Broken> {
        self.prove_rebuild()?;
        let Some(engine) = self.engine.take() else {
            return Err(("I5 convergence", "no engine runs".to_owned()));
        };
        self.count(&engine);
        oracle::settled(&engine, self.wall())?;
        let unknowable = Unknowable {
            begun_at_ms: self.begun_at_ms.unwrap_or(EPOCH_MS),
            dropped_pushes: self.has_lost_pushes(),
            lost_record: self.tally.hits(Fault::PowerCut) > 0 || self.tally.hits(Fault::Successor) > 0,
        };
        oracle::same_truth(&engine, &self.venue, unknowable, self.wall())?;
        oracle::same_trades(&engine, &self.venue, unknowable)?;
        let was_meddled = self.tally.hits(Fault::Meddling) > 0;
        let is_told = self.script.as_ref().is_some_and(Script::names_last_run_state);
        match engine.run_state() {
            RunState::Active => {}
            _ if is_told => {}
            RunState::Reducing if self.swarm.is_poor && engine.waiting() == Some(Waiting::Drawdown) => {}
            RunState::Reducing
                if self.swarm.is_poor
                    && engine.waiting() == Some(Waiting::Leverage)
                    && self.has_no_margin_for_leverage() => {}
            RunState::Halted(HaltCause::Drawdown) if self.swarm.is_poor => {}
            RunState::Halted(_) if was_meddled => {}
            RunState::Halted(HaltCause::Contradiction) if self.tally.hits(Fault::Successor) > 0 => {}
            // The record of our own cancel went with the power, so it looks like somebody else's.
            RunState::Halted(HaltCause::CancelledByOther) if unknowable.lost_record => {}
            state => {
                let waiting = engine.waiting();
                return Err(("I5 convergence", format!("the engine is {state}, waiting for {waiting:?}")));
            }
        }
        if self.swarm.ending == Ending::Flatten && self.tally.hits(Fault::Stranger) == 0 {
            for name in bots() {
                if !engine.is_wound_down(name) {
                    return Err(("flatten converges", format!("{name} is not wound down")));
                }
            }
        }
        self.engine = Some(engine);
        self.look_at_the_end()
    }
}
