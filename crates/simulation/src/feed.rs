//! The outside market of a story: prices that walk and jump, books around them, candles made of them.

use crate::listing::{LISTINGS, Listing, number, symbol};
use fastrand::Rng;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use windvane_model::{Candle, Interval, MarketTime, Price};
use windvane_venue_core::{Category, Level, MarketInput, Side};

/// Levels on each side of the outside book.
const DEPTH: i64 = 5;

/// Prices of one contract.
pub(crate) struct Feed {
    listing: &'static Listing,
    mid_ticks: i64,
    interval: Interval,
    candle: Option<Candle>,
    /// The depth of each level, where the price stands still until it is told to move.
    pinned: Option<Decimal>,
    /// Every other step of a pinned price: a market that never says anything is taken for dead.
    beats: bool,
}

impl Feed {
    pub(crate) fn new(slot: usize, interval: Interval) -> Self {
        let listing = &LISTINGS[slot];
        Self { listing, mid_ticks: listing.start_ticks, interval, candle: None, pinned: None, beats: false }
    }

    pub(crate) const fn interval(&self) -> Interval {
        self.interval
    }

    pub(crate) const fn symbol(&self) -> &'static str {
        self.listing.symbol
    }

    fn price(&self, ticks: i64) -> Decimal {
        Decimal::from(ticks) * self.listing.tick()
    }

    /// Moves the price; besides it jumps by up to so many thousandths.
    pub(crate) fn walk(&mut self, rng: &mut Rng, jump: i64) {
        if self.pinned.is_some() {
            self.beats = !self.beats;
            return;
        }
        // Four draws are bell enough; one step is some 0.02 % of the price.
        let reach = self.listing.start_ticks / 4_000;
        let drift: i64 = (0..4).map(|_| rng.i64(-reach..=reach)).sum();
        let leap = if jump > 0 { self.mid_ticks / 1_000 * rng.i64(-jump..=jump) } else { 0 };
        let floor = self.listing.start_ticks / 2;
        self.mid_ticks = (self.mid_ticks + drift / 2 + leap).clamp(floor, self.listing.start_ticks * 2);
    }

    /// Makes the price stand still.
    pub(crate) fn pin(&mut self) {
        self.pinned = Some(Decimal::TEN);
    }

    /// Moves a pinned price there, and gives each level of its book that depth.
    pub(crate) fn pin_at(&mut self, price: Decimal, depth: Decimal) {
        self.mid_ticks = (price / self.listing.tick()).to_i64().unwrap_or(self.mid_ticks);
        self.pinned = Some(depth);
    }

    fn pinned_inputs(&self, depth: Decimal) -> Vec<MarketInput> {
        let (category, symbol) = (Category::Linear, || self.listing.symbol.to_owned());
        let beat = if self.beats { number(self.listing.lot) } else { Decimal::ZERO };
        let size = |level: i64| if level == DEPTH { depth + beat } else { depth };
        let level = |ticks: i64, level: i64| (self.price(self.mid_ticks + ticks), size(level));
        let side = |sign: i64| (1..=DEPTH).map(|count| level(sign * count, count)).collect();
        let price = Some(self.price(self.mid_ticks));
        // A ticker tells what has changed, so something of it must.
        let index = Some(self.price(self.mid_ticks + i64::from(self.beats)));
        vec![
            MarketInput::Prices { category, symbol: symbol(), mark: price, index, last: price },
            MarketInput::Book { category, symbol: symbol(), bids: side(-1), asks: side(1) },
        ]
    }

    /// What the venue is told of the present price.
    pub(crate) fn inputs(&self, rng: &mut Rng, thin: bool) -> Vec<MarketInput> {
        if let Some(depth) = self.pinned {
            return self.pinned_inputs(depth);
        }
        let (category, symbol) = (Category::Linear, || self.listing.symbol.to_owned());
        let lot = number(self.listing.lot);
        let spread = rng.i64(1..4);
        let mut side = |sign: i64| -> Vec<Level> {
            let largest = if thin { 100 } else { 2_000 };
            (0..DEPTH)
                .map(|level| {
                    let ticks = self.mid_ticks + sign * (spread + level * 7);
                    (self.price(ticks), lot * Decimal::from(rng.i64(1..largest)))
                })
                .collect()
        };
        let (bids, asks) = (side(-1), side(1));
        let price = Some(self.price(self.mid_ticks));
        let mut inputs = vec![
            MarketInput::Prices { category, symbol: symbol(), mark: price, index: price, last: price },
            MarketInput::Book { category, symbol: symbol(), bids, asks },
        ];
        if rng.u8(..3) == 0 {
            let (taker, sign) = if rng.bool() { (Side::Buy, 1) } else { (Side::Sell, -1) };
            inputs.push(MarketInput::Trade {
                category,
                symbol: symbol(),
                side: taker,
                price: self.price(self.mid_ticks + sign * rng.i64(1..30)),
                qty: lot * Decimal::from(rng.i64(1..500)),
            });
        }
        inputs
    }

    /// Takes the present price into the running candle; a candle that is over comes out, confirmed.
    fn candle(&mut self, now: MarketTime) -> Option<Candle> {
        let close = Price::new(self.price(self.mid_ticks)).expect("the walk stays above zero");
        let length = self.interval.millis();
        let start = MarketTime(now.0.div_euclid(length) * length);
        let over = self.candle.filter(|candle| candle.start != start);
        let fresh = Candle {
            symbol: symbol(self.listing.symbol),
            at: now,
            interval: self.interval,
            start,
            open: close,
            high: close,
            low: close,
            close,
            volume: Decimal::ONE,
            is_confirmed: false,
            is_warm_up: false,
        };
        let candle = self.candle.take().filter(|candle| candle.start == start).unwrap_or(fresh);
        self.candle = Some(Candle {
            at: now,
            high: candle.high.max(close),
            low: candle.low.min(close),
            close,
            ..candle
        });
        over.map(|candle| Candle { at: now, is_confirmed: true, ..candle })
    }

    /// `bars` candles of history that end at `now` and at the present price.
    pub(crate) fn history(&self, rng: &mut Rng, now: MarketTime, bars: usize) -> Vec<Candle> {
        let length = self.interval.millis();
        let mut past = Self::new(0, self.interval);
        past.listing = self.listing;
        let bars = i64::try_from(bars).unwrap_or(0);
        let first = now.0.div_euclid(length) - bars;
        (0..bars)
            .filter_map(|bar| {
                past.walk(rng, 0);
                past.candle(MarketTime((first + bar) * length))
            })
            .map(|candle| Candle { is_warm_up: true, ..candle })
            .collect()
    }
}
