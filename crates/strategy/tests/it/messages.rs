//! What a person reads when a strategy file is wrong. Each file of the corpus is wrong in its own way.

use std::collections::BTreeMap;

use windvane_strategy::{Definition, load};

/// A sound rule file; the corpus replaces parts of it.
const SOUND: &str = r#"language = 1
timeframe = "15m"

[params]
fast = { default = 12, range = [5, 30] }
gap = { default = "0.5%", range = ["0.1%", "2%"], live = true }

[let]
quick = "ema(close, fast)"
calm = "sma(close, 26)"

[entry.long]
signal = "crosses_above(quick, calm)"
filter = { heat = "rsi(close, 14) between 50 and 70" }

[entry.any]
at_send = { spread = "spread < 2 ticks", funding = "funding_cost < 0.03%" }
order = { type = "market", max_slippage = "5 ticks", valid_for = "20s" }
size = { risk = "1%", max_leverage = "3x" }
limit = { entries_per_day = 2, cooldown_after_stop = "1h" }

[exit]
stop = { distance = "2 * atr(14)" }
take_profit = { distance = "3 R" }
trail = { arms_at = "2 R", gives_back = "gap" }
signal = { long = "crosses_below(quick, calm)" }
opposite = "close"
time_limit = "2d"
"#;

fn problems(text: &str) -> String {
    overridden(text, &[])
}

fn overridden(text: &str, overrides: &[(&str, &str)]) -> String {
    let overrides: BTreeMap<_, _> =
        overrides.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    match load("rules.toml", text, &overrides) {
        Ok(_) => "no problem".to_owned(),
        Err(problems) => problems.to_string(),
    }
}

/// The sound file with one part replaced.
fn with(part: &str, other: &str) -> String {
    assert!(SOUND.contains(part), "{part}");
    SOUND.replace(part, other)
}

#[test]
fn the_sound_file_is_sound() {
    assert_eq!(problems(SOUND), "no problem");
    assert_eq!(overridden(SOUND, &[("fast", "8"), ("gap", "1%")]), "no problem");
}

