//! Publishing a [`Picture`] as gauges and counters.

use crate::catalogue as name;
use crate::picture::{BotPicture, Picture, PositionPicture, RiskPicture, SymbolPicture};
use metrics::{counter, gauge};
use windvane_model::{Price, Rate, Side};

/// Publishes a picture.
#[expect(clippy::cast_precision_loss, reason = "gauges are f64; counts stay far below 2^53")]
pub fn show(picture: &Picture) {
    gauge!(name::UP).set(1.0);
    gauge!(name::READY).set(flag(picture.is_ready));
    if let Some(state) = picture.run_state {
        for word in ["active", "reducing", "halted", "fenced"] {
            gauge!(name::RUN_STATE, "state" => word).set(flag(state.as_str() == word));
        }
    }
    for (stream, age) in &picture.stream_ages {
        gauge!(name::WS_AGE, "stream" => *stream).set(*age);
    }
    for (stream, topics) in &picture.subscriptions {
        gauge!(name::WS_SUBSCRIPTIONS, "stream" => *stream).set(*topics as f64);
    }
    for (channel, depth) in &picture.channel_depths {
        gauge!(name::CHANNEL_DEPTH, "channel" => *channel).set(*depth as f64);
    }
    picture.symbols.iter().for_each(show_symbol);
    if let Some(coin) = picture.coin {
        show_money(picture, &coin.to_string());
    }
    gauge!(name::DRAWDOWN).set(picture.drawdown);
    gauge!(name::UNKNOWN).set(picture.orders_unknown as f64);
    gauge!(name::FOREIGN).set(picture.foreign_orders as f64);
    if let Some(age) = picture.reconcile_age {
        gauge!(name::RECONCILE_AGE).set(age);
    }
    for (kind, count) in &picture.differences {
        counter!(name::DIFFERENCES, "kind" => *kind).absolute(*count);
    }
    counter!(name::BACKFILLED).absolute(picture.backfilled);
    counter!(name::DUPLICATES).absolute(picture.duplicates);
    counter!(name::JOURNAL_BYTES).absolute(picture.journal_bytes);
    counter!(name::TAPE_BYTES).absolute(picture.tape_bytes);
    counter!(name::OBSERVATIONS_DROPPED).absolute(picture.observations_dropped);
    if let Some((free, size)) = picture.disk {
        gauge!(name::DISK_FREE).set(free as f64);
        gauge!(name::DISK_SIZE).set(size as f64);
    }
    if let Some(left) = picture.key_expires {
        gauge!(name::KEY_EXPIRES).set(left);
    }
    gauge!(name::GUARD_EXPECTED).set(flag(picture.guard.0));
    gauge!(name::GUARD_AGE).set(picture.guard.1);
    for (cause, is_in_force) in &picture.breakers {
        gauge!(name::BREAKER, "breaker" => *cause).set(flag(*is_in_force));
    }
    gauge!(name::JOURNAL_UNSYNCED).set(picture.journal_unsynced as f64);
}

/// Everything that is counted in the settle coin; before the wallet is known there is nothing to show.
fn show_money(picture: &Picture, coin: &str) {
    for position in &picture.positions {
        show_position(position, coin);
    }
    for bot in &picture.bots {
        show_bot(bot, coin);
    }
    show_risk(&picture.risk, coin);
    for (metric, amount) in [
        (name::WALLET, picture.wallet_balance),
        (name::EQUITY, picture.equity),
        (name::AVAILABLE, picture.available),
    ] {
        gauge!(metric, "coin" => coin.to_owned()).set(amount.to_f64());
    }
}

