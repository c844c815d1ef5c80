//! The venue: owner of all state, and the two doors through which inputs come.
//!
//! One input runs in three steps. The gateway or the market input does its work; [`Venue::settle`] draws the consequences
//! until nothing moves (stops follow positions, triggers fire, accounts are liquidated); [`Venue::publish`] reports the
//! positions, wallets, books and tickers that ended up different.

mod afford;
mod amend;
mod calm;
mod cancel;
mod collateral;
mod create;
mod deleveraging;
mod delisting;
mod fill;
mod funding;
mod gate;
mod isolated;
mod leverage;
mod liquidation;
mod market_input;
mod matching;
mod mode;
mod pre_check;
mod protection;
mod publish;
mod query;
mod record;
mod spot_fill;
mod spot_stops;
mod tick_size;
mod trading_stop;
mod transfer;
mod trigger;

use std::collections::BTreeMap;

pub(crate) use deleveraging::RankBounds;
pub use pre_check::{PreCheck, PreCheckRefusal};
pub use query::{ExecutionFilter, OrderFilter};

use crate::account::{Account, Context};
use crate::api::{
    Acknowledgement, Audience, Category, Doubts, FillReport, MarketInput, OrderId, OrderLinkId, Output,
    PublicAudience, Refusal, Request, Setup, Symbol, Uid,
};
use crate::book::Book;
use crate::coin::Coins;
use crate::ids::Ids;
use crate::market::Market;
use crate::order::{OrderKey, Orders, Place};
use crate::record::Transaction;
use crate::sorted::SortedSet;

/// A Bybit V5 exchange in memory. See the crate's head for the contract.
#[derive(Clone, Debug)]
pub struct Venue {
    markets: Vec<Market>,
    /// Slots of markets, by [`Category::slot`] and symbol.
    market_slots: [BTreeMap<Symbol, usize>; 3],
    coins: Coins,
    accounts: Vec<Account>,
    account_slots: BTreeMap<Uid, usize>,
    orders: Orders,
    doubts: Doubts,
    public_audience: PublicAudience,
    ids: Ids,
    /// By slot: whether any account has or had some of the coin.
    held_coins: Vec<bool>,
    /// The id of the newest order of a client, which is told several times; before the first one, of none.
    newest_id: (OrderKey, OrderId),
    /// The text of what has no name.
    no_name: OrderLinkId,
    /// Executions, public trades and changes of balances so far: the numbers of their ids.
    executions: u64,
    trades: u64,
    transactions: u64,
    /// Pre-checks so far, likewise.
    pre_checks: u64,
    /// Cross sequence: one step for each match, settlement or book input.
    seq: i64,
    /// Market time of the current input.
    now_ms: i64,
    /// Outputs of the current input so far.
    out: Vec<Output>,
    touched: Touched,
    /// Accounts that should be liquidated and could not be; they are tried again at each input.
    stuck: SortedSet<usize>,
    counts: RequestCounts,
}

