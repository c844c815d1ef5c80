//! From approval to command: what is minted, what is counted, and that the journal's copy gives the same state.

use crate::testing::{bot, number, price, qty, symbol};
use crate::{Identity, Orders, Provenance};
use std::collections::BTreeMap;
use windvane_model::{
    Coin, Command, Epoch, FeeRates, InstallTag, Instrument, InstrumentStatus, Intent, Leverage, MarketTime,
    Notional, OrderKind, Place, PositionIndex, Rate, Reference, RiskTier, Role, RunState, Side, Stamp,
    Symbol, Tag, TimeInForce, Triggers, WallTime,
};
use windvane_risk::margin::MarginMode;
use windvane_risk::{Approved, Ask, Context, DrawdownLimits, Ownership, Quotes, Risk, RiskLimits};

fn instrument(symbol: Symbol) -> Instrument {
    let leverage = Leverage::new(number("100")).unwrap();
    let notional = |text: &str| Notional::new(number(text)).unwrap();
    Instrument {
        symbol,
        settle_coin: Coin::new("USDT").unwrap(),
        status: InstrumentStatus::Trading,
        tick_size: price("0.1"),
        lot_size: qty("0.001"),
        min_qty: qty("0.001"),
        max_limit_qty: qty("1000"),
        max_market_qty: qty("100"),
        min_notional: notional("5"),
        max_leverage: leverage,
        price_limit_ratio_x: Rate::new(number("0.01")),
        price_limit_ratio_y: Rate::new(number("0.02")),
        funding_interval_minutes: 480,
        tiers: vec![RiskTier {
            limit: notional("1000000"),
            maintenance_rate: Rate::new(number("0.005")),
            initial_rate: Rate::new(number("0.01")),
            max_leverage: leverage,
            maintenance_deduction: Notional::ZERO,
        }],
    }
}

fn reference() -> Reference {
    let symbol = symbol("BTCUSDT");
    let fees = FeeRates { taker: Rate::new(number("0.00055")), maker: Rate::new(number("0.0002")) };
    Reference { instruments: vec![instrument(symbol)], fees: vec![(symbol, fees)] }
}

fn limits() -> RiskLimits {
    RiskLimits {
        margin_mode: MarginMode::Cross,
        max_order_notional: "500 USDT".parse().unwrap(),
        max_position_notional: "2000 USDT".parse().unwrap(),
        max_gross_exposure: "3000 USDT".parse().unwrap(),
        max_leverage: "20x".parse().unwrap(),
        max_open_orders: 9,
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
        require_stop_on_entry: false,
        stale_after: "5s".parse().unwrap(),
    }
}

/// Risk and quotes that let a small order pass.
struct Desk {
    risk: Risk,
    quotes: Quotes,
    stamp: Stamp,
}

impl Desk {
    fn open() -> Self {
        let symbol = symbol("BTCUSDT");
        let mut risk = Risk::new(limits(), Ownership::new([(symbol, PositionIndex(0), bot())]).unwrap());
        risk.set_run_state(RunState::Active);
        let stamp = Stamp { sequence: 7, wall: WallTime(1_000), market: MarketTime(5) };
        let mut quotes = Quotes::default();
        quotes.set_mark(symbol, price("100"), stamp.wall);
        quotes.set_touch(symbol, Some(price("99.9")), Some(price("100.1")), stamp.wall);
        Self { risk, quotes, stamp }
    }

    fn approve(&mut self, intent: Intent, orders: &Orders) -> Approved {
        let named = match intent {
            Intent::Amend { client_order_id, .. } | Intent::Cancel { client_order_id } => {
                Some(client_order_id)
            }
            Intent::Place(_) | Intent::Protect { .. } => None,
        };
        let existing = named.and_then(|id| orders.order(&id)).and_then(crate::Order::open_order);
        let ask = Ask { bot: bot(), intent: &intent, existing: existing.as_ref() };
        let context = Context {
            exposure: orders.exposure(),
            quotes: &self.quotes,
            stamp: self.stamp,
            symbol_in_doubt: false,
        };
        self.risk.check(&ask, &context).unwrap()
    }
}

fn place(kind: OrderKind) -> Intent {
    Intent::Place(Place {
        tag: Tag(4),
        symbol: symbol("BTCUSDT"),
        role: Role::Entry,
        side: Side::Buy,
        qty: qty("1"),
        kind,
        reduce_only: false,
        stop_loss: None,
        take_profit: None,
        triggers: Triggers::default(),
        send_before: None,
    })
}

#[test]
fn live_commands_and_their_journal_give_one_state() {
    let identity = Identity { install: InstallTag::new("w01").unwrap(), epoch: Epoch(10) };
    let bots = [(bot(), vec![(symbol("BTCUSDT"), PositionIndex(0))])];
    let mut live = Orders::new(identity, &bots);
    crate::tests::world::fund(&mut live, "1000");
    live.set_reference(&reference());
    let mut rebuilt = live.clone();
    let mut desk = Desk::open();

    let limit = OrderKind::Limit { price: price("99"), time_in_force: TimeInForce::PostOnly };
    let first = desk.approve(place(limit), &live);
    let Command::Submit(submit) = live.submit(&first, desk.stamp) else { panic!("a place submits") };
    assert_eq!(submit.client_order_id.to_string(), crate::testing::own_id(1).to_string());
    let client_order_id = submit.client_order_id;
    let mut journal = vec![(Command::Submit(submit), first)];
    for intent in [
        place(OrderKind::Market { max_slippage_ticks: None }),
        Intent::Amend { client_order_id, price: Some(price("98")), qty: None },
        Intent::Cancel { client_order_id },
    ] {
        let approved = desk.approve(intent, &live);
        journal.push((live.submit(&approved, desk.stamp), approved));
    }

    for (command, approved) in &journal {
        let tag = if matches!(command, Command::Submit(_)) { Tag(4) } else { Tag::default() };
        let provenance = Provenance { bot: Some(bot()), tag, worst_price: approved.worst_price() };
        rebuilt.record(command, provenance, desk.stamp);
    }
    assert_eq!(format!("{rebuilt:#?}"), format!("{live:#?}"));
    assert_eq!(live.bot(bot()).unwrap().orders, 2);
    assert_eq!(live.exposure().open_orders(), 2);
    let last = desk.approve(place(limit), &live);
    assert!(matches!(
        (live.submit(&last, desk.stamp), rebuilt.submit(&last, desk.stamp)),
        (Command::Submit(a), Command::Submit(b)) if a == b && a.client_order_id == crate::testing::own_id(3)
    ));
}

#[test]
fn a_market_order_without_a_reserved_price_counts_at_the_dearest() {
    let identity = Identity { install: InstallTag::new("w01").unwrap(), epoch: Epoch(10) };
    let mut orders = Orders::new(identity, &[(bot(), vec![])]);
    let submit = windvane_model::Submit {
        kind: OrderKind::Market { max_slippage_ticks: None },
        ..crate::testing::submit(1, "1", "100")
    };
    orders.record(&Command::Submit(submit), Provenance::default(), Stamp::default());
    let row = orders.exposure().order(submit.client_order_id).unwrap();
    assert_eq!(row.price, price("1000000000000"), "nothing opens on top of it until it is resolved");
}
