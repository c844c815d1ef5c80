//! `windvane keys`: what the venue says of an API key, sealing it on the disk, and giving it up.

use super::on_one_thread;
use crate::cli::{KeysCheck, KeysRevoke, KeysSeal};
use crate::config::{self, RemoteVenue, VenueSettings};
use crate::exit::Failure;
use crate::live::{check_key, keys, unreachable};
use crate::vault::{Vault, passphrase::Passphrase};
use anyhow::Context;
use serde_json::json;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use windvane_connector::{ApiKeyInfo, KeyPolicy, Observer, RestClient, RestError, VenueClock, WallClock};

/// Asks the venue about the key of a config, prints what it may do, and fails where the engine would refuse it.
///
/// # Errors
/// When there is no key, the venue does not answer, or the engine would not trade with it.
pub(crate) fn check(arguments: &KeysCheck) -> Result<ExitCode, Failure> {
    let venue = remote(&arguments.config)?;
    let (rest, kind) = client(&venue)?;
    let policy = venue.key_policy();
    let info = on_one_thread(read(&rest))?;
    if arguments.json {
        println!("{}", as_json(&info, kind, policy));
    } else {
        print(&info, kind, policy);
    }
    check_key(&info, policy)?;
    Ok(ExitCode::SUCCESS)
}

/// Encrypts a key file with a passphrase.
///
/// # Errors
/// When the file is no key file, there is no passphrase, or the sealed file exists already.
pub(crate) fn seal(arguments: &KeysSeal) -> Result<ExitCode, Failure> {
    let text = keys::read_to_seal(&arguments.key_file)?;
    let passphrase = match arguments.passphrase_fd {
        Some(descriptor) => Passphrase::from_descriptor(descriptor)?,
        None => Passphrase::ask_twice()?,
    };
    let vault = Vault::seal(&text, &passphrase).context("sealing the key")?;
    // Nothing is promised that was not tried.
    vault.open(&passphrase).context("opening what was just sealed")?;
    let sealed = vault.to_text().context("writing down what was sealed")?;
    let out = &arguments.out;
    std::fs::File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(out)
        .and_then(|mut file| file.write_all(sealed.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|error| Failure::Refused(format!("{} cannot be written: {error}", out.display())))?;
    println!("sealed in {}; name it as `key_file` in the config", out.display());
    println!("now delete {}, and its copies and backups", arguments.key_file.display());
    Ok(ExitCode::SUCCESS)
}

/// Deletes the key of a config at the venue, for good.
///
/// # Errors
/// When it belongs to another account, something is open, or the venue refuses.
pub(crate) fn revoke(arguments: &KeysRevoke) -> Result<ExitCode, Failure> {
    let venue = remote(&arguments.config)?;
    let (rest, _) = client(&venue)?;
    on_one_thread(async {
        let info = read(&rest).await?;
        if info.uid != arguments.account {
            return Err(Failure::Refused(format!(
                "the key belongs to account {}, not to {}; nothing was done",
                info.uid, arguments.account
            )));
        }
        let open = rest.open_business().await.map_err(|error| unreachable("what is open", &error))?;
        if !open.is_empty() {
            let open: Vec<_> = open.iter().map(|one| format!("  {one}")).collect();
            return Err(Failure::Refused(format!(
                "the key is not revoked while anything is open, because nobody could close it with this key:\n{}",
                open.join("\n")
            )));
        }
        rest.delete_own_key(info.is_of_main_account).await.map_err(|error| not_deleted(&error))
    })?;
    println!("the key is deleted at the venue; it works nowhere any more");
    Ok(ExitCode::SUCCESS)
}

/// A trading key must not be able to move money, and the exchange lets only such keys delete themselves.
fn not_deleted(error: &RestError) -> Failure {
    match error {
        RestError::Refused { code: 10005, .. } => Failure::Refused(
            "nothing is open, but the exchange lets a key without the right to transfer or withdraw not delete itself, \
             and this one rightly has neither: delete it on the exchange's page of API keys"
                .to_owned(),
        ),
        RestError::Refused { .. } => Failure::Refused(format!("the key was not deleted: {error}")),
        _ => Failure::Unreachable(format!("whether the key was deleted is not known: {error}")),
    }
}

fn remote(config: &Path) -> Result<RemoteVenue, Failure> {
    match config::load(config)?.venue {
        VenueSettings::Remote(venue) => Ok(venue),
        VenueSettings::Embedded(_) => Err(Failure::Config(
            "the embedded venue makes its own key; there is nothing to check or revoke".to_owned(),
        )),
    }
}

/// A client with the key of a venue, and which kind of key it is.
fn client(venue: &RemoteVenue) -> Result<(RestClient, &'static str), Failure> {
    let credentials = keys::find(venue)?;
    let kind = credentials.kind();
    // Nobody measures here: with the receiver gone, observations are dropped.
    let (observations, _) = tokio::sync::mpsc::channel(1);
    let clock = Arc::new(VenueClock::new(WallClock::start()));
    let observer = Observer::new(observations);
    let rest = RestClient::new(&venue.endpoints, Arc::new(credentials), clock, observer, venue.rate_limits)
        .context("setting up REST")?;
    Ok((rest, kind))
}

async fn read(rest: &RestClient) -> Result<ApiKeyInfo, Failure> {
    rest.server_time().await.map_err(|error| unreachable("the venue's clock", &error))?;
    rest.api_key_info().await.map_err(|error| unreachable("what the API key may do", &error))
}

fn print(info: &ApiKeyInfo, kind: &str, policy: KeyPolicy) {
    println!("account   {}{}", info.uid, if info.is_unified { ", unified" } else { "" });
    println!("kind      {kind}{}", if info.is_read_only { ", read-only" } else { "" });
    let rights = info.permissions.iter().filter(|(_, rights)| !rights.is_empty());
    for (area, rights) in rights {
        println!("may       {area}: {}", rights.join(", "));
    }
    println!("bound to  {}", if info.ips.is_empty() { "no address".to_owned() } else { info.ips.join(", ") });
    println!("expires   {}", info.expires_in_days.map_or("never".to_owned(), |days| format!("in {days} d")));
    for warning in info.warnings(policy) {
        println!("warning   {warning}");
    }
}

fn as_json(info: &ApiKeyInfo, kind: &str, policy: KeyPolicy) -> serde_json::Value {
    let faults: Vec<String> = info.faults(policy).iter().map(ToString::to_string).collect();
    let warnings: Vec<String> = info.warnings(policy).iter().map(ToString::to_string).collect();
    json!({
        "schema": "windvane.key/1",
        "account": info.uid,
        "is_unified": info.is_unified,
        "kind": kind,
        "is_read_only": info.is_read_only,
        "permissions": info.permissions,
        "ips": info.ips,
        "expires_in_days": info.expires_in_days,
        "faults": faults,
        "warnings": warnings,
    })
}
