//! The journal at its usual scale, damaged everywhere: `cargo xtask campaign crash-bytes`.
//!
//! The ordinary test takes small segments. The campaign sets `WINDVANE_CRASH_SEGMENT` (bytes of a segment that is
//! truncated at every byte) and `WINDVANE_CRASH_FLIPPED` (bytes of the part in which every bit is flipped).

use crate::sample::{cancel, denied, memory, small, start, timer};
use crate::simulated::SimulatedDisk;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use windvane_journal::{Config, Entry, Item, Journal, ReadError, Reader, Record};

/// A line that begins with this is for the campaign to show.
const FIGURES: &str = "crash-bytes figures:";

fn asked(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn entries(disk: &SimulatedDisk) -> Result<Vec<Entry>, ReadError> {
    let entry = |item| match item {
        Ok(Item::Journal(entry)) => Some(Ok(entry)),
        Ok(Item::Tape { .. } | Item::Gap { .. }) => None,
        Err(error) => Some(Err(error)),
    };
    Reader::new(Arc::new(disk.clone()))?.filter_map(entry).collect()
}

/// A first segment that is full and a second with some records, the last of them not called durable.
fn journal(segment_bytes: usize) -> SimulatedDisk {
    let disk = SimulatedDisk::default();
    let config = Config { segment_bytes: segment_bytes as u64, fill_bytes: 4096, tape: None, ..small() };
    let (mut journal, _) = Journal::open_on(Arc::new(disk.clone()), &config, Box::new(|_| {})).unwrap();
    journal.start(start(1)).unwrap();
    let mut sequence = 0;
    while disk.segments().len() < 2 {
        sequence += 1;
        for record in [timer(sequence), cancel(sequence, 0), denied(sequence), memory(sequence)] {
            journal.append(&record).unwrap();
        }
        journal.commit().unwrap();
        if sequence % 16 == 0 {
            journal.make_durable().unwrap();
        }
    }
    journal.make_durable().unwrap();
    disk.stall(true);
    journal.append(&timer(sequence + 1)).unwrap();
    journal.commit().unwrap();
    let left = disk.after_kill();
    left.stall(false);
    disk.stall(false);
    left
}

/// What became of damaged journals.
#[derive(Default)]
struct Outcomes {
    recovered: AtomicUsize,
    refused: AtomicUsize,
}

/// Damages the first segment at every place of `places`, on two threads, and holds each outcome against the rule: what
/// is read is a beginning of what was written and holds all that was durable, or reading is refused as damage.
fn damage_everywhere(
    disk: &SimulatedDisk,
    places: &Range<usize>,
    damage: impl Fn(&mut Vec<u8>, usize) + Sync,
) -> Outcomes {
    let whole = entries(disk).unwrap();
    let durable = whole.iter().filter_map(|entry| match entry.record {
        Record::Marker { durable } => Some(durable),
        _ => None,
    });
    let durable = usize::try_from(durable.max().unwrap_or(0)).unwrap();
    let name = disk.segments()[0].0.clone();
    let (outcomes, next) = (Outcomes::default(), AtomicUsize::new(places.start));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= places.end {
                        return;
                    }
                    let hurt = disk.after_kill();
                    hurt.damage(&name, |bytes| damage(bytes, place));
                    match entries(&hurt) {
                        Ok(kept) => {
                            assert!(kept.len() >= durable, "place {place}: a durable record was cut");
                            assert_eq!(kept, whole[..kept.len()], "place {place}");
                            outcomes.recovered.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(ReadError::Damaged { .. }) => {
                            outcomes.refused.fetch_add(1, Ordering::Relaxed);
                        }
                        Err(other) => panic!("place {place}: {other}"),
                    }
                }
            });
        }
    });
    outcomes
}

#[test]
fn a_journal_damaged_anywhere_is_recovered_or_refused_and_never_read_wrong() {
    let segment = asked("WINDVANE_CRASH_SEGMENT", 4 * 1024);
    let flipped = asked("WINDVANE_CRASH_FLIPPED", 256);
    let disk = journal(segment);
    let length = disk.segments()[0].1;
    let cut = damage_everywhere(&disk, &(0..length), |bytes, place| bytes.truncate(place));
    let small = journal(flipped.max(1024));
    let bits = 0..flipped.min(small.segments()[0].1) * 8;
    let flips = damage_everywhere(&small, &bits, |bytes, bit| bytes[bit / 8] ^= 1 << (bit % 8));
    let count = |outcomes: &Outcomes| {
        (outcomes.recovered.load(Ordering::Relaxed), outcomes.refused.load(Ordering::Relaxed))
    };
    let ((cut_kept, cut_refused), (flip_kept, flip_refused)) = (count(&cut), count(&flips));
    assert!(cut_refused > 0 && flip_refused > 0, "damage to what was durable goes unseen");
    assert_eq!((cut_kept + cut_refused, flip_kept + flip_refused), (length, bits.len()));
    println!(
        "{FIGURES} {length} truncations ({cut_kept} recovered, {cut_refused} refused), {} flipped bits ({flip_kept} \
         recovered, {flip_refused} refused), 0 read wrong",
        bits.len()
    );
}
