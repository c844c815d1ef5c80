//! `chase`: an entry order that rests follows the price it is measured from, so often and so far as the file says.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use windvane_model::{Instrument, OrderKind, Price, Side};

use super::bot::RuleBot;
use super::file::{Distance, Reader, Rules, Scope};
use super::order::Priced;
use super::pursuit::Entry;
use crate::context::{Context, OwnOrder};
use crate::toml_file::Table;

/// How a resting entry follows its price.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chase {
    /// Shortest time between two moves, milliseconds of market time.
    every_ms: i64,
    /// How far beyond its first price it may come.
    up_to: Distance,
}

pub(super) fn read(order: &Table<'_>, reader: &mut Reader<'_>) -> Option<Chase> {
    let table = order.table("chase", "`chase`")?;
    for (key, example) in [("every", "5s"), ("up_to", "0.2%")] {
        if !table.has(key) {
            table.problem(format!("`chase` needs `{key}`, for example `{key} = \"{example}\"`"));
        }
    }
    let every_ms = table.has("every").then(|| table.duration_ms("every")).flatten();
    let up_to = table.has("up_to").then(|| reader.distance(table.text("up_to")?, Scope::default())).flatten();
    table.finish();
    Some(Chase { every_ms: every_ms?, up_to: up_to? })
}

impl Chase {
    /// `price`, or the farthest that an order which was first placed at `first` may come to; `None` while that is undefined.
    fn within(
        self,
        side: Side,
        price: Price,
        first: Price,
        rules: &Rules,
        grid: &Instrument,
    ) -> Option<Price> {
        let way = Decimal::from_f64(self.up_to.at(&rules.program, first.to_f64())?)?;
        let last = match side {
            Side::Buy => first.get().checked_add(way)?,
            Side::Sell => first.get().checked_sub(way)?,
        };
        let last = grid.round_passive_to_tick(side, last)?;
        Some(if side == Side::Buy { price.min(last) } else { price.max(last) })
    }
}

impl RuleBot {
    /// The entry order of this moment; one that follows its price stays in reach of `first`, where it was placed first.
    pub(super) fn priced(
        &self,
        side: Side,
        as_market: bool,
        first: Option<Price>,
        context: &Context<'_>,
    ) -> Option<Priced> {
        let rules = &self.rules;
        let priced = rules.order.price(side, as_market, &rules.program, context)?;
        match (priced.kind, rules.order.chase(), first) {
            (OrderKind::Limit { price, time_in_force }, Some(chase), Some(first)) => {
                let price = chase.within(side, price, first, rules, context.instrument)?;
                Some(Priced { kind: OrderKind::Limit { price, time_in_force }, reference: price.get() })
            }
            _ => Some(priced),
        }
    }

    /// The price that a resting entry is to be moved to now, nearer to the market than where it is.
    pub(super) fn chased(&self, order: &OwnOrder, entry: &Entry, context: &Context<'_>) -> Option<Price> {
        let (chase, held) = (self.rules.order.chase()?, order.price?);
        let is_nearer = |price: Price, than: Price| match order.side {
            Side::Buy => price > than,
            Side::Sell => price < than,
        };
        // At the front of the book the order itself is what its price is measured from: it would run from itself.
        let is_behind = is_nearer(context.market.book().best(order.side)?, held);
        if !is_behind || context.now < entry.moved.after(chase.every_ms) {
            return None;
        }
        let price = self.priced(order.side, false, Some(entry.first?), context)?.kind.limit_price()?;
        is_nearer(price, held).then_some(price)
    }
}
