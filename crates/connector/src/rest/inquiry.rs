//! The questions of reconciliation as courses of calls: which call comes next, and what the answer to it says.
//!
//! Nothing is sent here, so whoever has a way to the venue takes a course through; [`RestClient::answer`] does over HTTP.
//!
//! [`RestClient::answer`]: super::client::RestClient::answer

use super::{
    answer::{Answer, read_envelope},
    error::RestError,
    ledger::LedgerRow,
    market::read,
    page::Pages,
    past, pre_check, reference,
};
use crate::{
    codec::rows::{ExecutionRow, OrderRow, PositionRow, WalletRow},
    encode::SETTLE_COIN,
};
use serde::Deserialize;
use windvane_model::{
    AccountSnapshot, Execution, MarketTime, Millis, Movement, OrderLookup, OrderReport, PositionReport,
    Query, QueryAnswer, Symbol, WalletReport,
};

const REALTIME: &str = "/v5/order/realtime";
const HISTORY: &str = "/v5/order/history";
const EXECUTIONS: &str = "/v5/execution/list";
const POSITIONS: &str = "/v5/position/list";
pub(super) const WALLET: &str = "/v5/account/wallet-balance";
pub(super) const WALLET_QUERY: &str = "accountType=UNIFIED";
const PRE_CHECK: &str = "/v5/order/pre-check";
const LEDGER: &str = "/v5/account/transaction-log";
/// How far one call into the past reaches, and how far back anything does. Source: Bybit V5, "Get Trade History".
const WINDOW_MS: Millis = 7 * 24 * 3_600_000;
const REACH_MS: Millis = 730 * 24 * 3_600_000;

/// A call that a question makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// A GET.
    Get {
        /// Its path.
        path: &'static str,
        /// What stands behind the `?`.
        query: String,
        /// Whether it needs a signature.
        is_signed: bool,
    },
    /// A POST.
    Post {
        /// Its path.
        path: &'static str,
        /// JSON.
        body: String,
    },
}

impl Ask {
    const fn path(&self) -> &'static str {
        match self {
            Self::Get { path, .. } | Self::Post { path, .. } => path,
        }
    }
}

/// What a question does next.
#[derive(Debug)]
pub enum Turn {
    /// It makes a call, and wants its answer.
    Ask(Box<Inquiry>, Ask),
    /// It is answered.
    Done(QueryAnswer),
}

/// A question on its way.
#[derive(Debug)]
pub struct Inquiry {
    course: Course,
    /// The list that is being read.
    pages: Pages,
    /// The call that is under way.
    path: &'static str,
}

#[derive(Debug)]
enum Course {
    Account(Account),
    Order(Order),
    PreCheck(windvane_model::OrderQuestion),
    Movements(Vec<Movement>),
}

/// The account as a whole. The order of its parts matters: what fills while they are read is then in the executions or in a
/// later push, and never only in the position.
#[derive(Debug)]
struct Account {
    since: MarketTime,
    symbols: Vec<Symbol>,
    snapshot: Box<AccountSnapshot>,
    /// The market's time right before the wallet was asked for.
    now: Option<MarketTime>,
    part: AccountPart,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AccountPart {
    Orders,
    /// Of the contract with this place in the list.
    Positions(usize),
    MarketTime,
    Wallet,
    /// Of one window: where the next one begins, if there is one, and how many were read before.
    Executions {
        until: Option<MarketTime>,
        before: usize,
    },
}

/// One order by our id.
#[derive(Debug)]
struct Order {
    lookup: Box<OrderLookup>,
    /// Whether a list had any row.
    is_found: bool,
    part: OrderPart,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OrderPart {
    Realtime,
    History,
    Executions,
}

/// Begins a question; `symbols` are the contracts whose positions are read, flat ones included.
#[must_use]
pub fn inquire(query: Query, symbols: &[Symbol]) -> Turn {
    match query {
        Query::Account { executions_since } => {
            let account = Account {
                since: executions_since,
                symbols: symbols.to_vec(),
                snapshot: Box::default(),
                now: None,
                part: AccountPart::Orders,
            };
            let query = format!("category=linear&limit=50&openOnly=0&settleCoin={SETTLE_COIN}");
            Inquiry::list(Course::Account(account), REALTIME, query)
        }
        Query::Order { symbol, client_order_id } => {
            let lookup = OrderLookup { symbol, client_order_id, order: None, executions: Vec::new() };
            let order = Order { lookup: Box::new(lookup), is_found: false, part: OrderPart::Realtime };
            let query = order.query();
            Inquiry::list(Course::Order(order), REALTIME, query)
        }
        Query::PreCheck(question) => {
            let ask = Ask::Post { path: PRE_CHECK, body: pre_check::body(&question) };
            Inquiry::call(Course::PreCheck(question), ask)
        }
        Query::Movements { since } => {
            let query = format!("accountType=UNIFIED&limit=50&startTime={}", since.0);
            Inquiry::list(Course::Movements(Vec::new()), LEDGER, query)
        }
    }
}

impl Inquiry {
    /// A call that is no list.
    fn call(course: Course, ask: Ask) -> Turn {
        let path = ask.path();
        Turn::Ask(Box::new(Self { course, pages: Pages::default(), path }), ask)
    }

