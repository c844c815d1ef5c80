//! `windvane run`: the bots of a config, until the data or the day ends.

use super::on_one_thread;
use crate::cli::Run;
use crate::config::{self, LogStyle, Settings, VenueSettings};
use crate::exit::Failure;
use crate::live::{self, Ending, Session};
use crate::progress::Progress;
use crate::verdict::Verdict;
use crate::{rebuild, summary};
use std::process::ExitCode;
use std::time::Instant;
use windvane_model::{HaltCause, MarketTime, RunState};
use windvane_telemetry::LogFormat;
use windvane_venue::MarketConfig;
use windvane_venue::table::Table;

/// Length of a recorded bar.
const BAR_MS: i64 = 300_000;

/// Runs, prints the summary and the verdict.
///
/// # Errors
/// With the exit code and the sentence for whoever called.
pub(crate) fn run(arguments: &Run) -> Result<ExitCode, Failure> {
    let mut settings = config::load(&arguments.config)?;
    if let Some(speed) = arguments.speed {
        set_speed(&mut settings, speed)?;
    }
    settings.is_shadow = arguments.shadow;
    let style = match settings.log_style {
        LogStyle::Text => LogFormat::Text,
        LogStyle::Json => LogFormat::Json,
    };
    let span = replay_span(&settings);
    let mut progress = Progress::start(span);
    windvane_telemetry::start_logging(&settings.log_filter, style, progress.log_writer())
        .map_err(Failure::Config)?;
    if !arguments.json {
        announce(&settings, span);
    }
    let began = Instant::now();
    let duration = arguments.duration;
    let when_idle = settings.when_idle;
    let trading = async move {
        let session = live::run(settings, duration, |live| progress.show(&live.standing())).await;
        progress.finish();
        session
    };
    let session = on_one_thread(async {
        live::keep_awake(when_idle);
        // As a task among tasks: the future that a runtime itself waits for is woken by way of the system's poll,
        // which would stand between a price and its order.
        let task = tokio::task::spawn_local(trading);
        task.await.unwrap_or_else(|ended| std::panic::resume_unwind(ended.into_panic()))
    })?;
    let verdict = judge(&session)?;
    print(arguments, &session, verdict.as_ref(), began);
    outcome(&session, verdict.as_ref())
}

/// What is about to happen, before anything does.
fn announce(settings: &Settings, span: Option<(i64, i64)>) {
    let bots: Vec<_> = settings.bots.iter().map(|bot| format!("{} on {}", bot.name, bot.symbol)).collect();
    eprintln!("bots: {}", bots.join(", "));
    settings.hints().iter().for_each(|hint| eprintln!("warning: {hint}"));
    if settings.is_shadow {
        eprintln!("shadow run: nothing is sent; leverage must stand at the venue as the config has it");
    }
    if let Some((first, last)) = span {
        eprintln!(
            "venue: embedded, replaying {} from {} (rate limits off: a second holds hours)",
            crate::progress::length(last - first),
            crate::progress::moment(first)
        );
    }
    if let Some(address) = settings.metrics {
        eprintln!("status page: http://{address}/ (metrics: /metrics)");
    }
}

/// First and last moment of a replay, market clock; `None` where there is no end.
fn replay_span(settings: &Settings) -> Option<(i64, i64)> {
    let VenueSettings::Embedded(config) = &settings.venue else { return None };
    let MarketConfig::Replay(replay) = &config.market else { return None };
    let name = config.instruments.first()?.to_lowercase();
    // A table that cannot be read is the venue's to report.
    let table = Table::load(&replay.dir.join(format!("{name}.csv"))).ok()?;
    Some((table.bars.get(replay.history_bars)?.start_ms, table.bars.last()?.start_ms + BAR_MS))
}

fn set_speed(settings: &mut Settings, speed: u32) -> Result<(), Failure> {
    if let VenueSettings::Embedded(config) = &mut settings.venue
        && let MarketConfig::Replay(replay) = &mut config.market
    {
        replay.speed = speed;
        return Ok(());
    }
    Err(Failure::Config("--speed belongs to an embedded venue that replays".to_owned()))
}

/// The books out of the journal files alone, against the venue's; `None` where there is nothing to compare.
fn judge(session: &Session) -> Result<Option<Verdict>, Failure> {
    let Some(state) = &session.venue_state else { return Ok(None) };
    let rebuilt = rebuild::from_journal(&session.folder, session.claims.clone(), session.install)?;
    let began = rebuilt.start.as_ref().map(|start| start.wall);
    if rebuilt.orders().last_agreed() < began {
        // Ended while it started: what happened since the last run was not asked for yet.
        tracing::warn!("ended before the account was read; the books are not compared");
        return Ok(None);
    }
    let is_whole = rebuilt.orders().forgotten_until() == MarketTime::default();
    Ok(Some(Verdict::of(&rebuilt.orders().truth(), state, session.uid, is_whole)?))
}

fn print(arguments: &Run, session: &Session, verdict: Option<&Verdict>, began: Instant) {
    if arguments.json {
        println!("{}", summary::json(session, verdict));
        return;
    }
    for line in summary::lines(session) {
        println!("{line}");
    }
    println!("journal: {} ({:.1} s)", session.folder.display(), began.elapsed().as_secs_f64());
    if let Some(verdict) = verdict {
        println!("rate limits of the venue: {}", verdict.rate_limits);
        for line in verdict.lines() {
            println!("{line}");
        }
    }
}

/// What the process tells its caller: 0 only when the books agree and nothing had to stop the trading.
fn outcome(session: &Session, verdict: Option<&Verdict>) -> Result<ExitCode, Failure> {
    if session.ending == Ending::Forced {
        return Err(Failure::Fault(anyhow::anyhow!(
            "left at once, as the second signal asked: orders and positions may remain at the venue; the next \
             start takes them over"
        )));
    }
    if verdict.is_some_and(|verdict| !verdict.is_equal()) {
        return Ok(ExitCode::from(1));
    }
    match session.engine.run_state() {
        RunState::Halted(HaltCause::Shutdown) | RunState::Active | RunState::Reducing => {
            Ok(ExitCode::SUCCESS)
        }
        RunState::Halted(cause) => Err(Failure::Halted(format!(
            "halted ({}): nothing opens until `windvane resume`, also after a restart",
            cause.as_str()
        ))),
        RunState::Fenced => Err(Failure::Halted("fenced: another engine trades this account".to_owned())),
    }
}
