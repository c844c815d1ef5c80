//! The rows of the failure catalogue, and where each is seen: by which troubles of these stories, or by which test
//! elsewhere when it cannot show on this tier.

use crate::place::Place;
use crate::tally::{Fault, Tally};

/// Where a row of the catalogue is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// By these troubles; one hit of any will do.
    Here(&'static [Fault]),
    /// By these tests of other tiers.
    Elsewhere(&'static [Place]),
    /// Nowhere yet, and why.
    Nowhere(&'static str),
}

use Fault as F;
use Seen::{Elsewhere, Here, Nowhere};

/// Every row, in the order of the catalogue.
pub const CATALOGUE: &[(&str, Seen)] = &[
    ("A01", Here(&[F::ReplyLost, F::RequestLost])),
    ("A02", Here(&[F::ReplyLost])),
    ("A03", Here(&[F::RequestTwice])),
    ("A04", Here(&[F::LateIndex])),
    ("A05", Here(&[F::CancelTooLate])),
    ("A06", Here(&[F::RequestLost, F::ReplyLost])),
    ("A07", Here(&[F::ReplyLost, F::QueryFailed])),
    ("A08", Here(&[F::StaleRead])),
    ("A09", Here(&[F::CancelTooLate])),
    ("A10", Here(&[F::PartThenCancel])),
    ("A11", Here(&[F::AmendTooLate])),
    (
        "A12",
        Elsewhere(&[
            (
                "crates/connector/src/session/tests/entry.rs",
                "a12_each_item_of_a_batch_has_an_outcome_of_its_own",
            ),
            (
                "crates/connector/tests/it/entry.rs",
                "each_item_of_a_batch_over_rest_has_an_outcome_of_its_own",
            ),
        ]),
    ),
    ("A13", Here(&[F::EndedByMatching])),
    ("A14", Here(&[F::NotSent, F::TradeCut])),
    ("A15", Elsewhere(&[("crates/model/src/id.rs", "an_id_tells_its_story_back")])),
    ("A16", Here(&[F::Kill])),
    ("A17", Here(&[F::TopicLate, F::SlowRequest])),
    ("A18", Here(&[F::OverLimit])),
    ("A19", Here(&[F::OverCount])),
    (
        "A20",
        Elsewhere(&[
            ("tests/scenarios", "scenario_margin_refused_by_the_venue"),
            (
                "crates/risk/tests/it/margin.rs",
                "the_largest_affordable_order_passes_and_one_lot_more_does_not",
            ),
        ]),
    ),
    ("A21", Elsewhere(&[("crates/risk/tests/it/denials.rs", "each_reason_denies_for_its_own_cause_alone")])),
    ("A22", Here(&[F::CloseOfNothing])),
    ("A23", Here(&[F::StopFired])),
    ("B01", Here(&[F::PrivateCut])),
    ("B02", Here(&[F::PrivateCut])),
    ("B03", Here(&[F::PushDropped])),
    (
        "B04",
        Elsewhere(&[(
            "crates/connector/src/session/tests/private.rs",
            "b04_private_is_up_only_after_log_in_and_every_topic",
        )]),
    ),
    ("B05", Here(&[F::PushFirst, F::TopicLate])),
    ("B06", Here(&[F::PushTwice, F::PushAgain])),
    ("B07", Here(&[F::PushAgain])),
    ("B08", Here(&[F::StaleRead])),
    ("B09", Here(&[F::Kill])),
    (
        "B10",
        Elsewhere(&[(
            "crates/connector/src/session/tests/private.rs",
            "b10_an_execution_told_by_both_topics_is_one_in_either_order",
        )]),
    ),
    ("B11", Here(&[F::Funding])),
    ("B12", Here(&[F::Liquidated])),
    (
        "B13",
        Elsewhere(&[(
            "crates/connector/src/codec/private.rs",
            "b13_one_unreadable_row_does_not_take_the_others_with_it",
        )]),
    ),
    ("B14", Here(&[F::BothSides])),
    (
        "B15",
        Elsewhere(&[
            (
                "crates/connector/tests/it/reading.rs",
                "b15_the_account_is_read_over_all_pages_oldest_execution_first",
            ),
            (
                "crates/connector/tests/it/reading.rs",
                "b01_b15_after_a_long_absence_executions_are_read_week_by_week",
            ),
        ]),
    ),
    (
        "B16",
        Elsewhere(&[(
            "crates/order-management/src/tests/account.rs",
            "what_cannot_be_explained_ends_after_bounded_tries",
        )]),
    ),
    ("B17", Here(&[F::Kill, F::PowerCut])),
    ("B18", Here(&[F::PushDropped])),
    ("B19", Elsewhere(&[("crates/simulation/tests/it/main.rs", "two_processes_tell_the_same_story")])),
    ("B20", Elsewhere(&[("crates/engine/src/tests/breaker.rs", "a_wick_takes_no_step_of_the_drawdown")])),
    ("B21", Here(&[F::Stranger, F::Meddling])),
    ("B22", Here(&[F::PushTwice])),
    ("C01", Here(&[F::BookGap, F::MarketTwice, F::MarketLate, F::MarketTorn])),
    ("C02", Here(&[F::PublicCut, F::MarketLost])),
    (
        "C03",
        Elsewhere(&[
            ("crates/market/src/book.rs", "number_one_is_a_snapshot_whatever_it_says"),
            (
                "crates/connector/src/session/tests/market.rs",
                "c03_a_book_that_begins_anew_in_the_midst_is_told_as_a_snapshot",
            ),
        ]),
    ),
    (
        "C04",
        Elsewhere(&[
            ("crates/connector/src/session/tests/market.rs", "c04_an_open_candle_is_told_as_open"),
            ("crates/market/src/candle.rs", "a_candle_counts_once_and_gaps_are_counted"),
        ]),
    ),
    (
        "C05",
        Elsewhere(&[(
            "crates/connector/src/session/tests/market.rs",
            "c05_what_a_ticker_does_not_name_has_not_changed",
        )]),
    ),
    (
        "C06",
        Elsewhere(&[(
            "crates/connector/tests/it/links.rs",
            "c06_a_slow_reader_loses_no_word_of_the_account",
        )]),
    ),
    ("C07", Elsewhere(&[("crates/risk/tests/it/denials.rs", "each_reason_denies_for_its_own_cause_alone")])),
    (
        "C08",
        Elsewhere(&[
            ("crates/risk/tests/it/denials.rs", "each_reason_denies_for_its_own_cause_alone"),
            (
                "crates/connector/tests/it/links.rs",
                "c08_a_history_that_lags_behind_is_asked_for_until_it_is_whole",
            ),
        ]),
    ),
    ("D01", Here(&[F::ClockStep])),
    ("D02", Here(&[F::Refused])),
    (
        "D03",
        Elsewhere(&[
            ("crates/connector/tests/it/http.rs", "d03_after_a_403_http_is_silent"),
            (
                "crates/connector/src/budget/tests.rs",
                "d03_a_ban_silences_http_for_ten_minutes_and_leaves_the_trade_socket_open",
            ),
        ]),
    ),
    ("D04", Here(&[F::NoVerdict])),
    ("D05", Here(&[F::VenueRestart])),
    ("D06", Here(&[F::PrivateCut, F::TradeCut])),
    ("D07", Here(&[F::Outage])),
    (
        "D08",
        Elsewhere(&[
            ("crates/connector/src/backoff.rs", "d08_any_random_value_stays_inside_the_bound_for_ever"),
            (
                "crates/connector/src/shell/doors.rs",
                "d08_no_five_minutes_see_more_connections_than_the_bound",
            ),
        ]),
    ),
    (
        "D09",
        Elsewhere(&[(
            "crates/connector/src/session/tests/private.rs",
            "b02_d09_pings_go_out_on_time_and_a_lost_pong_ends_the_connection",
        )]),
    ),
    ("D10", Here(&[F::Disconnected])),
    (
        "D11",
        Elsewhere(&[(
            "crates/engine/src/tests/control.rs",
            "d11_a_kill_of_the_account_is_repeated_until_a_later_picture_shows_no_order_and_outlives_a_crash",
        )]),
    ),
    (
        "D12",
        Elsewhere(&[
            ("crates/connector/src/endpoints.rs", "g10_d12_a_key_is_not_sent_to_strangers"),
            (
                "crates/connector/tests/it/tls.rs",
                "d12_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_said",
            ),
        ]),
    ),
    ("D13", Here(&[F::NoVerdict, F::Torn])),
    (
        "E01",
        Elsewhere(&[
            ("tests/it/refused.rs", "e01_an_account_that_cannot_be_read_is_not_taken_for_one_in_order"),
            (
                "crates/connector/tests/it/hourly.rs",
                "e01_a_position_mode_that_is_switched_while_the_engine_runs_halts_once",
            ),
        ]),
    ),
    ("E02", Here(&[F::LeverageDiffers])),
    ("E03", Here(&[F::GridChange])),
    (
        "E04",
        Elsewhere(&[
            (
                "crates/connector/src/session/tests/account.rs",
                "e01_e02_e04_what_has_changed_about_account_and_contract_is_named",
            ),
            ("crates/risk/tests/it/denials.rs", "each_reason_denies_for_its_own_cause_alone"),
        ]),
    ),
    (
        "E05",
        Elsewhere(&[("crates/connector/tests/it/reading.rs", "e05_what_is_listed_is_read_to_its_last_page")]),
    ),
    (
        "E06",
        Elsewhere(&[
            (
                "crates/connector/src/session/tests/account.rs",
                "e06_a_refused_key_halts_the_engine_and_a_busy_venue_does_not",
            ),
            (
                "crates/connector/tests/it/hourly.rs",
                "e06_e07_e08_the_key_is_looked_at_time_and_again_and_a_bad_one_halts_once",
            ),
        ]),
    ),
    (
        "E07",
        Elsewhere(&[(
            "crates/connector/src/session/tests/account.rs",
            "e07_e08_e09_a_key_that_may_no_longer_trade_halts_with_the_answer_to_its_order",
        )]),
    ),
    (
        "E08",
        Elsewhere(&[(
            "crates/connector/src/session/tests/account.rs",
            "e07_e08_e09_a_key_that_may_no_longer_trade_halts_with_the_answer_to_its_order",
        )]),
    ),
    (
        "E09",
        Elsewhere(&[(
            "crates/connector/src/session/tests/account.rs",
            "e07_e08_e09_a_key_that_may_no_longer_trade_halts_with_the_answer_to_its_order",
        )]),
    ),
    ("E10", Elsewhere(&[("tests/it/refused.rs", "e10_a_key_of_another_environment_or_of_another_account")])),
    ("E11", Here(&[F::Liquidated])),
    (
        "E12",
        Elsewhere(&[
            ("crates/risk/tests/it/denials.rs", "each_reason_denies_for_its_own_cause_alone"),
            (
                "crates/connector/src/session/tests/account.rs",
                "e12_an_order_that_met_our_own_is_told_with_its_cause",
            ),
        ]),
    ),
    ("F01", Here(&[F::KillBeforeSend])),
    (
        "F02",
        Elsewhere(&[
            (
                "crates/journal/tests/it/crash.rs",
                "cut_at_any_byte_it_keeps_every_whole_record_and_every_promise",
            ),
            (
                "crates/journal/tests/it/crash.rs",
                "with_any_bit_flipped_it_refuses_what_was_durable_and_cuts_what_was_not",
            ),
        ]),
    ),
    (
        "F03",
        Elsewhere(&[
            ("crates/journal/tests/it/disk.rs", "a_failed_sync_is_reported_and_never_tried_again"),
            ("tests/it/degraded.rs", "a_sync_that_fails_stops_what_opens_and_nothing_else"),
        ]),
    ),
    (
        "F04",
        Elsewhere(&[
            ("crates/journal/tests/it/disk.rs", "on_a_full_disk_the_reserve_holds_what_ends_the_run"),
            ("tests/scenarios", "scenario_ft5621_disk_full"),
        ]),
    ),
    (
        "F05",
        Elsewhere(&[("crates/journal/tests/it/keeping.rs", "a_second_engine_is_told_who_holds_the_folder")]),
    ),
    ("F06", Here(&[F::Successor])),
    ("F07", Here(&[F::PowerCut])),
    (
        "F08",
        Elsewhere(&[
            ("tests/it/bad_input.rs", "each_fault_of_a_config_is_named_with_its_place_and_exit_code_2"),
            ("tests/it/reload.rs", "a_reload_changes_all_or_nothing_and_says_what"),
        ]),
    ),
    ("F09", Here(&[F::ClockStep])),
    (
        "F10",
        Elsewhere(&[(
            "crates/connector/src/session/tests/entry.rs",
            "the_last_look_stops_an_order_that_is_too_old",
        )]),
    ),
    (
        "F11",
        Elsewhere(&[(
            "crates/connector/tests/it/links.rs",
            "f11_a_task_that_ends_although_nothing_was_stopped_is_missed",
        )]),
    ),
    ("F12", Here(&[F::Operator])),
    (
        "G01",
        Elsewhere(&[
            ("crates/connector/src/sign/mod.rs", "g01_nothing_secret_can_be_printed"),
            (
                "tests/it/canary.rs",
                "the_secret_is_in_no_log_no_metric_no_page_no_journal_no_argument_and_no_environment",
            ),
        ]),
    ),
    (
        "G02",
        Elsewhere(&[
            (
                "tests/it/canary.rs",
                "the_secret_is_in_no_log_no_metric_no_page_no_journal_no_argument_and_no_environment",
            ),
            ("tests/it/refused.rs", "a_mainnet_key_from_the_environment"),
        ]),
    ),
    (
        "G03",
        Elsewhere(&[
            ("tests/it/vault.rs", "a_sealed_key_is_used_with_its_passphrase_alone"),
            ("crates/app/src/live/keys.rs", "a_key_file_that_others_can_read_is_refused_without_showing_it"),
        ]),
    ),
    ("G04", Elsewhere(&[("tests/it/refused.rs", "g04_a_key_that_may_move_money_or_not_trade")])),
    (
        "G05",
        Elsewhere(&[(
            "tests/it/listeners.rs",
            "g05_an_engine_listens_on_this_machine_alone_and_takes_orders_by_its_owners_socket_alone",
        )]),
    ),
    (
        "G06",
        Elsewhere(&[("tests/it/deployed.rs", "the_service_units_are_valid_and_give_little_to_harm_with")]),
    ),
    (
        "G07",
        Elsewhere(&[
            (
                "crates/connector/tests/it/links.rs",
                "g07_a_message_beyond_a_mib_ends_its_socket_and_one_of_a_mib_does_not",
            ),
            ("crates/connector/tests/it/http.rs", "g07_an_answer_that_never_ends_is_given_up"),
            (
                "crates/connector/src/codec/depth.rs",
                "g07_a_deep_frame_is_put_aside_on_every_socket_before_it_is_parsed",
            ),
            (
                "crates/venue/tests/it/hostile.rs",
                "a_half_open_handshake_and_a_silent_upload_hold_nobody_up_and_are_closed",
            ),
        ]),
    ),
    (
        "G08",
        Elsewhere(&[
            ("crates/model/src/fixed.rs", "text_that_is_no_number_or_does_not_fit_is_refused"),
            (
                "crates/connector/tests/it/numbers.rs",
                "g08_g09_figures_beyond_all_bounds_are_put_aside_and_the_rest_of_the_stream_is_heard",
            ),
        ]),
    ),
    (
        "G09",
        Elsewhere(&[
            ("tests/it/bad_input.rs", "each_fault_of_a_config_is_named_with_its_place_and_exit_code_2"),
            (
                "crates/connector/tests/it/numbers.rs",
                "g08_g09_figures_beyond_all_bounds_are_put_aside_and_the_rest_of_the_stream_is_heard",
            ),
        ]),
    ),
    (
        "G10",
        Elsewhere(&[
            ("crates/connector/src/endpoints.rs", "g10_d12_a_key_is_not_sent_to_strangers"),
            ("crates/connector/tests/it/http.rs", "g10_nobody_is_followed_to_another_place"),
        ]),
    ),
    (
        "G11",
        Elsewhere(&[(
            "crates/connector/src/codec/words.rs",
            "g11_what_could_forge_a_line_is_taken_out_and_the_rest_stays",
        )]),
    ),
];

/// Rows that are seen here and were not hit.
#[must_use]
pub fn unseen(tally: &Tally) -> Vec<&'static str> {
    let is_silent = |seen: &Seen| match seen {
        Here(faults) => faults.iter().all(|fault| tally.hits(*fault) == 0),
        Elsewhere(_) | Nowhere(_) => false,
    };
    CATALOGUE.iter().filter(|(_, seen)| is_silent(seen)).map(|(row, _)| *row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_there_once_and_every_trouble_stands_for_one() {
        let count = |letter: char| CATALOGUE.iter().filter(|(row, _)| row.starts_with(letter)).count();
        assert_eq!(['A', 'B', 'C', 'D', 'E', 'F', 'G'].map(count), [23, 22, 8, 13, 12, 12, 11]);
        let mut rows: Vec<_> = CATALOGUE.iter().map(|(row, _)| row).collect();
        rows.dedup();
        assert_eq!(rows.len(), CATALOGUE.len());
    }
}
