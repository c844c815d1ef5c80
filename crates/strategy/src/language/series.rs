//! One expression over bars, on its own: for charts, research and measurements.

use windvane_model::Interval;

use super::check::{Checker, Names};
use super::compile::{Builder, NodeId};
use super::error::{Problems, Report};
use super::eval::{Bar, Program};
use super::feed::Feed;

/// An expression that moves on bar by bar. Quotes and position words are not known to it, and other timeframes and
/// contracts stay undefined.
#[derive(Debug, Clone)]
pub struct Series {
    program: Program,
    node: NodeId,
}

/// Open, high, low, close (quote currency) and volume (base coin) of one bar.
pub type Ohlcv = [f64; 5];

impl Series {
    /// The expression `text` on bars of `interval`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn new(text: &str, interval: Interval) -> Result<Self, Problems> {
        let (mut builder, names) = (Builder::new(interval), Names::new());
        let report = Report::new("expression", text);
        let checked = match Checker::new(&mut builder, &names).check(text, &[]) {
            Ok((lowered, _)) => Some(lowered.node),
            Err(faults) => {
                faults.into_iter().for_each(|fault| report.add_fault(fault.span.clone(), fault));
                None
            }
        };
        let (node, _) = report.finish(checked)?;
        Ok(Self { program: builder.build(), node })
    }

    /// Takes the next confirmed bar, which began at `start_ms` (milliseconds since 1970 UTC); the expression's value at its
    /// end, a condition's as 1 or 0, `None` while it is not defined.
    pub fn next(&mut self, start_ms: i64, bar: Ohlcv) -> Option<f64> {
        let [open, high, low, close, volume] = bar;
        self.program.on_bar(Feed::OWN, &Bar { start_ms, open, high, low, close, volume });
        self.program.value(self.node)
    }

    /// Bars until the value can be defined.
    #[must_use]
    pub fn warm_up(&self) -> usize {
        self.program.warm_up()
    }
}
