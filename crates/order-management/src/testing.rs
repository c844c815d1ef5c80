//! Builders of facts for tests: valid defaults, each test sets only what matters.

use rust_decimal::Decimal;
use windvane_model::{
    BotName, BotTag, ClientOrderId, Coin, CoinBalance, Epoch, Execution, ExecutionId, ExecutionKind,
    IdGrammar, InstallTag, MarketTime, Money, OrderId, OrderKind, OrderReport, OrderStatus, Origin,
    PositionIndex, PositionReport, PositionStatus, Price, Qty, Role, Side, StopKind, Submit, Symbol, Text,
    TimeInForce, Triggers, WalletReport,
};

pub(crate) fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(crate) fn money(text: &str) -> Money {
    Money::new(number(text))
}

pub(crate) fn qty(text: &str) -> Qty {
    Qty::new(number(text)).unwrap()
}

pub(crate) fn price(text: &str) -> Price {
    Price::new(number(text)).unwrap()
}

pub(crate) fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

pub(crate) fn bot() -> BotName {
    BotName::new("trend").unwrap()
}

/// The id of the n-th order of the bot `trend` in epoch 10.
pub(crate) fn own_id(sequence: u64) -> ClientOrderId {
    own_id_of(10, sequence)
}

pub(crate) fn own_id_of(epoch: u64, sequence: u64) -> ClientOrderId {
    let install = InstallTag::new("w01").unwrap();
    IdGrammar { install, bot: BotTag::of(&bot()), role: Role::Entry, epoch: Epoch(epoch), sequence }.mint()
}

pub(crate) fn order_id(text: &str) -> OrderId {
    OrderId::new(text).unwrap()
}

/// A limit order of the bot `trend` to buy BTCUSDT.
pub(crate) fn submit(sequence: u64, amount: &str, limit: &str) -> Submit {
    Submit {
        client_order_id: own_id(sequence),
        symbol: symbol("BTCUSDT"),
        position_index: PositionIndex(0),
        role: Role::Entry,
        side: Side::Buy,
        qty: qty(amount),
        kind: OrderKind::Limit { price: price(limit), time_in_force: TimeInForce::Gtc },
        reduce_only: false,
        stop_loss: None,
        take_profit: None,
        triggers: Triggers::default(),
        send_before: None,
    }
}

/// What the venue shows of an order that was submitted.
pub(crate) struct ReportBuilder(OrderReport);

pub(crate) fn report(of: &Submit, status: OrderStatus) -> ReportBuilder {
    let id = of.client_order_id;
    ReportBuilder(OrderReport {
        symbol: of.symbol,
        order_id: order_id(&format!("v-{id}")),
        client_order_id: Some(id),
        parent: None,
        position_index: of.position_index,
        side: of.side,
        is_market: of.kind.limit_price().is_none(),
        time_in_force: TimeInForce::Gtc,
        price: of.kind.limit_price(),
        qty: of.qty,
        cumulative_qty: Qty::ZERO,
        average_price: None,
        status,
        stop_kind: None,
        trigger_price: None,
        reduce_only: of.reduce_only,
        origin: Origin::User,
        reject_reason: Text::lossy("EC_NoError"),
        cancel_type: Text::lossy("UNKNOWN"),
        created: MarketTime(1),
        updated: MarketTime(1),
    })
}

impl ReportBuilder {
    pub(crate) fn filled(mut self, cumulative: &str) -> Self {
        self.0.cumulative_qty = qty(cumulative);
        self
    }

    pub(crate) fn figures(mut self, whole: &str, limit: &str) -> Self {
        (self.0.qty, self.0.price) = (qty(whole), Some(price(limit)));
        self
    }

    pub(crate) fn at(mut self, updated: i64) -> Self {
        self.0.updated = MarketTime(updated);
        self
    }

    pub(crate) fn words(mut self, cancel_type: &str, reject_reason: &str) -> Self {
        (self.0.cancel_type, self.0.reject_reason) = (Text::lossy(cancel_type), Text::lossy(reject_reason));
        self
    }

    /// A stop that the venue made.
    pub(crate) fn child(mut self, id: &str, kind: StopKind) -> Self {
        self.0.client_order_id = None;
        self.0.order_id = order_id(id);
        self.0.stop_kind = Some(kind);
        self.0.origin = Origin::Protection;
        self.0.reduce_only = true;
        self.0.is_market = true;
        self
    }

    /// An order that somebody else placed.
    pub(crate) fn foreign(mut self, id: &str) -> Self {
        self.0.client_order_id = None;
        self.0.order_id = order_id(id);
        self
    }

