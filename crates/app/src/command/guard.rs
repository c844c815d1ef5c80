//! `windvane guard`: stands beside an engine until it is told to end.

use super::on_one_thread;
use crate::cli::Guard;
use crate::config::{self, LogStyle, VenueSettings};
use crate::exit::Failure;
use crate::live::{Signals, Wanted, check_key, keys, unreachable};
use anyhow::Context;
use std::process::ExitCode;
use std::sync::Arc;
use windvane_connector::{Observer, RestClient, VenueClock, WallClock};
use windvane_telemetry::LogFormat;

/// Guards the engine of a config.
///
/// # Errors
/// When there is no key, the venue refuses it, or the venue is one that ends with its engine.
pub(crate) fn guard(arguments: &Guard) -> Result<ExitCode, Failure> {
    let settings = config::load(&arguments.config)?;
    let VenueSettings::Remote(venue) = &settings.venue else {
        return Err(Failure::Config(
            "the embedded venue ends with its engine; there is nothing to guard".to_owned(),
        ));
    };
    let style = match settings.log_style {
        LogStyle::Text => LogFormat::Text,
        LogStyle::Json => LogFormat::Json,
    };
    windvane_telemetry::start_logging(&settings.log_filter, style, std::io::stderr)
        .map_err(Failure::Config)?;
    let credentials = keys::find_for_guard(venue, settings.guard.key_file.as_deref())?;
    on_one_thread(async {
        let mut signals = Signals::new().context("taking over the signals")?;
        // Nobody measures here: with the receiver gone, observations are dropped.
        let (observations, _) = tokio::sync::mpsc::channel(1);
        let clock = Arc::new(VenueClock::new(WallClock::start()));
        let rest = RestClient::new(
            &venue.endpoints,
            Arc::new(credentials),
            clock,
            Observer::new(observations),
            venue.rate_limits,
        )
        .context("setting up REST")?;
        rest.server_time().await.map_err(|error| unreachable("the venue's clock", &error))?;
        let key = rest.api_key_info().await;
        check_key(&key.map_err(|error| unreachable("what the API key may do", &error))?, venue.key_policy())?;
        tracing::info!(folder = %settings.data_dir.display(), "guarding");
        tokio::select! {
            () = end(&mut signals) => {}
            () = crate::guard::stand(&rest, &settings.data_dir, settings.guard.patience) => {}
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Waits for SIGINT or SIGTERM. There is nothing to read anew: a guard is so little that it is started again.
async fn end(signals: &mut Signals) {
    while signals.next().await != Wanted::End {}
}
