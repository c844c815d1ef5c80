//! `stop`: where a position is given up. It is known before the size, attached to the entry and held by the venue.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use windvane_model::{Side, TriggerBy};

use super::file::{Distance, Reader, Scope, slot};
use super::gauge;
use crate::language::{NodeId, Program, Type};
use crate::toml_file::Table;

/// Where a position is given up.
#[derive(Debug, Clone, Copy)]
pub(super) enum StopRule {
    /// So far from the entry.
    Distance(Distance),
    /// At a price, by [`slot`] of the side; with the byte of the file where that is said.
    Level([Option<NodeId>; 2], usize),
}

/// Reads `stop` of `[exit]`, and which price fires it.
pub(super) fn read(exit: &Table<'_>, reader: &mut Reader<'_>) -> Option<(StopRule, TriggerBy)> {
    if !exit.has("stop") {
        exit.missing("stop", "[exit] needs `stop`, for example `stop = { distance = \"1.5%\" }`");
    }
    let table = exit.table("stop", "`stop`")?;
    let stop = match (table.has("level"), table.has("distance")) {
        (true, true) => {
            table.problem("`stop` has a `distance` or a `level`, not both");
            None
        }
        (true, false) => {
            let start = table.value("level").map_or(0, |value| value.span().start);
            levels(&table, reader).map(|levels| StopRule::Level(levels, start))
        }
        (false, _) => {
            let distance = table.required("distance", "\"2 * atr(14)\"");
            let distance = distance.and_then(|text| reader.distance(text, Scope::default()));
            distance.map(StopRule::Distance)
        }
    };
    let by = gauge::trigger(&table);
    table.finish();
    stop.zip(by)
}

/// `level = { long = "lowest(low, 5)", short = "highest(high, 5)" }`
pub(super) fn levels(owner: &Table<'_>, reader: &mut Reader<'_>) -> Option<[Option<NodeId>; 2]> {
    let table = owner.table("level", "`level`")?;
    let mut one = |key: &'static str| match table.has(key) {
        true => Some(Some(reader.lower(table.text(key)?, Scope::default(), &[Type::Price])?.node)),
        false => Some(None),
    };
    let (long, short) = (one("long"), one("short"));
    table.finish();
    Some([long?, short?])
}

impl StopRule {
    /// The distance in price for an entry of `side` at `price`; `None` while undefined, or where the level is not behind
    /// the price.
    pub(super) fn at(&self, program: &Program, side: Side, price: f64) -> Option<f64> {
        let distance = match self {
            Self::Distance(distance) => distance.at(program, price)?,
            Self::Level(levels, _) => {
                let level = program.value(levels[slot(side)]?)?;
                if side == Side::Buy { price - level } else { level - price }
            }
        };
        (distance > 0.0).then_some(distance)
    }

    /// The distance as a share of the entry price, where no bar has to be seen to know it.
    pub(super) fn share_known(&self, program: &Program, price: Option<Decimal>) -> Option<Decimal> {
        let Self::Distance(distance) = self else { return None };
        let value = program.constant(distance.node).and_then(Decimal::from_f64)?;
        if distance.is_ratio { Some(value) } else { value.checked_div(price?) }
    }

    /// Where in the file something should say where a position of `side` is given up, and does not.
    pub(super) fn lacks(&self, side: Side) -> Option<usize> {
        match self {
            Self::Distance(_) => None,
            Self::Level(levels, start) => levels[slot(side)].is_none().then_some(*start),
        }
    }

    /// Whether it is certainly never wider than `before` of an earlier program.
    pub(super) fn is_no_wider(&self, program: &Program, before: &Self, earlier: &Program) -> bool {
        match (self, before) {
            (Self::Distance(now), Self::Distance(before)) => now.is_no_wider(program, *before, earlier),
            (Self::Level(now, _), Self::Level(before, _)) => now.iter().zip(before).all(|pair| match pair {
                (Some(now), Some(before)) => program.is_same(*now, earlier, *before),
                (_, None) => true,
                (None, Some(_)) => false,
            }),
            _ => false,
        }
    }
}
