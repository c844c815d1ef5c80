//! What `windvane doctor` looks at, and what it says about each.

mod host;
mod venue;

pub(crate) use host::look as look_at_host;
pub(crate) use venue::look as look_at_venue;

use serde::Serialize;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// What was looked at: `disk`.
    pub(crate) what: &'static str,
    /// How it is.
    pub(crate) verdict: Verdict,
    /// What was found, in one sentence.
    pub(crate) found: String,
    /// What to do about it; empty when there is nothing to do.
    pub(crate) remedy: String,
}

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// As it should be.
    Good,
    /// Not looked at; the sentence says why.
    Skipped,
    /// An engine would start; somebody should see to it.
    Warning,
    /// An engine would not start, or not trade safely.
    Bad,
}

impl Verdict {
    /// The word before the finding.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Bad => "BAD",
        }
    }
}

impl Finding {
    fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Good, found: found.into(), remedy: String::new() }
    }

    fn skipped(what: &'static str, why: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Skipped, found: why.into(), remedy: String::new() }
    }

    fn warning(what: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Warning, found: found.into(), remedy: remedy.into() }
    }

    fn bad(what: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Bad, found: found.into(), remedy: remedy.into() }
    }
}
