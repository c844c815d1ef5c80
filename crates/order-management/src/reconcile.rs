//! The course of a reconciliation: asked, answered, repeated within bounds.

use windvane_layout::{choices, layout};
use windvane_model::{MarketTime, Millis, Query, Stamp, WallTime};

/// Executions are read from this long before the last mark on, market time. The venue stamps them before it
/// shows them.
const OVERLAP_MS: Millis = 60_000;
/// Waits before the next try after disagreement or a failed query.
const RETRY_MS: [Millis; 5] = [500, 1_000, 2_000, 4_000, 5_000];
/// A query without any answer is asked again after this.
const ANSWER_WITHIN_MS: Millis = 30_000;
/// Answers that may disagree before the matter is given up as unresolved. Together their waits outlast the time
/// for which the venue's index may be late (30 s): before that, what is missing may merely not be shown yet.
const TRIES: u32 = 9;

/// An account that nothing was asked of for so long is audited: a stream that seems well may still have dropped
/// a message, and what could not be explained before may be by now.
const AUDIT_EVERY_MS: Millis = 30_000;

/// Why a reconciliation was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Start or reconnect: until it ends, nothing is known to be complete.
    Gap,
    /// A difference was seen while everything is connected.
    Audit,
}

/// What is known of the account's completeness.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Reconcile {
    /// Whether the books have a beginning.
    pub(crate) has_begun: bool,
    run: Option<Run>,
    /// Up to this moment every execution is known.
    complete_until: MarketTime,
    /// When both sides last agreed.
    agreed_at: Option<WallTime>,
    /// When the last run ended, in agreement or not.
    ended_at: Option<WallTime>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    reason: Reason,
    asked: Stamp,
    tries: u32,
    failures: usize,
    /// When to ask again.
    again: WallTime,
}

impl Reconcile {
    /// Begins, or begins again when a new gap makes the answer under way worthless.
    pub(crate) fn begin(&mut self, reason: Reason, stamp: Stamp) {
        self.run = Some(Run {
            reason,
            asked: stamp,
            tries: 1,
            failures: 0,
            again: stamp.wall.after(ANSWER_WITHIN_MS),
        });
        if self.complete_until == MarketTime::default() {
            self.complete_until = stamp.market;
        }
    }

    /// The question of the run under way.
    pub(crate) fn query(&self) -> Query {
        Query::Account { executions_since: MarketTime(self.complete_until.after(-OVERLAP_MS).0.max(0)) }
    }

    pub(crate) const fn is_running(&self) -> bool {
        self.run.is_some()
    }

    /// Whether the account is complete, as far as it is not just being audited.
    pub(crate) const fn is_complete(&self) -> bool {
        self.has_begun && !matches!(self.run, Some(Run { reason: Reason::Gap, .. }))
    }

    /// When the question under way was asked.
    pub(crate) fn asked(&self) -> Option<Stamp> {
        self.run.map(|run| run.asked)
    }

    pub(crate) fn next_deadline(&self) -> Option<WallTime> {
        self.run.map(|run| run.again).or_else(|| self.next_audit())
    }

    /// When the account is to be looked at although nothing seems wrong.
    fn next_audit(&self) -> Option<WallTime> {
        self.ended_at.filter(|_| self.run.is_none()).map(|at| at.after(AUDIT_EVERY_MS))
    }

    pub(crate) fn is_audit_due(&self, now: WallTime) -> bool {
        self.next_audit().is_some_and(|at| at <= now)
    }

    /// Asks again if it is time.
    pub(crate) fn retry(&mut self, stamp: Stamp) -> Option<Query> {
        let run = self.run.as_mut().filter(|run| run.again <= stamp.wall)?;
        run.asked = stamp;
        run.again = stamp.wall.after(ANSWER_WITHIN_MS);
        Some(self.query())
    }

    /// Both sides agreed.
    pub(crate) const fn agree(&mut self, now: WallTime) {
        self.run = None;
        self.agreed_at = Some(now);
        self.ended_at = Some(now);
    }

    /// When both sides last agreed.
    pub(crate) const fn agreed_at(&self) -> Option<WallTime> {
        self.agreed_at
    }

