//! The venue: owner of all state, and the two doors through which inputs come.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::api::*;

/// A Bybit V5 exchange in memory. See the crate's head for the contract.
#[derive(Debug)]
pub struct Venue {
    instruments: Vec<Instrument>,
    counts: RequestCounts,
}

/// How many requests were accepted and refused, by kind (`order.create`, …).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// Accepted requests by kind.
    pub accepted: BTreeMap<&'static str, u64>,
    /// Refused requests by kind and code.
    pub refused: BTreeMap<(&'static str, i32), u64>,
}

/// Which orders a listing means; an absent field does not restrict.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderFilter<'a> {
    /// Instrument.
    pub symbol: Option<&'a str>,
    /// The venue's id.
    pub order_id: Option<&'a str>,
    /// The client's id.
    pub order_link_id: Option<&'a str>,
    /// On the book, or waiting for a trigger.
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

impl Venue {
    /// A venue with empty books and no prices.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self { instruments: setup.instruments, counts: RequestCounts::default() }
    }

    /// Handles a request of an account at market time `now_ms`. The answer is the gateway's verdict; what follows from
    /// it, including the verdict of matching, is appended to `out`.
    ///
    /// # Errors
    /// The refusal, with the exchange's code; nothing has changed then.
    pub fn apply_request(
        &mut self,
        now_ms: i64,
        uid: Uid,
        request: &Request,
        out: &mut Vec<Output>,
    ) -> Result<Acknowledgement, Refusal> {
        let _ = (now_ms, uid, request, out);
        Err(Refusal::new(10001, "not trading"))
    }

    /// Applies a movement of the market at market time `now_ms` and appends what follows from it to `out`.
    ///
    /// # Errors
    /// 10001 when the input makes no sense (unknown symbol, price off the grid, crossed book); nothing has changed then.
    pub fn apply_market(
        &mut self,
        now_ms: i64,
        input: &MarketInput,
        out: &mut Vec<Output>,
    ) -> Result<(), Refusal> {
        let _ = (now_ms, input, out);
        Err(Refusal::new(10001, "symbol invalid"))
    }

    /// The instruments, as they were set up.
    #[must_use]
    pub fn instruments(&self) -> impl ExactSizeIterator<Item = &Instrument> {
        self.instruments.iter()
    }

    /// The accounts in rising order.
    #[must_use]
    pub fn uids(&self) -> Vec<Uid> {
        Vec::new()
    }

    /// Fee rates of an account.
    #[must_use]
    pub fn fees(&self, uid: Uid) -> Option<Fees> {
        let _ = uid;
        None
    }

    /// Open orders, newest first.
    #[must_use]
    pub fn open_orders(&self, uid: Uid, filter: OrderFilter<'_>) -> Vec<OrderRow> {
        let _ = (uid, filter);
        Vec::new()
    }

    /// Closed orders, newest first; the whole history (the server applies the exchange's reach of time and count).
    #[must_use]
    pub fn closed_orders(&self, uid: Uid, filter: OrderFilter<'_>) -> Vec<OrderRow> {
        let _ = (uid, filter);
        Vec::new()
    }

    /// An order by either id, open or closed.
    #[must_use]
    pub fn order(&self, uid: Uid, reference: &OrderReference) -> Option<OrderRow> {
        let _ = (uid, reference);
        None
    }

    /// Fills and funding, newest first.
    #[must_use]
    pub fn executions(&self, uid: Uid, filter: ExecutionFilter<'_>) -> Vec<ExecutionRow> {
        let _ = (uid, filter);
        Vec::new()
    }

    /// Position of an account in a symbol, flat or not; `None` when either is unknown.
    #[must_use]
    pub fn position(&self, uid: Uid, symbol: &str) -> Option<PositionRow> {
        let _ = (uid, symbol);
        None
    }

    /// Positions with a size, in the order of the instruments.
    #[must_use]
    pub fn positions(&self, uid: Uid) -> Vec<PositionRow> {
        let _ = uid;
        Vec::new()
    }

    /// The wallet of an account.
    #[must_use]
    pub fn wallet(&self, uid: Uid) -> Option<WalletRow> {
        let _ = uid;
        None
    }

    /// Changes of the wallet balance, oldest first.
    #[must_use]
    pub fn transactions(&self, uid: Uid) -> &[TransactionRow] {
        let _ = uid;
        &[]
    }

    /// Closed profit and loss by closing order, oldest first.
    #[must_use]
    pub fn closed_pnl(&self, uid: Uid) -> &[ClosedPnlRow] {
        let _ = uid;
        &[]
    }

    /// Leverage of an account in a symbol.
    #[must_use]
    pub fn leverage(&self, uid: Uid, symbol: &str) -> Option<Decimal> {
        let _ = (uid, symbol);
        None
    }

    /// The public book, at most `depth` levels a side.
    #[must_use]
    pub fn book(&self, symbol: &str, depth: usize) -> Option<BookSnapshot> {
        let _ = (symbol, depth);
        None
    }

    /// Public prices.
    #[must_use]
    pub fn ticker(&self, symbol: &str) -> Option<TickerRow> {
        let _ = symbol;
        None
    }

    /// Highest buy and lowest sell price at present; `None` while there is no mark price.
    #[must_use]
    pub fn price_limits(&self, symbol: &str) -> Option<(Decimal, Decimal)> {
        let _ = symbol;
        None
    }

    /// Accepted and refused requests since the start.
    #[must_use]
    pub fn request_counts(&self) -> &RequestCounts {
        &self.counts
    }
}
