//! One engine per folder, or per whatever else a file stands for: an advisory lock that the kernel drops with the
//! process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use windvane_model::Epoch;

/// Name of the lock file.
const NAME: &str = "lock";

/// Why a folder could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{} is in use by {holder}; stop it, or choose another data folder", path.display())]
    Held {
        /// The lock file.
        path: PathBuf,
        /// Who has it, by its own words: process id and epoch.
        holder: String,
    },
    /// The lock file cannot be opened or written.
    #[error("{}: cannot lock", path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// What the disk says.
        #[source]
        source: io::Error,
    },
}

/// The right to write in a folder, or to what a lock file stands for, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the folder, which must be there.
    ///
    /// # Errors
    /// When another process has it, or the lock file cannot be written.
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        Self::take_file(folder.join(NAME))
    }

    /// Takes a lock file of any name, which is made if it is not there.
    ///
    /// # Errors
    /// As [`Lock::take`].
    pub fn take_file(path: PathBuf) -> Result<Self, LockError> {
        let io_error = |source| LockError::Io { path: path.clone(), source };
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = open.map_err(io_error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // What the holder wrote is only for the message; an unreadable word does not matter.
                if file.read_to_string(&mut holder).is_err() || holder.trim().is_empty() {
                    "another process".clone_into(&mut holder);
                }
                return Err(LockError::Held { path, holder: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(io_error(source)),
        }
        let lock = Self { file };
        lock.sign(None).map_err(io_error)?;
        Ok(lock)
    }

    /// Says in the file who holds it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn sign(&self, epoch: Option<Epoch>) -> io::Result<()> {
        let process = std::process::id();
        let words = match epoch {
            Some(Epoch(epoch)) => format!("process {process}, epoch {epoch}\n"),
            None => format!("process {process}, epoch not yet chosen\n"),
        };
        self.file.set_len(0)?;
        self.file.write_all_at(words.as_bytes(), 0)
    }
}