    /// Both sides disagreed: plans another try, or gives up and says so.
    pub(crate) fn disagree(&mut self, now: WallTime) -> Verdict {
        let Some(run) = &mut self.run else { return Verdict::GivenUp };
        if run.tries >= TRIES {
            self.run = None;
            self.ended_at = Some(now);
            return Verdict::GivenUp;
        }
        let wait = RETRY_MS[usize::try_from(run.tries - 1).unwrap_or(usize::MAX).min(RETRY_MS.len() - 1)];
        run.tries += 1;
        run.again = now.after(wait);
        Verdict::Again
    }

    /// The query failed. That says nothing of the account, so it does not count as a try.
    pub(crate) fn fail(&mut self, now: WallTime) {
        if let Some(run) = &mut self.run {
            run.again = now.after(RETRY_MS[run.failures.min(RETRY_MS.len() - 1)]);
            run.failures += 1;
        }
    }

    /// Whether a picture that is not fit to begin with may be put off once more; a busy account must begin, too.
    pub(crate) fn may_wait(&self) -> bool {
        self.run.is_some_and(|run| run.failures < RETRY_MS.len())
    }

    /// What happened by `until` is known and forgotten: no question reaches back there any more.
    pub(crate) fn forget(&mut self, until: MarketTime) {
        self.complete_until(until.after(OVERLAP_MS + 1));
    }

    /// Every execution up to `moment` is known: positions and money agree with the venue's.
    pub(crate) fn complete_until(&mut self, moment: MarketTime) {
        self.complete_until = self.complete_until.max(moment);
    }
}

/// The questions about the account that have no answer yet. They are answered in the order in which they were put.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Questions {
    open: u32,
}

impl Questions {
    /// One is put.
    pub(crate) const fn put(&mut self) {
        self.open = self.open.saturating_add(1);
    }

    /// One is put because those before it have been waited for long enough, or have ended.
    pub(crate) const fn put_again(&mut self) {
        self.open = 1;
    }

    /// One has ended, in an answer or without. Says whether it was the last one put: an answer to one from before a gap may
    /// be of before it, and closes no gap.
    pub(crate) const fn end(&mut self) -> bool {
        self.open = self.open.saturating_sub(1);
        self.open == 0
    }
}

layout!(Questions { open });

/// What follows from a disagreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Another try is planned.
    Again,
    /// The tries are spent.
    GivenUp,
}

layout!(Reconcile { has_begun, run, complete_until, agreed_at, ended_at });

layout!(Run { reason, asked, tries, failures, again });

choices!(Reason { 1 => Gap, 2 => Audit });

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(ms: i64) -> Stamp {
        Stamp { sequence: 1, wall: WallTime(0).after(ms), market: MarketTime(1_000_000) }
    }

    #[test]
    fn disagreement_is_tried_again_a_bounded_number_of_times() {
        let mut reconcile = Reconcile::default();
        reconcile.begin(Reason::Gap, stamp(0));
        let verdicts: Vec<Verdict> = (0..TRIES).map(|_| reconcile.disagree(stamp(0).wall)).collect();
        let (last, before) = verdicts.split_last().unwrap();
        assert!(before.iter().all(|verdict| *verdict == Verdict::Again));
        assert_eq!(*last, Verdict::GivenUp);
        assert!(!reconcile.is_running());
    }

    #[test]
    fn a_failed_query_is_asked_again_for_ever() {
        let mut reconcile = Reconcile::default();
        reconcile.begin(Reason::Gap, stamp(0));
        for round in 0..20 {
            reconcile.fail(stamp(round * 10_000).wall);
            assert!(reconcile.retry(stamp(round * 10_000 + 5_000)).is_some(), "round {round}");
        }
        assert!(reconcile.is_running());
    }

    #[test]
    fn executions_are_read_with_overlap_from_the_last_complete_moment() {
        let mut reconcile = Reconcile::default();
        reconcile.begin(Reason::Gap, stamp(0));
        assert_eq!(reconcile.query(), Query::Account { executions_since: MarketTime(940_000) });
        reconcile.complete_until(MarketTime(2_000_000));
        reconcile.complete_until(MarketTime(1_500_000));
        assert_eq!(reconcile.query(), Query::Account { executions_since: MarketTime(1_940_000) });
    }
}
