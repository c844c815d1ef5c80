//! Why a REST call gave no result, with what the caller must know: whether anything was sent.

use super::answer::MAX_ANSWER_BYTES;

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    /// The client could not be built: no usable TLS roots, for example.
    #[error("the http client cannot be set up")]
    Setup(#[source] reqwest::Error),
    /// No connection was made, so nothing was sent.
    #[error("no connection to the venue")]
    Connect(#[source] reqwest::Error),
    /// Sent, and no whole answer came.
    #[error("no answer from the venue")]
    NoAnswer(#[source] reqwest::Error),
    /// HTTP silence after a 403.
    #[error("the venue banned this address; http is silent for {remaining_s} s more")]
    Banned {
        /// Seconds left.
        remaining_s: i64,
    },
    /// An HTTP status other than 200.
    #[error("http status {0}")]
    Status(u16),
    /// The answer is longer than anything the venue sends.
    #[error("the answer is longer than {MAX_ANSWER_BYTES} bytes")]
    TooLong,
    /// The answer is not of the documented shape.
    #[error("unreadable answer of {endpoint}: {problem}")]
    Unreadable {
        /// Which call.
        endpoint: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The venue said no.
    #[error("{endpoint} was refused with code {code}: {message}")]
    Refused {
        /// Which call.
        endpoint: &'static str,
        /// `retCode`.
        code: i32,
        /// `retMsg`.
        message: String,
    },
    /// The venue does not know the contract.
    #[error("the venue knows no linear contract `{0}`")]
    NoSuchInstrument(windvane_model::Symbol),
}

impl RestError {
    /// The venue's code, or 0 when there was no readable answer.
    #[must_use]
    pub const fn code(&self) -> i32 {
        match self {
            Self::Refused { code, .. } => *code,
            _ => 0,
        }
    }

    /// Whether the venue has no such call for this account: asking again is of no use.
    ///
    /// Source: Bybit V5, "Error Codes": 404 for a path that is not known, 10032 for what a demo account does not have.
    #[must_use]
    pub const fn is_unsupported(&self) -> bool {
        matches!(self, Self::Status(404) | Self::Refused { code: 404 | 10032, .. })
    }

    /// For the label of a metric: the code, the HTTP status, or -1.
    pub(super) fn label(&self) -> i32 {
        match self {
            Self::Refused { code, .. } => *code,
            Self::Status(status) => i32::from(*status),
            _ => -1,
        }
    }
}
