//! A start on a long journal: from all of its records, and from a snapshot with what came after it; the same books.
//!
//! `cargo xtask campaign start-up --records N` sets another number by `WINDVANE_JOURNAL_RECORDS`.

use super::Rebuilt;
use crate::live::sum_up;
use crate::rebuild::Claims;
use rust_decimal::Decimal;
use std::path::Path;
use std::time::{Duration, Instant};
use windvane_journal::{Config, Durability, Journal, Record, Start};
use windvane_model::{
    AccountEvent, AccountSnapshot, Acknowledged, BotName, BotTag, ClientOrderId, Coin, CoinBalance, Command,
    Epoch, Event, Execution, ExecutionId, ExecutionKind, Grounds, IdGrammar, InstallTag, MarketTime, Millis,
    Money, OrderId, OrderKind, OrderReport, OrderStatus, Origin, PositionIndex, PositionReport,
    PositionStatus, Price, Qty, Query, QueryAnswer, Request, Role, Side, Stamp, Stamped, Submit, Symbol,
    Text, TimeInForce, Triggers, WallTime, WalletReport,
};

/// Records in the ordinary test.
const RECORDS: u64 = 40_000;
/// From one order to the next: some 7,000 a day.
const ORDER_EVERY_MS: Millis = 12_000;
/// A line that begins with this is for the campaign to show.
const FIGURES: &str = "start-up figures:";

/// A bot that buys one and sells one for ever, and the venue's words about it.
struct Past {
    journal: Journal,
    sequence: u64,
    market: MarketTime,
    orders: u64,
    records: u64,
    balance: Decimal,
}

fn symbol() -> Symbol {
    Symbol::new("BTCUSDT").unwrap()
}

fn bot() -> BotName {
    BotName::new("trend").unwrap()
}

fn install() -> InstallTag {
    InstallTag::new("w01").unwrap()
}

fn claims() -> Claims {
    vec![(bot(), vec![(symbol(), PositionIndex::default())])]
}

impl Past {
    fn begin(folder: &Path, segment_bytes: u64) -> Self {
        let config = Config { segment_bytes, tape: None, durability: Durability::Group, ..Config::default() };
        let (mut journal, _) = Journal::open(folder, &config, Box::new(|_| {})).unwrap();
        let start = Start {
            epoch: Epoch(10),
            install: install(),
            version: Text::lossy("test"),
            config: [0; 32],
            account: 1,
            wall: WallTime(0),
            note: String::new(),
        };
        journal.start(start).unwrap();
        let market = MarketTime(1_700_000_000_000);
        let mut past =
            Self { journal, sequence: 0, market, orders: 0, records: 1, balance: Decimal::from(1_000) };
        let query = Command::Query(Query::Account { executions_since: market });
        past.command(query, None);
        let snapshot = AccountSnapshot { wallet: past.wallet(), ..AccountSnapshot::default() };
        past.fact(AccountEvent::Answer(QueryAnswer::Account(Box::new(snapshot))));
        past
    }

    fn stamp(&self) -> Stamp {
        let wall = WallTime(self.market.0 * 1_000_000);
        Stamp { sequence: self.sequence, wall, market: self.market }
    }

    fn append(&mut self, record: &Record) {
        self.journal.append(record).unwrap();
        self.records += 1;
    }

    fn fact(&mut self, event: AccountEvent) {
        self.sequence += 1;
        self.append(&Record::Event(Stamped { stamp: self.stamp(), event: Event::Account(event) }));
    }

    fn command(&mut self, command: Command, bot: Option<BotName>) {
        let cause = self.stamp();
        let grounds = Grounds::default();
        self.append(&Record::Command {
            cause,
            index: 0,
            bot,
            tag: None,
            worst_price: None,
            grounds,
            command,
        });
    }