fn show_risk(risk: &RiskPicture, coin: &str) {
    for (metric, ratio) in [
        (name::INITIAL_MARGIN, risk.initial_margin_ratio),
        (name::MAINTENANCE_MARGIN, risk.maintenance_margin_ratio),
        (name::MARGIN_ERROR, risk.model_error),
    ] {
        if let Some(ratio) = ratio {
            gauge!(metric).set(ratio);
        }
    }
    for (kind, margin) in [("position", risk.position_margin), ("open", risk.order_margin)] {
        gauge!(name::MARGIN_RESERVED, "kind" => kind).set(margin);
    }
    for (figure, error) in &risk.model_errors {
        gauge!(name::MARGIN_DIFFERENCE, "figure" => *figure).set(*error);
    }
    for (figure, count) in &risk.comparisons {
        counter!(name::MARGIN_COMPARED, "figure" => *figure).absolute(*count);
    }
    for (limit, used) in &risk.limits {
        gauge!(name::LIMIT_USED, "limit" => *limit).set(*used);
    }
    if let Some(pnl) = risk.day_pnl {
        gauge!(name::DAY_PNL, "coin" => coin.to_owned()).set(pnl.to_f64());
    }
}

fn show_symbol(figures: &SymbolPicture) {
    let symbol = figures.symbol.to_string();
    for (metric, value) in [
        (name::MID_PRICE, figures.mid),
        (name::SPREAD, figures.spread),
        (name::MARK_PRICE, figures.mark.map(Price::to_f64)),
        (name::FUNDING_RATE, figures.funding_rate.map(Rate::to_f64)),
        (name::MARKET_AGE, figures.age),
    ] {
        if let Some(value) = value {
            gauge!(metric, "symbol" => symbol.clone()).set(value);
        }
    }
}

fn show_position(position: &PositionPicture, coin: &str) {
    let symbol = position.symbol.to_string();
    let sign = if position.side == Some(Side::Sell) { -1.0 } else { 1.0 };
    gauge!(name::POSITION_QTY, "symbol" => symbol.clone()).set(sign * position.qty.to_f64());
    gauge!(name::POSITION_NOTIONAL, "symbol" => symbol.clone()).set(sign * position.notional);
    gauge!(name::ENTRY_PRICE, "symbol" => symbol.clone())
        .set(position.average_price.map_or(0.0, Price::to_f64));
    gauge!(name::UNREALISED, "symbol" => symbol.clone(), "coin" => coin.to_owned())
        .set(position.unrealised.to_f64());
    gauge!(name::ADL_RANK, "symbol" => symbol.clone()).set(f64::from(position.adl_rank));
    gauge!(name::UNPROTECTED, "symbol" => symbol.clone()).set(position.unprotected_seconds);
    if let Some(distance) = position.liquidation_distance {
        gauge!(name::LIQUIDATION, "symbol" => symbol).set(distance);
    }
}

#[expect(clippy::cast_precision_loss, reason = "gauges are f64; counts stay far below 2^53")]
fn show_bot(bot: &BotPicture, coin: &str) {
    let name = bot.bot.to_string();
    gauge!(name::BOT_UP, "bot" => name.clone()).set(flag(bot.is_up));
    gauge!(name::BOT_EQUITY, "bot" => name.clone(), "coin" => coin.to_owned()).set(bot.equity.to_f64());
    gauge!(name::BOT_EXPOSURE, "bot" => name.clone()).set(bot.exposure);
    counter!(name::SIGNALS, "bot" => name.clone()).absolute(bot.signals);
    for (reason, count) in &bot.blocked {
        counter!(name::BLOCKED, "bot" => name.clone(), "reason" => reason.clone()).absolute(*count);
    }
    gauge!(name::OPEN, "bot" => name.clone(), "symbol" => bot.symbol.to_string()).set(bot.open_orders as f64);
    gauge!(name::REALISED, "bot" => name.clone(), "coin" => coin.to_owned()).set(bot.realised.to_f64());
    for (liquidity, fees) in [("maker", bot.maker_fees), ("taker", bot.taker_fees)] {
        gauge!(name::FEES, "bot" => name.clone(), "coin" => coin.to_owned(), "liquidity" => liquidity)
            .set(fees.to_f64());
    }
    gauge!(name::FUNDING, "bot" => name, "coin" => coin.to_owned()).set(bot.funding.to_f64());
}

fn flag(is_set: bool) -> f64 {
    if is_set { 1.0 } else { 0.0 }
}
