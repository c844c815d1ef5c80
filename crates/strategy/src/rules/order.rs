//! `order`: how an entry is sent, and at which price.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use windvane_model::{OrderKind, Price, Side, TimeInForce};

use super::chase::{self, Chase};
use super::file::{Distance, Reader, Scope};
use crate::context::Context;
use crate::language::{Literal, Program, literal};
use crate::toml_file::Table;

/// Levels of a side that an order may be measured from: so many does the book hold that a bot follows.
const LEVELS: u32 = 50;

/// The quote that a limit price is measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// Our own side of the book: the bid for a buy.
    Same,
    /// The other side: the ask for a buy.
    Other,
    /// The middle.
    Mid,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Pricing {
    Market {
        max_slippage_ticks: Option<u32>,
    },
    Limit {
        from: Anchor,
        /// Which level of that side, 0 the best.
        level: usize,
        offset: Option<Distance>,
        time_in_force: TimeInForce,
        falls_back_to_market: bool,
        chase: Option<Chase>,
    },
}

/// How an entry is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct OrderRules {
    pub(super) pricing: Pricing,
    /// From the signal on: waiting for `at_send` and resting in the book together. Milliseconds of market time.
    pub(super) valid_for_ms: Option<i64>,
}

pub(super) fn read(any: &Table<'_>, reader: &mut Reader<'_>) -> Option<OrderRules> {
    if !any.has("order") {
        any.missing("order", "[entry.any] needs `order`, for example `order = { type = \"market\" }`");
    }
    let table = any.table("order", "`order`")?;
    let kinds =
        [("market", None), ("limit", Some(TimeInForce::Gtc)), ("post-only", Some(TimeInForce::PostOnly))];
    if !table.has("type") {
        table.problem("`order` needs `type`: \"market\", \"limit\" or \"post-only\"");
    }
    let kind = table.choice("type", &kinds);
    let has_validity = table.has("valid_for");
    let valid_for_ms = has_validity.then(|| table.duration_ms("valid_for"));
    let pricing = match kind {
        None => {
            // Which keys belong to it is not known; those of neither kind are told all the same.
            for key in ["max_slippage", "from", "offset", "level", "chase", "fallback"] {
                let _ = table.has(key);
            }
            None
        }
        Some(None) => market(&table),
        Some(Some(time_in_force)) => {
            if !has_validity {
                table.problem("an order that rests needs `valid_for`, for example `valid_for = \"10m\"`");
            }
            limit(&table, reader, time_in_force)
        }
    };
    table.finish();
    if valid_for_ms == Some(None) {
        return None;
    }
    Some(OrderRules { pricing: pricing?, valid_for_ms: valid_for_ms.flatten() })
}

fn market(table: &Table<'_>) -> Option<Pricing> {
    max_slippage(table).map(|max_slippage_ticks| Pricing::Market { max_slippage_ticks })
}

/// `max_slippage = "5 ticks"`: `Some(None)` where nothing is said, `None` was reported.
#[expect(clippy::option_option, reason = "absent and wrong are told apart; the wrong is in the report")]
pub(super) fn max_slippage(table: &Table<'_>) -> Option<Option<u32>> {
    if !table.has("max_slippage") {
        return Some(None);
    }
    let text = table.text("max_slippage")?;
    let ticks = match literal(text.content) {
        Some(Literal::Ticks(ticks)) => Decimal::from_f64(ticks).and_then(|ticks| u32::try_from(ticks).ok()),
        _ => None,
    };
    if ticks.is_none() {
        table.problem("`max_slippage` is a whole count of ticks, for example \"5 ticks\"");
    }
    ticks.map(Some)
}

