//! What each run state allows: one table, asked before every other check.

use windvane_model::RunState;

/// What an intent would do, seen from its risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// An order that may open or grow a position: everything that is not reduce-only.
    Open,
    /// An amend that may raise what is at stake: more quantity, or another price that is not plainly safer.
    AmendUp,
    /// An amend that can only lower what is at stake.
    AmendDown,
    /// A cancel.
    Cancel,
    /// A reduce-only order, or an amend of one.
    Reduce,
    /// Another stop-loss or take-profit for a position.
    Protect,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 6] =
        [Self::Open, Self::AmendUp, Self::AmendDown, Self::Cancel, Self::Reduce, Self::Protect];

    /// Whether it may raise exposure; limits on opening apply to these alone.
    #[must_use]
    pub const fn opens(self) -> bool {
        match self {
            Self::Open | Self::AmendUp => true,
            Self::AmendDown | Self::Cancel | Self::Reduce | Self::Protect => false,
        }
    }
}

/// Whether `state` allows `action`.
///
/// No state but [`RunState::Fenced`] ever stops what reduces: a halted engine that could not close would hold
/// a position it no longer looks after. Fenced means that another engine looks after it.
#[must_use]
pub const fn allows(state: RunState, action: Action) -> bool {
    match state {
        RunState::Active => true,
        RunState::Reducing | RunState::Halted(_) => !action.opens(),
        RunState::Fenced => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use windvane_model::HaltCause;

    #[test]
    fn every_cell_of_the_table_is_as_designed() {
        // Columns in the order of `Action::ALL`: open, amend up, amend down, cancel, reduce, protect.
        let table = [
            (RunState::Active, [true, true, true, true, true, true]),
            (RunState::Reducing, [false, false, true, true, true, true]),
            (RunState::Halted(HaltCause::Operator), [false, false, true, true, true, true]),
            (RunState::Halted(HaltCause::DayLoss), [false, false, true, true, true, true]),
            (RunState::Fenced, [false, false, false, false, false, false]),
        ];
        for (state, row) in table {
            for (action, expected) in Action::ALL.into_iter().zip(row) {
                assert_eq!(allows(state, action), expected, "{state} {action:?}");
            }
        }
    }
}
