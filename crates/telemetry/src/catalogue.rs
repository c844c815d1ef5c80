//! Every metric, declared once: name, kind, unit, description. Nothing else names a metric in full.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// What a metric does over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Only grows while the process lives.
    Counter,
    /// Goes up and down. Money is a gauge even where it usually grows: rebates and losses make it fall.
    Gauge,
    /// A distribution.
    Histogram,
}

/// The declaration of one metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Full name, `windvane_…`, base unit in the plural.
    pub name: &'static str,
    /// What it does over time.
    pub kind: MetricKind,
    /// Its unit, when it has one.
    pub unit: Option<Unit>,
    /// One sentence for the operator.
    pub about: &'static str,
}

macro_rules! catalogue {
    ($($id:ident = $kind:ident $name:literal $unit:expr, $about:literal;)*) => {
        $(pub(crate) const $id: &str = concat!("windvane_", $name);)*
        /// All metrics, in the order of `deploy/` and the README.
        pub const METRICS: &[Metric] = &[
            $(Metric { name: $id, kind: MetricKind::$kind, unit: $unit, about: $about },)*
        ];
    };
}

catalogue! {
    // Process.
    BUILD_INFO = Gauge "build_info" None, "Always 1; version and commit are in the labels.";
    UP = Gauge "up" None, "Always 1 while the engine's loop answers.";
    READY = Gauge "ready" None, "1 when connected, reconciled and allowed to open.";
    RUN_STATE = Gauge "run_state" None, "1 for the state the engine is in, 0 for the others.";
    START_TIME = Gauge "start_time_seconds" Some(Unit::Seconds), "Unix time of the start.";
    LOOP_LAG = Histogram "engine_loop_lag_seconds" Some(Unit::Seconds), "From reading an event off its socket to having handled it.";
    CHANNEL_DEPTH = Gauge "channel_depth" None, "Messages waiting in a channel.";
    CHANNEL_FULL = Counter "channel_full_total" None, "Times a sender found its channel full.";
    TURN = Histogram "engine_turn_seconds" Some(Unit::Seconds), "From taking an event to having handed over everything that followed from it.";
    OBSERVATIONS_DROPPED = Counter "observations_dropped_total" None, "Measurements of the link that found no room; trading never waits for one.";
    NOTIFICATIONS = Counter "notifications_total" None, "Entries told to people by endpoint, as sent, refused or lost; failed counts attempts that are repeated.";
    SPANS = Counter "spans_total" None, "Spans of orders for the collector, as sent or lost.";
    DISK_FREE = Gauge "data_disk_free_bytes" Some(Unit::Bytes), "Free space where the data folder lies, for this user.";
    DISK_SIZE = Gauge "data_disk_size_bytes" Some(Unit::Bytes), "Size of the disk where the data folder lies.";
    CONFIG_INFO = Gauge "config_info" None, "1 for the config in force, 0 for earlier ones; the label is the beginning of the SHA-256 over config and strategies.";
    CONFIG_RELOADS = Counter "config_reloads_total" None, "Reloads asked for, by what became of them: applied, refused, unchanged (a dry run, or nothing differed).";
    CONFIG_LOADED = Gauge "config_last_reload_success_timestamp_seconds" Some(Unit::Seconds), "Unix time when the config in force was read.";
    // Venue link.
    WS_CONNECTED = Gauge "websocket_connected" None, "1 when the stream is up: authenticated and every topic confirmed.";
    WS_RECONNECTS = Counter "websocket_reconnects_total" None, "Connections of a stream after its first.";
    WS_AGE = Gauge "websocket_last_message_age_seconds" Some(Unit::Seconds), "Age of the last message of a stream.";
    WS_SUBSCRIPTIONS = Gauge "websocket_subscriptions" None, "Topics subscribed on a stream.";
    WS_QUARANTINED = Counter "websocket_quarantined_total" None, "Messages that could not be understood and were set aside.";
    REST_REQUESTS = Counter "rest_requests_total" None, "REST requests by endpoint and retCode (0 = done, -1 = no answer).";
    REST_DURATION = Histogram "rest_request_duration_seconds" Some(Unit::Seconds), "Duration of REST requests.";
    RATE_REMAINING = Gauge "rate_limit_remaining" None, "Requests left in the venue's budget of an endpoint.";
    RATE_LIMITED = Counter "rate_limited_total" None, "Requests refused for their rate.";
    CLOCK_OFFSET = Gauge "clock_offset_seconds" Some(Unit::Seconds), "Venue clock minus ours.";
    ROUND_TRIP = Gauge "venue_round_trip_seconds" Some(Unit::Seconds), "Last measured round trip to the venue.";
    GUARD_EXPECTED = Gauge "guard_expected" None, "1 where the config names a guard's key, or one was seen in this run; else 0.";
    GUARD_AGE = Gauge "guard_age_seconds" Some(Unit::Seconds), "Since the guard last looked at the engine; since the start before that.";
    KEY_EXPIRES = Gauge "api_key_expires_seconds" Some(Unit::Seconds), "Time until the API key expires; absent for one that does not.";
    // Market data.
    MARKET_MESSAGES = Counter "market_messages_total" None, "Market messages by kind.";
    MARKET_AGE = Gauge "market_data_age_seconds" Some(Unit::Seconds), "Age of the newest book or ticker of a symbol.";
    BOOK_RESYNCS = Counter "book_resyncs_total" None, "Times a book was dropped and subscribed again.";
    BOOK_CROSSED = Counter "book_crossed_total" None, "Times a book showed its best bid at or above its best ask.";
    MID_PRICE = Gauge "mid_price" None, "Middle of best bid and ask, quote coin.";
    SPREAD = Gauge "spread_ratio" None, "Best ask minus best bid over the middle.";
    MARK_PRICE = Gauge "mark_price" None, "Mark price, quote coin.";
    FUNDING_RATE = Gauge "funding_rate" None, "Funding rate of the running interval, a fraction.";
    // Orders.
    SUBMITTED = Counter "orders_submitted_total" None, "Orders sent.";
    FILLS = Counter "fills_total" None, "Fills by bot, side and liquidity.";
    FILLED = Counter "orders_filled_total" None, "Orders filled in full.";
    CANCELLED = Counter "orders_cancelled_total" None, "Orders that ended cancelled.";
    REJECTED = Counter "orders_rejected_total" None, "Orders the venue refused, by retCode.";
    DENIED = Counter "orders_denied_total" None, "Wishes that our own risk denied, by reason.";
    OPEN = Gauge "orders_open" None, "Open orders, unknown ones included.";
    UNKNOWN = Gauge "orders_unknown" None, "Orders whose outcome is not known.";
    ACK = Histogram "order_ack_seconds" Some(Unit::Seconds), "From sending an order to the venue's acknowledgement.";
    FILL = Histogram "order_fill_seconds" Some(Unit::Seconds), "From sending an order to its first fill, wall time.";
    CANCEL = Histogram "order_cancel_seconds" Some(Unit::Seconds), "From sending a cancel to the order's end.";
    TICK_TO_ORDER = Histogram "tick_to_order_seconds" Some(Unit::Seconds), "From reading a market frame to handing its order to the socket.";
    SIGNAL_TO_SEND = Histogram "signal_to_send_seconds" Some(Unit::Seconds), "From taking the event that decided an order to handing it to the socket.";
    // Reconciliation.
    RECONCILES = Counter "reconcile_runs_total" None, "Reconciliations with the venue, by trigger.";
    DIFFERENCES = Counter "reconcile_differences_total" None, "Differences found, by kind.";
    RECONCILE_AGE = Gauge "reconcile_last_success_age_seconds" Some(Unit::Seconds), "Age of the last reconciliation that agreed.";
    BACKFILLED = Counter "fills_backfilled_total" None, "Fills learnt by query instead of by stream.";
    DUPLICATES = Counter "duplicate_reports_total" None, "Executions that were already known.";
    FOREIGN = Gauge "foreign_orders" None, "Open orders of the account that are not ours.";
    // Position and money.
    POSITION_QTY = Gauge "position_qty" None, "Size of a position, base coin; negative is short.";
    POSITION_NOTIONAL = Gauge "position_notional" None, "Value of a position at mark, quote coin; negative is short.";
    ENTRY_PRICE = Gauge "entry_price" None, "Average entry price, quote coin; 0 when flat.";
    UNREALISED = Gauge "unrealised_pnl" None, "Unrealised profit at mark.";
    REALISED = Gauge "realised_pnl" None, "Realised profit of a bot before fees and funding.";
    FEES = Gauge "fees_paid" None, "Fees paid by a bot, by liquidity.";
    FUNDING = Gauge "funding_paid" None, "Funding paid by a bot; negative is received.";
    EQUITY = Gauge "equity" None, "Wallet balance plus unrealised profit.";
    WALLET = Gauge "wallet_balance" None, "Wallet balance.";
    AVAILABLE = Gauge "available_balance" None, "What may still be used as margin.";
    LIQUIDATION = Gauge "liquidation_distance_ratio" None, "Distance from mark to the liquidation price over mark.";
    UNPROTECTED = Gauge "position_unprotected_seconds" Some(Unit::Seconds), "How long a position has had no stop at the venue.";
    REPORT_TO_POSITION = Histogram "report_to_position_seconds" Some(Unit::Seconds), "From reading an execution to the position it makes.";
    STOP_TO_WIRE = Histogram "stop_to_wire_seconds" Some(Unit::Seconds), "From reading what called for a stop to handing its request to the socket.";
    TIME_TO_FLAT = Histogram "time_to_flat_seconds" Some(Unit::Seconds), "From the decision to close a position to its being flat, wall time; without one of the engine's, from the first order that closes.";
    ADL_RANK = Gauge "adl_rank" None, "Place in the venue's queue of auto-deleveraging, 0 to 5; 5 is next.";
    // Margin and risk.
    INITIAL_MARGIN = Gauge "account_initial_margin_ratio" None, "Initial margin over margin balance; at 1 nothing more may be opened.";
    MAINTENANCE_MARGIN = Gauge "account_maintenance_margin_ratio" None, "Maintenance margin over margin balance; at 1 the account is liquidated.";
    MARGIN_RESERVED = Gauge "margin_reserved" None, "Initial margin by what holds it, settle coin; open orders include those of unknown outcome.";
    MARGIN_ERROR = Gauge "margin_model_error_ratio" None, "Our initial margin minus the venue's own figure, over equity.";
    MARGIN_DIFFERENCE = Gauge "margin_difference_ratio" None, "Ours minus the venue's own when they were last compared, over equity, by figure.";
    MARGIN_COMPARED = Counter "margin_comparisons_total" None, "Times our margin was held against the venue's own, by figure; pre_check is an order that is only asked about.";
    LIMIT_USED = Gauge "limit_utilisation_ratio" None, "How much of a limit is used; above 1 nothing more may be opened.";
    DAY_PNL = Gauge "day_pnl" None, "Profit since the UTC day began, settle coin.";
    DRAWDOWN = Gauge "drawdown_ratio" None, "Distance of equity from its highest value.";
    BREAKER = Gauge "breaker_state" None, "1 for the cause that holds the engine halted, 0 for the others.";
    // Strategy.
    BOT_UP = Gauge "bot_up" None, "1 while a bot takes part.";
    BOT_EQUITY = Gauge "bot_equity" None, "A bot's share at the start plus its profits and losses.";
    BOT_EXPOSURE = Gauge "bot_exposure" None, "Value of a bot's position at mark, without its sign.";
    SIGNALS = Counter "signals_total" None, "Signals that a bot's rule gave.";
    RULE_EVALUATION = Histogram "rule_evaluation_seconds" Some(Unit::Seconds), "Duration of one bot's answer to one event: its conditions, and what it wants.";
    BLOCKED = Counter "blocked_total" None, "Signals that a condition stopped, by condition.";
    // Journal.
    JOURNAL_BYTES = Counter "journal_bytes_total" Some(Unit::Bytes), "Bytes appended to the journal.";
    TAPE_BYTES = Counter "tape_bytes_total" Some(Unit::Bytes), "Bytes appended to the tape of market events.";
    JOURNAL_APPEND = Histogram "journal_append_seconds" Some(Unit::Seconds), "Duration of handing the records of one event to the kernel.";
    JOURNAL_SYNC = Histogram "journal_sync_seconds" Some(Unit::Seconds), "Duration of one sync of the journal.";
    JOURNAL_UNSYNCED = Gauge "journal_unsynced_records" None, "Records written and not yet on the disk.";
}

