//! Text files as people keep them: plain, or packed with gzip.
//!
//! A packed file whose end is missing, because its writer was killed or the disk was full, is read as far as it goes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

/// The lines of a file, one after the other.
pub(crate) struct Lines {
    reader: Box<dyn BufRead + Send>,
    buffer: Vec<u8>,
}

impl Lines {
    /// Opens a file; one whose name ends with `.gz` is unpacked.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { reader: open(path)?, buffer: Vec::with_capacity(4_096) })
    }

    /// The next line without its end; `None` after the last one, and after the last whole one of a torn file.
    pub(crate) fn next(&mut self) -> io::Result<Option<&str>> {
        self.buffer.clear();
        match self.reader.read_until(b'\n', &mut self.buffer) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                tracing::info!("the end of a packed file is missing; what comes before it counts");
                return Ok(None);
            }
            Err(error) => return Err(error),
        }
        let line = std::str::from_utf8(&self.buffer)
            .map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        Ok(Some(line.trim_end_matches(['\n', '\r'])))
    }
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lines")
    }
}

/// The whole text of a file; one whose name ends with `.gz` is unpacked.
///
/// # Errors
/// It cannot be read, its packing is damaged or incomplete, or it is no text.
pub fn read_to_string(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    let file = BufReader::new(File::open(path)?);
    if path.extension().is_some_and(|ending| ending == "gz") {
        Ok(Box::new(BufReader::new(MultiGzDecoder::new(file))))
    } else {
        Ok(Box::new(file))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn packed(lines: &[&str]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        for line in lines {
            writeln!(encoder, "{line}").unwrap();
            encoder.flush().unwrap();
        }
        encoder.finish().unwrap()
    }

    fn lines(bytes: &[u8]) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.gz");
        std::fs::write(&path, bytes).unwrap();
        let mut reader = Lines::open(&path).unwrap();
        let mut found = Vec::new();
        while let Some(line) = reader.next().map_err(|error| error.to_string())? {
            found.push(line.to_owned());
        }
        Ok(found)
    }

    #[test]
    fn a_file_torn_at_any_byte_is_read_up_to_its_last_whole_line() {
        let whole = packed(&["one", "two", "three"]);
        assert_eq!(lines(&whole).unwrap(), ["one", "two", "three"]);
        let mut most = 0;
        for length in 0..whole.len() {
            let found = lines(&whole[..length]).unwrap();
            assert!(
                ["one", "two", "three"].starts_with(&found.iter().map(String::as_str).collect::<Vec<_>>())
            );
            assert!(found.len() >= most, "more bytes tell no less");
            most = found.len();
        }
        assert_eq!(most, 3, "the last line is there before the trailer is");
    }

    #[test]
    fn members_follow_each_other_and_damage_is_told() {
        let both = [packed(&["one"]), packed(&["two"])].concat();
        assert_eq!(lines(&both).unwrap(), ["one", "two"]);
        let mut damaged = packed(&["one"]);
        let end = damaged.len();
        damaged[end - 5] ^= 1;
        assert!(lines(&damaged).is_err(), "a wrong checksum is no missing end");
        assert!(lines(b"plain text").is_err());
    }
}
