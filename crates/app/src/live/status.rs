//! The state of the engine as one document: for the status page, `windvane status` and `windvane top`.
//!
//! Money is text, exact; ratios and ages are numbers. Nothing in it is secret: no key, no account number.

use super::Live;
use super::gather::seconds;
use serde_json::{Value, json};
use windvane_engine::{BotView, Engine};
use windvane_model::{BotName, MarketTime, OrderReport, Price, Qty, Rate, Side, WallTime};
use windvane_order_management::{Order, OrderState, Orders};
use windvane_strategy::{Asked, Look};

/// Events of the chronicle that are shown.
const EVENTS_SHOWN: usize = 60;
/// Orders that are shown; a maker with more of them is read with `windvane orders`.
const ORDERS_SHOWN: usize = 200;

/// The document.
pub(super) fn status(live: &Live, now: WallTime) -> Value {
    let engine = &live.engine;
    let (risk, orders, links) = (engine.risk_figures(), engine.orders(), &live.gauges.links);
    let (margin, figures) = (&risk.margin, live.recorder.figures());
    json!({
        "schema": "windvane.status/1",
        "version": env!("CARGO_PKG_VERSION"),
        "environment": live.environment,
        "run_state": engine.run_state().to_string(),
        "waiting_for": engine.waiting().map(windvane_engine::Waiting::as_str),
        "wall_ms": now.as_millis(),
        "market_ms": live.stamper.market_now().0,
        "coin": orders.wallet().coins().next().map(|coin| coin.to_string()),
        "equity": margin.equity().to_string(),
        "wallet_balance": orders.wallet().balance().to_string(),
        "available": margin.available().to_string(),
        "margin_mode": margin.mode.as_str(),
        "margin_classes": margin.mode.classes().iter().map(|class| json!({
            "subject": class.subject, "certainty": class.certainty.as_str(), "why": class.why,
        })).collect::<Vec<_>>(),
        "day_pnl": risk.day_pnl.map(|pnl| pnl.to_string()),
        "drawdown": live.gauges.drawdown(margin.equity()),
        "falls": risk.falls.iter().map(|(scope, step, fall)| json!({
            "scope": scope.to_string(), "step": step.as_str(), "fall": fall.to_string(),
        })).collect::<Vec<_>>(),
        "initial_margin_ratio": risk.initial_margin_rate.map(Rate::to_f64),
        "maintenance_margin_ratio": risk.maintenance_margin_rate.map(Rate::to_f64),
        "orders_unknown": orders.live_orders().filter(|order| order.state() == OrderState::Unknown).count(),
        "foreign_orders": orders.other_orders().filter(|other| other.is_foreign_and_open()).count(),
        "reconciled_seconds": orders.last_agreed().map(|at| seconds(now.0 - at.0)),
        "clock_offset_seconds": links.clock_offset,
        "round_trip_seconds": links.round_trip,
        "journal_bytes": figures.journal_bytes,
        "journal_unsynced": figures.unsynced_records,
        "bots": engine.bots().map(|bot| bot_row(live, &bot, now)).collect::<Vec<_>>(),
        "strangers": strangers(orders),
        "orders": orders.live_orders().take(ORDERS_SHOWN).map(|order| order_row(order, now)).collect::<Vec<_>>(),
        "links": links.rows(now),
        "events": live.teller.chronicle.newest(EVENTS_SHOWN).collect::<Vec<_>>(),
        "equity_curve": live.gauges.curve.points(),
    })
}

