//! How often a public topic speaks: with each change, or in the documented rhythm, in which what changes meanwhile is told
//! together.

use std::collections::BTreeMap;

use windvane_venue_core::{Category, PublicLiquidation};

use crate::config::PushPace;
use crate::market::candle::Candle;

/// Market milliseconds from one frame of a topic to the next. Trades are told at once. Source: Bybit V5, "Orderbook",
/// "Ticker", "Kline" (1 to 60 s), "All Liquidation", "Order Price Limit".
pub(super) fn book_ms(depth: usize) -> i64 {
    match depth {
        0..=1 => 10,
        2..=50 => 20,
        51..=200 => 100,
        _ => 200,
    }
}
pub(super) fn ticker_ms(category: Category) -> i64 {
    match category {
        Category::Spot => 50,
        Category::Linear | Category::Inverse => 100,
    }
}
pub(super) const KLINE_MS: i64 = 1_000;
pub(super) const LIQUIDATION_MS: i64 = 500;
pub(super) const PRICE_LIMIT_MS: i64 = 300;

/// The turns of the topics of a product group, and what waits for them. Empty where each change is told at once.
#[derive(Debug)]
pub(super) struct Pace {
    pace: PushPace,
    turns: BTreeMap<String, Turn>,
}

#[derive(Debug)]
struct Turn {
    symbol: String,
    /// From when on the topic may speak, in market ms.
    next_ms: i64,
    /// Whether it has something to say.
    waits: bool,
    liquidations: Vec<PublicLiquidation>,
    /// Candles that have closed meanwhile.
    candles: Vec<Candle>,
}

impl Pace {
    pub(super) fn new(pace: PushPace) -> Self {
        Self { pace, turns: BTreeMap::new() }
    }

    /// Whether a topic may speak now. One that may not will be called when it may.
    pub(super) fn is_open(&mut self, topic: &str, now_ms: i64) -> bool {
        match self.turns.get_mut(topic) {
            Some(turn) if now_ms < turn.next_ms => {
                turn.waits = true;
                false
            }
            Some(turn) => {
                turn.waits = false;
                true
            }
            None => true,
        }
    }

    /// Notes that a topic has spoken: it is silent for so many milliseconds.
    pub(super) fn spoke(&mut self, topic: &str, symbol: &str, (now_ms, every_ms): (i64, i64)) {
        match self.pace {
            PushPace::EachChange => {}
            PushPace::Documented => {
                let next_ms = now_ms.saturating_add(every_ms);
                let turn = self.turns.entry(topic.to_owned()).or_insert_with(|| Turn {
                    symbol: symbol.to_owned(),
                    next_ms,
                    waits: false,
                    liquidations: Vec::new(),
                    candles: Vec::new(),
                });
                turn.next_ms = next_ms;
            }
        }
    }

    /// Whether a topic has something to say that it could not.
    pub(super) fn waits(&self, topic: &str) -> bool {
        self.turns.get(topic).is_some_and(|turn| turn.waits)
    }

    /// Whether any topic has.
    pub(super) fn any_waits(&self) -> bool {
        self.turns.values().any(|turn| turn.waits)
    }

    /// What a topic has to tell, with what it could not tell before.
    pub(super) fn with_held(&mut self, topic: &str, new: &[PublicLiquidation]) -> Vec<PublicLiquidation> {
        let held = self.turns.get_mut(topic).map(|turn| std::mem::take(&mut turn.liquidations));
        held.into_iter().flatten().chain(new.iter().cloned()).collect()
    }

    /// Keeps liquidations for the turn of their topic.
    pub(super) fn hold(&mut self, topic: &str, liquidations: Vec<PublicLiquidation>) {
        if let Some(turn) = self.turns.get_mut(topic) {
            turn.liquidations = liquidations;
        }
    }

    /// Keeps a closed candle for the turn of its topic.
    pub(super) fn hold_candle(&mut self, topic: &str, closed: Option<Candle>) {
        if let Some(turn) = self.turns.get_mut(topic) {
            turn.candles.extend(closed);
        }
    }

    /// The closed candles that a topic could not tell.
    pub(super) fn take_candles(&mut self, topic: &str) -> Vec<Candle> {
        self.turns.get_mut(topic).map(|turn| std::mem::take(&mut turn.candles)).unwrap_or_default()
    }

    /// The symbols of topics whose turn it is and that have something to say.
    pub(super) fn due(&self, now_ms: i64) -> Vec<String> {
        let due = self.turns.values().filter(|turn| turn.waits && turn.next_ms <= now_ms);
        let mut symbols: Vec<String> = due.map(|turn| turn.symbol.clone()).collect();
        symbols.dedup();
        symbols
    }

    /// When it is the next waiting topic's turn, in market ms.
    pub(super) fn next_ms(&self) -> Option<i64> {
        self.turns.values().filter(|turn| turn.waits).map(|turn| turn.next_ms).min()
    }
}
