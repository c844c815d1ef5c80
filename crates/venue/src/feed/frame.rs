//! Frames of the public topics that have no state of their own.

use serde::Serialize;
use serde_json::json;
use windvane_venue_core::{Category, PublicLiquidation, PublicTrade};

use super::View;
use crate::config::{LiquidationData, PriceLimitData, TickerData};
use crate::market::candle::Candle;
use crate::market::interval::Interval;
use crate::wire::number::{Figure, Scales};
use crate::wire::ticker::Ticker;

/// Prints in one frame at most. Source: Bybit V5, "Trade".
const TRADES_A_FRAME: usize = 1_024;

/// The outside, its fields in the order of the documentation's examples.
#[derive(Serialize)]
struct Frame<'a, T> {
    topic: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    ts: i64,
    data: T,
}

/// The same of a ticker.
#[derive(Serialize)]
struct TickerFrame<'a, T> {
    topic: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    data: T,
    cs: i64,
    ts: i64,
}

/// Room for an ordinary frame, so that it is written without growing.
const USUAL_BYTES: usize = 1_024;

pub(super) fn text(frame: &impl Serialize) -> String {
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    serde_json::to_writer(&mut bytes, frame).expect("text and numbers encode");
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

#[derive(Serialize)]
struct Print<'a> {
    #[serde(rename = "T")]
    at: i64,
    #[serde(rename = "s")]
    symbol: &'a str,
    #[serde(rename = "S")]
    side: &'static str,
    #[serde(rename = "v")]
    qty: Figure,
    #[serde(rename = "p")]
    price: Figure,
    #[serde(rename = "L", skip_serializing_if = "Option::is_none")]
    direction: Option<&'static str>,
    #[serde(rename = "i")]
    id: &'a str,
    #[serde(rename = "BT")]
    is_block: bool,
    #[serde(rename = "RPI")]
    is_rpi: bool,
    seq: i64,
}

impl<'a> Print<'a> {
    fn of(trade: &'a PublicTrade, scales: Scales) -> Self {
        Self {
            at: trade.time_ms,
            symbol: &trade.symbol,
            side: trade.side.as_str(),
            qty: scales.qty_figure(trade.qty),
            price: scales.price_figure(trade.price),
            direction: (trade.category != Category::Spot).then(|| trade.tick_direction.as_str()),
            id: &trade.trade_id,
            is_block: false,
            is_rpi: false,
            seq: trade.seq,
        }
    }
}

/// Prints of one moment, oldest first; spot has no tick direction.
pub(super) fn trades(topic: &str, trades: &[PublicTrade], scales: Scales, now_ms: i64) -> Vec<String> {
    let frame = |trades: &[PublicTrade]| {
        let data: Vec<_> = trades.iter().map(|trade| Print::of(trade, scales)).collect();
        text(&Frame { topic, kind: "snapshot", ts: now_ms, data })
    };
    trades.chunks(TRADES_A_FRAME).map(frame).collect()
}

#[derive(Serialize)]
struct Kline {
    start: i64,
    end: i64,
    interval: String,
    open: Figure,
    close: Figure,
    high: Figure,
    low: Figure,
    volume: Figure,
    turnover: Figure,
    confirm: bool,
    timestamp: i64,
}

/// Candles, each with whether it is closed.
pub(super) fn klines(
    topic: &str,
    candles: &[(&Candle, bool)],
    interval: Interval,
    scales: Scales,
    now_ms: i64,
) -> String {
    let row = |(candle, confirm): &(&Candle, bool)| Kline {
        start: candle.start_ms,
        end: interval.next_start(candle.start_ms) - 1,
        interval: interval.text(),
        open: scales.price_figure(candle.open),
        close: scales.price_figure(candle.close),
        high: scales.price_figure(candle.high),
        low: scales.price_figure(candle.low),
        volume: scales.qty_figure(candle.volume),
        turnover: Figure::amount(candle.turnover),
        confirm: *confirm,
        timestamp: now_ms,
    };
    let data: Vec<_> = candles.iter().map(row).collect();
    text(&Frame { topic, kind: "snapshot", ts: now_ms, data })
}

