//! Bots that had better wait: after a stop, and after several losses in a row.

use crate::RiskLimits;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use windvane_model::{BotName, DenialReason, ExitCause, MarketTime, Money};

/// What is remembered of one bot's luck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Streak {
    /// Losing holdings in a row.
    pub(crate) losses: u32,
    /// When its pause after a streak ends.
    pub(crate) paused_until: Option<MarketTime>,
    /// When its cool-down after a stop ends.
    pub(crate) cools_until: Option<MarketTime>,
}

/// Every bot's luck; a bot without any trouble is not listed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Streaks(pub(crate) BTreeMap<BotName, Streak>);

impl Streaks {
    /// A bot's position went flat.
    pub(crate) fn observe(
        &mut self,
        bot: BotName,
        cause: ExitCause,
        net_pnl: Money,
        now: MarketTime,
        limits: &RiskLimits,
    ) {
        let streak = self.0.entry(bot).or_default();
        streak.losses = if net_pnl.get() < Decimal::ZERO { streak.losses.saturating_add(1) } else { 0 };
        let own = limits.bot.get(bot.as_str()).and_then(|limits| limits.max_losing_streak);
        if streak.losses >= own.unwrap_or(limits.max_losing_streak) {
            streak.paused_until = Some(now.after(limits.losing_streak_pause.millis()));
        }
        if matches!(cause, ExitCause::StopLoss | ExitCause::Liquidation) {
            streak.cools_until = Some(now.after(limits.cool_down_after_stop.millis()));
        }
        if *streak == Streak::default() {
            self.0.remove(&bot);
        }
    }

    /// Whether the bot may open.
    pub(crate) fn check(&self, bot: BotName, now: MarketTime) -> Result<(), DenialReason> {
        let Some(streak) = self.0.get(&bot) else { return Ok(()) };
        if let Some(until) = streak.paused_until.filter(|until| now < *until) {
            return Err(DenialReason::LosingStreak { losses: streak.losses, until });
        }
        match streak.cools_until.filter(|until| now < *until) {
            Some(until) => Err(DenialReason::CoolDown { until }),
            None => Ok(()),
        }
    }

    /// A person wants it to go on.
    pub(crate) fn forgive(&mut self) {
        self.0.clear();
    }
}
