//! Named conditions: each line of a `filter` or `at_send` table can stand in the way of a signal, and is counted when it does.

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
    name: String,
    /// `None` for reasons that are no expression.
    node: Option<NodeId>,
    blocked: u64,
}

impl Conditions {
    pub(super) fn add(&mut self, name: String, node: Option<NodeId>) -> ConditionId {
        self.rows.push(Row { name, node, blocked: 0 });
        self.rows.len() - 1
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
            if row.node.is_none_or(|node| program.truth(node) != Some(true)) {
                row.blocked += u64::from(counted);
                first = first.or(Some(*id));
            }
        }
        first
    }

    /// Keeps what was counted under the same names.
    pub(super) fn count_on(&mut self, earlier: &Self) {
        for row in &mut self.rows {
            let counted = earlier.rows.iter().find(|known| known.name == row.name);
            row.blocked = counted.map_or(0, |known| known.blocked);
        }
    }

    /// The truth of every condition that is an expression, in the order of [`names`](Self::names).
    pub(super) fn truths(&self, program: &Program) -> impl Iterator<Item = Option<bool>> {
        self.rows.iter().filter_map(|row| row.node).map(|node| program.truth(node))
    }

    /// The names of the conditions that are expressions.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().filter(|row| row.node.is_some()).map(|row| row.name.as_str())
    }

    /// The name of one.
    pub(super) fn name(&self, id: ConditionId) -> &str {
        &self.rows[id].name
    }

    /// Counts a reason that is no expression.
    pub(super) fn block(&mut self, name: &str) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.node.is_none() && row.name == name) {
            row.blocked += 1;
        }
    }

    pub(super) fn show(&self, program: &Program) -> Vec<Condition> {
        self.rows
            .iter()
            .map(|row| Condition {
                name: row.name.clone(),
                holds: row.node.and_then(|node| program.truth(node)),
                blocked: row.blocked,
            })
            .collect()
    }
}
