//! What holds after any sequence of inputs.

use proptest::prelude::*;
use rust_decimal::Decimal;
use windvane_venue_core::*;

use crate::desk::*;

/// One step of a random day. Prices are ticks around 60 000, quantities thousandths.
#[derive(Clone, Debug)]
enum Step {
    Create { uid: Uid, order: Box<CreateOrder> },
    Cancel { uid: Uid, pick: usize },
    Amend { uid: Uid, pick: usize, qty: i64, price: i64 },
    Stop { uid: Uid, stop: i64, trailing: i64 },
    Book { bid: i64, spread: i64, qty: i64 },
    Trade { side: Side, price: i64, qty: i64 },
    Mark { price: i64 },
    Funding { rate: i64 },
}

fn price(ticks: i64) -> Decimal {
    dec("60000") + Decimal::new(ticks, 1)
}

fn qty(thousandths: i64) -> Decimal {
    Decimal::new(thousandths, 3)
}

fn uid() -> impl Strategy<Value = Uid> {
    prop_oneof![Just(ME), Just(OTHER)]
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn order() -> impl Strategy<Value = CreateOrder> {
    let time_in_force = prop_oneof![
        3 => Just(TimeInForce::Gtc),
        1 => Just(TimeInForce::Ioc),
        1 => Just(TimeInForce::Fok),
        1 => Just(TimeInForce::PostOnly)
    ];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (side(), 1..400_i64, -40..40_i64, time_in_force, flags).prop_map(
        |(side, size, ticks, time_in_force, flags)| {
            let (is_market, reduce_only, has_stop) = flags;
            let limit = CreateOrder {
                time_in_force,
                reduce_only,
                ..CreateOrder::limit(BTC, side, qty(size), price(ticks))
            };
            let stop_price = match side {
                Side::Buy => price(ticks - 60),
                Side::Sell => price(ticks + 60),
            };
            let stop_loss = ProtectionPrice::market(stop_price, TriggerBy::MarkPrice);
            CreateOrder {
                order_type: if is_market { OrderType::Market } else { OrderType::Limit },
                stop_loss: (has_stop && !reduce_only).then_some(stop_loss),
                ..limit
            }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (uid(), order()).prop_map(|(uid, order)| Step::Create { uid, order: Box::new(order) }),
        2 => (uid(), 0..8_usize).prop_map(|(uid, pick)| Step::Cancel { uid, pick }),
        2 => (uid(), 0..8_usize, 1..400_i64, -40..40_i64)
            .prop_map(|(uid, pick, qty, price)| Step::Amend { uid, pick, qty, price }),
        1 => (uid(), -90..90_i64, 0..60_i64).prop_map(|(uid, stop, trailing)| Step::Stop { uid, stop, trailing }),
        3 => (-60..60_i64, 1..10_i64, 1..900_i64).prop_map(|(bid, spread, qty)| Step::Book { bid, spread, qty }),
        2 => (side(), -60..60_i64, 1..900_i64).prop_map(|(side, price, qty)| Step::Trade { side, price, qty }),
        2 => (-80..80_i64).prop_map(|price| Step::Mark { price }),
        // Far enough to liquidate an account that is full at ten times leverage.
        1 => (-80_000..80_000_i64).prop_map(|price| Step::Mark { price }),
        1 => (-20..20_i64).prop_map(|rate| Step::Funding { rate }),
    ]
}

fn run(desk: &mut Desk, step: &Step) {
    desk.out.clear();
    match step.clone() {
        Step::Create { uid, order } => drop(desk.request(uid, Request::Create(*order))),
        Step::Cancel { uid, pick } => {
            if let Some(order) = desk.open_orders(uid).get(pick) {
                desk.cancel(uid, order).expect("an open order can be cancelled");
            }
        }
        Step::Amend { uid, pick, qty: size, price: ticks } => {
            if let Some(order) = desk.open_orders(uid).get(pick) {
                let reference =
                    OrderReference { order_id: Some(order.order_id.to_string()), order_link_id: None };
                let amend = AmendOrder {
                    qty: Some(qty(size)),
                    price: (order.order_type == OrderType::Limit).then_some(price(ticks)),
                    ..AmendOrder::of(BTC, reference)
                };
                drop(desk.request(uid, Request::Amend(amend)));
            }
        }
        Step::Stop { uid, stop, trailing } => {
            let stop_loss = Some(ProtectionPrice::market(price(stop), TriggerBy::MarkPrice));
            let trailing_stop = Some(Decimal::new(trailing, 1));
            let request = TradingStop { stop_loss, trailing_stop, ..TradingStop::full(BTC) };
            drop(desk.request(uid, Request::TradingStop(request)));
        }
        Step::Book { bid, spread, qty: size } => {
            let levels =
                |from: i64, step: i64| (0..3).map(|n| (price(from + n * step), qty(size + n))).collect();
            let (bids, asks) = (levels(bid, -1), levels(bid + spread, 1));
            desk.market(MarketInput::Book { category: Category::Linear, symbol: BTC.into(), bids, asks });
        }
        Step::Trade { side, price: ticks, qty: size } => {
            desk.market(MarketInput::Trade {
                category: Category::Linear,
                symbol: BTC.into(),
                side,
                price: price(ticks),
                qty: qty(size),
            });
        }
        Step::Mark { price: ticks } => {
            let price = Some(price(ticks));
            desk.market(MarketInput::Prices {
                category: Category::Linear,
                symbol: BTC.into(),
                mark: price,
                index: price,
                last: None,
            });
        }
        Step::Funding { rate } => {
            let rate = Decimal::new(rate, 5);
            desk.market(MarketInput::FundingRate {
                category: Category::Linear,
                symbol: BTC.into(),
                rate,
                next_funding_ms: 0,
            });
            desk.market(MarketInput::SettleFunding { category: Category::Linear, symbol: BTC.into() });
        }
    }
}

/// Position, average entry price and money rebuilt from the executions alone, by the rules as written down.
#[derive(Default)]
struct Rebuilt {
    size: Decimal,
    avg_price: Decimal,
    money: Decimal,
}

impl Rebuilt {
    fn apply(&mut self, fill: &ExecutionRow) {
        self.money -= fill.exec_fee;
        if fill.exec_type == ExecutionType::Funding {
            return;
        }
        let signed = if fill.side == Side::Buy { fill.exec_qty } else { -fill.exec_qty };
        let is_closing = self.size * signed < Decimal::ZERO;
        let closed = if is_closing { signed.abs().min(self.size.abs()) } else { Decimal::ZERO };
        let gain = (fill.exec_price - self.avg_price) * closed;
        self.money += if self.size > Decimal::ZERO { gain } else { -gain };
        let after = self.size + signed;
        if !is_closing {
            let cost = self.avg_price * self.size.abs() + fill.exec_price * fill.exec_qty;
            self.avg_price = (cost / after.abs()).round_dp(8);
        } else if after.is_zero() {
            self.avg_price = Decimal::ZERO;
        } else if after * self.size < Decimal::ZERO {
            self.avg_price = fill.exec_price;
        }
        self.size = after;
    }
}

fn check_book(desk: &Desk) {
    let book = desk.venue.book(Category::Linear, BTC, 100).expect("listed");
    if let (Some((bid, _)), Some((ask, _))) = (book.bids.first(), book.asks.first()) {
        assert!(bid < ask, "crossed: {bid} and {ask}");
    }
    assert!(book.bids.iter().chain(&book.asks).all(|(_, size)| *size > Decimal::ZERO));
}

fn check_account(desk: &Desk, uid: Uid) {
    let executions = desk.venue.executions(uid, ExecutionFilter::default());
    let mut rebuilt = Rebuilt::default();
    executions.iter().rev().for_each(|fill| rebuilt.apply(fill));
    let position = desk.position(uid);
    let signed = if position.side == Some(Side::Sell) { -position.size } else { position.size };
    assert_eq!((signed, position.avg_price), (rebuilt.size, rebuilt.avg_price));
    let wallet = desk.wallet(uid);
    assert_eq!(wallet.total_wallet_balance, dec("10000") + rebuilt.money, "to the last digit");
    assert_eq!(desk.usdt(uid).cum_realised_pnl, rebuilt.money);
    assert_eq!(desk.venue.transactions(uid).iter().map(|row| row.change).sum::<Decimal>(), rebuilt.money);

    let closed: Vec<_> = desk.venue.closed_orders(uid, OrderFilter::default()).collect();
    let open = desk.open_orders(uid);
    for order in closed.iter().chain(&open) {
        let fills = executions.iter().filter(|fill| fill.order_id == order.order_id);
        assert_eq!(fills.map(|fill| fill.exec_qty).sum::<Decimal>(), order.cum_exec_qty);
        assert!(order.cum_exec_qty <= order.qty);
    }
    assert!(closed.iter().all(|order| order.order_status.is_closed()));
    let reducing = open.iter().filter(|order| order.reduce_only && order.stop_order_type.is_none());
    assert!(reducing.map(|order| order.leaves_qty).sum::<Decimal>() <= position.size);
    let stops: Vec<_> = open.iter().filter(|order| order.stop_order_type.is_some()).collect();
    assert!(
        stops.iter().all(|stop| Some(stop.side.opposite()) == position.side && stop.qty == position.size)
    );
    assert_eq!(
        stops.iter().any(|stop| stop.stop_order_type == Some(StopOrderType::StopLoss)),
        !position.stop_loss.is_zero()
    );
}

/// A reduce-only fill makes the position smaller and never turns it round.
fn check_reduce_only(desk: &Desk, uid: Uid, mut size: Decimal) {
    for output in &desk.out {
        let Output::Execution { uid: owner, row } = output else { continue };
        if *owner != uid || row.exec_type == ExecutionType::Funding {
            continue;
        }
        let signed = if row.side == Side::Buy { row.exec_qty } else { -row.exec_qty };
        let is_reduce_only = desk.row(uid, &row.order_id).reduce_only;
        if is_reduce_only {
            assert!(signed * size < Decimal::ZERO && signed.abs() <= size.abs(), "{signed} against {size}");
        }
        size += signed;
    }
}

fn signed_size(desk: &Desk, uid: Uid) -> Decimal {
    let position = desk.position(uid);
    if position.side == Some(Side::Sell) { -position.size } else { position.size }
}

proptest! {
    #[test]
    fn books_fills_positions_and_money_agree_after_any_day(steps in prop::collection::vec(step(), 1..80)) {
        let mut desk = Desk::open();
        for step in &steps {
            let before = [ME, OTHER].map(|uid| signed_size(&desk, uid));
            run(&mut desk, step);
            check_book(&desk);
            for (uid, size) in [ME, OTHER].into_iter().zip(before) {
                if !matches!(step, Step::Funding { .. }) {
                    check_reduce_only(&desk, uid, size);
                }
            }
        }
        check_account(&desk, ME);
        check_account(&desk, OTHER);
    }

    #[test]
    fn the_same_inputs_give_the_same_outputs(steps in prop::collection::vec(step(), 1..60)) {
        let (mut first, mut second) = (Desk::open(), Desk::open());
        for step in &steps {
            run(&mut first, step);
            run(&mut second, step);
            prop_assert_eq!(&first.out, &second.out);
        }
    }

    #[test]
    fn what_nobody_listens_to_happens_all_the_same(steps in prop::collection::vec(step(), 1..60)) {
        let (mut heard, mut unheard) = (Desk::open(), Desk::open());
        for uid in [ME, OTHER] {
            unheard.venue.listen(uid, Audience::NOTHING).expect("an account");
        }
        unheard.venue.listen_public(PublicAudience::NOTHING);
        for step in &steps {
            run(&mut heard, step);
            run(&mut unheard, step);
            prop_assert!(unheard.out.is_empty());
        }
        for uid in [ME, OTHER] {
            prop_assert_eq!(heard.open_orders(uid), unheard.open_orders(uid));
            prop_assert_eq!(heard.venue.transactions(uid), unheard.venue.transactions(uid));
            prop_assert_eq!((heard.position(uid), heard.wallet(uid)), (unheard.position(uid), unheard.wallet(uid)));
        }
        let book = |desk: &Desk| desk.venue.book(Category::Linear, BTC, 100);
        prop_assert_eq!(book(&heard), book(&unheard));
    }
}
