//! What an engine's journal says, read through `windvane journal export` alone.

use crate::process::{finish, windvane};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// What matters of a journal for what was lost, doubled or in flight.
#[derive(Debug, Default)]
pub struct Recorded {
    /// Starts of an engine.
    pub starts: usize,
    /// Starts that did not end in order.
    pub killed: usize,
    /// Client order ids of all submitted orders.
    pub submitted: BTreeSet<String>,
    /// Orders whose id was submitted more than once.
    pub submitted_twice: usize,
    /// Orders that were submitted in a killed start and whose answer that start never took in.
    pub in_flight_at_kill: usize,
    /// Orders that rested at the venue, as far as the engine knew, when it was killed.
    pub resting_at_kill: usize,
    /// Execution ids of all fills taken in.
    pub executions: BTreeSet<String>,
    /// Client order ids of submitted orders that the venue refused at once: they never were orders there.
    pub refused: BTreeSet<String>,
    /// Refusals of the venue that were taken in, as `family`.
    pub refusals: Vec<String>,
    /// Orders that open and were submitted before the account had been read: after a start, or after the private stream had
    /// been cut, on which nothing is replayed.
    pub opened_unreconciled: Vec<String>,
    is_reconciled: bool,
    unanswered: BTreeSet<String>,
    resting: BTreeSet<String>,
    runs: bool,
}

impl Recorded {
    /// Reads the journal in `data`.
    ///
    /// # Panics
    /// When `windvane journal export` fails.
    #[must_use]
    pub fn read(data: &Path) -> Self {
        let data = data.to_str().expect("a path that is text");
        let (code, out, err) = finish(&windvane(&["journal", "export", "--data", data]));
        assert_eq!(code, Some(0), "{err}");
        let mut recorded = Self::default();
        for line in out.lines() {
            let line: Value = serde_json::from_str(line).expect("the export is JSON");
            recorded.take(&line["record"]);
        }
        recorded.end(recorded.runs);
        recorded
    }

    /// Takes one record of a journal, as `journal export` writes it.
    pub fn take(&mut self, record: &Value) {
        if record.get("Start").is_some() {
            self.end(self.runs);
            self.starts += 1;
            self.runs = true;
            self.is_reconciled = false;
        } else if record.get("Stop").is_some() {
            self.end(false);
        } else if let Some(submit) = record.pointer("/Command/command/Submit") {
            let id = text(submit, "client_order_id");
            if submit["reduce_only"] != true && !self.is_reconciled {
                self.opened_unreconciled.push(id.clone());
            }
            self.unanswered.insert(id.clone());
            self.submitted_twice += usize::from(!self.submitted.insert(id));
        } else if record.pointer("/Event/event/Link/Private").is_some_and(|state| state == "Down") {
            self.is_reconciled = false;
        } else if let Some(event) = record.pointer("/Event/event/Account") {
            self.take_account(event);
        }
    }

    fn take_account(&mut self, event: &Value) {
        let Some((kind, body)) = event.as_object().and_then(|event| event.iter().next()) else { return };
        let id = text(body, "client_order_id");
        match kind.as_str() {
            "Acknowledged" => drop(self.unanswered.remove(&id)),
            "Refused" => {
                self.unanswered.remove(&id);
                self.refusals.push(text(body, "family"));
                if body["request"] == "Submit" {
                    self.refused.insert(id);
                }
            }
            "Order" if matches!(text(body, "status").as_str(), "New" | "PartiallyFilled") => {
                self.resting.insert(id);
            }
            "Order" => drop(self.resting.remove(&id)),
            "Execution" if body["kind"] == "Trade" => {
                self.executions.insert(text(body, "execution_id"));
            }
            "Answer" => {
                self.is_reconciled |= body.get("Account").is_some();
                self.take_answer(body);
            }
            _ => {}
        }
    }

    /// Fills that came by a query belong to the account as much as those that were pushed.
    fn take_answer(&mut self, answer: &Value) {
        match answer {
            Value::Object(map) if map.contains_key("execution_id") && map["kind"] == "Trade" => {
                self.executions.insert(text(answer, "execution_id"));
            }
            Value::Object(map) => map.values().for_each(|value| self.take_answer(value)),
            Value::Array(list) => list.iter().for_each(|value| self.take_answer(value)),
            _ => {}
        }
    }

    fn end(&mut self, was_killed: bool) {
        if was_killed {
            self.killed += 1;
            self.in_flight_at_kill += self.unanswered.len();
            self.resting_at_kill += self.resting.len();
        }
        self.unanswered.clear();
        self.resting.clear();
        self.runs = false;
    }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}
