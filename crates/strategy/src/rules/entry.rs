//! `[entry.long]`, `[entry.short]`, `[entry.any]`: when to open, how, how much and how often.

use rust_decimal::Decimal;
use windvane_model::MarketTime;

use super::condition::{COOLDOWN, ConditionId, ENTRIES_PER_DAY, LOSSES_IN_A_ROW, STOPS_PER_DAY};
use super::file::{Reader, Scope};
use super::memory::Memory;
use super::order::{self, OrderRules};
use super::size::{self, SizeRules};
use crate::language::NodeId;
use crate::toml_file::Table;

/// When one side opens.
#[derive(Debug, Clone)]
pub(super) struct SideRules {
    pub(super) signal: NodeId,
    /// The signal among the named conditions.
    pub(super) signal_id: ConditionId,
    /// Conditions of the moment of the signal.
    pub(super) filters: Vec<ConditionId>,
    /// Conditions of the moment the order leaves.
    pub(super) at_send: Vec<ConditionId>,
    /// Whether a signal of the same side may add to an open position; `None` where the file asks for nothing.
    pub(super) scale_in: Option<ConditionId>,
}

/// Adding to an open position when its signal comes again.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScaleIn {
    /// Most entries that make up a position.
    pub(super) entries: u32,
    /// Size of a further entry as a part of what a first one would have.
    pub(super) share: Decimal,
}

/// How often the bot may open.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Limits {
    /// Positions opened per UTC day.
    pub(super) entries_per_day: Option<u32>,
    /// Pause after a position was stopped out, milliseconds of market time.
    pub(super) cooldown_after_stop_ms: Option<i64>,
    /// Losing positions in a row after which the rest of the UTC day is sat out.
    pub(super) losses_in_a_row: Option<u32>,
    /// Positions stopped out per UTC day, after which the rest of it is sat out.
    pub(super) stops_per_day: Option<u32>,
    /// Pause after any position, milliseconds of market time.
    pub(super) cooldown_after_exit_ms: Option<i64>,
}

impl Limits {
    /// The keys of those that `next` raises or takes away.
    pub(super) fn loosened_by(&self, next: &Self) -> impl Iterator<Item = &'static str> {
        let most =
            |old: Option<u32>, new: Option<u32>| old.is_some_and(|old| new.is_none_or(|new| new > old));
        let pause =
            |old: Option<i64>, new: Option<i64>| old.is_some_and(|old| new.is_none_or(|new| new < old));
        let rows = [
            ("entry.any.limit.entries_per_day", most(self.entries_per_day, next.entries_per_day)),
            ("entry.any.limit.losses_in_a_row", most(self.losses_in_a_row, next.losses_in_a_row)),
            ("entry.any.limit.stops_per_day", most(self.stops_per_day, next.stops_per_day)),
            (
                "entry.any.limit.cooldown_after_stop",
                pause(self.cooldown_after_stop_ms, next.cooldown_after_stop_ms),
            ),
            (
                "entry.any.limit.cooldown_after_exit",
                pause(self.cooldown_after_exit_ms, next.cooldown_after_exit_ms),
            ),
        ];
        rows.into_iter().filter(|(_, is_looser)| *is_looser).map(|(key, _)| key)
    }

    /// The limit that forbids another entry now, by its name.
    pub(super) fn reached(&self, memory: &Memory, now: MarketTime) -> Option<&'static str> {
        if self.entries_per_day.is_some_and(|most| memory.entries_today >= most) {
            Some(ENTRIES_PER_DAY)
        } else if self.losses_in_a_row.is_some_and(|most| memory.losing_streak >= most) {
            Some(LOSSES_IN_A_ROW)
        } else if self.stops_per_day.is_some_and(|most| memory.stops_today >= most) {
            Some(STOPS_PER_DAY)
        } else if now.0 < memory.cooldown_until_ms {
            Some(COOLDOWN)
        } else {
            None
        }
    }
}

pub(super) struct Entry {
    pub(super) long: Option<SideRules>,
    pub(super) short: Option<SideRules>,
    pub(super) order: OrderRules,
    pub(super) scale_in: Option<ScaleIn>,
    pub(super) limits: Limits,
    pub(super) size: SizeRules,
}

pub(super) fn read(table: &Table<'_>, reader: &mut Reader<'_>) -> Option<Entry> {
    let any = table.table("any", "[entry.any]");
    if any.is_none() && !table.has("any") {
        table.problem("[entry.any] is missing: it says `order` and `size`");
    }
    if !table.has("long") && !table.has("short") {
        table.problem("neither [entry.long] nor [entry.short] is there");
    }
    let long = side(table, any.as_ref(), reader, "long", 1.0);
    let short = side(table, any.as_ref(), reader, "short", -1.0);
    table.finish();
    let any = any?;
    // Read once for each side; known even where there is none.
    let _ = (any.has("filter"), any.has("at_send"));
    let order = order::read(&any, reader);
    let size = size::read(&any, reader);
    let limits = limits(&any);
    let scale_in = scale_in(&any);
    any.finish();
    Some(Entry {
        long: long?,
        short: short?,
        order: order?,
        scale_in: scale_in?,
        limits: limits?,
        size: size?,
    })
}

