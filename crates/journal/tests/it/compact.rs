//! Snapshots: a start from one and the records after it is a start from all records.

use crate::sample::{open, small, start, timer};
use crate::simulated::SimulatedDisk;
use std::path::Path;
use std::sync::Arc;
use windvane_journal::{
    Compacted, Config, Entry, Item, Journal, ReadError, Record, Recovered, Storage, compact, compact_on,
    read, verify,
};

/// What the tests sum up: the events, and the last sequence among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Sum {
    events: u64,
    last: u64,
}

impl Sum {
    fn read(snapshot: Option<&[u8]>) -> Self {
        let Some(bytes) = snapshot else { return Self::default() };
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        Self { events: word(0), last: word(8) }
    }

    fn take(&mut self, record: &Record) {
        if let Record::Event(stamped) = record {
            self.events += 1;
            self.last = stamped.stamp.sequence;
        }
    }

    fn of(recovered: &Recovered) -> Self {
        let mut sum = Self::read(recovered.snapshot());
        recovered.records().unwrap().for_each(|entry| sum.take(&entry.unwrap().record));
        sum
    }
}

fn sum_up(
    before: Option<&[u8]>,
    records: &mut dyn Iterator<Item = Result<Entry, ReadError>>,
) -> Result<Vec<u8>, ReadError> {
    let mut sum = Sum::read(before);
    for entry in records {
        sum.take(&entry?.record);
    }
    Ok([sum.events.to_le_bytes(), sum.last.to_le_bytes()].concat())
}

fn compacted(folder: &Path, retain_bytes: u64) -> Option<Compacted> {
    compact(folder, retain_bytes, sum_up).unwrap()
}

fn write(journal: &mut Journal, sequences: std::ops::RangeInclusive<u64>) {
    for sequence in sequences {
        journal.append(&timer(sequence)).unwrap();
        journal.make_durable().unwrap();
    }
}

const KEEP_ALL: u64 = u64::MAX;

#[test]
fn a_start_reads_the_snapshot_and_what_came_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path(), &small());
    journal.start(start(1)).unwrap();
    assert_eq!(compacted(folder.path(), KEEP_ALL), None, "no segment is complete");
    write(&mut journal, 1..=60);
    let first = compacted(folder.path(), KEEP_ALL).unwrap();
    assert_eq!(compacted(folder.path(), KEEP_ALL), None, "nothing has come since");
    write(&mut journal, 61..=120);
    let second = compacted(folder.path(), KEEP_ALL).unwrap();
    assert!(second.until > first.until && second.removed == 0);
    drop(journal);

    let (mut journal, found) = open(folder.path(), &small());
    assert_eq!(Sum::of(&found), Sum { events: 120, last: 120 });
    assert_eq!((found.last_sequence, found.last_epoch), (120, Some(windvane_model::Epoch(1))));
    assert!(found.records().unwrap().count() < 20, "only what came after the snapshot is read");
    journal.start(start(2)).unwrap();
    write(&mut journal, 121..=130);
    drop(journal);
    let (_journal, found) = open(folder.path(), &small());
    assert_eq!(Sum::of(&found), Sum { events: 130, last: 130 });
    let whole = verify(folder.path()).unwrap();
    assert_eq!(whole.records["event"], 130, "the past is all there");
}

