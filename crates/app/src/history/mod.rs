//! What the journal tells of the past: orders, positions, fills, trades, and why something happened.
//!
//! Read from the files of the data folder alone, which may be in use, so it works while the engine runs, after it has
//! ended and after it was killed, and it is what the engine itself would recover.

mod explain;
mod looks;
mod question;
mod table;
mod words;

pub(crate) use explain::Explanation;
pub(crate) use looks::tree;
pub(crate) use question::Question;
pub(crate) use table::Table;
pub(crate) use words::moment;

use crate::exit::Failure;
use crate::rebuild::{Claims, Rebuilt};
use anyhow::Context;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use windvane_journal::{Item, Record};
use windvane_model::{BotName, Command, InstallTag, Symbol};
use windvane_order_management::{PositionKey, Trade};

/// The books of a data folder, with what its records say of the bots.
pub(crate) struct History {
    pub(crate) books: Rebuilt,
    /// Which bot traded which position, by the commands on record.
    pub(crate) claims: Claims,
    /// Bots that wanted something or saw a signal, whatever came of it.
    bots: BTreeSet<BotName>,
    /// Contracts that anything on record is about.
    symbols: BTreeSet<Symbol>,
}

impl History {
    /// Reads a data folder.
    ///
    /// # Errors
    /// When it holds no journal, or the journal cannot be read.
    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let (claims, bots, symbols) = on_record(folder)?;
        let install = InstallTag::from_seed(0);
        let books = crate::rebuild::from_journal(folder, claims.clone(), install)?;
        if books.start.is_none() {
            return Err(Failure::Config(format!("there is no journal in {}", folder.display())));
        }
        Ok(Self { books, claims, bots, symbols })
    }

    /// The bot that owns a position.
    pub(crate) fn bot(&self, key: PositionKey) -> Option<BotName> {
        owner(&self.claims, key)
    }

    /// Every trade with its bot, by contract, oldest first.
    pub(crate) fn trades(&self) -> impl Iterator<Item = (Option<BotName>, Trade)> {
        let positions = self.books.orders().positions();
        positions.flat_map(|position| {
            let bot = self.bot(position.key());
            position.trades().into_iter().map(move |trade| (bot, trade))
        })
    }
}

/// The folder that holds the journal: `base` itself, or the newest run of an embedded venue inside it.
///
/// # Errors
/// When `base` cannot be read.
pub(crate) fn journal_in(base: &Path) -> Result<PathBuf, Failure> {
    let entries = std::fs::read_dir(base).with_context(|| format!("reading {}", base.display()))?;
    let runs = entries.filter_map(Result::ok).map(|entry| entry.path()).filter_map(|path| {
        let started: u64 = path.file_name()?.to_str()?.strip_prefix("run-")?.parse().ok()?;
        path.is_dir().then_some((started, path))
    });
    let newest = runs.max();
    Ok(newest.map_or_else(|| base.to_owned(), |(_, path)| path))
}

fn owner(claims: &Claims, key: PositionKey) -> Option<BotName> {
    claims.iter().find(|(_, keys)| keys.contains(&key)).map(|(bot, _)| *bot)
}

/// The positions that bots submitted orders for, of two bots on one position the later has it; every bot, every contract.
fn on_record(folder: &Path) -> Result<(Claims, BTreeSet<BotName>, BTreeSet<Symbol>), Failure> {
    let reading = || format!("reading {}", folder.display());
    let reader = windvane_journal::read(folder).with_context(reading)?;
    let before = Rebuilt::begin(reader.snapshot(), Claims::new(), InstallTag::from_seed(0));
    let mut owners: BTreeMap<PositionKey, BotName> = before.with_context(reading)?.openers().collect();
    let (mut bots, mut symbols) = (BTreeSet::new(), BTreeSet::new());
    for item in reader {
        let Item::Journal(entry) = item.with_context(reading)? else { continue };
        match entry.record {
            Record::Command { bot: Some(bot), command: Command::Submit(submit), .. } => {
                owners.insert((submit.symbol, submit.position_index), bot);
            }
            Record::Denied { bot, symbol, .. } => {
                bots.insert(bot);
                symbols.extend(symbol);
            }
            Record::Signal { bot, symbol, .. } => {
                bots.insert(bot);
                symbols.insert(symbol);
            }
            _ => {}
        }
    }
    bots.extend(owners.values());
    symbols.extend(owners.keys().map(|(symbol, _)| *symbol));
    let mut claims: BTreeMap<BotName, Vec<PositionKey>> = BTreeMap::new();
    for (key, bot) in owners {
        claims.entry(bot).or_default().push(key);
    }
    Ok((claims.into_iter().collect(), bots, symbols))
}
