//! Counters and distributions, derived from the events and commands that pass through the loop.

use crate::catalogue as name;
use metrics::{Counter, Histogram, counter, gauge, histogram};
use std::collections::BTreeMap;
use windvane_model::{
    AccountEvent, BotName, ClientOrderId, Command, Denial, Event, Execution, ExecutionKind, Link, LinkState,
    MarketEvent, OrderReport, OrderStatus, RefusalFamily, Request, Side, Stamped, Submit, Symbol, WallTime,
};

/// Open requests remembered for their latency; beyond this the oldest is forgotten.
const PENDING_MAX: usize = 4_096;

/// Derives metrics from what the loop takes in and sends out. Owned by the loop; holds no other state of it.
pub struct Observer {
    market: [Counter; 4],
    loop_lag: Histogram,
    tick_to_order: Histogram,
    report_to_position: Histogram,
    /// When an order left, by its id; until its first fill or its end.
    sent: BTreeMap<ClientOrderId, Sent>,
    /// How often each stream came up.
    connections: BTreeMap<&'static str, u64>,
    /// Whose position is whose: a stop that the venue made is booked to the bot whose position it closes.
    owners: BTreeMap<Symbol, BotName>,
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
            market: ["book", "trades", "ticker", "candle"]
                .map(|kind| counter!(name::MARKET_MESSAGES, "stream" => "public", "kind" => kind)),
            loop_lag: histogram!(name::LOOP_LAG),
            tick_to_order: histogram!(name::TICK_TO_ORDER),
            report_to_position: histogram!(name::REPORT_TO_POSITION),
            sent: BTreeMap::new(),
            connections: BTreeMap::new(),
            owners: BTreeMap::new(),
        }
    }
}

impl Observer {
    /// Says which build runs since when, and shows the counters of rare events at zero: a rate can only be
    /// taken of a counter that was there before its first event.
    pub fn start(
        &mut self,
        version: &'static str,
        commit: &'static str,
        bots: &[(BotName, Symbol)],
        now: WallTime,
    ) {
        self.owners = bots.iter().map(|(bot, symbol)| (*symbol, *bot)).collect();
        gauge!(name::BUILD_INFO, "version" => version, "commit" => commit).set(1.0);
        gauge!(name::START_TIME).set(seconds(now.0));
        counter!(name::REJECTED, "code" => "110007", "family" => RefusalFamily::InsufficientMargin.as_str())
            .increment(0);
        for stream in ["public", "private", "trade"] {
            counter!(name::WS_QUARANTINED, "stream" => stream).increment(0);
        }
        for (bot, _) in bots {
            for reason in ["margin", "order_notional", "position_notional", "run_state"] {
                counter!(name::DENIED, "bot" => bot.to_string(), "reason" => reason).increment(0);
            }
        }
    }

    /// An event that was read off its socket at `received` has been handled at `handled`.
    pub fn event(&mut self, stamped: &Stamped, received: WallTime, handled: WallTime) {
        self.loop_lag.record(seconds(handled.0 - received.0));
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

    /// A command of `bot` was handed to its socket at `now`. `caused_at` is when the market frame that led
    /// to it was read, if one did.
    pub fn command(
        &mut self,
        bot: Option<BotName>,
        command: &Command,
        caused_at: Option<WallTime>,
        now: WallTime,
    ) {
        match command {
            Command::Submit(submit) => self.submit(bot, submit, caused_at, now),
            Command::Cancel(cancel) => {
                if let Some(sent) = cancel.client_order_id.and_then(|id| self.sent.get_mut(&id)) {
                    sent.cancel_at = Some(now);
                }
            }
            Command::Amend(_)
            | Command::CancelAll(_)
            | Command::SetProtection(_)
            | Command::SetLeverage(_)
            | Command::Query(_) => {}
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

    /// A book had a gap and was subscribed again.
    pub fn book_resync(&self, symbol: &str) {
        counter!(name::BOOK_RESYNCS, "symbol" => symbol.to_owned()).increment(1);
    }

    /// A sender found its channel full.
    pub fn channel_full(&self, channel: &'static str) {
        counter!(name::CHANNEL_FULL, "channel" => channel).increment(1);
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

    fn submit(&mut self, bot: Option<BotName>, submit: &Submit, caused_at: Option<WallTime>, now: WallTime) {
        let kind = if submit.kind.limit_price().is_some() { "limit" } else { "market" };
        counter!(name::SUBMITTED, "bot" => label(bot), "symbol" => submit.symbol.to_string(), "side" => side(submit.side), "kind" => kind)
            .increment(1);
        if let Some(caused_at) = caused_at {
            self.tick_to_order.record(seconds(now.0 - caused_at.0));
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

const fn side(side: Side) -> &'static str {
    side.as_str()
}

#[expect(clippy::cast_precision_loss, reason = "latencies of years would be needed to lose a nanosecond")]
fn seconds(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}
