//! Two corpora with their exact messages: calls and words typed wrongly, and files in which one line is wrong in its type,
//! unit, range or structure.

use std::collections::BTreeMap;

use windvane_strategy::{load, vocabulary};

fn message(expression: &str) -> String {
    let text = format!(
        "language = 1\ntimeframe = \"15m\"\n[entry.long]\nsignal = \"{expression}\"\n[entry.any]\norder = {{ type = \"market\" }}\n\
         size = {{ quote = \"100 USDT\", max_leverage = \"1x\" }}\n[exit]\nstop = {{ distance = \"1%\" }}\n"
    );
    match load("f", &text, &BTreeMap::new()) {
        Ok(_) => "no problem".to_owned(),
        Err(problems) => {
            let shown =
                |problem: &windvane_strategy::Problem| format!("{}: {}", problem.column, problem.message);
            problems.list.iter().map(shown).collect::<Vec<_>>().join("; ")
        }
    }
}

#[test]
fn every_word_and_function_typed_wrongly_says_what_was_meant() {
    let mut corpus = Vec::new();
    for entry in vocabulary() {
        let name = entry.written.split('(').next().unwrap();
        if entry.written.contains('(') {
            corpus.push(format!("{name}(close, open, high, low, 1, 2, 3, 4, 5, 6, 7, 8, 9)"));
            corpus.push(name.to_owned());
            corpus.push(format!("{name}("));
        } else {
            corpus.push(format!("{name}(14)"));
        }
        if name.len() > 3 {
            let mut letters: Vec<char> = name.chars().collect();
            letters.swap(1, 2);
            corpus.push(letters.iter().collect());
        }
    }
    corpus.retain(|text| message(text) != "no problem");
    assert!(corpus.len() >= 300, "{}", corpus.len());
    let shown: Vec<String> = corpus.iter().map(|text| format!("{text}\n    {}", message(text))).collect();
    insta::assert_snapshot!(shown.join("\n"));
}

/// What is wrong with a line `key = value`, and the lines in its place.
fn wrongs(line: &str) -> Vec<(&'static str, String)> {
    let Some((key, value)) = line.split_once('=').map(|(key, value)| (key.trim_end(), value.trim())) else {
        return vec![
            ("is unknown", line.replacen('[', "[x", 1)),
            ("is there twice", format!("{line}\n{line}")),
        ];
    };
    let number = value.trim_matches('"');
    let end = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
    let (figure, unit) = number.split_at(end);
    let is_text = value.starts_with('"') && value.ends_with('"') && value.matches('"').count() == 2;
    let written =
        |value: String| if is_text { format!("{key} = \"{value}\"") } else { format!("{key} = {value}") };
    let mut wrongs = vec![
        ("is missing", String::new()),
        ("is there twice", format!("{line}\n{line}")),
        ("has another type", if is_text { format!("{key} = 7") } else { format!("{key} = \"seven\"") }),
        ("is a table", format!("{key} = {{ a = 1 }}")),
        ("is a list", format!("{key} = [true]")),
        ("is empty", format!("{key} = \"\"")),
    ];
    if !figure.is_empty() {
        wrongs.push(("has another unit", written(format!("{figure} parsec"))));
        wrongs.push(("is below", written(format!("-{figure}{unit}"))));
        wrongs.push(("is nothing", written(format!("0{unit}"))));
        wrongs.push(("is too much", written(format!("99999999{figure}{unit}"))));
        wrongs.push(("is no figure", written(format!("{figure}.{figure}.1{unit}"))));
    }
    wrongs
}

#[test]
fn every_line_that_is_wrong_in_type_unit_range_or_structure_says_so() {
    let mut shown = Vec::new();
    for name in ["macd-trend", "opening-range", "grid", "dca", "maker", "twap", "schedule", "rebalance"] {
        let text =
            std::fs::read_to_string(crate::shipped::root().join(format!("strategies/{name}.toml"))).unwrap();
        // Comments go: they say nothing, and a shipped file may be explained anew without another message.
        let bare = |line: &str| line.split(" #").next().unwrap_or_default().trim_end().to_owned();
        let lines: Vec<String> =
            text.lines().map(bare).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        for (at, line) in lines.iter().enumerate() {
            for (wrong, instead) in wrongs(line) {
                let mut file = lines.clone();
                file[at].clone_from(&instead);
                let Err(problems) = load("f", &file.join("\n"), &BTreeMap::new()) else { continue };
                let said: Vec<String> = problems
                    .list
                    .iter()
                    .map(|problem| format!("    {}:{}: {}", problem.line, problem.column, problem.message))
                    .collect();
                shown.push(format!("{name}:{}: `{line}` {wrong}\n{}", at + 1, said.join("\n")));
            }
        }
    }
    assert!(shown.len() >= 300, "{}", shown.len());
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn what_can_never_be_true_and_what_nothing_uses_is_said() {
    for (expression, expected) in [
        ("rsi(close, 14) > 100", Some("can never be true")),
        ("rsi(close, 14) > 70 and rsi(close, 14) < 30", Some("can never be true")),
        ("close < 0 USDT", Some("can never be true")),
        ("close > close", Some("can never be true")),
        ("count(close > open, 5) >= 6", Some("can never be true")),
        ("weekday > 7", Some("can never be true")),
        ("imbalance(5) > 120%", Some("can never be true")),
        ("close >= 0 USDT", Some("whatever happens")),
        ("rsi(close, 14) > 70 or rsi(close, 14) < 30", None),
        ("close > open", None),
        ("false", None),
    ] {
        let text = format!(
            "language = 1\ntimeframe = \"15m\"\n[entry.long]\nsignal = \"{expression}\"\n[entry.any]\norder = {{ type = \"market\" }}\n\
             size = {{ quote = \"100 USDT\", max_leverage = \"1x\" }}\n[exit]\nstop = {{ distance = \"1%\" }}\n"
        );
        let checked = windvane_strategy::check("f", &text, &BTreeMap::new()).unwrap();
        let said: Vec<&str> = checked.warnings.iter().map(|warning| warning.message.as_str()).collect();
        match expected {
            Some(expected) => {
                assert!(said.len() == 1 && said[0].contains(expected), "{expression}: {said:?}")
            }
            None => assert!(said.is_empty(), "{expression}: {said:?}"),
        }
    }
    let text = "language = 1\ntimeframe = \"15m\"\n[params]\nused = { default = 12 }\nidle = { default = 3 }\n[let]\n\
                quick = \"ema(close, used)\"\ncalm = \"ema(close, 26)\"\n[entry.long]\nsignal = \"close > quick\"\n[entry.any]\n\
                order = { type = \"market\" }\nsize = { quote = \"100 USDT\", max_leverage = \"1x\" }\n[exit]\n\
                stop = { distance = \"1%\" }\n";
    let checked = windvane_strategy::check("f", text, &BTreeMap::new()).unwrap();
    let said: Vec<(usize, &str)> =
        checked.warnings.iter().map(|warning| (warning.line, warning.message.as_str())).collect();
    assert_eq!(said, [(5, "`idle` is not used by anything"), (8, "`calm` is not used by anything")]);
}