/// A ticker: all of its fields, or those that changed.
pub(super) fn ticker(
    (topic, kind): (&str, &'static str),
    fields: &Ticker,
    seq: i64,
    view: &View<'_>,
) -> String {
    let ts = view.now_ms;
    match view.doubts.ticker_data {
        TickerData::Object => text(&TickerFrame { topic, kind, data: fields, cs: seq, ts }),
        TickerData::List => text(&TickerFrame { topic, kind, data: [fields], cs: seq, ts }),
    }
}

#[derive(Serialize)]
struct Liquidated<'a> {
    #[serde(rename = "T")]
    at: i64,
    #[serde(rename = "s")]
    symbol: &'a str,
    #[serde(rename = "S")]
    side: &'static str,
    #[serde(rename = "v")]
    qty: Figure,
    #[serde(rename = "p")]
    price: Figure,
}

impl<'a> Liquidated<'a> {
    fn of(liquidation: &'a PublicLiquidation, scales: Scales) -> Self {
        Self {
            at: liquidation.time_ms,
            symbol: &liquidation.symbol,
            side: liquidation.position_side.as_str(),
            qty: scales.qty_figure(liquidation.qty),
            price: scales.price_figure(liquidation.bankruptcy_price),
        }
    }
}

/// Liquidations of one moment. The side is that of the position, the price the one at which nothing would be left of it.
pub(super) fn liquidations(
    topic: &str,
    liquidations: &[PublicLiquidation],
    scales: Scales,
    view: &View<'_>,
) -> Vec<String> {
    let row = |liquidation| Liquidated::of(liquidation, scales);
    let (kind, ts) = ("snapshot", view.now_ms);
    let rows = liquidations.iter().map(row);
    match view.doubts.liquidation_data {
        LiquidationData::List => vec![text(&Frame { topic, kind, ts, data: rows.collect::<Vec<_>>() })],
        LiquidationData::Object => rows.map(|data| text(&Frame { topic, kind, ts, data })).collect(),
    }
}

/// The insurance pools of a coin, of which this venue has none: a loss beyond an account's balance stays with the account.
pub(super) fn no_pools(topic: &str, now_ms: i64) -> String {
    json!({"topic": topic, "type": "snapshot", "ts": now_ms, "data": []}).to_string()
}

#[derive(Serialize)]
struct PriceLimitFrame<'a, T> {
    topic: &'a str,
    ts: i64,
    data: T,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PriceLimit<'a> {
    symbol: &'a str,
    buy_lmt: Figure,
    sell_lmt: Figure,
}

/// Highest buy and lowest sell price.
pub(super) fn price_limit(
    topic: &str,
    symbol: &str,
    (buy_lmt, sell_lmt): (Figure, Figure),
    view: &View<'_>,
) -> String {
    let (ts, data) = (view.now_ms, PriceLimit { symbol, buy_lmt, sell_lmt });
    match view.doubts.price_limit_data {
        PriceLimitData::Object => text(&PriceLimitFrame { topic, ts, data }),
        PriceLimitData::List => text(&PriceLimitFrame { topic, ts, data: [data] }),
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;
    use windvane_venue_core::{Side, TickDirection};

    use super::*;
    use crate::catalogue;
    use serde_json::Value;

    #[test]
    fn more_prints_than_a_frame_holds_come_in_several_in_their_order() {
        let instrument = &catalogue::listing(Category::Linear, "BTCUSDT").unwrap().instrument;
        let trade = |number: i64| PublicTrade {
            category: Category::Linear,
            symbol: instrument.symbol.clone(),
            trade_id: number.to_string(),
            side: Side::Buy,
            price: Decimal::from(60_000),
            qty: Decimal::ONE,
            tick_direction: TickDirection::PlusTick,
            seq: number,
            time_ms: 1,
        };
        let prints: Vec<_> = (0..2_500).map(trade).collect();
        let frames = trades("publicTrade.BTCUSDT", &prints, Scales::of(instrument), 1);
        let frames: Vec<Value> = frames.iter().map(|frame| serde_json::from_str(frame).unwrap()).collect();
        let lengths: Vec<_> = frames.iter().map(|frame| frame["data"].as_array().unwrap().len()).collect();
        assert_eq!(lengths, [1_024, 1_024, 452]);
        let told: Vec<i64> = frames
            .iter()
            .flat_map(|frame| frame["data"].as_array().unwrap())
            .map(|row| row["seq"].as_i64().unwrap())
            .collect();
        assert!(told.into_iter().eq(0..2_500));
    }
}
