//! A disk that fills up, fails, or hangs; and what group commit costs it.

use crate::sample::{cancel, kept, small, start, timer};
use crate::simulated::SimulatedDisk;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use windvane_journal::{
    Config, Durability, Fault, Journal, JournalError, Record, StopCause, SyncNotice, TapeConfig, stat_of,
};

fn open(disk: &SimulatedDisk, config: &Config) -> (Journal, Receiver<SyncNotice>) {
    let (sender, notices) = channel();
    let on_sync = Box::new(move |notice| drop(sender.send(notice)));
    let (mut journal, _) = Journal::open_on(Arc::new(disk.clone()), config, on_sync).unwrap();
    journal.start(start(1)).unwrap();
    let first = notices.recv().unwrap();
    assert!(matches!(first, SyncNotice::Durable { number: 1, .. }), "{first:?}");
    (journal, notices)
}

#[test]
fn a_failed_sync_is_reported_and_never_tried_again() {
    let disk = SimulatedDisk::default();
    let (mut journal, notices) = open(&disk, &small());
    disk.break_syncs();
    journal.append(&timer(1)).unwrap();
    let ticket = journal.commit().unwrap();
    let SyncNotice::Failed(fault) = notices.recv().unwrap() else { panic!("a failure passed for a success") };
    assert_eq!(fault, Fault::Sync("input/output error".to_owned()));
    let syncs = disk.syncs();
    // What reduces is still written down, though nothing becomes durable any more.
    journal.append(&cancel(1, 0)).unwrap();
    journal.commit().unwrap();
    assert!(matches!(journal.make_durable(), Err(JournalError::Sync(Fault::Sync(_)))));
    assert_eq!(journal.fault(), Some(fault));
    assert!(!journal.is_durable(ticket));
    drop(journal);
    assert_eq!(disk.syncs(), syncs);
    assert_eq!(stat_of(Arc::new(disk)).unwrap().records["command"], 1);
}

#[test]
fn a_sync_that_hangs_is_seen_while_it_hangs_and_after() {
    let disk = SimulatedDisk::default();
    let config = Config { stall_after: Duration::from_millis(1), ..small() };
    let (mut journal, notices) = open(&disk, &config);
    disk.stall(true);
    journal.append(&timer(1)).unwrap();
    let ticket = journal.commit().unwrap();
    while journal.fault().is_none() {
        std::thread::yield_now();
    }
    assert!(matches!(journal.fault(), Some(Fault::Stalled { .. })));
    // The owner goes on writing meanwhile.
    journal.append(&cancel(1, 0)).unwrap();
    journal.commit().unwrap();
    disk.stall(false);
    let is_ours =
        |notice: &SyncNotice| matches!(notice, SyncNotice::Durable { number, .. } if *number >= ticket.0);
    assert!(notices.iter().any(|notice| is_ours(&notice)));
    let after = notices.recv().unwrap();
    assert!(matches!(after, SyncNotice::Failed(Fault::Stalled { .. })), "{after:?}");
}

#[test]
fn on_a_full_disk_the_reserve_holds_what_ends_the_run() {
    let disk = SimulatedDisk::default();
    let config = Config { tape: None, reserve_bytes: 16 << 10, ..small() };
    let (mut journal, _notices) = open(&disk, &config);
    disk.limit(500);
    let mut sequence = 0;
    while journal.fault().is_none() {
        sequence += 1;
        journal.append(&timer(sequence)).unwrap();
        journal.commit().unwrap();
    }
    assert_eq!(journal.fault(), Some(Fault::DiskFull));
    for index in 0..10 {
        journal.append(&cancel(sequence, index)).unwrap();
        journal.commit().unwrap();
    }
    journal.append(&Record::Stop { cause: StopCause::Failed }).unwrap();
    journal.close().unwrap();
    let stat = stat_of(Arc::new(disk)).unwrap();
    assert_eq!(
        (stat.records["event"], stat.records["command"], stat.records["stop"]),
        (sequence, 10, 1),
        "{stat:?}"
    );
    assert!(stat.problem.is_none());
}

