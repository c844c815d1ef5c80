//! Queries of orders and executions. Source: Bybit V5, "Get Open & Closed Orders", "Get Order History",
//! "Get Trade History".
//!
//! Times and windows are market time. What the exchange forgets after a while (plain cancelled orders after a
//! day) is forgotten here only while market time keeps the pace of the clock: in an accelerated replay a day
//! passes in seconds, and no client could reconcile.

use serde::Serialize;
use serde_json::json;
use windvane_venue_core::{
    Category, ExecutionFilter, ExecutionType, OrderFilter, OrderKind, OrderReference, OrderRow, OrderStatus,
    PositionRow, StopOrderType, TransactionRow, Uid, Venue,
};

use super::account::Transaction;
use super::envelope::{Accepted, Answer, Refusal};
use super::execution::Execution;
use super::fields::Fields;
use super::narrow::Told;
use super::number::{Scales, levels};
use super::order::Order;
use super::page::{DAY_MS, WEEK_MS, empty_listing, listing, page, window};
use super::position::Position;
use super::request::category;
use super::wallet::Wallet;
use super::{Writer, to_value};

/// The index behind the lists, which may lag behind what has happened. By default it is always up to date.
pub trait Index {
    /// Whether it has what concerns an order with this client order id, empty where it has none, and happened at this market
    /// time in ms.
    fn has(&self, _order_link_id: &str, _at_ms: i64) -> bool {
        true
    }

    /// Whether it may show an order as it was before.
    fn lags(&self) -> bool {
        false
    }

    /// An order as it shows it.
    fn shown(&self, row: OrderRow) -> OrderRow {
        row
    }

    /// Whether `realtime` still knows what was closed at this market time, in ms.
    fn recalls(&self, _closed_ms: i64) -> bool {
        true
    }

    /// Whether what the exchange forgets after a while is forgotten.
    fn forgets(&self) -> bool {
        true
    }
}

/// What queries are answered from.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// What the rows are written from.
    pub writer: Writer<'a>,
    /// Market time in ms.
    pub now_ms: i64,
    /// Which of them are found.
    pub index: &'a dyn Index,
}

impl<'a> Reader<'a> {
    /// Answers a GET of an account: open and past orders, executions, positions, the wallet and its log; `None` for any other path.
    #[must_use]
    pub fn read(&self, uid: Uid, path: &str, query: &str) -> Option<Answer> {
        let fields = Fields::from_query(query);
        Some(match path {
            "/v5/order/realtime" => realtime(self, uid, &fields),
            "/v5/order/history" => order_history(self, uid, &fields),
            "/v5/execution/list" => executions(self, uid, &fields),
            "/v5/position/list" => positions(self, uid, &fields),
            "/v5/account/transaction-log" => transactions(self, uid, &fields),
            "/v5/account/wallet-balance" => wallet_balance(self, uid, &fields),
            "/v5/market/orderbook" => orderbook(self, &fields),
            _ => return None,
        })
    }

    /// Digits of an instrument's prices and quantities.
    ///
    /// # Errors
    /// 10001 for a symbol that is not listed.
    pub(crate) fn scales_of(&self, category: Category, symbol: &str) -> Result<Scales, Refusal> {
        self.writer.scales(category, symbol).ok_or_else(|| Refusal::parameter("symbol invalid"))
    }

    /// The orders of an account that the index shows as open, newest first.
    fn orders_open(&self, uid: Uid, filter: OrderFilter<'_>) -> Vec<OrderRow> {
        let mut rows = self.writer.core.open_orders(uid, filter);
        if self.index.lags() {
            rows.extend(self.writer.core.closed_orders(uid, filter));
            rows = rows.into_iter().map(|row| self.index.shown(row)).collect();
            rows.retain(|row| !row.order_status.is_closed());
            rows.sort_by_key(|row| std::cmp::Reverse(row.created_time_ms));
        }
        rows
    }

