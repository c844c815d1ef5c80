//! `[exit]`: when a position ends. The first to fire wins, and everything here only reduces.

use super::file::{Distance, Reader, Scope};
use super::gauge::{self, Gauge};
use super::order;
use super::profit::{self, Decayed, Rung};
use super::stop::{self, StopRule};
use crate::language::NodeId;
use crate::toml_file::Table;

/// Where a take-profit lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At the venue, by mark price, beside the stop.
    Venue,
    /// In the engine.
    Engine,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct TakeProfit {
    pub(super) distance: Distance,
    pub(super) place: Place,
    /// Which price the engine goes by; the venue goes by the mark price.
    pub(super) by: Gauge,
}

/// A stop of the engine, inside the venue's: closes at market once the price is so far behind the entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct SoftStop {
    pub(super) distance: Distance,
    pub(super) by: Gauge,
}

/// A stop that follows the best price since the entry. The venue's own stop is moved, never removed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trail {
    /// It begins once the position is ahead by this much.
    pub(super) arms_at: Distance,
    /// Distance from the best price to the stop.
    pub(super) gives_back: Distance,
    /// Shortest time between two moves of the venue's stop, milliseconds of market time.
    pub(super) every_ms: i64,
    /// Which price the best one is a best of.
    pub(super) by: Gauge,
}

/// What an entry signal of the other side does while a position is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opposite {
    Ignore,
    Close,
    /// Closes, then opens the other side.
    Reverse,
}

/// Moves the stop to the entry once the position is ahead.
#[derive(Debug, Clone, Copy)]
pub(super) struct BreakEven {
    /// Ahead by this much.
    pub(super) at: Distance,
    /// Beyond the entry by this much, for fees.
    pub(super) offset: Option<Distance>,
}

/// When a position ends.
#[derive(Debug, Clone)]
pub(super) struct ExitRules {
    pub(super) stop: StopRule,
    pub(super) soft_stop: Option<SoftStop>,
    pub(super) take_profit: Option<TakeProfit>,
    pub(super) trail: Option<Trail>,
    pub(super) break_even: Option<BreakEven>,
    /// Partial closes, nearest first.
    pub(super) ladder: Vec<Rung>,
    /// Targets by age, youngest first.
    pub(super) decay: Vec<Decayed>,
    /// Closes a long.
    pub(super) long_signal: Option<NodeId>,
    /// Closes a short.
    pub(super) short_signal: Option<NodeId>,
    pub(super) opposite: Opposite,
    pub(super) time_limit_ms: Option<i64>,
    /// How far from the quote a closing order may be filled, ticks. A few that come back unfilled are followed by one
    /// without a cap.
    pub(super) max_slippage_ticks: Option<u32>,
}

/// Moves of the stop at the venue are requests; a stop that lags by this much costs less than the requests would.
const DEFAULT_TRAIL_EVERY_MS: i64 = 30_000;

/// How the parts of an exit may be absent: `Err` was reported.
pub(super) type Part<T> = Result<Option<T>, ()>;

fn required<T>(found: Option<T>) -> Part<T> {
    found.map(Some).ok_or(())
}

pub(super) fn read(table: Table<'_>, reader: &mut Reader<'_>) -> Option<ExitRules> {
    let stop = stop::read(&table, reader);
    let soft_stop = soft_stop(&table, reader);
    let take_profit = take_profit(&table, reader);
    let trail = trail(&table, reader);
    let break_even = break_even(&table, reader);
    let ladder = profit::ladder(&table, reader);
    let decay = profit::decay(&table, reader);
    let signals = signals(&table, reader);
    let opposite = match table.has("opposite") {
        true => table.choice(
            "opposite",
            &[("ignore", Opposite::Ignore), ("close", Opposite::Close), ("reverse", Opposite::Reverse)],
        ),
        false => Some(Opposite::Ignore),
    };
    let time_limit = match table.has("time_limit") {
        true => required(table.duration_ms("time_limit")),
        false => Ok(None),
    };
    let max_slippage = order(&table);
    table.finish();
    let (long_signal, short_signal) = signals?;
    Some(ExitRules {
        stop: stop?,
        soft_stop: soft_stop.ok()?,
        take_profit: take_profit.ok()?,
        trail: trail.ok()?,
        break_even: break_even.ok()?,
        ladder: ladder.ok()?.unwrap_or_default(),
        decay: decay.ok()?.unwrap_or_default(),
        long_signal,
        short_signal,
        opposite: opposite?,
        time_limit_ms: time_limit.ok()?,
        max_slippage_ticks: max_slippage.ok()?,
    })
}

