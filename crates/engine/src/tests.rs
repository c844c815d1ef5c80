//! The engine from event to output: what it does again, how soon, and what it then no longer does.

use crate::{BotSetup, Engine, EngineSetup, Foreign, Output, Removal, WhenShort};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use windvane_model::{
    AccountEvent, AccountSnapshot, BookLevel, BookUpdate, BookUpdateKind, BotName, Coin, CoinBalance,
    Command, Control, DenialReason, Epoch, Event, Execution, ExecutionId, ExecutionKind, FeeRates, Fixed,
    HaltCause, InstallTag, Instrument, InstrumentStatus, Leverage, Link, LinkState, MarketEvent, MarketTime,
    Millis, Money, Notice, NoticeTo, Notional, OrderId, OrderReport, OrderStatus, Origin, PositionIndex,
    PositionReport, PreChecked, Price, Qty, Query, QueryAnswer, QueryFailed, Rate, Reference, RefusalFamily,
    Refused, Request, RiskTier, Role, RunState, Scope, Side, Stamp, Stamped, Submit, Symbol, Text, Ticker,
    TimeInForce, WalletReport,
};
use windvane_order_management::{Identity, Orders};
use windvane_risk::margin::MarginMode;
use windvane_risk::{DrawdownLimits, Ownership, RiskLimits};

