//! `windvane status`, `halt`, `resume`, `flatten`, `cancel-all`, `bot`, `resolve`, `reload`: asking and telling a running engine.

use crate::cli::{BotCommand, CancelAll, Flatten, Halt, Reload, Resolve, Target};
use crate::config;
use crate::control::{self, Answer, Ask, SOCKET_NAME};
use crate::exit::Failure;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// `windvane status`.
///
/// # Errors
/// When no engine answers.
pub(crate) fn status(target: &Target) -> Result<ExitCode, Failure> {
    send(target, &Ask::Status {})
}

/// `windvane halt`.
///
/// # Errors
/// When no engine answers.
pub(crate) fn halt(arguments: &Halt) -> Result<ExitCode, Failure> {
    let ask = match arguments.kill {
        true => Ask::Kill { scope: arguments.scope },
        false => Ask::Halt { cancel_entries: arguments.cancel_entries },
    };
    send(&arguments.target, &ask)
}

/// `windvane cancel-all`.
///
/// # Errors
/// When no engine answers, or it has no such bot.
pub(crate) fn cancel_all(arguments: &CancelAll) -> Result<ExitCode, Failure> {
    send(&arguments.target, &Ask::CancelAll { bot: arguments.bot.clone(), scope: arguments.scope })
}

/// `windvane bot`.
///
/// # Errors
/// When no engine answers, it has no such bot, or the wish cannot be met.
pub(crate) fn bot(arguments: &BotCommand) -> Result<ExitCode, Failure> {
    send(&arguments.target, &Ask::Bot { name: arguments.name.clone(), wish: arguments.wish })
}

/// `windvane resume`.
///
/// # Errors
/// When no engine answers.
pub(crate) fn resume(target: &Target) -> Result<ExitCode, Failure> {
    send(target, &Ask::Resume {})
}

/// `windvane flatten`.
///
/// # Errors
/// When no engine answers, or it has no such bot.
pub(crate) fn flatten(arguments: &Flatten) -> Result<ExitCode, Failure> {
    send(&arguments.target, &Ask::Flatten { bot: arguments.bot.clone() })
}

/// `windvane resolve`.
///
/// # Errors
/// When no engine answers, or nothing is open about the order.
pub(crate) fn resolve(arguments: &Resolve) -> Result<ExitCode, Failure> {
    send(&arguments.target, &Ask::Resolve { order: arguments.order.clone() })
}

/// `windvane reload`.
///
/// # Errors
/// [`Failure::Config`] when it was refused and nothing has changed; otherwise when no engine answers.
pub(crate) fn reload(arguments: &Reload) -> Result<ExitCode, Failure> {
    let ask = Ask::Reload {
        dry_run: arguments.dry_run,
        loosen: arguments.loosen,
        open_positions: arguments.open_positions,
    };
    match control::ask_patiently(&socket(&arguments.target)?, &ask)? {
        Answer::Done(what) => {
            println!("{what}");
            Ok(ExitCode::SUCCESS)
        }
        Answer::Refused(why) => Err(Failure::Config(why)),
        Answer::Status(_) | Answer::Events(_) | Answer::Looks(_) => {
            Err(Failure::Fault(anyhow::anyhow!("the engine answered something else")))
        }
    }
}

fn send(target: &Target, ask: &Ask) -> Result<ExitCode, Failure> {
    let socket = socket(target)?;
    match reach(&socket, ask)? {
        Answer::Done(state) => println!("run state: {state}"),
        Answer::Status(status) => {
            let text = serde_json::to_string_pretty(&status).map_err(anyhow::Error::new)?;
            println!("{text}");
        }
        Answer::Looks(looks) => println!("{looks}"),
        Answer::Events(entries) => println!("{} events", entries.len()),
        Answer::Refused(why) => return Err(Failure::Fault(anyhow::anyhow!(why))),
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks the engine behind a socket.
///
/// # Errors
/// When no engine answers.
pub(super) fn reach(socket: &Path, ask: &Ask) -> Result<Answer, Failure> {
    Ok(control::ask(socket, ask)?)
}

/// The control socket of the engine that is meant.
///
/// # Errors
/// When the config that names it is bad.
pub(super) fn socket(target: &Target) -> Result<PathBuf, Failure> {
    match (&target.socket, &target.config) {
        (Some(socket), _) => Ok(socket.clone()),
        (None, Some(path)) => Ok(config::data_dir(path)?.join(SOCKET_NAME)),
        (None, None) => Err(Failure::Config("name the engine by --config or --socket".to_owned())),
    }
}
