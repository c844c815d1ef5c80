//! A small account to try things on: one owned contract at a mark of 100, a wallet of 1,000 USDT, leverage 10.

use rust_decimal::Decimal;
use windvane_model::{
    AccountEvent, BotName, BotTag, ClientOrderId, Coin, DenialReason, Epoch, FeeRates, IdGrammar, InstallTag,
    Instrument, InstrumentStatus, Intent, Leverage, MarketTime, Money, Notional, OrderKind, Place,
    PositionIndex, Price, Qty, Rate, Reference, RefusalFamily, Refused, Request, RiskTier, Role, RunState,
    Side, Stamp, Symbol, Tag, Text, TimeInForce, Triggers, WallTime,
};
use windvane_risk::{
    Approved, Ask, Breach, Context, Exposure, OpenOrder, OrderExposure, Ownership, PositionExposure, Quotes,
    Risk, RiskLimits, RiskMemory, Worth,
};

pub(crate) fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(crate) fn price(text: &str) -> Price {
    Price::new(dec(text)).unwrap()
}

pub(crate) fn qty(text: &str) -> Qty {
    Qty::new(dec(text)).unwrap()
}

pub(crate) fn symbol() -> Symbol {
    Symbol::new("BTCUSDT").unwrap()
}

pub(crate) fn other_symbol() -> Symbol {
    Symbol::new("ETHUSDT").unwrap()
}

pub(crate) fn bot() -> BotName {
    BotName::new("trend").unwrap()
}

pub(crate) fn leverage(times: &str) -> Leverage {
    Leverage::new(dec(times)).unwrap()
}

pub(crate) fn id_of(role: Role, sequence: u64) -> ClientOrderId {
    let (install, bot) = (InstallTag::from_seed(1), BotTag::of(&bot()));
    IdGrammar { install, bot, role, epoch: Epoch(1), sequence }.mint()
}

pub(crate) fn id(sequence: u64) -> ClientOrderId {
    id_of(Role::Entry, sequence)
}

pub(crate) fn instrument(symbol: Symbol) -> Instrument {
    let tier = |limit, rate, max| RiskTier {
        limit: Notional::new(dec(limit)).unwrap(),
        maintenance_rate: Rate::new(dec(rate)),
        initial_rate: Rate::new(Decimal::ONE / dec(max)),
        max_leverage: leverage(max),
        maintenance_deduction: Notional::ZERO,
    };
    Instrument {
        symbol,
        settle_coin: Coin::new("USDT").unwrap(),
        status: InstrumentStatus::Trading,
        tick_size: price("0.1"),
        lot_size: qty("0.001"),
        min_qty: qty("0.001"),
        max_limit_qty: qty("1000"),
        max_market_qty: qty("10"),
        min_notional: Notional::new(dec("5")).unwrap(),
        max_leverage: leverage("100"),
        price_limit_ratio_x: Rate::new(dec("0.01")),
        price_limit_ratio_y: Rate::new(dec("0.02")),
        funding_interval_minutes: 480,
        tiers: vec![tier("100000", "0.005", "100"), tier("200000", "0.01", "50")],
    }
}

/// A limit buy of 1 at 100 with its stop at 95.
pub(crate) fn place() -> Place {
    Place {
        tag: Tag(1),
        symbol: symbol(),
        role: Role::Entry,
        side: Side::Buy,
        qty: qty("1"),
        kind: at("100"),
        reduce_only: false,
        stop_loss: Some(price("95")),
        take_profit: None,
        triggers: Triggers::default(),
        send_before: None,
    }
}

/// A reduce-only market sell.
pub(crate) fn exit(size: &str) -> Place {
    Place {
        role: Role::Exit,
        side: Side::Sell,
        qty: qty(size),
        kind: market(),
        reduce_only: true,
        stop_loss: None,
        ..place()
    }
}

pub(crate) fn at(text: &str) -> OrderKind {
    OrderKind::Limit { price: price(text), time_in_force: TimeInForce::Gtc }
}

pub(crate) const fn market() -> OrderKind {
    OrderKind::Market { max_slippage_ticks: None }
}

/// Limits that leave the default order alone, with `changes` to single lines.
pub(crate) fn limits(changes: &[(&str, &str)]) -> RiskLimits {
    toml::from_str(&limits_text(changes)).unwrap()
}

