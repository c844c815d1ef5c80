//! A journal cut at every byte, flipped at every bit, and robbed of power: it comes back, or says why not.

use crate::sample::{cancel, denied, halt, kept, link, memory, small, start, timer, without_markers};
use crate::simulated::SimulatedDisk;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use windvane_journal::{
    Config, Durability, Entry, Flaw, Item, Journal, OpenError, ReadError, Reader, Record, Recovered,
    StopCause,
};

fn open(disk: &SimulatedDisk) -> Result<(Journal, Recovered), OpenError> {
    Journal::open_on(Arc::new(disk.clone()), &small(), Box::new(|_| {}))
}

fn entries(disk: &SimulatedDisk) -> Result<Vec<Entry>, ReadError> {
    let items = Reader::new(Arc::new(disk.clone()))?;
    let entries = items.filter_map(|item| match item {
        Ok(Item::Journal(entry)) => Some(Ok(entry)),
        Ok(Item::Tape { .. } | Item::Gap { .. }) => None,
        Err(error) => Some(Err(error)),
    });
    entries.collect()
}

/// Three segments: most of it called durable by a marker, the last records not.
fn journal() -> SimulatedDisk {
    let disk = SimulatedDisk::default();
    let (mut journal, _) = open(&disk).unwrap();
    journal.start(start(1)).unwrap();
    for sequence in 1..=6 {
        for record in [timer(sequence), cancel(sequence, 0), denied(sequence), memory(sequence)] {
            journal.append(&record).unwrap();
        }
        journal.make_durable().unwrap();
    }
    disk.stall(true);
    for record in [link(7), halt(8), Record::Stop { cause: StopCause::Finished }] {
        journal.append(&record).unwrap();
        journal.commit().unwrap();
    }
    let left = disk.after_kill();
    left.stall(false);
    disk.stall(false);
    assert_eq!(left.segments().len(), 3, "{:?}", left.segments());
    left
}

/// Durable number of the last marker among `entries`.
fn promised(entries: &[Entry]) -> u64 {
    let markers = entries.iter().filter_map(|entry| match entry.record {
        Record::Marker { durable } => Some(durable),
        _ => None,
    });
    markers.max().unwrap_or(0)
}

/// The segment and the byte behind each record.
fn ends(disk: &SimulatedDisk, whole: &[Entry]) -> Vec<(usize, usize)> {
    let segments = disk.segments();
    let (mut segment, mut at) = (0, 40);
    let mut ends = Vec::new();
    for entry in whole {
        let size = usize::try_from(entry.size).unwrap();
        // A record that does not fit into 1024 bytes begins the next segment.
        if at + size > 1024 {
            (segment, at) = (segment + 1, 40);
        }
        at += size;
        ends.push((segment, at));
    }
    assert_eq!(ends.last().unwrap().0 + 1, segments.len());
    ends
}

#[test]
fn cut_at_any_byte_it_keeps_every_whole_record_and_every_promise() {
    let disk = journal();
    let whole = entries(&disk).unwrap();
    let ends = ends(&disk, &whole);
    let segments = disk.segments();
    for (at, (name, length)) in segments.iter().enumerate() {
        for length in 0..*length {
            let place = format!("{name} cut to {length}");
            let cut = disk.after_kill();
            cut.damage(name, |bytes| bytes.truncate(length));
            let survivors = ends.iter().take_while(|end| **end <= (at, length)).count();
            let needed = ends.iter().take_while(|end| end.0 <= at).count();
            if at + 1 < segments.len() && survivors < needed {
                // Later segments hold a marker for what is gone.
                let refused = open(&cut).err();
                assert!(
                    matches!(refused, Some(OpenError::Read(ReadError::Damaged { .. }))),
                    "{place}: {refused:?}"
                );
                continue;
            }
            let survivors = if at + 1 < segments.len() { whole.len() } else { survivors };
            let (mut journal, found) = open(&cut).unwrap();
            let kept: Vec<Entry> = found.records().unwrap().map(Result::unwrap).collect();
            assert_eq!(kept, whole[..survivors], "{place}");
            // It goes on from there.
            journal.start(start(2)).unwrap();
            journal.append(&timer(50)).unwrap();
            journal.close().unwrap();
            let again = without_markers(entries(&cut).unwrap().into_iter());
            assert_eq!(again.last(), Some(&timer(50)), "{place}");
        }
    }
}

