//! `windvane journal replay`: the engine again over journal and tape, its commands against the recorded ones.

use crate::cli::Replay;
use crate::config::plan::{Consent, Held, Plan};
use crate::config::{self, archive};
use crate::exit::Failure;
use crate::live::{build_engine, claims, needs_trade_link, reconfiguration};
use crate::rebuild::Rebuilt;
use anyhow::Context;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::ExitCode;
use windvane_engine::{Engine, Output};
use windvane_journal::{Item, Record, Reload, Start};
use windvane_model::{InstallTag, Stamped};

/// How many deviations are printed before the rest is only counted.
const SHOWN: u64 = 5;

/// Replays and compares.
///
/// # Errors
/// When journal or config cannot be read, or do not belong together.
pub(crate) fn replay(arguments: &Replay) -> Result<ExitCode, Failure> {
    let settings = config::load(&arguments.config)?;
    let folder = arguments.data.clone().unwrap_or_else(|| settings.data_dir.clone());
    let reader = windvane_journal::read(&folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut player = Player::new(settings, folder.clone());
    if let Some(snapshot) = reader.snapshot() {
        println!(
            "the journal's beginning is summed up; what can be replayed begins with the next start of an engine"
        );
        let books = Rebuilt::begin(Some(snapshot), claims(&player.settings), InstallTag::from_seed(0));
        player.books = Some(books.context("reading the snapshot")?);
    }
    for item in reader {
        player.take(item.with_context(|| format!("reading {}", folder.display()))?)?;
    }
    player.finish()
}

/// The engine of the start that is being replayed, beside the books that the records alone make.
struct Player {
    /// The config in force.
    settings: config::Settings,
    folder: PathBuf,
    books: Option<Rebuilt>,
    engine: Option<Engine>,
    /// What the engine answered and the records have not shown yet.
    expected: VecDeque<Vec<u8>>,
    outputs: Vec<Output>,
    /// Sequence of the last event that was there to be replayed.
    heard: u64,
    events: u64,
    compared: u64,
    deviations: u64,
    gaps: u64,
}

impl Player {
    fn new(settings: config::Settings, folder: PathBuf) -> Self {
        Self {
            settings,
            folder,
            books: None,
            engine: None,
            expected: VecDeque::new(),
            outputs: Vec::new(),
            heard: 0,
            events: 0,
            compared: 0,
            deviations: 0,
            gaps: 0,
        }
    }

    fn take(&mut self, item: Item) -> Result<(), Failure> {
        match item {
            Item::Journal(entry) => self.record(&entry.record),
            Item::Tape { stamped, .. } => {
                self.event(&stamped);
                Ok(())
            }
            Item::Gap { from, to } => {
                println!(
                    "gap: events {from} to {to} are no longer on the tape; the engine is rebuilt after it"
                );
                self.gaps += 1;
                self.engine = None;
                self.expected.clear();
                Ok(())
            }
        }
    }

    fn record(&mut self, record: &Record) -> Result<(), Failure> {
        match record {
            Record::Start(start) => self.start(start)?,
            Record::Event(stamped) => self.event(stamped),
            Record::Command { cause, .. } | Record::Signal { cause, .. } => {
                self.compare(record, cause.sequence);
            }
            Record::Memory { after, .. } | Record::Denied { after, .. } => self.compare(record, *after),
            Record::Stop { .. } => self.expect_nothing(),
            Record::Reload(reload) => self.reload(reload)?,
            Record::Marker { .. } => {}
        }
        if let Some(books) = &mut self.books {
            books.take(record);
        }
        Ok(())
    }

    /// A start is bound to the binary and the config that made it.
    fn start(&mut self, start: &Start) -> Result<(), Failure> {
        if start.config != self.settings.fingerprint {
            self.settings = self.kept(start.config)?;
        }
        if start.version.as_str() != env!("CARGO_PKG_VERSION") {
            return Err(Failure::Config(format!(
                "the journal was written by version {}, this is {}; replay needs the same",
                start.version,
                env!("CARGO_PKG_VERSION")
            )));
        }
        let books = self.books.take().unwrap_or_else(|| Rebuilt::new(claims(&self.settings), start.install));
        let engine =
            build_engine(&self.settings, &self.folder, &books, start, needs_trade_link(&self.settings))?;
        self.engine = Some(engine);
        self.books = Some(books);
        self.expected.clear();
        Ok(())
    }

    /// The config of that fingerprint, kept beside the journal.
    fn kept(&self, config: [u8; 32]) -> Result<config::Settings, Failure> {
        archive::find(&self.folder, config, &self.settings.path)?.ok_or_else(|| {
            Failure::Config(
                "the journal was written under another config or other strategy files, which were not kept; replay \
                 needs the same"
                    .to_owned(),
            )
        })
    }

    /// The engine went on under another config.
    fn reload(&mut self, reload: &Reload) -> Result<(), Failure> {
        let settings = self.kept(reload.config)?;
        if let Some(engine) = &mut self.engine {
            let consent = Consent { loosens: true, open_positions: reload.open_positions };
            let waiting = engine.waiting_for_flat().collect();
            // What the engine held then did not forbid it.
            let plan = Plan::of(&self.settings, &settings, consent, |_| Held::Nothing, &waiting)
                .map_err(|problems| Failure::Config(problems.join("\n")))?;
            engine.reconfigure(reconfiguration(&settings, &plan));
        }
        self.settings = settings;
        Ok(())
    }

    fn event(&mut self, stamped: &Stamped) {
        self.heard = stamped.stamp.sequence;
        let Some(engine) = &mut self.engine else { return };
        self.events += 1;
        engine.handle(stamped, &mut self.outputs);
        let outputs = std::mem::take(&mut self.outputs);
        self.expected.extend(crate::live::records(stamped.stamp, &outputs).map(|record| record.to_bytes()));
        self.outputs = outputs;
        self.outputs.clear();
    }

    /// Compares with what the engine answered to the event of sequence `cause`.
    fn compare(&mut self, record: &Record, cause: u64) {
        if cause > self.heard {
            // The journal is with the kernel before a command leaves, the tape a little later: a process that was
            // killed in between leaves answers to a market event that is not there. The gap is reported next.
            self.engine = None;
        }
        if self.engine.is_none() {
            return;
        }
        self.compared += 1;
        let recorded = record.to_bytes();
        if self.expected.pop_front().as_deref() == Some(recorded.as_slice()) {
            return;
        }
        self.deviations += 1;
        if self.deviations <= SHOWN {
            println!("deviation: the engine does not repeat {}", record.to_json());
        }
    }

    /// An orderly end has written down everything that was answered.
    fn expect_nothing(&mut self) {
        let left = std::mem::take(&mut self.expected).len() as u64;
        if left > 0 {
            println!("deviation: {left} answers of the engine were never recorded");
            self.deviations += left;
        }
    }

    fn finish(self) -> Result<ExitCode, Failure> {
        let left = self.expected.len();
        println!(
            "replayed {} events; {} recorded commands, denials and memories compared byte for byte",
            self.events, self.compared
        );
        // A process that was killed may have been told more than it came to write down.
        if self.deviations == 0 {
            println!("equal: every one was repeated ({left} beyond the record's end, {} gaps)", self.gaps);
            return Ok(ExitCode::SUCCESS);
        }
        println!("NOT equal: {} of {} differ", self.deviations, self.compared);
        Ok(ExitCode::from(1))
    }
}
