//! Going on by another rule file: what the bot knows stays, what the file says is new.

use rust_decimal::Decimal;
use windvane_model::{MarketTime, Role};

use super::bot::RuleBot;
use super::file::{Distance, Rules};
use crate::context::{Context, Strategy, Urgency};
use crate::history::known_history;
use crate::language::{NodeId, Program};

impl RuleBot {
    /// Goes on by `rules`. Memory, position and orders stay, and so does every indicator that the new file has as well;
    /// the others read what is known of the past. As after a start, the bar that is forming fires no signal.
    pub(super) fn go_on_by(&mut self, rules: &Rules, urgency: Urgency, context: &Context<'_>) -> bool {
        let is_free = context.holding.side.is_none()
            && self.entry.is_none()
            && self.exit.is_none()
            && self.awaiting.is_none()
            && context.orders.iter().all(|order| order.role == Role::Protect);
        if urgency == Urgency::WhenFlat && !is_free {
            return false;
        }
        let mut next = Self::new(rules.clone());
        next.rules.program.set_tick_size(context.instrument.tick_size.to_f64());
        for candle in known_history(&next.subscription(), context.symbol(), context.markets) {
            next.intake.take(&mut next.rules.program, &candle, context.symbol());
        }
        // A bar that waits for those of other contracts is history for the new rules.
        for (intake, program) in
            [(&mut self.intake, &mut self.rules.program), (&mut next.intake, &mut next.rules.program)]
        {
            intake.give_up(program, MarketTime(i64::MAX));
        }
        next.rules.program.adopt(&self.rules.program);
        next.rules.conditions.count_on(&self.rules.conditions);
        self.rules = next.rules;
        self.intake = next.intake;
        self.watches_equity = next.watches_equity;
        self.tapes = next.tapes.take_over(&self.tapes);
        self.courses = next.courses.take_over(&self.courses);
        self.ledger = self.ledger.emptied();
        self.was_true = [None, None];
        self.wish = None;
        true
    }
}

impl Rules {
    /// The keys of what holds back less in `next`: a wider stop, a weaker trail, a limit that is raised or gone. Where a
    /// price is measured by another gauge nobody can tell which holds more, so that is named too.
    pub(crate) fn loosened_by(&self, next: &Self) -> Vec<String> {
        let (old, new) = (&self.exit, &next.exit);
        let widens = |before: Distance, now: Distance| !now.is_no_wider(&next.program, before, &self.program);
        // Less than before is locked in, where it is not certainly as much.
        let narrows =
            |before: Distance, now: Distance| !before.is_no_wider(&self.program, now, &next.program);
        let trail = old.trail.is_some_and(|before| {
            new.trail.is_none_or(|now| {
                widens(before.arms_at, now.arms_at)
                    || widens(before.gives_back, now.gives_back)
                    || now.every_ms > before.every_ms
            })
        });
        let trail_by = old.trail.zip(new.trail).is_some_and(|(before, now)| before.by != now.by);
        // Which level is the nearer one changes from bar to bar: only the same is certainly none that is wider.
        let is_same_level = |pair: (&Option<NodeId>, &Option<NodeId>)| match pair {
            (Some(before), Some(now)) => next.program.is_same(*now, &self.program, *before),
            (None, _) => true,
            (Some(_), None) => false,
        };
        let follow = old.follow.is_some_and(|before| {
            new.follow.is_none_or(|now| {
                now.every_ms > before.every_ms || !before.levels.iter().zip(&now.levels).all(is_same_level)
            })
        });
        let even = old.break_even.zip(new.break_even);
        let break_even =
            old.break_even.is_some_and(|before| new.break_even.is_none_or(|now| widens(before.at, now.at)));
        let offset = even.is_some_and(|(before, now)| match (before.offset, now.offset) {
            (Some(before), Some(now)) => narrows(before, now),
            (Some(_), None) => true,
            (None, Some(now)) => next.program.constant(now.node).is_none_or(|offset| offset < 0.0),
            (None, None) => false,
        });
        let soft_stop = old
            .soft_stop
            .is_some_and(|before| new.soft_stop.is_none_or(|now| widens(before.distance, now.distance)));
        let soft_by = old.soft_stop.zip(new.soft_stop).is_some_and(|(before, now)| before.by != now.by);
        let later = |before: Option<i64>, now: Option<i64>| {
            before.is_some_and(|before| now.is_none_or(|now| now > before))
        };
        let dearer = |before: Option<u32>, now: Option<u32>| {
            before.is_some_and(|before| now.is_none_or(|now| now > before))
        };
        let adds = |rules: &Self| rules.scale_in.map_or(1, |scale_in| scale_in.entries);
        let share = |rules: &Self| rules.scale_in.map_or(Decimal::ZERO, |scale_in| scale_in.share);
        let slippage = dearer(self.order.slippage_ticks_max(), next.order.slippage_ticks_max());
        let rows = [
            ("exit.soft_stop", soft_stop),
            ("exit.soft_stop.by", soft_by),
            ("entry.any.scale_in", adds(next) > adds(self)),
            ("entry.any.scale_in.share", share(next) > share(self)),
            ("entry.any.order.max_slippage", slippage),
            ("exit.stop", !new.stop.is_no_wider(&next.program, &old.stop, &self.program)),
            ("exit.stop.by", new.stop_by != old.stop_by),
            ("exit.trail", trail),
            ("exit.trail.by", trail_by),
            ("exit.follow", follow),
            ("exit.break_even", break_even),
            ("exit.break_even.offset", offset),
            ("exit.time_limit", later(old.time_limit_ms, new.time_limit_ms)),
            ("exit.order.max_slippage", dearer(old.max_slippage_ticks, new.max_slippage_ticks)),
            ("entry.any.size.max_leverage", next.size.max_leverage() > self.size.max_leverage()),
        ];
        let keys = rows.into_iter().filter(|(_, is_looser)| *is_looser).map(|(key, _)| key);
        keys.chain(self.limits.loosened_by(&next.limits)).map(str::to_owned).collect()
    }
}

impl Distance {
    /// Whether it is certainly never wider than `before` of an earlier program.
    pub(super) fn is_no_wider(self, program: &Program, before: Self, earlier: &Program) -> bool {
        self.is_ratio == before.is_ratio && program.is_no_wider(self.node, earlier, before.node)
    }
}
