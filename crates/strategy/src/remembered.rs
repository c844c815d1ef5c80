//! How a bot writes down what it must remember over a restart, and reads it back.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::MemoryError;

/// The bytes of `memory`, unless they are `written` already; then it counts as written.
pub(crate) fn changed<M: Clone + PartialEq + Serialize>(memory: &M, written: &mut M) -> Option<Vec<u8>> {
    if memory == written {
        return None;
    }
    written.clone_from(memory);
    // A struct of numbers and words always has a JSON form; NaN would become null and be refused on the way back.
    Some(serde_json::to_vec(memory).unwrap_or_default())
}

/// Reads a memory back. `version_of` tells which shape the bytes have.
///
/// # Errors
/// When they are not of this shape and `version`: that is refused rather than guessed at.
pub(crate) fn read<M: DeserializeOwned>(
    bytes: &[u8],
    version: u32,
    version_of: impl FnOnce(&M) -> u32,
) -> Result<M, MemoryError> {
    let memory = serde_json::from_slice(bytes).map_err(|error| MemoryError { reason: error.to_string() })?;
    match version_of(&memory) {
        found if found == version => Ok(memory),
        found => Err(MemoryError { reason: format!("version {found} is not {version}") }),
    }
}
