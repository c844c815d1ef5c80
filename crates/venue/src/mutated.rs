//! What the fuzz targets of this crate share: text with bytes changed at random, and how often to try.
//!
//! An ordinary test run tries a few; `cargo xtask campaign fuzz` sets `WINDVANE_FUZZ_SECONDS` and tries more.

use proptest::prelude::*;

/// Tries of an ordinary test run, and for each second of a campaign: a try of an optimised build takes some milliseconds.
const TRIES: u32 = 48;
const TRIES_A_SECOND: u32 = 100;

/// How often a target is tried.
pub(crate) fn often() -> ProptestConfig {
    let seconds = std::env::var("WINDVANE_FUZZ_SECONDS").ok().and_then(|text| text.parse::<u32>().ok());
    let cases = seconds.map_or(TRIES, |seconds| seconds.saturating_mul(TRIES_A_SECOND));
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Text with some of its bytes replaced, removed or repeated.
pub(crate) fn mutated(samples: &'static [&'static str]) -> impl Strategy<Value = (usize, Vec<u8>)> {
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    (0..samples.len(), prop::collection::vec(change, 0..6)).prop_map(|(sample, changes)| {
        let mut bytes = samples[sample].as_bytes().to_vec();
        for (index, byte, kind) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = index.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, byte),
                _ => bytes.extend_from_within(at..),
            }
        }
        (sample, bytes)
    })
}

/// Files and keys: whatever is written in them, they are read or refused.
mod files {
    use std::path::Path;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::catalogue;
    use crate::config::VenueConfig;
    use crate::packed;
    use crate::server::auth::ApiKey;
    use crate::source::grid::Grid;
    use crate::source::tape::trade;
    use crate::table::Table;

    const TABLES: [&str; 1] = [
        "# test\nbar,1772323200000,60000,60015,59995,60010,12\nbar,1772323500000,60010,60025,60005,60020,12\n\
         mark,1772323200000,60000,60120\nfunding,1772326800000,0.0001\n",
    ];
    const ARCHIVED: [&str; 2] = [
        "1723161256.3440,BTCUSDT,Sell,0.199,61800.30,ZeroPlusTick,b,1,0.199,1",
        "1723161256,BTCUSDT,Buy,0.006,61800.3,PlusTick,a,1,0.006,370",
    ];
    const SHEETS: [&str; 2] = [
        "start,open,high,low,close,volume\n1772323200000,60000,60015,59995,60010,12\n1772323500000,60010,60025,60005,60020,12\n",
        "# of minutes\nstart,open,high,low,close,volume,turnover\n1772323200000,60000,60015,59995,60010,12,1\n\
         1772323260000,60010,60025,60005,60020,12,1\n1772323320000,60020,60025,60005,60020,1,1\n\
         1772323380000,60020,60025,60005,60020,1,1\n1772323440000,60020,60025,60005,60020,1,1\n",
    ];
    const CONFIGS: [&str; 1] = [include_str!("../../../config/venue.toml")];
    const KEYS: [&str; 2] = [
        "-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf\n9Cnzj4p4WGeKLs1Pt8Qu\n\
         -----END PUBLIC KEY-----\n",
        "-----BEGIN RSA PUBLIC KEY-----\nMEgCQQCo9+BpMRYQ/dL3DS2CyJxRF+j6ctbT3/Qp84+KeFhnii7NT7fELg==\n\
         -----END RSA PUBLIC KEY-----\n",
    ];

    fn text(bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    proptest! {
        #![proptest_config(often())]

        #[test]
        fn a_table_is_read_whole_or_refused((_, table) in mutated(&TABLES)) {
            if let Ok(table) = Table::parse(&text(&table), Path::new("t")) {
                prop_assert!(!table.bars.is_empty());
            }
        }

        #[test]
        fn an_archived_row_is_read_or_refused((_, row) in mutated(&ARCHIVED)) {
            let listing = catalogue::all().first().expect("the catalogue lists something");
            if let Ok(step) = trade(&text(&row), &Grid::new(&listing.instrument)) {
                prop_assert_eq!(step.inputs.len(), 3);
            }
        }

        #[test]
        fn a_sheet_is_read_or_refused((sample, sheet) in mutated(&SHEETS)) {
            let folder = tempfile::tempdir().expect("a folder");
            let name = ["BTCUSDT_5m.csv", "BTCUSDT_1m.csv"][sample];
            std::fs::write(folder.path().join(name), &sheet).expect("a file");
            if let Ok((_, table)) = Table::of_folder(folder.path(), "BTCUSDT") {
                prop_assert!(!table.bars.is_empty());
            }
        }

        #[test]
        fn a_packed_file_is_read_as_far_as_it_goes_or_refused(
            (_, text) in mutated(&ARCHIVED),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
            std::io::Write::write_all(&mut packer, &text).expect("memory takes all");
            let mut bytes = packer.finish().expect("memory takes all");
            for (place, byte) in changes {
                let at = place.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(1 + cut.index(bytes.len()));
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("rows.csv.gz");
            std::fs::write(&path, &bytes).expect("a file");
            let mut lines = packed::Lines::open(&path).expect("it is there");
            while let Ok(Some(_)) = lines.next() {}
            drop(packed::read_to_string(&path));
        }

        #[test]
        fn a_config_is_read_or_refused_with_its_place((_, config) in mutated(&CONFIGS)) {
            match toml::from_str::<VenueConfig>(&text(&config)) {
                Ok(config) => drop(config.check()),
                Err(error) => prop_assert!(!error.message().is_empty()),
            }
        }

        #[test]
        fn a_public_key_is_read_or_refused((_, pem) in mutated(&KEYS)) {
            let key = crate::config::KeyConfig {
                key: "k".to_owned(),
                secret: None,
                rsa_public_key: Some(text(&pem)),
                read_only: false,
                rights: Vec::new(),
                ips: Vec::new(),
                expires: None,
            };
            drop(ApiKey::new(1, &key));
        }
    }
}
