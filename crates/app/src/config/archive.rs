//! Configs that were in force, kept beside the journal that was written under them: a replay needs them when the files
//! have changed since, and so does a position that lives by the rules it was opened under.

use super::{Settings, Texts, load_from};
use crate::exit::Failure;
use anyhow::Context;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Keeps the texts of `settings` in the folder of the journal. They are small, and none is ever taken away.
///
/// # Errors
/// When the disk fails.
pub(crate) fn keep(settings: &Settings, folder: &Path) -> anyhow::Result<()> {
    let path = place(folder, settings.fingerprint);
    if path.exists() {
        return Ok(());
    }
    let text = serde_json::to_vec(&settings.texts).context("writing the config down")?;
    let unfinished = path.with_extension("part");
    let write = || {
        std::fs::create_dir_all(folder.join(FOLDER))?;
        std::fs::write(&unfinished, &text)?;
        std::fs::rename(&unfinished, &path)
    };
    write().with_context(|| format!("keeping the config in {}", path.display()))
}

/// The config with that fingerprint, read as if it lay at `config`; `None` where it was not kept.
///
/// # Errors
/// When what was kept cannot be read by this version.
pub(crate) fn find(folder: &Path, fingerprint: [u8; 32], config: &Path) -> Result<Option<Settings>, Failure> {
    let path = place(folder, fingerprint);
    let Ok(text) = std::fs::read(&path) else { return Ok(None) };
    let texts: Texts =
        serde_json::from_slice(&text).with_context(|| format!("reading {}", path.display()))?;
    load_from(config, texts).map(Some)
}

const FOLDER: &str = "configs";

fn place(folder: &Path, fingerprint: [u8; 32]) -> PathBuf {
    let mut name = String::new();
    for byte in fingerprint.iter().take(12) {
        let _ = write!(name, "{byte:02x}");
    }
    folder.join(FOLDER).join(format!("{name}.json"))
}
