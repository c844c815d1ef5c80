//! Frames of the public topics that have no state of their own.

use serde_json::{Value, json};
use windvane_venue_core::{Category, PublicLiquidation, PublicTrade};

use super::View;
use crate::config::{LiquidationData, PriceLimitData, TickerData};
use crate::market::candle::Candle;
use crate::market::interval::Interval;
use crate::wire::number::{Scales, amount};

/// Prints in one frame at most. Source: Bybit V5, "Trade".
const TRADES_A_FRAME: usize = 1_024;

/// Prints of one moment, oldest first; spot has no tick direction.
pub(super) fn trades(topic: &str, trades: &[PublicTrade], scales: Scales, now_ms: i64) -> Vec<String> {
    let row = |trade: &PublicTrade| {
        let mut row = json!({
            "T": trade.time_ms,
            "s": &*trade.symbol,
            "S": trade.side.as_str(),
            "v": scales.qty(trade.qty),
            "p": scales.price(trade.price),
            "i": trade.trade_id,
            "BT": false,
            "RPI": false,
            "seq": trade.seq,
        });
        if trade.category != Category::Spot {
            row["L"] = trade.tick_direction.as_str().into();
        }
        row
    };
    let frame = |trades: &[PublicTrade]| {
        let rows: Vec<_> = trades.iter().map(row).collect();
        json!({"topic": topic, "type": "snapshot", "ts": now_ms, "data": rows}).to_string()
    };
    trades.chunks(TRADES_A_FRAME).map(frame).collect()
}

/// Candles, each with whether it is closed.
pub(super) fn klines(
    topic: &str,
    candles: &[(&Candle, bool)],
    interval: Interval,
    scales: Scales,
    now_ms: i64,
) -> String {
    let row = |(candle, confirm): &(&Candle, bool)| {
        json!({
            "start": candle.start_ms,
            "end": interval.next_start(candle.start_ms) - 1,
            "interval": interval.text(),
            "open": scales.price(candle.open),
            "close": scales.price(candle.close),
            "high": scales.price(candle.high),
            "low": scales.price(candle.low),
            "volume": scales.qty(candle.volume),
            "turnover": amount(candle.turnover),
            "confirm": confirm,
            "timestamp": now_ms,
        })
    };
    let rows: Vec<_> = candles.iter().map(row).collect();
    json!({"topic": topic, "type": "snapshot", "ts": now_ms, "data": rows}).to_string()
}

/// A ticker: all of its fields, or those that changed.
pub(super) fn ticker((topic, kind): (&str, &str), fields: Value, seq: i64, view: &View<'_>) -> String {
    let data = match view.doubts.ticker_data {
        TickerData::Object => fields,
        TickerData::List => json!([fields]),
    };
    json!({"topic": topic, "type": kind, "data": data, "cs": seq, "ts": view.now_ms}).to_string()
}

/// Liquidations of one moment. The side is that of the position, the price the one at which nothing would be left of it.
pub(super) fn liquidations(
    topic: &str,
    liquidations: &[PublicLiquidation],
    scales: Scales,
    view: &View<'_>,
) -> Vec<String> {
    let row = |liquidation: &PublicLiquidation| {
        json!({
            "T": liquidation.time_ms,
            "s": &*liquidation.symbol,
            "S": liquidation.position_side.as_str(),
            "v": scales.qty(liquidation.qty),
            "p": scales.price(liquidation.bankruptcy_price),
        })
    };
    let rows: Vec<Value> = liquidations.iter().map(row).collect();
    let frame = |data: Value| {
        json!({"topic": topic, "type": "snapshot", "ts": view.now_ms, "data": data}).to_string()
    };
    match view.doubts.liquidation_data {
        LiquidationData::List => vec![frame(rows.into())],
        LiquidationData::Object => rows.into_iter().map(frame).collect(),
    }
}

/// The insurance pools of a coin, of which this venue has none: a loss beyond an account's balance stays with the account.
pub(super) fn no_pools(topic: &str, now_ms: i64) -> String {
    json!({"topic": topic, "type": "snapshot", "ts": now_ms, "data": []}).to_string()
}

/// Highest buy and lowest sell price, as text.
pub(super) fn price_limit(
    topic: &str,
    symbol: &str,
    (buy, sell): &(String, String),
    view: &View<'_>,
) -> String {
    let limits = json!({"symbol": symbol, "buyLmt": buy, "sellLmt": sell});
    let data = match view.doubts.price_limit_data {
        PriceLimitData::Object => limits,
        PriceLimitData::List => json!([limits]),
    };
    json!({"topic": topic, "ts": view.now_ms, "data": data}).to_string()
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;
    use windvane_venue_core::{Side, TickDirection};

    use super::*;
    use crate::catalogue;

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
