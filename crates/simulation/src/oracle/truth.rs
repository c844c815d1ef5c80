//! At the end, and at every kill: both truths, and both ways to the same books.

use crate::listing::{UID, install};
use crate::world::Broken;
use rust_decimal::Decimal;
use std::collections::BTreeSet;
use windvane_engine::Engine;
use windvane_model::{ClientOrderId, Millis, Money, WallTime};
use windvane_order_management::{FillRow, OrderRow, Orders, Position, PositionRow, Trade, Truth, WalletRow};
use windvane_venue_core::{self as venue, ExecutionFilter, OrderFilter, OrderType, Venue};

/// Whether the books have a beginning: only then is the wallet computed.
pub(crate) fn has_begun(orders: &Orders) -> bool {
    orders.wallet().coins().any(|coin| orders.wallet().computed(coin).is_some())
}

/// Decimal places at which sums of shares are compared.
const SHARED_DIGITS: u32 = 18;

/// How long the proof of absence takes at most: window, late index and two rounds.
const PROOF_MS: Millis = 60_000;

/// How long a report is on its way at most, once faults have ceased.
const REPORT_MS: Millis = 1_000;

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

/// What happened to a story beyond which not everything can be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unknowable {
    /// When the books began, market time in milliseconds: what was before is only known as what was found.
    pub(crate) begun_at_ms: i64,
    /// Messages were dropped. The venue's stops have no id of ours to be asked for by, so that the last message of
    /// one may be lost for good.
    pub(crate) dropped_pushes: bool,
    /// Lines of the record were lost, or a later engine has traded. An order whose lines they were, or that was the other
    /// engine's, and that ended without a fill, has left no trace.
    pub(crate) lost_record: bool,
}

/// Orders, fills, positions and wallet are the same on both sides, to the last digit.
pub(crate) fn same_truth(
    engine: &Engine,
    venue: &Venue,
    unknowable: Unknowable,
    now: WallTime,
) -> Result<(), Broken> {
    let orders = engine.orders();
    // A bot that finds nobody to sell to goes on trying to the end.
    let is_under_way = |name: &str| {
        let ours = ClientOrderId::new(name).ok().and_then(|id| orders.order(&id));
        ours.is_some_and(|ours| {
            ours.state().is_open() && now.millis_since(ours.submitted().wall) <= REPORT_MS
        })
    };
    one_order_each(venue)?;
    let theirs = truth_of(venue, &Beginning::of(orders, unknowable.begun_at_ms));
    let mut differences = orders.truth().differences(&theirs);
    differences.retain(|difference| match (difference.kind, difference.field) {
        ("order", "row") => {
            let ours = ClientOrderId::new(&difference.name).ok().and_then(|id| orders.order(&id));
            let is_being_proven = ours.is_some_and(|order| !order.state().is_confirmed());
            let is_open = || {
                let mut open = venue.open_orders(UID, OrderFilter::default()).into_iter();
                open.any(|row| *row.order_link_id == *difference.name)
            };
            !(is_being_proven || unknowable.lost_record && ours.is_none() && !is_open())
        }
        ("order", "status") if is_under_way(&difference.name) => false,
        ("order", "status" | "price" | "quantity") if unknowable.dropped_pushes => {
            ClientOrderId::new(&difference.name).is_ok_and(|id| orders.order(&id).is_some())
        }
        _ => true,
    });
    if differences.is_empty() {
        return Ok(());
    }
    let shown: Vec<String> = differences.iter().take(4).map(ToString::to_string).collect();
    Err(("I4 I5 both sides agree", format!("{} differences: {}", differences.len(), shown.join("; "))))
}

/// I1: no two orders at the venue bear one id of ours.
fn one_order_each(venue: &Venue) -> Result<(), Broken> {
    let rows = venue.open_orders(UID, OrderFilter::default()).into_iter();
    let mut seen = BTreeSet::new();
    for row in rows.chain(venue.closed_orders(UID, OrderFilter::default())) {
        if row.order_link_id.starts_with(install().as_str()) && !seen.insert(row.order_link_id.to_string()) {
            return Err(("I1 one intent, one order", format!("{} is there twice", row.order_link_id)));
        }
    }
    Ok(())
}

