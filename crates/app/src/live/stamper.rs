//! Sequence numbers and both clocks for every event the engine takes in.

use std::sync::Arc;
use windvane_connector::{ClockBounds, VenueClock};
use windvane_model::{Event, MarketTime, Stamp, Stamped};

/// Where the market's clock comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MarketClock {
    /// From the wall, corrected by the measured distance to the venue's clock: trading live.
    Wall,
    /// From the stamps of market messages: a venue that replays.
    Messages,
}

/// Stamps events. One per engine.
#[derive(Debug)]
pub(crate) struct Stamper {
    sequence: u64,
    clock: Arc<VenueClock>,
    source: MarketClock,
    market: MarketTime,
    account_events: u64,
}

impl Stamper {
    /// Goes on after the last sequence of an earlier start.
    pub(crate) const fn new(clock: Arc<VenueClock>, source: MarketClock, last_sequence: u64) -> Self {
        Self { sequence: last_sequence, clock, source, market: MarketTime(0), account_events: 0 }
    }

    /// From now on the venue's clock is not relied on beyond `bounds`.
    pub(crate) fn set_bounds(&self, bounds: ClockBounds) {
        self.clock.set_bounds(bounds);
    }

    /// The market's clock as of now.
    pub(crate) fn market_now(&self) -> MarketTime {
        match self.source {
            // Measured anew, the offset may fall by a little; the clock only goes forward.
            MarketClock::Wall => self.clock.market_now().map_or(self.market, |now| now.max(self.market)),
            MarketClock::Messages => self.market,
        }
    }

    /// Puts the next stamp on an event.
    pub(crate) fn stamp(&mut self, event: Event) -> Stamped {
        self.market = match (&event, self.source) {
            // Messages of several topics overtake each other; the clock only goes forward.
            (Event::Market(event), MarketClock::Messages) => self.market.max(event.at()),
            _ => self.market_now(),
        };
        self.account_events += u64::from(matches!(event, Event::Account(_)));
        self.sequence += 1;
        let stamp = Stamp { sequence: self.sequence, wall: self.clock.now(), market: self.market };
        Stamped { stamp, event }
    }

    /// The sequence of the last event.
    pub(crate) const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Account facts taken in so far.
    pub(crate) const fn account_events(&self) -> u64 {
        self.account_events
    }

    /// Whether the market's clock moves without messages.
    pub(crate) const fn follows_wall(&self) -> bool {
        matches!(self.source, MarketClock::Wall)
    }
}