    pub(crate) fn build(self) -> OrderReport {
        self.0
    }
}

pub(crate) struct ExecutionBuilder(Execution);

/// A taker's buy of BTCUSDT, without fee, of nobody's order.
pub(crate) fn execution(id: &str) -> ExecutionBuilder {
    ExecutionBuilder(Execution {
        symbol: symbol("BTCUSDT"),
        execution_id: ExecutionId::new(id).unwrap(),
        order_id: order_id("v-nobody"),
        client_order_id: None,
        kind: ExecutionKind::Trade,
        side: Side::Buy,
        price: price("100"),
        qty: qty("1"),
        fee: Money::ZERO,
        fee_coin: Coin::new("USDT").unwrap(),
        is_maker: false,
        stop_kind: None,
        origin: Origin::User,
        closed_qty: Qty::ZERO,
        venue_pnl: None,
        at: MarketTime(1),
        sequence: 1,
    })
}

impl ExecutionBuilder {
    pub(crate) fn of(mut self, order: &Submit) -> Self {
        self.0.symbol = order.symbol;
        self.0.side = order.side;
        self.0.client_order_id = Some(order.client_order_id);
        self.0.order_id = order_id(&format!("v-{}", order.client_order_id));
        self
    }

    pub(crate) fn side(mut self, side: Side) -> Self {
        self.0.side = side;
        self
    }

    pub(crate) fn filled(mut self, amount: &str, at_price: &str) -> Self {
        (self.0.qty, self.0.price) = (qty(amount), price(at_price));
        self
    }

    pub(crate) fn fee(mut self, fee: &str) -> Self {
        self.0.fee = money(fee);
        self
    }

    pub(crate) fn maker(mut self) -> Self {
        self.0.is_maker = true;
        self
    }

    /// Time and sequence together.
    pub(crate) fn at(mut self, at: i64) -> Self {
        (self.0.at, self.0.sequence) = (MarketTime(at), at);
        self
    }

    pub(crate) fn funding(mut self, size: &str, mark: &str, paid: &str) -> Self {
        self.0.kind = ExecutionKind::Funding;
        self.filled(size, mark).fee(paid)
    }

    /// A row of a contract in another coin, with the profit that the venue counts.
    pub(crate) fn in_coin(mut self, of: &str, coin: &str, pnl: &str) -> Self {
        self.0.symbol = symbol(of);
        self.0.fee_coin = Coin::new(coin).unwrap();
        self.0.venue_pnl = Some(money(pnl));
        self
    }

    pub(crate) fn kind(mut self, kind: ExecutionKind) -> Self {
        self.0.kind = kind;
        self
    }

    pub(crate) fn child(mut self, id: &str, kind: StopKind) -> Self {
        self.0.order_id = order_id(id);
        self.0.stop_kind = Some(kind);
        self.0.origin = Origin::Protection;
        self
    }

    pub(crate) fn build(self) -> Execution {
        self.0
    }
}

pub(crate) struct PositionBuilder(PositionReport);

/// A position in one-way mode; a negative size is short, an average of zero is flat.
pub(crate) fn position_report(of: &str, size: &str, average: &str) -> PositionBuilder {
    let size = number(size);
    let side = if size.is_zero() {
        None
    } else if size.is_sign_positive() {
        Some(Side::Buy)
    } else {
        Some(Side::Sell)
    };
    PositionBuilder(PositionReport {
        symbol: symbol(of),
        position_index: PositionIndex(0),
        side,
        qty: Qty::new(size.abs()).unwrap(),
        average_price: Price::new(number(average)).ok(),
        mark_price: None,
        leverage: None,
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
    })
}

impl PositionBuilder {
    /// Sequence and time together.
    pub(crate) fn at(mut self, at: i64) -> Self {
        (self.0.sequence, self.0.updated) = (at, MarketTime(at));
        self
    }

    pub(crate) fn stop(mut self, at_price: &str) -> Self {
        self.0.stop_loss = Some(price(at_price));
        self
    }

    pub(crate) fn build(self) -> PositionReport {
        self.0
    }
}

pub(crate) fn wallet_report(balance: &str) -> WalletReport {
    let balance = CoinBalance {
        coin: Coin::new("USDT").unwrap(),
        wallet_balance: money(balance),
        equity: None,
        order_margin: None,
        position_margin: None,
        maintenance_margin: None,
        usd_value: None,
        borrowed: None,
        locked: None,
        bonus: None,
    };
    WalletReport { coins: vec![balance], ..WalletReport::default() }
}