    /// The first page of a list.
    fn list(course: Course, path: &'static str, query: String) -> Turn {
        Self::page(course, Pages::new(path, query))
    }

    /// The page of a list that is next.
    fn page(course: Course, pages: Pages) -> Turn {
        let ask = Ask::Get { path: pages.path(), query: pages.query(), is_signed: true };
        Turn::Ask(Box::new(Self { course, path: pages.path(), pages }), ask)
    }

    /// Takes in the body of the answer to the call under way.
    ///
    /// # Errors
    /// When the venue refused, or the body cannot be read: the question has no answer then.
    pub fn hear(self, body: Vec<u8>) -> Result<Turn, RestError> {
        let answer = read_envelope(self.path.trim_start_matches("/v5/"), body)?;
        self.take(&answer)
    }

    /// Takes in the answer to the call under way.
    pub(super) fn take(self, answer: &Answer) -> Result<Turn, RestError> {
        let Self { course, pages, .. } = self;
        match course {
            Course::Account(account) => account.take(pages, answer),
            Course::Order(order) => order.take(pages, answer),
            Course::PreCheck(question) => {
                let rates = past::read_rates(answer)?;
                Ok(Turn::Done(QueryAnswer::PreCheck(pre_check::answered(question, rates))))
            }
            Course::Movements(mut moved) => {
                let mut pages = pages;
                let has_more = pages.take(answer, |text| {
                    let row = answer.row::<LedgerRow<'_>>(text)?;
                    moved.extend(read(answer, row.movement())?);
                    Ok(())
                })?;
                if has_more {
                    return Ok(Self::page(Course::Movements(moved), pages));
                }
                Ok(Turn::Done(QueryAnswer::Movements(moved)))
            }
        }
    }
}

impl Account {
    fn take(mut self, mut pages: Pages, answer: &Answer) -> Result<Turn, RestError> {
        let snapshot = &mut self.snapshot;
        let has_more = match self.part {
            AccountPart::Orders => rows(&mut pages, answer, order, &mut snapshot.open_orders)?,
            AccountPart::Positions(_) => rows(&mut pages, answer, position, &mut snapshot.positions)?,
            AccountPart::Executions { .. } => rows(&mut pages, answer, execution, &mut snapshot.executions)?,
            AccountPart::Wallet | AccountPart::MarketTime => false,
        };
        if has_more {
            return Ok(Inquiry::page(Course::Account(self), pages));
        }
        Ok(match self.part {
            AccountPart::Orders => self.positions_of(0),
            AccountPart::Positions(place) => self.positions_of(place + 1),
            AccountPart::MarketTime => {
                self.now = Some(reference::book_time(answer)?);
                self.wallet()
            }
            AccountPart::Wallet => {
                self.snapshot.wallet = wallet(answer)?;
                // The answer's own time is the wall's. On the market's clock the wallet has what was before it was asked for;
                // what fills from then on is in the executions, and told by later wallets.
                self.snapshot.wallet.at = self.now.unwrap_or_else(|| self.newest_row());
                let from = self.now.map_or(self.since, |now| self.since.max(now.after(-REACH_MS)));
                self.executions(from)
            }
            AccountPart::Executions { until, before } => {
                oldest_first(&mut self.snapshot.executions[before..]);
                match until {
                    Some(until) => self.executions(until),
                    None => Turn::Done(QueryAnswer::Account(self.snapshot)),
                }
            }
        })
    }

    fn positions_of(mut self, place: usize) -> Turn {
        match self.symbols.get(place) {
            Some(symbol) => {
                let query = format!("category=linear&symbol={symbol}");
                self.part = AccountPart::Positions(place);
                Inquiry::list(Course::Account(self), POSITIONS, query)
            }
            None => self.market_time(),
        }
    }

    fn wallet(mut self) -> Turn {
        self.part = AccountPart::Wallet;
        let ask = Ask::Get { path: WALLET, query: WALLET_QUERY.to_owned(), is_signed: true };
        Inquiry::call(Course::Account(self), ask)
    }

