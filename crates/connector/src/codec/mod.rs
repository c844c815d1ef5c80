//! Frame text into events, without a socket and without a panic.
//!
//! The wire structs are ours alone and borrow from the frame. What cannot be read is *quarantined*: counted
//! and reported, while the rest of the message and the stream live on.

pub(crate) mod batch;
#[cfg(test)]
mod chaos;
pub(crate) mod depth;
mod fast;
pub(crate) mod number;
mod private;
mod public;
pub(crate) mod reply;
mod row;
pub(crate) mod rows;
mod scan;
mod spare;
pub(crate) mod words;

pub use number::FieldError;
pub use private::decode_private;
pub(crate) use private::fast_executions;
pub use public::decode_public;
pub(crate) use public::interval_to_wire;
pub use reply::{Reply, ReplyKind};
pub use spare::Spares;

use serde::Deserialize;
use serde_json::value::RawValue;

/// Longest frame that is looked at, in bytes. The largest real one, a snapshot of 1000 levels, has about 60 KB;
/// the bound keeps a hostile peer from filling memory.
pub const MAX_FRAME_BYTES: usize = 1 << 20;

/// What a frame turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded<'a> {
    /// Data; its events were appended to the output.
    Data,
    /// Data of a topic or category that this engine does not use.
    Unused,
    /// Data of which `unread` rows could not be read; the events of the others were appended.
    Partial {
        /// How many rows are lost.
        unread: usize,
        /// Why the first of them could not be read.
        reason: Unrecognised,
    },
    /// An answer to something we sent.
    Reply(Reply<'a>),
    /// Not a message we know.
    Unrecognised(Unrecognised),
}

/// Why a frame or a row could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unrecognised {
    /// Longer than [`MAX_FRAME_BYTES`].
    #[error("{0} bytes are more than a frame may have")]
    TooLong(usize),
    /// Nested deeper than any message.
    #[error("nested deeper than a message may be")]
    TooDeep,
    /// Not JSON, or not of the shape that its topic promises.
    #[error("unreadable: {0}")]
    Malformed(String),
    /// A field whose text has no meaning for us.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// Neither a topic nor an answer.
    #[error("neither a topic nor an answer")]
    Shape,
}

impl From<serde_json::Error> for Unrecognised {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl Unrecognised {
    /// A short word for metric labels.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::TooLong(_) => "too_long",
            Self::TooDeep => "too_deep",
            Self::Malformed(_) => "malformed",
            Self::Field(_) => "field",
            Self::Shape => "shape",
        }
    }
}

/// The outside of every pushed message. Field order is not fixed, so the inside is kept as text and read when
/// the topic is known.
#[derive(Deserialize)]
pub(crate) struct Envelope<'a> {
    #[serde(borrow, default)]
    topic: number::Lexeme<'a>,
    #[serde(borrow, default, rename = "type")]
    kind: number::Lexeme<'a>,
    #[serde(borrow, default)]
    ts: number::Lexeme<'a>,
    #[serde(borrow, default, rename = "creationTime")]
    creation_time: number::Lexeme<'a>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    fn data(&self) -> Result<&'a str, Unrecognised> {
        self.data.map(RawValue::get).ok_or(Unrecognised::Shape)
    }
}

/// Reads a JSON object into a wire struct.
///
/// A list is refused first: serde would fill a struct's fields from it by position.
pub(crate) fn read_object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, serde_json::Error> {
    if text.trim_start().starts_with('{') {
        serde_json::from_str(text)
    } else {
        Err(serde::de::Error::custom("expected an object"))
    }
}

/// Reads the outside, or an answer when there is no topic.
fn open(text: &str) -> Result<Result<Envelope<'_>, Reply<'_>>, Unrecognised> {
    if text.len() > MAX_FRAME_BYTES {
        return Err(Unrecognised::TooLong(text.len()));
    }
    if depth::is_too_deep(text) {
        return Err(Unrecognised::TooDeep);
    }
    let envelope: Envelope<'_> = read_object(text)?;
    if envelope.topic.is_empty() { Reply::read(text).map(Err) } else { Ok(Ok(envelope)) }
}

/// What a message is about, without a look at its data.
pub(crate) enum Head<'a> {
    /// Data of this topic.
    Topic(std::borrow::Cow<'a, str>),
    /// An answer.
    Reply(Reply<'a>),
}

/// Reads the topic of a message, or the answer that it is.
///
/// # Errors
/// When it is neither.
pub(crate) fn head(text: &str) -> Result<Head<'_>, Unrecognised> {
    open(text).map(|opened| match opened {
        Ok(envelope) => Head::Topic(envelope.topic.into_text()),
        Err(reply) => Head::Reply(reply),
    })
}
