//! Three bots on three contracts, and a venue that fills market orders at once.

use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use windvane_connector::codec::{Spares, decode_public};
use windvane_engine::{BotSetup, Engine, EngineSetup, Foreign, Output, WhenShort};
use windvane_model::{
    AccountEvent, AccountSnapshot, BotName, BotTag, Coin, CoinBalance, Command, Epoch, Event, Execution,
    ExecutionId, ExecutionKind, FeeRates, IdGrammar, InstallTag, Instrument, InstrumentStatus, Leverage,
    Link, LinkState, MarketEvent, MarketTime, Money, Notional, OrderId, OrderKind, OrderReport, OrderStatus,
    Origin, PositionIndex, PositionReport, PositionStatus, Price, Qty, QueryAnswer, Rate, Reference,
    RiskTier, Role, RunState, Side, Stamp, Stamped, Submit, Symbol, Text, Ticker, TimeInForce, Triggers,
    WallTime, WalletReport,
};
use windvane_order_management::{Identity, Orders};
use windvane_risk::{Ownership, RiskLimits};
use windvane_strategy::{Strategy, load};

const TREND: &str = include_str!("../../../../strategies/trend.toml");
const MAKER: &str = include_str!("../../../../strategies/maker.toml");
/// Buys below the trigger and sells above it, like the bot of the wire benchmark.
const TOUCH: &str = r#"
language = 1
timeframe = "1m"
evaluate = "tick"
[entry.long]
signal = "ask < 50000 USDT"
[entry.any]
order = { type = "market" }
size  = { quote = "60 USDT", max_leverage = "2x" }
[exit]
stop   = { distance = "2%" }
signal = { long = "bid > 50000 USDT" }
"#;
/// No limit is in the way, but each is worked out.
const LIMITS: &str = r#"
margin_mode = "cross"
max_order_notional = "100 USDT"
min_order_notional = "1 USDT"
max_position_notional = "200 USDT"
max_gross_exposure = "200 USDT"
max_leverage = "10x"
max_open_orders = 10
max_order_rate_short = "1000 per 1s"
max_order_rate_long = "60000 per 1m"
price_collar = "5%"
book_collar = "10%"
max_loss_per_day = "1000000 USDT"
max_loss_per_week = "10000000 USDT"
require_stop_on_entry = true
stale_after = "24h"
min_liquidation_distance = "1%"
max_adl_rank = 4
max_margin_error = "1%"
max_clock_uncertainty = "500ms"
max_clock_step = "100ms"
max_journal_lag = "250ms"
crossed_book_pause = "2s"
max_error_rate = "1000 per 1m"
cool_down_after_stop = "1ms"
max_losing_streak = 1000000
losing_streak_pause = "1ms"
drawdown = { yellow = "80%", orange = "90%", red = "100%", persists_for = "1m" }
"#;

/// What the next price does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Levels change, the touch stays on either side of the trigger.
    Quiet,
    /// An ask below the trigger.
    AskBelow,
    /// A bid above the trigger.
    BidAbove,
}

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) outputs: Vec<Output>,
    pub(crate) touch: Symbol,
    /// Time that the engine spent on executions.
    pub(crate) reports: Duration,
    sequence: u64,
    update_id: u64,
    last: Step,
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn price(text: &str) -> Price {
    Price::new(decimal(text)).unwrap()
}

fn qty(text: &str) -> Qty {
    Qty::new(decimal(text)).unwrap()
}

fn leverage() -> Leverage {
    Leverage::new(decimal("10")).unwrap()
}

fn instrument(symbol: Symbol) -> Instrument {
    Instrument {
        symbol,
        settle_coin: Coin::new("USDT").unwrap(),
        status: InstrumentStatus::Trading,
        tick_size: price("0.1"),
        lot_size: qty("0.001"),
        min_qty: qty("0.001"),
        max_limit_qty: qty("1000"),
        max_market_qty: qty("100"),
        min_notional: Notional::new(decimal("5")).unwrap(),
        max_leverage: Leverage::new(decimal("100")).unwrap(),
        price_limit_ratio_x: Rate::new(decimal("0.01")),
        price_limit_ratio_y: Rate::new(decimal("0.02")),
        funding_interval_minutes: 480,
        tiers: vec![RiskTier {
            limit: Notional::new(decimal("2000000")).unwrap(),
            maintenance_rate: Rate::new(decimal("0.005")),
            initial_rate: Rate::new(decimal("0.01")),
            max_leverage: Leverage::new(decimal("100")).unwrap(),
            maintenance_deduction: Notional::ZERO,
        }],
    }
}

