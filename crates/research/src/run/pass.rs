//! Bars at which nobody does anything are passed over: between two of them that matter there is one comparison for each.
//!
//! A bar matters where the bot has to be woken ([`Glance`]), where the venue says that something may happen at one of its
//! prices, where the stop of a position is to be moved, where a deadline or a settlement falls due, or where a breaker might have something to say. All others leave
//! behind what they would have left: price, candles under way, peaks and drawdowns.
//! The results are the same to the last byte as with every bar played, and a test plays both.

use std::ops::Range;

use windvane_engine::Traces;
use windvane_model::{MarketTime, Price, Stamp, WallTime};
use windvane_strategy::{Bar as SeenBar, Close, Glance, Stance};

use super::Backtest;
use super::candles::{seen, seen_figure};
use super::lane::{Lane, decimal};
use super::walk::waypoint;
use crate::data::Bar;
use crate::settings::Fills;

/// Bars that are shown to the bot at once: enough to make little of what a start costs, few enough to stay in the cache.
const AHEAD: usize = 512;
/// Candles at the end that are played in any case: so many looks the bot's ledger keeps.
const LAST: usize = 64;
const DAY_MS: i64 = 86_400_000;

/// What the bot has said of the bars that come.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Which of the data's bars it has been shown.
    shown: Range<usize>,
    /// For each of them: whether the bot has to be woken at the candle that it completes.
    glances: Vec<Option<Glance>>,
    /// How bot and engine stand; `None` while it has to be asked.
    stance: Option<Option<Stance>>,
    /// Bars from here on are played.
    until: usize,
}

impl Ahead {
    /// What may be passed over of a backtest with one contract and one bot.
    pub(super) fn new(lanes: &[Lane<'_>], fills: Fills) -> Option<Self> {
        let [lane] = lanes else { return None };
        if fills == Fills::Path {
            return None;
        }
        let candle_ms = lane.candles.only_interval()?.millis();
        let last = usize::try_from(candle_ms / lane.bar_ms()).ok()?.checked_mul(LAST)?;
        Some(Self { until: lane.played.end.saturating_sub(last), ..Self::default() })
    }

    /// Something was done, or may have been.
    pub(super) fn forget_stance(&mut self) {
        self.stance = None;
    }
}

impl Backtest<'_> {
    /// Passes over bars that do not matter, at most `most` of them; how many.
    pub(super) fn pass_over(&mut self, most: usize) -> usize {
        let Some(mut ahead) = self.ahead.take() else { return 0 };
        let mut passed = 0;
        while passed < most {
            let step = self.pass_shown(&mut ahead, most - passed);
            passed += step;
            // At the end of what was shown there may be more; anything else is a bar that matters.
            if step == 0 || self.lanes[0].next < ahead.shown.end {
                break;
            }
        }
        self.ahead = Some(ahead);
        passed
    }

    /// The same within the bars that the bot is shown at once.
    fn pass_shown(&mut self, ahead: &mut Ahead, most: usize) -> usize {
        let next = self.lanes[0].next;
        if next + 1 >= ahead.until || self.desk.next_arrival().is_some() {
            return 0;
        }
        let stamp = self.stamp(self.desk.now_ms);
        let Some(stance) = *ahead.stance.get_or_insert_with(|| self.desk.engine.stance(stamp)) else {
            return 0;
        };
        if next >= ahead.shown.end && !self.show_ahead(ahead) {
            return 0;
        }
        self.ask_calm(0);
        let lane = &self.lanes[0];
        let Some((below, above)) = lane.calm() else { return 0 };
        if !lane.is_calm_between(lane.price, lane.price) {
            return 0;
        }
        let due = self.deadline().into_iter().chain(lane.next_settlement());
        // The first word of a day is what its loss is counted from.
        let day_end = (self.desk.now_ms.div_euclid(DAY_MS) + 1) * DAY_MS;
        let due = due.chain((stance != Stance::Flat).then_some(day_end)).min().unwrap_or(i64::MAX);
        let bar_ms = self.bar_ms;
        let end = ahead.shown.end.min(ahead.until).min(next + most);
        let bars = &lane.bars()[next..end];
        let glances = &ahead.glances[next - ahead.shown.start..];
        let matters = |(bar, glance): &(&Bar, &Option<Glance>)| {
            glance.is_some_and(|glance| glance.wakes(stance))
                || bar.low.raw() <= below
                || bar.high.raw() >= above
                || bar.start_ms + bar_ms >= due
        };
        let mut calm = bars.iter().zip(glances).take_while(|pair| !matters(pair));
        let count = match stance {
            Stance::Flat => calm.count(),
            Stance::Long | Stance::Short => {
                self.desk.engine.holds_still(&mut calm.by_ref().map(|(bar, glance)| {
                    let at = MarketTime(bar.start_ms + bar_ms);
                    Close { at, price: seen_figure(bar.close), completes: glance.is_some() }
                }))
            }
        };
        let Some(last) = bars[..count].last() else { return 0 };
        let stamp = self.stamp(last.start_ms + bar_ms);
        let traces = match stance {
            Stance::Flat => None,
            Stance::Long | Stance::Short => match traces(&bars[..count], stance) {
                Some(traces) if self.desk.engine.bears(traces, stamp) => Some(traces),
                _ => return 0,
            },
        };
        let candles = glances[..count].iter().flatten().count();
        self.desk.pass_over(candles, traces, stamp);
        self.lanes[0].pass_over(count);
        count
    }

