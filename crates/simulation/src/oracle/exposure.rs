//! The worst case, counted anew from the venue's truth and from what is under way to it.

use super::Oracle;
use crate::listing::{LEVERAGE, UID, install, limits};
use crate::world::Broken;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use windvane_engine::Engine;
use windvane_model::{ClientOrderId, Side, Submit};
use windvane_risk::margin::MarginMode;
use windvane_venue_core::{OrderFilter, OrderRow, Venue};

/// The mark may move between the check and the count, and orders are counted at their own prices.
const TOLERANCE: Decimal = Decimal::from_parts(110, 0, 0, false, 2);

/// I8: what is held plus all that may still fill stays within the limit of a position, at the moment an order
/// that opens leaves.
///
/// Not asked while the private stream is dead, nor once a push was dropped or a stranger has traded: a stop that fired unheard closes what later fills
/// are believed to close, and no count can know of it before the audit.
pub(crate) fn worst_case(
    submit: &Submit,
    engine: &Engine,
    venue: &Venue,
    travelling: &BTreeSet<ClientOrderId>,
    amending: &BTreeMap<String, Decimal>,
    oracle: &Oracle,
) -> Result<(), Broken> {
    let name = submit.symbol.as_str();
    // An order on an index that the mode does not have is refused there.
    let mut rows = venue.positions_in(UID, name).into_iter();
    let index = submit.position_index.0;
    let Some(row) = rows.find(|row| row.position_idx.as_int() == index) else {
        return Err(("B14 the position's own index", format!("{submit:?}")));
    };
    if row.leverage != Decimal::from(LEVERAGE) {
        return Err(("E02 leverage as configured", format!("{name} has {}", row.leverage)));
    }
    let is_same_way = row.side.is_some_and(|side| side.as_str() == submit.side.as_str());
    let held = if is_same_way { row.size } else { -row.size };
    let open = venue.open_orders(UID, OrderFilter { symbol: Some(name), ..OrderFilter::default() });
    // What a later engine of this installation sent is not known before it shows itself.
    let is_ours = |row: &&OrderRow| {
        row.order_link_id.starts_with(install().as_str())
            && ClientOrderId::new(&row.order_link_id).is_ok_and(|id| oracle.order(&id).is_some())
    };
    let of_all = venue.open_orders(UID, OrderFilter::default());
    // What only reduces and cannot be found is not waited for, and not counted.
    let is_counted = |id: &ClientOrderId| {
        let only_reduces = oracle.order(id).is_some_and(|order| order.reduce_only);
        !only_reduces || engine.orders().exposure().order(*id).is_some()
    };
    let at_venue =
        of_all.iter().filter(is_ours).filter_map(|row| ClientOrderId::new(&row.order_link_id).ok());
    let count = at_venue.chain(travelling.iter().copied()).filter(is_counted).count();
    let most = usize::try_from(limits(false, MarginMode::Cross).max_open_orders).unwrap_or(usize::MAX);
    if count > most {
        return Err((
            "A19 order counts within limits",
            format!("{count} orders of ours, {most} are allowed"),
        ));
    }
    let resting: Decimal = open
        .iter()
        .filter(is_ours)
        .filter(|row| !row.reduce_only && row.side.as_str() == submit.side.as_str())
        .map(|row| {
            let asked = amending.get(&*row.order_link_id).copied().unwrap_or_default();
            row.leaves_qty.max(asked - row.cum_exec_qty)
        })
        .sum();
    let on_the_way: Decimal = travelling
        .iter()
        .filter_map(|id| oracle.order(id))
        .filter(|other| other.client_order_id != submit.client_order_id)
        .filter(|other| (other.symbol, other.side, other.reduce_only) == (submit.symbol, submit.side, false))
        .map(|other| other.qty.get())
        .sum();
    let qty = held + resting + on_the_way + submit.qty.get();
    let contract = engine.market().contract(submit.symbol);
    let Some(mark) = contract.and_then(|contract| contract.ticker().mark) else {
        return Err(("I11 stale data never trades", format!("{submit:?} without a mark")));
    };
    let limit = limits(false, MarginMode::Cross).max_position_notional.value * TOLERANCE;
    let value = qty * mark.get();
    if value > limit {
        let way = match submit.side {
            Side::Buy => "long",
            Side::Sell => "short",
        };
        let known = engine.orders().exposure().contract(submit.symbol, submit.position_index);
        let known = known.map(|contract| {
            let position = &contract.position;
            (position.side, position.qty, contract.buys.opening_qty(), contract.sells.opening_qty())
        });
        let detail = format!(
            "{name} could be {value} {way}: {held} held, {resting} resting, {on_the_way} under way, {} more; the \
             engine counts (side, held, buys, sells) {known:?}",
            submit.qty
        );
        return Err(("I8 worst case within limits", detail));
    }
    Ok(())
}
