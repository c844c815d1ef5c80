//! Losses, falls and refusals of one contract, one bot or a group of contracts: what opens in it waits, everything else goes
//! on.
//!
//! A result is what a position has made since the books began, by mark, after fees and funding; money that comes or goes
//! is no part of it.

use super::{LossStart, Losses, Worth};
use crate::rate::SendTimes;
use crate::{Amount, OrderRate};
use rust_decimal::Decimal;
use windvane_model::{
    DenialReason, LimitScope, MarketTime, Millis, Money, PositionIndex, Stamp, Symbol, WallTime,
};

/// The highest result is remembered in steps of this part of the limit, so that a rising one does not write down every tick.
const PEAK_STEP: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// What a position has made so far by mark, after fees and funding, settle coin.
pub type PositionResult = (Symbol, PositionIndex, Money);

/// The limits of one scope; each may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct NarrowLimits {
    pub(crate) day: Option<Amount>,
    pub(crate) week: Option<Amount>,
    pub(crate) drawdown: Option<Amount>,
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
    pub(crate) beyond_since: Option<MarketTime>,
    pub(crate) has_fallen: bool,
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
    /// Since when the fall from the peak has been at its limit.
    beyond_since: Option<MarketTime>,
    /// Whether it has lasted; until a person resumes.
    has_fallen: bool,
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
            beyond_since: None,
            has_fallen: false,
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
            (self.beyond_since, self.has_fallen) = (earlier.beyond_since, earlier.has_fallen);
        }
    }

    /// Whether results are of any use to it.
    pub(crate) const fn counts_results(&self) -> bool {
        self.limits.day.is_some() || self.limits.week.is_some() || self.limits.drawdown.is_some()
    }

    /// Takes what every position has made; a fall counts once it has lasted.
    pub(crate) fn observe(&mut self, results: &[PositionResult], stamp: Stamp, persists_for: Millis) {
        let is_own = |symbol: Symbol, index: PositionIndex| self.positions.contains(&(symbol, index));
        let own = results.iter().filter(|(symbol, index, _)| is_own(*symbol, *index));
        let earned: Money = own.map(|(_, _, result)| *result).sum();
        self.earned = Some(earned);
        self.losses.observe(Worth { equity: earned, transfers: Money::ZERO }, stamp.market);
        let peak = self.peak.map_or(earned, |peak| peak.max(earned));
        self.peak = Some(peak);
        let Some(limit) = self.limits.drawdown.map(|limit| limit.value) else { return };
        let step = Money::new(limit.saturating_mul(PEAK_STEP));
        if self.remembered_peak.is_none_or(|kept| peak > kept.plus(step)) {
            self.remembered_peak = Some(peak);
        }
        let is_beyond = self.fall() >= limit;
        self.beyond_since = is_beyond.then(|| self.beyond_since.unwrap_or(stamp.market));
        let has_lasted = |since: MarketTime| stamp.market.since(since) >= persists_for;
        self.has_fallen |= self.beyond_since.is_some_and(has_lasted);
    }

    fn fall(&self) -> Decimal {
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
        if let Some(limit) = self.limits.drawdown.filter(|_| self.has_fallen) {
            let (value, limit) = (self.fall(), limit.value);
            return Err(DenialReason::ScopeLimit { scope, key: "max_drawdown", value, limit });
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
    pub(crate) const fn resume(&mut self) {
        (self.peak, self.remembered_peak) = (None, None);
        (self.beyond_since, self.has_fallen) = (None, false);
    }

    pub(crate) fn memory(&self) -> Option<NarrowMemory> {
        self.counts_results().then(|| NarrowMemory {
            scope: word_of(self.scope),
            day: self.losses.day,
            week: self.losses.week,
            peak: self.remembered_peak,
            beyond_since: self.beyond_since,
            has_fallen: self.has_fallen,
        })
    }

    pub(crate) fn restore(&mut self, memory: &[NarrowMemory]) {
        let word = word_of(self.scope);
        if let Some(known) = memory.iter().find(|known| known.scope == word) {
            self.losses = Losses::restored(known.day, known.week);
            (self.peak, self.remembered_peak) = (known.peak, known.peak);
            (self.beyond_since, self.has_fallen) = (known.beyond_since, known.has_fallen);
        }
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
    /// `bot/trend:20507:-3.5:2930:0:12:0:0`: day, week, peak, since when beyond, whether fallen; empty where there is none.
    pub(crate) fn word(&self) -> String {
        let start = |start: Option<LossStart>| {
            start.map_or_else(|| ":".to_owned(), |start| format!("{}:{}", start.period, start.earned))
        };
        let text = |value: Option<String>| value.unwrap_or_default();
        format!(
            "{}:{}:{}:{}:{}:{}",
            self.scope,
            start(self.day),
            start(self.week),
            text(self.peak.map(|peak| peak.to_string())),
            text(self.beyond_since.map(|since| since.0.to_string())),
            u8::from(self.has_fallen)
        )
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        // From the back: a group's name may hold a colon.
        let mut parts = word.rsplitn(8, ':');
        let has_fallen = match parts.next()? {
            "0" => false,
            "1" => true,
            _ => return None,
        };
        let beyond_since = optional(parts.next()?, |text| text.parse().ok().map(MarketTime))?;
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
        Some(Self { scope, day, week, peak, beyond_since, has_fallen })
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
            beyond_since: None,
            has_fallen: false,
        };
        let full = NarrowMemory {
            scope: "bot/trend".to_owned(),
            day: start,
            week: start,
            peak: Some(Money::new(Decimal::TEN)),
            beyond_since: Some(MarketTime(7)),
            has_fallen: true,
        };
        for memory in [empty, full] {
            assert_eq!(NarrowMemory::from_word(&memory.word()), Some(memory));
        }
        for word in ["bot/trend", "bot/trend:1:2:3:4:5:6:7", "bot/trend:x:1:::::0", ""] {
            assert_eq!(NarrowMemory::from_word(word), None, "{word}");
        }
    }
}
