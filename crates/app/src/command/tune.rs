//! `windvane tune`: a bot over recorded candles with other values of its parameters.
//!
//! Rows are written as they come, under a word that stands for everything they depend on. A sweep that was broken off
//! goes on where that word is the same, and starts anew where it is not.

use super::backtest::{bar, setup};
use crate::cli::Tune;
use crate::config::{self, BotSettings, Settings};
use crate::exit::Failure;
use anyhow::Context;
use serde_json::json;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;
use std::process::ExitCode;
use windvane_engine::BotSetup;
use windvane_research::Setup;
use windvane_research::data::History;
use windvane_research::tune::{
    Candidate, Plan, Refused, Row, Search, Space, best, log_line, read_log, sweep, table,
};

/// Which draw, where none is named.
const USUAL_SEED: u64 = 1;
/// The values of the best candidate, for a config.
const BEST: &str = "best.toml";
/// Rows as they came, for a sweep that is broken off.
const LOG: &str = "rows.log";

/// Plays the candidates, and writes the table and the best of them.
///
/// # Errors
/// With the exit code and the sentence for whoever called.
pub(crate) fn tune(arguments: &Tune) -> Result<ExitCode, Failure> {
    let settings = config::load(&arguments.config)?;
    let bot = chosen(&settings, arguments.bot.as_deref())?;
    let space = Space::of(&bot.source.text, &arguments.param)
        .map_err(|error| Failure::Config(format!("{}: {error}", bot.source.path.display())))?;
    let search = match arguments.random {
        Some(count) => Search::Random { count, seed: arguments.seed.unwrap_or(USUAL_SEED) },
        None => Search::Grid { values: arguments.grid },
    };
    let candidates = space.candidates(search).map_err(|error| Failure::Config(error.to_string()))?;
    let of = |candidate: &Candidate| of_candidate(&settings, bot, candidate);
    let symbols = of(&Candidate::new()).map_err(Failure::Config)?.symbols();
    let data = windvane_research::data::load(&arguments.data, &symbols)
        .map_err(|error| Failure::Config(error.to_string()))?;
    let (inside, outside) = parts(arguments, &data);
    let threads =
        arguments.threads.or(std::thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);
    let plan = Plan { candidates: &candidates, data: &data, inside, outside, threads };

    let mut log = Log::open(&arguments.out, &fingerprint(&settings, &plan), &candidates)
        .with_context(|| format!("writing into {}", arguments.out.display()))?;
    let bar = bar(candidates.len());
    bar.set_position(log.rows.len() as u64);
    let is_done: Vec<bool> = {
        let mut is_done = vec![false; candidates.len()];
        log.rows.iter().for_each(|row| is_done[row.number] = true);
        is_done
    };
    let (mut fault, mut refused) = (None, Vec::new());
    let played = sweep(
        &plan,
        |number| is_done[number],
        &of,
        |played| {
            bar.inc(1);
            match played {
                Ok(row) => log.take(row).map_err(|error| fault = Some(error)).is_ok(),
                Err(problem) => {
                    refused.push(problem);
                    true
                }
            }
        },
    );
    bar.finish_and_clear();
    if let Some(error) = fault {
        return Err(Failure::Fault(anyhow::Error::new(error).context("writing the rows")));
    }
    played.map_err(|error| Failure::Config(error.to_string()))?;
    refused.sort_by_key(|refused: &Refused| refused.number);
    if let Some(first) = refused.first().filter(|_| log.rows.is_empty()) {
        return Err(Failure::Config(format!(
            "the strategy refuses all {} candidates; the first: {}",
            refused.len(),
            first.problem
        )));
    }
    finish(arguments, bot, &space, &Swept { rows: &log.rows, refused: &refused, threads })
}

fn chosen<'s>(settings: &'s Settings, name: Option<&str>) -> Result<&'s BotSettings, Failure> {
    let names = || settings.bots.iter().map(|bot| bot.name.to_string()).collect::<Vec<_>>().join(", ");
    match (name, settings.bots.as_slice()) {
        (None, [only]) => Ok(only),
        (None, _) => Err(Failure::Config(format!("name the bot to tune with --bot; there are: {}", names()))),
        (Some(name), bots) => bots
            .iter()
            .find(|bot| bot.name.as_str() == name)
            .ok_or_else(|| Failure::Config(format!("there is no bot `{name}`; there are: {}", names()))),
    }
}

/// The backtest of the bot alone, with the values of a candidate.
fn of_candidate(settings: &Settings, bot: &BotSettings, candidate: &Candidate) -> Result<Setup, String> {
    let definition = bot.source.with(candidate)?;
    let definition = match bot.position_index.only_side() {
        Some(side) => definition.on_side(side).map_err(|error| error.to_string())?,
        None => definition,
    };
    let bot = BotSetup { strategy: definition.bot(), ..bot.setup(None) };
    Ok(setup(settings, vec![bot]))
}

