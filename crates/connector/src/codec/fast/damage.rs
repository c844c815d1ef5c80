//! Messages with a few bytes changed and a few taken out.

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// One of `messages`, damaged where JSON is easily damaged.
pub(super) fn damaged(messages: &'static [&'static str]) -> impl Strategy<Value = String> {
    let byte = select(b"\"{}[],:0123456789.eE+- \\absup".to_vec());
    let changes = prop::collection::vec((any::<Index>(), byte), 0..4);
    let removed = prop::collection::vec(any::<Index>(), 0..3);
    (select(messages), changes, removed).prop_map(|(message, changes, removed)| {
        let mut bytes = message.as_bytes().to_vec();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        for place in removed {
            bytes.remove(place.index(bytes.len()));
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
