//! Recorded frames, read from their files while they are played.

use std::path::{Path, PathBuf};

use super::line::Lines;
use super::{SourceError, Step};
use crate::packed;

/// The steps in files of recorded frames.
#[derive(Debug)]
pub(super) struct Recorded {
    files: std::vec::IntoIter<PathBuf>,
    /// The file that is being read.
    open: Option<(PathBuf, packed::Lines)>,
    lines: Lines,
    /// What was read ahead.
    pub(super) next: Option<Step>,
    /// Time of the last step: frames of several topics are stamped by several clocks, and the market's never goes back.
    last_ms: i64,
}

impl Recorded {
    /// Takes files, and of folders the files in them by their names. All must be there.
    pub(super) fn open(paths: &[PathBuf], lines: Lines) -> Result<Self, SourceError> {
        let mut files = Vec::new();
        for path in paths {
            let unreadable = |source| SourceError::Unreadable { path: path.clone(), source };
            if !std::fs::metadata(path).map_err(unreadable)?.is_dir() {
                files.push(path.clone());
                continue;
            }
            let entries: Result<Vec<_>, _> = std::fs::read_dir(path).map_err(unreadable)?.collect();
            let mut inside: Vec<_> =
                entries.map_err(unreadable)?.iter().map(std::fs::DirEntry::path).collect();
            inside.retain(|file| is_recording(file));
            inside.sort();
            files.extend(inside);
        }
        for path in &files {
            std::fs::File::open(path)
                .map_err(|source| SourceError::Unreadable { path: path.clone(), source })?;
        }
        Ok(Self { files: files.into_iter(), open: None, lines, next: None, last_ms: i64::MIN })
    }

    /// The next step; `None` after the last one, and where a file turns out to be damaged.
    pub(super) fn next_step(&mut self) -> Option<Step> {
        if let Some(step) = self.next.take() {
            return Some(step);
        }
        self.read().unwrap_or_else(|error| {
            tracing::error!(%error, "the recording ends here");
            (self.open, self.files) = (None, Vec::new().into_iter());
            None
        })
    }

    /// Reads on to the next frame that moves the market.
    pub(super) fn read(&mut self) -> Result<Option<Step>, SourceError> {
        loop {
            let (path, file) = match &mut self.open {
                Some(open) => open,
                closed => {
                    let Some(path) = self.files.next() else { return Ok(None) };
                    let file = packed::Lines::open(&path);
                    let file =
                        file.map_err(|source| SourceError::Unreadable { path: path.clone(), source })?;
                    closed.insert((path, file))
                }
            };
            let line =
                file.next().map_err(|source| SourceError::Unreadable { path: path.clone(), source })?;
            let Some(line) = line else {
                self.open = None;
                continue;
            };
            if let Some(mut step) = self.lines.read(line) {
                step.at_ms = step.at_ms.max(self.last_ms);
                self.last_ms = step.at_ms;
                return Ok(Some(step));
            }
        }
    }
}

/// Whether a file's name says that it holds frames.
fn is_recording(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    [".jsonl", ".jsonl.gz"].iter().any(|ending| name.ends_with(ending))
}
