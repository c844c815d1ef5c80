//! Counters and distributions, derived from the events and commands that pass through the loop.

use crate::catalogue as name;
use metrics::{Counter, Histogram, counter, gauge, histogram};
use std::collections::BTreeMap;
use std::time::Duration;
use windvane_model::{
    AccountEvent, BotName, ClientOrderId, Command, Denial, Event, Execution, ExecutionKind, Link, LinkState,
    MarketEvent, OrderReport, OrderStatus, Query, RefusalFamily, Request, Side, Stamped, Submit, Symbol,
    WallTime,
};

/// Open requests remembered for their latency; beyond this the oldest is forgotten.
const PENDING_MAX: usize = 4_096;

/// Derives metrics from what the loop takes in and sends out. Owned by the loop; holds no other state of it.
pub struct Observer {
    market: [Counter; 6],
    loop_lag: Histogram,
    turn: Histogram,
    tick_to_order: Histogram,
    signal_to_send: Histogram,
    journal_append: Histogram,
    report_to_position: Histogram,
    /// By bot, as they first think.
    evaluations: BTreeMap<BotName, Histogram>,
    /// When an order left, by its id; until its first fill or its end.
    sent: BTreeMap<ClientOrderId, Sent>,
    /// How often each stream came up.
    connections: BTreeMap<&'static str, u64>,
    /// When the closing of a position was decided, or the first order left that closes it; until it is flat.
    closing: BTreeMap<Symbol, WallTime>,
    /// Whose position is whose: a stop that the venue made is booked to the bot whose position it closes.
    owners: BTreeMap<Symbol, BotName>,
    /// The hash of the config in force.
    config: String,
}

/// What runs.
#[derive(Debug, Clone)]
pub struct Build {
    /// The version of the binary.
    pub version: &'static str,
    /// The commit it was built from, where that is known.
    pub commit: &'static str,
    /// The beginning of the fingerprint over config and strategies, hexadecimal.
    pub config: String,
}

struct Sent {
    at: WallTime,
    bot: Option<BotName>,
    cancel_at: Option<WallTime>,
    has_filled: bool,
}

impl Default for Observer {
    fn default() -> Self {
        Self {
            market: ["book", "trades", "ticker", "candle", "liquidations", "price_limit"]
                .map(|kind| counter!(name::MARKET_MESSAGES, "stream" => "public", "kind" => kind)),
            loop_lag: histogram!(name::LOOP_LAG),
            turn: histogram!(name::TURN),
            tick_to_order: histogram!(name::TICK_TO_ORDER),
            signal_to_send: histogram!(name::SIGNAL_TO_SEND),
            journal_append: histogram!(name::JOURNAL_APPEND),
            report_to_position: histogram!(name::REPORT_TO_POSITION),
            evaluations: BTreeMap::new(),
            sent: BTreeMap::new(),
            connections: BTreeMap::new(),
            closing: BTreeMap::new(),
            owners: BTreeMap::new(),
            config: String::new(),
        }
    }
}

impl Observer {
    /// Says which build runs since when, and shows the counters of rare events at zero: a rate can only be
    /// taken of a counter that was there before its first event.
    pub fn start(&mut self, build: &Build, bots: &[(BotName, Symbol)], now: WallTime) {
        self.owners = bots.iter().map(|(bot, symbol)| (*symbol, *bot)).collect();
        gauge!(name::BUILD_INFO, "version" => build.version, "commit" => build.commit).set(1.0);
        gauge!(name::CONFIG_INFO, "hash" => build.config.clone()).set(1.0);
        gauge!(name::START_TIME).set(seconds(now.0));
        gauge!(name::CONFIG_LOADED).set(seconds(now.0));
        counter!(name::REJECTED, "code" => "110007", "family" => RefusalFamily::InsufficientMargin.as_str())
            .increment(0);
        for result in ["applied", "refused", "unchanged"] {
            counter!(name::CONFIG_RELOADS, "result" => result).increment(0);
        }
        self.config.clone_from(&build.config);
        for stream in ["public", "private", "trade"] {
            counter!(name::WS_QUARANTINED, "stream" => stream).increment(0);
        }
        for channel in ["commands", "market", "account"] {
            counter!(name::CHANNEL_FULL, "channel" => channel).increment(0);
        }
        for endpoint in crate::notify::NAMES {
            for result in crate::notify::RESULTS {
                counter!(name::NOTIFICATIONS, "endpoint" => endpoint, "result" => result).increment(0);
            }
        }
        for result in crate::otlp::RESULTS {
            counter!(name::SPANS, "result" => result).increment(0);
        }
        counter!(name::RATE_LIMITED, "endpoint" => "submit").increment(0);
        for (bot, symbol) in bots {
            for reason in ["margin", "order_notional", "position_notional", "run_state"] {
                counter!(name::DENIED, "bot" => bot.to_string(), "reason" => reason).increment(0);
            }
            for metric in [name::BOOK_RESYNCS, name::BOOK_CROSSED] {
                counter!(metric, "symbol" => symbol.to_string()).increment(0);
            }
        }
    }

