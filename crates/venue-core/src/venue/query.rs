//! The venue's truth, read only.

use rust_decimal::Decimal;

use super::{RequestCounts, Venue};
use crate::account::Account;
use crate::api::{
    BookSnapshot, ClosedPnlRow, ExecutionRow, Fees, Instrument, OrderKind, OrderReference, OrderRow,
    OrderStatus, PositionRow, Side, TickerRow, TransactionRow, Uid, WalletRow,
};
use crate::order::OrderKey;
use crate::units::decimal;

/// Which orders a listing means; an absent field does not restrict.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderFilter<'a> {
    /// Instrument.
    pub symbol: Option<&'a str>,
    /// The venue's id.
    pub order_id: Option<&'a str>,
    /// The client's id.
    pub order_link_id: Option<&'a str>,
    /// On the book, or waiting for a trigger (for a closed order: whether it ever was conditional).
    pub kind: Option<OrderKind>,
}

/// Which executions a listing means; an absent field does not restrict.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExecutionFilter<'a> {
    /// Instrument.
    pub symbol: Option<&'a str>,
    /// Order.
    pub order_id: Option<&'a str>,
    /// The client's id of the order.
    pub order_link_id: Option<&'a str>,
    /// Not before this market ms.
    pub start_ms: Option<i64>,
    /// Not after this market ms.
    pub end_ms: Option<i64>,
}

impl ExecutionFilter<'_> {
    fn admits(&self, row: &ExecutionRow) -> bool {
        self.symbol.is_none_or(|symbol| &*row.symbol == symbol)
            && self.order_id.is_none_or(|id| &*row.order_id == id)
            && self.order_link_id.is_none_or(|id| &*row.order_link_id == id)
            && self.start_ms.is_none_or(|start| row.exec_time_ms >= start)
            && self.end_ms.is_none_or(|end| row.exec_time_ms <= end)
    }
}

impl Venue {
    /// The instruments, as they were set up.
    #[must_use]
    pub fn instruments(&self) -> impl ExactSizeIterator<Item = &Instrument> {
        self.markets.iter().map(|market| &market.spec)
    }

    /// The accounts in rising order.
    #[must_use]
    pub fn uids(&self) -> Vec<Uid> {
        self.account_slots.keys().copied().collect()
    }

    fn account(&self, uid: Uid) -> Option<&Account> {
        self.account_slots.get(&uid).map(|slot| &self.accounts[*slot])
    }

    /// Fee rates of an account.
    #[must_use]
    pub fn fees(&self, uid: Uid) -> Option<Fees> {
        Some(self.account(uid)?.fees)
    }

    /// Open orders, newest first.
    #[must_use]
    pub fn open_orders(&self, uid: Uid, filter: OrderFilter<'_>) -> Vec<OrderRow> {
        let Some(account) = self.account(uid) else { return Vec::new() };
        let mut open: Vec<OrderKey> =
            account.resting.iter().chain(&account.waiting).flatten().copied().collect();
        open.sort_unstable();
        self.order_rows(open.into_iter().rev(), filter)
    }

    /// Closed orders, latest closed first; the whole history (the server applies the exchange's reach of time and count).
    #[must_use]
    pub fn closed_orders(&self, uid: Uid, filter: OrderFilter<'_>) -> Vec<OrderRow> {
        let Some(account) = self.account(uid) else { return Vec::new() };
        self.order_rows(account.closed.iter().rev().copied(), filter)
    }

    fn order_rows(&self, keys: impl Iterator<Item = OrderKey>, filter: OrderFilter<'_>) -> Vec<OrderRow> {
        keys.filter(|key| self.admits(filter, *key)).map(|key| self.order_row(key)).collect()
    }

    fn order_row(&self, key: OrderKey) -> OrderRow {
        let order = &self.orders[key];
        order.row(self.markets[order.market].symbol())
    }

