//! The shipped strategies over the shipped tables: the same run twice, and what must hold of any run.

use std::ops::Range;
use std::path::{Path, PathBuf};

use rust_decimal::Decimal;
use windvane_engine::{BotSetup, Foreign};
use windvane_model::{BotName, Leverage, Money, PositionIndex, Symbol};
use windvane_order_management::Trade;
use windvane_research::data::{self, History};
use windvane_research::{Backtest, Fills, Outcome, Settings, Setup, report};

use crate::desk::{limits, setup};

const BOTS: [(&str, &str, &str); 3] = [
    ("maker", "DOGEUSDT", include_str!("../../../../strategies/maker.toml")),
    ("reversion", "ETHUSDT", include_str!("../../../../strategies/reversion.toml")),
    ("trend", "BTCUSDT", include_str!("../../../../strategies/trend.toml")),
];
const DAY_MS: i64 = 86_400_000;

fn tables() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/market")
}

fn three_bots(fills: Fills) -> Setup {
    let bot = |(name, symbol, text): (&str, &str, &str)| BotSetup {
        name: BotName::new(name).unwrap(),
        symbol: Symbol::new(symbol).unwrap(),
        position_index: PositionIndex::default(),
        strategy: windvane_strategy::load(name, text, &Default::default()).unwrap().bot(),
        budget: Money::new(30_000.into()),
        leverage: Leverage::new(5.into()).unwrap(),
        next: None,
        removal: None,
        when_short: windvane_engine::WhenShort::Refuse,
        priority: 0,
        foreign: Foreign::default(),
    };
    Setup {
        bots: BOTS.map(bot).into(),
        limits: limits(),
        settings: Settings { fills, ..Settings::default() },
        ..setup(BOTS[2].2, fills)
    }
}

/// So many days of the tables after two for warm-up.
fn span(data: &[History], days: i64) -> Range<i64> {
    let from = data[0].bars[0].start_ms + 2 * DAY_MS;
    from..from + days * DAY_MS
}

fn play(fills: Fills, data: &[History], days: i64) -> Outcome {
    Backtest::new(three_bots(fills), data, &span(data, days)).unwrap().run(|_| {}).unwrap()
}

fn load() -> Vec<History> {
    data::load(&tables(), &three_bots(Fills::Close).symbols()).unwrap()
}

/// Everything that a run writes.
fn written(outcome: &Outcome, data: &[History]) -> String {
    let sheets = report::sheets(outcome).map(|sheet| sheet.csv()).concat();
    sheets + &report::json(outcome).to_string() + &report::page(outcome, data)
}

#[test]
fn the_same_run_twice_is_the_same_to_the_last_byte() {
    let data = load();
    for (fills, days) in [(Fills::Close, 3), (Fills::NextOpen, 3), (Fills::Path, 1)] {
        let [first, second] = [(); 2].map(|()| play(fills, &data, days));
        assert!(first.engine.orders().fill_count() > 5, "{fills:?}");
        assert!(written(&first, &data) == written(&second, &data), "{fills:?}");
    }
}

#[test]
fn no_bot_asks_for_a_stop_or_a_target_that_stands_already() {
    let data = load();
    for fills in [Fills::Close, Fills::NextOpen] {
        let outcome = play(fills, &data, 6);
        assert!(outcome.engine.orders().fill_count() > 5, "{fills:?}");
        assert_eq!(outcome.refused.get(&34_040), None, "{fills:?}: {:?}", outcome.refused);
    }
}

