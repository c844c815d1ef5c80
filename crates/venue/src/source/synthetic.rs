//! A market without data: a seeded random walk on the wall clock.
//!
//! The walk depends on the seed alone; only its times are those of the wall clock.

use windvane_venue_core::{MarketInput, Side};

use super::Step;
use super::grid::Grid;
use crate::catalogue::Listing;
use crate::config::SyntheticConfig;
use crate::server::wall_ms;
use crate::table::{BAR_MS, HOUR_MS};
use rust_decimal::Decimal;

/// Wall milliseconds between two steps.
pub(crate) const STEP_MS: u64 = 100;
/// Market milliseconds between two steps of the invented history.
const HISTORY_STEP_MS: i64 = 25_000;
/// Funding interval and its rate: the interest-rate baseline.
const FUNDING_INTERVAL_MS: i64 = 8 * HOUR_MS;
/// A step moves the price by at most one part in this many.
const STEP_SHARE: i64 = 30_000;

/// A random walk of several symbols.
#[derive(Debug)]
pub(crate) struct Synthetic {
    walks: Vec<Walk>,
    random: fastrand::Rng,
    next_funding_ms: i64,
    history_bars: usize,
    /// Where the history ends and the wall clock takes over, market ms.
    start_ms: i64,
}

#[derive(Debug)]
struct Walk {
    grid: Grid,
    ticks: i64,
    side: Side,
    /// Lots that set the sizes of the book and of the prints.
    volume: i64,
}

impl Synthetic {
    pub(crate) fn new(config: &SyntheticConfig, listings: &[&Listing], start_ms: i64) -> Self {
        let walks = listings.iter().map(|listing| Walk::new(listing)).collect();
        Self {
            walks,
            random: fastrand::Rng::with_seed(config.seed),
            next_funding_ms: (start_ms.div_euclid(FUNDING_INTERVAL_MS) + 1) * FUNDING_INTERVAL_MS,
            history_bars: config.history_bars,
            start_ms,
        }
    }

    /// The walk before the start, in coarser steps.
    pub(super) fn history(&mut self) -> Vec<Step> {
        let bars = i64::try_from(self.history_bars).unwrap_or(0);
        let first_ms = self.start_ms.div_euclid(BAR_MS) * BAR_MS - bars * BAR_MS;
        let mut steps = Vec::new();
        let mut at_ms = first_ms;
        while at_ms < self.start_ms {
            steps.push(self.step_at(at_ms));
            at_ms += HISTORY_STEP_MS;
        }
        steps
    }

    /// The walk's next step, now.
    pub(super) fn step(&mut self) -> Step {
        self.step_at(wall_ms())
    }

    fn step_at(&mut self, at_ms: i64) -> Step {
        let mut inputs = Vec::new();
        let settles = at_ms >= self.next_funding_ms;
        let next_funding_ms =
            if settles { self.next_funding_ms + FUNDING_INTERVAL_MS } else { self.next_funding_ms };
        for walk in &mut self.walks {
            let volume = walk.advance(&mut self.random);
            let symbol = walk.grid.symbol().to_owned();
            let price = walk.grid.price(walk.ticks);
            let category = walk.grid.category();
            inputs.push(MarketInput::Prices {
                category,
                symbol: symbol.clone(),
                mark: Some(price),
                index: Some(price),
                last: None,
            });
            if settles {
                inputs.push(MarketInput::SettleFunding { category, symbol: symbol.clone() });
            }
            inputs.push(MarketInput::FundingRate {
                category,
                symbol,
                rate: Decimal::new(1, 4),
                next_funding_ms,
            });
            inputs.push(walk.grid.book(walk.ticks, walk.side, walk.volume));
            inputs.push(walk.grid.trade(walk.ticks, volume, walk.side));
        }
        self.next_funding_ms = next_funding_ms;
        Step { at_ms, inputs }
    }
}

impl Walk {
    fn new(listing: &Listing) -> Self {
        let grid = Grid::new(&listing.instrument);
        let lot_value = listing.start_price * listing.instrument.qty_step;
        let volume = (listing.turnover_5m / lot_value).trunc();
        Self {
            ticks: grid.ticks(listing.start_price).unwrap_or(1),
            volume: i64::try_from(volume).unwrap_or(1),
            side: Side::Buy,
            grid,
        }
    }

    /// Moves one step and returns the lots of its print.
    fn advance(&mut self, random: &mut fastrand::Rng) -> i64 {
        let reach = self.ticks / STEP_SHARE + 1;
        let moved = random.i64(-reach..=reach);
        self.side = match moved.cmp(&0) {
            std::cmp::Ordering::Greater => Side::Buy,
            std::cmp::Ordering::Less => Side::Sell,
            std::cmp::Ordering::Equal => self.side,
        };
        self.ticks = (self.ticks + moved).max(1);
        random.i64(1..=(self.volume / 1_000).max(1))
    }
}
