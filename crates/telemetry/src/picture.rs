//! The state of the engine once a second, as gauges.

use crate::catalogue as name;
use metrics::{counter, gauge};
use windvane_model::{BotName, Coin, Money, Price, Qty, Rate, RunState, Side, Symbol};

/// Everything that is shown as a gauge. The loop fills it; [`show`] publishes it.
#[derive(Debug, Clone, Default)]
pub struct Picture {
    /// What the engine allows; `None` before the first event.
    pub run_state: Option<RunState>,
    /// Whether it may open.
    pub is_ready: bool,
    /// Age of the last message by stream, in seconds.
    pub stream_ages: Vec<(&'static str, f64)>,
    /// Topics by stream.
    pub subscriptions: Vec<(&'static str, usize)>,
    /// Waiting messages by channel.
    pub channel_depths: Vec<(&'static str, usize)>,
    /// Symbols with their market figures.
    pub symbols: Vec<SymbolPicture>,
    /// Positions, flat ones included.
    pub positions: Vec<PositionPicture>,
    /// Bots.
    pub bots: Vec<BotPicture>,
    /// Settle coin of the money figures.
    pub coin: Option<Coin>,
    /// Wallet balance, settle coin.
    pub wallet_balance: Money,
    /// Wallet balance plus unrealised profit, settle coin.
    pub equity: Money,
    /// What may still be used as margin, settle coin.
    pub available: Money,
    /// Distance of equity from its highest value, a fraction.
    pub drawdown: f64,
    /// Orders whose outcome is not known.
    pub orders_unknown: usize,
    /// Open orders of the account that are not ours.
    pub foreign_orders: usize,
    /// Seconds since the last reconciliation that agreed; `None` before the first.
    pub reconcile_age: Option<f64>,
    /// Reconciliations so far.
    pub reconciles: u64,
    /// Differences found so far, by kind.
    pub differences: Vec<(&'static str, u64)>,
    /// Fills learnt by query so far.
    pub backfilled: u64,
    /// Executions that came more than once so far.
    pub duplicates: u64,
    /// Bytes of journal so far.
    pub journal_bytes: u64,
    /// Records not yet on the disk.
    pub journal_unsynced: u64,
}

/// Market figures of a symbol.
#[derive(Debug, Clone, Copy)]
pub struct SymbolPicture {
    /// The contract.
    pub symbol: Symbol,
    /// Middle of the book, quote coin.
    pub mid: Option<f64>,
    /// Spread over the middle.
    pub spread: Option<f64>,
    /// Mark price.
    pub mark: Option<Price>,
    /// Funding rate of the running interval.
    pub funding_rate: Option<Rate>,
    /// Seconds since the last book or ticker.
    pub age: Option<f64>,
}

/// One position.
#[derive(Debug, Clone, Copy)]
pub struct PositionPicture {
    /// The contract.
    pub symbol: Symbol,
    /// Direction; `None` when flat.
    pub side: Option<Side>,
    /// Size, base coin.
    pub qty: Qty,
    /// Average entry price.
    pub average_price: Option<Price>,
    /// Value at mark, quote coin.
    pub notional: f64,
    /// Unrealised profit at mark, settle coin.
    pub unrealised: Money,
    /// Distance from mark to liquidation over mark, when it can be said.
    pub liquidation_distance: Option<f64>,
    /// Seconds without a stop at the venue; 0 when protected or flat.
    pub unprotected_seconds: f64,
}

/// One bot.
#[derive(Debug, Clone, Copy)]
pub struct BotPicture {
    /// The bot.
    pub bot: BotName,
    /// The contract it trades.
    pub symbol: Symbol,
    /// Open orders, unknown ones included.
    pub open_orders: usize,
    /// Realised profit before fees and funding.
    pub realised: Money,
    /// Fees of fills that rested.
    pub maker_fees: Money,
    /// Fees of fills that took.
    pub taker_fees: Money,
    /// Funding paid.
    pub funding: Money,
}

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
    counter!(name::RECONCILES).absolute(picture.reconciles);
    for (kind, count) in &picture.differences {
        counter!(name::DIFFERENCES, "kind" => *kind).absolute(*count);
    }
    counter!(name::BACKFILLED).absolute(picture.backfilled);
    counter!(name::DUPLICATES).absolute(picture.duplicates);
    counter!(name::JOURNAL_BYTES).absolute(picture.journal_bytes);
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
    for (metric, amount) in [
        (name::WALLET, picture.wallet_balance),
        (name::EQUITY, picture.equity),
        (name::AVAILABLE, picture.available),
    ] {
        gauge!(metric, "coin" => coin.to_owned()).set(amount.to_f64());
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
    gauge!(name::UNPROTECTED, "symbol" => symbol.clone()).set(position.unprotected_seconds);
    if let Some(distance) = position.liquidation_distance {
        gauge!(name::LIQUIDATION, "symbol" => symbol).set(distance);
    }
}

#[expect(clippy::cast_precision_loss, reason = "gauges are f64; counts stay far below 2^53")]
fn show_bot(bot: &BotPicture, coin: &str) {
    let name = bot.bot.to_string();
    gauge!(name::BOT_UP, "bot" => name.clone()).set(1.0);
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
