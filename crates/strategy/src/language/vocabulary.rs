//! The whole vocabulary with its meanings: for the handbook and for editors.

use super::{library, words};

/// One word or function of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The group it is listed under.
    pub group: &'static str,
    /// How it is written: `close`, `ema(x, bars)`.
    pub written: &'static str,
    /// What it is, in one line.
    pub says: &'static str,
}

/// Every word and function, in the order of the handbook.
#[must_use]
pub fn vocabulary() -> Vec<Entry> {
    let words = words::WORDS.iter().map(|(written, word, says)| {
        let group = match word {
            words::Word::Bar(..) => "the bar",
            words::Word::Quote(..) | words::Word::FundingCost => "the moment",
            words::Word::Live(..) => "the position",
            words::Word::Truth(_) => "choices",
        };
        Entry { group, written, says }
    });
    let functions = library::groups().flat_map(|(group, functions)| {
        functions.iter().map(move |function| Entry { group, written: function.call, says: function.says })
    });
    words.chain(functions).collect()
}
