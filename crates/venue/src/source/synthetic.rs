//! A market without data: coins whose worth moves ([`super::walk`]) and crowds that trade around it ([`super::queue`]).
//!
//! All of it depends on the seed alone; only its times are those of the wall clock.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use windvane_venue_core::{Category, MarketInput};

use super::Step;
use super::grid::Grid;
use super::queue::Queue;
use super::walk::{Climate, Worth};
use crate::catalogue::Listing;
use crate::config::SyntheticConfig;
use crate::table::{BAR_MS, HOUR_MS};

/// Wall milliseconds between two steps.
pub(crate) const STEP_MS: u64 = 100;
/// Market milliseconds between two steps of the invented history.
const HISTORY_STEP_MS: i64 = 60_000;
/// Funding interval and its rate: the interest-rate baseline.
const FUNDING_INTERVAL_MS: i64 = 8 * HOUR_MS;
/// A made-up market of several instruments. Those of one coin share its worth.
#[derive(Debug)]
pub(crate) struct Synthetic {
    climate: Climate,
    worths: BTreeMap<String, Worth>,
    crowds: Vec<Crowd>,
    random: fastrand::Rng,
    next_funding_ms: i64,
    /// Where the history begins, market ms.
    first_ms: i64,
    /// Where it ends and the wall clock takes over, market ms.
    start_ms: i64,
}

/// Who trades one instrument.
#[derive(Debug)]
struct Crowd {
    coin: String,
    /// Price at the start in ticks.
    start: i64,
    queue: Queue,
}

impl Synthetic {
    pub(crate) fn new(config: &SyntheticConfig, listings: &[&Listing], start_ms: i64) -> Self {
        let crowds: Vec<Crowd> = listings.iter().map(|listing| Crowd::new(listing)).collect();
        let bars = i64::try_from(config.history_bars).unwrap_or(0);
        let first_ms = start_ms.div_euclid(BAR_MS) * BAR_MS - bars * BAR_MS;
        Self {
            climate: Climate::new(),
            worths: crowds.iter().map(|crowd| (crowd.coin.clone(), Worth::of(&crowd.coin))).collect(),
            crowds,
            random: fastrand::Rng::with_seed(config.seed),
            next_funding_ms: (first_ms.div_euclid(FUNDING_INTERVAL_MS) + 1) * FUNDING_INTERVAL_MS,
            first_ms,
            start_ms,
        }
    }

    /// The walk before the start, in coarser steps.
    pub(super) fn history(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut at_ms = self.first_ms;
        while at_ms < self.start_ms {
            steps.push(self.step_at(at_ms, Detail::PrintsOnly));
            at_ms += HISTORY_STEP_MS;
        }
        steps
    }

    /// The walk's next step, at a time of the wall clock.
    pub(super) fn step(&mut self, wall_ms: i64) -> Step {
        self.step_at(wall_ms, Detail::Full)
    }

    fn step_at(&mut self, at_ms: i64, detail: Detail) -> Step {
        let weather = self.climate.step(&mut self.random);
        for worth in self.worths.values_mut() {
            worth.step(weather, &mut self.random);
        }
        let settles = at_ms >= self.next_funding_ms;
        if settles {
            self.next_funding_ms += FUNDING_INTERVAL_MS;
        }
        let mut inputs = Vec::new();
        for crowd in &mut self.crowds {
            let Some(worth) = self.worths.get(&crowd.coin) else { continue };
            let ticks = worth.ticks(crowd.start);
            // The book first: a stop that a jump of the mark fires trades with what is left after it.
            match detail {
                Detail::Full => inputs.extend(crowd.queue.step(ticks, &mut self.random)),
                Detail::PrintsOnly => inputs.push(crowd.queue.print(ticks, &mut self.random)),
            }
            inputs.extend(reference(crowd.queue.grid(), ticks, settles, self.next_funding_ms));
        }
        Step { at_ms, inputs }
    }
}

/// How much of a step is made.
#[derive(Debug, Clone, Copy)]
enum Detail {
    Full,
    /// Without a book, which history does not need.
    PrintsOnly,
}

/// Mark and index at the worth, and of contracts the funding, settled when it is due.
fn reference(grid: &Grid, ticks: i64, settles: bool, next_funding_ms: i64) -> Vec<MarketInput> {
    let (category, symbol, price) = (grid.category(), grid.symbol().to_owned(), Some(grid.price(ticks)));
    let mut inputs =
        vec![MarketInput::Prices { category, symbol: symbol.clone(), mark: price, index: price, last: None }];
    if category != Category::Spot {
        let announced = |next_funding_ms: i64| {
            let rate = Decimal::new(1, 4);
            MarketInput::FundingRate { category, symbol: symbol.clone(), rate, next_funding_ms }
        };
        if settles {
            inputs.push(announced(next_funding_ms - FUNDING_INTERVAL_MS));
            inputs.push(MarketInput::SettleFunding { category, symbol: symbol.clone() });
        }
        inputs.push(announced(next_funding_ms));
    }
    inputs
}

impl Crowd {
    fn new(listing: &Listing) -> Self {
        let grid = Grid::new(&listing.instrument);
        let lot_value = match listing.instrument.category {
            Category::Linear | Category::Spot => listing.start_price * listing.instrument.qty_step,
            // A lot is a dollar.
            Category::Inverse => listing.instrument.qty_step,
        };
        let volume = (listing.turnover_5m / lot_value).trunc();
        Self {
            coin: listing.instrument.base_coin.clone(),
            start: grid.ticks(listing.start_price).unwrap_or(2),
            queue: Queue::new(grid, i64::try_from(volume).unwrap_or(1)),
        }
    }
}
