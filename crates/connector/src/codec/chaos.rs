//! Damaged frames on every frame decoder: none may panic, hang, or give an event out of what it could not read; and the
//! fast way through ordinary messages says what the general one says.

use super::{batch::read_items, *};
use crate::chaos::{damaged, play};
use fastrand::Rng;

const FRAMES: [&str; 16] = [
    include_str!("../../tests/payloads/public/orderbook-delta.json"),
    include_str!("../../tests/payloads/public/orderbook-restart.json"),
    include_str!("../../tests/payloads/public/orderbook-snapshot.json"),
    include_str!("../../tests/payloads/public/trades.json"),
    include_str!("../../tests/payloads/public/ticker-delta.json"),
    include_str!("../../tests/payloads/public/ticker-snapshot.json"),
    include_str!("../../tests/payloads/public/candles-at-a-boundary.json"),
    include_str!("../../tests/payloads/private/executions.json"),
    include_str!("../../tests/payloads/private/order-working-with-stop.json"),
    include_str!("../../tests/payloads/private/order-cancel-that-lost-the-race.json"),
    include_str!("../../tests/payloads/private/position-open-and-flat.json"),
    include_str!("../../tests/payloads/private/wallet.json"),
    include_str!("../../tests/payloads/trade/taken.json"),
    include_str!("../../tests/payloads/trade/margin-refusal.json"),
    include_str!("../../tests/payloads/rest/batch.json"),
    r#"{"success":true,"ret_msg":"","req_id":"1","op":"subscribe","conn_id":"c"}"#,
];
/// Frames of one seed.
const FRAMES_PER_SEED: u64 = 64;

fn frames(random: &mut Rng) -> u64 {
    let spares = Spares::default();
    for _ in 0..FRAMES_PER_SEED {
        let text = damaged(random.choice(FRAMES).unwrap_or(""), random);
        let (mut market, mut generally) = (vec![], vec![]);
        let decoded = decode_public(&text, &spares, &mut market);
        assert!(market.is_empty() || decoded == Decoded::Data, "{text}");
        assert_eq!(public::decode_generally(&text, &mut generally), decoded, "{text}");
        assert_eq!(generally, market, "{text}");
        market.drain(..).for_each(|event| spares.give_back(event));
        let (mut account, mut generally) = (vec![], vec![]);
        let decoded = decode_private(&text, &mut account);
        assert!(account.is_empty() || !matches!(decoded, Decoded::Unrecognised(_)), "{text}");
        assert_eq!(private::decode_generally(&text, &mut generally), decoded, "{text}");
        assert_eq!(generally, account, "{text}");
        let _ = (Reply::decode(&text), read_items(&text));
    }
    FRAMES_PER_SEED
}

#[test]
fn every_frame_decoder_survives_damaged_frames() {
    play("frames", frames);
}
