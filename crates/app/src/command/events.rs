//! `windvane events`: what happened lately, and with `--follow` what happens.

use super::control::{reach, socket};
use crate::cli::Events;
use crate::control::{Answer, Ask};
use crate::exit::Failure;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;
use windvane_telemetry::Entry;

/// How often a running engine is asked for what is new.
const EVERY: Duration = Duration::from_millis(500);

/// Prints the newest events, oldest first; with `--follow` until a signal or the end of the engine.
///
/// # Errors
/// When no engine answers.
pub(crate) fn events(arguments: &Events) -> Result<ExitCode, Failure> {
    let socket = socket(&arguments.target)?;
    let mut seen = None;
    loop {
        let ask = Ask::Events { after: seen, count: arguments.count };
        let entries = match reach(&socket, &ask) {
            Ok(Answer::Events(entries)) => entries,
            Ok(other) => return Err(unexpected(&other)),
            // It was there a moment ago: the engine has ended, and so does the story.
            Err(_) if seen.is_some() => return Ok(ExitCode::SUCCESS),
            Err(failure) => return Err(failure),
        };
        if let (Some(seen), Some(first)) = (seen, entries.first())
            && first.number > seen + 1
        {
            eprintln!("… {} events came too fast and are in the journal only", first.number - seen - 1);
        }
        let mut out = std::io::stdout().lock();
        for entry in &entries {
            let line = if arguments.json { as_json(entry)? } else { as_text(entry) };
            if writeln!(out, "{line}").is_err() {
                // Whoever read has gone.
                return Ok(ExitCode::SUCCESS);
            }
        }
        seen = Some(entries.last().map_or(seen.unwrap_or(0), |entry| entry.number));
        if !arguments.follow {
            return Ok(ExitCode::SUCCESS);
        }
        std::thread::sleep(EVERY);
    }
}

fn unexpected(answer: &Answer) -> Failure {
    Failure::Fault(anyhow::anyhow!("the engine answered something else: {answer:?}"))
}

fn as_json(entry: &Entry) -> Result<String, Failure> {
    serde_json::to_string(entry).map_err(|error| Failure::Fault(error.into()))
}

/// `2026-03-02 14:05:09  fill     trend BTCUSDT  buy 0.01 at 60000, took  (61b0…)`
fn as_text(entry: &Entry) -> String {
    let at = jiff::Timestamp::from_millisecond(entry.market_ms)
        .map(|at| at.strftime("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default();
    let about = [entry.bot.as_deref(), entry.symbol.as_deref()];
    let about = about.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let order = entry.client_order_id.as_ref().map_or_else(String::new, |id| format!("  ({id})"));
    format!("{at}  {:<8} {about:<20} {}{order}", entry.kind.as_str(), entry.text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use windvane_telemetry::{Chronicle, Kind, Story};

    #[test]
    fn a_line_says_when_what_and_about_which_order() {
        let mut chronicle = Chronicle::default();
        let story = Story {
            bot: Some("trend".to_owned()),
            client_order_id: Some("61b0fngl0tox2dp-00000a".to_owned()),
            ..Story::of(Kind::Fill, "buy 0.01 at 60000, took")
        };
        let line = as_text(chronicle.note(story, 0, 1_772_409_600_000));
        for word in ["2026-03-02 00:00:00", "fill", "trend", "buy 0.01", "(61b0fngl0tox2dp-00000a)"] {
            assert!(line.contains(word), "{line}");
        }
    }
}
