//! What an account holds in one instrument: one position, or in hedge mode a long and a short one.

use rust_decimal::Decimal;

use super::Position;
use crate::api::{PositionIdx, PositionMode, Side};

#[derive(Clone, Debug)]
pub(crate) struct Holdings {
    pub(crate) mode: PositionMode,
    one_way: Position,
    long: Position,
    short: Position,
}

impl Holdings {
    pub(crate) fn new(leverage: Decimal) -> Self {
        let flat = || Position::new(leverage);
        Self { mode: PositionMode::OneWay, one_way: flat(), long: flat(), short: flat() }
    }

    pub(crate) fn get(&self, idx: PositionIdx) -> &Position {
        match idx {
            PositionIdx::OneWay => &self.one_way,
            PositionIdx::Long => &self.long,
            PositionIdx::Short => &self.short,
        }
    }

    pub(crate) fn get_mut(&mut self, idx: PositionIdx) -> &mut Position {
        match idx {
            PositionIdx::OneWay => &mut self.one_way,
            PositionIdx::Long => &mut self.long,
            PositionIdx::Short => &mut self.short,
        }
    }

    /// The positions of the present mode.
    pub(crate) fn each(&self) -> impl Iterator<Item = (PositionIdx, &Position)> {
        self.mode.positions().iter().map(|idx| (*idx, self.get(*idx)))
    }

    pub(crate) fn is_flat(&self) -> bool {
        self.each().all(|(_, position)| position.size == 0)
    }

    /// The position that orders of a side open.
    pub(crate) fn opened_by(&self, side: Side) -> PositionIdx {
        match (self.mode, side) {
            (PositionMode::OneWay, _) => PositionIdx::OneWay,
            (PositionMode::Hedge, Side::Buy) => PositionIdx::Long,
            (PositionMode::Hedge, Side::Sell) => PositionIdx::Short,
        }
    }

    /// Leverage for orders that open on a side.
    pub(crate) fn leverage(&self, side: Side) -> Decimal {
        self.get(self.opened_by(side)).leverage
    }
}