/// The span in two parts.
fn parts(arguments: &Tune, data: &[History]) -> (Range<i64>, Option<Range<i64>>) {
    let first = data.iter().filter_map(|history| Some(history.bars.first()?.start_ms)).max().unwrap_or(0);
    let last = data.iter().map(History::end_ms).min().unwrap_or(0);
    let from = arguments.from.unwrap_or(first).max(first);
    let to = arguments.to.unwrap_or(last).min(last);
    let cut = from + (to - from) / 100 * i64::from(arguments.split);
    match arguments.split {
        100 => (from..to, None),
        _ => (from..cut, Some(cut..to)),
    }
}

/// A word for everything that a row depends on.
fn fingerprint(settings: &Settings, plan: &Plan<'_>) -> String {
    let mut hasher = DefaultHasher::new();
    (env!("CARGO_PKG_VERSION"), settings.fingerprint, &plan.inside, &plan.outside).hash(&mut hasher);
    plan.candidates.hash(&mut hasher);
    for history in plan.data {
        history.symbol.as_str().hash(&mut hasher);
        for bar in &history.bars {
            let prices = [bar.open, bar.high, bar.low, bar.close, bar.volume];
            (bar.start_ms, prices.map(windvane_model::Fixed::raw)).hash(&mut hasher);
        }
        history.funding.hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// The rows so far, on the disk and in hand.
struct Log {
    file: File,
    rows: Vec<Row>,
}

impl Log {
    /// Takes up the rows of an earlier sweep of the same word, or begins anew.
    fn open(folder: &Path, word: &str, candidates: &[Candidate]) -> std::io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join(LOG);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let rows = match text.split_once('\n') {
            Some((first, rows)) if first == word => read_log(rows, candidates),
            _ => Vec::new(),
        };
        // Written anew, so that a line that was cut does not spoil the next.
        let mut file = File::create(&path)?;
        writeln!(file, "{word}")?;
        for row in &rows {
            writeln!(file, "{}", log_line(row))?;
        }
        Ok(Self { file, rows })
    }

    fn take(&mut self, row: Row) -> std::io::Result<()> {
        writeln!(self.file, "{}", log_line(&row))?;
        self.rows.push(row);
        Ok(())
    }
}

/// What became of a sweep.
struct Swept<'s> {
    rows: &'s [Row],
    refused: &'s [Refused],
    /// How many candidates were played at a time.
    threads: usize,
}

fn finish(
    arguments: &Tune,
    bot: &BotSettings,
    space: &Space,
    swept: &Swept<'_>,
) -> Result<ExitCode, Failure> {
    let Swept { rows, refused, threads } = *swept;
    let write = |name: &str, text: String| {
        let path = arguments.out.join(name);
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
    };
    write("table.csv", table(space, rows))?;
    let best = best(rows, arguments.by, arguments.min_trades);
    match best {
        Some(best) => write(BEST, overlay(bot, best, rows.len()))?,
        // The best of an earlier sweep is not that of this one.
        None => forget(&arguments.out.join(BEST))?,
    }
    if arguments.json {
        let best = best.map(|row| {
            json!({
                "candidate": row.number, "params": row.candidate, "in_net": row.inside.net.to_string(),
                "out_net": row.outside.map(|figures| figures.net.to_string()),
            })
        });
        println!(
            "{}",
            json!({
                "schema": "windvane.tune/1", "candidates": rows.len(), "refused": refused.len(),
                "threads": threads, "best": best,
            })
        );
        return Ok(ExitCode::SUCCESS);
    }
    let table = arguments.out.join("table.csv");
    println!("{} candidates, {threads} at a time, in {}", rows.len(), table.display());
    if let Some(first) = refused.first() {
        println!("{} more are refused by the strategy; the first: {}", refused.len(), first.problem);
    }
    match best {
        Some(best) => {
            let values: Vec<String> =
                best.candidate.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            println!("best: {} ({})", values.join(", "), arguments.out.join(BEST).display());
            println!("  chosen on:   {}", words(best.inside));
            if let Some(outside) = best.outside {
                println!("  never seen:  {}", words(outside));
            }
        }
        None => println!("none has {} closed trades; see --min-trades", arguments.min_trades),
    }
    Ok(ExitCode::SUCCESS)
}

/// Removes a file, if there is one.
fn forget(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn words(figures: windvane_research::tune::Figures) -> String {
    let two = |money: windvane_model::Money| format!("{:.2}", money.get().round_dp(2));
    let (net, fees, drawdown) = (two(figures.net), two(figures.fees), two(figures.drawdown));
    format!("net {net}, drawdown {drawdown}, fees {fees}, {} trades, {} won", figures.trades, figures.won)
}

/// The values as the bot's table in a config takes them.
fn overlay(bot: &BotSettings, best: &Row, count: usize) -> String {
    let mut text =
        format!("# The best of {count} candidates on the part it was chosen by: {}.\n", words(best.inside));
    if let Some(outside) = best.outside {
        let _ = writeln!(text, "# On the part that it had not seen: {}.", words(outside));
    }
    let _ = writeln!(text, "[bot.{}.params]", bot.name);
    for (name, value) in &best.candidate {
        let is_number = value.parse::<f64>().is_ok();
        let _ = if is_number {
            writeln!(text, "{name} = {value}")
        } else {
            writeln!(text, "{name} = \"{value}\"")
        };
    }
    text
}
