//! The invented part of a replay: how the price moved inside a recorded 5-minute bar.
//!
//! A candle says where the price was, not when. This path visits open, the nearer extreme, the other extreme
//! and close in twelve even steps with straight lines between them, and splits the bar's volume over one print
//! a step. It is deterministic; candles built from it equal the recorded ones. What a strategy earns *inside*
//! a bar is therefore fiction; what it earns over bars is not.

use windvane_venue_core::Side;

/// Steps of a path in one bar.
pub const STEPS: usize = 12;
/// Steps at which open, first extreme, second extreme and close are visited.
const WAYPOINT_STEPS: [usize; 4] = [0, 3, 8, STEPS - 1];

/// A bar on the instrument's grid: prices in ticks, volume in lots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GridBar {
    /// First price.
    pub open: i64,
    /// Highest price.
    pub high: i64,
    /// Lowest price.
    pub low: i64,
    /// Last price.
    pub close: i64,
    /// Traded quantity.
    pub volume: i64,
}

/// One step of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathPoint {
    /// Traded price in ticks.
    pub price: i64,
    /// Traded quantity in lots; zero means that nothing was printed.
    pub volume: i64,
    /// Side of the taker: the way the price went.
    pub side: Side,
}

/// The path through one bar.
#[must_use]
pub fn path(bar: &GridBar) -> [PathPoint; STEPS] {
    let low_first = match (bar.open - bar.low).cmp(&(bar.high - bar.open)) {
        std::cmp::Ordering::Less => true,
        std::cmp::Ordering::Greater => false,
        // Equally near: a rising bar dips first, a falling one peaks first.
        std::cmp::Ordering::Equal => bar.close >= bar.open,
    };
    let (first, second) = if low_first { (bar.low, bar.high) } else { (bar.high, bar.low) };
    let waypoints = [bar.open, first, second, bar.close];
    let volumes = volumes(bar.volume);
    let mut side = if bar.close >= bar.open { Side::Buy } else { Side::Sell };
    let mut previous = bar.open;
    std::array::from_fn(|step| {
        let price = price_at(step, &waypoints);
        side = match price.cmp(&previous) {
            std::cmp::Ordering::Greater => Side::Buy,
            std::cmp::Ordering::Less => Side::Sell,
            std::cmp::Ordering::Equal => side,
        };
        previous = price;
        PathPoint { price, volume: volumes[step], side }
    })
}

fn price_at(step: usize, waypoints: &[i64; 4]) -> i64 {
    let leg = WAYPOINT_STEPS.iter().skip(1).position(|&end| step <= end).unwrap_or(2);
    let (start, end) = (WAYPOINT_STEPS[leg], WAYPOINT_STEPS[leg + 1]);
    let (from, to) = (waypoints[leg], waypoints[leg + 1]);
    let (done, whole) = (signed(step - start), signed(end - start));
    from + (to - from) * done / whole
}

/// Even shares; what is left over goes to the waypoints first, so that a thin bar still prints its extremes.
fn volumes(total: i64) -> [i64; STEPS] {
    let mut volumes = [total / signed(STEPS); STEPS];
    let mut left = total % signed(STEPS);
    let others = (0..STEPS).filter(|step| !WAYPOINT_STEPS.contains(step));
    for step in WAYPOINT_STEPS.into_iter().chain(others) {
        if left == 0 {
            break;
        }
        volumes[step] += 1;
        left -= 1;
    }
    volumes
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).expect("a count of steps within a bar is small")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_rebuilds_its_bar() {
        for bar in [
            GridBar { open: 100, high: 130, low: 95, close: 110, volume: 1_000 },
            GridBar { open: 100, high: 101, low: 60, close: 61, volume: 7 },
            GridBar { open: 100, high: 100, low: 100, close: 100, volume: 12 },
        ] {
            let path = path(&bar);
            let printed: Vec<_> = path.iter().filter(|point| point.volume > 0).collect();
            assert_eq!(path[0].price, bar.open);
            assert_eq!(path[STEPS - 1].price, bar.close);
            assert_eq!(printed.iter().map(|point| point.price).max(), Some(bar.high));
            assert_eq!(printed.iter().map(|point| point.price).min(), Some(bar.low));
            assert_eq!(path.iter().map(|point| point.volume).sum::<i64>(), bar.volume);
        }
    }

    #[test]
    fn the_nearer_extreme_comes_first() {
        let path = path(&GridBar { open: 100, high: 130, low: 95, close: 110, volume: 100 });
        assert_eq!((path[3].price, path[8].price), (95, 130));
        assert_eq!((path[1].side, path[4].side, path[11].side), (Side::Sell, Side::Buy, Side::Sell));
    }
}
