//! `windvane backtest`: the bots of a config over recorded candles.

use crate::cli::Backtest;
use crate::config::{self, Settings, VenueSettings};
use crate::exit::Failure;
use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rust_decimal::Decimal;
use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Instant;
use windvane_engine::BotSetup;
use windvane_research::data::{History, Tape};
use windvane_research::{Account, Outcome, Setup, report};
use windvane_venue_core::{Doubts, Fees};

/// The exchange's rates without a VIP level. Source: Bybit, "Trading Fee Structure".
const USUAL_FEES: Fees =
    Fees { taker: Decimal::from_parts(55, 0, 0, false, 5), maker: Decimal::from_parts(2, 0, 0, false, 4) };
/// The leverage that an account is found with that no config describes.
const FOUND_LEVERAGE: Decimal = Decimal::TEN;

/// Plays the data, prints the summary and writes what was asked for.
///
/// # Errors
/// With the exit code and the sentence for whoever called.
pub(crate) fn backtest(arguments: &Backtest) -> Result<ExitCode, Failure> {
    let is_tape = Tape::is_at(&arguments.data);
    if is_tape {
        refuse_for_tape(arguments)?;
    }
    let mut settings = config::load(&arguments.config)?;
    settings.backtest.fills = arguments.fills.unwrap_or(settings.backtest.fills);
    warn(settings.bots.iter().flat_map(|bot| &bot.source.warnings).collect::<BTreeSet<_>>());
    let bots = settings.bots.iter().map(|bot| bot.setup(None)).collect();
    let setup = setup(&settings, bots);
    let began = Instant::now();
    let (loaded, data, outcome) = if is_tape {
        let tape = Tape::load(&arguments.data).map_err(|error| Failure::Config(error.to_string()))?;
        let loaded = began.elapsed();
        let bar = bar(tape.steps());
        let outcome = windvane_research::replay(setup, &tape, |done| bar.set_position(done as u64));
        bar.finish_and_clear();
        (loaded, tape.histories(), outcome.map_err(|error| Failure::Config(error.to_string()))?)
    } else {
        let data = windvane_research::data::load(&arguments.data, &setup.symbols())
            .map_err(|error| Failure::Config(error.to_string()))?;
        warn(&settings.hints_over(&data, arguments.to.unwrap_or(i64::MAX)));
        let loaded = began.elapsed();
        let outcome = play(arguments, setup, &data)?;
        (loaded, data, outcome)
    };
    let played = began.elapsed() - loaded;
    if let Some(folder) = &arguments.csv {
        report::write_csv(folder, &outcome).with_context(|| format!("writing into {}", folder.display()))?;
    }
    if let Some(folder) = &arguments.out {
        report::write_all(folder, &outcome, &data)
            .with_context(|| format!("writing into {}", folder.display()))?;
    }
    if arguments.json {
        println!("{}", report::json(&outcome));
        return Ok(ExitCode::SUCCESS);
    }
    report::lines(&outcome).iter().for_each(|line| println!("{line}"));
    let seconds = played.as_secs_f64().max(1e-9);
    #[expect(clippy::cast_precision_loss, reason = "a count of bars for reading")]
    let speed = outcome.bars as f64 / seconds;
    eprintln!(
        "{} bars in {seconds:.2} s ({speed:.0} a second), read in {:.2} s",
        outcome.bars,
        loaded.as_secs_f64()
    );
    Ok(ExitCode::SUCCESS)
}

/// Says what is hardly meant, before anything is played.
fn warn<'w>(hints: impl IntoIterator<Item = &'w String>) {
    hints.into_iter().for_each(|hint| eprintln!("warning: {hint}"));
}

/// A tape is played as it is: from its first event to its last, with fills out of its own books and prints.
fn refuse_for_tape(arguments: &Backtest) -> Result<(), Failure> {
    let given = [
        ("--from", arguments.from.is_some()),
        ("--to", arguments.to.is_some()),
        ("--fills", arguments.fills.is_some()),
    ];
    let Some((option, _)) = given.into_iter().find(|(_, is_given)| *is_given) else { return Ok(()) };
    Err(Failure::Config(format!(
        "{}: {option} says nothing of a session's tape, which is played whole and with its own books; leave it out, or \
         give candles",
        arguments.data.display()
    )))
}

fn play(arguments: &Backtest, setup: Setup, data: &[History]) -> Result<Outcome, Failure> {
    let span = arguments.from.unwrap_or(i64::MIN)..arguments.to.unwrap_or(i64::MAX);
    let backtest = windvane_research::Backtest::new(setup, data, &span)
        .map_err(|error| Failure::Config(error.to_string()))?;
    let bar = bar(backtest.steps());
    let outcome = backtest.run(|done| bar.set_position(done as u64));
    bar.finish_and_clear();
    outcome.map_err(|error| Failure::Config(error.to_string()))
}

/// A bar on a terminal, nothing elsewhere.
pub(super) fn bar(steps: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::stderr_with_hz(10));
    if let Ok(style) =
        ProgressStyle::with_template("{bar:32} {percent:>3}%  {human_pos} of {human_len}  {eta}")
    {
        bar.set_style(style);
    }
    bar
}

/// A backtest of these bots under the limits and the account of a config.
pub(super) fn setup(settings: &Settings, bots: Vec<BotSetup>) -> Setup {
    Setup {
        bots,
        limits: settings.risk.clone(),
        unprotected_ms_max: settings.unprotected_ms_max,
        account: account(settings),
        settings: settings.backtest.clone(),
    }
}

/// The account of `[backtest]`, else that of the embedded venue, else one that holds the bots' budgets.
fn account(settings: &Settings) -> Account {
    let embedded = match &settings.venue {
        VenueSettings::Embedded(venue) => Some(venue),
        VenueSettings::Remote(_) => None,
    };
    let of_venue = embedded.and_then(|venue| venue.accounts.first());
    let budgets = settings.bots.iter().map(|bot| bot.budget.value).sum();
    let given = &settings.backtest;
    let balance = given.balance.map(|amount| amount.value);
    let fees =
        of_venue.map_or(USUAL_FEES, |account| Fees { taker: account.taker_fee, maker: account.maker_fee });
    Account {
        balance: balance.or(of_venue.map(|account| account.balance_usdt)).unwrap_or(budgets),
        fees: Fees {
            taker: given.taker_fee.map_or(fees.taker, |fee| fee.fraction()),
            maker: given.maker_fee.map_or(fees.maker, |fee| fee.fraction()),
        },
        leverage: of_venue.map_or(FOUND_LEVERAGE, |account| account.leverage),
        doubts: embedded.map_or_else(Doubts::default, |venue| venue.doubts.core),
    }
}
