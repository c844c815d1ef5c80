//! Executions older than the ids that the books keep: only the journal can say whether one was booked.
//!
//! The books raise such a push, do not apply it, and compare the account with the venue at once: what is sealed agreed with
//! it, so a fill from then is in both sums or the comparison fails, and then nothing opens in that contract. Here the
//! journal is read for it, on a thread of its own, because that may take a minute and nothing that trades waits for it. One
//! that is there was told twice; of one that is not there we never had a row, and a person has to look.

use anyhow::Context;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use windvane_journal::{Item, Record};
use windvane_model::{AccountEvent, Event, Execution, QueryAnswer};

/// Sealed executions that wait to be looked up. The venue tells one in a month; what comes beyond it is logged as not
/// looked up.
const WAITING_MAX: usize = 16;

/// One execution, and the event that told it again.
struct Question {
    execution: Execution,
    sequence: u64,
}

/// The thread; it ends with its sender.
pub(super) struct Archivist(SyncSender<Question>);

impl Archivist {
    /// Starts it on the journal in `folder`.
    pub(super) fn start(folder: PathBuf) -> io::Result<Self> {
        let (questions, asked) = sync_channel(WAITING_MAX);
        thread::Builder::new().name("journal-lookup".to_owned()).spawn(move || run(&folder, &asked))?;
        Ok(Self(questions))
    }

    /// Has an execution looked up that the event with this sequence told.
    pub(super) fn look_up(&self, execution: Execution, sequence: u64) {
        if self.0.try_send(Question { execution, sequence }).is_err() {
            let (symbol, execution_id) = (execution.symbol, execution.execution_id);
            tracing::error!(%symbol, %execution_id, "an old fill was told again and is not looked up: too many are");
        }
    }
}

fn run(folder: &Path, asked: &Receiver<Question>) {
    while let Ok(Question { execution, sequence }) = asked.recv() {
        let (symbol, execution_id) = (execution.symbol, execution.execution_id);
        match find(folder, &execution, sequence) {
            Ok(Some(first)) => {
                tracing::info!(%symbol, %execution_id, event = first, "an old fill was told again; it was booked then");
            }
            Ok(None) => tracing::error!(
                %symbol, %execution_id, side = execution.side.as_str(), price = %execution.price, qty = %execution.qty,
                "an old fill that the journal does not have was told: no row of it is kept here; whether size and money agree \
                 without it is being compared now, its own figures are in the exchange's history"
            ),
            Err(error) => {
                tracing::error!(%symbol, %execution_id, error = %format!("{error:#}"), "an old fill cannot be looked up");
            }
        }
    }
}

/// The sequence of the event that first told an execution, before `until`; `None` when the journal has none.
fn find(folder: &Path, execution: &Execution, until: u64) -> anyhow::Result<Option<u64>> {
    let key = (execution.symbol, execution.execution_id);
    let reading = || format!("reading {}", folder.display());
    for item in windvane_journal::read(folder).with_context(reading)? {
        let Item::Journal(entry) = item.with_context(reading)? else { continue };
        let Record::Event(stamped) = entry.record else { continue };
        if stamped.stamp.sequence >= until {
            break;
        }
        if told(&stamped.event).iter().any(|told| (told.symbol, told.execution_id) == key) {
            return Ok(Some(stamped.stamp.sequence));
        }
    }
    Ok(None)
}

/// The executions that an event tells.
fn told(event: &Event) -> &[Execution] {
    match event {
        Event::Account(AccountEvent::Execution(execution)) => std::slice::from_ref(execution),
        Event::Account(AccountEvent::Answer(QueryAnswer::Order(lookup))) => &lookup.executions,
        Event::Account(AccountEvent::Answer(QueryAnswer::Account(snapshot))) => &snapshot.executions,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rebuild::tests::bought_records;
    use windvane_journal::{Config, Durability, Journal};
    use windvane_model::ExecutionId;

    #[test]
    fn the_journal_knows_whether_an_old_fill_was_booked_and_when() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { tape: None, durability: Durability::Group, ..Config::default() };
        let (mut journal, _) = Journal::open(folder.path(), &config, Box::new(|_| {})).unwrap();
        let mut known = None;
        for record in bought_records("trend") {
            match record {
                Record::Start(start) => journal.start(start).unwrap(),
                record => {
                    if let Record::Event(stamped) = &record
                        && let [execution] = told(&stamped.event)
                    {
                        known = Some((*execution, stamped.stamp.sequence));
                    }
                    journal.append(&record).unwrap();
                }
            }
        }
        journal.commit().unwrap();
        let (execution, sequence) = known.expect("that journal has a fill");
        let find = |execution: &Execution, until| find(folder.path(), execution, until).unwrap();
        assert_eq!(find(&execution, sequence + 1), Some(sequence));
        assert_eq!(find(&execution, sequence), None, "the event that tells it again does not count");
        let other = Execution { execution_id: ExecutionId::new("e-2").unwrap(), ..execution };
        assert_eq!(find(&other, sequence + 1), None);
    }
}
