//! Which venue a command asks that trades nothing: the one of a config, or one named on the command line.

use crate::cli::WhichVenue;
use crate::config::{self, RemoteVenue, VenueSettings};
use crate::exit::Failure;
use windvane_connector::{RateLimits, VenueEndpoints};

/// A venue, and whose key may be used there.
pub(crate) struct Reached {
    /// Where it is.
    pub(crate) endpoints: VenueEndpoints,
    /// Which request limits are kept to.
    pub(crate) rate_limits: RateLimits,
    /// The venue of the config, with its key.
    pub(crate) of_config: Option<RemoteVenue>,
}

impl Reached {
    /// Finds the venue that was asked for.
    ///
    /// # Errors
    /// [`Failure::Config`] when the config is bad, names the embedded venue, or the word names none.
    pub(crate) fn find(which: &WhichVenue) -> Result<Self, Failure> {
        if let Some(path) = &which.config {
            let VenueSettings::Remote(venue) = config::load(path)?.venue else {
                return Err(Failure::Config(
                    "the embedded venue lives inside `run`; name a venue process by --venue HOST:PORT"
                        .to_owned(),
                ));
            };
            return Ok(Self {
                endpoints: venue.endpoints.clone(),
                rate_limits: venue.rate_limits,
                of_config: Some(venue),
            });
        }
        let endpoints = match which.venue.as_deref() {
            None | Some("mainnet") => VenueEndpoints::mainnet(),
            Some("testnet") => VenueEndpoints::testnet(),
            Some("demo") => VenueEndpoints::demo(),
            Some(address) => VenueEndpoints::loopback(address).map_err(|error| {
                Failure::Config(format!(
                    "--venue is mainnet, testnet, demo, or HOST:PORT on loopback: {error}"
                ))
            })?,
        };
        Ok(Self { endpoints, rate_limits: RateLimits::default(), of_config: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(venue: Option<&str>) -> Result<String, String> {
        let which = WhichVenue { config: None, venue: venue.map(str::to_owned) };
        let found = Reached::find(&which);
        found.map(|reached| reached.endpoints.rest().to_string()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn venues_are_named_and_strangers_refused() {
        assert_eq!(find(None).unwrap(), "https://api.bybit.com");
        assert_eq!(find(Some("testnet")).unwrap(), "https://api-testnet.bybit.com");
        assert_eq!(find(Some("127.0.0.1:8484")).unwrap(), "http://127.0.0.1:8484");
        for stranger in ["192.0.2.1:80", "api.bybit.com", "paper"] {
            assert!(find(Some(stranger)).unwrap_err().contains("on loopback"), "{stranger}");
        }
    }
}