    /// The orders of an account that the index shows as closed, newest first.
    fn orders_closed(&self, uid: Uid, filter: OrderFilter<'a>) -> impl Iterator<Item = OrderRow> + 'a {
        let index = self.index;
        let rows = self.writer.core.closed_orders(uid, filter).map(|row| index.shown(row));
        rows.filter(|row| row.order_status.is_closed())
    }
}

/// Closed orders that `realtime` still knows.
const RECENTLY_CLOSED: usize = 500;

pub(crate) fn realtime(reader: &Reader<'_>, uid: Uid, fields: &Fields) -> Answer {
    let Some(category) = category(fields)? else {
        return Ok(empty_listing(fields));
    };
    if asks_for_oco(fields) {
        return Ok(empty_listing(fields));
    }
    let reference =
        OrderReference { order_id: fields.text("orderId"), order_link_id: fields.text("orderLinkId") };
    if reference != OrderReference::default() {
        let found = reader.writer.core.order(uid, &reference).filter(|row| row.category == category);
        let is_known = |row: &OrderRow| {
            !row.order_status.is_closed()
                || reader.index.recalls(row.updated_time_ms)
                    && reader.writer.core.is_lately_closed(uid, &row.order_id, RECENTLY_CLOSED)
        };
        let found = found.filter(is_known).map(|row| reader.index.shown(row));
        return orders(reader, (found.into_iter().collect(), Told::OpenOrders), fields);
    }
    let scope = ["symbol", "baseCoin", "settleCoin"];
    if category == Category::Linear && scope.iter().all(|name| fields.text(name).is_none()) {
        return Err(Refusal::parameter("symbol, settleCoin or baseCoin is required"));
    }
    let symbol = fields.text("symbol");
    let filter = OrderFilter {
        category: Some(category),
        symbol: symbol.as_deref(),
        kind: kind(fields)?,
        ..OrderFilter::default()
    };
    let rows = match fields.integer("openOnly")?.unwrap_or(0) {
        // Of all of the product group so many are kept, whatever is asked for.
        1 => reader
            .orders_closed(uid, OrderFilter { category: Some(category), ..OrderFilter::default() })
            .take(RECENTLY_CLOSED)
            .filter(|row| symbol.as_deref().is_none_or(|symbol| *row.symbol == *symbol))
            .filter(|row| filter.kind.is_none_or(|kind| kind == ended_as(row)))
            .filter(|row| reader.index.recalls(row.updated_time_ms))
            .collect(),
        _ => reader.orders_open(uid, filter),
    };
    orders(reader, (in_scope(reader, rows, fields), Told::OpenOrders), fields)
}

pub(crate) fn order_history(reader: &Reader<'_>, uid: u64, fields: &Fields) -> Answer {
    let Some(category) = category(fields)? else {
        return Ok(empty_listing(fields));
    };
    if asks_for_oco(fields) {
        return Ok(empty_listing(fields));
    }
    let (symbol, order_id, link_id) =
        (fields.text("symbol"), fields.text("orderId"), fields.text("orderLinkId"));
    // An id overrides the symbol and the coins.
    let named = order_id.is_some() || link_id.is_some();
    let filter = OrderFilter {
        category: Some(category),
        symbol: symbol.as_deref().filter(|_| !named),
        order_id: order_id.as_deref(),
        order_link_id: link_id.as_deref(),
        kind: kind(fields)?,
    };
    let now_ms = reader.now_ms;
    let (start, end) = window(fields, now_ms, WEEK_MS)?;
    let status = fields.text("orderStatus");
    let rows = reader
        .orders_closed(uid, filter)
        .filter(|row| named || (start..=end).contains(&row.created_time_ms))
        .filter(|row| status.as_deref().is_none_or(|status| row.order_status.as_str() == status))
        .filter(|row| !reader.index.forgets() || is_remembered(row, now_ms))
        .filter(|row| named || is_in_scope(reader.writer.core, (row.category, &row.symbol), fields))
        .collect();
    orders(reader, (rows, Told::PastOrders), fields)
}

/// Whether the exchange's history still has a closed order: without fills it is gone after a day.
fn is_remembered(row: &OrderRow, now_ms: i64) -> bool {
    let age_ms = now_ms - row.updated_time_ms;
    match row.order_status {
        OrderStatus::Cancelled | OrderStatus::Rejected | OrderStatus::Deactivated => {
            age_ms <= DAY_MS || !row.cum_exec_qty.is_zero()
        }
        OrderStatus::Filled
        | OrderStatus::PartiallyFilledCanceled
        | OrderStatus::New
        | OrderStatus::PartiallyFilled
        | OrderStatus::Untriggered
        | OrderStatus::Triggered => true,
    }
}

/// Changes of the balances, newest first. Source: Bybit V5, "Get Transaction Log".
pub(crate) fn transactions(reader: &Reader<'_>, uid: Uid, fields: &Fields) -> Answer {
    let (start, end) = window(fields, reader.now_ms, DAY_MS)?;
    let (kind, currency) = (fields.text("type"), fields.text("currency"));
    // No row here is of a subordinate kind: those are of loans and earnings.
    if fields.text("transSubType").is_some() {
        return Ok(Accepted::new(json!({"list": [], "nextPageCursor": ""})));
    }
    let (wanted, named) = (category(fields)?, fields.text("category").is_some());
    let core = reader.writer.core;
    let rows: Vec<_> = core
        .transactions(uid)
        .into_iter()
        .rev()
        .filter(|row| (start..=end).contains(&row.transaction_time_ms))
        .filter(|row| !named || row.category == wanted)
        .filter(|row| currency.as_deref().is_none_or(|currency| *row.currency == *currency))
        .filter(|row| kind.as_deref().is_none_or(|kind| row.kind.as_str() == kind))
        .filter(|row| {
            let of = row.category.map(|category| (category, &*row.symbol));
            fields.text("baseCoin").is_none() || of.is_some_and(|of| is_in_scope(core, of, fields))
        })
        .collect();
    let (rows, cursor) =
        page(rows, fields, (fields.limit(20, 50)?, reader.writer.doubts.last_cursor), |row| row.id.clone());
    let scales = |row: &TransactionRow| reader.writer.scales(row.category?, &row.symbol);
    let rows = rows.into_iter().map(|row| to_value(&Transaction::new(&row, scales(&row))));
    Ok(Accepted::new(json!({"list": rows.collect::<Vec<_>>(), "nextPageCursor": cursor})))
}

pub(crate) fn executions(reader: &Reader<'_>, uid: u64, fields: &Fields) -> Answer {
    let Some(category) = category(fields)? else {
        return Ok(empty_listing(fields));
    };
    let (symbol, order_id, link_id) =
        (fields.text("symbol"), fields.text("orderId"), fields.text("orderLinkId"));
    let named = order_id.is_some() || link_id.is_some();
    let (start, end) = window(fields, reader.now_ms, WEEK_MS)?;
    // An id overrides everything that would narrow the list.
    let filter = ExecutionFilter {
        category: Some(category),
        symbol: symbol.as_deref().filter(|_| !named),
        order_id: order_id.as_deref(),
        order_link_id: link_id.as_deref(),
        start_ms: (!named).then_some(start),
        end_ms: (!named).then_some(end),
    };
    let kind = match fields.text("execType").filter(|_| !named) {
        None => None,
        Some(text) => match ExecutionType::parse(&text) {
            Some(kind) => Some(kind),
            // A kind this venue never makes: nothing can match.
            None => return Ok(empty_listing(fields)),
        },
    };
    let rows: Vec<_> = reader
        .writer
        .core
        .executions(uid, filter)
        .into_iter()
        .filter(|row| {
            named
                || (kind.is_none_or(|kind| row.exec_type == kind)
                    && is_in_scope(reader.writer.core, (row.category, &row.symbol), fields))
        })
        .filter(|row| reader.index.has(&row.order_link_id, row.exec_time_ms))
        .collect();
    let (rows, cursor) =
        page(rows, fields, (fields.limit(50, 100)?, reader.writer.doubts.last_cursor), |row| {
            row.exec_id.clone()
        });
    let rows = rows
        .iter()
        .map(|row| Ok(Execution::new(row, reader.scales_of(row.category, &row.symbol)?, Told::List)))
        .collect::<Result<Vec<_>, Refusal>>()?;
    Ok(listing(fields, &rows, &cursor))
}

fn orders(reader: &Reader<'_>, (mut rows, told): (Vec<OrderRow>, Told), fields: &Fields) -> Answer {
    rows.retain(|row| reader.index.has(&row.order_link_id, row.created_time_ms));
    let (rows, cursor) =
        page(rows, fields, (fields.limit(20, 50)?, reader.writer.doubts.last_cursor), |row| {
            row.order_id.to_string()
        });
    let rows = rows
        .iter()
        .map(|row| Ok(Order::new(row, reader.scales_of(row.category, &row.symbol)?, told)))
        .collect::<Result<Vec<_>, Refusal>>()?;
    Ok(listing(fields, &rows, &cursor))
}

fn in_scope(reader: &Reader<'_>, rows: Vec<OrderRow>, fields: &Fields) -> Vec<OrderRow> {
    rows.into_iter()
        .filter(|row| is_in_scope(reader.writer.core, (row.category, &row.symbol), fields))
        .collect()
}

/// Whether a symbol is settled in, and based on, the coins asked for.
pub(crate) fn is_in_scope(core: &Venue, (category, symbol): (Category, &str), fields: &Fields) -> bool {
    let mut instruments = core.instruments();
    let instrument = instruments.find(|i| i.category == category && *i.symbol == *symbol);
    let settle_fits = fields
        .text("settleCoin")
        .is_none_or(|coin| instrument.is_some_and(|i| i.settle_coin() == Some(&coin)));
    let base_fits =
        fields.text("baseCoin").is_none_or(|coin| instrument.is_some_and(|i| i.base_coin == coin));
    settle_fits && base_fits
}

/// Whether only orders are asked for that nobody can place by API, there as here. Source: Bybit help centre,
/// "One-Cancels-the-Other (OCO) Orders".
fn asks_for_oco(fields: &Fields) -> bool {
    fields.text("orderFilter").as_deref() == Some("OcoOrder")
}

/// What a closed order is listed as.
fn ended_as(row: &OrderRow) -> OrderKind {
    match row.stop_order_type {
        None => OrderKind::Order,
        Some(StopOrderType::TpslOrder) => OrderKind::TpslOrder,
        Some(StopOrderType::BidirectionalTpslOrder) => OrderKind::BidirectionalTpslOrder,
        Some(
            StopOrderType::TakeProfit
            | StopOrderType::StopLoss
            | StopOrderType::TrailingStop
            | StopOrderType::PartialTakeProfit
            | StopOrderType::PartialStopLoss
            | StopOrderType::Stop,
        ) => OrderKind::StopOrder,
    }
}

fn kind(fields: &Fields) -> Result<Option<OrderKind>, Refusal> {
    match fields.text("orderFilter").as_deref() {
        None => Ok(None),
        Some("tpslOrder") if category(fields)? != Some(Category::Spot) => Ok(Some(OrderKind::StopOrder)),
        Some(text) => {
            OrderKind::parse(text).map(Some).ok_or_else(|| Refusal::parameter("orderFilter is invalid"))
        }
    }
}

/// With a symbol its rows even when flat (in hedge mode two), with a settle coin the open positions only.
pub(crate) fn positions(reader: &Reader<'_>, uid: Uid, fields: &Fields) -> Answer {
    let Some(category) = category(fields)?.filter(|category| *category != Category::Spot) else {
        return Ok(empty_listing(fields));
    };
    let rows: Vec<PositionRow> = match (fields.text("symbol"), fields.text("settleCoin")) {
        (Some(symbol), _) => {
            reader.scales_of(category, &symbol)?;
            reader.writer.core.positions_in(uid, &symbol)
        }
        (None, None) if category == Category::Linear => {
            return Err(Refusal::parameter("symbol or settleCoin is required"));
        }
        (None, _) => {
            let open = reader.writer.core.positions(uid).into_iter().filter(|row| row.category == category);
            open.filter(|row| is_in_scope(reader.writer.core, (category, &row.symbol), fields)).collect()
        }
    };
    let (rows, cursor) =
        page(rows, fields, (fields.limit(20, 200)?, reader.writer.doubts.last_cursor), |row| {
            format!("{},{}", row.symbol, row.position_idx.as_int())
        });
    let rows = rows
        .iter()
        .map(|row| position(reader, uid, (row, Told::List)))
        .collect::<Result<Vec<_>, Refusal>>()?;
    Ok(listing(fields, &rows, &cursor))
}

/// A position in the words of a reply.
///
/// # Errors
/// 10001 for a symbol that is not listed.
pub(crate) fn position<'r>(
    reader: &Reader<'_>,
    uid: Uid,
    (row, told): (&'r PositionRow, Told),
) -> Result<Position<'r>, Refusal> {
    reader.writer.position(uid, row, told).ok_or_else(|| Refusal::parameter("symbol invalid"))
}