    /// What the market's clock says, where there is a contract to ask it of.
    fn market_time(mut self) -> Turn {
        let Some(symbol) = self.symbols.first().copied() else { return self.wallet() };
        self.part = AccountPart::MarketTime;
        let ask = Ask::Get { path: reference::BOOK, query: reference::book_query(symbol), is_signed: false };
        Inquiry::call(Course::Account(self), ask)
    }

    /// Every execution from a time on. One call reaches over seven days at most and nothing is older than two years. The
    /// last window has no end, so that nothing falls between the clocks. Source: Bybit V5, "Get Trade History".
    fn executions(mut self, from: MarketTime) -> Turn {
        let is_long = self.now.is_some_and(|now| now.since(from) > WINDOW_MS);
        let until = is_long.then(|| from.after(WINDOW_MS));
        self.part = AccountPart::Executions { until, before: self.snapshot.executions.len() };
        let query = match until {
            Some(until) => {
                format!("category=linear&endTime={}&limit=100&startTime={}", until.0 - 1, from.0)
            }
            None => format!("category=linear&limit=100&startTime={}", from.0),
        };
        Inquiry::list(Course::Account(self), EXECUTIONS, query)
    }

    /// The latest that is known of the market's clock where there is no contract to ask it of.
    fn newest_row(&self) -> MarketTime {
        let stamps = self.snapshot.open_orders.iter().map(|order| order.updated);
        stamps.max().unwrap_or(self.since)
    }
}

impl Order {
    fn query(&self) -> String {
        let OrderLookup { symbol, client_order_id, .. } = &*self.lookup;
        format!("category=linear&orderLinkId={client_order_id}&symbol={symbol}")
    }

    fn take(mut self, mut pages: Pages, answer: &Answer) -> Result<Turn, RestError> {
        let lookup = &mut self.lookup;
        let has_more = pages.take(answer, |text| {
            if self.part == OrderPart::Executions {
                lookup.executions.push(execution(answer, text)?);
                return Ok(());
            }
            self.is_found = true;
            let row = order(answer, text)?;
            // The venue is asked by id; a row of another order would be its fault, and must not become ours.
            if row.client_order_id == Some(lookup.client_order_id) && lookup.order.is_none() {
                lookup.order = Some(row);
            }
            Ok(())
        })?;
        if has_more {
            return Ok(Inquiry::page(Course::Order(self), pages));
        }
        let (path, part) = match self.part {
            OrderPart::Realtime if !self.is_found => (HISTORY, OrderPart::History),
            OrderPart::Realtime | OrderPart::History => (EXECUTIONS, OrderPart::Executions),
            OrderPart::Executions => {
                oldest_first(&mut self.lookup.executions);
                return Ok(Turn::Done(QueryAnswer::Order(self.lookup)));
            }
        };
        self.part = part;
        let query = self.query();
        Ok(Inquiry::list(Course::Order(self), path, query))
    }
}

/// Appends the rows of a page; says whether there is another.
fn rows<T>(
    pages: &mut Pages,
    answer: &Answer,
    read: impl Fn(&Answer, &str) -> Result<T, RestError>,
    out: &mut Vec<T>,
) -> Result<bool, RestError> {
    pages.take(answer, |text| {
        out.push(read(answer, text)?);
        Ok(())
    })
}

/// The venue answers newest first.
fn oldest_first(executions: &mut [Execution]) {
    executions.reverse();
    // Stable: rows of one millisecond keep the venue's order.
    executions.sort_by_key(|execution| execution.at);
}

pub(super) fn order(answer: &Answer, text: &str) -> Result<OrderReport, RestError> {
    let row: OrderRow<'_> = answer.row(text)?;
    row.report().map_err(|error| answer.unreadable(error))
}

fn execution(answer: &Answer, text: &str) -> Result<Execution, RestError> {
    let row: ExecutionRow<'_> = answer.row(text)?;
    row.report().map_err(|error| answer.unreadable(error))
}

fn position(answer: &Answer, text: &str) -> Result<PositionReport, RestError> {
    let row: PositionRow<'_> = answer.row(text)?;
    row.report().map_err(|error| answer.unreadable(error))
}

pub(super) fn wallet(answer: &Answer) -> Result<WalletReport, RestError> {
    #[derive(Deserialize)]
    struct Accounts<'a> {
        #[serde(borrow)]
        list: Vec<WalletRow<'a>>,
    }
    let accounts: Accounts<'_> = answer.result()?;
    let account = accounts.list.first().ok_or_else(|| answer.unreadable("no account"))?;
    account.report(MarketTime::default()).map_err(|error| answer.unreadable(error))
}
