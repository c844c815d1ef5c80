//! One command per file; this one only chooses.

mod backtest;
mod backup;
mod check;
mod control;
mod data;
mod doctor;
mod events;
mod guard;
mod init;
mod journal;
mod keys;
mod past;
mod record;
mod replay;
mod run;
mod shell;
mod top;
mod tune;
mod venue;

use crate::cli::{Command, DataAction, JournalAction, KeysAction};
use crate::exit::Failure;
use std::process::ExitCode;

/// Performs a command.
///
/// # Errors
/// With the exit code and the sentence for whoever called.
pub(crate) fn perform(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Run(run) => run::run(&run),
        Command::Backtest(backtest) => backtest::backtest(&backtest),
        Command::Tune(tune) => tune::tune(&tune),
        Command::Venue(venue) => venue::serve(&venue),
        Command::Check(check) => check::check(&check),
        Command::Schema(schema) => Ok(check::schema(schema.of)),
        Command::Status(target) => control::status(&target),
        Command::Halt(halt) => control::halt(&halt),
        Command::Resume(target) => control::resume(&target),
        Command::Flatten(flatten) => control::flatten(&flatten),
        Command::Reload(reload) => control::reload(&reload),
        Command::CancelAll(cancel) => control::cancel_all(&cancel),
        Command::Bot(bot) => control::bot(&bot),
        Command::Guard(guard) => guard::guard(&guard),
        Command::Keys(keys) => match keys.action {
            KeysAction::Check(arguments) => keys::check(&arguments),
            KeysAction::Seal(arguments) => keys::seal(&arguments),
            KeysAction::Revoke(arguments) => keys::revoke(&arguments),
        },
        Command::Resolve(resolve) => control::resolve(&resolve),
        Command::Orders(orders) => past::orders(&orders),
        Command::Positions(positions) => past::positions(&positions),
        Command::Fills(fills) => past::fills(&fills),
        Command::Trades(trades) => past::trades(&trades),
        Command::Explain(explain) => past::explain(&explain),
        Command::Events(events) => events::events(&events),
        Command::Top(target) => top::top(&target),
        Command::Doctor(doctor) => doctor::doctor(&doctor),
        Command::Init(init) => init::init(&init),
        Command::Record(arguments) => record::record(&arguments),
        Command::Data(data) => match data.action {
            DataAction::Fetch(arguments) => data::fetch(&arguments),
            DataAction::Import(arguments) => data::import(&arguments),
            DataAction::Verify(folder) => data::verify(&folder),
            DataAction::Info(folder) => data::info(&folder),
        },
        Command::Completions(completions) => Ok(shell::completions(&completions)),
        Command::Man(man) => shell::man(&man),
        Command::Journal(journal) => match journal.action {
            JournalAction::Verify(folder) => journal::verify(&folder),
            JournalAction::Export(folder) => journal::export(&folder),
            JournalAction::Stat(folder) => journal::stat(&folder),
            JournalAction::Copy(arguments) => backup::copy(&arguments),
            JournalAction::Replay(replay) => replay::replay(&replay),
        },
    }
}

/// Runs a future to its end on a runtime of one thread: sockets, engine and journal writes share it.
fn on_one_thread<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build_local(tokio::runtime::LocalOptions::default())
        .map_err(|error| Failure::Fault(anyhow::Error::new(error).context("starting the runtime")))?;
    runtime.block_on(future)
}
