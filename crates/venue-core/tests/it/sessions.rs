//! Session settlements: with each funding of a contract settled in USDC unrealised profit goes to the wallet.

use proptest::prelude::*;
use rust_decimal::Decimal;
use windvane_venue_core::*;

use crate::desk::*;

/// The desk's contract, settled in `coin`, and accounts that nothing liquidates.
fn settled_in(coin: &str, doubts: Doubts) -> Setup {
    let mut setup = setup();
    setup.doubts = doubts;
    setup.instruments[0].quote_coin = coin.to_owned();
    for account in &mut setup.accounts {
        account.balances = vec![(coin.to_owned(), dec("1000000"))];
    }
    setup
}

fn usdc() -> Desk {
    Desk::with(settled_in("USDC", Doubts::default()))
}

fn settle(desk: &mut Desk, rate: &str) {
    let (category, symbol, rate) = (Category::Linear, BTC.to_owned(), dec(rate));
    let announced = MarketInput::FundingRate { category, symbol: symbol.clone(), rate, next_funding_ms: 9 };
    desk.market(announced);
    desk.market(MarketInput::SettleFunding { category, symbol });
}

#[test]
fn profit_goes_to_the_wallet_and_is_counted_on_from_the_mark() {
    let mut desk = usdc();
    desk.limit(OTHER, Side::Sell, "0.5", "60000");
    desk.buy_market(ME, "0.5");
    desk.mark("60200");
    let before = desk.coin(ME, "USDC");
    settle(&mut desk, "0.0001");
    let (profit, paid) = (dec("100"), dec("0.5") * dec("60200") * dec("0.0001"));

    let (position, after) = (desk.position(ME), desk.coin(ME, "USDC"));
    assert_eq!((position.avg_price, position.session_avg_price), (dec("60000"), Some(dec("60200"))));
    assert_eq!(position.unrealised_pnl, Decimal::ZERO);
    assert_eq!(after.wallet_balance, before.wallet_balance + profit - paid);
    assert_eq!(after.equity, before.equity - paid, "the profit has only changed its place");
    assert_eq!(after.cum_realised_pnl, before.cum_realised_pnl + profit - paid);
    let fee = dec("0.5") * dec("60000") * dec("0.00055");
    assert_eq!(position.cur_realised_pnl, profit - paid - fee);
    assert_eq!(
        desk.position(OTHER).cur_realised_pnl,
        paid - profit - dec("0.5") * dec("60000") * dec("0.0002")
    );

    let log = desk.venue.transactions(ME).pop().unwrap();
    assert_eq!(
        (log.kind, log.cash_flow, log.funding, log.fee),
        (TransactionType::Settlement, profit, -paid, dec("0"))
    );
    assert_eq!((log.change, log.trade_price), (profit - paid, dec("60200")));
    assert_eq!(desk.venue.transactions(ME).len(), 2, "one row for both, and one for the fill");

    let [session] = &desk.venue.sessions(ME)[..] else { panic!("one session") };
    assert_eq!((session.side, session.size, session.realised_pnl), (Side::Buy, dec("0.5"), profit));
    assert_eq!((session.price_before, session.mark_price), (dec("60000"), dec("60200")));
    assert_eq!(desk.venue.sessions(OTHER)[0].realised_pnl, -profit);

    let executions = desk.venue.executions(ME, ExecutionFilter::default());
    let kinds: Vec<ExecutionType> = executions.iter().map(|row| row.exec_type).collect();
    assert_eq!(kinds, [ExecutionType::Funding, ExecutionType::Trade]);
    let told = |uid: Uid| {
        desk.out.iter().filter(move |output| matches!(output,
        Output::Position { uid: of, .. } | Output::Wallet { uid: of, .. } | Output::Execution { uid: of, .. } if *of == uid)).count()
    };
    assert_eq!((told(ME), told(OTHER)), (3, 3), "execution, position and wallet");
}