/// A message that only moves the mark.
pub(crate) fn ticker(symbol: Symbol, mark: &str) -> Event {
    let mark = Some(price(mark));
    Event::Market(MarketEvent::Ticker(Ticker {
        symbol,
        at: MarketTime(0),
        last: mark,
        mark,
        index: mark,
        funding_rate: None,
        next_funding: None,
        open_interest: None,
    }))
}

impl World {
    /// Connected, reconciled, flat, with a book and a mark.
    pub(crate) fn ready() -> Self {
        let bots = [("touch", "BTCUSDT", TOUCH), ("trend", "ETHUSDT", TREND), ("maker", "DOGEUSDT", MAKER)]
            .map(|(name, symbol, text)| {
                let strategy = load(name, text, &BTreeMap::new()).unwrap().bot();
                (BotName::new(name).unwrap(), Symbol::new(symbol).unwrap(), strategy)
            });
        let mut world = Self::of(bots.into());
        world.quote_touch();
        world
    }

    /// Connected and reconciled, flat, each bot on a contract of its own; no price of any is known.
    pub(crate) fn of(bots: Vec<(BotName, Symbol, Box<dyn Strategy>)>) -> Self {
        let symbols: Vec<Symbol> = bots.iter().map(|(_, symbol, _)| *symbol).collect();
        let index = PositionIndex::default();
        let claims: Vec<_> = bots.iter().map(|(bot, symbol, _)| (*bot, vec![(*symbol, index)])).collect();
        let identity = Identity { install: InstallTag::from_seed(1), epoch: Epoch(1) };
        let setup = EngineSetup {
            orders: Orders::new(identity, &claims),
            limits: toml::from_str::<RiskLimits>(LIMITS).unwrap(),
            ownership: Ownership::new(bots.iter().map(|(bot, symbol, _)| (*symbol, index, *bot))).unwrap(),
            config: [0; 32],
            needs_trade_link: true,
            unprotected_ms_max: 5_000,
            bots: bots
                .into_iter()
                .map(|(name, symbol, strategy)| BotSetup {
                    name,
                    symbol,
                    position_index: index,
                    strategy,
                    budget: Money::new(decimal("1000")),
                    leverage: leverage(),
                    next: None,
                    removal: None,
                    when_short: WhenShort::Refuse,
                    priority: 0,
                    foreign: Foreign::default(),
                })
                .collect(),
        };
        let mut world = Self {
            engine: Engine::new(setup),
            outputs: Vec::new(),
            touch: symbols[0],
            reports: Duration::ZERO,
            sequence: 0,
            update_id: 0,
            last: Step::Quiet,
        };
        world.connect(&symbols);
        world
    }

    /// The same with so many orders of one bot on the venue's book, far from the market, and its contract quoted.
    pub(crate) fn with_open_orders(bot: &str, symbol: &str, count: u64) -> Self {
        let mut world = Self::ready();
        let symbol = Symbol::new(symbol).unwrap();
        if symbol != world.touch {
            world.take(ticker(symbol, "50000"));
        }
        for sequence in 1..=count {
            let report = resting(bot, symbol, sequence, "40000", 1);
            world.take(Event::Account(AccountEvent::Order(report)));
        }
        assert_eq!(world.engine.orders().live_orders().count(), usize::try_from(count).unwrap());
        world
    }

