//! The public incidents that the failure catalogue cites, by its rows, and where each is told again: issues of other
//! programs, named `program#number`, and a few that were not issues.
//!
//! HB hummingbot, NT NautilusTrader, FT freqtrade, PB passivbot, PY pybit, TS tiagosiebler/bybit-api, CX ccxt, HFT hftbacktest.

use crate::place::Place;

/// Where an incident is told again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// By this file of `tests/scenarios/`.
    Scenario(&'static str),
    /// Not as a scenario, for this reason; by these tests instead.
    Elsewhere(&'static str, &'static [Place]),
}

use Told::{Elsewhere, Scenario};

/// A scenario tells what becomes of whole messages; what is wrong within one is told where it is read.
const OF_THE_WIRE: &str =
    "it is about a text that is damaged or unheard of, and both sides of a scenario write what they should";
/// A scenario's process, disk and host are the simulator's.
const OF_THE_PROCESS: &str = "it is about a process and its host, and a scenario has none";
/// One question with one answer, without a course of events.
const OF_ONE_DECISION: &str = "it is a single decision, told as a row of the table of all its kind";
/// What no program of ours could repeat.
const OF_PEOPLE: &str = "it is about keys and people, not about orders";

const KEY_CHECKS: Place = (
    "crates/connector/src/session/tests/account.rs",
    "e06_a_refused_key_halts_the_engine_and_a_busy_venue_does_not",
);
const KEY_HALTS: Place = (
    "crates/connector/src/session/tests/account.rs",
    "e07_e08_e09_a_key_that_may_no_longer_trade_halts_with_the_answer_to_its_order",
);
const DENIALS: Place = ("crates/risk/tests/it/denials.rs", "each_reason_denies_for_its_own_cause_alone");
const BAD_CONFIG: Place =
    ("tests/it/bad_input.rs", "each_fault_of_a_config_is_named_with_its_place_and_exit_code_2");
const CANARY: Place = (
    "tests/it/canary.rs",
    "the_secret_is_in_no_log_no_metric_no_page_no_journal_no_argument_and_no_environment",
);

