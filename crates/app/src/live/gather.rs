//! What is measured of the running engine: gauges, readiness, the status line.

use super::Live;
use super::curve::Curve;
use super::day::Days;
use super::links::Links;
use std::time::Instant;
use windvane_connector::Observation;
use windvane_engine::Engine;
use windvane_market::Topic;
use windvane_model::{Money, Notional, Price, RunState, Side, WallTime};
use windvane_order_management::{DifferenceKind, Order, OrderState};
use windvane_telemetry::{BotPicture, Observer, Picture, PositionPicture, Readiness, SymbolPicture};

/// What the loop keeps for showing, and when it shows next.
pub(super) struct Gauges {
    pub(super) next_picture: Instant,
    pub(super) has_journal_fault: bool,
    pub(super) links: Links,
    pub(super) curve: Curve,
    pub(super) days: Days,
    peak_equity: Money,
}

impl Default for Gauges {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            next_picture: now,
            has_journal_fault: false,
            links: Links::default(),
            curve: Curve::default(),
            days: Days::default(),
            peak_equity: Money::ZERO,
        }
    }
}

impl Gauges {
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

/// Whether no answer is awaited about an order.
pub(super) fn is_settled(order: &Order) -> bool {
    let is_answered =
        !matches!(order.state(), OrderState::Submitted | OrderState::Unknown | OrderState::Acknowledged);
    // A live order that is closed waits for a fill that its report has announced.
    is_answered && order.state().is_open() && !order.is_amend_pending() && !order.is_cancel_pending()
}

/// What `/ready` says.
pub(super) fn readiness(engine: &Engine) -> Readiness {
    match engine.run_state() {
        RunState::Active => Readiness::Ready,
        RunState::Reducing if engine.waiting().is_some() => Readiness::Starting,
        RunState::Reducing => Readiness::Reducing,
        RunState::Halted(windvane_model::HaltCause::Shutdown) => Readiness::Stopping,
        RunState::Halted(_) | RunState::Fenced => Readiness::Halted,
    }
}

/// Everything that is shown as a gauge.
pub(super) fn picture(live: &mut Live, depths: &[(&'static str, usize)], now: WallTime) -> Picture {
    let engine = &live.engine;
    let margin = engine.margin();
    let (wallet, counters, figures) =
        (engine.orders().wallet(), engine.orders().counters(), live.recorder.figures());
    live.gauges.peak_equity = live.gauges.peak_equity.max(margin.equity());
    if wallet.coins().next().is_some() {
        live.gauges.curve.observe(live.stamper.market_now(), margin.equity().to_f64());
    }
    Picture {
        run_state: Some(engine.run_state()),
        is_ready: engine.run_state() == RunState::Active,
        stream_ages: live.gauges.links.ages(now).collect(),
        subscriptions: live.gauges.links.topics().collect(),
        channel_depths: depths.to_vec(),
        symbols: engine
            .market()
            .contracts()
            .map(|(symbol, contract)| symbol_picture(symbol, contract, now))
            .collect(),
        positions: engine
            .orders()
            .positions()
            .map(|position| position_picture(engine, position, now))
            .collect(),
        bots: engine.bots().map(|bot| bot_picture(&bot)).collect(),
        coin: wallet.coins().next(),
        wallet_balance: wallet.balance(),
        equity: margin.equity(),
        available: Money::new(margin.available()),
        drawdown: live.gauges.drawdown(margin.equity()),
        orders_unknown: engine.orders().live_orders().filter(|o| o.state() == OrderState::Unknown).count(),
        foreign_orders: engine.orders().other_orders().filter(|other| is_foreign_and_open(other)).count(),
        reconcile_age: engine.orders().last_agreed().map(|at| seconds(now.0 - at.0)),
        reconciles: counters.reconciliations,
        differences: DifferenceKind::ALL
            .iter()
            .map(|kind| (kind.as_str(), counters.differences.get(kind).copied().unwrap_or(0)))
            .collect(),
        backfilled: counters.backfilled_executions,
        duplicates: counters.duplicate_executions,
        journal_bytes: figures.journal_bytes,
        journal_unsynced: figures.unsynced_records,
    }
}

pub(super) fn is_foreign_and_open(other: &windvane_order_management::OtherOrder) -> bool {
    other.child_of().is_none() && !other.report().status.is_terminal()
}

fn symbol_picture(
    symbol: windvane_model::Symbol,
    contract: &windvane_market::Contract,
    now: WallTime,
) -> SymbolPicture {
    let (book, ticker) = (contract.book(), contract.ticker());
    let best = |side| book.best(side).map(Price::to_f64);
    let mid = book.mid().map(Price::to_f64);
    let spread = best(Side::Sell).zip(best(Side::Buy)).map(|(ask, bid)| ask - bid);
    let ages = [Topic::Book, Topic::Ticker].map(|topic| contract.age_ms(topic, now));
    SymbolPicture {
        symbol,
        mid,
        spread: spread.zip(mid).map(|(spread, mid)| spread / mid),
        mark: ticker.mark,
        funding_rate: ticker.funding_rate,
        age: ages.into_iter().flatten().min().map(|ms| seconds(ms * 1_000_000)),
    }
}

fn position_picture(
    engine: &Engine,
    position: &windvane_order_management::Position,
    now: WallTime,
) -> PositionPicture {
    let (symbol, index) = position.key();
    let held = position.holding();
    let mark = engine.market().contract(symbol).and_then(|contract| contract.ticker().mark);
    PositionPicture {
        symbol,
        side: held.side(),
        qty: held.qty(),
        average_price: held.average_price(),
        notional: mark.map_or(0.0, |mark| Notional::to_f64(mark.times(held.qty()))),
        unrealised: mark.map_or(Money::ZERO, |mark| held.unrealised_pnl(mark)),
        liquidation_distance: engine.liquidation_distance(symbol, index),
        unprotected_seconds: seconds(position.unprotected_ms(now) * 1_000_000),
    }
}

fn bot_picture(bot: &windvane_engine::BotView) -> BotPicture {
    let totals = &bot.account.totals;
    BotPicture {
        bot: bot.name,
        symbol: bot.symbol,
        open_orders: bot.open_orders,
        realised: Money::new(totals.realised_pnl),
        maker_fees: Money::new(totals.maker_fees),
        taker_fees: Money::new(totals.taker_fees),
        funding: Money::new(totals.funding),
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