    fn connect(&mut self, symbols: &[Symbol]) {
        let free = FeeRates { taker: Rate::new(Decimal::ZERO), maker: Rate::new(Decimal::ZERO) };
        let reference = Reference {
            instruments: symbols.iter().map(|symbol| instrument(*symbol)).collect(),
            fees: symbols.iter().map(|symbol| (*symbol, free)).collect(),
        };
        self.take(Event::Reference(reference));
        for link in [Link::Public(LinkState::Up), Link::Trade(LinkState::Up), Link::Private(LinkState::Up)] {
            self.take(Event::Link(link));
        }
        let snapshot = AccountSnapshot {
            positions: symbols.iter().map(|symbol| flat(*symbol)).collect(),
            wallet: wallet(),
            ..AccountSnapshot::default()
        };
        self.take(Event::Account(AccountEvent::Answer(QueryAnswer::Account(Box::new(snapshot)))));
        assert_eq!(self.engine.run_state(), RunState::Active, "waiting for {:?}", self.engine.waiting());
    }

    fn quote_touch(&mut self) {
        self.take(ticker(self.touch, "50000"));
        let snapshot = self.price(Step::Quiet);
        self.take(snapshot);
        self.take_price(Step::Quiet);
    }

    fn take_price(&mut self, step: Step) {
        let event = self.price(step);
        self.take(event);
    }

    pub(crate) fn take(&mut self, event: Event) {
        let stamped = self.stamp(event);
        self.engine.handle(&stamped, &mut self.outputs);
        self.outputs.clear();
    }

    /// Each event a hundredth of a second after the one before.
    pub(crate) fn stamp(&mut self, event: Event) -> Stamped {
        self.sequence += 1;
        let ms = i64::try_from(self.sequence).unwrap() * 10;
        let stamp = Stamp { sequence: self.sequence, wall: WallTime(ms * 1_000_000), market: MarketTime(ms) };
        Stamped { stamp, event }
    }

    /// The event of the next price.
    pub(crate) fn price(&mut self, step: Step) -> Event {
        let mut events = Vec::new();
        decode_public(&self.frame(step), &Spares::default(), &mut events);
        Event::Market(events.remove(0))
    }

