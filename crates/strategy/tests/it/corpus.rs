//! A corpus of calls and words typed wrongly, each with its exact message: with the files and expressions of `messages`
//! over three hundred.

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
}
