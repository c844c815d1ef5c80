//! Short ASCII text held in place: identifiers can be copied and compared without touching the heap.

use std::cmp::Ordering;
use std::fmt;

/// Printable ASCII text of at most `N` bytes (`N` ≤ 255), stored inline.
///
/// Ordered and compared by its bytes, which for ASCII is the order of the text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text<const N: usize> {
    /// Unused bytes are zero, so that derived comparison sees only the text.
    bytes: [u8; N],
    len: u8,
}

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Longer than the type allows.
    #[error("text of {len} bytes is longer than {max}")]
    TooLong {
        /// Bytes given.
        len: usize,
        /// Bytes allowed.
        max: usize,
    },
    /// A byte outside printable ASCII.
    #[error("byte {byte:#04x} is not printable ascii")]
    NotPrintable {
        /// The offending byte.
        byte: u8,
    },
}

impl<const N: usize> Text<N> {
    /// The empty text.
    pub const EMPTY: Self = Self { bytes: [0; N], len: 0 };

    /// Takes `text` as it is.
    ///
    /// # Errors
    /// When it is longer than `N` bytes or holds anything but printable ASCII.
    pub fn new(text: &str) -> Result<Self, TextError> {
        if text.len() > N || text.len() > usize::from(u8::MAX) {
            return Err(TextError::TooLong { len: text.len(), max: N });
        }
        let is_printable = |byte: &u8| (b' '..=b'~').contains(byte);
        // Without a way out of the loop many bytes are looked at in one step, and most texts are right.
        if !text.bytes().fold(true, |all, byte| all & is_printable(&byte))
            && let Some(byte) = text.bytes().find(|byte| !is_printable(byte))
        {
            return Err(TextError::NotPrintable { byte });
        }
        let mut bytes = [0; N];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { bytes, len: u8::try_from(text.len()).unwrap_or(u8::MAX) })
    }

    /// Takes as much of `text` as fits, with `?` for anything unprintable: for words that are shown, not matched.
    #[must_use]
    pub fn lossy(text: &str) -> Self {
        let mut kept = Self::EMPTY;
        for (slot, byte) in kept.bytes.iter_mut().zip(text.bytes()).take(usize::from(u8::MAX)) {
            *slot = if (b' '..=b'~').contains(&byte) { byte } else { b'?' };
            kept.len += 1;
        }
        kept
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).expect("only ascii is ever stored")
    }

    /// Whether there is no text.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl<const N: usize> PartialOrd for Text<N> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Symbols and order ids are keys of maps that are asked many times for each event: compared eight bytes at a time, a
/// pair costs a few instructions and no call.
impl<const N: usize> Ord for Text<N> {
    fn cmp(&self, other: &Self) -> Ordering {
        let ((ours, our_rest), (theirs, their_rest)) =
            (self.bytes.as_chunks::<8>(), other.bytes.as_chunks::<8>());
        for (ours, theirs) in ours.iter().zip(theirs) {
            let (ours, theirs) = (u64::from_be_bytes(*ours), u64::from_be_bytes(*theirs));
            if ours != theirs {
                return ours.cmp(&theirs);
            }
        }
        our_rest.cmp(their_rest).then(self.len.cmp(&other.len))
    }
}

impl<const N: usize> fmt::Display for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_and_orders_like_str() {
        let (a, b) = (Text::<8>::new("ABC").unwrap(), Text::<8>::new("ABD").unwrap());
        assert_eq!(a.as_str(), "ABC");
        assert!(a < b);
    }

    #[test]
    fn texts_are_ordered_as_their_characters_are() {
        let words = [
            "",
            "A",
            "AB",
            "B",
            "ABCDEFGH",
            "ABCDEFGHI",
            "ABCDEFGI",
            "ABCDEFGHIJKLMNOP",
            "ABCDEFGHIJKLMNOQ",
            "~",
        ];
        for a in words {
            for b in words {
                let [left, right] = [a, b].map(|word| Text::<21>::new(word).unwrap());
                assert_eq!(left.cmp(&right), a.cmp(b), "{a} {b}");
            }
        }
    }

    #[test]
    fn text_that_does_not_fit_or_print_is_refused() {
        assert_eq!(Text::<2>::new("ABC"), Err(TextError::TooLong { len: 3, max: 2 }));
        assert_eq!(Text::<4>::new("A\n"), Err(TextError::NotPrintable { byte: b'\n' }));
        assert_eq!(Text::<2>::lossy("A\nC").as_str(), "A?");
    }
}