#[test]
fn beyond_the_reserve_a_record_is_refused_and_the_journal_stays_whole() {
    let disk = SimulatedDisk::default();
    let (mut journal, _notices) = open(&disk, &Config { tape: None, ..small() });
    disk.limit(100);
    let (mut taken, mut is_refused) = (0, false);
    for sequence in 1..=60 {
        match journal.append(&timer(sequence)).and_then(|()| journal.commit()) {
            Ok(_) => taken = sequence,
            Err(JournalError::Write(_)) => is_refused = true,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(is_refused && taken > 0);
    // Room again: what was held back is written in its place.
    disk.limit(1 << 20);
    journal.append(&cancel(60, 0)).unwrap();
    journal.close().unwrap();
    let stat = stat_of(Arc::new(disk.clone())).unwrap();
    assert!(stat.problem.is_none() && stat.tail.is_none(), "{stat:?}");
    let (_journal, found) = Journal::open_on(Arc::new(disk), &small(), Box::new(|_| {})).unwrap();
    assert_eq!(kept(&found).last(), Some(&cancel(60, 0)));
}

#[test]
fn a_tape_that_cannot_be_written_ends_and_the_journal_goes_on() {
    let disk = SimulatedDisk::default();
    let tape = Some(TapeConfig { segment_bytes: 1024, retain_bytes: 1 << 20, buffer_bytes: 64 });
    let config = Config { tape, segment_bytes: 8192, fill_bytes: 8192, ..small() };
    let (mut journal, _notices) = open(&disk, &config);
    disk.limit(100);
    for sequence in 1..=10 {
        journal.append(&crate::sample::book(sequence)).unwrap();
    }
    assert!(matches!(journal.fault(), Some(Fault::Tape(_))), "{:?}", journal.fault());
    journal.append(&cancel(10, 0)).unwrap();
    journal.close().unwrap();
    assert_eq!(stat_of(Arc::new(disk)).unwrap().records["command"], 1);
}

#[test]
fn one_sync_and_one_marker_serve_a_whole_group() {
    let disk = SimulatedDisk::default();
    let hour = Duration::from_secs(3600);
    let config =
        Config { durability: Durability::Group, group_interval: hour, segment_bytes: 1 << 20, ..small() };
    let (mut journal, notices) = open(&disk, &config);
    let syncs = disk.syncs();
    let mut last = None;
    for sequence in 1..=500 {
        journal.append(&timer(sequence)).unwrap();
        last = Some(journal.commit().unwrap());
        journal.settle().unwrap();
    }
    assert_eq!(disk.syncs(), syncs, "the group is still open");
    assert!(!journal.is_durable(last.unwrap()));
    journal.make_durable().unwrap();
    assert_eq!(disk.syncs(), syncs + 1);
    let SyncNotice::Durable { number, .. } = notices.recv().unwrap() else { panic!("no success") };
    assert_eq!(number, last.unwrap().0);
    let stat = stat_of(Arc::new(disk)).unwrap();
    assert_eq!((stat.records["marker"], stat.last_durable), (2, number), "start and group");
}

#[test]
fn with_before_send_a_record_is_durable_without_being_asked_for() {
    let disk = SimulatedDisk::default();
    let (mut journal, notices) = open(&disk, &Config { durability: Durability::BeforeSend, ..small() });
    journal.append(&timer(1)).unwrap();
    let ticket = journal.commit().unwrap();
    assert!(matches!(notices.recv().unwrap(), SyncNotice::Durable { number, .. } if number >= ticket.0));
    assert!(journal.is_durable(ticket));
    assert_eq!(journal.figures().unsynced_records, 0);
}

#[test]
fn a_record_larger_than_a_segment_gets_one_to_itself() {
    let disk = SimulatedDisk::default();
    let (mut journal, _notices) = open(&disk, &small());
    let huge = Record::Start(windvane_journal::Start { note: "x".repeat(5000), ..start(2) });
    for record in [timer(1), huge.clone(), timer(2)] {
        journal.append(&record).unwrap();
    }
    journal.close().unwrap();
    let (_journal, found) = Journal::open_on(Arc::new(disk), &small(), Box::new(|_| {})).unwrap();
    assert_eq!(kept(&found)[1..], [timer(1), huge, timer(2)]);
}
