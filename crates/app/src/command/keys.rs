//! `windvane keys check`: what the venue says of an API key.

use super::on_one_thread;
use crate::cli::KeysCheck;
use crate::config::{self, VenueSettings};
use crate::exit::Failure;
use crate::live::{check_key, keys, unreachable};
use anyhow::Context;
use serde_json::json;
use std::process::ExitCode;
use std::sync::Arc;
use windvane_connector::{ApiKeyInfo, KeyPolicy, Observer, RestClient, VenueClock, WallClock};

/// Asks the venue about the key of a config, prints what it may do, and fails where the engine would refuse it.
///
/// # Errors
/// When there is no key, the venue does not answer, or the engine would not trade with it.
pub(crate) fn check(arguments: &KeysCheck) -> Result<ExitCode, Failure> {
    let settings = config::load(&arguments.config)?;
    let VenueSettings::Remote(venue) = &settings.venue else {
        return Err(Failure::Config(
            "the embedded venue makes its own key; there is nothing to check".to_owned(),
        ));
    };
    let credentials = keys::find(venue)?;
    let (kind, policy) = (credentials.kind(), venue.key_policy());
    let info = on_one_thread(async {
        // Nobody measures here: with the receiver gone, observations are dropped.
        let (observations, _) = tokio::sync::mpsc::channel(1);
        let clock = Arc::new(VenueClock::new(WallClock::start()));
        let observer = Observer::new(observations);
        let rest =
            RestClient::new(&venue.endpoints, Arc::new(credentials), clock, observer, venue.rate_limits)
                .context("setting up REST")?;
        rest.server_time().await.map_err(|error| unreachable("the venue's clock", &error))?;
        let info = rest.api_key_info().await;
        info.map_err(|error| unreachable("what the API key may do", &error))
    })?;
    if arguments.json {
        println!("{}", as_json(&info, kind, policy));
    } else {
        print(&info, kind, policy);
    }
    check_key(&info, policy)?;
    Ok(ExitCode::SUCCESS)
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
