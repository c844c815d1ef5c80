//! `windvane init DIR`: a commented starter project on a demo account.

use crate::cli::Init;
use crate::exit::Failure;
use anyhow::Context;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

/// Path below the folder, text, mode.
const FILES: [(&str, &str, u32); 5] = [
    ("windvane.toml", include_str!("../../starter/windvane.toml"), 0o644),
    ("strategies/trend.toml", include_str!("../../../../strategies/trend.toml"), 0o644),
    ("windvane.key", include_str!("../../starter/windvane.key"), 0o600),
    ("windvane.service", include_str!("../../../../deploy/systemd/windvane.service"), 0o644),
    ("README.md", include_str!("../../starter/README.md"), 0o644),
];

/// Writes the files. Nothing that is there is touched: one file in the way, and nothing is written.
///
/// # Errors
/// When a file is in the way, or the folder cannot be written.
pub(crate) fn init(arguments: &Init) -> Result<ExitCode, Failure> {
    let folder = &arguments.dir;
    if let Some((name, ..)) = FILES.iter().find(|(name, ..)| folder.join(name).exists()) {
        return Err(Failure::Config(format!(
            "{} is there already; choose an empty folder",
            folder.join(name).display()
        )));
    }
    for (name, text, mode) in FILES {
        write(&folder.join(name), text, mode)?;
        println!("{}", folder.join(name).display());
    }
    println!(
        "next: put a demo key into {0}/windvane.key, then `windvane doctor --config {0}/windvane.toml`",
        folder.display()
    );
    Ok(ExitCode::SUCCESS)
}

/// The mode is there from the first byte on: a key file that is readable for a moment is readable.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("writing {}", path.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_starter_project_is_good_keeps_its_key_closed_and_overwrites_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let arguments = Init { dir: folder.path().join("bots") };
        init(&arguments).unwrap();
        let settings = crate::config::load(&arguments.dir.join("windvane.toml")).unwrap();
        assert_eq!(settings.bots.len(), 1);
        let mode = arguments.dir.join("windvane.key").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::remove_file(arguments.dir.join("README.md")).unwrap();
        let refused = init(&arguments).unwrap_err().to_string();
        assert!(refused.contains("windvane.toml"), "{refused}");
        assert!(!arguments.dir.join("README.md").exists(), "nothing was written");
    }
}
