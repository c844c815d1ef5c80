//! The rows of the failure catalogue, and where each is seen: by which troubles of these stories, or by which test
//! elsewhere when it cannot show on this tier.

use crate::tally::{Fault, Tally};

/// Where a row of the catalogue is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// By these troubles; one hit of any will do.
    Here(&'static [Fault]),
    /// By a test of another tier, named by its file.
    Elsewhere(&'static str),
    /// Nowhere yet, and why.
    Nowhere(&'static str),
}

use Fault as F;
use Seen::{Elsewhere, Here, Nowhere};

/// Every row, in the order of the catalogue.
pub const CATALOGUE: &[(&str, Seen)] = &[
    ("A01", Here(&[F::ReplyLost, F::RequestLost])),
    ("A02", Here(&[F::ReplyLost])),
    ("A03", Here(&[F::RequestTwice])),
    ("A04", Here(&[F::LateIndex])),
    ("A05", Here(&[F::CancelTooLate])),
    ("A06", Here(&[F::RequestLost, F::ReplyLost])),
    ("A07", Here(&[F::ReplyLost, F::QueryFailed])),
    ("A08", Here(&[F::StaleRead])),
    ("A09", Here(&[F::CancelTooLate])),
    ("A10", Here(&[F::PartThenCancel])),
    ("A11", Here(&[F::AmendTooLate])),
    (
        "A12",
        Elsewhere("connector/src/session/tests/entry.rs: each item of a batch has an outcome of its own"),
    ),
    ("A13", Here(&[F::EndedByMatching])),
    ("A14", Here(&[F::NotSent, F::TradeCut])),
    ("A15", Elsewhere("model/src/id.rs: an id has 22 characters by its type")),
    ("A16", Here(&[F::Kill])),
    ("A17", Here(&[F::TopicLate, F::SlowRequest])),
    ("A18", Here(&[F::OverLimit])),
    ("A19", Here(&[F::OverCount])),
    ("A20", Elsewhere("tests/scenarios/margin_refused_by_the_venue.toml; cargo xtask campaign margin")),
    ("A21", Elsewhere("risk/tests/it/denials.rs: outside the venue's price limits nothing is sent")),
    ("A22", Here(&[F::CloseOfNothing])),
    ("A23", Here(&[F::StopFired])),
    ("B01", Here(&[F::PrivateCut])),
    ("B02", Here(&[F::PrivateCut])),
    ("B03", Here(&[F::PushDropped])),
    ("B04", Elsewhere("connector/src/session/tests/private.rs: up only when every topic is confirmed")),
    ("B05", Here(&[F::PushFirst, F::TopicLate])),
    ("B06", Here(&[F::PushTwice, F::PushAgain])),
    ("B07", Here(&[F::PushAgain])),
    ("B08", Here(&[F::StaleRead])),
    ("B09", Here(&[F::Kill])),
    ("B10", Elsewhere("connector/src/session/tests/private.rs: the fast topic is never a source")),
    ("B11", Here(&[F::Funding])),
    ("B12", Here(&[F::Liquidated])),
    ("B13", Elsewhere("connector/src/codec/private.rs: one unreadable row does not take the others with it")),
    ("B14", Here(&[F::BothSides])),
    ("B15", Elsewhere("connector/src/rest/query.rs: pages are read to the end")),
    ("B16", Elsewhere("order-management/src/tests/account.rs: what stays unexplained stays in doubt")),
    ("B17", Here(&[F::Kill, F::PowerCut])),
    ("B18", Here(&[F::PushDropped])),
    ("B19", Elsewhere("simulation/tests/it/main.rs: two processes tell the same story")),
    ("B20", Elsewhere("risk/src/exposure: equity by the mark, not by pushes of the wallet")),
    ("B21", Here(&[F::Stranger, F::Meddling])),
    ("B22", Here(&[F::PushTwice])),
    ("C01", Here(&[F::BookGap])),
    ("C02", Here(&[F::PublicCut])),
    ("C03", Elsewhere("market/src/book.rs: a snapshot replaces the book")),
    ("C04", Elsewhere("market/src/candle.rs: only a confirmed candle counts")),
    ("C05", Elsewhere("market/src/ticker.rs: a field that is not named has not changed")),
    ("C06", Elsewhere("connector/tests/it/loopback.rs: a slow reader loses no word of the account")),
    ("C07", Elsewhere("risk/tests/it/denials.rs: collars against mark and book")),
    ("C08", Elsewhere("risk/tests/it/denials.rs: data older than its limit opens nothing")),
    ("D01", Here(&[F::ClockStep])),
    ("D02", Here(&[F::Refused])),
    ("D03", Elsewhere("connector/src/budget/tests.rs: silence after a ban")),
    ("D04", Here(&[F::NoVerdict])),
    ("D05", Here(&[F::VenueRestart])),
    ("D06", Here(&[F::PrivateCut, F::TradeCut])),
    ("D07", Here(&[F::Outage])),
    ("D08", Elsewhere("connector/src/backoff.rs: jitter with a cap")),
    ("D09", Elsewhere("connector/src/session/tests/private.rs: pings whatever the traffic")),
    ("D10", Here(&[F::Disconnected])),
    (
        "D11",
        Elsewhere(
            "engine/src/flatten.rs cancels one by one until none is left; oracle I16 forbids cancel-all",
        ),
    ),
    ("D12", Elsewhere("connector/tests/it/tls.rs and src/endpoints.rs: certificates and hosts")),
    ("D13", Here(&[F::NoVerdict])),
    (
        "E01",
        Elsewhere(
            "app/src/live/account.rs refuses to start, connector/src/shell/modekeeper.rs halts on a change",
        ),
    ),
    ("E02", Here(&[F::LeverageDiffers])),
    ("E03", Here(&[F::GridChange])),
    ("E04", Elsewhere("risk/tests/it/denials.rs: a contract that does not trade")),
    ("E05", Elsewhere("connector/tests/it/loopback.rs: the list is read to its last page")),
    ("E06", Elsewhere("connector/src/session/tests/account.rs: a key that fails halts")),
    ("E07", Elsewhere("connector/src/session/tests/account.rs: a key that fails halts")),
    ("E08", Elsewhere("connector/src/session/tests/account.rs: a key that fails halts")),
    (
        "E09",
        Elsewhere(
            "connector/src/session/tests/account.rs: the account halts, or the order is refused for certain",
        ),
    ),
    ("E10", Elsewhere("tests/it/refused.rs")),
    ("E11", Here(&[F::Liquidated])),
    ("E12", Elsewhere("risk/tests/it/denials.rs: an order that would meet our own")),
    ("F01", Here(&[F::KillBeforeSend])),
    ("F02", Elsewhere("journal/tests/it/crash.rs; cargo xtask campaign crash-bytes")),
    ("F03", Elsewhere("journal/tests/it/disk.rs: a failed sync is not tried again")),
    ("F04", Elsewhere("journal/tests/it/disk.rs; tests/scenarios/ft5621_disk_full.toml")),
    ("F05", Elsewhere("journal/tests/it/keeping.rs: a second engine is told who holds the folder")),
    ("F06", Here(&[F::Successor])),
    ("F07", Here(&[F::PowerCut])),
    ("F08", Elsewhere("tests/it/bad_input.rs")),
    ("F09", Here(&[F::ClockStep])),
    ("F10", Elsewhere("connector's last look: an order that opens has a time to live")),
    ("F11", Elsewhere("app/src/live/mod.rs: a lost task halts")),
    ("F12", Here(&[F::Operator])),
];

/// Rows that are seen here and were not hit.
#[must_use]
pub fn unseen(tally: &Tally) -> Vec<&'static str> {
    let is_silent = |seen: &Seen| match seen {
        Here(faults) => faults.iter().all(|fault| tally.hits(*fault) == 0),
        Elsewhere(_) | Nowhere(_) => false,
    };
    CATALOGUE.iter().filter(|(_, seen)| is_silent(seen)).map(|(row, _)| *row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_there_once_and_every_trouble_stands_for_one() {
        let count = |letter: char| CATALOGUE.iter().filter(|(row, _)| row.starts_with(letter)).count();
        assert_eq!(['A', 'B', 'C', 'D', 'E', 'F'].map(count), [23, 22, 8, 13, 12, 12]);
        let mut rows: Vec<_> = CATALOGUE.iter().map(|(row, _)| row).collect();
        rows.dedup();
        assert_eq!(rows.len(), CATALOGUE.len());
    }
}
