//! Every scenario of `tests/scenarios/` holds, and what is wrong in a file is refused where it stands.

use crate::places::exists;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use windvane_simulation::{INCIDENTS, Scenario, ScenarioError, Telling, Told};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios")
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder())
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be listed").path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    files.sort();
    files
}

/// A test for each scenario, by the name of its file.
macro_rules! scenarios {
    ($($name:ident),+ $(,)?) => {
        const NAMES: &[&str] = &[$(stringify!($name)),+];

        $(#[test]
        fn $name() {
            let file = folder().join(concat!(stringify!($name), ".toml"));
            let told = Scenario::load(&file).and_then(|scenario| scenario.play(Telling::Quiet));
            assert!(told.is_ok(), "{}", told.unwrap_err());
        })+
    };
}

scenarios! {
    scenario_amend_races_fill,
    scenario_amend_under_way_is_reserved,
    scenario_banbot147_fills_during_an_outage,
    scenario_cx18028_executions_out_of_order,
    scenario_cx1880_reply_lost_order_filled,
    scenario_cx23922_late_index,
    scenario_dca_deal_ends_with_a_safety_order_filled_in_part,
    scenario_dca_killed_in_a_deal_and_in_its_pause,
    scenario_dca_preset_killed_between_its_safety_orders,
    scenario_everything_fails_while_the_price_falls,
    scenario_exit_heard_after_the_sale_that_followed,
    scenario_filled_and_cancelled_while_the_engine_is_down,
    scenario_ft10966_partial_fill_then_cancel,
    scenario_ft12528_close_of_a_vanished_position,
    scenario_ft5621_disk_full,
    scenario_ft7107_liquidated_by_the_venue,
    scenario_grid_level_cancelled_after_its_part_was_sold,
    scenario_grid_long_level_moved_and_cancelled,
    scenario_grid_neutral_filled_while_the_engine_is_down,
    scenario_grid_preset_killed_with_a_cell_filled,
    scenario_grid_short_killed_with_two_cells_filled,
    scenario_hft87_ids_after_a_restart,
    scenario_killed_between_record_and_wire,
    scenario_krypto325_fenced_by_a_newer_engine,
    scenario_maker_killed_with_inventory,
    scenario_margin_refusal,
    scenario_margin_refused_by_the_venue,
    scenario_nt1190_strangers_fill,
    scenario_nt2075_book_gap,
    scenario_nt3046_fill_told_twice_over_restart,
    scenario_nt3493_old_picture_after_a_newer_push,
    scenario_nt3820_trade_socket_cut,
    scenario_nt3925_answer_that_cannot_be_read,
    scenario_nt4152_request_lost_is_retired_late,
    scenario_nt4215_duplicate_is_proof,
    scenario_nt4298_feed_that_is_up_and_frozen,
    scenario_nt4730_cancel_ack_lost,
    scenario_nt4739_no_fill_is_invented,
    scenario_nt4937_funding_is_no_trade,
    scenario_nt5000_restart_with_resting_orders,
    scenario_own_order_cancelled_by_phone,
    scenario_pb514_cancel_too_late,
    scenario_pb980_decision_before_the_fill,
    scenario_post_only_would_take,
    scenario_power_cut_orders_unknown_to_the_record,
    scenario_py191_clock_step,
    scenario_py234_reply_lost_order_lives,
    scenario_py313_balance_for_three_orders,
    scenario_py367_hedged_contract_has_two_positions,
    scenario_rebalance_killed_after_it_acted,
    scenario_rebalance_preset_killed_after_its_first_purchase,
    scenario_schedule_killed_at_its_times,
    scenario_seed5983_debt_that_the_venue_paid,
    scenario_seed8198_start_above_a_successor,
    scenario_stop_fires_while_the_engine_is_down,
    scenario_ts95_private_push_dropped,
    scenario_twap_killed_between_record_and_wire,
    scenario_twap_killed_between_two_slices,
}

