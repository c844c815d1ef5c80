//! How a made-up market moves: what its coins are worth, together and each by itself.
//!
//! One common factor moves every coin by its own share, so that they are correlated. The factor drifts in trends that
//! last minutes, is calm or lively, and jumps now and then. Inside it is floating point, as no money is counted here; what
//! comes out is a whole number of ticks.

/// Mean steps between two changes of the trend, and of the pace.
const TREND_STEPS: f64 = 600.0;
const PACE_STEPS: f64 = 1_500.0;
/// Move of one calm step as a share of the price, and how much more a lively one moves.
const CALM: f64 = 0.000_012;
const LIVELY: f64 = 4.0;
/// Drift of a step in a trend, in calm moves.
const TREND: f64 = 0.25;
/// Chance of a jump in a step, and its greatest share of the price.
const JUMP_CHANCE: f64 = 0.000_2;
const JUMP: f64 = 0.006;
/// Pull back to the price at which the market began, as a share of the distance: a market that runs for weeks must
/// not end at zero.
const PULL: f64 = 0.000_000_5;

/// The common factor.
#[derive(Debug)]
pub(super) struct Climate {
    /// −1, 0 or +1: where the trend goes.
    trend: f64,
    is_lively: bool,
}

/// What one step of the climate does to every symbol.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weather {
    /// Move of the common factor as a share of the price.
    common: f64,
    /// Size of a symbol's own moves as a share of the price.
    own: f64,
}

impl Climate {
    pub(super) fn new() -> Self {
        Self { trend: 0.0, is_lively: false }
    }

    /// One step on.
    pub(super) fn step(&mut self, random: &mut fastrand::Rng) -> Weather {
        if random.f64() < 1.0 / TREND_STEPS {
            self.trend = f64::from(random.i8(-1..=1));
        }
        if random.f64() < 1.0 / PACE_STEPS {
            self.is_lively = !self.is_lively;
        }
        let move_size = if self.is_lively { CALM * LIVELY } else { CALM };
        let jump = if random.f64() < JUMP_CHANCE { JUMP * spread(random) } else { 0.0 };
        Weather { common: move_size * (bell(random) + TREND * self.trend) + jump, own: move_size }
    }
}

/// What one coin is worth, against what it was worth at the start.
#[derive(Debug)]
pub(super) struct Worth {
    /// 1 at the start.
    level: f64,
    /// Share of the common factor in its moves, 0 to 1; `None` for a coin that is pegged and does not move.
    share: Option<f64>,
}

impl Worth {
    pub(super) fn of(coin: &str) -> Self {
        let share = match coin {
            "USDC" => None,
            "BTC" => Some(0.9),
            "ETH" => Some(0.85),
            _ => Some(0.75),
        };
        Self { level: 1.0, share }
    }

    /// One step on.
    pub(super) fn step(&mut self, weather: Weather, random: &mut fastrand::Rng) {
        let Some(share) = self.share else { return };
        let own = weather.own * bell(random);
        let pull = PULL * (1.0 - self.level);
        self.level *= 1.0 + share * weather.common + (1.0 - share) * own + pull;
        self.level = self.level.clamp(0.01, 100.0);
    }

    /// A price in ticks that was `ticks` at the start; at least two, so that there is room for a bid.
    pub(super) fn ticks(&self, ticks: i64) -> i64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a price has far fewer ticks than a float has whole numbers"
        )]
        let now = (ticks as f64 * self.level).round().max(2.0);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "within a hundred times the start, which is a whole number"
        )]
        let whole = now as i64;
        whole
    }
}

/// Roughly normal, with mean 0 and variance 1: the sum of twelve even draws less six.
fn bell(random: &mut fastrand::Rng) -> f64 {
    (0..12).map(|_| random.f64()).sum::<f64>() - 6.0
}

/// Even between −1 and +1.
fn spread(random: &mut fastrand::Rng) -> f64 {
    random.f64() * 2.0 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Prices of two coins over so many steps, a million ticks each at the start.
    fn paths(seed: u64, share: f64, steps: usize) -> Vec<[i64; 2]> {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut climate = Climate::new();
        let mut worths = [(); 2].map(|()| Worth { level: 1.0, share: Some(share) });
        (0..steps)
            .map(|_| {
                let weather = climate.step(&mut random);
                worths.each_mut().map(|worth| {
                    worth.step(weather, &mut random);
                    worth.ticks(1_000_000)
                })
            })
            .collect()
    }

    /// Pearson's correlation of the moves over every `span` steps.
    #[expect(clippy::cast_precision_loss, reason = "prices of seven digits")]
    fn correlation(paths: &[[i64; 2]], span: usize) -> f64 {
        let moves: Vec<[f64; 2]> = paths
            .windows(span)
            .step_by(span)
            .map(|window| [0, 1].map(|index| (window[span - 1][index] - window[0][index]) as f64))
            .collect();
        let sum = |of: fn(&[f64; 2]) -> f64| moves.iter().map(of).sum::<f64>();
        sum(|pair| pair[0] * pair[1]) / (sum(|pair| pair[0] * pair[0]) * sum(|pair| pair[1] * pair[1])).sqrt()
    }

    #[test]
    fn coins_that_share_the_factor_move_together_and_others_do_not() {
        assert!(correlation(&paths(1, 0.8, 20_000), 50) > 0.7);
        assert!(correlation(&paths(1, 0.0, 20_000), 50).abs() < 0.3);
    }

    /// Without trends the variance of the moves over a span grows as the span does.
    #[test]
    #[expect(clippy::cast_precision_loss, reason = "prices of seven digits")]
    fn a_market_has_trends_that_last_for_minutes() {
        for seed in 1..=3 {
            let paths = paths(seed, 0.9, 300_000);
            let variance = |span: usize| {
                let moves: Vec<f64> = paths
                    .windows(span + 1)
                    .step_by(span)
                    .map(|window| (window[span][0] - window[0][0]) as f64 / window[0][0] as f64)
                    .collect();
                moves.iter().map(|by| by * by).sum::<f64>() / moves.len() as f64
            };
            let ratio = variance(600) / (600.0 * variance(1));
            assert!(ratio > 2.0, "seed {seed}: {ratio}");
        }
    }

    #[test]
    fn a_market_has_jumps_and_stays_in_sight_of_where_it_began() {
        let paths = paths(7, 0.8, 200_000);
        let largest = paths.windows(2).map(|pair| (pair[1][0] - pair[0][0]).abs()).max().unwrap_or(0);
        assert!(largest > 1_000, "a jump of a thousandth at least: {largest}");
        assert!(paths.iter().all(|[first, _]| (200_000..5_000_000).contains(first)));
    }
}
