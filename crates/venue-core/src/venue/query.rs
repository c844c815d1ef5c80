//! The venue's truth, read only.

use rust_decimal::Decimal;

use super::{RequestCounts, Venue};
use crate::account::Account;
use crate::api::{
    BookSnapshot, Category, ClosedPnlRow, ExecutionRow, Fees, Instrument, Listing, MarginMode, OrderKind,
    OrderReference, OrderRow, PositionIdx, PositionMode, PositionRow, SessionClosedPnl, SessionRow, Side,
    StopOrderType, TickerRow, TransactionRow, Uid, WalletRow,
};
use crate::ids::IdKind;
use crate::order::{OrderKey, Place};
use crate::record::Execution;
use crate::units::decimal;

/// Which orders a listing means; an absent field does not restrict.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderFilter<'a> {
    /// Product group.
    pub category: Option<Category>,
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
    /// Product group.
    pub category: Option<Category>,
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

impl Venue {
    /// The instruments, as they were set up.
    #[must_use]
    pub fn instruments(&self) -> impl ExactSizeIterator<Item = &Instrument> {
        self.markets.iter().map(|market| &market.spec)
    }

    /// Whether an instrument trades, and until when.
    #[must_use]
    pub fn listing(&self, category: Category, symbol: &str) -> Option<Listing> {
        Some(self.markets[self.slot_of(category, symbol)?].listing)
    }

    /// The accounts in rising order.
    #[must_use]
    pub fn uids(&self) -> Vec<Uid> {
        self.account_slots.keys().copied().collect()
    }

    fn account(&self, uid: Uid) -> Option<&Account> {
        self.account_slots.get(&uid).map(|slot| &self.accounts[*slot])
    }

    /// Fee rates of an account in a product group.
    #[must_use]
    pub fn fees(&self, uid: Uid, category: Category) -> Option<Fees> {
        let account = self.account(uid)?;
        Some(match category {
            Category::Linear | Category::Inverse => account.fees,
            Category::Spot => account.spot_fees,
        })
    }

    /// How positions of an account are margined.
    #[must_use]
    pub fn margin_mode(&self, uid: Uid) -> Option<MarginMode> {
        Some(self.account(uid)?.margin_mode)
    }

    /// Self-match group of an account, zero for none.
    #[must_use]
    pub fn smp_group(&self, uid: Uid) -> Option<u32> {
        Some(self.account(uid)?.smp_group)
    }

    /// Open orders, newest first.
    #[must_use]
    pub fn open_orders(&self, uid: Uid, filter: OrderFilter<'_>) -> Vec<OrderRow> {
        let Some(account) = self.account(uid) else { return Vec::new() };
        let mut open: Vec<OrderKey> = account
            .desks
            .iter()
            .flat_map(|(_, desk)| desk.resting().iter().chain(desk.waiting.iter()))
            .collect();
        open.sort_unstable();
        self.order_rows(open.into_iter().rev(), filter).collect()
    }