#[test]
fn every_file_of_the_folder_is_a_test() {
    let names: Vec<String> = files()
        .iter()
        .map(|file| file.file_stem().expect("a file has a name").to_string_lossy().into_owned())
        .collect();
    assert_eq!(names, NAMES);
}

/// The strings of a list at the top of a scenario file.
fn listed(text: &str, key: &str) -> Vec<String> {
    let table: toml::Table = text.parse().expect("it is TOML");
    let list = table.get(key).and_then(toml::Value::as_array).cloned().unwrap_or_default();
    list.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect()
}

#[test]
fn every_incident_that_the_catalogue_cites_has_its_scenario_or_a_test_and_a_reason_elsewhere() {
    for (row, cited, told) in INCIDENTS {
        match told {
            Told::Scenario(name) => {
                let text = std::fs::read_to_string(folder().join(format!("{name}.toml"))).unwrap_or_default();
                assert!(listed(&text, "catalogue").iter().any(|said| said == row), "{name} is not of {row}");
                let evidence = listed(&text, "evidence");
                let untold: Vec<_> =
                    cited.iter().filter(|incident| !evidence.iter().any(|e| e == *incident)).collect();
                assert!(untold.is_empty(), "{row}: {untold:?} is no evidence of {name}");
            }
            Told::Elsewhere(why, places) => {
                assert!(!why.is_empty(), "{row}");
                for place in *places {
                    assert!(exists(*place), "{row}: there is no {} in {}", place.1, place.0);
                }
            }
        }
    }
    let cited: BTreeSet<&str> = INCIDENTS.iter().flat_map(|(_, cited, _)| cited.iter().copied()).collect();
    for file in files() {
        let evidence = listed(&std::fs::read_to_string(&file).expect("it can be read"), "evidence");
        let uncited: Vec<_> = evidence.iter().filter(|incident| !cited.contains(incident.as_str())).collect();
        assert!(uncited.is_empty(), "{}: no row cites {uncited:?}", file.display());
    }
}

/// The issues that a cell of the catalogue names: `NT#5000`, and `#177` after it for another of the same program.
fn issues(cell: &str) -> Vec<String> {
    let (mut program, mut issues) = ("", Vec::new());
    for word in cell.split(|c: char| c.is_whitespace() || "(),;".contains(c)) {
        let Some((name, number)) = word.split_once('#') else { continue };
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        if !name.is_empty() {
            program = name;
        }
        issues.push(format!("{program}#{number}"));
    }
    issues
}

#[test]
fn no_issue_of_the_catalogue_is_left_out() {
    let Some(shared) = std::env::var_os("WINDVANE_SHARED") else {
        eprintln!("skipped: WINDVANE_SHARED does not say where the catalogue is");
        return;
    };
    let text = std::fs::read_to_string(Path::new(&shared).join("reliability.md")).expect("it can be read");
    let mut found = 0;
    for line in text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let (Some(row), Some(evidence)) = (cells.first(), cells.get(5)) else { continue };
        let is_row = row.len() == 3 && row.starts_with(|c: char| ('A'..='G').contains(&c));
        for issue in is_row.then(|| issues(evidence)).into_iter().flatten() {
            found += 1;
            let is_there =
                INCIDENTS.iter().any(|(of, cited, _)| of == row && cited.contains(&issue.as_str()));
            assert!(is_there, "{row} cites {issue}");
        }
    }
    assert!(found >= 80, "only {found} issues were found");
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
        ("[[expect]]\nat = \"1s\"\nresting = [\"buy 5\"]\n", "6:11", "buy 0.04 at 2985"),
        ("[[stranger]]\nat = \"1s\"\nmoves_from = \"5\"\n", "4:1", "`moves_from` and `to`"),
        ("[world.bot]\npreset = \"girdle\"\n", "5:10", "`dca`, `grid`"),
        ("[world.bot]\ntext = \"builtin = 5\"\n", "5:8", "text:1:11"),
        ("[world.bot]\nsymbol = \"BTCUSDT\"\n", "4:1", "of a `preset` or of a `text`"),
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