    /// A reload changed nothing: `result` says why not.
    pub fn reload(&self, result: &'static str) {
        counter!(name::CONFIG_RELOADS, "result" => result).increment(1);
    }

    /// The config of that hash, with these bots, is in force since `now`.
    pub fn reloaded(&mut self, hash: &str, bots: &[(BotName, Symbol)], now: WallTime) {
        self.reload("applied");
        self.owners = bots.iter().map(|(bot, symbol)| (*symbol, *bot)).collect();
        gauge!(name::CONFIG_INFO, "hash" => std::mem::replace(&mut self.config, hash.to_owned())).set(0.0);
        gauge!(name::CONFIG_INFO, "hash" => hash.to_owned()).set(1.0);
        gauge!(name::CONFIG_LOADED).set(seconds(now.0));
    }

    /// A bot has answered an event, and it took so long.
    pub fn evaluation(&mut self, bot: BotName, took: Duration) {
        let by_bot = || histogram!(name::RULE_EVALUATION, "bot" => bot.to_string());
        self.evaluations.entry(bot).or_insert_with(by_bot).record(took);
    }

    /// An event that was read off its socket at `received` has been handled at `handled`.
    pub fn event(&mut self, stamped: &Stamped, received: WallTime, handled: WallTime) {
        self.loop_lag.record(seconds(handled.0 - received.0));
        self.turn.record(seconds(handled.0 - stamped.stamp.wall.0));
        match &stamped.event {
            Event::Market(event) => self.market_event(event),
            Event::Account(event) => {
                if matches!(event, AccountEvent::Execution(_)) {
                    self.report_to_position.record(seconds(handled.0 - received.0));
                }
                self.account_event(event, stamped.stamp.wall);
            }
            Event::Link(link) => self.link(*link),
            Event::Reference(_) | Event::Timer | Event::Control(_) => {}
        }
    }

    /// A command of `bot` was handed to its socket at `now`, because of the event `cause`, which was read at `received`.
    pub fn command(
        &mut self,
        bot: Option<BotName>,
        command: &Command,
        cause: &Stamped,
        received: WallTime,
        now: WallTime,
    ) {
        match command {
            Command::Submit(submit) => {
                if matches!(cause.event, Event::Market(_)) {
                    self.tick_to_order.record(seconds(now.0 - received.0));
                }
                self.signal_to_send.record(seconds(now.0 - cause.stamp.wall.0));
                self.submit(bot, submit, now);
            }
            Command::Cancel(cancel) => {
                if let Some(sent) = cancel.client_order_id.and_then(|id| self.sent.get_mut(&id)) {
                    sent.cancel_at = Some(now);
                }
            }
            Command::SetProtection(_) => {
                histogram!(name::STOP_TO_WIRE).record(seconds(now.0 - received.0));
            }
            Command::Query(Query::Account { .. }) => {
                counter!(name::RECONCILES, "trigger" => trigger(&cause.event)).increment(1);
            }
            Command::Amend(_) | Command::CancelAll(_) | Command::SetLeverage(_) | Command::Query(_) => {}
        }
    }