#[test]
fn closing_counts_from_the_settled_price_and_the_rows_sum_up() {
    let mut desk = usdc();
    desk.buy_market(ME, "0.5");
    let entry = desk.position(ME).avg_price;
    desk.mark("60200");
    settle(&mut desk, "0");
    desk.book(&[("60300", "5")], &[("60300.1", "5")]);
    desk.buy_market(ME, "0.5");
    let position = desk.position(ME);
    assert_eq!(position.session_avg_price, Some(dec("60250.05")));
    assert_eq!(position.avg_price, (entry + dec("60300.1")) / Decimal::TWO);
    let close = CreateOrder { reduce_only: true, ..CreateOrder::market(BTC, Side::Sell, dec("1")) };
    let order = desk.create(ME, close).unwrap();

    let (by_session, by_order) = (dec("0.5") * (dec("60200") - entry), dec("60300") - dec("60250.05"));
    let rows = desk.venue.closed_pnl(ME);
    let told: Vec<_> = rows.iter().map(|row| (row.exec_type, row.closed_size, row.avg_entry_price)).collect();
    assert_eq!(
        told,
        [
            (ExecutionType::SessionSettlement, dec("0.5"), entry),
            (ExecutionType::Trade, dec("1"), dec("60250.05")),
        ]
    );
    assert_eq!((rows[0].side, rows[0].avg_exit_price), (Side::Sell, dec("60200")));
    assert_eq!((rows[0].closed_pnl, rows[0].open_fee), (by_session, Decimal::ZERO));
    assert_eq!(rows[1].closed_pnl, by_order - rows[1].open_fee - rows[1].close_fee);
    assert_eq!(order.closed_pnl, rows[1].closed_pnl);
    let all: Decimal = rows.iter().map(|row| row.closed_pnl).sum();
    assert_eq!(desk.coin(ME, "USDC").wallet_balance, dec("1000000") + all);
    assert_eq!(desk.position(ME).session_avg_price, Some(Decimal::ZERO), "flat");
}

#[test]
fn what_the_documentation_leaves_open_can_be_had_the_other_way() {
    let doubts = Doubts {
        session_execution: SessionExecution::Own,
        session_closed_pnl: SessionClosedPnl::AtClose,
        ..Doubts::default()
    };
    let mut desk = Desk::with(settled_in("USDC", doubts));
    desk.buy_market(ME, "0.5");
    let entry = desk.position(ME).avg_price;
    desk.mark("60200");
    settle(&mut desk, "0.0001");
    let profit = dec("0.5") * (dec("60200") - entry);
    let executions = desk.venue.executions(ME, ExecutionFilter::default());
    let [own, funding, _fill] = &executions[..] else { panic!("three executions") };
    assert_eq!((funding.exec_type, funding.exec_pnl), (ExecutionType::Funding, Decimal::ZERO));
    assert_eq!((own.exec_type, own.order_type), (ExecutionType::SessionSettlement, OrderType::Unknown));
    assert_eq!((own.exec_price, own.exec_qty, own.exec_pnl), (dec("60200"), dec("0.5"), profit));
    assert_eq!((own.exec_fee, own.closed_size), (Decimal::ZERO, Decimal::ZERO));
    assert_ne!((&own.exec_id, &own.order_id), (&funding.exec_id, &funding.order_id));
    assert_eq!(desk.venue.transactions(ME).len(), 2, "one row of the log all the same");

    assert!(desk.venue.closed_pnl(ME).is_empty());
    desk.book(&[("60300", "5")], &[("60300.1", "5")]);
    let close = CreateOrder { reduce_only: true, ..CreateOrder::market(BTC, Side::Sell, dec("0.5")) };
    desk.create(ME, close).unwrap();
    let [row] = &desk.venue.closed_pnl(ME)[..] else { panic!("one row") };
    assert_eq!(row.avg_entry_price, entry);
    assert_eq!(row.closed_pnl + row.open_fee + row.close_fee, dec("0.5") * (dec("60300") - entry));
}

#[test]
fn contracts_settled_in_usdt_have_no_sessions() {
    let mut desk = Desk::with(settled_in("USDT", Doubts::default()));
    desk.buy_market(ME, "0.5");
    desk.mark("60200");
    let before = desk.position(ME);
    settle(&mut desk, "0");
    let after = desk.position(ME);
    assert_eq!((after.session_avg_price, after.unrealised_pnl), (None, before.unrealised_pnl));
    assert_eq!(desk.venue.sessions(ME), []);
}

