//! The status while a run goes on: one updating line on a terminal, plain lines when piped.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Plain lines are written this often.
const LINE_EVERY: Duration = Duration::from_secs(5);
const DAY_MS: i64 = 86_400_000;

/// Where a run stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Standing {
    /// The market's clock, milliseconds since 1970 UTC.
    pub(crate) market_ms: i64,
    /// Fills so far, all bots.
    pub(crate) fills: u64,
    /// Open orders.
    pub(crate) open_orders: usize,
    /// Equity in words, `100123.45 USDT`.
    pub(crate) equity: String,
    /// What the engine allows, and what it waits for.
    pub(crate) state: String,
}

impl Standing {
    fn words(&self) -> String {
        format!(
            "{}  {}  equity {}  fills {}  open orders {}",
            moment(self.market_ms),
            self.state,
            self.equity,
            self.fills,
            self.open_orders
        )
    }
}

/// Shows where a run stands.
pub(crate) enum Progress {
    /// An updating line; with a bar where the end is known.
    Terminal {
        bar: ProgressBar,
        /// First and last moment of the data, market clock.
        span: Option<(i64, i64)>,
    },
    /// A line every few seconds.
    Piped { last: Option<Instant> },
}

impl Progress {
    /// Chooses by what standard error is. `span`: first and last moment of the data, where it ends.
    pub(crate) fn start(span: Option<(i64, i64)>) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Piped { last: None };
        }
        let length = span.map(|(first, last)| u64::try_from(last - first).unwrap_or(0));
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr_with_hz(10));
        let template = if span.is_some() { "{bar:24} {percent:>3}%  {msg}" } else { "{spinner} {msg}" };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self::Terminal { bar, span }
    }

    /// Shows it, at most as often as fits the medium.
    pub(crate) fn show(&mut self, standing: &Standing) {
        match self {
            Self::Terminal { bar, span } => {
                if let Some((first, _)) = span {
                    bar.set_position(u64::try_from(standing.market_ms - *first).unwrap_or(0));
                }
                bar.set_message(standing.words());
                bar.tick();
            }
            Self::Piped { last } => {
                if last.is_none_or(|last| last.elapsed() >= LINE_EVERY) {
                    *last = Some(Instant::now());
                    // Lost where it cannot be written: a run does not end because the disk of its log is full.
                    let _ = writeln!(std::io::stderr(), "{}", standing.words());
                }
            }
        }
    }

    /// Standard error for log lines: they push the status line down instead of being drawn over.
    pub(crate) fn log_writer(&self) -> impl Fn() -> LogWriter + Send + Sync + 'static {
        let bar = match self {
            Self::Terminal { bar, .. } => Some(bar.clone()),
            Self::Piped { .. } => None,
        };
        move || LogWriter(bar.clone())
    }

    /// Leaves the terminal clean for what follows.
    pub(crate) fn finish(&self) {
        if let Self::Terminal { bar, .. } = self {
            bar.finish_and_clear();
        }
    }
}

/// What a long piece of work is at, in a line that is renewed on a terminal; piped, nothing.
pub(crate) struct Line(Option<ProgressBar>);

impl Line {
    /// Chooses by what standard error is.
    pub(crate) fn start() -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        Self(is_terminal.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            bar
        }))
    }

    /// Shows it.
    pub(crate) fn show(&mut self, words: &str) {
        if let Some(bar) = &self.0 {
            bar.set_message(words.to_owned());
            bar.tick();
        }
    }

    /// Leaves the terminal clean for what follows.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// A size for people: `1.4 MiB`.
pub(crate) fn bytes(count: u64) -> String {
    indicatif::BinaryBytes(count).to_string()
}

/// Where log lines go.
pub(crate) struct LogWriter(Option<ProgressBar>);

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        match &self.0 {
            Some(bar) => bar.suspend(|| std::io::stderr().write(line)),
            None => std::io::stderr().write(line),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// A moment of the market for people: `2026-03-02 14:05`.
pub(crate) fn moment(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms)
        .map(|at| at.strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_else(|_| format!("{ms} ms"))
}

/// A length of market time for people: `13 d 21 h`.
pub(crate) fn length(ms: i64) -> String {
    format!("{} d {} h", ms / DAY_MS, ms % DAY_MS / 3_600_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_lengths_read_well() {
        assert_eq!(moment(1_772_409_600_000), "2026-03-02 00:00");
        assert_eq!(length(13 * DAY_MS + 21 * 3_600_000 + 5), "13 d 21 h");
    }
}
