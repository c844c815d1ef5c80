//! What the breakers must remember over a restart, as words that a person can read in an export.

use super::streak::Streak;
use super::{DrawdownStep, LossStart, NarrowMemory};
use rust_decimal::Decimal;
use std::fmt::Write;
use windvane_model::{BotName, MarketTime, Money};

/// What a crash must not forgive: losses of the day and week, the drawdown, the bots' streaks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RiskMemory {
    /// How the day began.
    pub day: Option<LossStart>,
    /// How the week began.
    pub week: Option<LossStart>,
    /// The step of the drawdown.
    pub step: DrawdownStep,
    /// Highest equity less transfers, settle coin, within a thousandth.
    pub peak: Option<Money>,
    /// Since when the fall has been at least that of yellow, orange, red, market clock.
    pub beyond_since: [Option<MarketTime>; 3],
    /// Since when it has been less than that of the step taken, market clock.
    pub within_since: Option<MarketTime>,
    pub(crate) narrow: Vec<NarrowMemory>,
    pub(crate) streaks: Vec<(BotName, Streak)>,
}

impl RiskMemory {
    /// Appends its words, each `name=value`.
    pub fn write(&self, words: &mut Vec<String>) {
        for (name, start) in [("day", self.day), ("week", self.week)] {
            words.extend(start.map(|start| format!("{name}={}:{}", start.period, start.earned)));
        }
        if self.step != DrawdownStep::Green {
            words.push(format!("step={}", self.step.as_str()));
        }
        words.extend(self.peak.map(|peak| format!("peak={peak}")));
        if self.beyond_since != [None; 3] {
            let [yellow, orange, red] = self.beyond_since.map(millis);
            words.push(format!("beyond={yellow}:{orange}:{red}"));
        }
        words.extend(self.within_since.map(|since| format!("within={}", since.0)));
        words.extend(self.narrow.iter().map(|narrow| format!("narrow={}", narrow.word())));
        for (bot, streak) in &self.streaks {
            let mut word = format!("streak={bot}:{}", streak.losses);
            for until in [streak.paused_until, streak.cools_until] {
                write!(word, ":{}", millis(until)).expect("a string takes all");
            }
            words.push(word);
        }
    }

    /// Takes one word back. `None` when it is none of its own, or makes no sense.
    pub fn read(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "day" => self.day = Some(loss_start(value)?),
            "week" => self.week = Some(loss_start(value)?),
            "step" => self.step = DrawdownStep::from_word(value)?,
            "peak" => self.peak = Some(Money::new(value.parse::<Decimal>().ok()?)),
            "beyond" => self.beyond_since = moments(value)?,
            "within" => self.within_since = Some(MarketTime(value.parse().ok()?)),
            "narrow" => self.narrow.push(NarrowMemory::from_word(value)?),
            "streak" => self.streaks.push(streak(value)?),
            _ => return None,
        }
        Some(())
    }
}

/// A moment for a person to read; nothing was ever so early.
fn millis(moment: Option<MarketTime>) -> i64 {
    moment.map_or(0, |moment| moment.0)
}

fn moments(value: &str) -> Option<[Option<MarketTime>; 3]> {
    let mut parts = value.split(':');
    let mut moments = [None; 3];
    for moment in &mut moments {
        let millis: i64 = parts.next()?.parse().ok()?;
        *moment = (millis != 0).then_some(MarketTime(millis));
    }
    parts.next().is_none().then_some(moments)
}

fn loss_start(value: &str) -> Option<LossStart> {
    let (period, earned) = value.split_once(':')?;
    Some(LossStart { period: period.parse().ok()?, earned: Money::new(earned.parse::<Decimal>().ok()?) })
}

fn streak(value: &str) -> Option<(BotName, Streak)> {
    // Names of bots hold no colon: the loader allows letters, digits, `-` and `_`.
    let mut parts = value.split(':');
    let bot = BotName::new(parts.next()?).ok()?;
    let losses = parts.next()?.parse().ok()?;
    let mut until = || -> Option<Option<MarketTime>> {
        let millis: i64 = parts.next()?.parse().ok()?;
        Some((millis != 0).then_some(MarketTime(millis)))
    };
    let streak = Streak { losses, paused_until: until()?, cools_until: until()? };
    parts.next().is_none().then_some((bot, streak))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let start = |period, earned| Some(LossStart { period, earned: Money::new(Decimal::new(earned, 1)) });
        let streak =
            Streak { losses: 3, paused_until: Some(MarketTime(1_700_000_000_000)), cools_until: None };
        let memory = RiskMemory {
            day: start(20_507, 999_005),
            week: start(2_930, -5),
            step: DrawdownStep::Orange,
            peak: Some(Money::new(Decimal::ONE_HUNDRED)),
            beyond_since: [Some(MarketTime(1_700_000_000_000)), None, Some(MarketTime(7))],
            within_since: Some(MarketTime(9)),
            narrow: Vec::new(),
            streaks: vec![(BotName::new("trend-2").unwrap(), streak)],
        };
        let mut words = Vec::new();
        memory.write(&mut words);
        let mut read = RiskMemory::default();
        for word in &words {
            let (name, value) = word.split_once('=').unwrap();
            assert_eq!(read.read(name, value), Some(()), "{word}");
        }
        assert_eq!(read, memory);
    }

    #[test]
    fn what_was_not_written_by_it_is_not_read() {
        for (name, value) in [
            ("day", "5"),
            ("week", "x:1"),
            ("step", "blue"),
            ("peak", ""),
            ("streak", "a:1"),
            ("beyond", "1:2"),
            ("within", "soon"),
            ("colour", "red"),
        ] {
            assert_eq!(RiskMemory::default().read(name, value), None, "{name}={value}");
        }
    }
}
