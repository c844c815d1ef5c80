//! `windvane schema` beside an independent judge of JSON Schema: every shipped file fits, and a file with a wrong key or a bare
//! number does not.

use std::path::Path;
use std::process::Command;

use windvane_tests::{finish, root, windvane};

/// Prints how many files fit, or the first that does not. Reads: schema, then files.
const JUDGE: &str = r#"
import json, sys, tomllib
from jsonschema import Draft202012Validator as Judge
schema = json.load(open(sys.argv[1]))
Judge.check_schema(schema)
for path in sys.argv[2:]:
    faults = [f"{path}: {fault.json_path}: {fault.message[:200]}" for fault in Judge(schema).iter_errors(tomllib.load(open(path, "rb")))]
    print("fits" if not faults else faults[0])
"#;

/// What the judge says of each file; `None`, and a word about it, where there is no judge.
fn judged(of: &str, files: &[&Path]) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let (code, schema, err) = finish(&windvane(&["schema", "--of", of]));
    assert_eq!(code, Some(0), "{err}");
    let path = folder.path().join("schema.json");
    std::fs::write(&path, schema).unwrap();
    let python = std::env::var_os("WINDVANE_PYTHON").unwrap_or_else(|| "python3".into());
    let judge = Command::new(python).args(["-c", JUDGE]).arg(path).args(files).output();
    let Some(said) = judge.ok().filter(|output| output.status.success()) else {
        eprintln!(
            "SKIPPED: schemas are judged by Python's jsonschema; set WINDVANE_PYTHON to a Python of 3.11 or later that has it"
        );
        return None;
    };
    Some(String::from_utf8(said.stdout).unwrap().lines().map(str::to_owned).collect())
}

fn shipped(folder: &str) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "toml")).collect();
    files.sort();
    files
}

#[test]
fn every_shipped_file_fits_its_schema_and_one_with_a_slip_does_not() {
    let slips = tempfile::tempdir().unwrap();
    for (of, folder, file, part, other) in [
        ("strategy", "strategies", "trend.toml", "timeframe = \"5m\"", "timeframe = \"5 min\""),
        ("strategy", "strategies", "grid.toml", "[grid]", "[grit]"),
        ("config", "config", "paper.toml", "max_order_notional", "max_order_notionall"),
        ("config", "config", "paper.toml", "[risk]", "[risk]\nmax_open_orders = \"many\"\n[risc]"),
    ] {
        // `venue.toml` is a venue's own.
        let mut files = shipped(folder);
        files.retain(|path| !path.ends_with("venue.toml"));
        let text = std::fs::read_to_string(root().join(folder).join(file)).unwrap();
        assert!(text.contains(part), "{file}: {part}");
        let slip = slips.path().join(file);
        std::fs::write(&slip, text.replacen(part, other, 1)).unwrap();
        let asked: Vec<&Path> =
            files.iter().map(std::path::PathBuf::as_path).chain([slip.as_path()]).collect();
        let Some(said) = judged(of, &asked) else { return };
        let (last, others) = said.split_last().unwrap();
        assert!(others.len() == files.len() && others.iter().all(|said| said == "fits"), "{others:#?}");
        assert_ne!(last, "fits", "{other}");
    }
}
