//! The way of the price through a bar: open, the nearer extreme, the other one, close, in straight lines; and only as far
//! as somebody waits on it.
//!
//! The venue says between which prices nothing happens to anybody ([`windvane_venue_core::Venue::calm`]). A bar that
//! stays within them is passed over in one step; one that leaves them is walked to the very price at which something may
//! happen, so that a stop fills where it stands and not at the end of the bar.

use super::lane::Lane;
use super::{Backtest, RunError};
use crate::data::Bar;
use windvane_model::Event;
use windvane_venue_core::Category;

/// Parts of the way through a bar: to the nearer extreme, to the other one, to the close.
const PARTS: i64 = 3;

impl Backtest<'_> {
    /// The bars open, which may be after a gap.
    pub(super) fn open(&mut self, bars: &[Option<Bar>]) -> Result<(), RunError> {
        for (slot, bar) in bars.iter().enumerate() {
            let Some(bar) = bar else { continue };
            let (before, open) = (self.lanes[slot].price, bar.open.raw());
            self.lanes[slot].jump(open);
            self.ask_calm(slot);
            if !self.lanes[slot].is_calm_between(before.min(open), before.max(open)) {
                self.happen_at(slot)?;
            }
        }
        self.work_off()
    }

    /// Walks from the opens to the closes.
    pub(super) fn walk_bar(&mut self, start_ms: i64, bars: &[Option<Bar>]) -> Result<(), RunError> {
        let end_ms = start_ms + self.bar_ms;
        if self.is_quiet(bars, end_ms) {
            for (lane, bar) in self.lanes.iter_mut().zip(bars) {
                if let Some(bar) = bar {
                    lane.jump(last_way(bar));
                    lane.jump(bar.close.raw());
                }
            }
            return Ok(());
        }
        for part in 0..PARTS {
            for (lane, bar) in self.lanes.iter_mut().zip(bars) {
                lane.set_out(bar.map_or(lane.price, |bar| waypoint(&bar, part)));
            }
            let [from, to] = [part, part + 1].map(|part| start_ms + self.bar_ms * part / PARTS);
            self.walk(from, to)?;
        }
        Ok(())
    }

    /// Whether nothing can happen within the bars.
    fn is_quiet(&mut self, bars: &[Option<Bar>], end_ms: i64) -> bool {
        if self.desk.next_arrival().is_some_and(|at| at <= end_ms)
            || self.deadline().is_some_and(|at| at < end_ms)
        {
            return false;
        }
        for slot in 0..bars.len() {
            self.ask_calm(slot);
        }
        let is_calm = |lane: &Lane<'_>, bar: &Bar| lane.is_calm_between(bar.low.raw(), bar.high.raw());
        self.lanes.iter().zip(bars).all(|(lane, bar)| bar.is_none_or(|bar| is_calm(lane, &bar)))
    }

    /// Walks every lane along its leg, from one happening to the next.
    fn walk(&mut self, from_ms: i64, to_ms: i64) -> Result<(), RunError> {
        let whole = to_ms - from_ms;
        loop {
            let mut next = (to_ms, None);
            for slot in 0..self.lanes.len() {
                self.ask_calm(slot);
                if let Some((passed, price)) = self.lanes[slot].crossing(whole) {
                    let at = (from_ms + passed).max(self.desk.now_ms);
                    if at < next.0 || next.1.is_none() {
                        next = (at, Some((slot, price)));
                    }
                }
            }
            let due = self.desk.next_arrival().into_iter().chain(self.deadline()).min();
            let due = due.map(|at| at.max(self.desk.now_ms));
            if let Some(due) = due.filter(|due| *due < next.0 || (*due == next.0 && next.1.is_none())) {
                next = (due, None);
            }
            let (at, stop) = next;
            self.desk.now_ms = at;
            for lane in &mut self.lanes {
                lane.on_the_way(at - from_ms, whole);
            }
            if let Some((slot, price)) = stop {
                self.lanes[slot].jump(price);
                self.happen_at(slot)?;
            }
            self.ring()?;
            self.work_off()?;
            if at == to_ms && stop.is_none() && due.is_none_or(|due| due > to_ms) {
                return Ok(());
            }
        }
    }

    /// Time passes while no bar is played: in a gap, or in no time at all.
    pub(super) fn pass_until(&mut self, until_ms: i64) -> Result<(), RunError> {
        loop {
            let arrival = self.desk.next_arrival().filter(|at| *at > self.desk.now_ms);
            let due = arrival.into_iter().chain(self.deadline()).min();
            let Some(due) = due.filter(|due| *due < until_ms) else { break };
            self.desk.now_ms = due.max(self.desk.now_ms);
            self.ring()?;
            self.work_off()?;
        }
        self.desk.now_ms = self.desk.now_ms.max(until_ms);
        Ok(())
    }

    /// A price at which something may happen: the venue hears of it.
    fn happen_at(&mut self, slot: usize) -> Result<(), RunError> {
        self.tell_venue(slot, None)?;
        self.lanes.iter_mut().for_each(Lane::forget_calm);
        self.work_off()
    }

    pub(super) fn ask_calm(&mut self, slot: usize) {
        if !self.lanes[slot].has_calm() {
            let calm = self.desk.venue.calm(Category::Linear, &self.lanes[slot].name);
            self.lanes[slot].set_calm(calm);
        }
    }

    /// When the engine wants its timer, market milliseconds.
    pub(super) fn deadline(&self) -> Option<i64> {
        let own = self.desk.engine.next_own_deadline().map(|at| (at.0 + 999_999).div_euclid(1_000_000));
        let market = self.desk.engine.next_market_deadline().map(|at| at.0);
        own.into_iter().chain(market).min().map(|at| at.max(self.timer_after))
    }

    /// Rings the engine's timer where it is due.
    pub(super) fn ring(&mut self) -> Result<(), RunError> {
        if self.deadline().is_some_and(|at| at <= self.desk.now_ms) {
            self.timer_after = self.desk.now_ms + 1;
            self.quote();
            self.take(Event::Timer);
            self.work_off()?;
        }
        Ok(())
    }
}

/// Where the price is at the end of a part of the bar.
pub(super) fn waypoint(bar: &Bar, part: i64) -> i64 {
    let (open, high, low, close) = (bar.open.raw(), bar.high.raw(), bar.low.raw(), bar.close.raw());
    // The nearer extreme first; where both are as near, a rising bar dips first.
    let low_first = (open - low, i64::from(close < open)) < (high - open, i64::from(close >= open));
    match (part, low_first) {
        (0, true) | (1, false) => low,
        (0, false) | (1, true) => high,
        _ => close,
    }
}

/// Where the last way of a bar comes from.
fn last_way(bar: &Bar) -> i64 {
    waypoint(bar, 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use windvane_model::Fixed;

    fn bar(open: i64, high: i64, low: i64, close: i64) -> Bar {
        let [open, high, low, close] = [open, high, low, close].map(|raw| Fixed::from_raw(raw).unwrap());
        Bar { start_ms: 0, open, high, low, close, volume: Fixed::ZERO }
    }

    #[test]
    fn the_nearer_extreme_comes_first() {
        for (bar, way) in [
            (bar(10, 20, 9, 15), [9, 20, 15]),
            (bar(10, 11, 1, 5), [11, 1, 5]),
            (bar(10, 12, 8, 11), [8, 12, 11]),
            (bar(10, 12, 8, 9), [12, 8, 9]),
        ] {
            assert_eq!([0, 1, 2].map(|part| waypoint(&bar, part)), way);
        }
    }
}
