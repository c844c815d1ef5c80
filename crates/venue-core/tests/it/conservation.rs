//! Without outside liquidity accounts trade with each other alone: positions sum to zero, money is only moved, better and
//! earlier orders trade first, every request is answered once, and no number makes the venue panic.

use proptest::prelude::*;
use rust_decimal::Decimal;
use windvane_venue_core::*;

use crate::desk::*;

const UIDS: [Uid; 3] = [ME, OTHER, 3];

#[derive(Clone, Debug)]
enum Step {
    Create { uid: Uid, side: Side, ticks: i64, lots: i64, idx: i64, reduce_only: bool, kind: Kind },
    Cancel { uid: Uid, pick: usize },
    Mark { ticks: i64 },
    Funding { rate: i64 },
}

/// What an order has beside its price.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Plain(TimeInForce),
    /// Stops so many ticks off, for what it fills.
    Stopped(i64),
    /// Waits for a price so many ticks off the middle.
    Conditional(i64),
    FromBook(BookSide),
    Preventing(SelfMatchPrevention),
}

fn kind() -> impl Strategy<Value = Kind> {
    let [ioc, fok, post_only] =
        [TimeInForce::Ioc, TimeInForce::Fok, TimeInForce::PostOnly].map(|word| Just(Kind::Plain(word)));
    prop_oneof![
        6 => Just(Kind::Plain(TimeInForce::Gtc)),
        1 => ioc,
        1 => fok,
        1 => post_only,
        1 => (1..40_i64).prop_map(Kind::Stopped),
        1 => (-40..40_i64).prop_map(Kind::Conditional),
        1 => Just(Kind::FromBook(BookSide::Queue)),
        1 => Just(Kind::FromBook(BookSide::Counterparty)),
        1 => Just(Kind::Preventing(SelfMatchPrevention::CancelMaker)),
        1 => Just(Kind::Preventing(SelfMatchPrevention::CancelBoth)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let canceller = prop::sample::select(&UIDS[..]);
    let uid = prop_oneof![Just(UIDS[0]), Just(UIDS[1]), Just(UIDS[2])];
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    prop_oneof![
        8 => (uid, side, -20..20_i64, 1..300_i64, 1..3_i64, any::<bool>(), kind()).prop_map(
            |(uid, side, ticks, lots, idx, reduce_only, kind)| {
                Step::Create { uid, side, ticks, lots, idx, reduce_only, kind }
            }
        ),
        1 => (canceller, 0..6_usize).prop_map(|(uid, pick)| Step::Cancel { uid, pick }),
        1 => (-50_000..50_000_i64).prop_map(|ticks| Step::Mark { ticks }),
        1 => (-20..20_i64).prop_map(|rate| Step::Funding { rate }),
    ]
}

/// Three accounts, the second hedged, and nobody else.
fn closed_market() -> Desk {
    let mut setup = setup();
    setup.accounts.push(AccountSetup { uid: UIDS[2], ..setup.accounts[0].clone() });
    setup.doubts.empty_market = EmptyMarket::Cancel;
    let mut desk = Desk::bare(setup);
    desk.mark("60000");
    let hedge = SwitchMode { symbol: Some(BTC.into()), coin: None, mode: PositionMode::Hedge };
    desk.request(OTHER, Request::SwitchMode(hedge)).expect("flat");
    desk
}

fn price(ticks: i64) -> Decimal {
    dec("60000") + Decimal::new(ticks, 1)
}

fn run(desk: &mut Desk, step: &Step) {
    let (category, symbol) = (Category::Linear, BTC.to_owned());
    match *step {
        Step::Cancel { uid, pick } => {
            if let Some(order) = desk.open_orders(uid).get(pick) {
                desk.cancel(uid, order).expect("an open order can be cancelled");
            }
        }
        Step::Create { uid, side, ticks, lots, idx, reduce_only, kind } => {
            let idx = if uid == OTHER { idx } else { 0 };
            let order = CreateOrder {
                position_idx: PositionIdx::parse(idx).expect("0, 1 or 2"),
                reduce_only,
                ..CreateOrder::limit(BTC, side, Decimal::new(lots, 3), price(ticks))
            };
            let lossy = if side == Side::Buy { -1 } else { 1 };
            let stop = |off: i64| Some(ProtectionPrice::market(price(ticks + off), TriggerBy::LastPrice));
            let order = match kind {
                Kind::Plain(time_in_force) => CreateOrder { time_in_force, ..order },
                Kind::Stopped(off) => CreateOrder {
                    stop_loss: stop(lossy * off).filter(|_| !reduce_only),
                    take_profit: stop(-lossy * off).filter(|_| !reduce_only),
                    tpsl_mode: (off % 2 == 0).then_some(TpslMode::Partial),
                    ..order
                },
                Kind::Conditional(at) => CreateOrder {
                    trigger: Some(TriggerSpec {
                        price: price(at),
                        direction: None,
                        by: TriggerBy::LastPrice,
                    }),
                    ..order
                },
                Kind::FromBook(side) => {
                    CreateOrder { book_price: Some(BookPrice { side, level: 1 }), ..order }
                }
                Kind::Preventing(word) => CreateOrder { self_match_prevention: word, ..order },
            };
            drop(desk.request(uid, Request::Create(order)));
        }
        Step::Mark { ticks } => {
            let mark = Some(price(ticks));
            desk.market(MarketInput::Prices { category, symbol, mark, index: mark, last: None });
        }
        Step::Funding { rate } => {
            let rate = Decimal::new(rate, 5);
            let announced =
                MarketInput::FundingRate { category, symbol: symbol.clone(), rate, next_funding_ms: 0 };
            desk.market(announced);
            desk.market(MarketInput::SettleFunding { category, symbol });
        }
    }
}

fn signed(row: &PositionRow) -> Decimal {
    if row.side == Some(Side::Sell) { -row.size } else { row.size }
}

/// What closing everything at one price would leave, plus the fees: the money that was there at the start.
fn check_money(desk: &Desk) {
    let rows: Vec<PositionRow> = UIDS.into_iter().flat_map(|uid| desk.venue.positions_in(uid, BTC)).collect();
    assert_eq!(rows.iter().map(signed).sum::<Decimal>(), Decimal::ZERO, "positions sum to zero");
    let executions =
        || UIDS.into_iter().flat_map(|uid| desk.venue.executions(uid, ExecutionFilter::default()));
    let paid: Decimal = executions().map(|row| row.exec_fee).sum();
    let funding = executions().filter(|row| row.exec_type == ExecutionType::Funding);
    assert_eq!(funding.map(|row| row.exec_fee).sum::<Decimal>(), Decimal::ZERO, "what one pays another gets");
    let wallets: Decimal = UIDS.into_iter().map(|uid| desk.usdt(uid).wallet_balance).sum();
    let unrealised: Decimal = rows.iter().map(|row| signed(row) * (dec("60000") - row.avg_price)).sum();
    // Each fill may round an average entry price by half of 1e-8 for at most the size that is held.
    let rounding = Decimal::new(1, 8) * Decimal::from(executions().count()) * Decimal::from(10);
    let lost = dec("30000") - wallets - unrealised - paid;
    assert!(lost.abs() <= rounding, "{lost} of the money is gone");
}

/// No order that stayed on the book was better, or as good and earlier, than one that traded.
fn check_priority(desk: &Desk) {
    let better = |side: Side, one: Decimal, other: Decimal| match side {
        Side::Buy => one > other,
        Side::Sell => one < other,
    };
    let of_book = OrderFilter { kind: Some(OrderKind::Order), ..OrderFilter::default() };
    let resting = UIDS.into_iter().flat_map(|uid| desk.venue.open_orders(uid, of_book));
    // One that once waited has its place in the queue from its trigger, not from its creation.
    let open: Vec<OrderRow> = resting.filter(|order| order.stop_order_type.is_none()).collect();
    let has_fired = desk.out.iter().any(
        |output| matches!(output, Output::Order { row, .. } if row.order_status == OrderStatus::Triggered),
    );
    for output in &desk.out {
        let Output::Execution { uid, row } = output else { continue };
        // What fired in this input came later than what it met, whenever it was created.
        let is_book_fill = row.is_maker && row.exec_type == ExecutionType::Trade && !has_fired;
        if !is_book_fill {
            continue;
        }
        let traded = desk.row(*uid, &row.order_id);
        for order in open.iter().filter(|order| order.side == row.side && order.order_id != row.order_id) {
            assert!(!better(row.side, order.price, row.exec_price), "{order:?} before {row:?}");
            let is_earlier = order.created_time_ms < traded.created_time_ms;
            assert!(order.price != row.exec_price || !is_earlier, "{order:?} was there before {row:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn accounts_among_themselves_only_move_positions_and_money(
        steps in prop::collection::vec(step(), 1..80)
    ) {
        let mut desk = closed_market();
        for step in &steps {
            desk.out.clear();
            run(&mut desk, step);
            check_priority(&desk);
            let book = desk.venue.book(Category::Linear, BTC, 1).expect("listed");
            if let (Some((bid, _)), Some((ask, _))) = (book.bids.first(), book.asks.first()) {
                prop_assert!(bid < ask);
            }
        }
        check_money(&desk);
        let counts = desk.venue.request_counts();
        let answers: u64 = counts.accepted.values().chain(counts.refused.values()).sum();
        let asked = steps.iter().filter(|step| matches!(step, Step::Create { .. })).count();
        let cancelled = counts.accepted.get("order.cancel").copied().unwrap_or_default();
        let asked = u64::try_from(asked + 1).expect("few") + cancelled;
        prop_assert_eq!(answers, asked, "one answer to each request");
    }
}

#[test]
fn no_number_is_too_odd_for_the_venue() {
    let odd = ["0", "-1", "0.0000000000000000000000000001", "79228162514264337593543950335"];
    let numbers: Vec<Decimal> =
        odd.iter().map(|text| dec(text)).chain([Decimal::MIN, dec("92233720368.54775807")]).collect();
    let mut desk = Desk::open();
    desk.buy_market(ME, "0.1");
    desk.limit(ME, Side::Buy, "0.1", "59000");
    let open = desk.open_orders(ME)[0].order_id.to_string();
    let (category, symbol) = (Category::Linear, BTC.to_owned());
    for &number in &numbers {
        let stop = Some(ProtectionPrice {
            limit_price: Some(number),
            ..ProtectionPrice::market(number, TriggerBy::LastPrice)
        });
        for side in [Side::Buy, Side::Sell] {
            let order = CreateOrder::limit(BTC, side, number, number);
            let trigger = TriggerSpec { price: number, direction: None, by: TriggerBy::LastPrice };
            let slippage = Some(SlippageTolerance { unit: SlippageUnit::Percent, value: number });
            let small = CreateOrder { qty: dec("0.01"), ..order.clone() };
            for order in [
                CreateOrder { order_type: OrderType::Market, slippage, ..small.clone() },
                CreateOrder { trigger: Some(trigger), ..small.clone() },
                CreateOrder { trigger: Some(trigger), order_type: OrderType::Market, ..order.clone() },
                CreateOrder {
                    stop_loss: stop,
                    take_profit: stop,
                    tpsl_mode: Some(TpslMode::Partial),
                    ..small.clone()
                },
                small,
                order,
            ] {
                drop(desk.venue.pre_check(ME, &order));
                drop(desk.request(ME, Request::Create(order)));
            }
        }
        let reference = OrderReference { order_id: Some(open.clone()), order_link_id: None };
        let amend = AmendOrder { qty: Some(number), price: Some(number), ..AmendOrder::of(BTC, reference) };
        let trading_stop = TradingStop {
            stop_loss: stop,
            trailing_stop: Some(number),
            active_price: Some(number),
            ..TradingStop::full(BTC)
        };
        let partial =
            TradingStop { mode: TpslMode::Partial, stop_loss_size: Some(number), ..trading_stop.clone() };
        let leverage =
            SetLeverage { category, symbol: symbol.clone(), buy_leverage: number, sell_leverage: number };
        for request in [
            Request::Amend(amend),
            Request::TradingStop(trading_stop),
            Request::TradingStop(partial),
            Request::SetLeverage(leverage),
            Request::Transfer { coin: "USDT".into(), amount: number },
        ] {
            drop(desk.request(ME, request));
        }
        let (price, out) = (Some(number), &mut Vec::new());
        for input in [
            MarketInput::Prices { category, symbol: symbol.clone(), mark: price, index: price, last: price },
            MarketInput::Trade {
                category,
                symbol: symbol.clone(),
                side: Side::Buy,
                price: number,
                qty: number,
            },
            MarketInput::Book {
                category,
                symbol: symbol.clone(),
                bids: vec![(number, number)],
                asks: vec![],
            },
        ] {
            // A price of ninety billion is on the grid: it is taken, and must do no harm.
            drop(desk.venue.apply_market(2_000_000_000_000, &input, out));
        }
    }
}