#[test]
fn the_page_needs_nothing_beside_itself_and_draws_equity_drawdown_and_the_trades_on_each_price() {
    let data = load();
    let outcome = play(Fills::NextOpen, &data, 3);
    let page = report::page(&outcome, &data);
    for outside in ["http", "src=", "href=", "url(", "@import", "<script", "<link", "<iframe"] {
        assert!(!page.contains(outside), "the page speaks of {outside}");
    }
    let charts = ["<h2>Equity</h2>", "<h2>Drawdown</h2>"].map(str::to_owned);
    let prices = data.iter().map(|history| format!("<h2>{} and its trades</h2>", history.symbol));
    for head in charts.into_iter().chain(prices) {
        let (_, after) = page.split_once(&head).unwrap_or_else(|| panic!("{head}"));
        assert!(after.starts_with("<svg") && after.contains("</svg>"), "{head}: {}", &after[..80]);
    }
    assert!(page.contains("<polyline") || page.contains("<path"), "lines");
}

#[test]
fn the_money_of_the_trades_is_the_money_in_the_wallet() {
    let data = load();
    for (fills, days) in [(Fills::Close, 6), (Fills::NextOpen, 6), (Fills::Path, 1)] {
        let outcome = play(fills, &data, days);
        let books = outcome.engine.orders();
        let net: Money =
            books.positions().flat_map(|position| position.trades()).map(|trade| trade.net_pnl()).sum();
        assert_eq!(books.wallet().balance().get(), Decimal::from(10_000_000) + net.get(), "{fills:?}");
        assert_ne!(net, Money::ZERO, "{fills:?}");
        assert!(books.bots().any(|bot| bot.totals.funding_payments > 0), "{fills:?}: no funding was settled");
    }
}

#[test]
fn a_stop_within_a_bar_fills_where_it_stands_and_not_at_the_bars_end() {
    let data = load();
    let outcome = play(Fills::Close, &data, 6);
    let books = outcome.engine.orders();
    let mut stopped = 0;
    for (fill, order) in books.fills().filter(|(fill, _)| fill.stop_kind.is_some()) {
        assert!(order.is_none(), "a stop of the venue's is no order of ours");
        let history = data.iter().find(|history| history.symbol == fill.symbol).unwrap();
        let at = history.bars.partition_point(|bar| bar.start_ms <= fill.at.0);
        let price = fill.price.to_f64();
        // One tick of spread may lie between the price that fired and the fill.
        let tick = windvane_venue::linear(fill.symbol.as_str()).unwrap().tick_size;
        let tick = f64::try_from(tick).unwrap();
        let holds = |bar: &data::Bar| {
            bar.low.to_f64() - 1.5 * tick <= price && price <= bar.high.to_f64() + 1.5 * tick
        };
        assert!(history.bars[at.saturating_sub(2)..at].iter().any(holds), "{fill:?}");
        stopped += usize::from(fill.at.0 % history.interval.millis() != 0);
    }
    assert!(stopped > 3, "only {stopped} stops fired within a bar");
}

#[test]
fn a_longer_way_to_the_venue_changes_prices_and_no_signals_of_bars() {
    for fills in [Fills::NextOpen, Fills::Path] {
        a_longer_way_changes_prices_and_no_signals(fills);
    }
}

fn a_longer_way_changes_prices_and_no_signals(fills: Fills) {
    let data = load();
    let run = |latency: Option<&str>| {
        let mut setup = three_bots(fills);
        setup.bots.retain(|bot| bot.name.as_str() == "trend");
        setup.settings.latency = latency.map(|text| text.parse().unwrap());
        Backtest::new(setup, &data, &span(&data, 6)).unwrap().run(|_| {}).unwrap()
    };
    let (near, far) = (run(None), run(Some("20s")));
    let times = |outcome: &Outcome| outcome.signals.iter().map(|signal| signal.at).collect::<Vec<_>>();
    assert_eq!(times(&near), times(&far), "{fills:?}");
    let trades = |outcome: &Outcome| -> Vec<Trade> {
        outcome.engine.orders().positions().flat_map(|position| position.trades()).collect()
    };
    let (near, far) = (trades(&near), trades(&far));
    let later_ms = far[0].opened.since(near[0].opened);
    assert_eq!(later_ms, 20_000, "{fills:?}: the first order fills after its way");
}