    /// It was decided at `now` that the position on that contract is to be closed, or no longer.
    pub fn closing(&mut self, symbol: Symbol, on: bool, now: WallTime) {
        if on {
            self.closing.entry(symbol).or_insert(now);
        } else {
            self.closing.remove(&symbol);
        }
    }

    /// The position on that contract went flat.
    pub fn flat(&mut self, symbol: Symbol, now: WallTime) {
        if let Some(since) = self.closing.remove(&symbol) {
            histogram!(name::TIME_TO_FLAT).record(seconds(now.0 - since.0));
        }
    }

    /// Our own risk denied a wish of `bot`.
    pub fn denied(&self, bot: BotName, denial: &Denial) {
        counter!(name::DENIED, "bot" => bot.to_string(), "reason" => denial.reason.as_str()).increment(1);
    }

    /// A REST request was answered (`code` is its `retCode`) or not (`code` −1).
    pub fn rest_request(&self, endpoint: &'static str, code: i32, seconds: f64) {
        counter!(name::REST_REQUESTS, "endpoint" => endpoint, "code" => code.to_string()).increment(1);
        histogram!(name::REST_DURATION, "endpoint" => endpoint).record(seconds);
        gauge!(name::ROUND_TRIP).set(seconds);
    }

    /// The venue told how much of an endpoint's budget is left.
    pub fn rate_limit_remaining(&self, endpoint: &'static str, remaining: f64) {
        gauge!(name::RATE_REMAINING, "endpoint" => endpoint).set(remaining);
    }

    /// The clock's offset was measured: venue minus ours.
    pub fn clock_offset(&self, offset_seconds: f64) {
        gauge!(name::CLOCK_OFFSET).set(offset_seconds);
    }

    /// A message could not be understood and was set aside.
    pub fn quarantined(&self, stream: &'static str) {
        counter!(name::WS_QUARANTINED, "stream" => stream).increment(1);
    }

    /// A book could not be trusted and was subscribed again, because its sides crossed or because of a gap.
    pub fn book_resync(&self, symbol: Symbol, is_crossed: bool) {
        counter!(name::BOOK_RESYNCS, "symbol" => symbol.to_string()).increment(1);
        if is_crossed {
            counter!(name::BOOK_CROSSED, "symbol" => symbol.to_string()).increment(1);
        }
    }

    /// A sender found its channel full.
    pub fn channel_full(&self, channel: &'static str) {
        counter!(name::CHANNEL_FULL, "channel" => channel).increment(1);
    }

    /// The records of one event took so long to reach the kernel.
    pub fn journal_append(&self, nanos: i64) {
        self.journal_append.record(seconds(nanos));
    }

    /// One sync of the journal took this long.
    pub fn journal_sync(&self, seconds: f64) {
        histogram!(name::JOURNAL_SYNC).record(seconds);
    }

    fn market_event(&self, event: &MarketEvent) {
        let slot = match event {
            MarketEvent::Book(_) => 0,
            MarketEvent::Trades(_) => 1,
            MarketEvent::Ticker(_) => 2,
            MarketEvent::Candle(_) => 3,
            MarketEvent::Liquidations(_) => 4,
            MarketEvent::PriceLimit(_) => 5,
        };
        self.market[slot].increment(1);
    }

    fn account_event(&mut self, event: &AccountEvent, at: WallTime) {
        match event {
            AccountEvent::Acknowledged(ack) if ack.request == Request::Submit => {
                if let Some(sent) = ack.client_order_id.and_then(|id| self.sent.get(&id)) {
                    histogram!(name::ACK).record(seconds(at.0 - sent.at.0));
                }
            }
            AccountEvent::Refused(refused) => {
                if refused.family == RefusalFamily::RateLimit {
                    counter!(name::RATE_LIMITED, "endpoint" => refused.request.as_str()).increment(1);
                }
                if refused.request == Request::Submit {
                    counter!(name::REJECTED, "code" => refused.code.to_string(), "family" => refused.family.as_str())
                        .increment(1);
                    refused.client_order_id.map(|id| self.sent.remove(&id));
                }
            }
            AccountEvent::Order(report) => self.order_report(report, at),
            AccountEvent::Execution(execution) => self.execution(execution, at),
            AccountEvent::Acknowledged(_)
            | AccountEvent::Undetermined(_)
            | AccountEvent::Position(_)
            | AccountEvent::Wallet(_)
            | AccountEvent::Answer(_)
            | AccountEvent::QueryFailed(_) => {}
        }
    }