pub(crate) fn wallet_balance(reader: &Reader<'_>, uid: Uid, fields: &Fields) -> Answer {
    if fields.required("accountType")? != "UNIFIED" {
        return Err(Refusal::parameter("accountType only support UNIFIED"));
    }
    #[derive(Serialize)]
    struct Accounts<'a> {
        list: [Wallet<'a>; 1],
    }
    let mut row = reader.writer.core.wallet(uid).ok_or_else(no_account)?;
    if let Some(asked) = fields.text("coin") {
        row.coins.retain(|coin| asked.split(',').any(|asked| *asked == *coin.coin));
    }
    Ok(Accepted::written(&Accounts { list: [Wallet::new(&row)] }))
}

/// There is no such account.
pub(crate) fn no_account() -> Refusal {
    Refusal::new(10003, "no such account")
}

/// The book of an instrument.
pub(crate) fn orderbook(reader: &Reader<'_>, fields: &Fields) -> Answer {
    let invalid = || Refusal::parameter("symbol invalid");
    let symbol = fields.required("symbol")?;
    let category = category(fields)?.ok_or_else(invalid)?;
    let scales = reader.scales_of(category, &symbol)?;
    let depth = fields.limit(if category == Category::Spot { 1 } else { 25 }, 1_000)?;
    let book = reader.writer.core.book(category, &symbol, depth).ok_or_else(invalid)?;
    Ok(Accepted::new(json!({
        "s": symbol,
        "b": levels(&book.bids, scales),
        "a": levels(&book.asks, scales),
        "ts": reader.now_ms,
        "u": book.update_id,
        "seq": book.seq,
        "cts": book.time_ms,
    })))
}