fn limit(table: &Table<'_>, reader: &mut Reader<'_>, time_in_force: TimeInForce) -> Option<Pricing> {
    if !table.has("from") {
        table.problem("a limit order needs `from`: the quote its price is measured from, \"same\", \"other\" or \"mid\"");
    }
    let from =
        table.choice("from", &[("same", Anchor::Same), ("other", Anchor::Other), ("mid", Anchor::Mid)]);
    let offset = table.has("offset").then(|| reader.distance(table.text("offset")?, Scope::default()));
    let level = level(table, from);
    let chase = table.has("chase").then(|| chase::read(table, reader));
    let fallback = match table.has("fallback") {
        true => table.choice("fallback", &[("market", true), ("none", false)]),
        false => Some(false),
    };
    if offset.is_some_and(|offset| offset.is_none()) || chase.is_some_and(|chase| chase.is_none()) {
        return None;
    }
    Some(Pricing::Limit {
        from: from?,
        level: level?,
        offset: offset.flatten(),
        time_in_force,
        falls_back_to_market: fallback?,
        chase: chase.flatten(),
    })
}

/// `level`, counted from 0.
fn level(table: &Table<'_>, from: Option<Anchor>) -> Option<usize> {
    if !table.has("level") {
        return Some(0);
    }
    if from == Some(Anchor::Mid) {
        table.problem("`level` counts the levels of a side of the book; the middle has none");
    }
    let level = table.count("level", 1, LEVELS)?;
    usize::try_from(level - 1).ok()
}

/// An entry order as it would be sent now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Priced {
    pub(super) kind: OrderKind,
    /// The price that size and stop are measured from, quote coin.
    pub(super) reference: Decimal,
}

impl OrderRules {
    /// How far from the quote an entry may be filled, ticks: 0 for one that rests and never takes, `None` for any price.
    pub(super) fn slippage_ticks_max(&self) -> Option<u32> {
        match self.pricing {
            Pricing::Market { max_slippage_ticks } => max_slippage_ticks,
            Pricing::Limit { falls_back_to_market, .. } => (!falls_back_to_market).then_some(0),
        }
    }

    /// The order for `side` at this moment; `None` while the quotes it needs are missing.
    pub(super) fn price(
        &self,
        side: Side,
        as_market: bool,
        program: &Program,
        context: &Context<'_>,
    ) -> Option<Priced> {
        let book = context.market.book();
        match self.pricing {
            Pricing::Limit { from, level, offset, time_in_force, .. } if !as_market => {
                let at = |side| Price::new(book.levels(side).nth(level)?.price.to_decimal()).ok();
                let anchor = match from {
                    Anchor::Same => at(side)?,
                    Anchor::Other => at(side.opposite())?,
                    Anchor::Mid => book.mid()?,
                };
                let offset = match offset {
                    Some(offset) => Decimal::from_f64(offset.at(program, anchor.to_f64())?)?,
                    None => Decimal::ZERO,
                };
                // A positive offset is patient: lower for a buy, higher for a sell.
                let wanted = match side {
                    Side::Buy => anchor.get().checked_sub(offset)?,
                    Side::Sell => anchor.get().checked_add(offset)?,
                };
                let price = context.instrument.round_passive_to_tick(side, wanted)?;
                let kind = OrderKind::Limit { price, time_in_force };
                Some(Priced { kind, reference: price.get() })
            }
            Pricing::Limit { .. } => market_order(None, book.best(side.opposite())),
            Pricing::Market { max_slippage_ticks } => {
                market_order(max_slippage_ticks, book.best(side.opposite()))
            }
        }
    }

    /// How a resting order follows its price, if it does.
    pub(super) fn chase(&self) -> Option<Chase> {
        match self.pricing {
            Pricing::Limit { chase, .. } => chase,
            Pricing::Market { .. } => None,
        }
    }

    pub(super) fn falls_back_to_market(&self) -> bool {
        matches!(self.pricing, Pricing::Limit { falls_back_to_market: true, .. })
    }
}

fn market_order(max_slippage_ticks: Option<u32>, touch: Option<Price>) -> Option<Priced> {
    Some(Priced { kind: OrderKind::Market { max_slippage_ticks }, reference: touch?.get() })
}
