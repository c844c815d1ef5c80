//! Damaged answers on every REST decoder: whatever arrives is read or is an error.

use super::{
    account::KeyWire,
    answer::read_envelope,
    instrument::{InstrumentRow, TierRow},
    ledger::{ClosedRow, LedgerRow},
    market::chaos::read_market_row,
    page::Page,
    past::{PastExecutionRow, PastOrderRow},
};
use crate::{
    chaos::{damaged, play},
    codec::rows::{ExecutionRow, OrderRow, PositionRow, WalletRow},
};
use fastrand::Rng;
use windvane_model::MarketTime;

const ANSWERS: [&str; 7] = [
    include_str!("../../tests/payloads/rest/instruments.json"),
    include_str!("../../tests/payloads/rest/risk-limit.json"),
    include_str!("../../tests/payloads/rest/klines.json"),
    include_str!("../../tests/payloads/rest/orders.json"),
    include_str!("../../tests/payloads/rest/wallet.json"),
    include_str!("../../tests/payloads/rest/key.json"),
    include_str!("../../tests/payloads/rest/batch.json"),
];
/// Answers of one seed.
const ANSWERS_PER_SEED: u64 = 64;

/// Reads the text as every kind of answer; whether one of them found something in it.
fn read_as_everything(text: &str) -> bool {
    let Ok(answer) = read_envelope("x", text.as_bytes().to_vec()) else { return false };
    let mut found = answer.items().is_ok_and(|items| !items.is_empty());
    found |= answer.result::<KeyWire<'_>>().is_ok_and(|key| key.info().is_ok());
    let Ok(page) = answer.result::<Page<'_>>() else { return found };
    for row in &page.list {
        let text = row.get();
        found |= answer.row::<OrderRow<'_>>(text).is_ok_and(|row| row.report().is_ok());
        found |= answer.row::<ExecutionRow<'_>>(text).is_ok_and(|row| row.report().is_ok());
        found |= answer.row::<PositionRow<'_>>(text).is_ok_and(|row| row.report().is_ok());
        found |= answer.row::<WalletRow<'_>>(text).is_ok_and(|row| row.report(MarketTime::default()).is_ok());
        found |= answer.row::<TierRow<'_>>(text).is_ok_and(|row| row.tier().is_ok());
        found |= answer.row::<InstrumentRow<'_>>(text).is_ok_and(|row| row.instrument(vec![]).is_ok());
        found |= answer.row::<LedgerRow<'_>>(text).is_ok_and(|row| row.entry().is_ok());
        found |= answer.row::<ClosedRow<'_>>(text).is_ok_and(|row| row.closed().is_ok());
        found |= answer.row::<PastOrderRow<'_>>(text).is_ok_and(|row| row.order().is_ok());
        found |= answer.row::<PastExecutionRow<'_>>(text).is_ok_and(|row| row.execution().is_ok());
        found |= read_market_row(&answer, text);
    }
    found
}

fn answers(random: &mut Rng) -> u64 {
    for _ in 0..ANSWERS_PER_SEED {
        read_as_everything(&damaged(random.choice(ANSWERS).unwrap_or(""), random));
    }
    ANSWERS_PER_SEED
}

#[test]
fn whole_answers_are_read() {
    for text in ANSWERS {
        assert!(read_as_everything(text), "{text}");
    }
}

#[test]
fn every_rest_decoder_survives_damaged_answers() {
    play("rest", answers);
}
