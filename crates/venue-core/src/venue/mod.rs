//! The venue: owner of all state, and the two doors through which inputs come.
//!
//! One input runs in three steps. The gateway or the market input does its work; [`Venue::settle`] draws the consequences
//! until nothing moves (stops follow positions, triggers fire, accounts are liquidated); [`Venue::publish`] reports the
//! positions, wallets, books and tickers that ended up different.

mod amend;
mod cancel;
mod create;
mod fill;
mod funding;
mod liquidation;
mod market_input;
mod matching;
mod protection;
mod publish;
mod query;
mod trigger;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use rust_decimal::Decimal;

pub use query::{ExecutionFilter, OrderFilter};

use crate::account::Account;
use crate::api::{
    Acknowledgement, MarketInput, Output, Refusal, Request, SetLeverage, Setup, Switches, Symbol,
    TransactionRow, TransactionType, Uid,
};
use crate::ids::Ids;
use crate::market::Market;
use crate::order::{OrderKey, Orders};

/// A Bybit V5 exchange in memory. See the crate's head for the contract.
#[derive(Debug)]
pub struct Venue {
    markets: Vec<Market>,
    market_slots: BTreeMap<Symbol, usize>,
    accounts: Vec<Account>,
    account_slots: BTreeMap<Uid, usize>,
    orders: Orders,
    switches: Switches,
    ids: Ids,
    /// Cross sequence: one step for each match, settlement or book input.
    seq: i64,
    /// Market time of the current input.
    now_ms: i64,
    /// Outputs of the current input so far.
    out: Vec<Output>,
    touched: Touched,
    counts: RequestCounts,
}

/// What the current input has changed and `settle` or `publish` still has to look at. Pairs are (account, market).
#[derive(Debug, Default)]
struct Touched {
    /// Positions whose size changed since their stops and reduce-only orders were last looked at.
    resized: BTreeSet<(usize, usize)>,
    /// Orders with attached stops that filled since then.
    protected_fills: Vec<OrderKey>,
    positions: BTreeSet<(usize, usize)>,
    wallets: BTreeSet<usize>,
    tickers: BTreeSet<usize>,
}

/// How many requests were accepted and refused, by kind (`order.create`, …).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// Accepted requests by kind.
    pub accepted: BTreeMap<&'static str, u64>,
    /// Refused requests by kind and code.
    pub refused: BTreeMap<(&'static str, i32), u64>,
}

