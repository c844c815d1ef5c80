//! `[exit]`: when a position ends. The first to fire wins, and everything here only reduces.

use super::file::{Distance, Reader, Scope, slot};
use super::gauge::{self, Gauge};
use super::order;
use super::profit::{self, Decayed, Rung};
use super::stop::{self, StopRule};
use crate::language::{NodeId, Program};
use crate::toml_file::Table;
use rust_decimal::Decimal;
use windvane_model::{Side, TriggerBy, Triggers};

/// Where a take-profit lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At the venue, beside the stop, fired by this price.
    Venue(TriggerBy),
    /// In the engine, which goes by this price.
    Engine(Gauge),
}

impl Place {
    /// The price that it goes by.
    pub(super) fn by(self) -> Gauge {
        match self {
            Self::Venue(by) => by.into(),
            Self::Engine(by) => by,
        }
    }
}

/// Where a profit is taken.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    /// So far ahead of the entry.
    Distance(Distance),
    /// At a price, by [`slot`] of the side; none for a side without.
    Level([Option<NodeId>; 2]),
}

impl Target {
    /// The distance in price for an entry of `side` at `price`; `None` while undefined, or where the level is not ahead.
    pub(super) fn at(self, program: &Program, side: Side, price: f64) -> Option<f64> {
        match self {
            Self::Distance(distance) => distance.at(program, price),
            Self::Level(levels) => {
                let level = program.value(levels[slot(side)]?)?;
                let distance = if side == Side::Buy { level - price } else { price - level };
                (distance > 0.0).then_some(distance)
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct TakeProfit {
    pub(super) target: Target,
    pub(super) place: Place,
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

/// A stop that follows a level, such as the low of the last bars. The venue's own stop is moved, and never steps back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Follow {
    /// By [`slot`] of the side.
    pub(super) levels: [Option<NodeId>; 2],
    /// Shortest time between two moves of the venue's stop, milliseconds of market time.
    pub(super) every_ms: i64,
}

/// Closes a part of the position when a condition holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScaleOut {
    /// By [`slot`] of the side.
    pub(super) when: [Option<NodeId>; 2],
    /// Share of what is held then.
    pub(super) close: Decimal,
    /// How often at most, for one position.
    pub(super) times: u32,
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
    /// Which price fires the venue's stop, wherever it is moved.
    pub(super) stop_by: TriggerBy,
    pub(super) soft_stop: Option<SoftStop>,
    pub(super) take_profit: Option<TakeProfit>,
    pub(super) trail: Option<Trail>,
    pub(super) follow: Option<Follow>,
    pub(super) break_even: Option<BreakEven>,
    pub(super) scale_out: Option<ScaleOut>,
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

impl ExitRules {
    /// Whether anything moves the venue's stop with the price.
    pub(super) fn moves_stop(&self) -> bool {
        self.trail.is_some() || self.follow.is_some() || self.break_even.is_some()
    }

    /// Which prices fire what the venue holds.
    pub(super) fn triggers(&self) -> Triggers {
        let take_profit = match self.take_profit.map(|rule| rule.place) {
            Some(Place::Venue(by)) => by,
            Some(Place::Engine(_)) | None => TriggerBy::Mark,
        };
        Triggers { stop_loss: self.stop_by, take_profit }
    }
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
    let stop_by = stop.as_ref().map_or(TriggerBy::Mark, |(_, by)| *by);
    let trail = trail(&table, stop_by, reader);
    let follow = follow(&table, reader);
    let break_even = break_even(&table, reader);
    let scale_out = scale_out(&table, reader);
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
        stop: stop?.0,
        stop_by,
        soft_stop: soft_stop.ok()?,
        take_profit: take_profit.ok()?,
        trail: trail.ok()?,
        follow: follow.ok()?,
        break_even: break_even.ok()?,
        scale_out: scale_out.ok()?,
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
    let target = match (table.has("level"), table.has("distance")) {
        (true, true) => {
            table.problem("`take_profit` has a `distance` or a `level`, not both");
            None
        }
        (true, false) => stop::levels(&table, reader).map(Target::Level),
        (false, _) => {
            let distance = table.required("distance", "\"2 R\"");
            distance.and_then(|text| reader.distance(text, scope)).map(Target::Distance)
        }
    };
    let place = match table.has("place") {
        true => table.choice("place", &[("venue", true), ("engine", false)]),
        false => Some(true),
    };
    let place = match place {
        Some(true) => gauge::trigger(&table).map(Place::Venue),
        Some(false) => gauge::read(&table, Gauge::Quote).map(Place::Engine),
        None => {
            // Which words fit is not known.
            let _ = table.has("by");
            None
        }
    };
    table.finish();
    required(target.zip(place).map(|(target, place)| TakeProfit { target, place }))
}

fn trail(table: &Table<'_>, stop_by: TriggerBy, reader: &mut Reader<'_>) -> Part<Trail> {
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
    // A stop that one price fires follows the best of that price, unless the rule says otherwise.
    let by = gauge::read(&table, stop_by.into());
    table.finish();
    let parts = arms_at.zip(gives_back).zip(every_ms.zip(by));
    required(parts.map(|((arms_at, gives_back), (every_ms, by))| Trail { arms_at, gives_back, every_ms, by }))
}

/// `follow = { level = { long = "lowest(low, 10)", short = "highest(high, 10)" }, every = "30s" }`
fn follow(table: &Table<'_>, reader: &mut Reader<'_>) -> Part<Follow> {
    if !table.has("follow") {
        return Ok(None);
    }
    let table = table.table("follow", "`follow`").ok_or(())?;
    if !table.has("level") {
        table.problem(
            "`follow` needs `level`, for example `level = { long = \"lowest(low, 10)\", short = \"highest(high, 10)\" }`",
        );
    }
    let levels = stop::levels(&table, reader);
    let every_ms = match table.has("every") {
        true => table.duration_ms("every"),
        false => Some(DEFAULT_TRAIL_EVERY_MS),
    };
    table.finish();
    required(levels.zip(every_ms).map(|(levels, every_ms)| Follow { levels, every_ms }))
}

/// `scale_out = { long = "rsi(close, 14) > 80", short = "rsi(close, 14) < 20", close = "50%", times = 1 }`
fn scale_out(table: &Table<'_>, reader: &mut Reader<'_>) -> Part<ScaleOut> {
    if !table.has("scale_out") {
        return Ok(None);
    }
    let table = table.table("scale_out", "`scale_out`").ok_or(())?;
    let when = sides(&table, reader);
    if !table.has("long") && !table.has("short") {
        table.problem("`scale_out` needs a condition: `long`, `short` or both");
    }
    if !table.has("close") {
        table.problem("`scale_out` needs `close`, for example `close = \"50%\"`");
    }
    let close = table.ratio("close");
    if close.is_some_and(|close| close >= Decimal::ONE) {
        table.problem("`close` of `scale_out` is a part, below 100%; `signal` closes all");
        return Err(());
    }
    let times = match table.has("times") {
        true => table.count("times", 1, 100),
        false => Some(1),
    };
    table.finish();
    let parts = when.zip(close).zip(times);
    required(parts.map(|(((long, short), close), times)| ScaleOut { when: [long, short], close, times }))
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
    let found = sides(&table, reader);
    table.finish();
    found
}

/// A condition for a long and one for a short; `None` when one of them is wrong.
fn sides(table: &Table<'_>, reader: &mut Reader<'_>) -> Option<(Option<NodeId>, Option<NodeId>)> {
    let mut one = |key: &'static str, sign: f64| match table.has(key) {
        true => {
            let scope = Scope { side: Some(sign), knows_risk: true };
            required(table.text(key).and_then(|text| reader.condition(text, scope)))
        }
        false => Ok(None),
    };
    let (long, short) = (one("long", 1.0), one("short", -1.0));
    Some((long.ok()?, short.ok()?))
}
