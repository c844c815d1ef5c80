//! `windvane journal copy`: a copy of the record, also while an engine writes it.

use crate::cli::JournalCopy;
use crate::exit::Failure;
use anyhow::Context;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What belongs to the record, in the order it is copied: what sums others up before what it sums up.
const PARTS: [&str; 3] = ["wvs", "wvj", "wvt"];
/// A file may go while it is copied, and the newest record may be half there; then the copy is made again.
const TRIES: usize = 3;
/// What ends the name of a copy that is not whole yet.
const UNFINISHED: &str = ".unfinished";

/// Copies, verifies the copy, and removes the oldest beyond what is kept.
///
/// # Errors
/// When the record cannot be read, or the copy not be written or verified.
pub(crate) fn copy(arguments: &JournalCopy) -> Result<ExitCode, Failure> {
    let name = jiff::Timestamp::now().strftime("%Y-%m-%dT%H%M%SZ").to_string();
    let (whole, part) = (arguments.to.join(&name), arguments.to.join(format!("{name}{UNFINISHED}")));
    if whole.exists() {
        return Err(Failure::Config(format!("{} is there already", whole.display())));
    }
    let mut tries = 0;
    let records = loop {
        tries += 1;
        match attempt(&arguments.data, &part) {
            Ok(records) => break records,
            Err(_) if tries < TRIES => {}
            Err(error) => return Err(Failure::Fault(error)),
        }
    };
    std::fs::rename(&part, &whole).with_context(|| format!("naming {}", whole.display()))?;
    println!("{}: {records} records, whole", whole.display());
    if let Some(keep) = arguments.keep {
        forget(&arguments.to, keep).with_context(|| format!("tidying {}", arguments.to.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One try: how many records the copy has.
fn attempt(data: &Path, to: &Path) -> anyhow::Result<u64> {
    if to.exists() {
        std::fs::remove_dir_all(to).with_context(|| format!("removing {}", to.display()))?;
    }
    let files = files(data).with_context(|| format!("listing {}", data.display()))?;
    anyhow::ensure!(!files.is_empty(), "{} holds no journal", data.display());
    make_folder(to).with_context(|| format!("creating {}", to.display()))?;
    for file in &files {
        let name = file.file_name().unwrap_or_default();
        std::fs::copy(file, to.join(name)).with_context(|| format!("copying {}", file.display()))?;
    }
    let stat = windvane_journal::verify(to)?;
    Ok(stat.records.values().sum())
}

/// Orders and balances are their owner's affair.
fn make_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// The record's files, in the order to copy them.
fn files(data: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in data.read_dir()? {
        let path = entry?.path();
        let part = PARTS.iter().position(|part| path.extension().is_some_and(|end| end == *part));
        files.extend(part.map(|part| (part, path)));
    }
    files.sort();
    Ok(files.into_iter().map(|(_, path)| path).collect())
}

/// Removes the oldest copies, so that `keep` remain. Nothing is touched that is not named like one.
fn forget(folder: &Path, keep: usize) -> io::Result<()> {
    let mut copies = Vec::new();
    for entry in folder.read_dir()? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if jiff::civil::DateTime::strptime("%Y-%m-%dT%H%M%SZ", &name).is_ok() {
            copies.push(name);
        }
    }
    copies.sort();
    let surplus = copies.len().saturating_sub(keep.max(1));
    copies.iter().take(surplus).try_for_each(|name| std::fs::remove_dir_all(folder.join(name)))
}
