//! Journal and tape as JSON lines, for people and their tools.

use crate::reader::{Item, Reader};
use crate::record::Record;
use crate::walk::ReadError;
use serde_json::Value;
use std::io::{self, Write};
use windvane_layout::Choice;
use windvane_layout::{Json, object};
use windvane_model::{Epoch, Stamped};

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The journal cannot be read on.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Nobody takes the lines any more.
    #[error("cannot write the export")]
    Write(#[from] io::Error),
}

/// Writes one line per record, event and gap; gives the number of lines.
///
/// # Errors
/// When reading or writing fails; the lines so far are good.
pub fn export(reader: Reader, out: &mut dyn Write) -> Result<u64, ExportError> {
    let mut lines = 0;
    for item in reader {
        serde_json::to_writer(&mut *out, &item?.json()).map_err(io::Error::from)?;
        out.write_all(b"\n")?;
        lines += 1;
    }
    Ok(lines)
}

impl Json for Item {
    fn json(&self) -> Value {
        match self {
            Self::Journal(entry) => object([
                ("file", "journal".into()),
                ("number", entry.number.into()),
                ("epoch", entry.epoch.json()),
                ("record", entry.record.json()),
            ]),
            Self::Tape { epoch, stamped } => tape_line(*epoch, stamped),
            Self::Gap { from, to } => object([("gap", object([("from", from.json()), ("to", to.json())]))]),
        }
    }
}

fn tape_line(epoch: Epoch, stamped: &Stamped) -> Value {
    let record = object([("Event", stamped.json())]);
    object([
        ("file", "tape".into()),
        ("number", stamped.stamp.sequence.into()),
        ("epoch", epoch.json()),
        ("record", record),
    ])
}

impl Record {
    /// The record's bytes, as they stand in a frame: two records are the same exactly when these are.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.code()];
        self.encode_content(&mut bytes);
        bytes
    }

    /// The record as JSON, as the export shows it; decimals are strings.
    #[must_use]
    pub fn to_json(&self) -> Value {
        self.json()
    }
}
