//! `windvane venue`: the exchange on loopback, as a process of its own.

use super::on_one_thread;
use crate::cli::Venue;
use crate::exit::Failure;
use anyhow::Context;
use std::process::ExitCode;
use tokio::sync::watch;
use windvane_telemetry::LogFormat;
use windvane_venue::VenueConfig;

/// Prints every doubt about the exchange that the venue's `[doubts]` can settle.
fn list_doubts() -> ExitCode {
    println!("[doubts] in the venue's config; the first choice is the default.\n");
    for doubt in windvane_venue::doubts() {
        let choices =
            if doubt.choices.is_empty() { "0, 1, 2, …".to_owned() } else { doubt.choices.join(" | ") };
        println!("{} = {choices}\n    {}", doubt.name, doubt.meaning);
    }
    ExitCode::SUCCESS
}

/// Serves until a signal, or lists the doubts.
///
/// # Errors
/// With the exit code and the sentence for whoever called.
pub(crate) fn serve(arguments: &Venue) -> Result<ExitCode, Failure> {
    let Some(path) = &arguments.config else {
        return Ok(list_doubts());
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::Config(format!("{}: cannot be read: {error}", path.display())))?;
    let mut config: VenueConfig = toml::from_str(&text)
        .map_err(|error| Failure::Config(crate::config::malformed(path, &text, &error)))?;
    crate::config::check_venue(path, &text, &config).map_err(Failure::Config)?;
    config.market.resolve_paths(path.parent().unwrap_or(path));
    let address = arguments.listen.unwrap_or(config.listen);
    if !address.ip().is_loopback() {
        return Err(Failure::Config(format!("the venue listens on loopback only, not on {address}")));
    }
    windvane_telemetry::start_logging("warn", LogFormat::Text, std::io::stderr).map_err(Failure::Config)?;
    on_one_thread(async move {
        let listener = tokio::net::TcpListener::bind(address)
            .await
            .map_err(|error| Failure::Config(format!("cannot listen on {address}: {error}")))?;
        let address = listener.local_addr().context("the listener's address")?;
        println!(
            "venue: http://{address} and ws://{address}/v5/{{public/{{linear,inverse,spot}},private,trade}}"
        );
        let (stop, stopped) = watch::channel(false);
        let mut signals = crate::live::Signals::new().context("taking over the signals")?;
        tokio::task::spawn_local(async move {
            signals.next().await;
            stop.send_replace(true);
        });
        windvane_venue::serve(config, listener, stopped)
            .await
            .map_err(|error| Failure::Config(error.to_string()))?;
        Ok(ExitCode::SUCCESS)
    })
}
