//! What the process tells its caller: exit codes, and the one clear sentence on standard error.

use std::process::ExitCode;

/// Why a command ended without success. systemd does not restart 2, 3 and 4.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A fault of ours, or of the machine.
    #[error("{0:#}")]
    Fault(#[from] anyhow::Error),
    /// Bad usage or a bad config. The text may have several lines, one per problem.
    #[error("{0}")]
    Config(String),
    /// Refused to start: keys, rights, lock, environment.
    #[error("{0}")]
    Refused(String),
    /// Halted by risk or kill switch.
    #[error("{0}")]
    Halted(String),
    /// The venue cannot be reached.
    #[error("{0}")]
    Unreachable(String),
}

impl Failure {
    /// The exit code of the command-line contract.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Fault(_) => 1,
            Self::Config(_) => 2,
            Self::Refused(_) => 3,
            Self::Halted(_) => 4,
            Self::Unreachable(_) => 5,
        })
    }
}
