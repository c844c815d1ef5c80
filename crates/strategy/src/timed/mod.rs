//! Built-in bots that go by the clock: `twap` works a sum off in equal slices over a time, `schedule` buys a fixed sum at
//! fixed times, `rebalance` brings the position's value back to a share of the bot's equity.

mod bot;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use windvane_model::Side;

use crate::section::{refuse_overrides, section};
use crate::toml_file::Table;

pub use bot::Timed;

/// What is done at each moment of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// One slice of a whole; done after so many.
    Twap {
        /// Value of a slice, quote coin.
        each: Decimal,
        /// Slices in all.
        slices: u32,
    },
    /// The same sum every time, as long as the position is worth less than `most`.
    Schedule {
        /// Value of each order, quote coin.
        each: Decimal,
        /// Largest value of the position, quote coin.
        most: Decimal,
    },
    /// Back to `target`, where the position is off by more than `band`; both as shares of the bot's equity.
    Rebalance {
        /// Wanted value of the position.
        target: Decimal,
        /// Distance that is left alone.
        band: Decimal,
    },
}

impl Work {
    /// Value of all slices of a TWAP; the others have no end.
    pub(crate) fn total(&self) -> Option<Decimal> {
        match self {
            Self::Twap { each, slices } => each.checked_mul(Decimal::from(*slices)),
            Self::Schedule { .. } | Self::Rebalance { .. } => None,
        }
    }
}

/// Settings of a bot that goes by the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimedSettings {
    /// The side it opens.
    pub side: Side,
    /// What it does.
    pub work: Work,
    /// Time between two moments, milliseconds of market time. Moments are counted from 1970, so that a restart does not
    /// shift them; those of a TWAP from its start.
    pub every_ms: i64,
    /// Distance of the venue's stop from the average entry price, a fraction.
    pub stop: Decimal,
}

const SIDES: [(&str, Side); 2] = [("long", Side::Buy), ("short", Side::Sell)];

pub(crate) fn read_twap(root: Table<'_>, overrides: &BTreeMap<String, String>) -> Option<TimedSettings> {
    refuse_overrides(&root, overrides);
    let (table, stop) = (section(&root, "twap", ["side", "total", "over", "slices"]), stop(&root));
    root.finish();
    let table = table?;
    let (side, total) = (table.choice("side", &SIDES), table.amount("total"));
    let (over, slices) = (table.duration_ms("over"), table.count("slices", 1, 10_000));
    table.finish();
    let (over, slices) = (over?, slices?);
    let every_ms = over / i64::from(slices);
    if every_ms < 1_000 {
        table.clash(
            "slices",
            [(&table, "over")],
            "the slices of a TWAP are less than a second apart: take fewer, or more time",
        );
        return None;
    }
    let each = total?.checked_div(Decimal::from(slices))?;
    Some(TimedSettings { side: side?, work: Work::Twap { each, slices }, every_ms, stop: stop? })
}

pub(crate) fn read_schedule(root: Table<'_>, overrides: &BTreeMap<String, String>) -> Option<TimedSettings> {
    refuse_overrides(&root, overrides);
    let (table, stop) = (section(&root, "schedule", ["side", "each", "every", "most"]), stop(&root));
    root.finish();
    let table = table?;
    let (side, each) = (table.choice("side", &SIDES), table.amount("each"));
    let (every, most) = (table.duration_ms("every"), table.amount("most"));
    table.finish();
    let (each, most) = (each?, most?);
    if each > most {
        table.clash("most", [(&table, "each")], "`most` of [schedule] is smaller than one order: `each`");
        return None;
    }
    Some(TimedSettings { side: side?, work: Work::Schedule { each, most }, every_ms: every?, stop: stop? })
}

pub(crate) fn read_rebalance(root: Table<'_>, overrides: &BTreeMap<String, String>) -> Option<TimedSettings> {
    refuse_overrides(&root, overrides);
    let (table, stop) = (section(&root, "rebalance", ["side", "target", "band", "every"]), stop(&root));
    root.finish();
    let table = table?;
    let (side, target) = (table.choice("side", &SIDES), table.ratio("target"));
    let (band, every) = (table.ratio("band"), table.duration_ms("every"));
    table.finish();
    let (target, band) = (target?, band?);
    if band >= target {
        table.clash(
            "band",
            [(&table, "target")],
            "`band` of [rebalance] is not smaller than `target`: nothing would ever be done",
        );
        return None;
    }
    Some(TimedSettings { side: side?, work: Work::Rebalance { target, band }, every_ms: every?, stop: stop? })
}

fn stop(root: &Table<'_>) -> Option<Decimal> {
    let table = section(root, "protect", ["stop"])?;
    let stop = table.ratio("stop");
    table.finish();
    stop
}
