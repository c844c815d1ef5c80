//! The number of series stays bounded: it grows with contracts and bots, never with time, orders or prices.

use crate::{BotPicture, Build, Observer, Picture, PositionPicture, RiskPicture, SymbolPicture, show};
use metrics_exporter_prometheus::PrometheusBuilder;
use std::collections::BTreeSet;
use windvane_model::{
    BotName, ClientOrderId, Coin, Command, Control, Event, HaltCause, MarketTime, Money, OrderKind,
    PositionIndex, Price, Qty, Role, RunState, Side, Stamp, Stamped, Submit, Symbol, Triggers, WallTime,
};

const SYMBOLS: usize = 200;
const BOTS: usize = 50;
/// Conditions of one bot: a rule file of a page.
const CONDITIONS: usize = 12;

fn symbol(index: usize) -> Symbol {
    Symbol::new(&format!("S{index:03}USDT")).unwrap()
}

fn bot(index: usize) -> BotName {
    BotName::new(&format!("bot-{index}")).unwrap()
}

/// A large account, in which prices, sizes and counts are those of `round`.
fn picture(round: u32) -> Picture {
    let value = f64::from(round);
    let price = Price::new((100 + round).into()).unwrap();
    let symbols = (0..SYMBOLS).map(|index| SymbolPicture {
        symbol: symbol(index),
        mid: Some(value),
        spread: Some(value),
        mark: Some(price),
        funding_rate: None,
        age: Some(value),
    });
    let positions = (0..SYMBOLS).map(|index| PositionPicture {
        symbol: symbol(index),
        side: Some(if round.is_multiple_of(2) { Side::Buy } else { Side::Sell }),
        qty: Qty::new(round.into()).unwrap(),
        average_price: Some(price),
        notional: value,
        unrealised: Money::ZERO,
        liquidation_distance: Some(value),
        unprotected_seconds: value,
        adl_rank: 1,
    });
    let bots = (0..BOTS).map(|index| BotPicture {
        bot: bot(index),
        symbol: symbol(index),
        open_orders: 3,
        realised: Money::ZERO,
        maker_fees: Money::ZERO,
        taker_fees: Money::ZERO,
        funding: Money::ZERO,
        equity: Money::ZERO,
        exposure: value,
        signals: u64::from(round),
        blocked: (0..CONDITIONS)
            .map(|rule| (format!("entry.long.filter.{rule}"), u64::from(round)))
            .collect(),
        is_up: true,
    });
    Picture {
        run_state: Some(RunState::Active),
        symbols: symbols.collect(),
        positions: positions.collect(),
        bots: bots.collect(),
        coin: Some(Coin::new("USDT").unwrap()),
        breakers: vec![(HaltCause::DayLoss.as_str(), false)],
        risk: RiskPicture { limits: vec![("max_open_orders", value)], ..RiskPicture::default() },
        ..Picture::default()
    }
}

/// One order of every bot, with an id and a price of its own.
fn trade(observer: &mut Observer, round: u32) {
    let at = WallTime(i64::from(round) * 1_000_000_000);
    let stamp = Stamp { sequence: u64::from(round), wall: at, market: MarketTime(0) };
    let cause = Stamped { stamp, event: Event::Control(Control::Resume) };
    for index in 0..BOTS {
        let submit = Submit {
            client_order_id: ClientOrderId::new(&format!("abcbot0e0000001-{round:03}{index:03}")).unwrap(),
            symbol: symbol(index),
            position_index: PositionIndex::default(),
            role: Role::Entry,
            side: Side::Buy,
            qty: Qty::new(1.into()).unwrap(),
            kind: OrderKind::Market { max_slippage_ticks: None },
            reduce_only: false,
            stop_loss: None,
            take_profit: None,
            triggers: Triggers::default(),
            send_before: None,
        };
        observer.command(Some(bot(index)), &Command::Submit(submit), &cause, at, at);
    }
}

/// Names and labels of all series that were shown.
fn series(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned())).collect()
}

#[test]
fn two_hundred_contracts_and_fifty_bots_make_a_few_thousand_series_and_time_adds_none() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::with_local_recorder(&recorder, || {
        let mut observer = Observer::default();
        let bots: Vec<_> = (0..BOTS).map(|index| (bot(index), symbol(index))).collect();
        let build = Build { version: "0", commit: "0", config: "0".to_owned() };
        observer.start(&build, &bots, WallTime(0));
        for round in 1..=3 {
            show(&picture(round));
            trade(&mut observer, round);
        }
        let early = series(&handle.render());
        for round in 4..=40 {
            show(&picture(round));
            trade(&mut observer, round);
        }
        let late = series(&handle.render());
        let new: Vec<_> = late.difference(&early).collect();
        assert!(new.is_empty(), "time has added: {new:?}");
        // Thirteen for each contract, some thirty for each bot, and those of the process.
        assert!((3_000..5_000).contains(&late.len()), "{} series", late.len());
        assert!(!late.iter().any(|series| series.contains("abcbot0e")), "an order id is in a label");
    });
}