mod child;
mod leverage;
mod short;

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
        sequence: 1,
        updated: MarketTime(1),
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
        let coin = CoinBalance {
            coin: Coin::new("USDT").unwrap(),
            wallet_balance: Money::new(number(wallet)),
            equity: None,
            order_margin: None,
            position_margin: None,
        };
        let wallet = WalletReport { coins: vec![coin], ..WalletReport::default() };
        let snapshot =
            AccountSnapshot { positions: positions.to_vec(), wallet, ..AccountSnapshot::default() };
        self.take(Event::Account(AccountEvent::Answer(QueryAnswer::Account(Box::new(snapshot)))))
    }

    fn take(&mut self, event: Event) -> Vec<Output> {
        self.stamp.sequence += 1;
        let mut outputs = Vec::new();
        self.engine.handle(&Stamped { stamp: self.stamp, event }, &mut outputs);
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

/// The stops that are asked for.
fn stops(outputs: &[Output]) -> Vec<Price> {
    let stop = |output: &Output| match output {
        Output::Command { command: Command::SetProtection(set), .. } => set.stop_loss,
        _ => None,
    };
    outputs.iter().filter_map(stop).collect()
}

fn alarms(outputs: &[Output]) -> Vec<crate::Remedy> {
    let remedy = |output: &Output| match output {
        Output::Naked(naked) => Some(naked.remedy),
        _ => None,
    };
    outputs.iter().filter_map(remedy).collect()
}

fn asks_for_leverage(outputs: &[Output]) -> bool {
    outputs.iter().any(|out| matches!(out, Output::Command { command: Command::SetLeverage(_), .. }))
}

#[test]
fn a_refused_close_is_repeated_after_a_pause_and_not_by_its_own_answer() {
    let (mut world, _) = World::reconciled("10");
    let closes = submits(&world.take(Event::Control(Control::Flatten(Scope::All))));
    let [close] = closes[..] else { panic!("one close, not {closes:?}") };
    assert_eq!(
        (close.role, close.side, close.qty, close.reduce_only),
        (Role::Protect, Side::Sell, qty("1"), true)
    );
    let refused = world.take(Event::Account(AccountEvent::Refused(Refused {
        request: Request::Submit,
        symbol: Some(symbol()),
        client_order_id: Some(close.client_order_id),
        code: 0,
        family: RefusalFamily::NotSent,
        message: Text::lossy("no room"),
    })));
    assert_eq!(submits(&refused), []);
    let due = world.engine.next_deadline().unwrap().millis_since(world.stamp.wall);
    assert_eq!(submits(&world.wait(due - 1)), []);
    assert_eq!(submits(&world.wait(1)).len(), 1);
}

#[test]
fn a_bot_that_is_wound_down_opens_nothing_until_it_is_resumed() {
    let (mut world, _) = World::reconciled("10");
    assert_eq!(world.engine.run_state(), RunState::Active);
    world.take(Event::Control(Control::CancelEntries(Scope::All)));
    let outputs = world.quote();
    assert_eq!(submits(&outputs), []);
    let is_denied = |out: &Output| match out {
        Output::Denied { denial, .. } => {
            denial.reason == DenialReason::RunState { state: RunState::Reducing }
        }
        _ => false,
    };
    assert!(outputs.iter().any(is_denied), "{outputs:?}");
    assert_eq!(world.engine.run_state(), RunState::Active, "it is this bot that may not, not the engine");
    world.take(Event::Control(Control::Resume));
    world.wait(5_000);
    assert!(!submits(&world.quote()).is_empty());
}

#[test]
fn a_leverage_that_is_not_seen_is_read_again_and_asked_for_again() {
    let mut world = World::connected();
    let outputs = world.show_held("0", "5");
    assert!(asks_for_leverage(&outputs));
    assert_eq!(world.engine.run_state(), RunState::Reducing);
    assert!(!asks_for_leverage(&world.wait(1_000)), "once is enough for now");
    let due = world.engine.next_deadline().unwrap().millis_since(world.stamp.wall);
    let outputs = world.wait(due);
    let is_read =
        |out: &Output| matches!(out, Output::Command { command: Command::Query(Query::Account { .. }), .. });
    assert!(outputs.iter().any(is_read), "{outputs:?}");
    assert!(asks_for_leverage(&world.show_held("0", "5")), "still another one");
    world.wait(10_000);
    world.show_held("0", "10");
    assert_eq!(world.engine.run_state(), RunState::Active);
}

#[test]
fn a_touch_from_before_a_cut_is_no_price() {
    let (mut world, _) = World::reconciled("10");
    world.quote();
    assert!(world.engine.quotes.get(symbol()).bid.is_some());
    world.take(Event::Link(Link::Public(LinkState::Down)));
    world.take(Event::Link(Link::Public(LinkState::Up)));
    assert_eq!(world.engine.quotes.get(symbol()).bid, None);
}

/// What the engine last wrote down of itself.
fn own_memory(outputs: &[Output]) -> Option<Vec<u8>> {
    let of = |output: &Output| match output {
        Output::Memory(memory) if memory.bot == crate::engine_memory_name() => Some(memory.bytes.clone()),
        _ => None,
    };
    outputs.iter().filter_map(of).next_back()
}

#[test]
fn a_halt_and_a_flatten_outlive_a_crash_and_an_orderly_end_leaves_neither() {
    let (mut world, _) = World::reconciled("10");
    let mut written = world.take(Event::Control(Control::Halt(HaltCause::Operator)));
    written.extend(world.take(Event::Control(Control::Flatten(Scope::All))));
    written.extend(world.take(Event::Control(Control::Halt(HaltCause::Shutdown))));
    let memory = own_memory(&written).unwrap();
    let (mut after, _) = World::reconciled("10");
    after.engine.restore(crate::engine_memory_name(), &memory).unwrap();
    assert_eq!(after.engine.run_state(), RunState::Halted(HaltCause::Operator));
    assert!(after.engine.bots().all(|bot| bot.hold == Some(crate::Hold::Close)));

    let (mut world, _) = World::reconciled("10");
    let mut written = world.take(Event::Control(Control::Halt(HaltCause::Shutdown)));
    written.extend(world.take(Event::Control(Control::Flatten(Scope::All))));
    let (mut after, _) = World::reconciled("10");
    if let Some(memory) = own_memory(&written) {
        after.engine.restore(crate::engine_memory_name(), &memory).unwrap();
    }
    assert_eq!(after.engine.run_state(), RunState::Active);
    assert!(after.engine.bots().all(|bot| bot.hold.is_none()));
}

/// A fill of one of the maker's own orders, whose stop never shows at the venue. Also what that order carried.
fn bare() -> (World, Option<Price>) {
    let mut world = World::connected();
    world.show_held("0", "10");
    let entry =
        *submits(&world.quote()).iter().find(|order| order.side == Side::Buy).expect("the maker bids");
    world.take(Event::Account(AccountEvent::Execution(fill_of(&entry))));
    world.take(Event::Account(AccountEvent::Order(filled(&entry))));
    (world, entry.stop_loss)
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

#[test]
fn a_position_without_its_stop_gets_it_again_and_is_flattened_when_that_does_not_help() {
    let (mut world, stop) = bare();
    let stop = stop.expect("the maker protects its entries");
    let early = world.wait(4_999);
    assert_eq!((alarms(&early), stops(&early)), (vec![], vec![]));
    let late = world.wait(1);
    assert_eq!((alarms(&late), stops(&late).last()), (vec![crate::Remedy::Attach], Some(&stop)));
    let is_read =
        |out: &Output| matches!(out, Output::Command { command: Command::Query(Query::Account { .. }), .. });
    assert!(late.iter().any(is_read), "it may only be our picture that lacks it: {late:?}");

    world.show_held("0", "10");
    let last = world.wait(5_000);
    assert_eq!(alarms(&last), [crate::Remedy::Flatten]);
    let closes = submits(&last);
    assert!(closes.iter().any(|close| close.role == Role::Protect && close.reduce_only), "{closes:?}");
    assert!(alarms(&world.wait(60_000)).is_empty(), "one spell is one alarm for each step");
}

#[test]
fn a_stop_that_the_price_has_passed_is_not_asked_for_the_position_is_closed() {
    let (mut world, stop) = bare();
    let stop = stop.expect("the maker protects its entries");
    let at = world.stamp.market;
    let mark = Some(stop);
    let (last, index, funding_rate, next_funding) = (None, None, None, None);
    let ticker = Ticker { symbol: symbol(), at, last, mark, index, funding_rate, next_funding };
    world.take(Event::Market(MarketEvent::Ticker(ticker)));
    assert_eq!(alarms(&world.wait(5_000)), [crate::Remedy::Flatten]);
}

#[test]
fn a_position_that_strangers_opened_is_an_alarm_and_is_left_alone() {
    let (mut world, _) = World::reconciled("10");
    world.take(Event::Control(Control::CancelEntries(Scope::All)));
    let outputs = world.wait(5_000);
    assert_eq!(alarms(&outputs), [crate::Remedy::Leave]);
    assert_eq!(submits(&outputs), []);
}

#[test]
fn a_position_that_strangers_opened_is_closed_where_the_bot_adopts_it_and_it_has_no_stop() {
    let mut world = World::set_up(None, Foreign::Adopt);
    world.show_held("1", "10");
    world.take(Event::Control(Control::CancelEntries(Scope::All)));
    let outputs = world.wait(5_000);
    assert_eq!(alarms(&outputs), [crate::Remedy::Flatten]);
    assert!(submits(&outputs).iter().any(|close| close.reduce_only), "{outputs:?}");
}

#[test]
fn after_crash_upon_crash_nothing_opens_until_a_person_resumes() {
    let mut world = World::connected_with(None);
    world.engine.begin_reducing();
    world.show_held("0", "10");
    assert_eq!(submits(&world.quote()), []);
    assert_eq!(world.engine.waiting(), Some(crate::Waiting::Crashes));
    world.take(Event::Control(Control::Resume));
    assert_eq!((world.engine.run_state(), world.engine.waiting()), (RunState::Active, None));
}

#[test]
fn while_an_amend_is_unanswered_no_second_one_leaves() {
    let (mut world, _) = World::reconciled("10");
    let amends = |outputs: &[Output]| {
        let is_amend = |out: &&Output| matches!(out, Output::Command { command: Command::Amend(_), .. });
        outputs.iter().filter(is_amend).count()
    };
    world.quote();
    let id = world.engine.orders().live_orders().next().expect("the maker quotes").id();
    let amend = |world: &mut World, to: &str| {
        let mut outputs = Vec::new();
        let intent = windvane_model::Intent::Amend { client_order_id: id, price: Some(price(to)), qty: None };
        world.engine.take(0, &intent, world.stamp, &mut outputs);
        outputs
    };
    assert_eq!(amends(&amend(&mut world, "98.5")), 1);
    let second = amend(&mut world, "98");
    assert_eq!(amends(&second), 0);
    assert!(
        matches!(second[..], [Output::Denied { denial, .. }] if denial.reason == DenialReason::NotAmendable)
    );
}

#[test]
fn a_bot_on_its_way_out_opens_nothing_whatever_is_resumed() {
    let mut leaving = World::connected_with(Some(Removal::ExitOnly));
    leaving.show_held("1", "10");
    leaving.take(Event::Control(Control::Resume));
    leaving.wait(1);
    assert_eq!(submits(&leaving.quote()), []);

    let mut closing = World::connected_with(Some(Removal::Close));
    let closes = submits(&closing.show_held("1", "10"));
    assert!(closes.iter().all(|close| close.reduce_only) && !closes.is_empty(), "{closes:?}");
}

#[test]
fn another_configuration_changes_limits_and_figures_and_leaves_orders_where_they_are() {
    let (mut world, _) = World::reconciled("10");
    world.show_held("0", "10");
    world.quote();
    let resting: Vec<_> =
        world.engine.orders().live_orders().map(windvane_order_management::Order::id).collect();
    assert!(!resting.is_empty());
    let maker = windvane_strategy::load("maker.toml", MAKER, &BTreeMap::new()).unwrap();
    let bots = |budget: &str| {
        vec![BotSetup {
            name: bot(),
            symbol: symbol(),
            position_index: PositionIndex::default(),
            strategy: maker.bot(),
            next: None,
            budget: Money::new(number(budget)),
            leverage: Leverage::new(number("10")).unwrap(),
            removal: None,
            when_short: WhenShort::Refuse,
            priority: 0,
            foreign: Foreign::Leave,
        }]
    };
    world.engine.reconfigure(crate::Reconfiguration {
        bots: bots("700"),
        redefined: BTreeMap::new(),
        limits: RiskLimits { max_open_orders: 1, ..limits() },
        ownership: Ownership::new([(symbol(), PositionIndex::default(), bot())]).unwrap(),
        config: [1; 32],
        unprotected_ms_max: 5_000,
    });
    assert!(submits(&world.wait(10)).is_empty());
    let still: Vec<_> =
        world.engine.orders().live_orders().map(windvane_order_management::Order::id).collect();
    assert_eq!(resting, still, "not one is touched");
    assert_eq!(world.engine.bots().next().unwrap().equity, Money::new(number("700")));
}

#[test]
fn a_bot_that_is_gone_is_not_woken_and_its_orders_are_nobodys() {
    let (mut world, _) = World::reconciled("10");
    world.show_held("0", "10");
    world.engine.reconfigure(crate::Reconfiguration {
        bots: Vec::new(),
        redefined: BTreeMap::new(),
        limits: limits(),
        ownership: Ownership::default(),
        config: [1; 32],
        unprotected_ms_max: 5_000,
    });
    assert!(world.quote().is_empty() && world.engine.bots().next().is_none());
}

#[test]
fn other_rules_wait_for_the_end_of_a_position_and_the_opening_is_remembered() {
    let (mut world, outputs) = World::reconciled("10");
    let memories = |outputs: &[Output]| -> Vec<Vec<u8>> {
        let memory = |output: &Output| match output {
            Output::Memory(memory) if memory.bot == crate::engine_memory_name() => Some(memory.bytes.clone()),
            _ => None,
        };
        outputs.iter().filter_map(memory).collect()
    };
    let remembered = memories(&outputs).pop().unwrap();
    assert_eq!(
        crate::opened_under(&remembered),
        [(bot(), [0; 32])],
        "opened under the configuration of then"
    );
    world.quote();
    let narrow = MAKER.replace("half_spread = \"1%\"", "half_spread = \"2%\"");
    let narrow = windvane_strategy::load("maker.toml", &narrow, &BTreeMap::new()).unwrap();
    let reconfigure = |world: &mut World, urgency| {
        world.engine.reconfigure(crate::Reconfiguration {
            bots: vec![BotSetup {
                name: bot(),
                symbol: symbol(),
                position_index: PositionIndex::default(),
                strategy: narrow.bot(),
                next: None,
                budget: Money::new(number("1000")),
                leverage: Leverage::new(number("10")).unwrap(),
                removal: None,
                when_short: WhenShort::Refuse,
                priority: 0,
                foreign: Foreign::Leave,
            }],
            redefined: BTreeMap::from([(bot(), (narrow.clone(), urgency))]),
            limits: limits(),
            ownership: Ownership::new([(symbol(), PositionIndex::default(), bot())]).unwrap(),
            config: [1; 32],
            unprotected_ms_max: 5_000,
        });
        world.quote()
    };
    reconfigure(&mut world, windvane_strategy::Urgency::WhenFlat);
    assert_eq!(world.engine.waiting_for_flat().collect::<Vec<_>>(), [bot()]);
    let outputs = reconfigure(&mut world, windvane_strategy::Urgency::AtOnce);
    assert_eq!(world.engine.waiting_for_flat().count(), 0);
    let remembered = memories(&outputs).pop().unwrap();
    assert_eq!(crate::opened_under(&remembered), [(bot(), [1; 32])], "it lives by the new ones from here on");
}

#[test]
fn a_paused_bot_opens_nothing_and_leaves_what_rests_until_it_alone_is_released() {
    let (mut world, _) = World::reconciled("10");
    let resting = submits(&world.quote());
    assert!(!resting.is_empty());
    let outputs = world.take(Event::Control(Control::Pause(Scope::Bot(bot()))));
    assert_eq!(cancels(&outputs), 0, "a pause takes nothing back");
    world.wait(5_000);
    assert_eq!(submits(&world.quote()), []);
    let memory = own_memory(&outputs).expect("the pause is written down");
    let (mut after, _) = World::reconciled("10");
    after.engine.restore(crate::engine_memory_name(), &memory).unwrap();
    assert_eq!(after.engine.bots().next().unwrap().hold, Some(crate::Hold::Pause));

    world.take(Event::Control(Control::CancelEntries(Scope::Bot(bot()))));
    let stricter = world.take(Event::Control(Control::Pause(Scope::Bot(bot()))));
    assert_eq!(own_memory(&stricter), None, "the stricter wish stays");
    world.take(Event::Control(Control::Release(bot())));
    assert_eq!(world.engine.bots().next().unwrap().hold, None);
}

fn cancels(outputs: &[Output]) -> usize {
    let is_cancel = |out: &&Output| matches!(out, Output::Command { command: Command::Cancel(_), .. });
    outputs.iter().filter(is_cancel).count()
}

fn kills(outputs: &[Output]) -> usize {
    let is_kill = |out: &&Output| matches!(out, Output::Command { command: Command::CancelAll(_), .. });
    outputs.iter().filter(is_kill).count()
}

#[test]
fn a_kill_of_the_account_is_repeated_until_a_later_picture_shows_no_order_and_outlives_a_crash() {
    let (mut world, _) = World::reconciled("10");
    assert!(!submits(&world.quote()).is_empty());
    world.take(Event::Control(Control::Halt(HaltCause::Operator)));
    let outputs = world.take(Event::Control(Control::CancelAccount));
    assert_eq!(kills(&outputs), 1);
    let closes = world.take(Event::Control(Control::Flatten(Scope::All)));
    assert_eq!(cancels(&closes), 0, "the venue's own cancel-all does it");
    assert!(submits(&closes).iter().all(|close| close.reduce_only), "{closes:?}");
    assert_eq!(kills(&world.wait(999)), 0);
    assert_eq!(kills(&world.wait(1)), 1, "the answer may be lost");
    world.show_held("1", "10");
    assert_eq!(kills(&world.wait(1_000)), 1, "our own orders are not told gone");

    let memory = own_memory(&outputs).expect("the kill is written down");
    let (mut after, _) = World::reconciled("10");
    after.engine.restore(crate::engine_memory_name(), &memory).unwrap();
    assert_eq!(kills(&after.wait(1)), 1, "a crash may have come before the send");
    after.show_held("1", "10");
    let ended = after.wait(1_000);
    assert_eq!(kills(&ended), 0, "nothing is left");
    assert!(own_memory(&ended).is_some(), "the end is written down");
    assert_eq!(kills(&after.wait(60_000)), 0);
}

#[test]
fn what_a_stranger_opened_is_the_bots_own_once_it_is_adopted() {
    let (mut world, _) = World::reconciled("10");
    world.take(Event::Control(Control::Pause(Scope::All)));
    world.take(Event::Control(Control::Adopt(bot())));
    assert!(world.engine.orders().position(symbol(), PositionIndex::default()).unwrap().is_ours());
    assert_eq!(alarms(&world.wait(5_000)), [crate::Remedy::Flatten], "and nothing of its own stays bare");
}

#[test]
fn a_strangers_order_is_told_at_once_and_cancelled_only_with_a_bot_that_adopts_it() {
    let venues_cancels = |outputs: &[Output]| {
        let is_theirs = |out: &&Output| matches!(out, Output::Command { command: Command::Cancel(cancel), .. } if cancel.order_id.is_some());
        outputs.iter().filter(is_theirs).count()
    };
    for (foreign, wanted) in [(Foreign::Leave, 0), (Foreign::Adopt, 1)] {
        let mut world = World::set_up(None, foreign);
        world.show_held("1", "10");
        let entry = submits(&world.quote()).remove(0);
        let phone = OrderReport {
            client_order_id: None,
            order_id: OrderId::new("v-phone").unwrap(),
            cumulative_qty: Qty::ZERO,
            status: OrderStatus::New,
            ..filled(&entry)
        };
        let told = world.take(Event::Account(AccountEvent::Order(phone)));
        let is_told =
            |out: &Output| matches!(out, Output::Notice(NoticeTo { notice: Notice::ForeignOrder(_), .. }));
        assert!(told.iter().any(is_told), "{told:?}");
        assert_eq!(venues_cancels(&told) + venues_cancels(&world.wait(60_000)), 0, "never touched unasked");
        let ending = world.take(Event::Control(Control::CancelEntries(Scope::All)));
        assert_eq!(venues_cancels(&ending), wanted, "{foreign:?}");
    }
}

#[test]
fn with_each_audit_the_venue_is_asked_what_an_order_would_hold_and_a_lasting_difference_is_told() {
    let (mut world, _) = World::reconciled("10");
    // Nothing of ours must be under way.
    world.take(Event::Control(Control::Halt(HaltCause::Operator)));
    world.quote();
    for round in 1..=3 {
        world.wait(1_000);
        world.quote();
        let outputs = world.show(&[position("0", "10")], "1000");
        let question = outputs.iter().find_map(|output| match output {
            Output::Command { command: Command::Query(Query::PreCheck(question)), .. } => Some(*question),
            _ => None,
        });
        let question = question.expect("a quarter of what can be afforded");
        assert_eq!((question.side, question.price), (Side::Buy, price("100")));
        // The venue says that it would hold nothing.
        let nothing = Rate::ZERO;
        let answer = QueryAnswer::PreCheck(PreChecked {
            question,
            initial_before: nothing,
            maintenance_before: nothing,
            initial_after: nothing,
            maintenance_after: nothing,
        });
        let outputs = world.take(Event::Account(AccountEvent::Answer(answer)));
        let is_told = outputs.iter().any(|output| matches!(output, Output::Miscount(_)));
        assert_eq!(is_told, round == 3, "round {round}");
    }
}

#[test]
fn a_venue_that_has_no_such_call_is_asked_three_times_and_no_more() {
    let (mut world, _) = World::reconciled("10");
    // Nothing of ours must be under way.
    world.take(Event::Control(Control::Halt(HaltCause::Operator)));
    world.quote();
    let mut asked = 0;
    for _ in 0..5 {
        world.wait(1_000);
        world.quote();
        for output in world.show(&[position("0", "10")], "1000") {
            let Output::Command { command: Command::Query(query @ Query::PreCheck(_)), .. } = output else {
                continue;
            };
            asked += 1;
            world.take(Event::Account(AccountEvent::QueryFailed(QueryFailed { query, code: 10001 })));
        }
    }
    assert_eq!(asked, 3);
}
