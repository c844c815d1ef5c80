//! What is written is there again.

use crate::sample::{cancel, denied, halt, kept, link, memory, open, small, start, timer};
use windvane_journal::{Durability, JournalError, OpenError, Record, StopCause, stat, verify};
use windvane_model::Epoch;

#[test]
fn records_are_there_after_an_orderly_end() {
    let folder = tempfile::tempdir().unwrap();
    let records = vec![
        Record::Start(start(5)),
        timer(1),
        cancel(1, 0),
        denied(1),
        memory(2),
        link(2),
        halt(3),
        Record::Stop { cause: StopCause::Finished },
    ];
    let (mut journal, found) = open(folder.path(), &small());
    assert_eq!((found.last_epoch, found.last_sequence, found.stopped_in_order), (None, 0, true));
    journal.start(start(5)).unwrap();
    for record in &records[1..] {
        journal.append(record).unwrap();
    }
    journal.close().unwrap();

    let (_journal, found) = open(folder.path(), &small());
    assert_eq!(kept(&found), records);
    assert_eq!((found.last_epoch, found.last_sequence), (Some(Epoch(5)), 3));
    assert!(found.stopped_in_order && found.tail.is_none());
}

#[test]
fn a_killed_process_loses_nothing_that_was_committed() {
    for durability in [Durability::BeforeSend, Durability::Group] {
        let (folder, image) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (mut journal, _) = open(folder.path(), &windvane_journal::Config { durability, ..small() });
        journal.start(start(5)).unwrap();
        for sequence in 1..=100 {
            journal.append(&timer(sequence)).unwrap();
            journal.commit().unwrap();
        }
        journal.append(&timer(101)).unwrap();
        // The files as the kernel has them at this moment are what a kill leaves behind.
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), image.path().join(entry.file_name())).unwrap();
        }
        let (mut next, found) = open(image.path(), &small());
        assert_eq!(found.last_sequence, 100);
        assert_eq!(kept(&found).len(), 101);
        assert!(!found.stopped_in_order);
        next.start(start(6)).unwrap();
        next.append(&timer(101)).unwrap();
        next.close().unwrap();
        let whole = verify(image.path()).unwrap();
        assert_eq!(whole.epochs, [Epoch(5), Epoch(6)]);
        assert_eq!(whole.records["event"], 101);
        assert!(whole.journal_segments > 5, "small segments rotate: {whole:?}");
    }
}

#[test]
fn durability_is_reported_and_marked() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path(), &small());
    journal.start(start(5)).unwrap();
    journal.append(&timer(1)).unwrap();
    let ticket = journal.commit().unwrap();
    journal.make_durable().unwrap();
    assert!(journal.is_durable(ticket));
    assert_eq!(journal.fault(), None);
    let stat = stat(folder.path()).unwrap();
    assert!(stat.last_durable >= ticket.0, "{stat:?}");
}

#[test]
fn an_epoch_must_rise_and_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path(), &small());
    assert!(matches!(journal.append(&timer(1)), Err(JournalError::NotStarted)));
    journal.start(start(5)).unwrap();
    assert!(matches!(journal.start(start(5)), Err(JournalError::EpochNotAbove { .. })));
    drop(journal);
    let (mut journal, _) = open(folder.path(), &small());
    assert!(matches!(journal.append(&timer(1)), Err(JournalError::NotStarted)), "a new process starts anew");
    assert!(matches!(journal.start(start(4)), Err(JournalError::EpochNotAbove { .. })));
    journal.start(start(6)).unwrap();
}

#[test]
fn a_second_engine_is_told_who_holds_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path(), &small());
    journal.start(start(5)).unwrap();
    let second = windvane_journal::Journal::open(folder.path(), &small(), Box::new(|_| {}));
    let Err(OpenError::Lock(error)) = second else { panic!("two engines on one folder") };
    let holder = format!("process {}, epoch 5", std::process::id());
    assert!(error.to_string().contains(&holder), "{error}");
}