fn bot_row(live: &Live, bot: &BotView, now: WallTime) -> Value {
    let engine = &live.engine;
    let position = engine.orders().position(bot.symbol, bot.position_index);
    let held = position.map(windvane_order_management::Position::holding);
    let denials = live.teller.denials.get(&bot.name);
    json!({
        "name": bot.name.to_string(),
        "symbol": bot.symbol.to_string(),
        "side": held.and_then(|held| held.side()).map(Side::as_str),
        "qty": held.map_or(Qty::ZERO, |held| held.qty()).to_string(),
        "average_price": held.and_then(|held| held.average_price()).map(|price| price.to_string()),
        "mark": mark(engine, bot).map(|price| price.to_string()),
        "unrealised_pnl": bot.account.unrealised_pnl.to_string(),
        "stop_loss": position.and_then(|position| position.stop_loss()).map(|price| price.to_string()),
        "take_profit": position.and_then(|position| position.take_profit()).map(|price| price.to_string()),
        "unprotected_seconds": position.map_or(0.0, |position| seconds(position.unprotected_ms(now) * 1_000_000)),
        "liquidation_distance": engine.liquidation_distance(bot.symbol, bot.position_index),
        "open_orders": bot.open_orders,
        "orders": bot.account.orders,
        "fills": bot.account.totals.fills,
        "net_pnl": bot.account.net_pnl().to_string(),
        "equity": bot.equity.to_string(),
        "signals": bot.signals,
        "hold": bot.hold.map(windvane_engine::Hold::as_str),
        "denials": denials.map_or(0, |denials| denials.count),
        "last_denial": denials.map(|denials| json!({ "text": denials.text, "market_ms": denials.at.0 })),
        "conditions": bot.conditions.iter().map(|one| json!({
            "name": one.name, "holds": one.holds, "blocked": one.blocked,
        })).collect::<Vec<_>>(),
    })
}

/// A bot's newest looks at its signals and exits, oldest first. Of a bot that keeps none (the built-in ones act whenever the
/// market moves) how its conditions stand now.
pub(super) fn looks(live: &Live, bot: BotName, count: usize) -> Value {
    let looks = live.engine.looks(bot);
    if looks.is_empty() {
        let now = live.stamper.market_now();
        let view = live.engine.bots().find(|view| view.name == bot);
        return view.map_or_else(|| json!([]), |view| json!([standing(&view, now)]));
    }
    looks[looks.len().saturating_sub(count)..].iter().map(look).collect()
}

fn look(look: &Look) -> Value {
    json!({
        "market_ms": look.at.0,
        "of": match look.asked { Asked::Entry => "entry", Asked::Exit => "exit" },
        "side": if look.side == Side::Buy { "long" } else { "short" },
        "fired": look.has_fired,
        "cause": look.cause,
        "blocker": look.blocker,
        "conditions": look.conditions.iter().map(|(name, holds)| json!({ "name": name, "holds": holds }))
            .collect::<Vec<_>>(),
    })
}

/// How the conditions of a bot stand, with the one that last stood in the way of an order.
fn standing(bot: &BotView, now: MarketTime) -> Value {
    json!({
        "market_ms": now.0,
        "of": "state",
        "conditions": bot.conditions.iter().map(|one| json!({ "name": one.name, "holds": one.holds, "blocked": one.blocked }))
            .collect::<Vec<_>>(),
    })
}

fn mark(engine: &Engine, bot: &BotView) -> Option<Price> {
    engine.market().contract(bot.symbol).and_then(|contract| contract.ticker().mark)
}

/// Open orders that nobody of this installation placed.
fn strangers(orders: &Orders) -> Vec<Value> {
    let open = orders.other_orders().filter(|other| other.is_foreign_and_open()).take(ORDERS_SHOWN);
    let row = |report: &OrderReport| {
        let owner = orders.owner(report.symbol, report.position_index);
        json!({
            "order_id": report.order_id.to_string(),
            "client_order_id": report.client_order_id.map(|id| id.to_string()),
            "beside_bot": owner.map(|bot| bot.to_string()),
            "symbol": report.symbol.to_string(),
            "side": report.side.as_str(),
            "is_reduce_only": report.reduce_only,
            "price": report.price.or(report.trigger_price).map(|price| price.to_string()),
            "qty": report.qty.to_string(),
            "filled_qty": report.cumulative_qty.to_string(),
        })
    };
    open.map(|other| row(other.report())).collect()
}

fn order_row(order: &Order, now: WallTime) -> Value {
    json!({
        "client_order_id": order.id().to_string(),
        "bot": order.bot().map(|bot| bot.to_string()),
        "symbol": order.symbol().to_string(),
        "side": order.side().as_str(),
        "is_reduce_only": order.is_reduce_only(),
        "price": order.price().map(|price| price.to_string()),
        "qty": order.qty().to_string(),
        "filled_qty": order.filled_qty().to_string(),
        "filled_value": order.filled_value().to_string(),
        "state": order.state().as_str(),
        "age_seconds": seconds(now.0 - order.submitted().wall.0),
    })
}
