//! What is said to be proven elsewhere is: the tests that are named exist, and so do the oracles.

use std::path::{Path, PathBuf};
use windvane_simulation::{CATALOGUE, INVARIANTS, Place, Seen, Watched};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Whether there is such a test, and it is one.
pub(crate) fn exists((file, test): Place) -> bool {
    let path = root().join(file);
    if path.is_dir() {
        return path.join(format!("{test}.toml")).is_file();
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let Some((before, _)) = text.split_once(&format!("fn {test}(")) else { return false };
    // The attribute stands above the name, with others between at most.
    before.lines().rev().take(4).any(|line| line.contains("test]") || line.contains("::test("))
}

#[test]
fn every_test_that_stands_for_a_row_or_an_invariant_exists() {
    let rows = CATALOGUE.iter().filter_map(|(row, seen)| match seen {
        Seen::Elsewhere(places) => Some((row, *places)),
        Seen::Here(_) | Seen::Nowhere(_) => None,
    });
    let invariants = INVARIANTS.iter().filter_map(|(name, watched)| match watched {
        Watched::Elsewhere(places) => Some((name, *places)),
        Watched::Here(_) => None,
    });
    for (name, places) in rows.chain(invariants) {
        assert!(!places.is_empty(), "{name}");
        for place in places {
            assert!(exists(*place), "{name}: there is no {} in {}", place.1, place.0);
        }
    }
}

#[test]
fn every_invariant_is_there_and_its_oracles_exist() {
    let numbers: Vec<String> = (1..=25).map(|number| format!("I{number}")).collect();
    let names: Vec<&str> = INVARIANTS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, numbers);
    let sources: Vec<String> = ["oracle", "world"]
        .iter()
        .flat_map(|folder| {
            std::fs::read_dir(root().join("crates/simulation/src").join(folder)).expect("it is there")
        })
        .map(|entry| {
            std::fs::read_to_string(entry.expect("it can be listed").path()).expect("it can be read")
        })
        .collect();
    for (name, watched) in INVARIANTS {
        let Watched::Here(oracles) = watched else { continue };
        assert!(!oracles.is_empty(), "{name}");
        for oracle in *oracles {
            let quoted = format!("{oracle:?}");
            assert!(sources.iter().any(|text| text.contains(&quoted)), "{name}: no oracle says {quoted}");
        }
    }
}

#[test]
fn no_place_is_made_up() {
    assert!(!exists(("crates/simulation/tests/it/places.rs", "there_is_no_such_test")));
    assert!(!exists(("crates/simulation/tests/it/places.rs", "exists")), "a function that is no test");
    assert!(exists(("crates/simulation/tests/it/places.rs", "no_place_is_made_up")));
}