    /// The text of the next price: a delta of eleven or twelve levels.
    pub(crate) fn frame(&mut self, step: Step) -> String {
        self.update_id += 1;
        let kind = if self.update_id == 1 { "snapshot" } else { "delta" };
        let gone = |was: Step, level: &'static str| if self.last == was { level } else { "" };
        let ask = match step {
            Step::AskBelow => r#"["49990","3"],"#,
            Step::Quiet | Step::BidAbove => gone(Step::AskBelow, r#"["49990","0"],"#),
        };
        let bid = match step {
            Step::BidAbove => r#"["50008","3"],"#,
            Step::Quiet | Step::AskBelow => gone(Step::BidAbove, r#"["50008","0"],"#),
        };
        self.last = step;
        let (id, size) = (self.update_id, self.update_id % 9 + 1);
        format!(
            r#"{{"topic":"orderbook.50.BTCUSDT","type":"{kind}","ts":{id},"data":{{"s":"BTCUSDT","b":[{bid}["49988.0","{size}.5"],["49987.9","{size}.1"],["49987.5","{size}.25"],["49987.1","{size}.003"],["49986.0","{size}.7"]],"a":[{ask}["50010.0","1.{size}34"],["50010.2","{size}.01"],["50010.3","{size}.892"],["50010.9","{size}.778"],["50011.4","{size}.591"],["50012.0","{size}.659"]],"u":{id},"seq":{id}}},"cts":{id}}}"#
        )
    }

    /// Plays the venue for the order among the outputs, if there is one; whether there was.
    pub(crate) fn fill_what_was_asked(&mut self) -> bool {
        let asked = self.outputs.drain(..).find_map(|output| match output {
            Output::Command { command: Command::Submit(submit), .. } => Some(submit),
            _ => None,
        });
        let Some(submit) = asked else { return false };
        let execution = execution(&submit, self.sequence);
        let execution = self.stamp(Event::Account(AccountEvent::Execution(execution)));
        let began = Instant::now();
        self.engine.handle(&execution, &mut self.outputs);
        self.reports += began.elapsed();
        self.outputs.clear();
        self.take(Event::Account(AccountEvent::Order(filled(&submit))));
        true
    }
}

/// What the venue shows of an order that rests. It is of an earlier start, so that it is adopted by its id.
pub(crate) fn resting(bot: &str, symbol: Symbol, sequence: u64, limit: &str, updated: i64) -> OrderReport {
    let id = IdGrammar {
        install: InstallTag::from_seed(1),
        bot: BotTag::of(&BotName::new(bot).unwrap()),
        role: Role::Level,
        epoch: Epoch(0),
        sequence,
    };
    let submit = Submit {
        client_order_id: id.mint(),
        symbol,
        position_index: PositionIndex::default(),
        role: Role::Level,
        side: Side::Buy,
        qty: qty("0.001"),
        kind: OrderKind::Limit { price: price(limit), time_in_force: TimeInForce::PostOnly },
        reduce_only: false,
        stop_loss: None,
        take_profit: None,
        triggers: Triggers::default(),
        send_before: None,
    };
    OrderReport {
        is_market: false,
        time_in_force: TimeInForce::PostOnly,
        price: Some(price(limit)),
        cumulative_qty: Qty::ZERO,
        average_price: None,
        status: OrderStatus::New,
        updated: MarketTime(updated),
        ..filled(&submit)
    }
}

fn fill_price(side: Side) -> Price {
    price(if side == Side::Buy { "49990" } else { "50008" })
}

fn venue_id(submit: &Submit) -> OrderId {
    OrderId::new(&format!("v-{}", submit.client_order_id)).unwrap()
}

fn execution(submit: &Submit, sequence: u64) -> Execution {
    Execution {
        symbol: submit.symbol,
        execution_id: ExecutionId::new(&format!("e-{sequence}")).unwrap(),
        order_id: venue_id(submit),
        client_order_id: Some(submit.client_order_id),
        kind: ExecutionKind::Trade,
        side: submit.side,
        price: fill_price(submit.side),
        qty: submit.qty,
        fee: Money::ZERO,
        fee_coin: Coin::new("USDT").unwrap(),
        is_maker: false,
        stop_kind: None,
        origin: Origin::User,
        closed_qty: if submit.reduce_only { submit.qty } else { Qty::ZERO },
        venue_pnl: None,
        at: MarketTime(0),
        // Rising, as the venue's: else each fill would be booked in the midst of the earlier ones.
        sequence: i64::try_from(sequence).unwrap(),
    }
}

fn filled(submit: &Submit) -> OrderReport {
    OrderReport {
        symbol: submit.symbol,
        order_id: venue_id(submit),
        client_order_id: Some(submit.client_order_id),
        parent: None,
        position_index: submit.position_index,
        side: submit.side,
        is_market: true,
        time_in_force: TimeInForce::Ioc,
        price: None,
        qty: submit.qty,
        cumulative_qty: submit.qty,
        average_price: Some(fill_price(submit.side)),
        status: OrderStatus::Filled,
        stop_kind: None,
        trigger_price: None,
        reduce_only: submit.reduce_only,
        origin: Origin::User,
        reject_reason: Text::lossy("EC_NoError"),
        cancel_type: Text::lossy("UNKNOWN"),
        created: MarketTime(1),
        updated: MarketTime(1),
    }
}

fn flat(symbol: Symbol) -> PositionReport {
    PositionReport {
        symbol,
        position_index: PositionIndex::default(),
        side: None,
        qty: Qty::ZERO,
        average_price: None,
        mark_price: None,
        leverage: Some(leverage()),
        stop_loss: None,
        take_profit: None,
        trailing_distance: None,
        liquidation_price: None,
        initial_margin: None,
        maintenance_margin: None,
        unrealised_pnl: None,
        adl_rank: 0,
        status: PositionStatus::Normal,
        sequence: 0,
        updated: MarketTime(0),
    }
}

fn wallet() -> WalletReport {
    let coin = CoinBalance {
        coin: Coin::new("USDT").unwrap(),
        wallet_balance: Money::new(decimal("100000")),
        equity: None,
        order_margin: None,
        position_margin: None,
        maintenance_margin: None,
        usd_value: None,
        borrowed: None,
        locked: None,
        bonus: None,
    };
    WalletReport { coins: vec![coin], ..WalletReport::default() }
}