/// Every row that cites any, with what it cites and where that is told again. A row may come twice.
pub const INCIDENTS: &[(&str, &[&str], Told)] = &[
    (
        "A01",
        &["PY#234", "HB#493", "scrtlabs/catalyst#317"],
        Scenario("scenario_py234_reply_lost_order_lives"),
    ),
    ("A02", &["CX#1880", "CX#2698"], Scenario("scenario_cx1880_reply_lost_order_filled")),
    ("A03", &["NT#4215"], Scenario("scenario_nt4215_duplicate_is_proof")),
    ("A04", &["CX#23922", "FT#8175", "docs-legacy#184"], Scenario("scenario_cx23922_late_index")),
    ("A05", &["PB#514", "HB#4558"], Scenario("scenario_pb514_cancel_too_late")),
    ("A06", &["NT#4152", "NT#4958"], Scenario("scenario_nt4152_request_lost_is_retired_late")),
    ("A07", &["NT#4730", "NT#3879"], Scenario("scenario_nt4730_cancel_ack_lost")),
    ("A08", &["FT#9273"], Scenario("scenario_nt4730_cancel_ack_lost")),
    ("A10", &["FT#10966", "binance-trader#178"], Scenario("scenario_ft10966_partial_fill_then_cancel")),
    ("A14", &["NT#3820"], Scenario("scenario_nt3820_trade_socket_cut")),
    (
        "A15",
        &["PB#436"],
        Elsewhere(
            "an id that is too long cannot be minted: its length is that of its type",
            &[("crates/model/src/id.rs", "an_id_tells_its_story_back")],
        ),
    ),
    ("A16", &["HFT#87", "HFT#146"], Scenario("scenario_hft87_ids_after_a_restart")),
    ("A17", &["PB#980"], Scenario("scenario_pb980_decision_before_the_fill")),
    (
        "A18",
        &["SEC 34-70694"],
        Elsewhere(
            "the last look at the socket stands behind the engine, where a scenario's commands have left it",
            &[
                ("crates/app/src/live/parentage.rs", "a_child_is_no_larger_than_its_parent_and_leaves_once"),
                ("crates/app/src/live/parentage.rs", "the_parts_of_a_sum_are_together_no_more_than_the_sum"),
            ],
        ),
    ),
    ("A20", &["PY#313"], Scenario("scenario_py313_balance_for_three_orders")),
    ("A21", &["TS#390"], Elsewhere(OF_ONE_DECISION, &[DENIALS])),
    ("A23", &["FT#12528", "FT#9128"], Scenario("scenario_ft12528_close_of_a_vanished_position")),
    ("B01", &["banbot#147", "vnpy_bybit#19"], Scenario("scenario_banbot147_fills_during_an_outage")),
    (
        "B02",
        &["PY#31", "PY#196", "bybit-java-api#47", "passivbot_lighter#3"],
        Scenario("scenario_banbot147_fills_during_an_outage"),
    ),
    ("B03", &["Lean.Brokerages.TradeStation#95"], Scenario("scenario_ts95_private_push_dropped")),
    (
        "B04",
        &["NT#2097", "NT#4820"],
        Elsewhere(
            OF_THE_WIRE,
            &[(
                "crates/connector/src/session/tests/private.rs",
                "b04_private_is_up_only_after_log_in_and_every_topic",
            )],
        ),
    ),
    ("B05", &["NT#3770"], Scenario("scenario_cx18028_executions_out_of_order")),
    ("B06", &["CX#18028"], Scenario("scenario_cx18028_executions_out_of_order")),
    ("B07", &["deepentropy/ibx#317"], Scenario("scenario_nt3046_fill_told_twice_over_restart")),
    ("B08", &["NT#3493", "NT#4991"], Scenario("scenario_nt3493_old_picture_after_a_newer_push")),
    ("B09", &["NT#3046", "QuantDinger#232"], Scenario("scenario_nt3046_fill_told_twice_over_restart")),
    ("B11", &["NT#4937"], Scenario("scenario_nt4937_funding_is_no_trade")),
    ("B12", &["FT#7107"], Scenario("scenario_ft7107_liquidated_by_the_venue")),
    (
        "B13",
        &["NT#4655", "NT#3836", "NT#3922"],
        Elsewhere(
            OF_THE_WIRE,
            &[(
                "crates/connector/src/codec/private.rs",
                "b13_one_unreadable_row_does_not_take_the_others_with_it",
            )],
        ),
    ),
    ("B14", &["PY#367"], Scenario("scenario_py367_hedged_contract_has_two_positions")),
    (
        "B16",
        &["NT#3622"],
        Elsewhere(
            "a venue that goes on contradicting itself is none that the venue's core can be",
            &[(
                "crates/order-management/src/tests/account.rs",
                "what_cannot_be_explained_ends_after_bounded_tries",
            )],
        ),
    ),
    ("B17", &["NT#5000"], Scenario("scenario_nt5000_restart_with_resting_orders")),
    ("B18", &["NT#3176", "NT#4739"], Scenario("scenario_nt4739_no_fill_is_invented")),
    (
        "B19",
        &["NT#3878"],
        Elsewhere(
            "a difference between two runs shows in no single one",
            &[("crates/simulation/tests/it/main.rs", "two_processes_tell_the_same_story")],
        ),
    ),
    ("B21", &["NT#1190"], Scenario("scenario_nt1190_strangers_fill")),
    ("C01", &["NT#2075", "cryptofeed#1082"], Scenario("scenario_nt2075_book_gap")),
    ("C02", &["NT#4298"], Scenario("scenario_nt4298_feed_that_is_up_and_frozen")),
    (
        "C03",
        &["ExchangeSharp#844"],
        Elsewhere(
            OF_THE_WIRE,
            &[
                ("crates/market/src/book.rs", "number_one_is_a_snapshot_whatever_it_says"),
                (
                    "crates/connector/src/session/tests/market.rs",
                    "c03_a_book_that_begins_anew_in_the_midst_is_told_as_a_snapshot",
                ),
            ],
        ),
    ),
    (
        "C06",
        &["polygon-io/issues#11"],
        Elsewhere(
            OF_THE_PROCESS,
            &[("crates/connector/tests/it/links.rs", "c06_a_slow_reader_loses_no_word_of_the_account")],
        ),
    ),
    ("C07", &["FT#3769"], Elsewhere(OF_ONE_DECISION, &[DENIALS])),
    ("D01", &["PY#191", "TS#206"], Scenario("scenario_py191_clock_step")),
    ("D13", &["NT#3925"], Scenario("scenario_nt3925_answer_that_cannot_be_read")),
    ("E01", &["TS#363", "CX#24848"], Scenario("scenario_py367_hedged_contract_has_two_positions")),
    (
        "E04",
        &["NT#3829", "FT#11414", "FT#9463"],
        Elsewhere(
            "contracts are read anew by REST, which a scenario does not have",
            &[
                (
                    "crates/connector/src/session/tests/account.rs",
                    "e01_e02_e04_what_has_changed_about_account_and_contract_is_named",
                ),
                DENIALS,
            ],
        ),
    ),
    ("E06", &["docs-legacy#60"], Elsewhere(OF_THE_WIRE, &[KEY_CHECKS])),
    ("E08", &["docs-legacy#217", "TS#555"], Elsewhere(OF_THE_WIRE, &[KEY_HALTS])),
    ("F01", &["NT#5000"], Scenario("scenario_nt5000_restart_with_resting_orders")),
    (
        "F02",
        &["holt v0.7.1"],
        Elsewhere(
            OF_THE_PROCESS,
            &[(
                "crates/journal/tests/it/crash.rs",
                "cut_at_any_byte_it_keeps_every_whole_record_and_every_promise",
            )],
        ),
    ),
    (
        "F03",
        &["ATC'20"],
        Elsewhere(
            OF_THE_PROCESS,
            &[
                ("crates/journal/tests/it/disk.rs", "a_failed_sync_is_reported_and_never_tried_again"),
                ("tests/it/degraded.rs", "a_sync_that_fails_stops_what_opens_and_nothing_else"),
            ],
        ),
    ),
    ("F04", &["FT#5621", "FT#8969"], Scenario("scenario_ft5621_disk_full")),
    (
        "F05",
        &["FT#6353"],
        Elsewhere(
            OF_THE_PROCESS,
            &[("crates/journal/tests/it/keeping.rs", "a_second_engine_is_told_who_holds_the_folder")],
        ),
    ),
    ("F06", &["Krypto-trading-bot#325"], Scenario("scenario_krypto325_fenced_by_a_newer_engine")),
    ("F09", &["tmatic#228"], Scenario("scenario_py191_clock_step")),
    (
        "F10",
        &["PB#980"],
        Elsewhere(
            OF_THE_PROCESS,
            &[(
                "crates/connector/src/session/tests/entry.rs",
                "the_last_look_stops_an_order_that_is_too_old",
            )],
        ),
    ),
    (
        "F11",
        &["passivbot_lighter#3"],
        Elsewhere(
            OF_THE_PROCESS,
            &[(
                "crates/connector/tests/it/links.rs",
                "f11_a_task_that_ends_although_nothing_was_stopped_is_missed",
            )],
        ),
    ),
    ("G01", &["Obsyd#97", "docs-legacy#217"], Elsewhere(OF_PEOPLE, &[CANARY])),
    (
        "G03",
        &["3Commas 2022-12"],
        Elsewhere(OF_PEOPLE, &[("tests/it/vault.rs", "a_sealed_key_is_used_with_its_passphrase_alone")]),
    ),
    ("G05", &["FT#6455", "FT#847"], Elsewhere(OF_ONE_DECISION, &[BAD_CONFIG])),
    (
        "G06",
        &["crates.io 2025-09-24"],
        Elsewhere(
            "what is built is held by `Cargo.lock` and judged by `deny.toml`, before anything runs",
            &[],
        ),
    ),
    (
        "G07",
        &["RUSTSEC-2023-0065"],
        Elsewhere(
            OF_THE_WIRE,
            &[(
                "crates/connector/src/codec/depth.rs",
                "g07_a_deep_frame_is_put_aside_on_every_socket_before_it_is_parsed",
            )],
        ),
    ),
    (
        "G08",
        &["rust-decimal#80", "rust-decimal#177"],
        Elsewhere(
            OF_ONE_DECISION,
            &[("crates/risk/tests/it/properties.rs", "no_figure_makes_the_check_panic")],
        ),
    ),
    ("G09", &["FT#11414"], Elsewhere(OF_ONE_DECISION, &[BAD_CONFIG])),
];
