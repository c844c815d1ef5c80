//! Files of recorded messages: a message a line, packed with gzip, a new file after some time or size.
//!
//! A line is when the message was read (nanoseconds since 1970), a space, and the message as it came. Where messages were
//! lost stands `{"op":"lost","frames":N}` in their place. Names sort by time: `linear-20260301T000000.000Z.jsonl.gz`.

use super::Tally;
use crate::disk;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use windvane_model::WallTime;

/// A recorder beside an engine must not take the room that its journal needs.
const FREE_BYTES_MIN: u64 = 1 << 30;

/// When a new file begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rotation {
    /// After this long.
    pub(crate) every: Duration,
    /// After so many bytes on the disk.
    pub(crate) bytes: u64,
}

/// Where a stream is written.
#[derive(Debug)]
pub(crate) struct Destination {
    pub(super) folder: PathBuf,
    /// What names begin with.
    pub(super) stream: String,
    /// Whether others on the machine must not read it.
    pub(super) is_secret: bool,
    pub(super) rotation: Rotation,
}

/// The files of one stream.
pub(super) struct Files {
    destination: Destination,
    open: Option<Open>,
    flushed: Instant,
    tally: Arc<Tally>,
}

struct Open {
    out: GzEncoder<Counted>,
    /// When its first message was read.
    since: WallTime,
}

/// A file that counts what is written into it.
struct Counted {
    file: BufWriter<File>,
    bytes: u64,
    tally: Arc<Tally>,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        self.tally.packed.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Whether the disk under a folder has so many bytes free, as far as it tells.
pub(super) fn has_room(folder: &Path, bytes: u64) -> bool {
    disk::space(folder).is_none_or(|(free, _)| free >= bytes)
}

impl Files {
    /// Files in a folder that is made if it is not there. The first begins with the first message.
    pub(super) fn open(destination: Destination, tally: Arc<Tally>) -> io::Result<Self> {
        std::fs::create_dir_all(&destination.folder)?;
        let files = Self { destination, open: None, flushed: Instant::now(), tally };
        files.check_room()?;
        Ok(files)
    }

    /// Writes a message; whether a file began with it that is not the first.
    pub(super) fn write(&mut self, at: WallTime, text: &str) -> io::Result<bool> {
        let mut is_rotated = false;
        let Rotation { every, bytes } = self.destination.rotation;
        let is_full = |open: &Open| {
            let age = u128::try_from(at.0.saturating_sub(open.since.0)).unwrap_or(0);
            age >= every.as_nanos() || open.out.get_ref().bytes >= bytes
        };
        if self.open.as_ref().is_some_and(is_full) {
            self.close()?;
            is_rotated = true;
        }
        // A line is a message, whatever white space the sender likes.
        if text.contains(['\n', '\r']) {
            self.line(at, &text.replace(['\n', '\r'], " "))?;
        } else {
            self.line(at, text)?;
        }
        self.tally.messages.fetch_add(1, Ordering::Relaxed);
        self.tally.bytes.fetch_add(text.len() as u64, Ordering::Relaxed);
        Ok(is_rotated)
    }

    /// Says in the place of messages that they were lost.
    pub(super) fn mark_loss(&mut self, at: WallTime, frames: u64) -> io::Result<()> {
        self.line(at, &format!("{{\"op\":\"lost\",\"frames\":{frames}}}"))
    }

    fn line(&mut self, at: WallTime, text: &str) -> io::Result<()> {
        let open = match &mut self.open {
            Some(open) => open,
            closed => {
                let out = begin(&self.destination, at, &self.tally)?;
                closed.insert(Open { out, since: at })
            }
        };
        writeln!(open.out, "{} {text}", at.0)
    }

    /// Hands what is written to the system, if that was not done for so long, and looks whether there is still room.
    pub(super) fn flush_after(&mut self, length: Duration) -> io::Result<()> {
        if self.flushed.elapsed() < length {
            return Ok(());
        }
        self.flushed = Instant::now();
        if let Some(open) = &mut self.open {
            open.out.flush()?;
        }
        self.check_room()
    }

    fn check_room(&self) -> io::Result<()> {
        if has_room(&self.destination.folder, FREE_BYTES_MIN) {
            return Ok(());
        }
        let kind = io::ErrorKind::StorageFull;
        Err(io::Error::new(
            kind,
            "less than a GiB is left on the disk; the recording ends, whole as far as it goes",
        ))
    }

