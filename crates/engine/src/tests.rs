//! The engine from event to output: what it does again, how soon, and what it then no longer does.

use crate::{BotSetup, Engine, EngineSetup, Foreign, Output, Removal, WhenShort};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use windvane_model::{
    AccountEvent, AccountSnapshot, BookLevel, BookUpdate, BookUpdateKind, BotName, Coin, CoinBalance,
    Command, Control, DenialReason, Epoch, Event, Execution, ExecutionId, ExecutionKind, FeeRates, Fixed,
    HaltCause, InstallTag, Instrument, InstrumentStatus, Leverage, Link, LinkState, MarketEvent, MarketTime,
    Millis, Money, Notice, NoticeTo, Notional, OrderId, OrderReport, OrderStatus, Origin, PositionIndex,
    PositionReport, PositionStatus, PreChecked, Price, Qty, Query, QueryAnswer, QueryFailed, Rate, Reference,
    RefusalFamily, Refused, Request, RiskTier, Role, RunState, Scope, Side, Stamp, Stamped, Submit, Symbol,
    Text, Ticker, TimeInForce, WalletReport,
};
use windvane_order_management::{Identity, Orders};
use windvane_risk::margin::MarginMode;
use windvane_risk::{DrawdownLimits, Ownership, RiskLimits};

mod breaker;
mod calibration;
mod child;
mod control;
mod foreign;
mod leverage;
mod other;
mod protection;
mod reconfigure;
mod short;
mod walk;

const MAKER: &str = r#"
builtin = "maker"
[quote]
half_spread = "1%"
size = "100 USDT"
requote = "0.2%"
every = "5s"
[inventory]
max = "200 USDT"
skew = "1%"
[protect]
stop = "5%"
cooldown_after_stop = "10m"
"#;

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn price(text: &str) -> Price {
    Price::new(number(text)).unwrap()
}

fn qty(text: &str) -> Qty {
    Qty::new(number(text)).unwrap()
}

fn symbol() -> Symbol {
    Symbol::new("BTCUSDT").unwrap()
}

fn bot() -> BotName {
    BotName::new("maker").unwrap()
}

fn instrument() -> Instrument {
    Instrument {
        symbol: symbol(),
        settle_coin: Coin::new("USDT").unwrap(),
        status: InstrumentStatus::Trading,
        tick_size: price("0.1"),
        lot_size: qty("0.001"),
        min_qty: qty("0.001"),
        max_limit_qty: qty("1000"),
        max_market_qty: qty("1000"),
        min_notional: Notional::new(number("5")).unwrap(),
        max_leverage: Leverage::new(number("100")).unwrap(),
        price_limit_ratio_x: Rate::new(number("0.05")),
        price_limit_ratio_y: Rate::new(number("0.1")),
        funding_interval_minutes: 480,
        tiers: vec![RiskTier {
            limit: Notional::new(number("1000000")).unwrap(),
            maintenance_rate: Rate::new(number("0.005")),
            initial_rate: Rate::new(number("0.01")),
            max_leverage: Leverage::new(number("100")).unwrap(),
            maintenance_deduction: Notional::new(number("0")).unwrap(),
        }],
    }
}

fn limits() -> RiskLimits {
    RiskLimits {
        margin_mode: MarginMode::Cross,
        max_order_notional: "500 USDT".parse().unwrap(),
        max_position_notional: "2000 USDT".parse().unwrap(),
        max_gross_exposure: "3000 USDT".parse().unwrap(),
        max_leverage: "20x".parse().unwrap(),
        max_open_orders: 5,
        max_order_rate_short: "10 per 1s".parse().unwrap(),
        max_order_rate_long: "100 per 1m".parse().unwrap(),
        price_collar: "10%".parse().unwrap(),
        max_loss_per_day: "200 USDT".parse().unwrap(),
        min_order_notional: "0.01 USDT".parse().unwrap(),
        book_collar: "10%".parse().unwrap(),
        max_loss_per_week: "9000000 USDT".parse().unwrap(),
        min_liquidation_distance: "1%".parse().unwrap(),
        max_adl_rank: 5,
        max_margin_error: "1%".parse().unwrap(),
        max_clock_uncertainty: "500ms".parse().unwrap(),
        max_clock_step: "100ms".parse().unwrap(),
        max_journal_lag: "250ms".parse().unwrap(),
        crossed_book_pause: "2s".parse().unwrap(),
        max_error_rate: "1000 per 1m".parse().unwrap(),
        cool_down_after_stop: "1ms".parse().unwrap(),
        max_losing_streak: 1_000_000,
        losing_streak_pause: "1ms".parse().unwrap(),
        drawdown: DrawdownLimits {
            yellow: "80%".parse().unwrap(),
            orange: "90%".parse().unwrap(),
            red: "100%".parse().unwrap(),
            persists_for: "1m".parse().unwrap(),
        },
        symbol: BTreeMap::new(),
        bot: BTreeMap::new(),
        group: BTreeMap::new(),
        require_stop_on_entry: true,
        stale_after: "5s".parse().unwrap(),
    }
}

