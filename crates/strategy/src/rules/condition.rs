//! Named conditions: each line of a `filter` or `at_send` table can stand in the way of a signal, and is counted when it does;
//! each way out of a position has a name as well, so that it can be told why one was closed, or was not.

use std::sync::Arc;

use crate::context::Condition;
use crate::language::{NodeId, Program};

/// Index of a condition in [`Conditions`].
pub(super) type ConditionId = usize;

/// Reasons that are not written in the file.
pub(super) const NO_STOP: &str = "stop";
pub(super) const NO_SIZE: &str = "size";
pub(super) const ENTRIES_PER_DAY: &str = "entries_per_day";
pub(super) const LOSSES_IN_A_ROW: &str = "losses_in_a_row";
pub(super) const STOPS_PER_DAY: &str = "stops_per_day";
pub(super) const COOLDOWN: &str = "cooldown";

/// All conditions of a rule file.
#[derive(Debug, Clone, Default)]
pub(super) struct Conditions {
    rows: Vec<Row>,
}

#[derive(Debug, Clone)]
struct Row {
    name: Arc<str>,
    what: What,
    blocked: u64,
}

/// Where the truth of a condition comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// An expression of the file.
    Expression(NodeId),
    /// A comparison that the bot makes itself, as it last came out.
    Measured(Option<bool>),
    /// A reason that has no truth: a limit, a missing stop, a size.
    Reason,
}

impl What {
    /// `None` for what has no truth, `Some(None)` for one that is not defined.
    fn truth(self, program: &Program) -> Option<Option<bool>> {
        match self {
            Self::Expression(node) => Some(program.truth(node)),
            Self::Measured(truth) => Some(truth),
            Self::Reason => None,
        }
    }
}

impl Conditions {
    /// An expression of the file.
    pub(super) fn add(&mut self, name: String, node: NodeId) -> ConditionId {
        self.push(name, What::Expression(node))
    }

    /// A comparison that the bot makes itself.
    pub(super) fn add_measured(&mut self, name: &str) -> ConditionId {
        self.push(name.to_owned(), What::Measured(None))
    }

    /// A reason that is no condition.
    pub(super) fn add_reason(&mut self, name: &str) {
        self.push(name.to_owned(), What::Reason);
    }

    fn push(&mut self, name: String, what: What) -> ConditionId {
        self.rows.push(Row { name: name.into(), what, blocked: 0 });
        self.rows.len() - 1
    }

    /// How a comparison of the bot has come out; expressions know by themselves.
    pub(super) fn measure(&mut self, id: ConditionId, truth: Option<bool>) {
        if let What::Measured(known) = &mut self.rows[id].what {
            *known = truth;
        }
    }

    /// The first of `ids` that does not hold or is not defined yet. Every such one is counted when `counted`.
    pub(super) fn first_blocker(
        &mut self,
        ids: &[ConditionId],
        program: &Program,
        counted: bool,
    ) -> Option<ConditionId> {
        let mut first = None;
        for id in ids {
            let row = &mut self.rows[*id];
            if row.what.truth(program).flatten() != Some(true) {
                row.blocked += u64::from(counted);
                first = first.or(Some(*id));
            }
        }
        first
    }

    /// Whether one of `ids` may come out otherwise without a message that wakes the bot.
    pub(super) fn are_restless(&self, ids: &[ConditionId], program: &Program) -> bool {
        ids.iter().any(|id| match self.rows[*id].what {
            What::Expression(node) => program.is_restless(node),
            What::Measured(_) => true,
            What::Reason => false,
        })
    }

    /// Whether each of `ids` certainly holds.
    pub(super) fn all_hold(&self, ids: &[ConditionId], program: &Program) -> bool {
        ids.iter().all(|id| self.rows[*id].what.truth(program).flatten() == Some(true))
    }

    /// Keeps what was counted under the same names.
    pub(super) fn count_on(&mut self, earlier: &Self) {
        for row in &mut self.rows {
            let counted = earlier.rows.iter().find(|known| known.name == row.name);
            row.blocked = counted.map_or(0, |known| known.blocked);
        }
    }

    /// The truth of every condition that has one, in the order of [`names`](Self::names).
    pub(super) fn truths(&self, program: &Program) -> impl Iterator<Item = Option<bool>> {
        self.rows.iter().filter_map(|row| row.what.truth(program))
    }

    /// The names of the conditions that have a truth.
    pub(super) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.rows.iter().filter(|row| row.what != What::Reason).map(|row| &row.name)
    }

    /// The name of one.
    pub(super) fn name(&self, id: ConditionId) -> &Arc<str> {
        &self.rows[id].name
    }

    /// Counts a reason that is no expression.
    pub(super) fn block(&mut self, name: &str) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.what == What::Reason && *row.name == *name) {
            row.blocked += 1;
        }
    }

    pub(super) fn show(&self, program: &Program) -> Vec<Condition> {
        self.rows
            .iter()
            .map(|row| Condition {
                name: (*row.name).to_owned(),
                holds: row.what.truth(program).flatten(),
                blocked: row.blocked,
            })
            .collect()
    }
}
