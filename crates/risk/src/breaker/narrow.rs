//! Losses, falls and refusals of one contract, one bot or a group of contracts: what opens in it waits, what it holds is cut
//! or closed as its fall goes on, and everything else goes on.
//!
//! A result is what a position has made since the books began, by mark, after fees and funding; money that comes or goes
//! is no part of it.

use super::{Breach, DrawdownStep, LossStart, Losses, Steps, Worth};
use crate::rate::SendTimes;
use crate::{Amount, NarrowDrawdown, OrderRate};
use rust_decimal::Decimal;
use windvane_model::{DenialReason, LimitScope, MarketTime, Money, PositionIndex, Stamp, Symbol, WallTime};

/// The highest result is remembered in steps of this part of the first step of its fall, so that a rising one does not write down every tick.
const PEAK_STEP: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// What a position has made so far by mark, after fees and funding, settle coin.
pub type PositionResult = (Symbol, PositionIndex, Money);

/// The limits of one scope; each may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct NarrowLimits {
    pub(crate) day: Option<Amount>,
    pub(crate) week: Option<Amount>,
    pub(crate) drawdown: Option<NarrowDrawdown>,
    pub(crate) errors: Option<OrderRate>,
}

impl NarrowLimits {
    pub(crate) const fn is_empty(&self) -> bool {
        self.day.is_none() && self.week.is_none() && self.drawdown.is_none() && self.errors.is_none()
    }
}

/// What a narrower breaker must remember over a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NarrowMemory {
    /// Whose it is, as one word.
    pub(crate) scope: String,
    pub(crate) day: Option<LossStart>,
    pub(crate) week: Option<LossStart>,
    pub(crate) peak: Option<Money>,
    pub(crate) steps: Steps,
}

/// One scope with what has happened in it.
#[derive(Debug, Clone)]
pub(crate) struct NarrowBreaker {
    pub(crate) scope: LimitScope,
    limits: NarrowLimits,
    positions: Vec<(Symbol, PositionIndex)>,
    losses: Losses,
    earned: Option<Money>,
    peak: Option<Money>,
    remembered_peak: Option<Money>,
    steps: Steps,
    refused: Option<SendTimes>,
}

impl NarrowBreaker {
    pub(crate) fn new(
        scope: LimitScope,
        limits: NarrowLimits,
        positions: Vec<(Symbol, PositionIndex)>,
    ) -> Self {
        Self {
            scope,
            limits,
            positions,
            losses: Losses::default(),
            earned: None,
            peak: None,
            remembered_peak: None,
            steps: Steps::default(),
            refused: limits.errors.map(SendTimes::new),
        }
    }

    /// Keeps what has happened under earlier limits, where they count the same positions.
    pub(crate) fn count_on(&mut self, earlier: &Self) {
        if let (Some(refused), Some(limit)) = (&earlier.refused, self.limits.errors) {
            self.refused = Some(refused.under(limit));
        }
        if earlier.positions == self.positions {
            self.losses = earlier.losses;
            (self.earned, self.peak) = (earlier.earned, earlier.peak);
            self.remembered_peak = earlier.remembered_peak;
            self.steps = earlier.steps;
        }
    }

    /// Whether results are of any use to it.
    pub(crate) const fn counts_results(&self) -> bool {
        self.limits.day.is_some() || self.limits.week.is_some() || self.limits.drawdown.is_some()
    }

    /// Takes what every position has made. Says what is to be done when the fall has reached its next step.
    pub(crate) fn observe(&mut self, results: &[PositionResult], stamp: Stamp) -> Option<Breach> {
        let is_own = |symbol: Symbol, index: PositionIndex| self.positions.contains(&(symbol, index));
        let own = results.iter().filter(|(symbol, index, _)| is_own(*symbol, *index));
        let earned: Money = own.map(|(_, _, result)| *result).sum();
        self.earned = Some(earned);
        self.losses.observe(Worth { equity: earned, transfers: Money::ZERO }, stamp.market);
        let peak = self.peak.map_or(earned, |peak| peak.max(earned));
        self.peak = Some(peak);
        let limits = self.limits.drawdown?;
        let step = Money::new(limits.yellow.value.saturating_mul(PEAK_STEP));
        if self.remembered_peak.is_none_or(|kept| peak > kept.plus(step)) {
            self.remembered_peak = Some(peak);
        }
        let fall = self.fall();
        let is_beyond = [limits.yellow, limits.orange, limits.red].map(|level| fall >= level.value);
        match self.steps.observe(is_beyond, stamp.market, limits.persists_for.millis())? {
            DrawdownStep::Green | DrawdownStep::Yellow => None,
            DrawdownStep::Orange => Some(Breach::CutScope(self.scope)),
            DrawdownStep::Red => Some(Breach::FlattenScope(self.scope)),
        }
    }

    /// The step of its fall.
    pub(crate) const fn step(&self) -> DrawdownStep {
        self.steps.step
    }

    /// The fall of what it made from its highest, settle coin.
    pub(crate) fn fall(&self) -> Decimal {
        let (Some(peak), Some(earned)) = (self.peak, self.earned) else { return Decimal::ZERO };
        peak.less(earned).get()
    }

    /// The venue refused something in it.
    pub(crate) fn record_refusal(&mut self, now: WallTime) {
        if let Some(refused) = &mut self.refused {
            refused.record(now);
        }
    }