    fn order_report(&mut self, report: &OrderReport, at: WallTime) {
        if !report.status.is_terminal() {
            return;
        }
        let Some(sent) = report.client_order_id.and_then(|id| self.sent.remove(&id)) else { return };
        let (bot, symbol) = (label(sent.bot), report.symbol.to_string());
        match report.status {
            OrderStatus::Filled => counter!(name::FILLED, "bot" => bot, "symbol" => symbol).increment(1),
            OrderStatus::Rejected => {
                counter!(name::REJECTED, "code" => "0", "family" => report.reject_reason.to_string())
                    .increment(1);
            }
            OrderStatus::Cancelled | OrderStatus::Deactivated => {
                counter!(name::CANCELLED, "bot" => bot, "symbol" => symbol).increment(1);
                if let Some(cancel_at) = sent.cancel_at {
                    histogram!(name::CANCEL).record(seconds(at.0 - cancel_at.0));
                }
            }
            OrderStatus::New
            | OrderStatus::PartiallyFilled
            | OrderStatus::Untriggered
            | OrderStatus::Triggered => {}
        }
    }

    fn execution(&mut self, execution: &Execution, at: WallTime) {
        if execution.kind != ExecutionKind::Trade {
            return;
        }
        let sent = execution.client_order_id.and_then(|id| self.sent.get_mut(&id));
        if let Some(sent) = sent
            && !sent.has_filled
        {
            sent.has_filled = true;
            histogram!(name::FILL).record(seconds(at.0 - sent.at.0));
        }
        let bot = label(self.owners.get(&execution.symbol).copied());
        let liquidity = if execution.is_maker { "maker" } else { "taker" };
        counter!(name::FILLS, "bot" => bot, "symbol" => execution.symbol.to_string(), "side" => side(execution.side), "liquidity" => liquidity)
            .increment(1);
    }

    fn submit(&mut self, bot: Option<BotName>, submit: &Submit, now: WallTime) {
        let kind = if submit.kind.limit_price().is_some() { "limit" } else { "market" };
        counter!(name::SUBMITTED, "bot" => label(bot), "symbol" => submit.symbol.to_string(), "side" => side(submit.side), "kind" => kind)
            .increment(1);
        if submit.reduce_only {
            self.closing.entry(submit.symbol).or_insert(now);
        }
        if self.sent.len() >= PENDING_MAX {
            self.sent.pop_first();
        }
        self.sent.insert(submit.client_order_id, Sent { at: now, bot, cancel_at: None, has_filled: false });
    }

    fn link(&mut self, link: Link) {
        let (stream, state) = match link {
            Link::Public(state) => ("public", state),
            Link::Private(state) => ("private", state),
            Link::Trade(state) => ("trade", state),
        };
        let is_up = state == LinkState::Up;
        gauge!(name::WS_CONNECTED, "stream" => stream).set(if is_up { 1.0 } else { 0.0 });
        if is_up {
            let connections = self.connections.entry(stream).or_default();
            *connections += 1;
            counter!(name::WS_RECONNECTS, "stream" => stream).absolute(*connections - 1);
        }
    }
}

fn label(bot: Option<BotName>) -> String {
    bot.map_or_else(|| "none".to_owned(), |bot| bot.to_string())
}

/// Why the account is asked for: the label of reconciliations.
const fn trigger(cause: &Event) -> &'static str {
    match cause {
        Event::Link(_) => "reconnect",
        Event::Account(_) => "report",
        Event::Control(_) => "command",
        Event::Timer => "schedule",
        Event::Market(_) | Event::Reference(_) => "other",
    }
}

const fn side(side: Side) -> &'static str {
    side.as_str()
}

#[expect(clippy::cast_precision_loss, reason = "latencies of years would be needed to lose a nanosecond")]
fn seconds(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}
