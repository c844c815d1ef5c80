//! Every scenario of `tests/scenarios/` holds, and what is wrong in a file is refused where it stands.

use std::path::{Path, PathBuf};
use windvane_simulation::{Scenario, ScenarioError, Telling};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let entries = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be listed").path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    files.sort();
    files
}

#[test]
fn every_scenario_holds() {
    let files = files();
    assert!(files.len() >= 12, "only {} scenarios were found", files.len());
    let broken: Vec<String> = files
        .iter()
        .filter_map(|file| Scenario::load(file).and_then(|scenario| scenario.play(Telling::Quiet)).err())
        .map(|error| error.to_string())
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// What is said of a file whose rows after the head are these.
fn refusal(rows: &str) -> String {
    let head = "title = \"t\"\ncatalogue = []\nlength = \"10s\"\n";
    let error = Scenario::parse("story.toml".into(), &format!("{head}{rows}")).expect_err("it is wrong");
    assert!(matches!(error, ScenarioError::Malformed(_)), "{error:?}");
    error.to_string()
}

#[test]
fn what_is_wrong_is_refused_with_line_and_column() {
    for (rows, place, word) in [
        ("[[cancel]]\nat = \"1s\"\norder = \"bid\"\n", "6:9", "no row places an order `bid`"),
        ("[[kill]]\nat = \"1 day\"\nback_after = \"1s\"\n", "5:6", "a length of time"),
        ("[[kill]]\nat = \"1s\"\nback = \"1s\"\n", "6:1", "unknown field `back`"),
        ("[[fault]]\nkind = \"whim\"\n", "5:8", "`reply lost`"),
        ("[[market]]\nat = \"1s\"\nprice = 5.0\n", "6:9", "invalid type"),
        ("[[market]]\nat = \"1s\"\nsymbol = \"XRPUSDT\"\nprice = \"5\"\n", "6:10", "not listed"),
        ("[[expect]]\nat = \"1s\"\n", "4:1", "nothing is expected here"),
        ("[[expect]]\nat = \"1s\"\ncounted = { sheep = 1 }\n", "4:1", "`sheep` is not counted"),
    ] {
        let said = refusal(rows);
        assert!(said.starts_with(&format!("story.toml:{place}: ")), "{said}\nfor\n{rows}");
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn a_fault_that_meets_no_message_is_another_story() {
    let text = "title = \"t\"\ncatalogue = []\nlength = \"10s\"\n[[fault]]\nkind = \"reply lost\"\nrequest = \"cancel\"\n";
    let error = Scenario::parse("story.toml".into(), text).unwrap().play(Telling::Quiet).unwrap_err();
    assert!(error.to_string().contains("story.toml:4:1: no message was struck"), "{error}");
}

#[test]
fn what_is_expected_and_otherwise_is_named_with_its_place() {
    let text =
        "title = \"t\"\ncatalogue = []\nlength = \"10s\"\n[[expect]]\nat = \"5s\"\nrun_state = \"fenced\"\n";
    let error = Scenario::parse("story.toml".into(), text).unwrap().play(Telling::Quiet).unwrap_err();
    assert!(
        error.to_string().contains("story.toml:4:1: the engine: fenced is expected, active is so"),
        "{error}"
    );
}
