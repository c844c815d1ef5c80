//! Taking profit in steps: a ladder of partial closes, and targets that come nearer with time.

use rust_decimal::Decimal;
use windvane_model::{Intent, MarketTime};

use super::bot::{Moment, RuleBot};
use super::exit;
use super::file::{Distance, Reader, Scope};
use super::holding::Part;
use super::memory::Open;
use super::reading::known;
use super::way::Way;
use crate::context::Context;
use crate::toml_file::Table;

/// Most steps of a ladder or rows of a decaying target.
const STEPS_MAX: usize = 12;

/// A partial close.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rung {
    /// How far ahead of the entry.
    pub(super) at: Distance,
    /// Share of what is held then.
    close: Decimal,
}

/// A target that holds from a certain age on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decayed {
    /// Age of the position, milliseconds of market time.
    after_ms: i64,
    /// How far ahead of the entry.
    take: Distance,
}

/// `ladder = [{ at = "1 R", close = "50%" }, …]`
pub(super) fn ladder(table: &Table<'_>, reader: &mut Reader<'_>) -> exit::Part<Vec<Rung>> {
    steps(table, "ladder", |step| {
        let at = step.required("at", "\"1 R\"").and_then(|text| reader.distance(text, RISK));
        if !step.has("close") {
            step.problem("a step of `ladder` needs `close`, for example `close = \"50%\"`");
        }
        let close = step.ratio("close");
        if close.is_some_and(|close| close > Decimal::ONE) {
            step.problem("`close` of a step is at most 100%: the share of what is held then");
            return None;
        }
        Some(Rung { at: at?, close: close? })
    })
}

/// `decay = [{ after = "30m", take = "1%" }, …]`
pub(super) fn decay(table: &Table<'_>, reader: &mut Reader<'_>) -> exit::Part<Vec<Decayed>> {
    let rows = steps(table, "decay", |row| {
        if !row.has("after") {
            row.problem("a row of `decay` needs `after`, for example `after = \"30m\"`");
        }
        let after_ms = row.duration_ms("after");
        let take = row.required("take", "\"1%\"").and_then(|text| reader.distance(text, RISK));
        Some(Decayed { after_ms: after_ms?, take: take? })
    })?;
    if rows.as_ref().is_some_and(|rows| rows.windows(2).any(|pair| pair[0].after_ms >= pair[1].after_ms)) {
        table.problem("the rows of `decay` come in the order of `after`, each later than the one before");
        return Err(());
    }
    Ok(rows)
}

const RISK: Scope = Scope { side: None, knows_risk: true };

fn steps<T>(
    table: &Table<'_>,
    key: &'static str,
    mut read: impl FnMut(&Table<'_>) -> Option<T>,
) -> exit::Part<Vec<T>> {
    if !table.has(key) {
        return Ok(None);
    }
    let tables = table.tables(key, &format!("a step of `{key}`")).ok_or(())?;
    if tables.is_empty() || tables.len() > STEPS_MAX {
        table.problem(format!("`{key}` has 1 to {STEPS_MAX} steps"));
        return Err(());
    }
    let read: Vec<Option<T>> = tables
        .iter()
        .map(|step| {
            let found = read(step);
            step.finish();
            found
        })
        .collect();
    read.into_iter().collect::<Option<Vec<T>>>().map(Some).ok_or(())
}

impl RuleBot {
    /// Whether the position is ahead by `distance` at the price we could close at; `None` while that is not known.
    pub(super) fn is_ahead(&self, open: &Open, distance: Distance, context: &Context<'_>) -> Option<bool> {
        let price = known(context.market.book().best(open.side()))?;
        let distance = distance.at(&self.rules.program, open.entry_price)?;
        Some(distance > 0.0 && open.sign() * (price - open.entry_price) >= distance)
    }

    /// Whether the target of the position's age is reached; `None` while that is not known.
    pub(super) fn has_decayed(&self, open: &Open, context: &Context<'_>) -> Option<bool> {
        let age_ms = context.now.since(MarketTime(open.opened_ms));
        let row = self.rules.exit.decay.iter().rev().find(|row| age_ms >= row.after_ms);
        row.map_or(Some(false), |row| self.is_ahead(open, row.take, context))
    }

    /// Closes the next step of the ladder when it is reached. One order at a time: the next step waits for it.
    pub(super) fn climb(&mut self, context: &Context<'_>, out: &mut Vec<Intent>) {
        let Some(open) = self.memory.open.filter(|_| !self.memory.is_closing) else { return };
        let is_busy = self.awaiting.is_some() || self.exit.is_some() || context.now < self.retry_at;
        let next =
            usize::try_from(open.rungs).ok().and_then(|next| self.rules.exit.ladder.get(next).copied());
        let Some(rung) = next.filter(|_| !is_busy) else { return };
        if self.is_ahead(&open, rung.at, context) != Some(true) {
            return;
        }
        if let Some(open) = &mut self.memory.open {
            open.rungs += 1;
        }
        let share = context.holding.qty.get().checked_mul(rung.close);
        let qty = share.map(|share| context.instrument.round_down_to_lot(share));
        // A share below one lot is passed over: the steps above it still count.
        if let Some(qty) = qty.filter(|qty| *qty >= context.instrument.min_qty) {
            self.place_exit(qty, Some(Part::Rung), context, out);
        }
    }

    /// Closes a part when the condition of `scale_out` holds at a moment that rules are looked at.
    pub(super) fn scale_out(&mut self, moment: Moment, context: &Context<'_>, out: &mut Vec<Intent>) {
        let Some(open) = self.memory.open.filter(|_| !self.memory.is_closing) else { return };
        let Some(rule) = self.rules.exit.scale_out.filter(|rule| open.scaled_out < rule.times) else {
            return;
        };
        let is_busy = self.awaiting.is_some() || self.exit.is_some() || context.now < self.retry_at;
        if is_busy || !self.looks_at(moment) || self.holds(Way::ScaleOut, &open, context) != Some(true) {
            return;
        }
        let share = context.holding.qty.get().checked_mul(rule.close);
        let qty = share.map(|share| context.instrument.round_down_to_lot(share));
        if let Some(qty) = qty.filter(|qty| *qty >= context.instrument.min_qty) {
            if let Some(open) = &mut self.memory.open {
                open.scaled_out += 1;
            }
            self.place_exit(qty, Some(Part::ScaleOut), context, out);
        }
    }
}
