//! One contract's market as the loop makes it up: a price that stands where the data has it, and the book around it.

use std::ops::Range;

use rust_decimal::Decimal;
use windvane_model::{
    BookLevel, BookUpdate, BookUpdateKind, Candle, Fixed, Interval, MarketEvent, MarketTime, Price, Rate,
    Side, Symbol, Ticker,
};
use windvane_venue_core::{Calm, Category, MarketInput};

use super::candles::Candles;
use crate::data::{Bar, History};

/// How much stands at bid and ask: more than any order takes.
const DEPTH: i64 = 1_000_000_000;

/// A contract and where its market stands.
pub(super) struct Lane<'d> {
    pub(super) symbol: Symbol,
    pub(super) name: String,
    tick: i64,
    spread_ticks: i64,
    history: &'d History,
    /// The bars that are played.
    pub(super) played: Range<usize>,
    /// The bar that comes next.
    pub(super) next: usize,
    /// The last price.
    pub(super) price: i64,
    /// The way of its last move.
    side: Side,
    /// Where it goes within the leg that is walked.
    pub(super) leg: Leg,
    /// What the venue knows: price and way.
    at_venue: Option<(i64, Side)>,
    /// What the engine knows: price, way and when it heard of it.
    at_engine: Option<(i64, Side, i64)>,
    /// Within these prices nothing happens at the venue; `None` when it has to be asked.
    calm: Option<(i64, i64)>,
    pub(super) candles: Candles,
    /// Settlements: when and at which rate.
    funding: Vec<(i64, Decimal)>,
    next_funding: usize,
}

/// A straight way of the price.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Leg {
    from: i64,
    to: i64,
}

impl<'d> Lane<'d> {
    pub(super) fn new(
        history: &'d History,
        played: Range<usize>,
        tick: Fixed,
        spread_ticks: u16,
        funding: Vec<(i64, Decimal)>,
        intervals: Vec<Interval>,
    ) -> Self {
        let first = history.bars[played.start].open.raw();
        let start_ms = history.bars[played.start].start_ms;
        Self {
            symbol: history.symbol,
            name: history.symbol.to_string(),
            tick: tick.raw().max(1),
            spread_ticks: spread_ticks.into(),
            history,
            next: played.start,
            played,
            price: first,
            side: Side::Buy,
            leg: Leg::default(),
            at_venue: None,
            at_engine: None,
            calm: None,
            candles: Candles::new(history.interval, intervals),
            next_funding: funding.partition_point(|(at, _)| *at <= start_ms),
            funding,
        }
    }

    /// The bar that begins at `start_ms`, if there is one.
    pub(super) fn bar(&self, start_ms: i64) -> Option<Bar> {
        let bar = self.history.bars.get(self.next).filter(|_| self.next < self.played.end)?;
        (bar.start_ms == start_ms).then_some(*bar)
    }

    /// When each of the bars that are played begins, market milliseconds.
    pub(super) fn starts(&self) -> impl Iterator<Item = i64> {
        self.history.bars[self.played.clone()].iter().map(|bar| bar.start_ms)
    }

    /// When the next bar begins, market milliseconds.
    pub(super) fn next_start(&self) -> Option<i64> {
        (self.next < self.played.end).then(|| self.history.bars[self.next].start_ms)
    }

