//! The journal as the loop uses it: what comes in and what goes out of a turn, before anything leaves.

use anyhow::Context;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use windvane_engine::Output;
use windvane_journal::{
    Config, Durability, Fault, Figures, Journal, JournalError, Record, Recovered, Reload, Start, StopCause,
    SyncNotice, TapeConfig, Ticket,
};
use windvane_model::{Stamp, Stamped, Text};

/// The writing end of the journal with what the loop needs to know of it.
pub(crate) struct Recorder {
    journal: Journal,
    synced: Arc<Notify>,
}

impl Recorder {
    /// Opens the journal in `folder`, recovering what is there.
    ///
    /// # Errors
    /// When another engine holds it, it is damaged, or the disk fails; the text says which and what to do.
    pub(crate) fn open(
        folder: &Path,
        durability: Durability,
        tape_bytes: u64,
        lag_max: Duration,
    ) -> anyhow::Result<(Self, Recovered)> {
        let synced = Arc::new(Notify::new());
        let wake = Arc::clone(&synced);
        let config = Config {
            durability,
            stall_after: lag_max,
            tape: Some(TapeConfig { retain_bytes: tape_bytes, ..TapeConfig::default() }),
            ..Config::default()
        };
        // The figures are read from the journal itself; the notice only wakes the loop.
        let on_sync = Box::new(move |_: SyncNotice| wake.notify_one());
        let (journal, recovered) = Journal::open(folder, &config, on_sync)
            .with_context(|| format!("opening {}", folder.display()))?;
        Ok((Self { journal, synced }, recovered))
    }

    /// A sync that takes longer is a fault from now on.
    pub(crate) fn set_lag_max(&self, lag_max: Duration) {
        self.journal.set_stall_after(lag_max);
    }

    /// Begins an epoch; durable when this returns.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn start(&mut self, start: Start) -> Result<(), JournalError> {
        self.journal.start(start)
    }

    /// Takes an event in.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn event(&mut self, stamped: &Stamped) -> Result<(), JournalError> {
        self.journal.append_event(stamped)
    }

    /// Takes down what the engine answered to the event of `cause`, and hands all of the turn to the kernel.
    ///
    /// # Errors
    /// When the disk fails; nothing that opens may leave then.
    pub(crate) fn outputs(&mut self, cause: Stamp, outputs: &[Output]) -> Result<Ticket, JournalError> {
        for record in records(cause, outputs) {
            self.journal.append(&record)?;
        }
        self.journal.hand_over()
    }

    /// Takes down that another configuration comes into force, and hands it to the kernel.
    ///
    /// # Errors
    /// When the disk fails; it must not come into force then.
    pub(crate) fn reload(&mut self, reload: Reload) -> Result<(), JournalError> {
        self.journal.append(&Record::Reload(reload))?;
        self.journal.hand_over().map(drop)
    }

    /// Has the disk begin with what was handed to the kernel. After the send, where nothing waits for the disk.
    pub(crate) fn rouse(&mut self) {
        self.journal.rouse();
    }

    /// Does what can wait until the commands have left.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn settle(&mut self) -> Result<(), JournalError> {
        self.journal.settle()
    }

    /// Waits until everything so far is on the disk.
    ///
    /// # Errors
    /// When the disk fails or takes very long.
    pub(crate) fn make_durable(&mut self) -> Result<(), JournalError> {
        self.journal.make_durable()
    }

    /// Whether the record is on the disk.
    pub(crate) fn is_durable(&self, ticket: Ticket) -> bool {
        self.journal.is_durable(ticket)
    }

    /// Whether opening orders wait for the disk.
    pub(crate) fn waits_for_disk(&self) -> bool {
        self.journal.durability() == Durability::BeforeSend
    }

    /// Waits for the next sync. Cancel safe: a sync that happens meanwhile is remembered.
    pub(crate) async fn synced(&self) {
        self.synced.notified().await;
    }

    /// What is wrong with the disk, if anything.
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.journal.fault()
    }

    /// Figures for metrics.
    pub(crate) fn figures(&self) -> Figures {
        self.journal.figures()
    }

    /// Ends in order: everything is on the disk when this returns.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn stop(mut self, cause: StopCause) -> Result<(), JournalError> {
        self.journal.append(&Record::Stop { cause })?;
        self.journal.close()
    }
}

/// What of the engine's answers to the event of `cause` goes into the journal, in order.
pub(crate) fn records(cause: Stamp, outputs: &[Output]) -> impl Iterator<Item = Record> {
    let mut next_index = 0;
    outputs.iter().filter_map(move |output| match output {
        Output::Command { bot, tag, worst_price, grounds, command } => {
            let index = next_index;
            next_index += 1;
            let (bot, tag, worst_price, grounds, command) = (*bot, *tag, *worst_price, *grounds, *command);
            Some(Record::Command { cause, index, bot, tag, worst_price, grounds, command })
        }
        Output::Memory(memory) => Some(Record::Memory { after: cause.sequence, memory: memory.clone() }),
        Output::Denied { bot, denial, signal, wish } => Some(Record::Denied {
            after: cause.sequence,
            bot: *bot,
            reason: Text::lossy(denial.reason.as_str()),
            detail: denial.reason.to_string(),
            at: Some(cause.market),
            symbol: Some(denial.symbol),
            signal: Some(*signal),
            wish: Some(*wish),
        }),
        Output::Signal { bot, symbol, signal } => {
            Some(Record::Signal { cause, bot: *bot, symbol: *symbol, signal: signal.clone() })
        }
        Output::Notice(_)
        | Output::Resubscribe(..)
        | Output::RunState(_)
        | Output::Difference(_)
        | Output::Doubt { .. }
        | Output::Undergoing { .. }
        | Output::Fall { .. }
        | Output::Miscount(_)
        | Output::Elsewhere(_)
        | Output::Closing { .. }
        | Output::Naked(_)
        | Output::Forced { .. } => None,
    })
}
