//! Stops that move with the price: to break even, trailing, and along a level. The venue's own stop is moved, and never steps back.

use windvane_model::{Intent, Price};

use super::bot::RuleBot;
use super::file::slot;
use super::gauge::Gauge;
use super::memory::Open;
use super::reading::known;
use super::way::Way;
use crate::context::Context;

impl RuleBot {
    /// Moves the venue's stop to the best place that break-even, trail and level give it, or closes where the price is past it.
    pub(super) fn ratchet(&mut self, open: Open, context: &Context<'_>, out: &mut Vec<Intent>) {
        let exit = &self.rules.exit;
        let every_ms = match (exit.trail, exit.follow, exit.break_even) {
            (Some(trail), _, _) => trail.every_ms,
            (None, Some(follow), _) => follow.every_ms,
            (None, None, Some(_)) => 0,
            (None, None, None) => return,
        };
        // The price that fires the venue's stop is the one to be best, unless the rule says otherwise.
        let by = exit.trail.map_or(Gauge::from(exit.stop_by), |trail| trail.by);
        let last = || known(context.market.last_price());
        let Some(price) = by.price(open.side(), context).or_else(last) else { return };
        let sign = open.sign();
        let before = self.best.unwrap_or(open.watermark);
        let best = if sign * (price - before) > 0.0 { price } else { before };
        self.best = Some(best);
        if context.now < self.ratcheted_at.after(every_ms) || context.now < self.retry_at {
            return;
        }
        let Some(stop) = self.raised_stop(&open, best, context) else { return };
        let tick = context.instrument.tick_size.to_f64();
        let gain = open.stop.map_or(f64::INFINITY, |held| sign * (stop.to_f64() - held));
        if gain < tick {
            return;
        }
        if sign * (price - stop.to_f64()) <= tick {
            // The price is there already: the venue would refuse the stop, so close.
            self.memory.is_closing = true;
            self.way = Some(match (exit.trail, exit.follow) {
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
    fn raised_stop(&self, open: &Open, best: f64, context: &Context<'_>) -> Option<Price> {
        let program = &self.rules.program;
        let ahead = open.sign() * (best - open.entry_price);
        let trailed = self.rules.exit.trail.and_then(|trail| {
            let arms_at = trail.arms_at.at(program, open.entry_price)?;
            let gives_back = trail.gives_back.at(program, open.entry_price)?;
            let is_armed = ahead >= arms_at && gives_back > 0.0;
            is_armed.then(|| self.level(context, open.side(), best, -gives_back)).flatten()
        });
        let even = self.rules.exit.break_even.and_then(|rule| {
            let is_armed = ahead >= rule.at.at(program, open.entry_price)?;
            let offset = rule.offset.map_or(Some(0.0), |offset| offset.at(program, open.entry_price))?;
            is_armed.then(|| self.level(context, open.side(), open.entry_price, offset)).flatten()
        });
        let better = |left: Price, right: Price| if open.is_long { left.max(right) } else { left.min(right) };
        let followed = self.rules.exit.follow.and_then(|follow| {
            let level = program.value(follow.levels[slot(open.side())]?)?;
            self.level(context, open.side(), open.entry_price, open.sign() * (level - open.entry_price))
        });
        [trailed, followed, even].into_iter().flatten().reduce(better)
    }
}