    fn admits(&self, filter: OrderFilter<'_>, key: OrderKey) -> bool {
        let order = &self.orders[key];
        let is_stop = match order.status {
            OrderStatus::Untriggered => true,
            OrderStatus::New | OrderStatus::PartiallyFilled | OrderStatus::Triggered => false,
            OrderStatus::Filled
            | OrderStatus::Cancelled
            | OrderStatus::Rejected
            | OrderStatus::Deactivated => order.stop_order_type.is_some(),
        };
        filter.symbol.is_none_or(|symbol| &**self.markets[order.market].symbol() == symbol)
            && filter.order_id.is_none_or(|id| &*order.id == id)
            && filter.order_link_id.is_none_or(|id| &*order.link_id == id)
            && filter.kind.is_none_or(|kind| (kind == OrderKind::StopOrder) == is_stop)
    }

    /// An order by either id, open or closed.
    #[must_use]
    pub fn order(&self, uid: Uid, reference: &OrderReference) -> Option<OrderRow> {
        let key =
            self.account(uid)?.find(reference.order_id.as_deref(), reference.order_link_id.as_deref())?;
        Some(self.order_row(key))
    }

    /// Fills and funding, newest first.
    #[must_use]
    pub fn executions(&self, uid: Uid, filter: ExecutionFilter<'_>) -> Vec<ExecutionRow> {
        let Some(account) = self.account(uid) else { return Vec::new() };
        account.executions.iter().rev().filter(|row| filter.admits(row)).cloned().collect()
    }

    /// Position of an account in a symbol, flat or not; `None` when either is unknown.
    #[must_use]
    pub fn position(&self, uid: Uid, symbol: &str) -> Option<PositionRow> {
        let market = *self.market_slots.get(symbol)?;
        Some(self.account(uid)?.position_row(market, &self.markets, &self.orders))
    }

    /// Positions with a size, in the order of the instruments.
    #[must_use]
    pub fn positions(&self, uid: Uid) -> Vec<PositionRow> {
        let Some(account) = self.account(uid) else { return Vec::new() };
        let open = (0..self.markets.len()).filter(|market| account.positions[*market].size != 0);
        open.map(|market| account.position_row(market, &self.markets, &self.orders)).collect()
    }

    /// The wallet of an account.
    #[must_use]
    pub fn wallet(&self, uid: Uid) -> Option<WalletRow> {
        let account = self.account(uid)?;
        Some(account.wallet_row(&account.margin(&self.markets, &self.orders)))
    }

    /// Changes of the wallet balance, oldest first.
    #[must_use]
    pub fn transactions(&self, uid: Uid) -> &[TransactionRow] {
        self.account(uid).map_or(&[], |account| &account.transactions)
    }

    /// Closed profit and loss by closing order, oldest first.
    #[must_use]
    pub fn closed_pnl(&self, uid: Uid) -> &[ClosedPnlRow] {
        self.account(uid).map_or(&[], |account| &account.closed_pnl)
    }

    /// Leverage of an account in a symbol.
    #[must_use]
    pub fn leverage(&self, uid: Uid, symbol: &str) -> Option<Decimal> {
        let market = *self.market_slots.get(symbol)?;
        Some(self.account(uid)?.positions[market].leverage)
    }

    /// The public book, at most `depth` levels a side.
    #[must_use]
    pub fn book(&self, symbol: &str, depth: usize) -> Option<BookSnapshot> {
        let market = &self.markets[*self.market_slots.get(symbol)?];
        Some(BookSnapshot {
            symbol: market.symbol().clone(),
            bids: market.book.levels(Side::Buy).take(depth).collect(),
            asks: market.book.levels(Side::Sell).take(depth).collect(),
            update_id: market.update_id,
            seq: market.book_seq,
            time_ms: market.book_time_ms,
        })
    }

    /// Public prices.
    #[must_use]
    pub fn ticker(&self, symbol: &str) -> Option<TickerRow> {
        Some(self.ticker_row(*self.market_slots.get(symbol)?))
    }

    /// Highest buy and lowest sell price at present; `None` while there is no mark price.
    #[must_use]
    pub fn price_limits(&self, symbol: &str) -> Option<(Decimal, Decimal)> {
        let bounds = self.markets[*self.market_slots.get(symbol)?].price_bounds()?;
        Some((decimal(bounds.highest_buy), decimal(bounds.lowest_sell)))
    }

    /// Accepted and refused requests since the start.
    #[must_use]
    pub fn request_counts(&self) -> &RequestCounts {
        &self.counts
    }
}
