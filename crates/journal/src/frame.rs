//! One record on disk: header, checksum, chain, payload.
//!
//! ```text
//! len u32 | crc32c u32 | number u64 | previous 8 B | epoch u64 | kind u8 | version u8 | payload
//! ```
//!
//! `len` counts the bytes after the checksum; the checksum covers `len` and those bytes. `previous` is the
//! start of the SHA-256 of the header before it. A header holds its payload's checksum and its own
//! `previous`, so the chain covers everything at the cost of one hash block per record, however long.

use crate::record::{
    Record, VERSION, VERSION_OF_FIRST_EDITION, VERSION_OF_SECOND_EDITION, VERSION_WITHOUT_GROUNDS,
};
use crate::wire;
use sha2::{Digest, Sha256};
use windvane_layout::{Choice, Decode, DecodeError, Encode, Input};
use windvane_model::Epoch;

/// Bytes before the part that `len` counts.
const PREFIX: usize = 8;
/// Bytes of `number`, `previous`, `epoch`, `kind` and `version`.
const BODY_HEADER: usize = 26;
/// Bytes before the payload.
const HEADER: usize = PREFIX + BODY_HEADER;

/// Bytes that a marker takes.
pub(crate) const MARKER_SIZE: usize = HEADER + 8;

/// Links a record to the one before it. Zero before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Chain(pub(crate) [u8; 8]);

/// What a record's header says apart from its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    /// Number of the record in its file family.
    pub(crate) number: u64,
    /// The chain up to the record before.
    pub(crate) previous: Chain,
    /// The engine's start number.
    pub(crate) epoch: Epoch,
}

/// A frame whose checksum holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// The header.
    pub(crate) head: Head,
    /// The chain after this record.
    pub(crate) chain: Chain,
    /// Bytes the frame takes.
    pub(crate) size: usize,
    kind: u8,
    version: u8,
    payload: &'a [u8],
}

/// Why there is no frame at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoFrame {
    /// The length is zero: nothing was written here.
    Empty,
    /// The length does not fit into what is left, or is too small for a header.
    Cut,
    /// The bytes are not those that were written.
    BadChecksum,
}

/// Appends a frame whose payload `content` writes; gives the chain after it.
pub(crate) fn push(out: &mut Vec<u8>, head: Head, kind: u8, content: impl FnOnce(&mut Vec<u8>)) -> Chain {
    let start = out.len();
    out.extend_from_slice(&[0; PREFIX]);
    head.number.encode(out);
    head.previous.0.encode(out);
    head.epoch.encode(out);
    out.extend_from_slice(&[kind, VERSION]);
    content(out);
    let frame = &mut out[start..];
    let length = u32::try_from(frame.len() - PREFIX).expect("a record is smaller than 4 GiB").to_le_bytes();
    frame[..4].copy_from_slice(&length);
    let checksum = checksum(&length, &frame[PREFIX..]);
    frame[4..PREFIX].copy_from_slice(&checksum.to_le_bytes());
    chain_after(frame)
}

fn checksum(length: &[u8], body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(length), body)
}

fn chain_after(frame: &[u8]) -> Chain {
    let hash = Sha256::digest(&frame[..HEADER]);
    let mut chain = Chain::default();
    chain.0.copy_from_slice(&hash[..8]);
    chain
}

impl<'a> Frame<'a> {
    /// Reads the frame at the front of `bytes`.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, NoFrame> {
        let Some((prefix, rest)) = bytes.split_first_chunk::<PREFIX>() else {
            return Err(if bytes.iter().all(|b| *b == 0) { NoFrame::Empty } else { NoFrame::Cut });
        };
        let [l0, l1, l2, l3, c0, c1, c2, c3] = *prefix;
        let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).map_err(|_| NoFrame::Cut)?;
        if length == 0 {
            return Err(NoFrame::Empty);
        }
        let body = rest.get(..length).ok_or(NoFrame::Cut)?;
        let (header, payload) = body.split_first_chunk::<BODY_HEADER>().ok_or(NoFrame::Cut)?;
        if checksum(&prefix[..4], body) != u32::from_le_bytes([c0, c1, c2, c3]) {
            return Err(NoFrame::BadChecksum);
        }
        let (number, previous, epoch, kind, version) = split_header(header);
        let size = PREFIX + length;
        let head = Head { number, previous: Chain(previous), epoch: Epoch(epoch) };
        Ok(Self { head, chain: chain_after(&bytes[..size]), size, kind, version, payload })
    }

    /// The record inside.
    pub(crate) fn record(&self) -> Result<Record, DecodeError> {
        let mut input = Input::new(self.payload);
        let record = wire::decode(self.version, self.kind, &mut input)?;
        input.finish()?;
        Ok(record)
    }

    /// The durable number, when this is a marker.
    pub(crate) fn marker(&self) -> Option<u64> {
        const MARKER: Record = Record::Marker { durable: 0 };
        let is_known = matches!(
            self.version,
            VERSION | VERSION_OF_SECOND_EDITION | VERSION_OF_FIRST_EDITION | VERSION_WITHOUT_GROUNDS
        );
        if self.kind != MARKER.code() || !is_known {
            return None;
        }
        u64::decode(&mut Input::new(self.payload)).ok()
    }
}

fn split_header(header: &[u8; BODY_HEADER]) -> (u64, [u8; 8], u64, u8, u8) {
    let mut word = [[0; 8]; 3];
    for (word, bytes) in word.iter_mut().zip(header.chunks_exact(8)) {
        word.copy_from_slice(bytes);
    }
    let [number, previous, epoch] = word;
    (u64::from_le_bytes(number), previous, u64::from_le_bytes(epoch), header[24], header[25])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push_record(out: &mut Vec<u8>, head: Head, record: &Record) -> Chain {
        push(out, head, record.code(), |out| record.encode_content(out))
    }

    fn head() -> Head {
        Head { number: 7, previous: Chain([1; 8]), epoch: Epoch(9) }
    }

    #[test]
    fn a_frame_tells_its_record_back() {
        let record = Record::Marker { durable: 5 };
        let mut bytes = Vec::new();
        let chain = push_record(&mut bytes, head(), &record);
        let frame = Frame::read(&bytes).unwrap();
        assert_eq!((frame.head, frame.chain, frame.size), (head(), chain, MARKER_SIZE));
        assert_eq!(frame.record(), Ok(record));
        assert_eq!(frame.marker(), Some(5));
    }

    #[test]
    fn no_flipped_bit_and_no_cut_passes() {
        let mut bytes = Vec::new();
        push_record(&mut bytes, head(), &Record::Marker { durable: 5 });
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Frame::read(&bytes).is_err(), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        for length in 0..bytes.len() {
            assert!(Frame::read(&bytes[..length]).is_err(), "cut at {length}");
        }
    }
}