/// What the current input has changed and `settle` or `publish` still has to look at.
#[derive(Clone, Debug, Default)]
struct Touched {
    /// Positions whose size changed since their stops and reduce-only orders were last looked at.
    resized: SortedSet<Place>,
    /// Orders with attached stops that filled since then, and how much they opened, in units.
    protected_fills: Vec<(OrderKey, i64)>,
    /// Spot orders with attached stops that filled or ended since then.
    spot_fills: Vec<OrderKey>,
    /// Markets whose prices or waiting orders changed since triggers were last looked at.
    priced: SortedSet<usize>,
    /// Accounts whose margin changed since liquidation last looked at them.
    at_risk: SortedSet<usize>,
    positions: SortedSet<Place>,
    wallets: SortedSet<usize>,
    /// Markets whose book changed.
    books: SortedSet<usize>,
    tickers: SortedSet<usize>,
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
        let mut coins = Coins::default();
        // What accounts hold comes first: so a wallet shows it.
        for (coin, _) in setup.accounts.iter().flat_map(|account| &account.balances) {
            coins.enter(coin);
        }
        for coin in setup.coins {
            coins.set_collateral(coin);
        }
        coins.price_by(setup.instruments.iter());
        let markets: Vec<Market> =
            setup.instruments.into_iter().map(|spec| Market::new(spec, &mut coins)).collect();
        let accounts: Vec<Account> =
            setup.accounts.iter().map(|account| Account::new(account, markets.len(), &coins)).collect();
        let mut market_slots: [BTreeMap<Symbol, usize>; 3] = Default::default();
        for (slot, market) in markets.iter().enumerate() {
            market_slots[market.spec.category.slot()].insert(market.symbol().clone(), slot);
        }
        let held_coins =
            (0..coins.len()).map(|coin| accounts.iter().any(|account| account.balances[coin].is_used));
        Self {
            held_coins: held_coins.collect(),
            market_slots,
            markets,
            coins,
            account_slots: accounts.iter().enumerate().map(|(slot, account)| (account.uid, slot)).collect(),
            accounts,
            orders: Orders::default(),
            doubts: setup.doubts,
            public_audience: PublicAudience::EVERYTHING,
            ids: Ids::new(setup.seed),
            newest_id: (OrderKey(usize::MAX), OrderId::from("")),
            no_name: OrderLinkId::from(""),
            executions: 0,
            trades: 0,
            transactions: 0,
            pre_checks: 0,
            seq: 0,
            now_ms: 0,
            out: Vec::new(),
            touched: Touched::default(),
            stuck: SortedSet::default(),
            counts: RequestCounts::default(),
        }
    }

    /// Says which rows of an account are made from now on.
    ///
    /// # Errors
    /// 110018 when there is no such account.
    pub fn listen(&mut self, uid: Uid, audience: Audience) -> Result<(), Refusal> {
        let account = self.account_slot(uid)?;
        self.accounts[account].audience = audience;
        Ok(())
    }

    /// Says which rows of the public are made from now on.
    pub fn listen_public(&mut self, audience: PublicAudience) {
        self.public_audience = audience;
    }

    fn account_slot(&self, uid: Uid) -> Result<usize, Refusal> {
        self.account_slots.get(&uid).copied().ok_or_else(|| Refusal::new(110018, "user id invalid"))
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
        let account = self.account_slot(uid)?;
        match request {
            Request::Create(create) => self.create(account, create),
            Request::Amend(amend) => self.amend(account, amend),
            Request::Cancel(cancel) => self.cancel(account, cancel),
            Request::CancelAll(cancel_all) => self.cancel_all(account, cancel_all),
            Request::TradingStop(trading_stop) => self.trading_stop(account, trading_stop),
            Request::SetLeverage(set_leverage) => self.set_leverage(account, set_leverage),
            Request::SwitchMode(switch) => self.switch_mode(account, switch),
            Request::SetMarginMode(mode) => self.set_margin_mode(account, *mode),
            Request::AddMargin(add) => self.add_margin(account, add),
            Request::SetAutoAddMargin(set) => self.set_auto_add_margin(account, set),
            Request::SetLimitPriceAction { category, modify } => {
                Ok(self.set_limit_price_action(account, *category, *modify))
            }
            Request::SetCollateral { coin, counts } => self.set_collateral(account, coin, *counts),
            Request::Disconnected(category) => Ok(self.disconnect(account, *category)),
            Request::Transfer { coin, amount } => self.transfer(account, coin, *amount),
        }
    }

    /// Draws the consequences of what was done and hands over the outputs.
    fn finish(&mut self, out: &mut Vec<Output>) {
        while let Some(account) = self.stuck.pop_first() {
            self.touched.at_risk.insert(account);
        }
        self.settle();
        if self.doubts.fill_report == FillReport::OrderFirst {
            // Stable: among themselves orders and executions keep the order of their happening.
            self.out.sort_by_key(|output| matches!(output, Output::Execution { .. }));
        }
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

    fn slot_of(&self, category: Category, symbol: &str) -> Option<usize> {
        self.market_slots[category.slot()].get(symbol).copied()
    }

    fn market_slot(&self, category: Category, symbol: &str) -> Result<usize, Refusal> {
        self.slot_of(category, symbol).ok_or_else(|| {
            let code = if category == Category::Spot { 170121 } else { 10001 };
            Refusal::new(code, format!("symbol invalid: {symbol}"))
        })
    }

    /// The market of a contract; spot has no positions.
    fn contract_slot(&self, category: Category, symbol: &str) -> Result<usize, Refusal> {
        if category == Category::Spot {
            return Err(Refusal::new(10001, "category invalid: spot has no positions"));
        }
        self.market_slot(category, symbol)
    }

    /// What the figures of an account depend on beside itself.
    fn context(&self) -> Context<'_> {
        Context { markets: &self.markets, coins: &self.coins, orders: &self.orders, doubts: self.doubts }
    }

    /// The book of a market, to be changed.
    fn book_mut(&mut self, market: usize) -> &mut Book {
        self.touched.books.insert(market);
        self.markets[market].sample_premium(self.now_ms);
        &mut self.markets[market].book
    }

    /// Records a change of a balance of an account and applies it.
    fn change_balance(&mut self, account: usize, entry: Transaction) {
        self.held_coins[entry.coin] = true;
        self.accounts[account].book(entry);
    }

    fn touch(&mut self, place: Place) {
        if !self.markets[place.market].is_spot() {
            self.touched.positions.insert(place);
        }
        self.touched.wallets.insert(place.account);
        self.touched.at_risk.insert(place.account);
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
        Request::SwitchMode(_) => "position.switch-mode",
        Request::SetMarginMode(_) => "account.set-margin-mode",
        Request::AddMargin(_) => "position.add-margin",
        Request::SetAutoAddMargin(_) => "position.set-auto-add-margin",
        Request::SetLimitPriceAction { .. } => "account.set-limit-px-action",
        Request::SetCollateral { .. } => "account.set-collateral-switch",
        Request::Disconnected(_) => "account.disconnected",
        Request::Transfer { .. } => "account.transfer",
    }
}
