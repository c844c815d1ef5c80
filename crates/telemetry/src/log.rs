//! Logs: structured lines on standard error.

use std::io::IsTerminal;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// Starts logging to `writer` (standard error, or something that knows how to share it with a status line) at
/// the levels of `filter`, for example `info` or `info,windvane_connector=debug`. A second start in one process
/// is ignored (tests).
///
/// # Errors
/// When `filter` cannot be read; the text says where.
pub fn start_logging<W>(filter: &str, format: LogFormat, writer: W) -> Result<(), String>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter: Targets = filter.parse().map_err(|error| format!("log filter `{filter}`: {error}"))?;
    // A line that cannot be written, on a full disk for example, is lost. To report that, the library would write to standard
    // error and panic where that fails as well, and the engine with it.
    let layer = match format {
        LogFormat::Text => fmt::layer()
            .log_internal_errors(false)
            .with_writer(writer)
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .compact()
            .boxed(),
        LogFormat::Json => {
            fmt::layer().log_internal_errors(false).json().flatten_event(true).with_writer(writer).boxed()
        }
    };
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
    Ok(())
}
