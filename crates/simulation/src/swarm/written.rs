//! Answers to doubts as a table of a file, every question with its answer: a default may change.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};
use std::collections::BTreeMap;
use windvane_venue_core::{DOUBTS, Doubts};

pub(super) fn serialize<S: Serializer>(doubts: &Doubts, serializer: S) -> Result<S::Ok, S::Error> {
    let answers = DOUBTS.iter().map(|doubt| doubt.name);
    serializer.collect_map(answers.map(|name| (name, doubts.get(name).unwrap_or_default())))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Doubts, D::Error> {
    let mut doubts = Doubts::default();
    for (name, choice) in BTreeMap::<String, String>::deserialize(deserializer)? {
        doubts.set(&name, &choice).map_err(D::Error::custom)?;
    }
    Ok(doubts)
}
