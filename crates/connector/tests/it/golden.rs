//! Messages of our own beside the events that they must give.

use std::{fs, path::PathBuf};
use windvane_connector::codec::{Decoded, Reply, Spares, decode_private, decode_public};

fn payloads(folder: &str) -> Vec<(String, String)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/payloads").join(folder);
    let mut files: Vec<_> = fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{}", path.display());
    files
}

#[test]
fn public_messages_give_their_events() {
    for (name, text) in payloads("public") {
        let mut events = vec![];
        assert_eq!(decode_public(&text, &Spares::default(), &mut events), Decoded::Data, "{name}");
        insta::assert_debug_snapshot!(format!("public-{name}"), events);
    }
}

#[test]
fn private_messages_give_their_events() {
    for (name, text) in payloads("private") {
        let mut events = vec![];
        assert_eq!(decode_private(&text, &mut events), Decoded::Data, "{name}");
        insta::assert_debug_snapshot!(format!("private-{name}"), events);
    }
}

#[test]
fn answers_of_the_trade_socket_are_read() {
    for (name, text) in payloads("trade") {
        insta::assert_debug_snapshot!(format!("trade-{name}"), Reply::decode(&text).unwrap());
    }
}

#[test]
fn odd_messages_are_put_aside_and_give_nothing() {
    for (name, text) in payloads("odd") {
        let (mut market, mut account) = (vec![], vec![]);
        let public = decode_public(&text, &Spares::default(), &mut market);
        let private = decode_private(&text, &mut account);
        let is_aside =
            |decoded: &Decoded<'_>| matches!(decoded, Decoded::Unrecognised(_) | Decoded::Partial { .. });
        assert!(is_aside(&public) || is_aside(&private), "{name}: {public:?} {private:?}");
        assert!(market.is_empty() && account.is_empty(), "{name}");
    }
}

#[test]
fn a_frame_above_the_bound_is_not_even_looked_at() {
    let text = format!(r#"{{"topic":"tickers.X","pad":"{}"}}"#, "x".repeat(1 << 20));
    let mut out = vec![];
    assert!(matches!(decode_public(&text, &Spares::default(), &mut out), Decoded::Unrecognised(_)));
}