    fn wallet(&self) -> WalletReport {
        let coin = CoinBalance {
            coin: Coin::new("USDT").unwrap(),
            wallet_balance: Money::new(self.balance),
            equity: Some(Money::new(self.balance)),
            order_margin: Some(Money::ZERO),
            position_margin: Some(Money::ZERO),
            maintenance_margin: Some(Money::ZERO),
            usd_value: None,
            borrowed: None,
            locked: None,
            bonus: None,
        };
        WalletReport { coins: vec![coin], at: self.market, ..WalletReport::default() }
    }

    /// One order from its request to its fill: seven records.
    fn trade(&mut self) {
        self.market = self.market.after(ORDER_EVERY_MS);
        self.orders += 1;
        let is_buy = self.orders % 2 == 1;
        let side = if is_buy { Side::Buy } else { Side::Sell };
        let limit = if is_buy { 100 } else { 101 };
        let price = Price::new(Decimal::from(limit)).unwrap();
        let qty = Qty::new(Decimal::ONE).unwrap();
        let tag = BotTag::of(&bot());
        let id = IdGrammar {
            install: install(),
            bot: tag,
            role: Role::Level,
            epoch: Epoch(10),
            sequence: self.orders,
        };
        let id = id.mint();
        let kind = OrderKind::Limit { price, time_in_force: TimeInForce::PostOnly };
        let submit = Submit {
            client_order_id: id,
            symbol: symbol(),
            position_index: PositionIndex::default(),
            role: Role::Level,
            side,
            qty,
            kind,
            reduce_only: false,
            stop_loss: None,
            take_profit: None,
            triggers: Triggers::default(),
            send_before: None,
        };
        self.command(Command::Submit(submit), Some(bot()));
        let order_id = OrderId::new(&format!("5e1b6b0c-0000-4000-8000-{:012}", self.orders)).unwrap();
        self.fact(AccountEvent::Acknowledged(Acknowledged {
            request: Request::Submit,
            symbol: Some(symbol()),
            client_order_id: Some(id),
            order_id: Some(order_id),
        }));
        self.fact(AccountEvent::Order(self.report(&submit, order_id, OrderStatus::New)));
        self.fact(AccountEvent::Execution(self.execution(&submit, id, order_id, price)));
        self.fact(AccountEvent::Order(self.report(&submit, order_id, OrderStatus::Filled)));
        let profit = if is_buy { 0 } else { 1 };
        self.balance += Decimal::from(profit) - Decimal::new(2, 2);
        self.fact(AccountEvent::Position(self.position(is_buy, price)));
        self.fact(AccountEvent::Wallet(self.wallet()));
        self.journal.commit().unwrap();
    }

    fn report(&self, submit: &Submit, order_id: OrderId, status: OrderStatus) -> OrderReport {
        OrderReport {
            symbol: submit.symbol,
            order_id,
            client_order_id: Some(submit.client_order_id),
            parent: None,
            position_index: submit.position_index,
            side: submit.side,
            is_market: false,
            time_in_force: TimeInForce::PostOnly,
            price: submit.kind.limit_price(),
            qty: submit.qty,
            cumulative_qty: if status == OrderStatus::Filled { submit.qty } else { Qty::ZERO },
            average_price: None,
            status,
            stop_kind: None,
            trigger_price: None,
            reduce_only: false,
            origin: Origin::User,
            reject_reason: Text::lossy("EC_NoError"),
            cancel_type: Text::lossy("UNKNOWN"),
            created: self.market,
            updated: self.market,
        }
    }

    fn execution(&self, submit: &Submit, id: ClientOrderId, order_id: OrderId, price: Price) -> Execution {
        Execution {
            symbol: submit.symbol,
            execution_id: ExecutionId::new(&format!("7f2c9d1e-0000-4000-8000-{:012}", self.orders)).unwrap(),
            order_id,
            client_order_id: Some(id),
            kind: ExecutionKind::Trade,
            side: submit.side,
            price,
            qty: submit.qty,
            fee: Money::new(Decimal::new(2, 2)),
            fee_coin: Coin::new("USDT").unwrap(),
            is_maker: true,
            stop_kind: None,
            origin: Origin::User,
            closed_qty: Qty::ZERO,
            venue_pnl: None,
            at: self.market,
            sequence: i64::try_from(self.orders).unwrap(),
        }
    }

