//! The ways out of a position: each is a named condition, so that the why-ledger tells why one was closed, or was not.

use windvane_model::{ExitCause, MarketTime, Side};

use super::bot::{Moment, RuleBot};
use super::condition::{ConditionId, Conditions};
use super::exit::{ExitRules, Opposite};
use super::file::slot;
use super::gauge::Gauge;
use super::memory::Open;
use crate::context::Context;

/// What may end a position, in the order in which it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The stop at the venue: the price it goes by is at the stop or past it.
    Stop,
    SoftStop,
    /// The target is reached, at the venue or here.
    TakeProfit,
    /// The trail is armed, so the stop follows.
    Trail,
    /// The stop is at the level that it follows, or better.
    Follow,
    /// The stop is at the entry or beyond.
    BreakEven,
    /// The condition by which a part is closed.
    ScaleOut,
    /// The next step of the ladder is reached: a part is closed.
    Ladder,
    /// The target of the position's age is reached.
    Decay,
    /// The exit signal of the side that is held.
    Signal,
    /// An entry signal of the other side, its filters included.
    Opposite,
    TimeLimit,
}

impl Way {
    /// Its key in the rules, for a position of that side.
    pub(super) const fn key(self, is_long: bool) -> &'static str {
        match self {
            Self::Stop => "exit.stop",
            Self::SoftStop => "exit.soft_stop",
            Self::TakeProfit => "exit.take_profit",
            Self::Trail => "exit.trail",
            Self::Follow => "exit.follow",
            Self::BreakEven => "exit.break_even",
            Self::ScaleOut => "exit.scale_out",
            Self::Ladder => "exit.ladder",
            Self::Decay => "exit.decay",
            Self::Signal if is_long => "exit.signal.long",
            Self::Signal => "exit.signal.short",
            Self::Opposite => "exit.opposite",
            Self::TimeLimit => "exit.time_limit",
        }
    }
}

/// The named ways out of a rule file.
#[derive(Debug, Clone, Default)]
pub(super) struct Ways {
    /// Those that the bot measures itself.
    measured: Vec<(Way, ConditionId)>,
    /// Exit signals, by [`slot`] of the side that they close.
    signals: [Option<ConditionId>; 2],
}

impl Ways {
    /// Names every way out that `exit` knows.
    pub(super) fn name(exit: &ExitRules, conditions: &mut Conditions) -> Self {
        let before = [
            (Way::Stop, "exit.stop", true),
            (Way::SoftStop, "exit.soft_stop", exit.soft_stop.is_some()),
            (Way::TakeProfit, "exit.take_profit", exit.take_profit.is_some()),
            (Way::Trail, "exit.trail", exit.trail.is_some()),
            (Way::Follow, "exit.follow", exit.follow.is_some()),
            (Way::BreakEven, "exit.break_even", exit.break_even.is_some()),
            (Way::ScaleOut, "exit.scale_out", exit.scale_out.is_some()),
            (Way::Ladder, "exit.ladder", !exit.ladder.is_empty()),
            (Way::Decay, "exit.decay", !exit.decay.is_empty()),
        ];
        let after = [
            (Way::Opposite, "exit.opposite", exit.opposite != Opposite::Ignore),
            (Way::TimeLimit, "exit.time_limit", exit.time_limit_ms.is_some()),
        ];
        let mut ways = Self::default();
        for (way, name, _) in before.into_iter().filter(|(.., is_there)| *is_there) {
            ways.measured.push((way, conditions.add_measured(name)));
        }
        let signals = [("exit.signal.long", exit.long_signal), ("exit.signal.short", exit.short_signal)];
        ways.signals = signals.map(|(name, node)| Some(conditions.add(name.to_owned(), node?)));
        for (way, name, _) in after.into_iter().filter(|(.., is_there)| *is_there) {
            ways.measured.push((way, conditions.add_measured(name)));
        }
        ways
    }

    fn id(&self, way: Way, side: Side) -> Option<ConditionId> {
        match way {
            Way::Signal => self.signals[slot(side)],
            _ => self.measured.iter().find(|(known, _)| *known == way).map(|(_, id)| *id),
        }
    }
}

impl RuleBot {
    /// Notes in the ledger how every way out stands: at each bar, and when the closing begins.
    pub(super) fn note_exits(&mut self, moment: Moment, was_closing: bool, context: &Context<'_>) {
        let Some(open) = self.memory.open.filter(|_| !was_closing) else { return };
        let begins = self.memory.is_closing;
        if !begins && !matches!(moment, Moment::Bar { .. }) {
            return;
        }
        if self.ledger.is_off() {
            return;
        }
        for index in 0..self.rules.ways.measured.len() {
            let (way, id) = self.rules.ways.measured[index];
            let holds = self.holds(way, &open, context);
            self.rules.conditions.measure(id, holds);
        }
        let way = self.way.filter(|_| begins);
        self.tell_exit(&open, way, begins, context.now);
    }

