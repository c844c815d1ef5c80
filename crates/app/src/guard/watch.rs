//! Whether the engine still looks after its orders: pure, with the guard's own monotonic clock as a number.

use crate::heartbeat::Beat;
use windvane_model::Millis;

/// What the guard makes of the heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// No heartbeat was ever seen: there is nothing to guard yet.
    Unborn,
    /// It beats and hears the venue.
    Healthy,
    /// It ended in order; what it left, its owner's policies left.
    Ended,
    /// It has not beaten for so long, milliseconds: killed, stopped, stuck, or its disk is.
    Silent(Millis),
    /// It beats, and has not heard the venue for so long, milliseconds.
    Cut(Millis),
}

impl Verdict {
    /// Whether the guard is to act.
    pub(crate) const fn calls(self) -> bool {
        match self {
            Self::Unborn | Self::Healthy | Self::Ended => false,
            Self::Silent(_) | Self::Cut(_) => true,
        }
    }
}

/// How patient the guard is, milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    /// Without a beat.
    pub(crate) silent: Millis,
    /// Without a word of the venue.
    pub(crate) cut: Millis,
}

/// The newest beat and when the guard first saw it.
#[derive(Debug)]
pub(crate) struct Watch {
    patience: Patience,
    newest: Option<(Beat, Millis)>,
}

impl Watch {
    pub(crate) const fn new(patience: Patience) -> Self {
        Self { patience, newest: None }
    }

    /// The newest beat, once there was one.
    pub(crate) fn beat(&self) -> Option<&Beat> {
        self.newest.as_ref().map(|(beat, _)| beat)
    }

    /// Judges by what the file says now; `None` when it cannot be read, which is no beat.
    pub(crate) fn judge(&mut self, read: Option<Beat>, now: Millis) -> Verdict {
        let is_news = |beat: &Beat| self.newest.as_ref().is_none_or(|(known, _)| known != beat);
        if let Some(beat) = read.filter(is_news) {
            self.newest = Some((beat, now));
        }
        let Some((beat, seen)) = &self.newest else { return Verdict::Unborn };
        let silent = now.saturating_sub(*seen);
        let cut = beat.venue_age_ms.saturating_add(silent);
        if beat.ended {
            Verdict::Ended
        } else if silent >= self.patience.silent {
            Verdict::Silent(silent)
        } else if cut >= self.patience.cut {
            Verdict::Cut(cut)
        } else {
            Verdict::Healthy
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beat(sequence: u64, venue_age_ms: Millis) -> Option<Beat> {
        Some(Beat {
            sequence,
            wall_ms: 0,
            venue_age_ms,
            install: "w01".to_owned(),
            account: 7,
            run_state: "active".to_owned(),
            ended: false,
        })
    }

    fn watch() -> Watch {
        Watch::new(Patience { silent: 10_000, cut: 60_000 })
    }

    #[test]
    fn it_calls_after_silence_and_is_content_again_with_the_next_beat() {
        let mut watch = watch();
        assert_eq!(watch.judge(None, 99_000), Verdict::Unborn, "never born is not dead");
        for (read, now, verdict) in [
            (beat(1, 0), 100_000, Verdict::Healthy),
            (beat(1, 0), 109_999, Verdict::Healthy),
            (beat(1, 0), 110_000, Verdict::Silent(10_000)),
            (None, 111_000, Verdict::Silent(11_000)),
            (beat(2, 0), 112_000, Verdict::Healthy),
            (None, 121_000, Verdict::Healthy),
            (None, 122_000, Verdict::Silent(10_000)),
        ] {
            assert_eq!(watch.judge(read, now), verdict, "at {now}");
        }
    }

    #[test]
    fn a_stale_file_found_at_the_start_is_given_its_time() {
        let mut watch = watch();
        assert_eq!(watch.judge(beat(900, 0), 5), Verdict::Healthy);
        assert_eq!(watch.judge(beat(900, 0), 10_005), Verdict::Silent(10_000));
    }

    #[test]
    fn a_beating_engine_that_does_not_hear_the_venue_is_cut() {
        let mut watch = watch();
        assert_eq!(watch.judge(beat(1, 59_000), 0), Verdict::Healthy);
        assert_eq!(watch.judge(beat(1, 59_000), 1_000), Verdict::Cut(60_000));
        assert_eq!(watch.judge(beat(2, 61_000), 1_500), Verdict::Cut(61_000));
        assert_eq!(watch.judge(beat(3, 20), 2_500), Verdict::Healthy);
    }

    #[test]
    fn after_an_orderly_end_it_rests() {
        let mut watch = watch();
        let last = beat(5, 0).map(|beat| Beat { ended: true, ..beat });
        assert_eq!(watch.judge(last.clone(), 0), Verdict::Ended);
        assert_eq!(watch.judge(last, 1_000_000), Verdict::Ended);
        assert_eq!(watch.judge(beat(1, 0), 1_000_001), Verdict::Healthy, "a new run");
    }
}