    /// Whether anything may open in it.
    pub(crate) fn check(&self, now: WallTime) -> Result<(), DenialReason> {
        let scope = self.scope;
        let over = |key, value: Decimal, limit: Option<Amount>| {
            let limit = limit.map(|limit| limit.value).filter(|limit| value >= *limit);
            limit.map_or(Ok(()), |limit| Err(DenialReason::ScopeLimit { scope, key, value, limit }))
        };
        over("max_loss_per_day", self.losses.of_day(), self.limits.day)?;
        over("max_loss_per_week", self.losses.of_week(), self.limits.week)?;
        if let Some((key, limit)) = self.limits.drawdown.and_then(|limits| taken(self.step(), &limits)) {
            return Err(DenialReason::ScopeLimit { scope, key, value: self.fall(), limit });
        }
        match (&self.refused, self.limits.errors) {
            (Some(refused), Some(limit)) if refused.check(now).is_err() => {
                let limit = Decimal::from(limit.count);
                Err(DenialReason::ScopeLimit { scope, key: "max_error_rate", value: limit, limit })
            }
            _ => Ok(()),
        }
    }

    /// A person wants it to go on: a fall begins again from what is there. Losses of the day and the week stay what they are.
    pub(crate) fn resume(&mut self) {
        (self.peak, self.remembered_peak) = (None, None);
        self.steps = Steps::default();
    }

    pub(crate) fn memory(&self) -> Option<NarrowMemory> {
        self.counts_results().then(|| NarrowMemory {
            scope: word_of(self.scope),
            day: self.losses.day,
            week: self.losses.week,
            peak: self.remembered_peak,
            steps: self.steps,
        })
    }

    pub(crate) fn restore(&mut self, memory: &[NarrowMemory]) {
        let word = word_of(self.scope);
        if let Some(known) = memory.iter().find(|known| known.scope == word) {
            self.losses = Losses::restored(known.day, known.week);
            (self.peak, self.remembered_peak) = (known.peak, known.peak);
            self.steps = known.steps;
        }
    }
}

/// The key of a step with what it begins at, settle coin; `None` where none is taken.
const fn taken(step: DrawdownStep, limits: &NarrowDrawdown) -> Option<(&'static str, Decimal)> {
    match step {
        DrawdownStep::Green => None,
        DrawdownStep::Yellow => Some(("drawdown.yellow", limits.yellow.value)),
        DrawdownStep::Orange => Some(("drawdown.orange", limits.orange.value)),
        DrawdownStep::Red => Some(("drawdown.red", limits.red.value)),
    }
}

/// A scope as one word without a space: groups have names of people's own.
fn word_of(scope: LimitScope) -> String {
    let (kind, name) = match scope {
        LimitScope::Symbol(symbol) => ("symbol", symbol.to_string()),
        LimitScope::Bot(bot) => ("bot", bot.to_string()),
        LimitScope::Group(group) => ("group", group.to_string()),
    };
    format!("{kind}/{}", name.replace('%', "%25").replace(' ', "%20"))
}

impl NarrowMemory {
    /// `bot/trend:20507:-3.5:2930:0:12:yellow:7:::`: day, week, peak, step, since when beyond yellow, orange and red, since when
    /// within; empty where there is none.
    pub(crate) fn word(&self) -> String {
        let start = |start: Option<LossStart>| {
            start.map_or_else(|| ":".to_owned(), |start| format!("{}:{}", start.period, start.earned))
        };
        let text = |value: Option<String>| value.unwrap_or_default();
        let Steps { step, beyond_since: [yellow, orange, red], within_since } = self.steps;
        let moments = [yellow, orange, red, within_since].map(|at| text(at.map(|at| at.0.to_string())));
        format!(
            "{}:{}:{}:{}:{}:{}",
            self.scope,
            start(self.day),
            start(self.week),
            text(self.peak.map(|peak| peak.to_string())),
            step.as_str(),
            moments.join(":")
        )
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        // From the back: a group's name may hold a colon.
        let mut parts = word.rsplitn(11, ':');
        let mut moment = || optional(parts.next()?, |text| text.parse().ok().map(MarketTime));
        let (within_since, red, orange, yellow) = (moment()?, moment()?, moment()?, moment()?);
        let step = DrawdownStep::from_word(parts.next()?)?;
        let steps = Steps { step, beyond_since: [yellow, orange, red], within_since };
        let money = |text: &str| text.parse::<Decimal>().ok().map(Money::new);
        let peak = optional(parts.next()?, money)?;
        let mut start = || -> Option<Option<LossStart>> {
            let (earned, period) = (parts.next()?, parts.next()?);
            optional(period, |period| {
                Some(LossStart { period: period.parse().ok()?, earned: money(earned)? })
            })
        };
        let (week, day) = (start()?, start()?);
        let scope = parts.next()?.to_owned();
        Some(Self { scope, day, week, peak, steps })
    }
}

/// What an empty text stands for: nothing. `None` when the text makes no sense.
fn optional<T>(text: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<Option<T>> {
    if text.is_empty() { Some(None) } else { read(text).map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_read_back() {
        let start = Some(LossStart { period: 20_507, earned: Money::new(Decimal::new(-35, 1)) });
        let empty = NarrowMemory {
            scope: "group/my%20two:x".to_owned(),
            day: None,
            week: None,
            peak: None,
            steps: Steps::default(),
        };
        let full = NarrowMemory {
            scope: "bot/trend".to_owned(),
            day: start,
            week: start,
            peak: Some(Money::new(Decimal::TEN)),
            steps: Steps {
                step: DrawdownStep::Orange,
                beyond_since: [Some(MarketTime(7)), Some(MarketTime(8)), None],
                within_since: Some(MarketTime(9)),
            },
        };
        for memory in [empty, full] {
            assert_eq!(NarrowMemory::from_word(&memory.word()), Some(memory));
        }
        for word in ["bot/trend", "bot/trend:1:2:3:4:5:6:7:8:9:10", "bot/trend:x:1::::green::::", ""] {
            assert_eq!(NarrowMemory::from_word(word), None, "{word}");
        }
    }
}
