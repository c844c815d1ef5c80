//! Setting up a backtest in a few words.

use std::collections::BTreeMap;
use std::path::Path;

use windvane_engine::{BotSetup, Foreign};
use windvane_model::{BotName, Leverage, Money, PositionIndex, Symbol};
use windvane_research::data::History;
use windvane_research::{Account, Fills, Settings, Setup};
use windvane_risk::RiskLimits;
use windvane_venue_core::{Doubts, Fees};

/// Limits that nothing here runs into.
const WIDE: &str = r#"
margin_mode = "cross"
max_order_notional = "10000000 USDT"
min_order_notional = "1 USDT"
max_position_notional = "10000000 USDT"
max_gross_exposure = "100000000 USDT"
max_leverage = "50x"
max_open_orders = 100
max_order_rate_short = "1000 per 1s"
max_order_rate_long = "10000 per 1m"
price_collar = "10%"
book_collar = "10%"
max_loss_per_day = "100000000 USDT"
max_loss_per_week = "100000000 USDT"
require_stop_on_entry = true
stale_after = "3s"
min_liquidation_distance = "1%"
max_adl_rank = 4
max_margin_error = "1%"
max_clock_uncertainty = "500ms"
max_clock_step = "100ms"
max_journal_lag = "250ms"
crossed_book_pause = "2s"
max_error_rate = "100 per 1m"
cool_down_after_stop = "1ms"
max_losing_streak = 1000000
losing_streak_pause = "1ms"

[drawdown]
yellow = "80%"
orange = "90%"
red = "100%"
persists_for = "15m"
"#;

pub(crate) fn symbol() -> Symbol {
    Symbol::new("BTCUSDT").unwrap()
}

/// One bot of a strategy file on BTCUSDT, on an account of ten million without funding.
pub(crate) fn setup(strategy: &str, fills: Fills) -> Setup {
    let definition = windvane_strategy::load("strategy.toml", strategy, &BTreeMap::new());
    let definition = definition.unwrap_or_else(|problems| panic!("{problems}"));
    Setup {
        bots: vec![BotSetup {
            name: BotName::new("only").unwrap(),
            symbol: symbol(),
            position_index: PositionIndex::default(),
            strategy: definition.bot(),
            budget: Money::new(10_000_000.into()),
            leverage: Leverage::new(10.into()).unwrap(),
            next: None,
            removal: None,
            when_short: windvane_engine::WhenShort::Refuse,
            priority: 0,
            foreign: Foreign::default(),
        }],
        limits: limits(),
        unprotected_ms_max: 5_000,
        account: Account {
            balance: 10_000_000.into(),
            fees: Fees { taker: "0.00055".parse().unwrap(), maker: "0.0002".parse().unwrap() },
            leverage: 10.into(),
            doubts: Doubts::default(),
        },
        settings: Settings { fills, spread_ticks: Some(0), funding: Some(false), ..Settings::default() },
    }
}

pub(crate) fn limits() -> RiskLimits {
    toml::from_str(WIDE).unwrap()
}

pub(crate) fn read(path: &Path) -> Vec<History> {
    windvane_research::data::load(path, &[symbol()]).unwrap()
}