/// `Some(None)`: this side is not traded. `None`: something is wrong with it.
#[expect(clippy::option_option, reason = "absent and wrong are told apart; the wrong is in the report")]
fn side(
    table: &Table<'_>,
    any: Option<&Table<'_>>,
    reader: &mut Reader<'_>,
    name: &'static str,
    sign: f64,
) -> Option<Option<SideRules>> {
    if !table.has(name) {
        return Some(None);
    }
    let scope = Scope { side: Some(sign), knows_risk: false };
    let own = table.table(name, &format!("[entry.{name}]"))?;
    let signal = own.required("signal", "\"crosses_above(close, ema(close, 20))\"");
    let signal = signal.and_then(|text| reader.condition(text, scope));
    let signal_id = signal.map(|node| reader.conditions.add(format!("entry.{name}.signal"), node));
    let (mut filters, mut at_send) = (Vec::new(), Vec::new());
    for (section, place) in [(Some(&own), name), (any, "any")] {
        let Some(section) = section else { continue };
        conditions(section, "filter", &format!("entry.{name}"), place, scope, reader, &mut filters);
        conditions(section, "at_send", &format!("entry.{name}"), place, scope, reader, &mut at_send);
    }
    own.finish();
    let scale_in = any.and_then(|any| scale_in_when(any, reader, name, sign));
    Some(Some(SideRules { signal: signal?, signal_id: signal_id?, filters, at_send, scale_in }))
}

/// The named conditions of one table. A condition of [entry.any] is compiled for each side: `funding_cost` has a sign.
fn conditions(
    section: &Table<'_>,
    key: &'static str,
    owner: &str,
    place: &str,
    scope: Scope,
    reader: &mut Reader<'_>,
    found: &mut Vec<ConditionId>,
) {
    let Some(table) = section.table(key, &format!("`{key}` of [entry.{place}]")) else { return };
    for (name, _, value) in table.entries() {
        let node = table.as_text(value).and_then(|text| reader.condition(text, scope));
        if let Some(node) = node {
            found.push(reader.conditions.add(format!("{owner}.{key}.{name}"), node));
        }
    }
}

/// `when` of `scale_in`, for one side: it may speak of the position.
fn scale_in_when(any: &Table<'_>, reader: &mut Reader<'_>, name: &str, sign: f64) -> Option<ConditionId> {
    if !any.has("scale_in") {
        return None;
    }
    let table = any.table("scale_in", "`scale_in`")?;
    if !table.has("when") {
        return None;
    }
    let node = reader.condition(table.text("when")?, Scope { side: Some(sign), knows_risk: true })?;
    Some(reader.conditions.add(format!("entry.{name}.scale_in"), node))
}

/// `scale_in = { entries = 3, when = "pnl_r >= 1", share = "50%" }`. `Some(None)`: not asked for. `None` was reported.
#[expect(clippy::option_option, reason = "absent and wrong are told apart; the wrong is in the report")]
fn scale_in(any: &Table<'_>) -> Option<Option<ScaleIn>> {
    if !any.has("scale_in") {
        return Some(None);
    }
    let table = any.table("scale_in", "`scale_in`")?;
    if !table.has("entries") {
        table.problem(
            "`scale_in` needs `entries`: of how many a position may be made, for example `entries = 3`",
        );
    }
    let entries = table.count("entries", 2, 100);
    let share = match table.has("share") {
        true => table.ratio("share"),
        false => Some(Decimal::ONE),
    };
    // Read for each side.
    let _ = table.has("when");
    table.finish();
    Some(Some(ScaleIn { entries: entries?, share: share? }))
}

fn limits(any: &Table<'_>) -> Option<Limits> {
    if !any.has("limit") {
        return Some(Limits::default());
    }
    let table = any.table("limit", "`limit`")?;
    let entries_per_day = table.has("entries_per_day").then(|| table.count("entries_per_day", 1, 10_000));
    let losses = table.has("losses_in_a_row").then(|| table.count("losses_in_a_row", 1, 1_000));
    let stops = table.has("stops_per_day").then(|| table.count("stops_per_day", 1, 1_000));
    let after_stop = table.has("cooldown_after_stop").then(|| table.duration_ms("cooldown_after_stop"));
    let after_exit = table.has("cooldown_after_exit").then(|| table.duration_ms("cooldown_after_exit"));
    table.finish();
    // `Some(None)` was reported.
    if [entries_per_day, losses, stops].contains(&Some(None))
        || [after_stop, after_exit].contains(&Some(None))
    {
        return None;
    }
    Some(Limits {
        entries_per_day: entries_per_day.flatten(),
        cooldown_after_stop_ms: after_stop.flatten(),
        losses_in_a_row: losses.flatten(),
        stops_per_day: stops.flatten(),
        cooldown_after_exit_ms: after_exit.flatten(),
    })
}
