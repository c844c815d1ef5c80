//! The command line as typed.

mod ground;
mod history;
mod live;
mod market;
mod operate;
mod past;
mod value;

pub(crate) use ground::{
    Check, Completions, Doctor, Init, Keys, KeysAction, KeysCheck, KeysRevoke, KeysSeal, Man, Schema,
    SchemaOf,
};
pub(crate) use history::{Backtest, Tune};
pub(crate) use live::{Guard, Run, Venue};
pub(crate) use market::{Data, DataAction, DataFetch, DataFolder, DataImport, FetchKind, Record, WhichVenue};
pub(crate) use operate::{BotCommand, CancelAll, Events, Flatten, Halt, Reload, Resolve, Target};
pub(crate) use past::{
    Explain, Fills, Journal, JournalAction, JournalCopy, JournalDir, Orders, Past, Replay,
};

use clap::{Parser, Subcommand};

/// Runs rule-based trading bots on Bybit V5, headless.
#[derive(Debug, Parser)]
#[command(name = "windvane", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the bots of a config. With the embedded venue on a replay it ends with the data and prints a summary.
    Run(Run),
    /// Runs the bots of a config over recorded candles, at full speed, and says what came of it.
    Backtest(Backtest),
    /// Plays a bot over recorded candles with other values of its parameters, and says which did best.
    Tune(Tune),
    /// Serves a Bybit V5 exchange on loopback.
    Venue(Venue),
    /// Validates a config with its strategies, or one strategy file, without network.
    Check(Check),
    /// Prints the JSON Schema of strategy or config files, for editors.
    Schema(Schema),
    /// Asks a running engine how it is.
    Status(Target),
    /// Stops opening positions until `resume`; protection and reducing go on.
    Halt(Halt),
    /// Opens positions again after `halt`.
    Resume(Target),
    /// Cancels own orders, then closes positions reduce-only.
    Flatten(Flatten),
    /// Has a running engine read its config and strategies anew: all of the change, or none of it.
    Reload(Reload),
    /// Cancels orders that open. The bots concerned open nothing until `resume`; exits and stops stay.
    CancelAll(CancelAll),
    /// Holds one bot back, or lets it go again.
    Bot(BotCommand),
    /// Stands beside an engine, with a key of its own, and cancels its entries when it can no longer look after them.
    Guard(Guard),
    /// Looks at an API key.
    Keys(Keys),
    /// Declares an order of unknown outcome absent, where the venue can no longer prove it.
    Resolve(Resolve),
    /// Lists open orders, those of others included, out of the journal.
    Orders(Orders),
    /// Lists positions with what they brought, out of the journal.
    Positions(Past),
    /// Lists executions, out of the journal.
    Fills(Fills),
    /// Lists trades from flat to flat with profit, fees and funding, out of the journal.
    Trades(Past),
    /// Says why: each step from signal and risk to command, answer, fills and position, out of the journal.
    Explain(Explain),
    /// What happened lately; with `--follow`, what happens.
    Events(Events),
    /// The status of a running engine in the terminal, renewed once a second.
    Top(Target),
    /// Looks for what would keep an engine from trading here, and says what to do about each.
    Doctor(Doctor),
    /// Writes a commented starter project.
    Init(Init),
    /// Reads the journal off line.
    Journal(Journal),
    /// Writes messages of public streams and of the account's own into packed files, which a venue can replay.
    Record(Record),
    /// Recorded markets: downloads, takes in archive files, looks for gaps.
    Data(Data),
    /// Prints the completions of a shell.
    Completions(Completions),
    /// Writes manual pages.
    Man(Man),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