impl Venue {
    /// A venue with empty books and no prices.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let markets: Vec<Market> = setup.instruments.into_iter().map(Market::new).collect();
        let accounts: Vec<Account> =
            setup.accounts.iter().map(|account| Account::new(account, markets.len())).collect();
        Self {
            market_slots: markets
                .iter()
                .enumerate()
                .map(|(slot, market)| (market.symbol().clone(), slot))
                .collect(),
            markets,
            account_slots: accounts.iter().enumerate().map(|(slot, account)| (account.uid, slot)).collect(),
            accounts,
            orders: Orders::default(),
            switches: setup.switches,
            ids: Ids::new(setup.seed),
            seq: 0,
            now_ms: 0,
            out: Vec::new(),
            touched: Touched::default(),
            counts: RequestCounts::default(),
        }
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
        self.now_ms = now_ms;
        let verdict = self.handle(uid, request);
        let kind = kind(request);
        match &verdict {
            Ok(_) => *self.counts.accepted.entry(kind).or_default() += 1,
            Err(refusal) => *self.counts.refused.entry((kind, refusal.code)).or_default() += 1,
        }
        self.finish(out);
        verdict
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
        self.now_ms = now_ms;
        let verdict = self.move_market(input);
        self.finish(out);
        verdict
    }

    fn handle(&mut self, uid: Uid, request: &Request) -> Result<Acknowledgement, Refusal> {
        let account = *self.account_slots.get(&uid).ok_or_else(|| Refusal::new(110018, "user id invalid"))?;
        match request {
            Request::Create(create) => self.create(account, create),
            Request::Amend(amend) => self.amend(account, amend),
            Request::Cancel(cancel) => self.cancel(account, cancel),
            Request::CancelAll(cancel_all) => self.cancel_all(account, cancel_all),
            Request::TradingStop(trading_stop) => self.trading_stop(account, trading_stop),
            Request::SetLeverage(set_leverage) => self.set_leverage(account, set_leverage),
            Request::Transfer { delta_usdt } => self.transfer(account, *delta_usdt),
        }
    }

    /// Draws the consequences of what was done and hands over the outputs.
    fn finish(&mut self, out: &mut Vec<Output>) {
        self.settle();
        self.publish();
        out.append(&mut self.out);
    }

    /// Runs until nothing moves. It ends: each round fires a waiting order, of which there are finitely many and of which
    /// it makes no more than it has fills, or closes a part of a position that is not opened again.
    fn settle(&mut self) {
        loop {
            self.follow_positions();
            if !self.fire_next_trigger() && !self.liquidate_next() {
                return;
            }
        }
    }

    fn market_slot(&self, symbol: &str) -> Result<usize, Refusal> {
        self.market_slots
            .get(symbol)
            .copied()
            .ok_or_else(|| Refusal::new(10001, format!("symbol invalid: {symbol}")))
    }

    fn touch(&mut self, account: usize, market: usize) {
        self.touched.positions.insert((account, market));
        self.touched.wallets.insert(account);
    }

    fn set_leverage(&mut self, account: usize, request: &SetLeverage) -> Result<Acknowledgement, Refusal> {
        let market = self.market_slot(&request.symbol)?;
        let leverage = request.buy_leverage;
        let spec = &self.markets[market].spec;
        let on_step = spec.leverage_step.is_zero() || (leverage % spec.leverage_step).is_zero();
        if leverage != request.sell_leverage
            || leverage < Decimal::ONE
            || leverage > spec.max_leverage
            || !on_step
        {
            return Err(Refusal::new(10001, format!("leverage invalid: {leverage}")));
        }
        let before = self.accounts[account].positions[market].leverage;
        if before == leverage {
            return Err(Refusal::new(110043, "leverage not modified"));
        }
        let risk_value = self.accounts[account].risk_value(market, &self.markets[market], &self.orders, None);
        if leverage > self.markets[market].tiers.at(risk_value).max_leverage {
            return Err(Refusal::new(110013, "leverage not allowed at this risk tier"));
        }
        self.accounts[account].positions[market].leverage = leverage;
        let margin = self.accounts[account].margin(&self.markets, &self.orders);
        if leverage < before && margin.available() < Decimal::ZERO {
            self.accounts[account].positions[market].leverage = before;
            return Err(Refusal::new(110044, "available margin is insufficient"));
        }
        self.touch(account, market);
        Ok(Acknowledgement::Done)
    }

    fn transfer(&mut self, account: usize, delta_usdt: Decimal) -> Result<Acknowledgement, Refusal> {
        let margin = self.accounts[account].margin(&self.markets, &self.orders);
        if delta_usdt < Decimal::ZERO && margin.available() + delta_usdt < Decimal::ZERO {
            return Err(Refusal::new(110012, "available balance is insufficient"));
        }
        let kind = if delta_usdt < Decimal::ZERO {
            TransactionType::TransferOut
        } else {
            TransactionType::TransferIn
        };
        let row = TransactionRow {
            id: self.ids.next(),
            symbol: Account::no_name(),
            side: None,
            kind,
            transaction_time_ms: self.now_ms,
            qty: Decimal::ZERO,
            size: Decimal::ZERO,
            trade_price: Decimal::ZERO,
            funding: Decimal::ZERO,
            fee: Decimal::ZERO,
            fee_rate: Decimal::ZERO,
            cash_flow: delta_usdt,
            change: Decimal::ZERO,
            cash_balance: Decimal::ZERO,
            trade_id: String::new(),
            order_id: Account::no_name(),
            order_link_id: Account::no_name(),
        };
        self.accounts[account].book(row);
        self.touched.wallets.insert(account);
        Ok(Acknowledgement::Done)
    }
}

/// Name of a request in the counts.
fn kind(request: &Request) -> &'static str {
    match request {
        Request::Create(_) => "order.create",
        Request::Amend(_) => "order.amend",
        Request::Cancel(_) => "order.cancel",
        Request::CancelAll(_) => "order.cancel-all",
        Request::TradingStop(_) => "position.trading-stop",
        Request::SetLeverage(_) => "position.set-leverage",
        Request::Transfer { .. } => "account.transfer",
    }
}
