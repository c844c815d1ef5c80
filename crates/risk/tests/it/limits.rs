//! Limits as text: what is missing, bare, unknown or absurd is refused with its line.

use crate::scene::{bot, instrument, leverage, limits, limits_text};
use windvane_model::{Instrument, Symbol};
use windvane_risk::{LimitProblem, RiskLimits, leverage_problem};

#[test]
fn a_full_table_is_read_with_its_units() {
    let limits = limits(&[]);
    assert_eq!(limits.max_order_notional.to_string(), "500 USDT");
    assert_eq!(limits.stale_after.millis(), 5_000);
    assert_eq!(limits.problems(), []);
}

#[test]
fn what_is_wrong_with_a_line_is_said_at_the_line() {
    let cases = [
        ("max_order_notional", "500", "an amount with its coin"),
        ("max_order_notional", "500.0", "an amount with its coin"),
        ("max_order_notional", "nan", "an amount with its coin"),
        ("max_order_notional", "\"-500 USDT\"", "an amount with its coin"),
        ("max_leverage", "\"10\"", "a multiple"),
        ("price_collar", "\"0.02\"", "a percentage"),
        ("price_collar", "\"200%\"", "out of range"),
        ("max_order_rate_short", "\"10\"", "a rate"),
        ("stale_after", "5", "a length of time"),
        ("max_open_orders", "-1", "u32"),
    ];
    for (key, value, expected) in cases {
        let text = limits_text(&[(key, value)]);
        let error = toml::from_str::<RiskLimits>(&text).unwrap_err();
        assert!(error.message().contains(expected), "{key} = {value}: {error}");
        let span = error.span().unwrap();
        assert_eq!(&text[span], value, "{key}");
    }
}

#[test]
fn every_limit_is_required_and_no_other_is_known() {
    let text = limits_text(&[]);
    for line in text.lines() {
        let without: String =
            text.lines().filter(|other| *other != line).map(|line| format!("{line}\n")).collect();
        let error = toml::from_str::<RiskLimits>(&without).unwrap_err();
        assert!(error.message().starts_with("missing field"), "{line}: {error}");
    }
    let error = toml::from_str::<RiskLimits>(&format!("max_ordr_notional = \"1 USDT\"\n{text}")).unwrap_err();
    assert!(error.message().contains("unknown field"), "{error}");
}

#[test]
fn limits_in_a_coin_that_nothing_traded_here_settles_in_are_refused() {
    let amounts = ["max_order_notional", "min_order_notional", "max_position_notional", "max_gross_exposure"];
    let losses = ["max_loss_per_day", "max_loss_per_week"];
    let amounts =
        amounts.map(|key| (key, "\"100 USDC\"")).into_iter().chain(losses.map(|key| (key, "\"100 USDC\"")));
    let problems = limits(&amounts.collect::<Vec<_>>()).problems();
    let text: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(text, ["`max_order_notional` is in USDC; only contracts that settle in USDT are traded"]);
    assert_eq!(problems[0].key(), "max_order_notional");
}

#[test]
fn all_that_does_not_fit_together_is_reported_at_once() {
    let problems = limits(&[
        ("max_order_notional", "\"5000 USDT\""),
        ("max_loss_per_day", "\"200 USDC\""),
        ("max_open_orders", "0"),
        ("max_order_rate_long", "\"100 per 1s\""),
    ])
    .problems();
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert!(problems.iter().any(|problem| problem.key() == "max_loss_per_day"));
    assert!(problems.contains(&LimitProblem::Nothing { key: "max_open_orders".to_owned() }));
    let text: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert!(text[0].contains("`max_loss_per_day` is in USDC"), "{text:?}");
    assert!(text[1].contains("(5000 USDT) is larger than `max_position_notional` (2000 USDT)"), "{text:?}");
}

#[test]
fn what_would_hold_nothing_back_is_refused_and_what_is_just_within_is_not() {
    let cases = [
        ("max_order_notional", "\"1000000001 USDT\"", "\"1000 USDT\""),
        ("max_gross_exposure", "\"1000000001 USDT\"", "\"1000000000 USDT\""),
        ("max_loss_per_week", "\"1000000000000 USDT\"", "\"1000000000 USDT\""),
        ("max_open_orders", "4000000000", "10000"),
        ("max_leverage", "\"201x\"", "\"200x\""),
        ("price_collar", "\"100%\"", "\"50%\""),
        ("book_collar", "\"51%\"", "\"50%\""),
        ("max_margin_error", "\"99%\"", "\"50%\""),
        ("stale_after", "\"24h\"", "\"5m\""),
        ("max_clock_uncertainty", "\"501ms\"", "\"500ms\""),
        ("max_clock_step", "\"1001ms\"", "\"1s\""),
        ("max_journal_lag", "\"11s\"", "\"10s\""),
    ];
    for (key, absurd, largest) in cases {
        let problems = limits(&[(key, absurd)]).problems();
        let is_named =
            |problem: &LimitProblem| matches!(problem, LimitProblem::Absurd { key: of, .. } if of == key);
        assert!(problems.iter().any(is_named), "{key} = {absurd}: {problems:?}");
        assert!(!limits(&[(key, largest)]).problems().iter().any(is_named), "{key} = {largest}");
    }
}

