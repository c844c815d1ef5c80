//! The journal at its usual scale, damaged everywhere: `cargo xtask campaign crash-bytes`.
//!
//! The ordinary test takes small segments. The campaign sets `WINDVANE_CRASH_SEGMENT` (bytes of a segment that is
//! truncated at every byte) and `WINDVANE_CRASH_FLIPPED` (bytes of the part in which every bit is flipped), and
//! `WINDVANE_CRASH_TAIL` (bytes of each segment of a tail of several, which is damaged in both ways).

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

/// A first segment that is full and a second with some records, the last of them not called durable; these go on over
/// `more` segments.
fn journal(segment_bytes: usize, more: usize) -> SimulatedDisk {
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
    while disk.segments().len() < 2 + more {
        sequence += 1;
        journal.append(&cancel(sequence, 0)).unwrap();
        journal.commit().unwrap();
    }
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

/// How many records the markers call durable.
fn durable(disk: &SimulatedDisk) -> usize {
    let markers = entries(disk).unwrap().into_iter().filter_map(|entry| match entry.record {
        Record::Marker { durable } => Some(durable),
        _ => None,
    });
    usize::try_from(markers.max().unwrap_or(0)).unwrap()
}

/// Damages one segment at every place of `places`, on two threads, and holds each outcome against the rule: what
/// is read is a beginning of what was written and holds the first `durable` records, or reading is refused as damage.
fn damage_everywhere(
    disk: &SimulatedDisk,
    segment: usize,
    durable: usize,
    places: &Range<usize>,
    damage: impl Fn(&mut Vec<u8>, usize) + Sync,
) -> Outcomes {
    let whole = entries(disk).unwrap();
    let name = disk.segments()[segment].0.clone();
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
    let disk = journal(segment, 0);
    let length = disk.segments()[0].1;
    let cut = damage_everywhere(&disk, 0, durable(&disk), &(0..length), |bytes, place| bytes.truncate(place));
    let small = journal(flipped.max(1024), 0);
    let bits = 0..flipped.min(small.segments()[0].1) * 8;
    let flips =
        damage_everywhere(&small, 0, durable(&small), &bits, |bytes, bit| bytes[bit / 8] ^= 1 << (bit % 8));
    let count = |outcomes: &Outcomes| {
        (outcomes.recovered.load(Ordering::Relaxed), outcomes.refused.load(Ordering::Relaxed))
    };
    let ((cut_kept, cut_refused), (flip_kept, flip_refused)) = (count(&cut), count(&flips));
    assert!(cut_refused > 0 && flip_refused > 0, "damage to what was durable goes unseen");
    assert_eq!((cut_kept + cut_refused, flip_kept + flip_refused), (length, bits.len()));
    let tail = damage_tail(asked("WINDVANE_CRASH_TAIL", 1024));
    println!(
        "{FIGURES} {length} truncations ({cut_kept} recovered, {cut_refused} refused), {} flipped bits ({flip_kept} \
         recovered, {flip_refused} refused), {tail} places of a tail of several segments damaged, 0 read wrong",
        bits.len()
    );
}

/// Damages every segment behind the first where the tail begins in the second and goes on in two more. Says at how many
/// places.
fn damage_tail(segment_bytes: usize) -> usize {
    let disk = journal(segment_bytes, 2);
    let mut places = 0;
    for segment in 1..disk.segments().len() {
        let length = disk.segments()[segment].1;
        let bits = 0..length * 8;
        // Where the last marker goes with what it promised, nothing left says that anything was promised.
        let promised = if segment == 1 { 0 } else { durable(&disk) };
        let cut =
            damage_everywhere(&disk, segment, promised, &(0..length), |bytes, place| bytes.truncate(place));
        let flips = damage_everywhere(&disk, segment, durable(&disk), &bits, |bytes, bit| {
            bytes[bit / 8] ^= 1 << (bit % 8)
        });
        let recovered: usize = [cut, flips].iter().map(|o| o.recovered.load(Ordering::Relaxed)).sum();
        if segment >= 2 {
            // Nothing in a segment of nothing but tail was promised to anybody, so no damage to it is refused.
            assert_eq!(recovered, length + bits.len(), "segment {segment}");
        }
        places += length + bits.len();
    }
    places
}
