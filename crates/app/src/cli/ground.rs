//! What is looked at before anything runs: files, keys, the machine.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) what: Checked,
    /// Prints what was understood of a strategy file as one JSON object.
    #[arg(long, requires = "strategy")]
    pub(crate) json: bool,
    /// Prints every value of a config and where it came from: a file, a variable of the environment, a default.
    #[arg(long, requires = "config")]
    pub(crate) origins: bool,
    /// Prints with `--config` how well each kind of margin is known, and why.
    #[arg(long)]
    pub(crate) margin: bool,
}

/// What is checked.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Checked {
    /// A config file, checked with every strategy it names.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// One strategy file alone.
    #[arg(long, value_name = "FILE")]
    pub(crate) strategy: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Of which files.
    #[arg(long, value_name = "FILES", value_enum, default_value_t = SchemaOf::Strategy)]
    pub(crate) of: SchemaOf,
}

/// Files that a schema is of.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SchemaOf {
    /// Strategy files.
    Strategy,
    /// Config files.
    Config,
}

#[derive(Debug, Args)]
pub(crate) struct Keys {
    #[command(subcommand)]
    pub(crate) action: KeysAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysAction {
    /// Asks the venue what the key of a config may do, and says whether the engine would trade with it.
    Check(KeysCheck),
    /// Encrypts a key file with a passphrase, which is asked for at the terminal or read from a file descriptor.
    Seal(KeysSeal),
    /// Deletes the key of a config at the venue, for good. Refused while an order or a position is open.
    Revoke(KeysRevoke),
}

#[derive(Debug, Args)]
pub(crate) struct KeysCheck {
    /// The config that names the venue and the key.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Prints one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct KeysSeal {
    /// The key file in the clear: two lines, `key = "…"` and `secret = "…"`; mode 0600.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: PathBuf,
    /// The sealed file to write; it must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// An open file descriptor whose first line is the passphrase, instead of the terminal.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) passphrase_fd: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct KeysRevoke {
    /// The config that names the venue and the key.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The number of the account that the key must belong to (`keys check` shows it); it says that this is meant.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) account: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The config file.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Looks at this machine only.
    #[arg(long)]
    pub(crate) offline: bool,
    /// Prints the findings as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Where; made if it is not there. Nothing in it is overwritten.
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The folder to write into.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}
