//! The decoders are total: whatever arrives, they answer and give no event from what they could not read.

use proptest::prelude::*;
use windvane_connector::codec::{Decoded, Reply, Spares, decode_private, decode_public};

const SEEDS: [&str; 6] = [
    include_str!("../payloads/public/orderbook-delta.json"),
    include_str!("../payloads/public/candles-at-a-boundary.json"),
    include_str!("../payloads/public/ticker-snapshot.json"),
    include_str!("../payloads/private/executions.json"),
    include_str!("../payloads/private/position-open-and-flat.json"),
    include_str!("../payloads/trade/taken.json"),
];

fn decode_everywhere(text: &str) {
    let mut market = vec![];
    if matches!(decode_public(text, &Spares::default(), &mut market), Decoded::Unrecognised(_)) {
        assert!(market.is_empty());
    }
    let mut account = vec![];
    if matches!(decode_private(text, &mut account), Decoded::Unrecognised(_)) {
        assert!(account.is_empty());
    }
    let _ = Reply::decode(text);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_survived(text in "\\PC{0,400}") {
        decode_everywhere(&text);
    }

    #[test]
    fn any_change_of_a_real_message_is_survived(
        seed in 0..SEEDS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = SEEDS[seed].as_bytes().to_vec();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        decode_everywhere(&String::from_utf8_lossy(&bytes));
        bytes.truncate(cut.index(bytes.len()));
        decode_everywhere(&String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn deep_nesting_is_refused_or_passed_over() {
    let deep = "[".repeat(200_000);
    decode_everywhere(&format!(r#"{{"topic":"order","data":{deep}}}"#));
    let closed = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    decode_everywhere(&format!(r#"{{"topic":"tickers.X","ts":1,"pad":{closed},"data":{closed}}}"#));
}
