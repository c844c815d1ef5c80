//! Configs for tests elsewhere in the binary, and what the keys of `[venue]` come to.

use super::file::{GuardSection, JournalSection, LogSection, TelemetrySection};
use super::{RemoteVenue, Settings, VenueSettings, load};
use windvane_connector::DisconnectProtection;
use windvane_risk::TimeSpan;

/// The settings of the shipped testnet config with these bots in place of its own.
pub(crate) fn settings_with(bots: &str) -> Settings {
    const SHIPPED: &str = include_str!("../../../../config/testnet.toml");
    const MAKER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../strategies/maker.toml");
    let head = SHIPPED.split("[bot.").next().unwrap_or_default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, format!("{head}{}", bots.replace("maker.toml", MAKER))).unwrap();
    load(&path).unwrap()
}

/// What comes of the shipped live config with these lines more in `[venue]`: the REST address, whether modes are set, and the
/// window of the protection against disconnection.
fn live_with(lines: &str) -> Result<(String, bool, Option<u32>), String> {
    let venue = live_venue(lines)?;
    let setup = venue.setup;
    let is_armed = setup.protection() == DisconnectProtection::Armed;
    assert_eq!(setup.fast_executions, lines.contains("fast_executions = true"));
    assert_eq!(is_armed, setup.disconnect_window_s.is_some(), "the stream arms what was set");
    Ok((venue.endpoints.rest().to_string(), setup.sets_modes, setup.disconnect_window_s))
}

/// The venue of the shipped live config with these lines more in `[venue]`.
fn live_venue(lines: &str) -> Result<RemoteVenue, String> {
    let shipped = include_str!("../../../../config/live.toml");
    let strategies = concat!("\"", env!("CARGO_MANIFEST_DIR"), "/../../strategies/");
    let text = shipped
        .replace("\"../strategies/", strategies)
        .replace("environment = \"mainnet\"", &format!("environment = \"mainnet\"\n{lines}"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.toml");
    std::fs::write(&path, text).unwrap();
    let settings = load(&path).map_err(|failure| failure.to_string())?;
    let VenueSettings::Remote(venue) = settings.venue else { panic!("mainnet is not embedded") };
    Ok(venue)
}

#[test]
fn region_account_and_dcp_window_come_to_addresses_and_settings() {
    for (lines, rest, sets_modes, window_s) in [
        ("", "https://api.bybit.com", false, None),
        ("fast_executions = true", "https://api.bybit.com", false, None),
        ("region = \"turkey\"", "https://api.bybit.tr", false, None),
        ("region = \"europe\"\naccount = \"set\"", "https://api.bybit.eu", true, None),
        ("account = \"verify\"\ndcp_window = \"10s\"", "https://api.bybit.com", false, Some(10)),
    ] {
        assert_eq!(live_with(lines), Ok((rest.to_owned(), sets_modes, window_s)), "{lines}");
    }
}

#[test]
fn topics_of_a_connection_are_a_setting_of_their_own_beside_the_preset() {
    let topics = |lines: &str| live_venue(lines).map(|venue| venue.topics_per_connection);
    for (lines, most) in [
        ("", None),
        ("rate_limits = \"introductory\"", Some(100)),
        ("topics_per_connection = 100", Some(100)),
        ("rate_limits = \"introductory\"\ntopics_per_connection = 20", Some(20)),
    ] {
        assert_eq!(topics(lines), Ok(most), "{lines}");
    }
    let message = topics("topics_per_connection = 0").unwrap_err();
    assert!(message.contains("must be at least 1") && message.contains("live.toml:"), "{message}");
}

#[test]
fn regions_windows_and_modes_that_there_are_not_are_refused_at_their_place() {
    for (lines, words) in [
        ("region = \"atlantis\"", "unknown variant `atlantis`"),
        ("account = \"guess\"", "unknown variant `guess`"),
        ("dcp_window = \"2s\"", "`dcp_window` must be between 3s and 300s"),
        ("dcp_window = \"301s\"", "`dcp_window` must be between 3s and 300s"),
        ("dcp_window = 10", "expected a length of time"),
    ] {
        let message = live_with(lines).unwrap_err();
        assert!(message.contains(words) && message.contains("live.toml:"), "{lines}: {message}");
    }
}

#[test]
fn the_reference_names_the_defaults_that_hold() {
    let page = include_str!("../../../../docs/configuration.md");
    let (guard, journal) = (GuardSection::default(), JournalSection::default());
    let (telemetry, log) = (TelemetrySection::default(), LogSection::default());
    let span = |text: &str| text.parse::<TimeSpan>().unwrap();
    assert_eq!((*guard.silent_after.get_ref(), *guard.cut_after.get_ref()), (span("15s"), span("60s")));
    for (key, value) in [
        ("silent_after", "15s".to_owned()),
        ("cut_after", "60s".to_owned()),
        ("durability", journal.durability.as_str().to_owned()),
        ("keep_mib", journal.keep_mib.to_string()),
        ("tape_mib", journal.tape_mib.to_string()),
        ("enabled", telemetry.enabled.to_string()),
        ("listen", telemetry.listen.to_string()),
        ("remote", telemetry.remote.to_string()),
        ("filter", log.filter),
        ("style", log.style.as_str().to_owned()),
    ] {
        let (row, default) = (format!("| `{key}` |"), format!("Default: `{value}`."));
        let is_said = page.lines().any(|line| line.starts_with(&row) && line.contains(&default));
        assert!(is_said, "`{key}`: the page does not say {default}");
    }
}