/// `order = { max_slippage = "20 ticks" }`: closing orders are market orders, with a cap or without.
fn order(table: &Table<'_>) -> Part<u32> {
    if !table.has("order") {
        return Ok(None);
    }
    let table = table.table("order", "`order`").ok_or(())?;
    if !table.has("max_slippage") {
        table.problem("`order` of [exit] needs `max_slippage`, for example `max_slippage = \"20 ticks\"`");
    }
    let ticks = order::max_slippage(&table);
    table.finish();
    ticks.ok_or(())
}

/// `soft_stop = { distance = "1%", by = "last" }`
fn soft_stop(table: &Table<'_>, reader: &mut Reader<'_>) -> Part<SoftStop> {
    if !table.has("soft_stop") {
        return Ok(None);
    }
    let table = table.table("soft_stop", "`soft_stop`").ok_or(())?;
    let scope = Scope { side: None, knows_risk: true };
    let distance = table.required("distance", "\"1%\"").and_then(|text| reader.distance(text, scope));
    let by = gauge::read(&table, Gauge::Last);
    table.finish();
    required(distance.zip(by).map(|(distance, by)| SoftStop { distance, by }))
}

fn take_profit(table: &Table<'_>, reader: &mut Reader<'_>) -> Part<TakeProfit> {
    if !table.has("take_profit") {
        return Ok(None);
    }
    let table = table.table("take_profit", "`take_profit`").ok_or(())?;
    let scope = Scope { side: None, knows_risk: true };
    let distance = table.required("distance", "\"2 R\"").and_then(|text| reader.distance(text, scope));
    let place = match table.has("place") {
        true => table.choice("place", &[("venue", Place::Venue), ("engine", Place::Engine)]),
        false => Some(Place::Venue),
    };
    let by = gauge::read(&table, Gauge::Quote);
    if table.has("by") && place == Some(Place::Venue) {
        table.problem("`by` belongs to `place = \"engine\"`: the venue goes by the mark price");
        return Err(());
    }
    table.finish();
    let parts = distance.zip(place).zip(by);
    required(parts.map(|((distance, place), by)| TakeProfit { distance, place, by }))
}

fn trail(table: &Table<'_>, reader: &mut Reader<'_>) -> Part<Trail> {
    if !table.has("trail") {
        return Ok(None);
    }
    let table = table.table("trail", "`trail`").ok_or(())?;
    let scope = Scope { side: None, knows_risk: true };
    let arms_at = table.required("arms_at", "\"1 R\"").and_then(|text| reader.distance(text, scope));
    let gives_back =
        table.required("gives_back", "\"1 * atr(14)\"").and_then(|text| reader.distance(text, scope));
    let every_ms = match table.has("every") {
        true => table.duration_ms("every"),
        false => Some(DEFAULT_TRAIL_EVERY_MS),
    };
    let by = gauge::read(&table, Gauge::Mark);
    table.finish();
    let parts = arms_at.zip(gives_back).zip(every_ms.zip(by));
    required(parts.map(|((arms_at, gives_back), (every_ms, by))| Trail { arms_at, gives_back, every_ms, by }))
}

fn break_even(table: &Table<'_>, reader: &mut Reader<'_>) -> Part<BreakEven> {
    if !table.has("break_even") {
        return Ok(None);
    }
    let table = table.table("break_even", "`break_even`").ok_or(())?;
    let scope = Scope { side: None, knows_risk: true };
    let at = table.required("at", "\"1 R\"").and_then(|text| reader.distance(text, scope));
    let offset = match table.has("offset") {
        true => required(table.text("offset").and_then(|text| reader.distance(text, scope))),
        false => Ok(None),
    };
    table.finish();
    let offset = offset?;
    required(at.map(|at| BreakEven { at, offset }))
}

/// Signals that close a long and a short; `None` when one of them is wrong.
fn signals(table: &Table<'_>, reader: &mut Reader<'_>) -> Option<(Option<NodeId>, Option<NodeId>)> {
    if !table.has("signal") {
        return Some((None, None));
    }
    let table = table.table("signal", "`signal`")?;
    let mut one = |key: &'static str, sign: f64| match table.has(key) {
        true => {
            let scope = Scope { side: Some(sign), knows_risk: true };
            required(table.text(key).and_then(|text| reader.condition(text, scope)))
        }
        false => Ok(None),
    };
    let (long, short) = (one("long", 1.0), one("short", -1.0));
    table.finish();
    Some((long.ok()?, short.ok()?))
}