    /// The venue has closed the position by an order of its own: a stop or a target.
    pub(super) fn note_exit_at_venue(&mut self, cause: ExitCause, now: MarketTime) {
        let held = self.memory.open.filter(|_| !self.memory.is_closing);
        let Some(open) = self.gone.take().or(held) else { return };
        let exit = &self.rules.exit;
        let way = match cause {
            ExitCause::TakeProfit => Way::TakeProfit,
            ExitCause::StopLoss | ExitCause::Trailing => {
                let first = open.entry_price - open.sign() * open.risk;
                // Half way from the first stop to the entry, it has been moved.
                let has_moved = open.stop.is_some_and(|stop| open.sign() * (stop - first) > open.risk / 2.0);
                match has_moved {
                    true if exit.trail.is_some() => Way::Trail,
                    true if exit.follow.is_some() => Way::Follow,
                    true if exit.break_even.is_some() => Way::BreakEven,
                    _ => Way::Stop,
                }
            }
            ExitCause::Strategy
            | ExitCause::Protect
            | ExitCause::Foreign
            | ExitCause::Liquidation
            | ExitCause::Delivery => return self.forget_exits(),
        };
        if let Some(id) = self.rules.ways.id(way, open.side()) {
            self.rules.conditions.measure(id, Some(true));
        }
        self.tell_exit(&open, Some(way), true, now);
        self.forget_exits();
    }

    fn tell_exit(&mut self, open: &Open, way: Option<Way>, is_over: bool, now: MarketTime) {
        let cause = way.and_then(|way| self.rules.ways.id(way, open.side()));
        self.ledger.note_exit(now, open.side(), is_over, cause, &self.rules.conditions, &self.rules.program);
    }

    /// The position is gone, and what was measured of it with it.
    pub(super) fn forget_exits(&mut self) {
        (self.way, self.gone) = (None, None);
        for (_, id) in &self.rules.ways.measured {
            self.rules.conditions.measure(*id, None);
        }
    }

    /// Whether a way out that the bot measures itself is open; `None` while that is not known.
    pub(super) fn holds(&self, way: Way, open: &Open, context: &Context<'_>) -> Option<bool> {
        let exit = &self.rules.exit;
        let program = &self.rules.program;
        let side = open.side();
        let ahead_at_best = || open.sign() * (self.best.unwrap_or(open.watermark) - open.entry_price);
        match way {
            Way::Stop => {
                let price = Gauge::from(exit.stop_by).price(side, context)?;
                Some(open.sign() * (price - open.stop?) <= 0.0)
            }
            Way::SoftStop => {
                let rule = exit.soft_stop?;
                let distance = rule.distance.at(program, open.entry_price)?;
                let behind = open.sign() * (open.entry_price - rule.by.price(side, context)?);
                Some(distance > 0.0 && behind >= distance)
            }
            Way::TakeProfit => {
                let rule = exit.take_profit?;
                Some(open.sign() * (rule.place.by().price(side, context)? - open.take_profit?) >= 0.0)
            }
            Way::Trail => Some(ahead_at_best() >= exit.trail?.arms_at.at(program, open.entry_price)?),
            Way::BreakEven => Some(ahead_at_best() >= exit.break_even?.at.at(program, open.entry_price)?),
            Way::Follow => {
                let level = program.value(exit.follow?.levels[slot(side)]?)?;
                Some(open.sign() * (open.stop? - level) >= 0.0)
            }
            Way::ScaleOut => program.truth(exit.scale_out?.when[slot(side)]?),
            Way::Ladder => {
                let next = usize::try_from(open.rungs).ok().and_then(|next| exit.ladder.get(next));
                next.map_or(Some(false), |rung| self.is_ahead(open, rung.at, context))
            }
            Way::Decay => self.has_decayed(open, context),
            Way::Signal => {
                let signal = if open.is_long { exit.long_signal } else { exit.short_signal };
                program.truth(signal?)
            }
            Way::Opposite => {
                let Some(rules) = &self.rules.sides[slot(side.opposite())] else { return Some(false) };
                let signal = program.truth(rules.signal)?;
                Some(signal && self.rules.conditions.all_hold(&rules.filters, program))
            }
            Way::TimeLimit => {
                let held_ms = context.now.since(MarketTime(open.opened_ms));
                Some(held_ms >= exit.time_limit_ms?)
            }
        }
    }
}
