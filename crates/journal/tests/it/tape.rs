//! Market events beside the journal: order, retention, gaps.

use crate::sample::{book, cancel, halt, open, small, start, story, timer};
use std::fs;
use windvane_journal::{Config, Entry, Item, TapeConfig, export, read, stat};

fn sequences(items: &[Item]) -> Vec<String> {
    items
        .iter()
        .map(|item| match item {
            Item::Journal(Entry { record, .. }) => match record.sequence() {
                Some(sequence) => format!("{} {sequence}", record.kind()),
                None => record.kind().to_owned(),
            },
            Item::Tape { stamped, .. } => format!("market {}", stamped.stamp.sequence),
            Item::Gap { from, to } => format!("gap {from}-{to}"),
        })
        .collect()
}

#[test]
fn both_files_are_told_as_one_story() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path(), &small());
    journal.start(start(1)).unwrap();
    for record in [timer(1), book(2), cancel(2, 0), book(3), book(4), halt(5), cancel(5, 0), book(6)] {
        journal.append(&record).unwrap();
    }
    journal.close().unwrap();
    let (mut journal, found) = open(folder.path(), &small());
    assert_eq!(found.last_sequence, 6, "the last event was the tape's");
    journal.start(start(2)).unwrap();
    journal.append(&timer(7)).unwrap();
    journal.close().unwrap();
    let expected = [
        "start",
        "event 1",
        "market 2",
        "command 2",
        "market 3",
        "market 4",
        "event 5",
        "command 5",
        "market 6",
        "start",
        "event 7",
    ];
    assert_eq!(sequences(&story(folder.path())), expected);
}

#[test]
fn a_gap_is_named_where_the_tape_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path(), &small());
    journal.start(start(1)).unwrap();
    for record in [timer(1), book(2), book(3), timer(4), cancel(4, 0)] {
        journal.append(&record).unwrap();
    }
    journal.close().unwrap();
    fs::remove_file(folder.path().join("tape-00000001.wvt")).unwrap();
    assert_eq!(sequences(&story(folder.path())), ["start", "event 1", "gap 2-3", "event 4", "command 4"]);
    assert_eq!(stat(folder.path()).unwrap().gaps, [(2, 3)]);
}

#[test]
fn events_that_only_a_command_remembers_are_a_gap_and_their_numbers_are_not_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path(), &Config { tape: None, ..small() });
    journal.start(start(1)).unwrap();
    for record in [timer(1), book(2), book(3), cancel(3, 0)] {
        journal.append(&record).unwrap();
    }
    journal.close().unwrap();
    assert_eq!(sequences(&story(folder.path())), ["start", "event 1", "command 3", "gap 2-3"]);
    let (_journal, found) = open(folder.path(), &small());
    assert_eq!(found.last_sequence, 3);
}

#[test]
fn old_tape_is_dropped_and_damaged_tape_is_only_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let tape = TapeConfig { segment_bytes: 1024, retain_bytes: 4096, buffer_bytes: 256 };
    let (mut journal, _) = open(folder.path(), &Config { tape: Some(tape), ..small() });
    journal.start(start(1)).unwrap();
    for sequence in 1..=200 {
        journal.append(&book(sequence)).unwrap();
    }
    journal.close().unwrap();
    let whole = stat(folder.path()).unwrap();
    assert!(whole.tape_segments <= 5 && whole.tape_segments >= 3, "{whole:?}");
    let [(1, dropped)] = whole.gaps[..] else { panic!("one gap at the start: {whole:?}") };
    assert_eq!(whole.tape_events, 200 - dropped);

    // The oldest segment that is left, broken in its middle.
    let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|extension| extension == "wvt"));
    names.sort();
    let mut bytes = fs::read(&names[0]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&names[0], bytes).unwrap();
    let damaged = stat(folder.path()).unwrap();
    assert_eq!(damaged.gaps.len(), 2, "{damaged:?}");
    assert!(damaged.problem.is_none() && damaged.tape_events < whole.tape_events);
}

#[test]
fn an_export_is_one_line_of_json_per_step() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(folder.path(), &small());
    journal.start(start(1)).unwrap();
    for record in [book(2), cancel(2, 0)] {
        journal.append(&record).unwrap();
    }
    journal.close().unwrap();
    let mut lines = Vec::new();
    export(read(folder.path()).unwrap(), &mut lines).unwrap();
    let lines: Vec<serde_json::Value> =
        String::from_utf8(lines).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let command = lines.iter().find(|line| line["record"]["Command"].is_object()).unwrap();
    assert_eq!(command["record"]["Command"]["command"]["Cancel"]["symbol"], "BTCUSDT");
    assert_eq!(lines[0]["record"]["Start"]["epoch"], 1);
    assert!(lines.iter().any(|line| line["gap"]["from"] == 1), "{lines:?}");
    let market = lines.iter().find(|line| line["file"] == "tape").unwrap();
    assert_eq!(market["record"]["Event"]["event"]["Market"]["Book"]["bids"][0]["price"], "97100.5");
}
