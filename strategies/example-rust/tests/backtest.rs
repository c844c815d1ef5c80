//! The example in the backtest: the real engine, its limits and the venue's core, over the shipped candles.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::Path;
use windvane_engine::{BotSetup, Foreign};
use windvane_example_rust::{FallingBars, Settings};
use windvane_model::{BotName, Interval, Leverage, Money, PositionIndex, Symbol};
use windvane_research::{Account, Backtest, Outcome, Setup};
use windvane_strategy::Strategy;
use windvane_venue_core::{Doubts, Fees};

const LIMITS: &str = r#"
margin_mode = "cross"
max_order_notional = "20000 USDT"
min_order_notional = "5 USDT"
max_position_notional = "20000 USDT"
max_gross_exposure = "20000 USDT"
max_leverage = "5x"
max_open_orders = 5
max_order_rate_short = "10 per 1s"
max_order_rate_long = "100 per 1m"
price_collar = "5%"
book_collar = "5%"
max_loss_per_day = "5000 USDT"
max_loss_per_week = "5000 USDT"
require_stop_on_entry = true
stale_after = "3s"
min_liquidation_distance = "5%"
max_adl_rank = 4
max_margin_error = "1%"
max_clock_uncertainty = "500ms"
max_clock_step = "100ms"
max_journal_lag = "250ms"
crossed_book_pause = "2s"
max_error_rate = "10 per 1m"
cool_down_after_stop = "1m"
max_losing_streak = 1000
losing_streak_pause = "1m"
drawdown = { yellow = "40%", orange = "50%", red = "60%", persists_for = "15m" }
"#;

fn bot() -> FallingBars {
    FallingBars::new(Settings {
        interval: Interval::M5,
        falling_bars: 4,
        holding_bars: 6,
        share: "0.5".parse().unwrap(),
        stop: "0.01".parse().unwrap(),
    })
}

/// Six days of the shipped candles of BTCUSDT.
fn play() -> Outcome {
    let symbol = Symbol::new("BTCUSDT").unwrap();
    let tables = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/market");
    let data = windvane_research::data::load(&tables, &[symbol]).unwrap();
    let setup = Setup {
        bots: vec![BotSetup {
            name: BotName::new("falling").unwrap(),
            symbol,
            position_index: PositionIndex::default(),
            strategy: Box::new(bot()),
            next: None,
            budget: Money::new(10_000.into()),
            leverage: Leverage::new(5.into()).unwrap(),
            removal: None,
            when_short: windvane_engine::WhenShort::Refuse,
            priority: 0,
            foreign: Foreign::Leave,
        }],
        limits: toml::from_str(LIMITS).unwrap(),
        unprotected_ms_max: 5_000,
        account: Account {
            balance: 10_000.into(),
            fees: Fees { taker: "0.00055".parse().unwrap(), maker: "0.0002".parse().unwrap() },
            leverage: 5.into(),
            doubts: Doubts::default(),
        },
        settings: windvane_research::Settings::default(),
    };
    let from = data[0].bars[0].start_ms + 86_400_000;
    Backtest::new(setup, &data, &(from..from + 6 * 86_400_000)).unwrap().run(|_| {}).unwrap()
}

#[test]
fn it_trades_on_the_shipped_candles_and_sells_what_it_bought() {
    let outcome = play();
    let books = outcome.engine.orders();
    let view = outcome.engine.bots().next().unwrap();
    assert!(
        view.signals > 10 && books.fill_count() > 20,
        "{} signals, {} fills",
        view.signals,
        books.fill_count()
    );
    let fills: Vec<_> = books.fills().map(|(fill, _)| *fill).collect();
    assert!(fills.iter().any(|fill| fill.side == windvane_model::Side::Sell));
    assert!(view.equity > Money::ZERO);
}

#[test]
fn what_it_remembers_is_read_back_and_another_make_is_refused() {
    let mut one = bot();
    assert_eq!(one.changed_memory(), None, "nothing has changed yet");
    assert!(one.restore(b"{\"bars_held\":3}").is_ok());
    assert!(one.wake_at().is_none());
    assert!(one.restore(b"{\"bars_held\":6}").is_ok() && one.wake_at().is_some(), "it wants out");
    assert!(one.restore(b"{\"colour\":\"red\"}").is_err());
}
