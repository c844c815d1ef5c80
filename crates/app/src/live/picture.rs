//! The state of the engine as gauges, once a second.

use super::Live;
use super::gather::seconds;
use windvane_engine::{BotView, Engine};
use windvane_market::{Contract, Topic};
use windvane_model::{HaltCause, Money, Notional, Price, Rate, RunState, Side, Symbol, WallTime};
use windvane_order_management::{DifferenceKind, OrderState, Position};
use windvane_telemetry::{BotPicture, Picture, PositionPicture, RiskPicture, SymbolPicture};

/// Everything that is shown as a gauge.
pub(super) fn picture(live: &mut Live, depths: &[(&'static str, usize)], now: WallTime) -> Picture {
    let engine = &live.engine;
    let margin = engine.margin();
    let (wallet, counters, figures) =
        (engine.orders().wallet(), engine.orders().counters(), live.recorder.figures());
    // Before the wallet is known, nothing is no equity.
    if wallet.coins().next().is_some() {
        live.gauges.observe_equity(live.stamper.market_now(), margin.equity());
    }
    let guard = live.gauges.guard.look(now);
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
        bots: engine.bots().map(|bot| bot_picture(engine, bot)).collect(),
        coin: wallet.coins().next(),
        wallet_balance: wallet.balance(),
        equity: margin.equity(),
        available: Money::new(margin.available()),
        drawdown: live.gauges.drawdown(margin.equity()),
        orders_unknown: engine.orders().live_orders().filter(|o| o.state() == OrderState::Unknown).count(),
        foreign_orders: engine.orders().other_orders().filter(|other| other.is_foreign_and_open()).count(),
        reconcile_age: engine.orders().last_agreed().map(|at| seconds(now.0 - at.0)),
        differences: DifferenceKind::ALL
            .iter()
            .map(|kind| (kind.as_str(), counters.differences.get(kind).copied().unwrap_or(0)))
            .collect(),
        backfilled: counters.backfilled_executions,
        duplicates: counters.duplicate_executions,
        journal_bytes: figures.journal_bytes,
        tape_bytes: figures.tape_bytes,
        journal_unsynced: figures.unsynced_records,
        observations_dropped: live.gauges.observations.dropped(),
        disk: crate::disk::space(&live.gauges.data),
        key_expires: live.gauges.key_expires.map(|at| seconds(at.0 - now.0)),
        guard,
        breakers: breakers(engine.run_state()),
        risk: risk_picture(engine),
    }
}

/// Every cause that can hold the engine halted, and whether it does.
fn breakers(state: RunState) -> Vec<(&'static str, bool)> {
    let causes = HaltCause::ALL.into_iter().filter(|cause| *cause != HaltCause::Shutdown);
    causes.map(|cause| (cause.as_str(), state == RunState::Halted(cause))).collect()
}

fn risk_picture(engine: &Engine) -> RiskPicture {
    let risk = engine.risk_figures();
    let margin = &risk.margin;
    RiskPicture {
        initial_margin_ratio: risk.initial_margin_rate.map(Rate::to_f64),
        maintenance_margin_ratio: risk.maintenance_margin_rate.map(Rate::to_f64),
        position_margin: Money::new(margin.position_margin).to_f64(),
        order_margin: Money::new(margin.order_margin).to_f64(),
        model_error: risk.margin_error,
        model_errors: risk.margin_errors,
        comparisons: risk.margin_comparisons.to_vec(),
        limits: risk.limits.to_vec(),
        day_pnl: risk.day_pnl,
    }
}

fn symbol_picture(symbol: Symbol, contract: &Contract, now: WallTime) -> SymbolPicture {
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

fn position_picture(engine: &Engine, position: &Position, now: WallTime) -> PositionPicture {
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
        adl_rank: position.reported().map_or(0, |reported| reported.adl_rank),
    }
}

fn bot_picture(engine: &Engine, bot: BotView) -> BotPicture {
    let totals = &bot.account.totals;
    let mark = engine.market().contract(bot.symbol).and_then(|contract| contract.ticker().mark);
    let held =
        engine.orders().position(bot.symbol, bot.position_index).map(|position| position.holding().qty());
    BotPicture {
        bot: bot.name,
        symbol: bot.symbol,
        open_orders: bot.open_orders,
        realised: Money::new(totals.realised_pnl),
        maker_fees: Money::new(totals.maker_fees),
        taker_fees: Money::new(totals.taker_fees),
        funding: Money::new(totals.funding),
        equity: bot.equity,
        exposure: mark.zip(held).map_or(0.0, |(mark, held)| Notional::to_f64(mark.times(held))),
        signals: bot.signals,
        is_up: bot.hold.is_none(),
        // A way out stands in nobody's way.
        blocked: bot
            .conditions
            .into_iter()
            .filter(|one| !one.name.starts_with("exit."))
            .map(|one| (one.name, one.blocked))
            .collect(),
    }
}