pub(crate) fn limits_text(changes: &[(&str, &str)]) -> String {
    let defaults = [
        ("margin_mode", "\"cross\""),
        ("max_order_notional", "\"500 USDT\""),
        ("min_order_notional", "\"0.01 USDT\""),
        ("max_position_notional", "\"2000 USDT\""),
        ("max_gross_exposure", "\"3000 USDT\""),
        ("max_leverage", "\"20x\""),
        ("max_open_orders", "5"),
        ("max_order_rate_short", "\"10 per 1s\""),
        ("max_order_rate_long", "\"100 per 1m\""),
        ("price_collar", "\"10%\""),
        ("book_collar", "\"10%\""),
        ("max_loss_per_day", "\"200 USDT\""),
        ("max_loss_per_week", "\"500 USDT\""),
        ("require_stop_on_entry", "true"),
        ("stale_after", "\"5s\""),
        ("min_liquidation_distance", "\"1%\""),
        ("max_adl_rank", "4"),
        ("max_margin_error", "\"1%\""),
        ("max_clock_uncertainty", "\"500ms\""),
        ("max_clock_step", "\"100ms\""),
        ("max_journal_lag", "\"250ms\""),
        ("crossed_book_pause", "\"2s\""),
        ("max_error_rate", "\"5 per 1m\""),
        ("cool_down_after_stop", "\"15m\""),
        ("max_losing_streak", "3"),
        ("losing_streak_pause", "\"4h\""),
        ("drawdown.yellow", "\"30%\""),
        ("drawdown.orange", "\"40%\""),
        ("drawdown.red", "\"50%\""),
        ("drawdown.persists_for", "\"10s\""),
    ];
    defaults
        .into_iter()
        .map(|(key, value)| {
            let changed = changes.iter().find(|(changed, _)| *changed == key);
            format!("{key} = {}\n", changed.map_or(value, |(_, value)| *value))
        })
        .collect()
}

fn position(symbol: Symbol, side: Option<Side>, size: &str, entry: &str) -> PositionExposure {
    PositionExposure {
        symbol,
        index: PositionIndex(0),
        side,
        qty: qty(size),
        average_price: side.map(|_| price(entry)),
        leverage: Some(leverage("10")),
        added_margin: Money::ZERO,
        adl_rank: 0,
    }
}

/// What the breakers remember, as the next start finds it: written down as words apart by spaces, and read back.
pub(crate) fn kept(risk: &Risk) -> RiskMemory {
    let mut words = Vec::new();
    risk.memory().write(&mut words);
    let mut memory = RiskMemory::default();
    for word in words.join(" ").split_whitespace() {
        let (name, value) = word.split_once('=').unwrap();
        memory.read(name, value).unwrap_or_else(|| panic!("{word}"));
    }
    assert_eq!(memory, risk.memory());
    memory
}

