//! The two clocks: the wall's and the market's.

use std::fmt;

/// Milliseconds, as a length of time.
pub type Millis = i64;

/// Nanoseconds since 1970 UTC by the engine's own clock.
///
/// The shell derives it from a monotonic clock plus the wall time at start, so it never steps back within a
/// process. It drives timeouts, data age and request stamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct WallTime(pub i64);

/// Milliseconds since 1970 UTC as the venue stamps candles, funding, orders and executions.
///
/// Live it follows the wall; in an accelerated replay it runs through the recorded span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct MarketTime(pub i64);

impl WallTime {
    /// This moment in whole milliseconds, rounded down.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The moment `length` milliseconds later.
    #[must_use]
    pub const fn after(self, length: Millis) -> Self {
        Self(self.0.saturating_add(length.saturating_mul(1_000_000)))
    }

    /// Milliseconds from `earlier` to this moment; negative when it is later.
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> Millis {
        self.0.saturating_sub(earlier.0).div_euclid(1_000_000)
    }
}

impl MarketTime {
    /// The moment `length` milliseconds later.
    #[must_use]
    pub const fn after(self, length: Millis) -> Self {
        Self(self.0.saturating_add(length))
    }

    /// Milliseconds from `earlier` to this moment; negative when it is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Millis {
        self.0.saturating_sub(earlier.0)
    }

    /// The UTC day this moment falls in, as days since 1970.
    #[must_use]
    pub const fn utc_day(self) -> i64 {
        self.0.div_euclid(86_400_000)
    }

    /// The UTC week this moment falls in, as weeks since Monday, 29 December 1969. A week begins on Monday.
    #[must_use]
    pub const fn utc_week(self) -> i64 {
        // 1 January 1970 was a Thursday.
        (self.utc_day() + 3).div_euclid(7)
    }
}

impl fmt::Display for MarketTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}
