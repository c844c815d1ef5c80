//! Lines over time as SVG, without a script: what is drawn is in the file.

use std::fmt::Write as _;

/// Size of a chart in its own units; a browser scales it.
const WIDTH: f64 = 1_000.0;
/// Room for the figures at the left.
const LEFT: f64 = 80.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 10.0;
/// Room for the times at the bottom.
const BOTTOM: f64 = 22.0;
/// Lines across, and figures beside them.
const STEPS: u32 = 4;

/// One chart: a span of time and of values.
pub(super) struct Chart {
    height: f64,
    from_ms: i64,
    to_ms: i64,
    low: f64,
    high: f64,
    inner: String,
}

impl Chart {
    /// An empty chart over a span, with room for every one of `values`.
    pub(super) fn new(height: f64, span_ms: (i64, i64), values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        let margin = if high > low { (high - low) * 0.04 } else { high.abs().max(1.0) * 0.01 };
        let (from_ms, to_ms) = span_ms;
        Self { height, from_ms, to_ms, low: low - margin, high: high + margin, inner: String::new() }
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds on a screen")]
    fn x(&self, at_ms: i64) -> f64 {
        let whole = (self.to_ms - self.from_ms).max(1) as f64;
        LEFT + (at_ms - self.from_ms) as f64 / whole * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        TOP + (self.high - value) / (self.high - self.low) * (self.height - TOP - BOTTOM)
    }

    /// Draws a line through points; `class` says how it looks.
    pub(super) fn line(&mut self, class: &str, points: impl Iterator<Item = (i64, f64)>) {
        let mut way = String::new();
        for (at_ms, value) in points {
            let word = if way.is_empty() { 'M' } else { 'L' };
            let _ = write!(way, "{word}{:.1} {:.1}", self.x(at_ms), self.y(value));
        }
        let _ = write!(self.inner, "<path class=\"{class}\" d=\"{way}\"/>");
    }

    /// Draws short ways from one point to another, all of one look.
    pub(super) fn strokes(&mut self, class: &str, strokes: impl Iterator<Item = [(i64, f64); 2]>) {
        let mut way = String::new();
        for [(from_ms, from), (to_ms, to)] in strokes {
            let (x, y) = (self.x(from_ms), self.y(from));
            let _ = write!(way, "M{x:.1} {y:.1}L{:.1} {:.1}", self.x(to_ms), self.y(to));
        }
        if !way.is_empty() {
            let _ = write!(self.inner, "<path class=\"{class}\" d=\"{way}\"/>");
        }
    }

    /// Draws small triangles, upwards or downwards, all of one look.
    pub(super) fn triangles(&mut self, class: &str, is_up: bool, points: impl Iterator<Item = (i64, f64)>) {
        let mut way = String::new();
        let rise = if is_up { -7.0 } else { 7.0 };
        for (at_ms, value) in points {
            let _ = write!(way, "M{:.1} {:.1}l4 {:.1}l-8 0z", self.x(at_ms), self.y(value), -rise);
        }
        if !way.is_empty() {
            let _ = write!(self.inner, "<path class=\"{class}\" d=\"{way}\"/>");
        }
    }

    /// The whole chart.
    pub(super) fn svg(&self, name: &str) -> String {
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"{name}\"><g class=\"grid\">",
            self.height
        );
        for step in 0..=STEPS {
            let part = f64::from(step) / f64::from(STEPS);
            let value = self.low + (self.high - self.low) * part;
            let y = self.y(value);
            let _ = write!(
                svg,
                "<path d=\"M{LEFT} {y:.1}H{:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0,
                figure(value, self.high - self.low)
            );
            #[expect(clippy::cast_possible_truncation, reason = "a moment between two others")]
            #[expect(clippy::cast_precision_loss, reason = "milliseconds on a screen")]
            let at_ms = self.from_ms + ((self.to_ms - self.from_ms) as f64 * part) as i64;
            let anchor = match step {
                0 => "start",
                STEPS => "end",
                _ => "middle",
            };
            let _ = write!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{}</text>",
                self.x(at_ms),
                self.height - 5.0,
                super::moment(at_ms)
            );
        }
        svg.push_str("</g>");
        svg.push_str(&self.inner);
        svg.push_str("</svg>");
        svg
    }
}

/// A figure with as many places as its span needs.
fn figure(value: f64, span: f64) -> String {
    let places = if span >= 100.0 {
        0
    } else if span >= 1.0 {
        2
    } else {
        5
    };
    format!("{value:.places$}")
}