#[test]
fn with_any_bit_flipped_it_refuses_what_was_durable_and_cuts_what_was_not() {
    let disk = journal();
    let whole = entries(&disk).unwrap();
    let (ends, promised) = (ends(&disk, &whole), promised(&whole));
    let segments = disk.segments();
    let (mut refused, mut cut) = (0, 0);
    for (at, (name, length)) in segments.iter().enumerate() {
        for bit in 0..length * 8 {
            let place = format!("{name} bit {bit}");
            let flipped = disk.after_kill();
            flipped.damage(name, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
            // The record that the bit belongs to, or that follows the header or the zeros it belongs to.
            let hit = ends.iter().take_while(|end| **end <= (at, bit / 8)).count();
            match entries(&flipped) {
                Ok(kept) => {
                    assert_eq!(kept, whole[..hit.min(kept.len())], "{place}");
                    assert_eq!(kept.len(), hit, "{place}");
                    assert!(hit as u64 >= promised, "{place}: a durable record was cut");
                    cut += 1;
                }
                Err(error) => {
                    assert!(matches!(error, ReadError::Damaged { .. }), "{place}: {error}");
                    assert!((hit as u64) < promised, "{place}: refused although nothing durable is lost");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 10_000 && cut > 1_000, "{refused} refused, {cut} cut");
}

#[test]
fn the_refusal_names_file_place_and_way_out() {
    let disk = journal();
    disk.damage("journal-00000001.wvj", |bytes| bytes[300] ^= 1);
    let Err(OpenError::Read(error)) = open(&disk) else { panic!("damage went unseen") };
    assert!(matches!(error, ReadError::Damaged { flaw: Flaw::Checksum, .. }), "{error:?}");
    let words = error.to_string();
    for word in ["journal-00000001.wvj", "byte ", "wrong checksum", "restore the file from a copy"] {
        assert!(words.contains(word), "{words}");
    }
}

/// A whole record with the right number is still refused when it comes from another history: a page of a file
/// that was there before, or a copy mended by hand.
#[test]
fn a_record_of_another_history_does_not_fit_the_chain() {
    let write = |account| {
        let disk = SimulatedDisk::default();
        let (mut journal, _) = open(&disk).unwrap();
        journal.start(windvane_journal::Start { account, ..start(1) }).unwrap();
        journal.append(&timer(1)).unwrap();
        journal.close().unwrap();
        disk
    };
    let (ours, other) = (write(1), write(2));
    let sizes: Vec<usize> =
        entries(&ours).unwrap().iter().map(|e| usize::try_from(e.size).unwrap()).collect();
    // Everything behind the first record, which differs in a figure of the same length.
    let from = 40 + sizes[0];
    let mut foreign = Vec::new();
    other.damage("journal-00000001.wvj", |bytes| foreign = bytes.split_off(from));
    ours.damage("journal-00000001.wvj", |bytes| {
        bytes.truncate(from);
        bytes.append(&mut foreign);
    });
    let Err(error) = entries(&ours) else { panic!("two histories were taken for one") };
    assert!(matches!(error, ReadError::Damaged { number: 2, flaw: Flaw::Order, .. }), "{error}");
}

#[test]
fn a_missing_segment_is_refused_by_name() {
    let disk = journal();
    windvane_journal::Storage::remove(&disk, "journal-00000002.wvj").unwrap();
    let Err(OpenError::Read(ReadError::Missing { file, .. })) = open(&disk) else {
        panic!("a gap in the files")
    };
    assert_eq!(file, "journal-00000002.wvj");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever order the disk wrote its sectors in, what was called durable is there, and what is there is
    /// what was written.
    #[test]
    fn a_power_cut_takes_nothing_that_was_durable(
        batches in prop::collection::vec((1..6_usize, prop::bool::weighted(0.1)), 1..25),
        seed in any::<u64>(),
    ) {
        let disk = SimulatedDisk::default();
        // Half of the runs sync only when asked, so that a cut finds many files that no sync has seen.
        let durability = if seed % 2 == 0 { Durability::Group } else { Durability::BeforeSend };
        let group_interval = Duration::from_secs(3600);
        let config = Config { tape: None, durability, group_interval, ..small() };
        let (mut journal, _) = Journal::open_on(Arc::new(disk.clone()), &config, Box::new(|_| {})).unwrap();
        journal.start(start(1)).unwrap();
        let mut written = vec![Record::Start(start(1))];
        for (count, is_waiting) in batches {
            for _ in 0..count {
                let record = cancel(written.len() as u64, 0);
                journal.append(&record).unwrap();
                written.push(record);
            }
            journal.commit().unwrap();
            if is_waiting {
                journal.make_durable().unwrap();
            }
        }
        let durable = journal.durable();
        let left = disk.after_power_cut(seed);
        let (mut next, found) = open(&left).unwrap();
        let last = found.last_number;
        prop_assert!(last >= durable, "{last} of {durable} durable records");
        let kept = kept(&found);
        prop_assert_eq!(&kept[..], &written[..kept.len()]);
        next.start(start(2)).unwrap();
        next.close().unwrap();
        // A second cut, right after, finds the same again.
        let (_journal, found) = open(&left.after_power_cut(seed)).unwrap();
        prop_assert_eq!(crate::sample::kept(&found).len(), kept.len() + 1);
    }
}
