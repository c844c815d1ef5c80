//! Which venue: one inside this process, or one reached by its addresses with a key.

use super::keys;
use super::setup::Setup;
use super::stamper::MarketClock;
use crate::config::{Settings, VenueSettings};
use crate::exit::Failure;
use anyhow::Context;
use windvane_connector::{Credentials, KeyPolicy, RateLimits, VenueEndpoints};
use windvane_venue::Embedded;

/// The venue as the engine reaches it.
pub(super) struct Link {
    pub(super) endpoints: VenueEndpoints,
    pub(super) credentials: Credentials,
    pub(super) market_clock: MarketClock,
    pub(super) rate_limits: RateLimits,
    pub(super) topics_per_connection: Option<usize>,
    pub(super) key: KeyPolicy,
    pub(super) setup: Setup,
    pub(super) embedded: Option<Embedded>,
}

/// Starts the embedded venue, or finds the key of a remote one.
///
/// # Errors
/// When the venue cannot be started or there is no key.
pub(super) fn connect(settings: &Settings) -> Result<Link, Failure> {
    match &settings.venue {
        VenueSettings::Embedded(config) => {
            let mut config = config.as_ref().clone();
            let account = config
                .accounts
                .first_mut()
                .ok_or_else(|| Failure::Config("the embedded venue has no account".to_owned()))?;
            // A venue that forgets its accounts gives each run a new one.
            account.uid = u64::from(std::process::id()) + (unix_seconds() << 22);
            // Play money is margined as `[risk]` counts.
            account.margin_mode = match settings.risk.margin_mode {
                windvane_risk::margin::MarginMode::Cross => windvane_venue::MarginMode::Cross,
                windvane_risk::margin::MarginMode::Isolated => windvane_venue::MarginMode::Isolated,
            };
            // The verdict reads the venue's own books.
            config.sim = true;
            let credentials = keys::build(account.key.clone(), account.secret.clone())?;
            // What is replayed has times of its own.
            let clock =
                if config.market.speed().is_some() { MarketClock::Messages } else { MarketClock::Wall };
            let counts_requests = config.rate_limits && clock == MarketClock::Wall;
            let rate_limits = if counts_requests { RateLimits::Published } else { RateLimits::Off };
            let embedded = Embedded::start(config).map_err(|error| Failure::Config(error.to_string()))?;
            let address = embedded.rest_url.trim_start_matches("http://").to_owned();
            let endpoints = VenueEndpoints::loopback(&address).context("the embedded venue's address")?;
            Ok(Link {
                endpoints,
                credentials,
                market_clock: clock,
                rate_limits,
                topics_per_connection: None,
                key: KeyPolicy { is_embedded: true, ..KeyPolicy::default() },
                setup: Setup {
                    sets_modes: true,
                    position_mode: settings.position_mode,
                    disconnect_window_s: None,
                    fast_executions: false,
                },
                embedded: Some(embedded),
            })
        }
        VenueSettings::Remote(remote) => Ok(Link {
            endpoints: remote.endpoints.clone(),
            credentials: keys::find(remote)?,
            market_clock: if remote.market_clock_from_messages {
                MarketClock::Messages
            } else {
                MarketClock::Wall
            },
            rate_limits: remote.rate_limits,
            topics_per_connection: remote.topics_per_connection,
            key: remote.key_policy(),
            setup: remote.setup,
            embedded: None,
        }),
    }
}

fn unix_seconds() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
