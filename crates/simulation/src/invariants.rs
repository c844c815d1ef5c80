//! The invariants, and which checker watches each: an oracle of these stories, or a test where it cannot show on this tier.

use crate::place::Place;

/// What watches an invariant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    /// Oracles here, by the words with which they fail.
    Here(&'static [&'static str]),
    /// Tests of other tiers.
    Elsewhere(&'static [Place]),
}

use Watched::{Elsewhere, Here};

/// Every invariant, in order.
pub const INVARIANTS: &[(&str, Watched)] = &[
    ("I1", Here(&["I1 one intent, one order"])),
    (
        "I2",
        Elsewhere(&[
            ("crates/journal/tests/it/keeping.rs", "a_killed_process_loses_nothing_that_was_committed"),
            (
                "crates/journal/tests/it/disk.rs",
                "with_before_send_a_record_is_durable_without_being_asked_for",
            ),
            ("tests/it/restart.rs", "killed_at_random_moments_the_engine_loses_and_doubles_nothing"),
        ]),
    ),
    ("I3", Here(&["I3 no guessed outcomes"])),
    ("I4", Here(&["I4 I5 both sides agree"])),
    ("I5", Here(&["I5 convergence", "I4 I5 both sides agree"])),
    ("I6", Here(&["I6 terminal never reverts", "I6 fills only grow"])),
    ("I7", Here(&["I4 I5 both sides agree"])),
    ("I8", Here(&["I8 worst case within limits"])),
    (
        "I9",
        Elsewhere(&[
            ("crates/risk/tests/it/properties.rs", "margin_against_a_position_bounds_every_reading"),
            ("tests/scenarios", "scenario_margin_refused_by_the_venue"),
        ]),
    ),
    ("I10", Here(&["I10 reduce-only never opens"])),
    ("I11", Here(&["I11 stale data never trades"])),
    (
        "I12",
        Elsewhere(&[
            ("crates/connector/src/session/tests/entry.rs", "the_last_look_stops_an_order_that_is_too_old"),
            ("crates/connector/src/shell/timekeeper.rs", "d01_the_engine_is_halted_once_and_released_once"),
            ("tests/scenarios", "scenario_py191_clock_step"),
        ]),
    ),
    (
        "I13",
        Elsewhere(&[
            (
                "crates/connector/src/budget/tests.rs",
                "closes_always_find_room_beside_entries_on_either_transport",
            ),
            ("crates/connector/tests/it/http.rs", "d03_after_a_403_http_is_silent"),
        ]),
    ),
    ("I14", Here(&["I14 nothing opens before the account is known", "B17 no order is forgotten"])),
    ("I15", Here(&["I15 a stale epoch never sends"])),
    ("I16", Here(&["I16 foreign orders are not touched"])),
    (
        "I17",
        Elsewhere(&[(
            "tests/it/canary.rs",
            "the_secret_is_in_no_log_no_metric_no_page_no_journal_no_argument_and_no_environment",
        )]),
    ),
    (
        "I18",
        Elsewhere(&[
            ("tests/it/refused.rs", "e10_a_key_of_another_environment_or_of_another_account"),
            ("tests/it/refused.rs", "a_mainnet_key_from_the_environment"),
        ]),
    ),
    (
        "I19",
        Elsewhere(&[
            ("crates/connector/tests/it/properties.rs", "any_text_is_survived"),
            ("crates/connector/tests/it/properties.rs", "any_change_of_a_real_message_is_survived"),
        ]),
    ),
    ("I20", Elsewhere(&[("crates/risk/tests/it/properties.rs", "no_figure_makes_the_check_panic")])),
    ("I21", Elsewhere(&[("tests/it/reload.rs", "a_reload_changes_all_or_nothing_and_says_what")])),
    ("I22", Here(&["I22 a halt is heard"])),
    (
        "I23",
        Elsewhere(&[
            ("tests/it/kill.rs", "a_kill_of_the_account_leaves_no_order_of_anybody_and_no_position"),
            ("tests/it/kill.rs", "a_kill_of_ones_own_leaves_a_strangers_order_alone"),
        ]),
    ),
    (
        "I24",
        Elsewhere(&[
            ("tests/it/soak.rs", "under_a_flood_nothing_grows_and_nothing_private_is_lost"),
            ("crates/connector/tests/it/links.rs", "c06_a_slow_reader_loses_no_word_of_the_account"),
        ]),
    ),
    (
        "I25",
        Elsewhere(&[
            (
                "tests/it/explain.rs",
                "an_order_and_the_stop_that_the_venue_made_for_it_are_told_from_signal_to_position",
            ),
            ("tests/it/restart.rs", "killed_at_random_moments_the_engine_loses_and_doubles_nothing"),
        ]),
    ),
];