/// Tells the exporter what each metric means.
pub(crate) fn describe() {
    for metric in METRICS {
        let unit = metric.unit.unwrap_or(Unit::Count);
        match metric.kind {
            MetricKind::Counter => describe_counter!(metric.name, unit, metric.about),
            MetricKind::Gauge => describe_gauge!(metric.name, unit, metric.about),
            MetricKind::Histogram => describe_histogram!(metric.name, unit, metric.about),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules_of_prometheus() {
        for metric in METRICS {
            assert!(metric.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{}", metric.name);
            assert_eq!(
                metric.name.ends_with("_total"),
                metric.kind == MetricKind::Counter,
                "{}",
                metric.name
            );
            if metric.unit == Some(Unit::Seconds) {
                assert!(metric.name.ends_with("_seconds"), "{}", metric.name);
            }
            assert!(metric.about.ends_with('.'), "{}", metric.name);
        }
    }

    #[test]
    fn no_metric_is_declared_twice() {
        let mut names: Vec<_> = METRICS.iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), METRICS.len());
    }

    /// Every word that begins with our prefix in the dashboards and rules under `deploy/`.
    fn metrics_in_use() -> Vec<String> {
        let deploy = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
        let files =
            ["grafana/dashboards", "prometheus"].map(|folder| deploy.join(folder).read_dir().unwrap());
        let texts =
            files.into_iter().flatten().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        texts
            .collect::<String>()
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| word.starts_with("windvane_"))
            .map(|word| word.trim_end_matches("_bucket").to_owned())
            .collect()
    }

    #[test]
    fn dashboards_and_alerts_name_only_metrics_that_exist() {
        let used = metrics_in_use();
        assert!(used.len() > 50, "the files were read");
        for name in used {
            assert!(METRICS.iter().any(|metric| metric.name == name), "{name} is not in the catalogue");
        }
    }
}