/// One maker on one contract.
fn setup(removal: Option<Removal>, foreign: Foreign) -> EngineSetup {
    let claims = [(bot(), vec![(symbol(), PositionIndex::default())])];
    let identity = Identity { install: InstallTag::new("w01").unwrap(), epoch: Epoch(10) };
    let maker = windvane_strategy::load("maker.toml", MAKER, &BTreeMap::new()).unwrap();
    EngineSetup {
        orders: Orders::new(identity, &claims),
        bots: vec![BotSetup {
            name: bot(),
            symbol: symbol(),
            position_index: PositionIndex::default(),
            strategy: maker.bot(),
            next: None,
            budget: Money::new(number("1000")),
            leverage: Leverage::new(number("10")).unwrap(),
            removal,
            when_short: WhenShort::Refuse,
            priority: 0,
            foreign,
        }],
        limits: limits(),
        ownership: Ownership::new([(symbol(), PositionIndex::default(), bot())]).unwrap(),
        config: [0; 32],
        needs_trade_link: true,
        unprotected_ms_max: 5_000,
    }
}

/// A position as the venue tells it, long by `held` at 100 and without a stop.
fn position(held: &str, leverage: &str) -> PositionReport {
    let is_flat = qty(held).is_zero();
    PositionReport {
        symbol: symbol(),
        position_index: PositionIndex::default(),
        side: (!is_flat).then_some(Side::Buy),
        qty: qty(held),
        average_price: (!is_flat).then(|| price("100")),
        mark_price: Some(price("100")),
        leverage: Some(Leverage::new(number(leverage)).unwrap()),
        stop_loss: None,
        take_profit: None,
        trailing_distance: None,
        liquidation_price: None,
        initial_margin: None,
        maintenance_margin: None,
        unrealised_pnl: None,
        adl_rank: 0,
        status: PositionStatus::Normal,
        sequence: 1,
        updated: MarketTime(1),
    }
}

/// A coin of the wallet, of which only the balance is told.
fn coin(name: &str, balance: &str) -> CoinBalance {
    CoinBalance {
        coin: Coin::new(name).unwrap(),
        wallet_balance: Money::new(number(balance)),
        equity: None,
        order_margin: None,
        position_margin: None,
        maintenance_margin: None,
        usd_value: None,
        borrowed: None,
        locked: None,
        bonus: None,
    }
}

struct World {
    engine: Engine,
    stamp: Stamp,
}

impl World {
    /// Connected, and nothing known of the account.
    fn connected() -> Self {
        Self::connected_with(None)
    }

    fn connected_with(removal: Option<Removal>) -> Self {
        Self::set_up(removal, Foreign::Leave)
    }

    fn set_up(removal: Option<Removal>, foreign: Foreign) -> Self {
        let mut world = Self { engine: Engine::new(setup(removal, foreign)), stamp: Stamp::default() };
        world.connect(&[symbol()]);
        world
    }

    /// The contracts are known and every link is up.
    fn connect(&mut self, symbols: &[Symbol]) {
        let fees = FeeRates { taker: Rate::new(number("0.00055")), maker: Rate::new(number("0.0002")) };
        let instruments = symbols.iter().map(|symbol| Instrument { symbol: *symbol, ..instrument() });
        let fees = symbols.iter().map(|symbol| (*symbol, fees)).collect();
        self.take(Event::Reference(Reference { instruments: instruments.collect(), fees }));
        for link in [Link::Public(LinkState::Up), Link::Trade(LinkState::Up), Link::Private(LinkState::Up)] {
            self.take(Event::Link(link));
        }
    }

    /// One bitcoin long at 100, leverage as the venue tells it; and what followed from that.
    fn reconciled(leverage: &str) -> (Self, Vec<Output>) {
        let mut world = Self::connected();
        let outputs = world.show_held("1", leverage);
        (world, outputs)
    }

    /// The venue's picture of the account, long by `held` and without a stop.
    fn show_held(&mut self, held: &str, leverage: &str) -> Vec<Output> {
        self.show(&[position(held, leverage)], "1000")
    }

    fn show(&mut self, positions: &[PositionReport], wallet: &str) -> Vec<Output> {
        self.show_coins(positions, vec![coin("USDT", wallet)])
    }

