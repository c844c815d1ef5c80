//! Stops that move with the price: to break even, trailing, and along a level. The venue's own stop is moved, and never steps back.

use windvane_model::{Instrument, Intent, MarketTime, Price};

use super::bot::RuleBot;
use super::file::{Rules, slot};
use super::gauge::Gauge;
use super::memory::Open;
use super::reading::known;
use super::way::Way;
use crate::context::Context;

impl RuleBot {
    /// Moves the venue's stop to the best place that break-even, trail and level give it, or closes where the price is past it.
    pub(super) fn ratchet(&mut self, open: Open, context: &Context<'_>, out: &mut Vec<Intent>) {
        if !self.rules.exit.moves_stop() {
            return;
        }
        let last = || known(context.market.last_price());
        let Some(price) = self.followed_price().price(open.side(), context).or_else(last) else { return };
        let best = open.better(self.best_of(&open), price);
        self.best = Some(best);
        let Some(stop) = self.due_stop(&open, best, context.now, context.instrument) else { return };
        if open.sign() * (price - stop.to_f64()) <= context.instrument.tick_size.to_f64() {
            // The price is there already: the venue would refuse the stop, so close.
            self.memory.is_closing = true;
            self.way = Some(match (self.rules.exit.trail, self.rules.exit.follow) {
                (Some(_), _) => Way::Trail,
                (None, Some(_)) => Way::Follow,
                (None, None) => Way::BreakEven,
            });
            return;
        }
        self.ratcheted_at = context.now;
        self.stop_before = open.stop;
        self.protecting_by = self.raised_by();
        if let Some(open) = &mut self.memory.open {
            open.stop = Some(stop.to_f64());
            open.watermark = best;
        }
        let triggers = self.rules.exit.triggers();
        out.push(Intent::Protect {
            symbol: context.symbol(),
            stop_loss: Some(stop),
            take_profit: None,
            triggers,
        });
    }

    /// Which price the best one is a best of: the one that fires the venue's stop, unless the rule says otherwise.
    fn followed_price(&self) -> Gauge {
        let exit = &self.rules.exit;
        exit.trail.map_or(Gauge::from(exit.stop_by), |trail| trail.by)
    }

    /// The best price since the entry, as far as it was seen.
    pub(super) fn best_of(&self, open: &Open) -> f64 {
        self.best.unwrap_or(open.watermark)
    }

    /// Whether where the stop belongs can be told of bars that come, by the price at their ends.
    pub(super) fn foresees_stop(&self) -> bool {
        let Rules { exit, program, .. } = &self.rules;
        let trailed = exit.trail.into_iter().flat_map(|trail| [trail.arms_at, trail.gives_back]);
        let even = exit.break_even.into_iter().flat_map(|rule| [Some(rule.at), rule.offset]).flatten();
        let followed = exit.follow.into_iter().flat_map(|follow| follow.levels).flatten();
        let mut asked = trailed.chain(even).map(|distance| distance.node).chain(followed);
        self.followed_price() != Gauge::Quote
            && asked.all(|node| program.is_foreseeable(node) || program.is_settled_while_held(node))
    }

    /// Whether the stop is to be moved at a moment with this best price; where it is not certain, and only there, by the
    /// whole of the reckoning.
    pub(super) fn may_move_stop(
        &self,
        open: &Open,
        best: f64,
        now: MarketTime,
        instrument: &Instrument,
    ) -> bool {
        // On the grid a level is less than a tick away.
        let least = -0.01 * instrument.tick_size.to_f64();
        let is_behind = |level: Level, held: f64| open.sign() * (level.raw(open) - held) < least;
        let is_far = open.stop.is_some_and(|held| {
            self.armed_levels(open, best).into_iter().flatten().all(|at| is_behind(at, held))
        });
        !is_far && self.due_stop(open, best, now, instrument).is_some()
    }

    /// The stop that the rules give it, where it is better than the one there by a tick at least and may be moved again.
    fn due_stop(&self, open: &Open, best: f64, now: MarketTime, instrument: &Instrument) -> Option<Price> {
        let exit = &self.rules.exit;
        let every_ms = match (exit.trail, exit.follow) {
            (Some(trail), _) => trail.every_ms,
            (None, Some(follow)) => follow.every_ms,
            (None, None) => 0,
        };
        if now < self.ratcheted_at.after(every_ms) || now < self.retry_at {
            return None;
        }
        let stop = self.raised_stop(open, best, instrument)?;
        let gain = open.stop.map_or(f64::INFINITY, |held| open.sign() * (stop.to_f64() - held));
        (gain >= instrument.tick_size.to_f64()).then_some(stop)
    }

    /// The key of the rules that moves the stop: the trail where there is one, it goes on from where break-even has begun.
    fn raised_by(&self) -> &'static str {
        let exit = &self.rules.exit;
        if exit.trail.is_some() {
            "exit.trail"
        } else if exit.follow.is_some() {
            "exit.follow"
        } else {
            "exit.break_even"
        }
    }

    /// The better one of the stops that the rules have armed; `None` while none is.
    fn raised_stop(&self, open: &Open, best: f64, instrument: &Instrument) -> Option<Price> {
        let better = |left: Price, right: Price| if open.is_long { left.max(right) } else { left.min(right) };
        let armed = self.armed_levels(open, best).into_iter().flatten();
        armed.filter_map(|at| self.level(instrument, open.side(), at.from, at.ahead)).reduce(better)
    }

    /// Where trail, level and break-even want the stop, each where it is armed.
    fn armed_levels(&self, open: &Open, best: f64) -> [Option<Level>; 3] {
        let program = &self.rules.program;
        let ahead = open.sign() * (best - open.entry_price);
        let trailed = self.rules.exit.trail.and_then(|trail| {
            let arms_at = trail.arms_at.at(program, open.entry_price)?;
            let gives_back = trail.gives_back.at(program, open.entry_price)?;
            let is_armed = ahead >= arms_at && gives_back > 0.0;
            is_armed.then_some(Level { from: best, ahead: -gives_back })
        });
        let even = self.rules.exit.break_even.and_then(|rule| {
            let is_armed = ahead >= rule.at.at(program, open.entry_price)?;
            let offset = rule.offset.map_or(Some(0.0), |offset| offset.at(program, open.entry_price))?;
            is_armed.then_some(Level { from: open.entry_price, ahead: offset })
        });
        let followed = self.rules.exit.follow.and_then(|follow| {
            let level = program.value(follow.levels[slot(open.side())]?)?;
            Some(Level { from: open.entry_price, ahead: open.sign() * (level - open.entry_price) })
        });
        [trailed, followed, even]
    }
}

/// A place for a stop, before it is put on the grid.
#[derive(Debug, Clone, Copy)]
struct Level {
    /// The price that it is measured from.
    from: f64,
    /// How far ahead of it for the position's side; behind when negative.
    ahead: f64,
}

impl Level {
    fn raw(self, open: &Open) -> f64 {
        self.from + open.sign() * self.ahead
    }
}
