//! Parabolic stop and reverse after Wilder, with TA-Lib's start: short if the second bar reaches further down than up.
//!
//! A short is the mirror image of a long. Prices are therefore kept as seen from the side held (for a short with their
//! sign turned), where `ahead` is the way of profit and the stop lies behind.

#[derive(Debug, Clone)]
pub(crate) struct Sar {
    step: f64,
    most: f64,
    /// High and low of the bar before; `None` before the first.
    before: Option<(f64, f64)>,
    trend: Option<Trend>,
}

#[derive(Debug, Clone, Copy)]
struct Trend {
    /// 1 long, −1 short.
    sign: f64,
    stop: f64,
    /// Furthest price ahead since the reversal.
    furthest: f64,
    acceleration: f64,
}

impl Sar {
    pub(super) fn new(step: f64, most: f64) -> Self {
        Self { step: step.min(most), most, before: None, trend: None }
    }

    pub(super) fn next(&mut self, high: f64, low: f64) -> f64 {
        let Some((high_before, low_before)) = self.before.replace((high, low)) else { return f64::NAN };
        // The first trend begins as if the bar before were the same as this one.
        let (trend, before) = match self.trend {
            Some(trend) => (trend, (high_before, low_before)),
            None => (self.first(high, low, high_before, low_before), (high, low)),
        };
        let (trend, shown) = self.step(trend, (high, low), before);
        self.trend = Some(trend);
        shown
    }

    fn first(&self, high: f64, low: f64, high_before: f64, low_before: f64) -> Trend {
        let (up, down) = (high - high_before, low_before - low);
        let acceleration = self.step;
        if down > 0.0 && down > up {
            Trend { sign: -1.0, stop: -high_before, furthest: -low, acceleration }
        } else {
            Trend { sign: 1.0, stop: low_before, furthest: high, acceleration }
        }
    }

    fn step(&self, mut trend: Trend, bar: (f64, f64), before: (f64, f64)) -> (Trend, f64) {
        let (mut ahead, mut behind) = seen_from(trend.sign, bar);
        let is_hit = behind <= trend.stop;
        if is_hit {
            trend.sign = -trend.sign;
            (ahead, behind) = seen_from(trend.sign, bar);
            let (_, behind_before) = seen_from(trend.sign, before);
            trend.stop = (-trend.furthest).min(behind_before).min(behind);
            trend.furthest = ahead;
            trend.acceleration = self.step;
        }
        let shown = trend.sign * trend.stop;
        if ahead > trend.furthest {
            trend.furthest = ahead;
            trend.acceleration = (trend.acceleration + self.step).min(self.most);
        }
        let (_, behind_before) = seen_from(trend.sign, before);
        let moved = trend.stop + trend.acceleration * (trend.furthest - trend.stop);
        trend.stop = moved.min(behind_before).min(behind);
        (trend, shown)
    }
}

/// (ahead, behind) of a bar's high and low.
fn seen_from(sign: f64, (high, low): (f64, f64)) -> (f64, f64) {
    if sign > 0.0 { (high, low) } else { (-low, -high) }
}
