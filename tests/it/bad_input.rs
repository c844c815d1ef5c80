//! Bad config gets one clear sentence with its place, exit code 2, and has no effect.

use std::path::Path;
use windvane_tests::{config, windvane};

fn check(folder: &Path, text: &str) -> (Option<i32>, String) {
    let path = folder.join("bad.toml");
    std::fs::write(&path, text).unwrap();
    let output = windvane(&["check", "--config", path.to_str().unwrap()]);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_shipped_configs_are_good() {
    for name in ["paper.toml", "testnet.toml", "demo.toml", "live.toml"] {
        let path = windvane_tests::root().join("config").join(name);
        let output = windvane(&["check", "--config", path.to_str().unwrap()]);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn each_fault_of_a_config_is_named_with_its_place_and_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    // (what to change, into what, words the message must have)
    let rows: &[(&str, &str, &[&str])] = &[
        ("price_collar", "price_colar", &["unknown field", "price_colar"]),
        ("max_open_orders = 40\n", "", &["max_open_orders"]),
        ("max_order_notional = \"60000 USDT\"", "max_order_notional = 60000", &["500 USDT"]),
        ("price_collar = \"3%\"", "price_collar = \"nan\"", &["percentage"]),
        ("max_loss_per_week = \"20000 USDT\"", "max_loss_per_week = \"2 USDT\"", &["max_loss_per_day"]),
        ("yellow = \"10%\"", "yellow = \"16%\"", &["drawdown.orange"]),
        ("red = \"20%\" ", "#", &["missing field `red`"]),
        ("[journal]", "[risk.bot.nobody]\nmax_open_orders = 1\n[journal]", &["there is no bot `nobody`"]),
        (
            "[journal]",
            "[risk.bot.trend]\nmax_order_qty = \"1 ETH\"\n[journal]",
            &["`bot.trend.max_order_qty`: ETH is not the base coin of BTCUSDT"],
        ),
        (
            "[journal]",
            "[risk.bot.trend]\nstale_after = \"4s\"\n[journal]",
            &["`bot.trend.stale_after` (4s) holds back less than the account's own `stale_after` (3s)"],
        ),
        (
            "[journal]",
            "[risk.symbol.BTCUSTD]\nmax_open_orders = 1\n[journal]",
            &["`[risk.symbol.BTCUSTD]`: no bot trades `BTCUSTD`"],
        ),
        (
            "[journal]",
            "[risk.group.majors]\nsymbols = [\"BTCUSDT\", \"ETHUSTD\"]\nmax_gross_exposure = \"9 USDT\"\n[journal]",
            &["`[risk.group.majors]`: no bot trades `ETHUSTD`"],
        ),
        ("max_open_orders = 40", "max_open_orders = 4000000000", &["max_open_orders", "10000 orders"]),
        ("stale_after = \"3s\"", "stale_after = \"24h\"", &["stale_after", "5m"]),
        ("max_clock_uncertainty = \"500ms\"", "#", &["missing field `max_clock_uncertainty`"]),
        ("max_clock_uncertainty = \"500ms\"", "max_clock_uncertainty = \"2s\"", &["500ms"]),
        ("max_clock_step = \"100ms\"", "#", &["missing field `max_clock_step`"]),
        ("max_clock_step = \"100ms\"", "max_clock_step = \"1m\"", &["max_clock_step", "1s"]),
        ("max_journal_lag = \"250ms\"", "#", &["missing field `max_journal_lag`"]),
        ("max_journal_lag = \"250ms\"", "max_journal_lag = \"1h\"", &["max_journal_lag", "10s"]),
        ("crossed_book_pause = \"2s\"", "#", &["missing field `crossed_book_pause`"]),
        ("crossed_book_pause = \"2s\"", "crossed_book_pause = 2", &["length of time"]),
        ("max_leverage = \"10x\"", "max_leverage = \"1000x\"", &["max_leverage", "200x"]),
        ("max_leverage = \"10x\"", "max_leverage = \"3x\"", &["max_leverage"]),
        ("budget = \"30000 USDT\"", "budget = \"-1 USDT\"", &["amount"]),
        (
            "symbol = \"ETHUSDT\"",
            "symbol = \"BTCUSDT\"",
            &["`reversion`", "`trend`", "hedge mode", "sub-account"],
        ),
        ("on_shutdown = \"keep\"", "on_shutdown = \"panic\"", &["keep", "flatten"]),
        ("listen = \"127.0.0.1:9464\"", "listen = \"0.0.0.0:9464\"", &["loopback", "remote = true"]),
        ("listen = \"127.0.0.1:9464\"", "otlp = \"http://10.0.0.5:4318/v1/traces\"", &["otlp", "https://"]),
        ("environment = \"embedded\"  ", "environment = \"custom\"  ", &["endpoints"]),
    ];
    for (from, to, words) in rows {
        let (code, message) = check(folder.path(), &config("paper.toml", &data, &[(from, to)]));
        assert_eq!(code, Some(2), "{from}: {message}");
        assert!(message.contains("bad.toml:"), "{from}: no place in: {message}");
        for word in *words {
            assert!(message.contains(word), "{from}: no `{word}` in: {message}");
        }
    }
    assert!(!data.exists(), "a refused config has no effect");
}

#[test]
fn a_fault_of_a_rule_points_into_the_rule_and_suggests_the_word() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rule.toml");
    let good = std::fs::read_to_string(windvane_tests::root().join("strategies/trend.toml")).unwrap();
    assert!(good.contains("ema("), "the rule uses an average");
    std::fs::write(&path, good.replacen("ema(", "eam(", 1)).unwrap();
    let output = windvane(&["check", "--strategy", path.to_str().unwrap()]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("rule.toml:") && message.contains("ema"), "{message}");
}

#[test]
fn a_file_that_is_not_there_and_a_flag_that_does_not_exist_are_bad_usage() {
    let output = windvane(&["run", "--config", "/nonexistent/paper.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nonexistent/paper.toml"));
    assert_eq!(windvane(&["run", "--colour"]).status.code(), Some(2));
}
