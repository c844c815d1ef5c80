//! At the end, and at every kill: both truths, and both ways to the same books.

use crate::listing::{UID, install};
use crate::world::Broken;
use rust_decimal::Decimal;
use windvane_engine::Engine;
use windvane_model::{ClientOrderId, Millis, WallTime};
use windvane_order_management::{FillRow, OrderRow, Orders, PositionRow, Truth, WalletRow};
use windvane_venue_core::{self as venue, ExecutionFilter, OrderFilter, OrderType, Venue};

/// How long the proof of absence takes at most: window, late index and two rounds.
const PROOF_MS: Millis = 60_000;

/// Nothing about the account is open any more.
pub(crate) fn settled(engine: &Engine, now: WallTime) -> Result<(), Broken> {
    let orders = engine.orders();
    let name = "I5 convergence";
    for order in orders.live_orders() {
        let is_quiet = order.state().is_confirmed()
            && order.state().is_open()
            && !order.is_amend_pending()
            && !order.is_cancel_pending();
        // An exit that was sent at the end has still to be proven absent.
        let is_old = now.millis_since(order.submitted().wall) > PROOF_MS;
        if !is_quiet && is_old {
            let (id, state) = (order.id(), order.state());
            let pending = (order.is_amend_pending(), order.is_cancel_pending());
            return Err((name, format!("{id} is still {state:?}, amend and cancel pending {pending:?}")));
        }
    }
    if !orders.is_reconciled() {
        return Err((name, "the account is not reconciled".to_owned()));
    }
    if let Some(position) = orders.positions().find(|position| position.is_in_doubt()) {
        return Err((name, format!("{} is in doubt", position.key().0)));
    }
    Ok(())
}

/// How closely the two truths are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rigour {
    /// To the last digit.
    LastDigit,
    /// Orders, fills and sizes only. When a message was dropped, the fills of one match come by different ways,
    /// their order is not known, and averages are rounded in another order.
    Quantities,
}

/// Orders, fills, positions and wallet are the same on both sides.
pub(crate) fn same_truth(
    engine: &Engine,
    venue: &Venue,
    rigour: Rigour,
    has_lost_record: bool,
) -> Result<(), Broken> {
    let orders = engine.orders();
    let mut differences = orders.truth().differences(&truth_of(venue));
    differences.retain(|difference| match (difference.kind, difference.field) {
        ("order", "row") => {
            let ours = ClientOrderId::new(&difference.name).ok().and_then(|id| orders.order(&id));
            let is_being_proven = ours.is_some_and(|order| !order.state().is_confirmed());
            // An order that the record lost and that ended without a fill has left no trace to find it by.
            !(is_being_proven || has_lost_record && ours.is_none())
        }
        // The venue's stops have no id of ours to be asked for by: their last message may be lost for good.
        ("order", "status" | "price" | "quantity") if rigour == Rigour::Quantities => {
            ClientOrderId::new(&difference.name).is_ok_and(|id| orders.order(&id).is_some())
        }
        ("position", "average price" | "realised profit") | ("wallet", _) => rigour == Rigour::LastDigit,
        _ => true,
    });
    if differences.is_empty() {
        return Ok(());
    }
    let shown: Vec<String> = differences.iter().take(4).map(ToString::to_string).collect();
    Err(("I4 I5 both sides agree", format!("{} differences: {}", differences.len(), shown.join("; "))))
}

/// Books rebuilt from the record are those of the engine that wrote it.
pub(crate) fn same_books(live: &Orders, rebuilt: &Orders) -> Result<(), Broken> {
    let name = "B09 the record rebuilds the books";
    let differences = live.truth().differences(&rebuilt.truth());
    if let Some(difference) = differences.first() {
        return Err((name, difference.to_string()));
    }
    let states = |orders: &Orders| -> Vec<_> {
        let row = |order: &windvane_order_management::Order| {
            (order.id(), order.state(), order.is_amend_pending(), order.is_cancel_pending(), order.bot())
        };
        orders.orders().map(row).collect()
    };
    for (mine, theirs) in states(live).into_iter().zip(states(rebuilt)) {
        if mine != theirs {
            return Err((name, format!("{mine:?} live, {theirs:?} rebuilt")));
        }
    }
    let figures = |orders: &Orders| (orders.is_reconciled(), orders.next_deadline(), orders.fill_count());
    if figures(live) != figures(rebuilt) {
        return Err((name, format!("{:?} live, {:?} rebuilt", figures(live), figures(rebuilt))));
    }
    Ok(())
}

fn truth_of(venue: &Venue) -> Truth {
    let rows = venue.open_orders(UID, OrderFilter::default()).into_iter();
    let rows = rows.chain(venue.closed_orders(UID, OrderFilter::default()));
    let mut truth = Truth {
        orders: rows.filter_map(|row| order(&row)).collect(),
        fills: venue.executions(UID, ExecutionFilter::default()).iter().map(fill).collect(),
        positions: venue
            .instruments()
            .filter_map(|instrument| venue.position(UID, &instrument.symbol))
            .map(|row| position(&row))
            .collect(),
        wallet: venue
            .wallet(UID)
            .map(|row| WalletRow { coin: row.coin.to_owned(), balance: row.total_wallet_balance })
            .into_iter()
            .collect(),
    };
    truth.sort();
    truth
}

/// Orders of ours, and stops that the venue made and that had fills.
fn order(row: &venue::OrderRow) -> Option<OrderRow> {
    let is_ours = row.order_link_id.starts_with(install().as_str());
    let is_stop = row.order_link_id.is_empty() && row.create_type != venue::CreateType::ByUser;
    if !(is_ours || is_stop && !row.cum_exec_qty.is_zero()) {
        return None;
    }
    Some(OrderRow {
        name: if is_ours { row.order_link_id.to_string() } else { row.order_id.to_string() },
        symbol: row.symbol.to_string(),
        side: row.side.as_str().to_owned(),
        price: (row.order_type != OrderType::Market).then_some(row.price),
        qty: row.qty,
        filled_qty: row.cum_exec_qty,
        filled_value: row.cum_exec_value,
        status: row.order_status.as_str().to_owned(),
    })
}

fn fill(row: &venue::ExecutionRow) -> FillRow {
    FillRow {
        symbol: row.symbol.to_string(),
        execution_id: row.exec_id.clone(),
        order_id: row.order_id.to_string(),
        side: row.side.as_str().to_owned(),
        price: row.exec_price,
        qty: row.exec_qty,
        fee: row.exec_fee,
        is_maker: row.is_maker,
        at_ms: row.exec_time_ms,
    }
}

fn position(row: &venue::PositionRow) -> PositionRow {
    let is_short = row.side == Some(venue::Side::Sell);
    PositionRow {
        symbol: row.symbol.to_string(),
        index: 0,
        size: if is_short { -row.size } else { row.size },
        average_price: if row.side.is_some() { row.avg_price } else { Decimal::ZERO },
        realised_pnl: row.cum_realised_pnl,
    }
}