#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) risk: Risk,
    pub(crate) exposure: Exposure,
    pub(crate) quotes: Quotes,
    pub(crate) stamp: Stamp,
    pub(crate) symbol_in_doubt: bool,
    pub(crate) existing: Option<OpenOrder>,
    /// Who asks.
    pub(crate) asking: BotName,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with(limits(&[]))
    }

    pub(crate) fn with(limits: RiskLimits) -> Self {
        let claims = [symbol(), other_symbol()].map(|symbol| (symbol, PositionIndex(0), bot()));
        let mut risk = Risk::new(limits, Ownership::new(claims).unwrap());
        risk.set_run_state(RunState::Active);
        let mut scene = Self {
            risk,
            exposure: Exposure::default(),
            quotes: Quotes::default(),
            stamp: Stamp { sequence: 1, wall: WallTime(1_000_000_000), market: MarketTime(1_000) },
            symbol_in_doubt: false,
            existing: None,
            asking: bot(),
        };
        scene.exposure.set_wallet(Money::new(dec("1000")));
        for symbol in [symbol(), other_symbol()] {
            scene.list(instrument(symbol));
            scene.hold_in(symbol, None, "0", "100");
            scene.set_mark(symbol, price("100"));
            scene.quotes.set_touch(symbol, Some(price("99.9")), Some(price("100.1")), scene.stamp.wall);
        }
        scene
    }

    pub(crate) fn list(&mut self, instrument: Instrument) {
        let fees = FeeRates { taker: Rate::new(dec("0.00055")), maker: Rate::new(dec("0.0002")) };
        let fees = vec![(instrument.symbol, fees)];
        self.exposure.set_reference(&Reference { instruments: vec![instrument], fees });
    }

    /// A mark that has just come in.
    pub(crate) fn set_mark(&mut self, symbol: Symbol, mark: Price) {
        self.quotes.set_mark(symbol, mark, self.stamp.wall);
        self.exposure.set_mark(symbol, mark);
    }

    pub(crate) fn hold(&mut self, side: Side, size: &str) {
        self.hold_in(symbol(), Some(side), size, "100");
    }

    pub(crate) fn hold_in(&mut self, symbol: Symbol, side: Option<Side>, size: &str, entry: &str) {
        self.exposure.set_position(position(symbol, side, size, entry));
    }

    /// One at 100 or nothing, at that place in the deleveraging queue.
    pub(crate) fn queue(&mut self, symbol: Symbol, side: Option<Side>, adl_rank: u8) {
        let size = if side.is_some() { "1" } else { "0" };
        self.exposure.set_position(PositionExposure { adl_rank, ..position(symbol, side, size, "100") });
    }

    /// An order that rests, as the exposure and an amend see it.
    pub(crate) fn rest(&mut self, sequence: u64, side: Side, size: &str, limit: &str) -> OrderExposure {
        let row = OrderExposure {
            key: id(sequence).into(),
            symbol: symbol(),
            index: PositionIndex(0),
            side,
            leaves_qty: qty(size),
            price: price(limit),
            reduce_only: false,
            is_market: false,
            is_confirmed: true,
        };
        self.exposure.set_order(row);
        self.existing = Some(OpenOrder {
            client_order_id: id(sequence),
            bot: bot(),
            symbol: symbol(),
            position_index: PositionIndex(0),
            side,
            price: Some(row.price),
            qty: row.leaves_qty,
            filled_qty: Qty::ZERO,
            reduce_only: false,
        });
        row
    }

    /// The same, reduce-only.
    pub(crate) fn rest_exit(&mut self, sequence: u64, side: Side, size: &str, limit: &str) {
        let row = self.rest(sequence, side, size, limit);
        self.exposure.set_order(OrderExposure { reduce_only: true, ..row });
        self.existing = self.existing.map(|order| OpenOrder { reduce_only: true, ..order });
    }

    pub(crate) fn check(&mut self, intent: Intent) -> Result<Approved, DenialReason> {
        let ask = Ask { bot: self.asking, intent: &intent, existing: self.existing.as_ref() };
        let context = Context {
            exposure: &self.exposure,
            quotes: &self.quotes,
            stamp: self.stamp,
            symbol_in_doubt: self.symbol_in_doubt,
        };
        self.risk.check(&ask, &context).map_err(|denial| denial.reason)
    }

    pub(crate) fn place(&mut self, place: Place) -> Result<Approved, DenialReason> {
        self.check(Intent::Place(place))
    }

    pub(crate) fn amend(
        &mut self,
        limit: Option<&str>,
        size: Option<&str>,
    ) -> Result<Approved, DenialReason> {
        let client_order_id = self.existing.unwrap().client_order_id;
        self.check(Intent::Amend { client_order_id, price: limit.map(price), qty: size.map(qty) })
    }

    pub(crate) fn available(&self) -> Decimal {
        self.exposure.account().available()
    }

    /// The equity by mark, with nothing moved in or out.
    pub(crate) fn worth(&mut self, equity: &str) -> Option<Breach> {
        let worth = Worth { equity: Money::new(dec(equity)), transfers: Money::ZERO };
        self.risk.observe_worth(worth, self.stamp)
    }

    /// The venue refuses an order.
    pub(crate) fn refuse(&mut self, family: RefusalFamily) -> Option<Breach> {
        let refused = Refused {
            request: Request::Submit,
            symbol: Some(symbol()),
            client_order_id: Some(id(1)),
            code: 110_007,
            family,
            message: Text::EMPTY,
        };
        self.risk.observe_answer(&AccountEvent::Refused(refused), Some(self.asking), self.stamp)
    }

    pub(crate) fn wait(&mut self, millis: i64) {
        self.stamp.wall = self.stamp.wall.after(millis);
    }
}