    fn position(&self, is_held: bool, price: Price) -> PositionReport {
        PositionReport {
            symbol: symbol(),
            position_index: PositionIndex::default(),
            side: is_held.then_some(Side::Buy),
            qty: if is_held { Qty::new(Decimal::ONE).unwrap() } else { Qty::ZERO },
            average_price: is_held.then_some(price),
            mark_price: Some(price),
            leverage: None,
            stop_loss: None,
            take_profit: None,
            trailing_distance: None,
            liquidation_price: None,
            initial_margin: Some(Money::ZERO),
            maintenance_margin: Some(Money::ZERO),
            unrealised_pnl: Some(Money::ZERO),
            adl_rank: 0,
            status: PositionStatus::Normal,
            sequence: i64::try_from(self.orders).unwrap(),
            updated: self.market,
        }
    }
}

/// What a start makes of the journal, and how long that takes.
fn start(folder: &Path, config: &Config) -> (Rebuilt, Duration) {
    let begun = now();
    let (_journal, recovered) = Journal::open(folder, config, Box::new(|_| {})).unwrap();
    let mut books = Rebuilt::begin(recovered.snapshot(), claims(), install()).unwrap();
    for entry in recovered.records().unwrap() {
        books.take(&entry.unwrap().record);
    }
    (books, begun.elapsed())
}

fn now() -> Instant {
    Instant::now()
}

#[test]
fn a_start_from_a_snapshot_is_a_start_from_all_records() {
    let asked = std::env::var("WINDVANE_JOURNAL_RECORDS").ok();
    let count: u64 = asked.as_ref().map_or(RECORDS, |text| text.parse().expect("a number of records"));
    let segment_bytes = if asked.is_some() { 64 << 20 } else { 1 << 20 };
    let config = Config { segment_bytes, tape: None, ..Config::default() };
    let folder = tempfile::tempdir().unwrap();
    let begun = now();
    let mut past = Past::begin(folder.path(), segment_bytes);
    while past.records < count {
        past.trade();
    }
    let (records, orders) = (past.records, past.orders);
    let written = begun.elapsed();
    past.journal.close().unwrap();
    let bytes: u64 =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();

    let (from_all, all) = start(folder.path(), &config);
    let begun = now();
    let done = windvane_journal::compact(folder.path(), u64::MAX, |before, records| {
        sum_up(before, records, &claims())
    });
    let done = done.unwrap().expect("a segment is complete");
    let compacting = begun.elapsed();
    let (from_snapshot, short) = start(folder.path(), &config);

    assert!(from_all.to_bytes() == from_snapshot.to_bytes(), "the books differ");
    let books = from_snapshot.orders();
    assert!(books.is_reconciled());
    assert_eq!(books.bot(bot()).unwrap().orders, orders);
    let reach_days = 7;
    let in_reach = usize::try_from(i64::from(reach_days) * 86_400_000 / ORDER_EVERY_MS).unwrap();
    assert!(books.orders().count() <= in_reach + in_reach / 20, "what is over is forgotten");
    assert!(asked.is_none() || short < all, "a snapshot makes a start longer: {short:?} against {all:?}");
    println!(
        "{FIGURES} {records} records of {orders} orders, {} MiB, written in {:.1} s; start from all {:.2} s, from a \
         snapshot of {} KiB and {} records after it {:.2} s; summed up in {:.1} s; {} orders and {} fills in memory",
        bytes >> 20,
        written.as_secs_f64(),
        all.as_secs_f64(),
        done.bytes >> 10,
        records.saturating_sub(done.until),
        short.as_secs_f64(),
        compacting.as_secs_f64(),
        books.orders().count(),
        books.fill_count(),
    );
}
