//! Addresses against the exchange's list of hosts, read where it lies.

use super::fixtures::shared;
use windvane_connector::{Address, Category, Region, VenueEndpoints};

/// The cells of the tables of the section on hosts, a row each.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (_, section) = text.split_once("\n## 1 Hosts\n").unwrap();
    let (section, _) = section.split_once("\n## 2 ").unwrap();
    let tables = section.lines().filter(|line| line.starts_with('|') && !line.starts_with("|---"));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    tables.map(cells).collect()
}

/// What stands between backquotes.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn host(text: &str) -> &str {
    text.trim_start_matches("https://").trim_start_matches("wss://").split('/').next().unwrap()
}

/// Name of a region in the list, and ours.
const REGIONS: [(&str, Region); 8] = [
    ("Netherlands", Region::Netherlands),
    ("Turkey", Region::Turkey),
    ("Kazakhstan", Region::Kazakhstan),
    ("Georgia", Region::Georgia),
    ("UAE", Region::Emirates),
    ("EEA", Region::Europe),
    ("Indonesia", Region::Indonesia),
    ("Japan", Region::Japan),
];

#[test]
fn every_listed_host_is_known_and_every_preset_is_as_listed() {
    let Some(path) = shared("bybit-v5.md") else { return };
    let rows = rows(&std::fs::read_to_string(path).unwrap());
    let row = |name: &str| rows.iter().find(|row| row[0].starts_with(name)).unwrap();

    let all: Vec<&str> = rows.iter().flatten().flat_map(|cell| quoted(cell)).map(host).collect();
    assert!(all.len() > 25, "{} hosts are too few to have been read right", all.len());
    for host in all.into_iter().filter(|host| host.contains('.')) {
        let (rest, stream) = (format!("https://{host}"), format!("wss://{host}/v5/private"));
        let known = VenueEndpoints::custom(&rest, &stream, &stream, None);
        assert!(known.is_ok(), "{host}: {known:?}");
    }

    let (rest, public, private, trade) = (row("REST"), row("WS public"), row("WS private"), row("WS trade"));
    let mainnet_public = public[1].split_once('{').unwrap().0.trim_start_matches('`');
    for (column, set) in
        [VenueEndpoints::mainnet(), VenueEndpoints::testnet(), VenueEndpoints::demo()].into_iter().enumerate()
    {
        assert_eq!(set.rest().as_str(), quoted(&rest[column + 1])[0]);
        assert_eq!(set.private_ws().as_str(), quoted(&private[column + 1])[0]);
        assert_eq!(set.trade_ws().map(Address::as_str), quoted(&trade[column + 1]).first().copied());
        let listed = match quoted(&public[column + 1]).first() {
            Some(stream) => stream.split(['{', '…']).next().unwrap().to_owned(),
            None => mainnet_public.to_owned(),
        };
        for category in Category::ALL {
            assert_eq!(set.public_ws_of(category).unwrap().as_str(), format!("{listed}{category}"));
        }
    }
    for (name, region) in REGIONS {
        let (row, set) = (row(name), VenueEndpoints::regional(region));
        assert_eq!(set.rest().as_str(), quoted(&row[1])[0], "{name}");
        let stream = match quoted(&row[2]).first() {
            Some(stream) if !row[2].starts_with("status") => stream,
            _ => "stream.bybit.com",
        };
        assert_eq!(set.private_ws().as_str(), format!("wss://{stream}/v5/private"), "{name}");
        assert_eq!(set.trade_ws().unwrap().as_str(), format!("wss://{stream}/v5/trade"), "{name}");
    }
}