    /// Closed orders, latest closed first; the whole history (the server applies the exchange's reach of time and count). A
    /// row is made when it is taken.
    pub fn closed_orders<'a>(
        &'a self,
        uid: Uid,
        filter: OrderFilter<'a>,
    ) -> impl Iterator<Item = OrderRow> + 'a {
        let closed = self.account(uid).into_iter().flat_map(|account| account.closed.iter().rev().copied());
        self.order_rows(closed, filter)
    }

    fn order_rows<'a>(
        &'a self,
        keys: impl Iterator<Item = OrderKey> + 'a,
        filter: OrderFilter<'a>,
    ) -> impl Iterator<Item = OrderRow> + 'a {
        let named = filter.order_id.map(|id| self.order_with_id(id));
        let wanted = keys.filter(move |key| named.is_none_or(|named| named == Some(*key)));
        wanted.filter(move |key| self.admits(filter, *key)).map(|key| self.order_row(key))
    }

    fn admits(&self, filter: OrderFilter<'_>, key: OrderKey) -> bool {
        let order = &self.orders[key];
        let kind = || match order.stop_order_type {
            Some(StopOrderType::TpslOrder) if order.status.is_closed() => OrderKind::TpslOrder,
            Some(StopOrderType::BidirectionalTpslOrder) if order.status.is_closed() => {
                OrderKind::BidirectionalTpslOrder
            }
            Some(_) if order.status.is_closed() => OrderKind::StopOrder,
            _ => self.kind_of(key),
        };
        let market = &self.markets[order.market];
        filter.category.is_none_or(|category| market.spec.category == category)
            && filter.symbol.is_none_or(|symbol| &**market.symbol() == symbol)
            && filter.order_link_id.is_none_or(|id| &*order.link_id == id)
            && filter.kind.is_none_or(|wanted| wanted == kind())
    }

    /// An order by either id, open or closed.
    #[must_use]
    pub fn order(&self, uid: Uid, reference: &OrderReference) -> Option<OrderRow> {
        let account = *self.account_slots.get(&uid)?;
        self.find(account, reference).map(|key| self.order_row(key))
    }

    /// Whether an order is one of the latest `count` of its product group that closed.
    #[must_use]
    pub fn is_lately_closed(&self, uid: Uid, order_id: &str, count: usize) -> bool {
        let (Some(account), Some(key)) = (self.account(uid), self.order_with_id(order_id)) else {
            return false;
        };
        let category = |key: OrderKey| self.markets[self.orders[key].market].spec.category;
        let group = category(key);
        let latest = account.closed.iter().rev().filter(|closed| category(**closed) == group);
        latest.take(count).any(|closed| *closed == key)
    }

    /// Fills and funding, newest first.
    #[must_use]
    pub fn executions(&self, uid: Uid, filter: ExecutionFilter<'_>) -> Vec<ExecutionRow> {
        let Some(account) = self.account(uid) else { return Vec::new() };
        let wanted =
            account.executions.iter().rev().filter(|execution| self.admits_execution(filter, execution));
        wanted.map(|execution| self.execution_row(execution)).collect()
    }

    fn admits_execution(&self, filter: ExecutionFilter<'_>, execution: &Execution) -> bool {
        let market = &self.markets[execution.market];
        let is_named = |id: &str| match execution.order {
            Some(key) => self.order_with_id(id) == Some(key),
            None => self.ids.number(IdKind::Settlement, id) == Some(execution.number),
        };
        let link_id = execution.order.map_or("", |key| &*self.orders[key].link_id);
        filter.category.is_none_or(|category| market.spec.category == category)
            && filter.symbol.is_none_or(|symbol| &**market.symbol() == symbol)
            && filter.order_id.is_none_or(is_named)
            && filter.order_link_id.is_none_or(|id| link_id == id)
            && filter.start_ms.is_none_or(|start| execution.time_ms >= start)
            && filter.end_ms.is_none_or(|end| execution.time_ms <= end)
    }

    /// One position of an account in a contract, flat or not; `None` when either is unknown.
    #[must_use]
    pub fn position(&self, uid: Uid, symbol: &str, position_idx: PositionIdx) -> Option<PositionRow> {
        let account = *self.account_slots.get(&uid)?;
        let market = self.contract(symbol)?;
        let margin = self.accounts[account].margin(self.context());
        Some(self.position_row(Place { account, market, position_idx }, &margin))
    }

    /// The positions of an account in a contract, flat or not: one, or in hedge mode two.
    #[must_use]
    pub fn positions_in(&self, uid: Uid, symbol: &str) -> Vec<PositionRow> {
        let modes = self.position_mode(uid, symbol);
        let each = modes.into_iter().flat_map(PositionMode::positions);
        each.filter_map(|idx| self.position(uid, symbol, *idx)).collect()
    }

    /// Whether an account holds a contract one way or hedged.
    #[must_use]
    pub fn position_mode(&self, uid: Uid, symbol: &str) -> Option<PositionMode> {
        Some(self.account(uid)?.desks[self.contract(symbol)?].holdings.mode)
    }

    /// Positions with a size, in the order of the instruments.
    #[must_use]
    pub fn positions(&self, uid: Uid) -> Vec<PositionRow> {
        let Some(account) = self.account_slots.get(&uid) else { return Vec::new() };
        let margin = self.accounts[*account].margin(self.context());
        self.open_places(*account).into_iter().map(|place| self.position_row(place, &margin)).collect()
    }

    /// The market of a contract; its name is unique among contracts.
    fn contract(&self, symbol: &str) -> Option<usize> {
        self.slot_of(Category::Linear, symbol).or_else(|| self.slot_of(Category::Inverse, symbol))
    }

    /// The wallet of an account.
    #[must_use]
    pub fn wallet(&self, uid: Uid) -> Option<WalletRow> {
        let (account, context) = (self.account(uid)?, self.context());
        Some(account.wallet_row(&account.margin(context), context))
    }

    /// Changes of the wallet balances, oldest first.
    #[must_use]
    pub fn transactions(&self, uid: Uid) -> Vec<TransactionRow> {
        let Some(account) = self.account(uid) else { return Vec::new() };
        account.transactions.iter().map(|entry| self.transaction_row(account, entry)).collect()
    }

    /// How many changes of its balances an account has seen.
    #[must_use]
    pub fn transaction_count(&self, uid: Uid) -> usize {
        self.account(uid).map_or(0, |account| account.transactions.len())
    }

    /// Closed profit and loss by closing order and, where they have rows of it, by settled session; oldest first.
    #[must_use]
    pub fn closed_pnl(&self, uid: Uid) -> Vec<ClosedPnlRow> {
        let Some(account) = self.account(uid) else { return Vec::new() };
        let by_order = account.closed_pnl.iter().map(|closed| self.closed_pnl_row(closed));
        let has_rows = self.doubts.session_closed_pnl == SessionClosedPnl::Row;
        let sessions = account.sessions.iter().filter(|_| has_rows);
        let mut rows: Vec<ClosedPnlRow> =
            by_order.chain(sessions.map(|session| self.session_closed_pnl_row(session))).collect();
        rows.sort_by_key(|row| row.created_time_ms);
        rows
    }

    /// Settled sessions of positions, oldest first.
    #[must_use]
    pub fn sessions(&self, uid: Uid) -> Vec<SessionRow> {
        let Some(account) = self.account(uid) else { return Vec::new() };
        account.sessions.iter().map(|session| self.session_row(session)).collect()
    }

    /// The public book, at most `depth` levels a side.
    #[must_use]
    pub fn book(&self, category: Category, symbol: &str, depth: usize) -> Option<BookSnapshot> {
        let market = &self.markets[self.slot_of(category, symbol)?];
        Some(BookSnapshot {
            category,
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
    pub fn ticker(&self, category: Category, symbol: &str) -> Option<TickerRow> {
        Some(self.markets[self.slot_of(category, symbol)?].ticker(self.seq))
    }

    /// Highest buy and lowest sell price at market time `now_ms`; `None` while there is no mark price.
    #[must_use]
    pub fn price_limits(&self, now_ms: i64, category: Category, symbol: &str) -> Option<(Decimal, Decimal)> {
        let market = &self.markets[self.slot_of(category, symbol)?];
        let bounds = market.price_bounds(self.doubts.price_bound, now_ms)?;
        Some((decimal(bounds.highest_buy), decimal(bounds.lowest_sell)))
    }

    /// Accepted and refused requests since the start.
    #[must_use]
    pub fn request_counts(&self) -> &RequestCounts {
        &self.counts
    }
}