#[test]
fn expressions_that_are_wrong() {
    let corpus = [
        "crosses_abve(quick, calm)",
        "colse > quick",
        "quick >",
        "quick > calm > close",
        "(quick > calm",
        "quick > calm)",
        "quick = calm",
        "quick > calm && close > open",
        "!(quick > calm)",
        "close",
        "close > 5",
        "spread < 2",
        "close > quick + 1%",
        "funding_rate < 0.03",
        "rsi(close, 14) < 30%",
        "rsi(close, 14) > close",
        "rsi(close) > 50",
        "rsi(close, 14, 3) > 50",
        "ema(close, 0) > close",
        "ema(close, 2.5) > close",
        "ema(close, quick) > close",
        "ema(close, 20, seed = last) > close",
        "sma(close, 20, seed = first) > close",
        "ema(mid, 20) > close",
        "mid[1] > close",
        "crosses_above(mid, quick)",
        "crosses_above(close, volume)",
        "close[1.5] > close",
        "close > quick@1h",
        "atr > 5 ticks",
        "atr(14) > 2 R",
        "volume * close > 5",
        "close / 0 > quick",
        "not close",
        "-(close > open)",
        "quick > calm and close",
        "(close > open) < (open > close)",
        "min(close, 5%) > quick",
        "bb_upper(close, 20, 2%) > close",
        "close > 5 tikcs",
        "close > 1.2.3",
        "close > 5 %",
        "pnl_percent > 1",
        "bars_held > 3 ticks",
        "close > $5",
        "",
        "wibble > wobble",
    ];
    let shown: Vec<String> = corpus
        .iter()
        .map(|text| {
            let file = with("crosses_above(quick, calm)", text);
            let messages = problems(&file).replace("rules.toml:", "  ");
            format!("{text}\n{messages}\n")
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn files_that_are_wrong() {
    let corpus = [
        ("language = 1\n", ""),
        ("language = 1\n", "language = 2\n"),
        ("timeframe = \"15m\"", "timeframe = \"15min\""),
        ("timeframe = \"15m\"", "timeframe = 15"),
        ("timeframe = \"15m\"", "timframe = \"15m\""),
        ("timeframe = \"15m\"", "timeframe = \"15m\"\nevaluate = \"ticks\""),
        ("timeframe = \"15m\"", "timeframe = \"15m"),
        ("default = 12, ", ""),
        ("default = 12", "default = \"twelve\""),
        ("default = 12", "default = nan"),
        ("default = 12", "default = 40"),
        ("range = [5, 30]", "range = [30, 5]"),
        ("range = [5, 30]", "range = 5"),
        ("range = [5, 30]", "ranges = [5, 30]"),
        ("live = true", "live = \"yes\""),
        ("calm = \"sma(close, 26)\"", "calm = \"sma(close, 26\""),
        ("calm = \"sma(close, 26)\"", "fast = \"sma(close, 26)\"\ncalm = \"close\""),
        ("calm = \"sma(close, 26)\"", "close = \"sma(close, 26)\"\ncalm = \"close\""),
        ("calm = \"sma(close, 26)\"", "calm = 26"),
        ("quick = \"ema(close, fast)\"", "quick = \"ema(close, slow)\""),
        ("[entry.long]", "[entry.lnog]"),
        ("signal = \"crosses_above(quick, calm)\"\n", ""),
        ("signal = \"crosses_above", "sginal = \"crosses_above"),
        ("type = \"market\"", "type = \"markt\""),
        (
            "type = \"market\", max_slippage = \"5 ticks\", valid_for = \"20s\"",
            "type = \"post-only\", from = \"mid\", level = 2, valid_for = \"20s\", chase = { evry = \"5s\" }",
        ),
        (
            "type = \"market\", max_slippage = \"5 ticks\", valid_for = \"20s\"",
            "type = \"limit\", from = \"same\", level = 99, valid_for = \"20s\", chase = { every = \"5\", up_to = \"close > open\" }",
        ),
        ("type = \"market\", max_slippage = \"5 ticks\", valid_for = \"20s\"", "type = \"post-only\""),
        ("type = \"market\"", "type = \"post-only\", from = \"same\", offset = \"5\""),
        ("max_slippage = \"5 ticks\"", "max_slippage = \"0.5%\""),
        ("valid_for = \"20s\"", "valid_for = 20"),
        ("valid_for = \"20s\"", "valid_for = \"20 apples\""),
        ("risk = \"1%\"", "risk = \"1%\", quote = \"500 USDT\""),
        ("risk = \"1%\"", "risk = 0.01"),
        ("risk = \"1%\"", "quote = \"500\""),
        ("risk = \"1%\"", "risk = \"-1%\""),
        (", max_leverage = \"3x\"", ""),
        ("entries_per_day = 2", "entries_per_day = \"2\""),
        ("stop = { distance = \"2 * atr(14)\" }\n", ""),
        ("distance = \"2 * atr(14)\"", "distance = \"2 * rsi(close, 14)\""),
        ("distance = \"2 * atr(14)\"", "distance = \"2 R\""),
        ("gives_back = \"gap\"", "gives_back = \"fast\""),
        ("opposite = \"close\"", "opposite = \"revrese\""),
        ("distance = \"2 * atr(14)\"", "distance = \"1%\", level = { long = \"low\" }"),
        ("distance = \"2 * atr(14)\"", "level = { short = \"high\" }"),
        ("distance = \"2 * atr(14)\"", "level = { long = \"rsi(close, 14)\" }"),
        ("distance = \"2 * atr(14)\"", "level = { lnog = \"low\" }"),
        ("distance = \"3 R\"", "distance = \"3 R\", by = \"last\""),
        ("distance = \"3 R\"", "distance = \"3 R\", place = \"engine\", by = \"lsat\""),
        ("opposite = \"close\"", "soft_stop = { by = \"mark\" }"),
        ("opposite = \"close\"", "soft_stop = { distance = \"1\" }"),
        ("limit = {", "scale_in = { when = \"pnl_r > 1\" }\nlimit = {"),
        ("limit = {", "scale_in = { entries = 1 }\nlimit = {"),
        ("limit = {", "scale_in = { entries = 3, when = \"pnl_r > 1 R\" }\nlimit = {"),
        ("limit = {", "scale_in = { entries = 3, share = \"half\" }\nlimit = {"),
        ("[exit]", "[exits]"),
        ("[exit]", "[exit]\nstop = { distance = \"1%\" }"),
    ];
    let shown: Vec<String> = corpus
        .iter()
        .map(|(part, other)| {
            let messages = problems(&with(part, other)).replace("rules.toml:", "  ");
            format!("{} → {}\n{messages}\n", part.trim(), other.trim())
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn every_problem_of_a_file_is_reported_at_once() {
    let text = SOUND
        .replace("\"crosses_above(quick, calm)\"", "\"crosses_above(qiuck, calm) and spread < 2\"")
        .replace("max_leverage", "max_levrage")
        .replace("\"2d\"", "\"2\"");
    insta::assert_snapshot!(problems(&text));
}

#[test]
fn a_parameter_has_the_type_that_it_says() {
    let file = |parameter: &str, signal: &str| {
        format!(
            "language = 1\ntimeframe = \"1m\"\n[params]\np = {{ {parameter} }}\n[entry.long]\nsignal = \"{signal}\"\n\
             [entry.any]\norder = {{ type = \"market\" }}\nsize = {{ quote = \"100 USDT\", max_leverage = \"1x\" }}\n\
             [exit]\nstop = {{ distance = \"1%\" }}\n"
        )
    };
    let read = |parameter: &str, signal: &str, set: &str| {
        let overrides = [("p", set)].into_iter().filter(|(_, set)| !set.is_empty());
        let overrides = overrides.map(|(name, set)| (name.to_owned(), set.to_owned())).collect();
        load("f", &file(parameter, signal), &overrides).map_err(|problems| problems.to_string())
    };
    for (unit, default, signal, set, value) in [
        ("number", "3", "close > ema(close, p)", "5", 5.0),
        ("price", "\"5 USDT\"", "close - open > p", "7.5 USDT", 7.5),
        ("ratio", "\"1%\"", "close / open - 1 > p", "2%", 0.02),
        ("ticks", "\"3 ticks\"", "close - open > p", "4 ticks", 4.0),
        ("duration", "\"15m\"", "bar_time > p", "1h", 3_600_000.0),
        ("bool", "false", "p or close > open", "true", 1.0),
    ] {
        let said = format!("type = \"{unit}\", default = {default}");
        for parameter in [said.clone(), format!("default = {default}")] {
            let definition = read(&parameter, signal, set).unwrap_or_else(|problems| panic!("{problems}"));
            let Definition::Rules(rules) = definition else { panic!("rules") };
            let found = &rules.parameters()[0];
            assert_eq!((found.unit, found.value), (unit, value), "{parameter}");
        }
        let other = if unit == "ratio" { "\"5 USDT\"" } else { "\"5%\"" };
        let wrong = read(&said.replace(default, other), signal, "").unwrap_err();
        assert!(wrong.contains("f:4:5: `p` has the type of"), "{wrong}");
        let wrong = read(&said, signal, other.trim_matches('"')).unwrap_err();
        assert!(wrong.contains("`p` is set to"), "{wrong}");
    }
    let wrong = read("type = \"bool\", default = true, range = [0, 1]", "p", "").unwrap_err();
    assert!(wrong.contains("has no `range`"), "{wrong}");
    let wrong = read("type = \"numbr\", default = 3", "close > ema(close, p)", "").unwrap_err();
    assert!(wrong.contains("number"), "{wrong}");
}

#[test]
fn parameters_that_a_bot_sets_wrongly() {
    let shown = [("fsat", "8"), ("fast", "80"), ("fast", "8%"), ("gap", "1")]
        .map(|setting| overridden(SOUND, &[setting]))
        .join("\n");
    insta::assert_snapshot!(shown);
}

#[test]
fn makers_that_are_wrong() {
    let sound = "builtin = \"maker\"\n[quote]\nhalf_spread = \"0.1%\"\nsize = \"500 USDT\"\nrequote = \"0.05%\"\nevery = \"5s\"\n[inventory]\nmax = \"2000 USDT\"\nskew = \"0.1%\"\n[protect]\nstop = \"2%\"\ncooldown_after_stop = \"1h\"\n";
    assert_eq!(problems(sound), "no problem");
    let corpus = [
        ("builtin = \"maker\"", "builtin = \"makr\""),
        ("half_spread", "half_spred"),
        ("\"500 USDT\"", "\"5000 USDT\""),
        ("\"500 USDT\"", "500"),
        ("stop = \"2%\"", "stop = \"0.05%\""),
        ("[protect]\nstop = \"2%\"\ncooldown_after_stop = \"1h\"\n", ""),
    ];
    let shown: Vec<String> =
        corpus.iter().map(|(part, other)| problems(&sound.replace(part, other))).collect();
    insta::assert_snapshot!(shown.join("\n\n"));
}

#[test]
fn a_place_is_found_in_long_strings_and_behind_wide_letters() {
    let text = with("\"crosses_above(quick, calm)\"", "'''\nquick > calm\n  and close > wibble'''");
    let text = text.replace("[params]", "# größer\n[params]");
    assert!(problems(&text).starts_with("rules.toml:16:15: unknown name `wibble`"), "{}", problems(&text));
    let inline = with("filter = { heat = \"rsi", "filter = { 'größe' = 'opne > close', heat = \"rsi");
    assert!(problems(&inline).starts_with("rules.toml:14:23: unknown name `opne`"), "{}", problems(&inline));
}

proptest::proptest! {
    /// Damage anywhere in a file is reported or harmless; it never brings the reader down.
    #[test]
    fn no_damage_brings_the_reader_down(at in 0..SOUND.len(), length in 0_usize..12, patch in ".{0,6}") {
        let mut text = SOUND.to_owned();
        let (from, to) = (text.floor_char_boundary(at), text.floor_char_boundary(at + length).min(SOUND.len()));
        text.replace_range(from..to.max(from), &patch);
        let _ = problems(&text);
    }
}