/// The problems of limits with these tables, each as it is told.
fn told(changes: &[(&str, &str)], tables: &str) -> Vec<String> {
    let text = format!("{}{tables}", limits_text(changes));
    let limits = toml::from_str::<RiskLimits>(&text).unwrap();
    limits.problems().iter().map(ToString::to_string).collect()
}

#[test]
fn a_rank_and_a_narrower_leverage_may_come_to_what_there_is() {
    assert_eq!(
        told(&[("max_adl_rank", "5")], "[bot.trend]\nmax_leverage = \"20x\"\nmax_adl_rank = 5"),
        [""; 0]
    );
    let beyond = told(&[("max_adl_rank", "6")], "[bot.trend]\nmax_leverage = \"20.1x\"");
    assert_eq!(beyond.len(), 2, "{beyond:?}");
    assert!(
        beyond[0].contains("`bot.trend.max_leverage`") && beyond[1].contains("`max_adl_rank`"),
        "{beyond:?}"
    );
}

#[test]
fn steps_of_a_drawdown_must_rise() {
    for (step, level) in
        [("drawdown.yellow", "\"40%\""), ("drawdown.orange", "\"50%\""), ("drawdown.red", "\"40%\"")]
    {
        let said = told(&[(step, level)], "");
        assert!(said.len() == 1 && said[0].contains("drawdown"), "{step} = {level}: {said:?}");
    }
}

#[test]
fn tables_of_what_has_no_such_name_are_refused() {
    let cases = [
        ("[symbol.AVERYLONGNAMEOFNOCONTRACTATALL]\nmax_open_orders = 1", "symbol.AVERYLONG"),
        ("[symbol.BTCUSDT]\nmax_order_qty = \"1 ETH\"", "not the base coin of BTCUSDT"),
        ("[bot.a-name-that-is-longer-than-a-name-may-be]\nmax_open_orders = 1", "bot.a-name"),
        (
            "[group.majors]\nsymbols = [\"AVERYLONGNAMEOFNOCONTRACTATALL\"]\nmax_gross_exposure = \"1000 USDT\"",
            "group.majors",
        ),
    ];
    for (table, named) in cases {
        let said = told(&[], table);
        assert!(said.len() == 1 && said[0].contains(named), "{table}: {said:?}");
    }
    assert_eq!(told(&[], "[symbol.BTCUSDT]\nmax_order_qty = \"1 BTC\""), [""; 0]);
}

#[test]
fn a_leverage_is_bounded_by_what_the_contracts_allow() {
    let contract = |text: &str, most: &str| Instrument {
        max_leverage: leverage(most),
        ..instrument(Symbol::new(text).unwrap())
    };
    let contracts = [contract("BTCUSDT", "100"), contract("DOGEUSDT", "25")];
    let of_bot = |text: &str, times: &str| (bot(), Symbol::new(text).unwrap(), leverage(times));
    let said = |limit: &str, bot| {
        leverage_problem(&limits(&[("max_leverage", &format!("\"{limit}x\""))]), [bot], &contracts)
    };
    assert_eq!(said("100", of_bot("DOGEUSDT", "25")), None);
    let above = said("100", of_bot("DOGEUSDT", "26")).unwrap();
    assert!(above.contains("`trend`: leverage 26x is above what DOGEUSDT allows (25x)"), "{above}");
    let useless = said("101", of_bot("BTCUSDT", "5")).unwrap();
    assert!(useless.contains("`max_leverage` (101x)") && useless.contains("(100x)"), "{useless}");
    // The tiers may say less than the contract does.
    let mut contracts = contracts.clone();
    contracts[0].tiers = instrument(contracts[0].symbol).tiers.split_off(1);
    let said = leverage_problem(&limits(&[]), [of_bot("BTCUSDT", "51")], &contracts);
    assert!(said.unwrap().contains("allows (50x)"));
}