    /// Shows the bot the next bars. Whether it can tell anything of them.
    fn show_ahead(&mut self, ahead: &mut Ahead) -> bool {
        let lane = &self.lanes[0];
        let shown = lane.next..(lane.next + AHEAD).min(lane.played.end);
        let mut candles = lane.candles.clone();
        let (mut bars, mut at) =
            (Vec::<SeenBar>::with_capacity(shown.len()), Vec::with_capacity(shown.len()));
        for (index, bar) in lane.bars()[shown.clone()].iter().enumerate() {
            candles.join(bar, |_, whole| {
                bars.push(seen(whole));
                at.push(index);
            });
        }
        let Some(glances) = self.desk.engine.foresee(&bars) else { return false };
        ahead.glances.clear();
        ahead.glances.resize(shown.len(), None);
        for (index, glance) in at.into_iter().zip(glances) {
            ahead.glances[index] = Some(glance);
        }
        ahead.shown = shown;
        true
    }

    fn stamp(&self, now_ms: i64) -> Stamp {
        Stamp { sequence: 0, wall: WallTime(now_ms * 1_000_000), market: MarketTime(now_ms) }
    }
}

impl Lane<'_> {
    /// The next bars are over, and nobody was told of them.
    fn pass_over(&mut self, count: usize) {
        let bars = self.bars();
        let passed = &bars[self.next..self.next + count];
        if !self.candles.are_whole_bars() {
            for bar in passed {
                self.candles.join(bar, |_, _| {});
            }
        }
        self.next += count;
        // The way of the last move is that of the last bar which had one.
        let still = |bar: &&Bar| bar.low == bar.high;
        let moved = count - passed.iter().rev().take_while(still).count();
        let from = moved.saturating_sub(1);
        if let Some(before) = from.checked_sub(1) {
            self.jump(passed[before].close.raw());
        }
        for bar in &passed[from..] {
            for price in [bar.open.raw(), waypoint(bar, 1), bar.close.raw()] {
                self.jump(price);
            }
        }
    }
}

/// What closes leave behind while a position is open; `None` for a price that is none.
fn traces(bars: &[Bar], stance: Stance) -> Option<Traces> {
    let sign = if stance == Stance::Short { -1 } else { 1 };
    let mut closes = bars.iter().map(|bar| sign * bar.close.raw());
    let first = closes.next()?;
    let (mut worst, mut best, mut fall, mut last) = (first, first, (first, first), first);
    for close in closes {
        worst = worst.min(close);
        best = best.max(close);
        if best - close > fall.0 - fall.1 {
            fall = (best, close);
        }
        last = close;
    }
    let price = |close: i64| Price::new(decimal(sign * close)).ok();
    Some(Traces {
        worst: price(worst)?,
        fall: [price(fall.0)?, price(fall.1)?],
        best: price(best)?,
        last: price(last)?,
    })
}