#[test]
fn an_isolated_position_is_liquidated_by_what_it_lost_since_the_settlement() {
    let mut setup = settled_in("USDC", Doubts::default());
    setup.accounts[0].margin_mode = MarginMode::Isolated;
    let mut desk = Desk::with(setup);
    desk.buy_market(ME, "0.5");
    let liquidation = |desk: &Desk| desk.position(ME).liq_price.expect("isolated");
    let (before, wallet) = (liquidation(&desk), desk.coin(ME, "USDC").wallet_balance);
    desk.mark("58000");
    settle(&mut desk, "0");
    assert!(desk.coin(ME, "USDC").wallet_balance < wallet, "the loss is paid out of the wallet");
    let after = liquidation(&desk);
    assert!(
        after < before && (before / after - dec("60000.1") / dec("58000")).abs() < dec("0.0001"),
        "{before} {after}"
    );
    desk.mark(&(after + Decimal::ONE).to_string());
    assert_eq!(desk.position(ME).size, dec("0.5"), "not yet");
    desk.mark(&(after - Decimal::ONE).to_string());
    assert_eq!(desk.position(ME).size, Decimal::ZERO);
}

#[derive(Clone, Debug)]
enum Step {
    Trade { side: Side, ticks: i64, lots: i64 },
    Mark { ticks: i64 },
    Settle { rate: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    prop_oneof![
        3 => (side, -400..400_i64, 1..900_i64).prop_map(|(side, ticks, lots)| Step::Trade { side, ticks, lots }),
        2 => (-9_000..9_000_i64).prop_map(|ticks| Step::Mark { ticks }),
        1 => (-20..20_i64).prop_map(|rate| Step::Settle { rate }),
    ]
}

/// One account's order meets the other's, at a price that walks.
fn run(desk: &mut Desk, step: &Step) {
    let price = |ticks: i64| (dec("60000") + Decimal::new(ticks, 1)).to_string();
    match *step {
        Step::Trade { side, ticks, lots } => {
            let qty = Decimal::new(lots, 3).to_string();
            desk.limit(OTHER, side.opposite(), &qty, &price(ticks));
            desk.limit(ME, side, &qty, &price(ticks));
        }
        Step::Mark { ticks } => desk.mark(&price(ticks)),
        Step::Settle { rate } => settle(desk, &Decimal::new(rate, 5).to_string()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_settlement_moves_money_from_unrealised_to_the_wallet_and_none_else(
        steps in prop::collection::vec(step(), 1..60)
    ) {
        // The same story with sessions and without.
        let open = |coin| {
            let mut desk = Desk::bare(settled_in(coin, Doubts::default()));
            desk.mark("60000");
            desk
        };
        let (mut with, mut without) = (open("USDC"), open("USDT"));
        let mut rounding = Decimal::ZERO;
        for step in &steps {
            run(&mut with, step);
            run(&mut without, step);
            // Each fill may round an average by half of 1e-8 for what is held, at most all of it.
            rounding += Decimal::new(1, 8) * Decimal::from(60);
            for uid in [ME, OTHER] {
                let (one, other) = (with.coin(uid, "USDC"), without.coin(uid, "USDT"));
                prop_assert!((one.equity - other.equity).abs() <= rounding, "{one:?} {other:?}");
                let (one, other) = (with.position(uid), without.position(uid));
                prop_assert_eq!((one.side, one.size, one.avg_price), (other.side, other.size, other.avg_price));
                let realised = one.cur_realised_pnl + one.unrealised_pnl;
                let plain = other.cur_realised_pnl + other.unrealised_pnl;
                prop_assert!((realised - plain).abs() <= rounding, "{one:?} {other:?}");
                let even = one.break_even_price.unwrap_or_default() - other.break_even_price.unwrap_or_default();
                prop_assert!(even.abs() <= dec("0.1"), "{one:?} {other:?}");
            }
        }
        let wallets: Decimal = [ME, OTHER].into_iter().map(|uid| with.coin(uid, "USDC").wallet_balance).sum();
        let unrealised: Decimal = [ME, OTHER].into_iter().map(|uid| with.position(uid).unrealised_pnl).sum();
        let executions = [ME, OTHER].into_iter().flat_map(|uid| with.venue.executions(uid, ExecutionFilter::default()));
        let paid: Decimal = executions.map(|row| row.exec_fee).sum();
        prop_assert!((dec("2000000") - wallets - unrealised - paid).abs() <= rounding);
        for uid in [ME, OTHER] {
            let rows = with.venue.closed_pnl(uid).into_iter();
            let told: Decimal = rows.map(|row| row.closed_pnl + row.open_fee + row.close_fee).sum();
            let flowed: Decimal = with.venue.transactions(uid).iter().map(|row| row.cash_flow).sum();
            // Shares of fees are as exact as the numbers allow.
            prop_assert!((told - flowed).abs() < Decimal::new(1, 18), "each flow has its row of closed profit");
        }
    }
}