    /// The bars of the data, with those that are not played.
    pub(super) fn bars(&self) -> &'d [Bar] {
        &self.history.bars
    }

    /// Length of the bars of the data, milliseconds.
    pub(super) fn bar_ms(&self) -> i64 {
        self.history.interval.millis()
    }

    /// When the next settlement is due, market milliseconds.
    pub(super) fn next_settlement(&self) -> Option<i64> {
        self.funding.get(self.next_funding).map(|(at, _)| *at)
    }

    /// Prices between which nothing happens at the venue, as it last said.
    pub(super) fn calm(&self) -> Option<(i64, i64)> {
        self.calm
    }

    /// Puts the price somewhere without anything between, as the open of a bar after a gap.
    pub(super) fn jump(&mut self, price: i64) {
        if price != self.price {
            self.side = if price > self.price { Side::Buy } else { Side::Sell };
            self.price = price;
        }
    }

    /// Begins a straight way from here to there.
    pub(super) fn set_out(&mut self, to: i64) {
        self.leg = Leg { from: self.price, to };
    }

    /// Where the price is when `passed` of `whole` are over, on the grid.
    pub(super) fn on_the_way(&mut self, passed: i64, whole: i64) {
        let Leg { from, to } = self.leg;
        let price = if passed >= whole {
            to
        } else {
            let ticks = i128::from((to - from) / self.tick) * i128::from(passed) / i128::from(whole);
            from + i64::try_from(ticks).unwrap_or(0) * self.tick
        };
        self.jump(price);
    }

    /// Whether nothing happens at the venue between two prices.
    pub(super) fn is_calm_between(&self, low: i64, high: i64) -> bool {
        self.calm.is_some_and(|(below, above)| below < low && high < above)
    }

    pub(super) fn has_calm(&self) -> bool {
        self.calm.is_some()
    }

    /// Takes what the venue says of the prices between which nothing happens; where it cannot say, every price may be
    /// one too many.
    pub(super) fn set_calm(&mut self, calm: Option<Calm>) {
        let raw = |price: Decimal| Fixed::try_from(price).map_or(i64::MAX, Fixed::raw);
        self.calm = Some(calm.map_or((i64::MAX, 0), |calm| {
            (Fixed::try_from(calm.below).map_or(0, Fixed::raw), calm.above.map_or(i64::MAX, raw))
        }));
    }

    /// After anything that was no move of prices.
    pub(super) fn forget_calm(&mut self) {
        self.calm = None;
    }

    /// How much of the leg is over, of `whole`, when the price comes to where something may happen; `None` when it does
    /// not. Nothing is skipped: at least one tick is walked.
    pub(super) fn crossing(&self, whole: i64) -> Option<(i64, i64)> {
        let Leg { from, to } = self.leg;
        let (below, above) = self.calm?;
        let stop = if to > self.price {
            if to < above { return None } else { above.max(self.price + self.tick) }
        } else if to < self.price {
            if to > below { return None } else { below.min(self.price - self.tick) }
        } else {
            return None;
        };
        // Where the venue cannot say, the way is made in one step.
        let stop = if below >= above { to } else { stop.clamp(from.min(to), from.max(to)) };
        let passed = i128::from(stop - from) * i128::from(whole) / i128::from(to - from);
        Some((i64::try_from(passed).unwrap_or(whole), stop))
    }

    /// What the venue is to be told before somebody takes from it on `taker`'s side, or of the present price as such.
    pub(super) fn for_venue(&mut self, taker: Option<Side>) -> Option<[MarketInput; 2]> {
        // Without a spread both sides trade at the last price: the book is put where the taker meets it.
        let side = taker.filter(|_| self.spread_ticks == 0).unwrap_or(self.side);
        if self.at_venue == Some((self.price, side)) {
            return None;
        }
        self.at_venue = Some((self.price, side));
        let (bid, ask) = self.touch(side);
        let price = Some(decimal(self.price));
        let (category, symbol) = (Category::Linear, || self.name.clone());
        // The book first: a stop that the prices fire must meet the book of its moment.
        Some([
            MarketInput::Book {
                category,
                symbol: symbol(),
                bids: vec![(decimal(bid), Decimal::from(DEPTH))],
                asks: vec![(decimal(ask), Decimal::from(DEPTH))],
            },
            MarketInput::Prices { category, symbol: symbol(), mark: price, index: price, last: price },
        ])
    }

    /// Best bid and ask. The last price stands on the side that the market moved to.
    fn touch(&self, side: Side) -> (i64, i64) {
        let width = self.spread_ticks.max(1) * self.tick;
        match side {
            Side::Buy => ((self.price - width).max(1), self.price),
            Side::Sell => (self.price, self.price + width),
        }
    }

    /// What the engine is to be told of the present price; `None` when it has just heard it.
    pub(super) fn for_engine(&mut self, now_ms: i64) -> Option<[MarketEvent; 2]> {
        let news = (self.price, self.side, now_ms);
        if self.at_engine == Some(news) {
            return None;
        }
        self.at_engine = Some(news);
        let (bid, ask) = self.touch(self.side);
        let level = |price: i64| BookLevel {
            price: Fixed::from_raw(price).unwrap_or_default(),
            size: Fixed::from_raw(DEPTH).unwrap_or_default(),
        };
        Some([
            MarketEvent::Ticker(self.ticker(now_ms)),
            MarketEvent::Book(BookUpdate {
                symbol: self.symbol,
                at: MarketTime(now_ms),
                kind: BookUpdateKind::Snapshot,
                update_id: 1,
                sequence: 0,
                bids: vec![level(bid)],
                asks: vec![level(ask)],
            }),
        ])
    }

    /// The ticker of this moment: all three prices are the last one.
    pub(super) fn ticker(&self, now_ms: i64) -> Ticker {
        let price = Price::new(decimal(self.price)).ok();
        let next = self.funding.get(self.next_funding);
        Ticker {
            symbol: self.symbol,
            at: MarketTime(now_ms),
            last: price,
            mark: price,
            index: price,
            funding_rate: next.map(|(_, rate)| Rate::new(*rate)),
            next_funding: next.map(|(at, _)| MarketTime(*at)),
            // Nobody recorded it beside the candles.
            open_interest: None,
        }
    }

    /// Settlements that are due by now: what the venue is to be told of them.
    pub(super) fn settle(&mut self, now_ms: i64) -> Option<[MarketInput; 2]> {
        let (at_ms, rate) = *self.funding.get(self.next_funding).filter(|(at, _)| *at <= now_ms)?;
        self.next_funding += 1;
        let (category, symbol) = (Category::Linear, || self.name.clone());
        Some([
            MarketInput::FundingRate { category, symbol: symbol(), rate, next_funding_ms: at_ms },
            MarketInput::SettleFunding { category, symbol: symbol() },
        ])
    }

    /// Candles that were before the first bar that is played: `bars` of each interval.
    pub(super) fn warm_up(&self, interval: Interval, bars: usize) -> Vec<Candle> {
        let mut candles = Candles::new(self.history.interval, vec![interval]);
        let mut made = Vec::new();
        for bar in &self.history.bars[..self.played.start] {
            let end_ms = bar.start_ms + self.history.interval.millis();
            candles.take(self.symbol, bar, end_ms, &mut made);
        }
        let first = made.len().saturating_sub(bars);
        made.drain(first..).map(|candle| Candle { is_warm_up: true, ..candle }).collect()
    }
}

/// A price or size of the data as a decimal.
pub(super) fn decimal(raw: i64) -> Decimal {
    let (mut digits, mut places) = (raw, Fixed::PLACES);
    while places > 0 && digits % 10 == 0 {
        (digits, places) = (digits / 10, places - 1);
    }
    Decimal::new(digits, places)
}