#[test]
fn segments_beyond_the_retention_go_and_the_past_begins_at_a_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path(), &small());
    journal.start(start(1)).unwrap();
    let mut removed = 0;
    for round in 0..40 {
        write(&mut journal, round * 20 + 1..=(round + 1) * 20);
        removed += compacted(folder.path(), 8 << 10).map_or(0, |done| done.removed);
    }
    drop(journal);
    assert!(removed > 20, "{removed} segments were removed");
    let bytes: u64 = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().extension().is_some_and(|e| e == "wvj" || e == "wvs"))
        .map(|entry| entry.metadata().unwrap().len())
        .sum();
    assert!(bytes < 20 << 10, "{bytes} bytes are left");

    let reader = read(folder.path()).unwrap();
    let mut sum = Sum::read(reader.snapshot());
    assert!(sum.events > 0, "what is gone is summed up");
    for item in reader {
        match item.unwrap() {
            Item::Journal(entry) => sum.take(&entry.record),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(sum, Sum { events: 800, last: 800 });
    let (_journal, found) = open(folder.path(), &small());
    assert_eq!(Sum::of(&found), Sum { events: 800, last: 800 });
}

/// A journal in memory with two snapshots.
fn twice_compacted() -> SimulatedDisk {
    let disk = SimulatedDisk::default();
    let config = Config { tape: None, ..small() };
    let (mut journal, _) = Journal::open_on(Arc::new(disk.clone()), &config, Box::new(|_| {})).unwrap();
    journal.start(start(1)).unwrap();
    let storage: Arc<dyn Storage> = Arc::new(disk.clone());
    for round in 0..2 {
        write(&mut journal, round * 40 + 1..=(round + 1) * 40);
        compact_on(&storage, 2 << 10, sum_up).unwrap().unwrap();
    }
    journal.close().unwrap();
    disk
}

fn snapshots(disk: &SimulatedDisk) -> Vec<String> {
    let mut names = disk.names().unwrap();
    names.retain(|name| name.ends_with(".wvs"));
    names.sort();
    names
}

fn recovered(disk: &SimulatedDisk) -> Result<Sum, windvane_journal::OpenError> {
    let config = Config { tape: None, ..small() };
    let (_journal, found) = Journal::open_on(Arc::new(disk.clone()), &config, Box::new(|_| {}))?;
    Ok(Sum::of(&found))
}

#[test]
fn a_snapshot_damaged_anywhere_is_passed_over() {
    let disk = twice_compacted();
    let newest = snapshots(&disk).pop().unwrap();
    let mut length = 0;
    disk.damage(&newest, |bytes| length = bytes.len());
    for bit in 0..length * 8 {
        let hurt = disk.after_kill();
        hurt.damage(&newest, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        assert_eq!(recovered(&hurt).unwrap(), Sum { events: 80, last: 80 }, "bit {bit}");
    }
    for cut in 0..length {
        let hurt = disk.after_kill();
        hurt.damage(&newest, |bytes| bytes.truncate(cut));
        assert_eq!(recovered(&hurt).unwrap(), Sum { events: 80, last: 80 }, "cut at {cut}");
    }
}

#[test]
fn without_a_snapshot_of_what_is_gone_it_is_refused() {
    let disk = twice_compacted();
    let (first, _) = disk.segments()[0].clone();
    disk.remove(&first).unwrap();
    for name in snapshots(&disk) {
        disk.damage(&name, |bytes| bytes[20] ^= 1);
    }
    let error = recovered(&disk).unwrap_err();
    assert!(error.to_string().contains("journal-00000001.wvj is missing"), "{error}");
}

#[test]
fn nothing_is_summed_up_that_a_power_cut_could_take() {
    let disk = SimulatedDisk::default();
    let config = Config { tape: None, ..small() };
    let (mut journal, _) = Journal::open_on(Arc::new(disk.clone()), &config, Box::new(|_| {})).unwrap();
    journal.start(start(1)).unwrap();
    write(&mut journal, 1..=5);
    disk.stall(true);
    for sequence in 6..=80 {
        journal.append(&timer(sequence)).unwrap();
        journal.commit().unwrap();
    }
    assert!(disk.segments().len() > 3);
    let storage: Arc<dyn Storage> = Arc::new(disk.clone());
    assert_eq!(compact_on(&storage, KEEP_ALL, sum_up).unwrap(), None, "no marker vouches for these segments");
    disk.stall(false);
    drop(journal);
}

#[test]
fn what_an_interrupted_compaction_left_behind_does_no_harm() {
    let disk = twice_compacted();
    disk.create("snapshot.tmp").unwrap().write_at(0, b"half").unwrap();
    assert_eq!(recovered(&disk).unwrap(), Sum { events: 80, last: 80 });
    let config = Config { tape: None, ..small() };
    let (mut journal, _) = Journal::open_on(Arc::new(disk.clone()), &config, Box::new(|_| {})).unwrap();
    journal.start(start(2)).unwrap();
    write(&mut journal, 81..=120);
    let storage: Arc<dyn Storage> = Arc::new(disk.clone());
    compact_on(&storage, KEEP_ALL, sum_up).unwrap().unwrap();
    drop(journal);
    assert_eq!(recovered(&disk).unwrap(), Sum { events: 120, last: 120 });
}