    /// Ends the open file, with its trailer and on the disk.
    pub(super) fn close(&mut self) -> io::Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let file = open.out.finish()?.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // After an error; whatever is still possible.
        let _ = self.close();
    }
}

fn begin(destination: &Destination, at: WallTime, tally: &Arc<Tally>) -> io::Result<GzEncoder<Counted>> {
    let moment = jiff::Timestamp::from_millisecond(at.0 / 1_000_000)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let moment = moment.strftime("%Y%m%dT%H%M%S%.3fZ");
    let mode = if destination.is_secret { 0o600 } else { 0o644 };
    // Two files of one millisecond are possible only in tests and after a clock was set back; neither may be lost.
    for number in 1..1_000_u32 {
        let again = if number == 1 { String::new() } else { format!("-{number}") };
        let path = destination.folder.join(format!("{}-{moment}{again}.jsonl.gz", destination.stream));
        match File::options().write(true).create_new(true).mode(mode).open(path) {
            Ok(file) => {
                tally.files.fetch_add(1, Ordering::Relaxed);
                let counted = Counted { file: BufWriter::new(file), bytes: 0, tally: Arc::clone(tally) };
                return Ok(GzEncoder::new(counted, Compression::fast()));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "a thousand files of this name are there already"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::MultiGzDecoder;
    use std::io::Read as _;
    use std::os::unix::fs::PermissionsExt as _;

    const START: WallTime = WallTime(1_772_323_200_000_000_000);

    fn files(folder: &Path, every: Duration, bytes: u64) -> Files {
        let rotation = Rotation { every, bytes };
        let destination = Destination {
            folder: folder.to_owned(),
            stream: "private".to_owned(),
            is_secret: true,
            rotation,
        };
        Files::open(destination, Arc::default()).unwrap()
    }

    fn texts(folder: &Path) -> Vec<(String, String)> {
        let mut paths: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let read = |path: &PathBuf| {
            let mut text = String::new();
            // A torn end is an error of the decoder's, after all that came before.
            let _ = MultiGzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text);
            (path.file_name().unwrap().to_string_lossy().into_owned(), text)
        };
        paths.iter().map(read).collect()
    }

    #[test]
    fn a_new_file_begins_in_time_and_none_is_readable_for_others() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = files(folder.path(), Duration::from_secs(60), u64::MAX);
        assert!(!files.write(START, "{\"a\":\n1}").unwrap());
        files.mark_loss(WallTime(START.0 + 1), 3).unwrap();
        assert!(!files.write(WallTime(START.0 + 59_999_999_999), "{}").unwrap());
        assert!(
            files.write(WallTime(START.0 + 60_000_000_000), "{}").unwrap(),
            "the caller asks for snapshots"
        );
        files.close().unwrap();
        let expected = "1772323200000000000 {\"a\": 1}\n1772323200000000001 {\"op\":\"lost\",\"frames\":3}\n\
                        1772323259999999999 {}\n";
        assert_eq!(
            texts(folder.path()),
            [
                ("private-20260301T000000.000Z.jsonl.gz".to_owned(), expected.to_owned()),
                ("private-20260301T000100.000Z.jsonl.gz".to_owned(), "1772323260000000000 {}\n".to_owned())
            ]
        );
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_new_file_begins_when_one_is_large_and_none_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = files(folder.path(), Duration::from_secs(60), 100);
        let mut rotated = 0;
        for n in 0..400_u64 {
            // Noise, which does not pack.
            rotated += usize::from(
                files.write(START, &format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).unwrap(),
            );
            files.flush_after(Duration::ZERO).unwrap();
        }
        files.close().unwrap();
        let texts = texts(folder.path());
        assert!(rotated > 10 && texts.len() == rotated + 1, "{rotated} {}", texts.len());
        assert_eq!(texts.iter().map(|(_, text)| text.lines().count()).sum::<usize>(), 400);
    }

    #[test]
    fn what_was_flushed_survives_a_kill() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = files(folder.path(), Duration::from_secs(60), u64::MAX);
        files.write(START, "one").unwrap();
        files.flush_after(Duration::ZERO).unwrap();
        files.write(START, "two").unwrap();
        // No close, no drop: as if the process were gone.
        std::mem::forget(files);
        assert_eq!(texts(folder.path())[0].1, "1772323200000000000 one\n");
    }
}
