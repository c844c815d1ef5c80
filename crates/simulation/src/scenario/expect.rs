//! Whether what a scenario expects is so.

use super::script::{Expectation, OrderExpectation, PositionExpectation, Script};
use super::value::{Moment, RestingOrder};
use crate::listing::{UID, install, named};
use crate::tally::Tally;
use rust_decimal::Decimal;
use std::fmt::Display;
use windvane_engine::Engine;
use windvane_model::{Price, Side, Symbol};
use windvane_order_management::Order;
use windvane_venue_core::{self as venue, OrderFilter, Venue};

/// What expectations are about.
pub(crate) struct Seen<'a> {
    /// Absent while no engine runs.
    pub(crate) engine: Option<&'a Engine>,
    pub(crate) venue: &'a Venue,
    pub(crate) tally: &'a Tally,
}

impl Script {
    /// Checks the expectation with that number.
    ///
    /// # Errors
    /// What is otherwise, with the place where it is expected.
    pub(crate) fn expect(&self, number: usize, seen: &Seen<'_>) -> Result<(), String> {
        let row = &self.expectations[number];
        let checked = self.check(row, seen);
        checked.map_err(|otherwise| format!("{}: {otherwise}", row.place))
    }

    /// Checks what is expected of the end, and that every row had its effect.
    ///
    /// # Errors
    /// What is otherwise.
    pub(crate) fn expect_end(&self, seen: &Seen<'_>) -> Result<(), String> {
        for (number, row) in self.expectations.iter().enumerate() {
            if row.at == Moment::End {
                self.expect(number, seen)?;
            }
        }
        self.idle().map_or(Ok(()), Err)
    }

    fn check(&self, row: &Expectation, seen: &Seen<'_>) -> Result<(), String> {
        for (request, count) in &row.sent {
            same(format_args!("requests to {}", request.as_str()), count, &self.sent(*request))?;
        }
        if let Some(order) = &row.order {
            self.check_order(order, seen)?;
        }
        if let Some((symbol, orders)) = &row.resting {
            same("the venue's book", &told(orders), &told(&resting_at_venue(*symbol, seen.venue)))?;
            if let Some(engine) = seen.engine {
                same("the engine's orders", &told(orders), &told(&resting_orders(*symbol, engine)))?;
            }
        }
        if row.position.is_none() && row.run_state.is_none() && row.counted.is_empty() {
            return Ok(());
        }
        let engine = seen.engine.ok_or("no engine runs")?;
        if let Some(position) = &row.position {
            check_position(position, engine)?;
        }
        if let Some(state) = &row.run_state {
            same("the engine", state, &engine.run_state().to_string())?;
        }
        for (word, count) in &row.counted {
            same(word, count, &counted(word, engine, seen.tally))?;
        }
        Ok(())
    }

    fn check_order(&self, row: &OrderExpectation, seen: &Seen<'_>) -> Result<(), String> {
        let name = &row.name;
        let id = self.desk.id(row.number).ok_or_else(|| format!("`{name}` was not submitted"))?;
        if let Some(expected) = &row.venue {
            let order = seen.venue.order(UID, &named(id.as_str()));
            let status = order.map_or("absent", |order| order.order_status.as_str());
            same(format_args!("`{name}` at the venue"), expected, &status.to_owned())?;
        }
        if row.state.is_none() && row.qty.is_none() && row.filled.is_none() && row.price.is_none() {
            return Ok(());
        }
        let engine = seen.engine.ok_or("no engine runs")?;
        let order = engine.orders().order(&id).ok_or_else(|| format!("the engine knows no `{name}`"))?;
        if let Some(state) = &row.state {
            same(format_args!("`{name}`"), state, &order.state().as_str().to_owned())?;
        }
        let price = order.price().map_or(Decimal::ZERO, Price::get);
        for (what, expected, found) in [
            ("quantity", row.qty, order.qty().get()),
            ("filled quantity", row.filled, order.filled_qty().get()),
            ("price", row.price, price),
        ] {
            if let Some(expected) = expected {
                same(format_args!("{what} of `{name}`"), &expected, &found)?;
            }
        }
        Ok(())
    }
}

fn check_position(row: &PositionExpectation, engine: &Engine) -> Result<(), String> {
    let (symbol, index) = row.key;
    let position = engine.orders().position(symbol, index);
    let position = position.ok_or_else(|| format!("no position in {symbol} is known"))?;
    let price = |price: Option<Price>| price.map_or(Decimal::ZERO, Price::get);
    for (what, expected, found) in [
        ("size", row.size, position.holding().size()),
        ("average price", row.average_price, price(position.holding().average_price())),
        ("stop-loss", row.stop_loss, price(position.stop_loss())),
    ] {
        if let Some(expected) = expected {
            same(format_args!("{what} in {symbol}"), &expected, &found)?;
        }
    }
    Ok(())
}

/// Our limit orders in a contract as the engine knows them, lowest first.
fn resting_orders(symbol: Symbol, engine: &Engine) -> Vec<RestingOrder> {
    let orders = engine.orders().live_orders().filter(|order| order.symbol() == symbol);
    let row = |order: &Order| RestingOrder {
        side: order.side(),
        left: order.leaves_qty().get(),
        price: order.price().map_or(Decimal::ZERO, Price::get),
        reduce_only: order.is_reduce_only(),
    };
    sorted(orders.map(row).collect())
}

/// The same as the venue has them.
fn resting_at_venue(symbol: Symbol, core: &Venue) -> Vec<RestingOrder> {
    let of_book = OrderFilter { kind: Some(venue::OrderKind::Order), ..OrderFilter::default() };
    let rows = core.open_orders(UID, of_book);
    let is_meant = |row: &&venue::OrderRow| {
        *row.symbol == *symbol.as_str() && row.order_link_id.starts_with(install().as_str())
    };
    let row = |row: &venue::OrderRow| RestingOrder {
        side: match row.side {
            venue::Side::Buy => Side::Buy,
            venue::Side::Sell => Side::Sell,
        },
        left: row.leaves_qty,
        price: row.price,
        reduce_only: row.reduce_only,
    };
    sorted(rows.iter().filter(is_meant).map(row).collect())
}

fn sorted(mut orders: Vec<RestingOrder>) -> Vec<RestingOrder> {
    orders.sort_by_key(|order| (order.price, order.side));
    orders
}

fn told(orders: &[RestingOrder]) -> String {
    let rows: Vec<String> = orders.iter().map(|order| format!("`{order}`")).collect();
    if rows.is_empty() { "nothing".to_owned() } else { rows.join(", ") }
}

/// A count of the engine's books, by its word.
fn counted(word: &str, engine: &Engine, tally: &Tally) -> u64 {
    let counters = engine.orders().counters();
    match word {
        "adopted" => counters.adopted_orders,
        "backfilled" => counters.backfilled_executions,
        "denied" => tally.denials,
        "duplicates" => counters.duplicate_executions,
        "foreign fills" => counters.foreign_executions,
        "foreign orders" => counters.foreign_orders,
        "retired" => counters.retired_orders,
        _ => counters.unknown_orders,
    }
}

fn same<T: PartialEq + Display>(what: impl Display, expected: &T, found: &T) -> Result<(), String> {
    if expected == found { Ok(()) } else { Err(format!("{what}: {expected} is expected, {found} is so")) }
}
