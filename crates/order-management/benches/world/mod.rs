//! Books with many open orders, and the facts that arrive about them.

use rust_decimal::Decimal;
use windvane_model::{
    AccountEvent, AccountSnapshot, BotName, BotTag, ClientOrderId, Coin, CoinBalance, Command, Epoch,
    Execution, ExecutionId, ExecutionKind, IdGrammar, InstallTag, MarketTime, Money, OrderId, OrderKind,
    OrderReport, OrderStatus, Origin, PositionIndex, Price, Qty, QueryAnswer, Role, Side, Stamp, Submit,
    Symbol, Text, TimeInForce, Triggers, WallTime, WalletReport,
};
use windvane_order_management::{Identity, Orders, Provenance};

const EPOCH: Epoch = Epoch(10);

fn bot() -> BotName {
    BotName::new("trend").expect("five letters")
}

fn symbol() -> Symbol {
    Symbol::new("BTCUSDT").expect("seven letters")
}

fn install() -> InstallTag {
    InstallTag::new("w01").expect("three letters of base 36")
}

pub(crate) fn price(hundredths: i64) -> Price {
    Price::new(Decimal::new(hundredths, 2)).expect("above zero")
}

pub(crate) fn stamp(sequence: u64) -> Stamp {
    let ms = i64::try_from(sequence).expect("a small number");
    Stamp { sequence, wall: WallTime(0).after(ms), market: MarketTime(ms) }
}

fn id(sequence: u64) -> ClientOrderId {
    IdGrammar { install: install(), bot: BotTag::of(&bot()), role: Role::Level, epoch: EPOCH, sequence }
        .mint()
}

fn order_id(sequence: u64) -> OrderId {
    OrderId::new(&format!("00000000-0000-0000-0000-{sequence:012}")).expect("36 characters")
}

fn submit(sequence: u64) -> Submit {
    Submit {
        client_order_id: id(sequence),
        symbol: symbol(),
        position_index: PositionIndex(0),
        role: Role::Level,
        side: Side::Buy,
        qty: Qty::new(Decimal::ONE).expect("one"),
        kind: OrderKind::Limit { price: price(10_000), time_in_force: TimeInForce::PostOnly },
        reduce_only: false,
        stop_loss: None,
        take_profit: None,
        triggers: Triggers::default(),
        send_before: None,
    }
}

pub(crate) fn report(sequence: u64, limit: Price, updated: i64) -> AccountEvent {
    AccountEvent::Order(OrderReport {
        symbol: symbol(),
        order_id: order_id(sequence),
        client_order_id: Some(id(sequence)),
        parent: None,
        position_index: PositionIndex(0),
        side: Side::Buy,
        is_market: false,
        time_in_force: TimeInForce::PostOnly,
        price: Some(limit),
        qty: Qty::new(Decimal::ONE).expect("one"),
        cumulative_qty: Qty::ZERO,
        average_price: None,
        status: OrderStatus::New,
        stop_kind: None,
        trigger_price: None,
        reduce_only: false,
        origin: Origin::User,
        reject_reason: Text::EMPTY,
        cancel_type: Text::EMPTY,
        created: MarketTime(1),
        updated: MarketTime(updated),
    })
}

/// The `number`th fill of all, so small that no order is ever full.
pub(crate) fn fill(number: u64, order: u64) -> AccountEvent {
    let ms = 2_000_000 + i64::try_from(number).expect("a small number");
    AccountEvent::Execution(Execution {
        symbol: symbol(),
        execution_id: ExecutionId::new(&format!("e-{number}")).expect("a few letters"),
        order_id: order_id(order),
        client_order_id: Some(id(order)),
        kind: ExecutionKind::Trade,
        side: Side::Buy,
        price: price(10_000),
        qty: Qty::new(Decimal::new(1, 6)).expect("a millionth"),
        fee: Money::new(Decimal::new(2, 3)),
        fee_coin: Coin::new("USDT").expect("four letters"),
        is_maker: true,
        stop_kind: None,
        origin: Origin::User,
        closed_qty: Qty::ZERO,
        venue_pnl: None,
        at: MarketTime(ms),
        sequence: ms,
    })
}

/// Reconciled, with `count` orders on the venue's book.
pub(crate) fn books(count: u64) -> Orders {
    let identity = Identity { install: install(), epoch: EPOCH };
    let mut orders = Orders::new(identity, &[(bot(), vec![(symbol(), PositionIndex(0))])]);
    let coin = CoinBalance {
        coin: Coin::new("USDT").expect("four letters"),
        wallet_balance: Money::new(Decimal::from(1_000_000)),
        equity: None,
        order_margin: None,
        position_margin: None,
        maintenance_margin: None,
        usd_value: None,
        borrowed: None,
        locked: None,
        bonus: None,
    };
    let wallet = WalletReport { coins: vec![coin], ..WalletReport::default() };
    let snapshot = AccountSnapshot { wallet, ..AccountSnapshot::default() };
    let answer = AccountEvent::Answer(QueryAnswer::Account(Box::new(snapshot)));
    orders.apply(&answer, stamp(0), &mut Vec::new());
    let provenance = Provenance { bot: Some(bot()), ..Provenance::default() };
    for sequence in 1..=count {
        orders.record(&Command::Submit(submit(sequence)), provenance, stamp(sequence));
        orders.apply(&report(sequence, price(10_000), 1), stamp(sequence), &mut Vec::new());
    }
    orders
}
