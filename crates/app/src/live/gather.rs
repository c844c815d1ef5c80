//! What is measured of the running engine: gauges, readiness, the status line.

use super::Live;
use super::curve::Curve;
use super::day::Days;
use super::links::Links;
use crate::guard::Presence;
use std::path::PathBuf;
use std::time::Instant;
use windvane_connector::Observation;
use windvane_engine::Engine;
use windvane_model::{HaltCause, MarketTime, Money, RunState, WallTime};
use windvane_telemetry::{Observer, Readiness};

/// What the loop keeps for showing, and when it shows next.
pub(super) struct Gauges {
    pub(super) next_picture: Instant,
    pub(super) has_journal_fault: bool,
    pub(super) links: Links,
    pub(super) curve: Curve,
    pub(super) days: Days,
    peak_equity: Money,
    pub(super) observations: windvane_connector::Observer,
    pub(super) key_expires: Option<WallTime>,
    pub(super) data: PathBuf,
    pub(super) guard: Presence,
}

impl Gauges {
    /// Nothing measured yet. `observations`: whose dropped ones are counted; `data`: the folder whose disk is watched;
    /// `guard`: who stands beside.
    pub(super) fn new(
        observations: windvane_connector::Observer,
        key_expires: Option<WallTime>,
        data: PathBuf,
        guard: Presence,
    ) -> Self {
        Self {
            next_picture: Instant::now(),
            has_journal_fault: false,
            links: Links::default(),
            curve: Curve::default(),
            days: Days::default(),
            peak_equity: Money::ZERO,
            observations,
            key_expires,
            data,
            guard,
        }
    }

    /// Takes the equity of this moment for the curve and its peak.
    pub(super) fn observe_equity(&mut self, at: MarketTime, equity: Money) {
        self.peak_equity = self.peak_equity.max(equity);
        self.curve.observe(at, equity.to_f64());
    }

    /// Distance of equity from its highest value of this run, a fraction.
    pub(super) fn drawdown(&self, equity: Money) -> f64 {
        let peak = self.peak_equity;
        if peak > Money::ZERO { peak.less(equity).to_f64() / peak.to_f64() } else { 0.0 }
    }

    /// Passes on what the connector observed.
    pub(super) fn note(&mut self, observation: &Observation, observer: &Observer) {
        self.links.observe(observation);
        match observation {
            Observation::RestDone { endpoint, code, seconds } => {
                observer.rest_request(endpoint, *code, *seconds)
            }
            Observation::RateLimit { endpoint, remaining } => {
                observer.rate_limit_remaining(endpoint, f64::from(*remaining));
            }
            Observation::RateLimited { endpoint } => {
                tracing::warn!(endpoint, "the venue says: too many requests")
            }
            Observation::ClockOffset(offset) => observer.clock_offset(seconds(offset.offset_ns)),
            Observation::Quarantined { stream, reason, .. } => {
                observer.quarantined(stream.as_str());
                tracing::warn!(stream = stream.as_str(), reason, "a message was set aside");
            }
            Observation::Reconnecting { stream, reason, delay_ms } => {
                tracing::warn!(stream = stream.as_str(), reason, delay_ms, "connecting again");
            }
            Observation::TopicRefused { stream, code } => {
                tracing::error!(stream = stream.as_str(), code, "the venue refuses a topic");
            }
            // Taken by the links, or measured from events and commands already.
            Observation::FrameIn { .. }
            | Observation::Connected { .. }
            | Observation::Sent { .. }
            | Observation::RoundTrip { .. }
            | Observation::KeyRead { .. } => {}
        }
    }
}

/// What `/ready` says.
pub(super) fn readiness(engine: &Engine) -> Readiness {
    match engine.run_state() {
        RunState::Active => Readiness::Ready,
        RunState::Reducing if engine.waiting().is_some() => Readiness::Starting,
        RunState::Reducing => Readiness::Reducing,
        RunState::Halted(HaltCause::Shutdown) => Readiness::Stopping,
        RunState::Halted(_) | RunState::Fenced => Readiness::Halted,
    }
}

/// The status line's figures.
pub(super) fn standing(live: &Live) -> crate::progress::Standing {
    let (engine, margin) = (&live.engine, live.engine.margin());
    let coin = engine.orders().wallet().coins().next().map_or_else(String::new, |coin| coin.to_string());
    let waiting = engine.waiting().map(windvane_engine::Waiting::as_str);
    crate::progress::Standing {
        market_ms: live.stamper.market_now().0,
        fills: engine.bots().map(|bot| bot.account.totals.fills).sum(),
        open_orders: engine.bots().map(|bot| bot.open_orders).sum(),
        equity: format!("{:.2} {coin}", margin.equity().get()),
        state: waiting.map_or_else(|| engine.run_state().to_string(), |what| format!("waiting for {what}")),
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures for people and graphs")]
pub(super) fn seconds(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}