    fn show_coins(&mut self, positions: &[PositionReport], coins: Vec<CoinBalance>) -> Vec<Output> {
        let wallet = WalletReport { coins, ..WalletReport::default() };
        let snapshot =
            AccountSnapshot { positions: positions.to_vec(), wallet, ..AccountSnapshot::default() };
        self.take(Event::Account(AccountEvent::Answer(QueryAnswer::Account(Box::new(snapshot)))))
    }

    fn take(&mut self, event: Event) -> Vec<Output> {
        self.stamp.sequence += 1;
        let mut outputs = Vec::new();
        self.engine.handle(&Stamped { stamp: self.stamp, event }, &mut outputs);
        for bot in &mut self.engine.bots {
            let kept = bot.look(&self.engine.orders);
            bot.sight = crate::view::Sight::default();
            let fresh = bot.look(&self.engine.orders);
            assert_eq!(kept, fresh, "what {} is shown of orders", bot.name);
            bot.sight = kept;
        }
        outputs
    }

    /// Time passes, and the shell sends its timer.
    fn wait(&mut self, ms: Millis) -> Vec<Output> {
        self.stamp.wall = self.stamp.wall.after(ms);
        self.stamp.market = self.stamp.market.after(ms);
        self.take(Event::Timer)
    }

    /// Mark, bid and ask at 100.
    fn quote(&mut self) -> Vec<Output> {
        self.quote_in(symbol())
    }

    fn quote_in(&mut self, symbol: Symbol) -> Vec<Output> {
        let at = self.stamp.market;
        let level =
            |text| vec![BookLevel { price: Fixed::parse(text).unwrap(), size: Fixed::parse("9").unwrap() }];
        let mut outputs = self.take(Event::Market(MarketEvent::Ticker(Ticker {
            symbol,
            at,
            last: Some(price("100")),
            mark: Some(price("100")),
            index: None,
            funding_rate: None,
            next_funding: None,
            open_interest: None,
        })));
        outputs.extend(self.take(Event::Market(MarketEvent::Book(BookUpdate {
            symbol,
            at,
            kind: BookUpdateKind::Snapshot,
            update_id: 1,
            sequence: 1,
            bids: level("100"),
            asks: level("100.1"),
        }))));
        outputs
    }
}

fn submits(outputs: &[Output]) -> Vec<Submit> {
    let submit = |output: &Output| match output {
        Output::Command { command: Command::Submit(submit), .. } => Some(*submit),
        _ => None,
    };
    outputs.iter().filter_map(submit).collect()
}

fn alarms(outputs: &[Output]) -> Vec<crate::Remedy> {
    let remedy = |output: &Output| match output {
        Output::Naked(naked) => Some(naked.remedy),
        _ => None,
    };
    outputs.iter().filter_map(remedy).collect()
}

/// What the engine last wrote down of itself.
fn own_memory(outputs: &[Output]) -> Option<Vec<u8>> {
    let of = |output: &Output| match output {
        Output::Memory(memory) if memory.bot == crate::engine_memory_name() => Some(memory.bytes.clone()),
        _ => None,
    };
    outputs.iter().filter_map(of).next_back()
}

fn filled(order: &Submit) -> OrderReport {
    OrderReport {
        symbol: order.symbol,
        order_id: OrderId::new("v-1").unwrap(),
        client_order_id: Some(order.client_order_id),
        parent: None,
        position_index: order.position_index,
        side: order.side,
        is_market: false,
        time_in_force: TimeInForce::PostOnly,
        price: order.kind.limit_price(),
        qty: order.qty,
        cumulative_qty: order.qty,
        average_price: order.kind.limit_price(),
        status: OrderStatus::Filled,
        stop_kind: None,
        trigger_price: None,
        reduce_only: false,
        origin: Origin::User,
        reject_reason: Text::EMPTY,
        cancel_type: Text::EMPTY,
        created: MarketTime(2),
        updated: MarketTime(2),
    }
}

fn fill_of(order: &Submit) -> Execution {
    Execution {
        symbol: order.symbol,
        execution_id: ExecutionId::new("e-1").unwrap(),
        order_id: OrderId::new("v-1").unwrap(),
        client_order_id: Some(order.client_order_id),
        kind: ExecutionKind::Trade,
        side: order.side,
        price: order.kind.limit_price().unwrap(),
        qty: order.qty,
        fee: Money::ZERO,
        fee_coin: Coin::new("USDT").unwrap(),
        is_maker: true,
        stop_kind: None,
        origin: Origin::User,
        closed_qty: Qty::ZERO,
        venue_pnl: None,
        at: MarketTime(2),
        sequence: 2,
    }
}

fn cancels(outputs: &[Output]) -> usize {
    let is_cancel = |out: &&Output| matches!(out, Output::Command { command: Command::Cancel(_), .. });
    outputs.iter().filter(is_cancel).count()
}