/// What the trades of every position sum to is what the venue's transaction log says of it, and where it is flat,
/// what its closed-pnl rows say.
///
/// Asked only where the books saw all of it, in an order that is known.
pub(crate) fn same_trades(engine: &Engine, venue: &Venue, unknowable: Unknowable) -> Result<(), Broken> {
    let is_before = |row: &venue::TransactionRow| row.transaction_time_ms <= unknowable.begun_at_ms;
    if unknowable.dropped_pushes || venue.transactions(UID).iter().any(is_before) {
        return Ok(());
    }
    let positions: Vec<&Position> = engine.orders().positions().collect();
    for of_contract in positions.chunk_by(|one, next| one.key().0 == next.key().0) {
        // The venue's rows do not say which side of a hedged contract they are of.
        let trades: Vec<Trade> = of_contract.iter().flat_map(|position| position.trades()).collect();
        let name = of_contract[0].key().0;
        let name = name.as_str();
        let of =
            |trades: &[Trade], figure: fn(&Trade) -> Money| trades.iter().map(figure).sum::<Money>().get();
        let log = venue.transactions(UID).into_iter().filter(|row| &*row.symbol == name);
        let mut pairs = vec![("transactions", of(&trades, Trade::net_pnl), log.map(|row| row.change).sum())];
        if of_contract.iter().all(|position| position.holding().side().is_none()) {
            let rows = venue.closed_pnl(UID).into_iter().filter(|row| &*row.symbol == name);
            let theirs: Decimal = rows.map(|row| row.closed_pnl).sum();
            // A closing order's share of the opening fees may have no last digit, and the venue rounds it at its 28th.
            let ours = of(&trades, Trade::closed_pnl).round_dp(SHARED_DIGITS);
            pairs.push(("closed pnl", ours, theirs.round_dp(SHARED_DIGITS)));
        }
        for (what, ours, theirs) in pairs {
            if ours != theirs {
                return Err((
                    "trades sum to the venue's",
                    format!("{name} {what}: {ours} here, {theirs} there"),
                ));
            }
        }
    }
    Ok(())
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

/// Which executions are from before the books began and are not in them.
struct Beginning {
    at_ms: i64,
    /// Executions that the books know.
    known: BTreeSet<String>,
    /// Those of them that the positions are made of.
    booked: BTreeSet<String>,
}

impl Beginning {
    fn of(orders: &Orders, at_ms: i64) -> Self {
        let booked = orders.positions().flat_map(Position::executions);
        Self {
            at_ms,
            known: orders.fills().map(|(execution, _)| execution.execution_id.to_string()).collect(),
            booked: booked.map(|(execution, _)| execution.execution_id.to_string()).collect(),
        }
    }

    fn is_before(&self, row: &venue::ExecutionRow, books: &BTreeSet<String>) -> bool {
        row.exec_time_ms <= self.at_ms && !books.contains(&row.exec_id)
    }
}

/// Whether an execution moved this position. In hedge mode what closes nothing opens the side that it has.
fn moved(execution: &venue::ExecutionRow, position: &venue::PositionRow) -> bool {
    let opens = execution.closed_size.is_zero();
    let is_of_side = match position.position_idx {
        venue::PositionIdx::OneWay => true,
        venue::PositionIdx::Long => (execution.side == venue::Side::Buy) == opens,
        venue::PositionIdx::Short => (execution.side == venue::Side::Sell) == opens,
    };
    execution.symbol == position.symbol && is_of_side
}

fn truth_of(venue: &Venue, beginning: &Beginning) -> Truth {
    let executions = venue.executions(UID, ExecutionFilter::default());
    let realised_before = |position: &venue::PositionRow| -> Decimal {
        let of_it = executions.iter().filter(|row| moved(row, position));
        let before = of_it.filter(|row| beginning.is_before(row, &beginning.booked));
        before.map(|row| row.exec_pnl - row.exec_fee).sum()
    };
    let rows = venue.open_orders(UID, OrderFilter::default()).into_iter();
    let rows = rows.chain(venue.closed_orders(UID, OrderFilter::default()));
    let mut truth = Truth {
        orders: rows.filter_map(|row| order(&row)).collect(),
        fills: executions
            .iter()
            .filter(|row| !beginning.is_before(row, &beginning.known))
            .map(fill)
            .collect(),
        positions: venue
            .instruments()
            .flat_map(|instrument| venue.positions_in(UID, &instrument.symbol))
            .map(|row| position(&row, realised_before(&row)))
            .collect(),
        wallet: venue
            .wallet(UID)
            .into_iter()
            .flat_map(|row| row.coins)
            .map(|row| {
                let balance = row.wallet_balance - given(venue, &row.coin, beginning.at_ms);
                WalletRow { coin: row.coin.to_string(), balance }
            })
            .collect(),
    };
    truth.sort();
    truth
}

/// What came into the account since the books began, and no trade explains: the venue's fund may pay back what liquidation
/// left below zero. Our books have it as an adjustment, beside what they vouch for.
fn given(venue: &Venue, coin: &str, since_ms: i64) -> Decimal {
    let rows = venue.transactions(UID).into_iter();
    let gifts = rows.filter(|row| row.category.is_none() && row.transaction_time_ms > since_ms);
    gifts.filter(|row| *row.currency == *coin).map(|row| row.change).sum()
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

fn position(row: &venue::PositionRow, realised_before: Decimal) -> PositionRow {
    let is_short = row.side == Some(venue::Side::Sell);
    PositionRow {
        symbol: row.symbol.to_string(),
        index: row.position_idx.as_int(),
        size: if is_short { -row.size } else { row.size },
        average_price: if row.side.is_some() { row.avg_price } else { Decimal::ZERO },
        realised_pnl: row.cum_realised_pnl - realised_before,
    }
}
