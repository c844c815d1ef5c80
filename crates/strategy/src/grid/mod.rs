//! The built-in grid: settings, read from TOML, and the lines they make.

mod bot;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use windvane_model::Side;

use crate::section::{refuse_overrides, section};
use crate::toml_file::Table;

pub use bot::Grid;

/// How the lines are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spacing {
    /// The same distance in price.
    Arithmetic,
    /// The same ratio.
    Geometric,
}

/// Which side the grid opens on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Buys below, sells what it bought one line higher.
    Long,
    /// Sells above, buys back one line lower.
    Short,
    /// Long below the price of its start, short above.
    Neutral,
}

impl Direction {
    /// The side that it opens; `None` for both.
    pub(crate) const fn only_side(self) -> Option<Side> {
        match self {
            Self::Long => Some(Side::Buy),
            Self::Short => Some(Side::Sell),
            Self::Neutral => None,
        }
    }
}

/// Settings of the grid. Prices and amounts are in the quote coin, ratios are fractions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GridSettings {
    /// The lines, lowest first; not yet on the contract's tick grid.
    pub lines: Vec<Decimal>,
    /// Which side it opens on.
    pub direction: Direction,
    /// It places nothing before the price has come to here; `None`: it begins at once.
    pub trigger: Option<Decimal>,
    /// Value of the order of one cell.
    pub size: Decimal,
    /// Orders that open kept in the book at once, the nearest ones.
    pub active: usize,
    /// Distance of the venue's stop from the average entry price.
    pub stop: Decimal,
    /// Pause after the stop was hit, milliseconds of market time.
    pub cooldown_after_stop_ms: i64,
}

impl GridSettings {
    /// Value of the position when every cell of one side is filled.
    pub(crate) fn value_max(&self) -> Option<Decimal> {
        self.size.checked_mul(Decimal::from(self.lines.len().saturating_sub(1)))
    }
}

/// Most cells of a grid.
const CELLS_MAX: u32 = 200;

pub(crate) fn read(root: Table<'_>, overrides: &BTreeMap<String, String>) -> Option<GridSettings> {
    refuse_overrides(&root, overrides);
    let grid =
        section(&root, "grid", ["lower", "upper", "cells", "spacing", "direction", "size", "active", "fees"]);
    let protect = section(&root, "protect", ["stop", "cooldown_after_stop"]);
    root.finish();
    let (grid, protect) = (grid?, protect?);
    let (lower, upper) = (grid.amount("lower"), grid.amount("upper"));
    let (cells, active) = (grid.count("cells", 1, CELLS_MAX), grid.count("active", 1, CELLS_MAX));
    let spacing =
        grid.choice("spacing", &[("arithmetic", Spacing::Arithmetic), ("geometric", Spacing::Geometric)]);
    let direction = grid.choice(
        "direction",
        &[("long", Direction::Long), ("short", Direction::Short), ("neutral", Direction::Neutral)],
    );
    let trigger = grid.has("trigger").then(|| grid.amount("trigger"));
    let (size, fees) = (grid.amount("size"), grid.ratio("fees"));
    let (stop, cooldown) = (protect.ratio("stop"), protect.duration_ms("cooldown_after_stop"));
    grid.finish();
    protect.finish();
    let (lower, upper, cells) = (lower?, upper?, cells?);
    let trigger = match trigger {
        Some(trigger) => Some(trigger?),
        None => None,
    };
    if lower >= upper {
        grid.clash("lower", [(&grid, "upper")], "`lower` of [grid] is not below `upper`");
        return None;
    }
    let lines = lines(lower, upper, cells, spacing?)?;
    let last = lines.len() - 1;
    let narrowest = (lines[last] - lines[last - 1]) / lines[last];
    let narrowest = narrowest.min((lines[1] - lines[0]) / lines[1]);
    if narrowest <= fees? {
        let message = format!(
            "a step of the grid is {:.3}% of the price at its narrowest, and buying and selling costs {:.3}% (`fees`): \
             every round would lose",
            narrowest * Decimal::ONE_HUNDRED,
            fees? * Decimal::ONE_HUNDRED
        );
        grid.clash("cells", ["lower", "upper", "spacing", "fees"].map(|key| (&grid, key)), message);
        return None;
    }
    Some(GridSettings {
        lines,
        direction: direction?,
        trigger,
        size: size?,
        active: usize::try_from(active?).ok()?,
        stop: stop?,
        cooldown_after_stop_ms: cooldown?,
    })
}

/// The lines from `lower` to `upper` that bound so many cells.
fn lines(lower: Decimal, upper: Decimal, cells: u32, spacing: Spacing) -> Option<Vec<Decimal>> {
    let count = Decimal::from(cells);
    let mut lines = Vec::new();
    match spacing {
        Spacing::Arithmetic => {
            let step = upper.checked_sub(lower)?.checked_div(count)?;
            for index in 0..=cells {
                lines.push(lower.checked_add(step.checked_mul(Decimal::from(index))?)?);
            }
        }
        Spacing::Geometric => {
            // The lines are rounded to ticks later: sixteen digits of a root are enough.
            let ratio = upper
                .checked_div(lower)?
                .try_into()
                .ok()
                .map(|ratio: f64| ratio.powf(1.0 / f64::from(cells)))?;
            let ratio = Decimal::from_f64_retain(ratio)?.round_dp(16);
            let mut line = lower;
            for _ in 0..cells {
                lines.push(line);
                line = line.checked_mul(ratio)?.round_dp(12);
            }
            lines.push(upper);
        }
    }
    Some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_evenly_spaced_in_price_or_in_ratio() {
        let whole = |spacing| -> Vec<Decimal> {
            let made = lines(Decimal::from(100), Decimal::from(1600), 4, spacing).unwrap();
            made.into_iter().map(|line| line.round_dp(6).normalize()).collect()
        };
        assert_eq!(whole(Spacing::Arithmetic), [100, 475, 850, 1225, 1600].map(Decimal::from));
        assert_eq!(whole(Spacing::Geometric), [100, 200, 400, 800, 1600].map(Decimal::from));
    }
}
