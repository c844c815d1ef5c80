//! Volume and volatility.

use super::Argument::{BarCondition, Bars, Series};
use super::{Function, Given, Gives, NodeId, Scribe, function};
use crate::indicator::{Gathered, Kernel};
use crate::language::op::{Binary, Field, Unary};

pub(super) const FUNCTIONS: &[Function] = &[
    function("atr", "atr(bars)", "average true range", &[Bars(1)], Gives::Price, |s, a| s.atr(a.bars(0))),
    function(
        "natr",
        "natr(bars)",
        "average true range as a ratio of the close",
        &[Bars(1)],
        Gives::Ratio,
        natr,
    ),
    function(
        "obv",
        "obv()",
        "on-balance volume; its level depends on where history begins",
        &[],
        Gives::Volume,
        obv,
    ),
    function("vwap", "vwap()", "average price by volume since 00:00 UTC", &[], Gives::Price, |s, _| {
        let new_day = s.field(Field::NewDay);
        anchored(s, new_day)
    }),
    function(
        "vwap_since",
        "vwap_since(condition)",
        "average price by volume from the bar where the condition last held",
        &[BarCondition],
        Gives::Price,
        |s, a| anchored(s, a.x(0)),
    ),
    function(
        "vwap_of",
        "vwap_of(bars)",
        "average price by volume over the last bars",
        &[Bars(1)],
        Gives::Price,
        vwap_of,
    ),
    function("mfi", "mfi(bars)", "money flow index: 0 to 100", &[Bars(1)], Gives::Number, mfi),
    function(
        "ad",
        "ad()",
        "Chaikin's accumulation/distribution; its level depends on where history begins",
        &[],
        Gives::Volume,
        |s, _| {
            let flow = flow(s);
            s.memory(Kernel::Cumulative, flow)
        },
    ),
    function("cmf", "cmf(bars)", "Chaikin's money flow: −100% to 100%", &[Bars(1)], Gives::Ratio, cmf),
    function(
        "realised_volatility",
        "realised_volatility(x, bars)",
        "root of the mean squared log change, per year of 365 days",
        &[Series, Bars(1)],
        Gives::Ratio,
        realised_volatility,
    ),
];

fn natr(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (range, close) = (s.atr(a.bars(0)), s.close());
    s.divide(range, close)
}

fn obv(s: &mut Scribe<'_>, _: &Given) -> NodeId {
    let (close, volume) = (s.close(), s.volume());
    s.memory_of(Kernel::OnBalance, close, volume)
}

/// The average from the bar on where `anchor` last held.
fn anchored(s: &mut Scribe<'_>, anchor: NodeId) -> NodeId {
    let (typical, volume) = (s.hlc3(), s.volume());
    let value = s.multiply(typical, volume);
    let mut sum = |of: NodeId| super::past::since(s, Gathered::Sum, anchor, of);
    let (value, volume) = (sum(value), sum(volume));
    s.divide(value, volume)
}

fn vwap_of(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (typical, volume) = (s.hlc3(), s.volume());
    let value = s.multiply(typical, volume);
    let (value, volume) = (s.sum(value, a.bars(0)), s.sum(volume, a.bars(0)));
    s.divide(value, volume)
}

/// 100 × flow of bars whose typical price rose over the flow of those where it moved.
fn mfi(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (typical, volume, zero) = (s.hlc3(), s.volume(), s.constant(0.0));
    let (flow, before) = (s.multiply(typical, volume), s.delay(typical, 1));
    let (rose, fell) = (s.less(before, typical), s.less(typical, before));
    let (up, down) = (s.select(rose, flow, zero), s.select(fell, flow, zero));
    let (up, down) = (s.sum(up, a.bars(0)), s.sum(down, a.bars(0)));
    let all = s.add(up, down);
    let share = s.divide(up, all);
    s.scaled(100.0, share)
}

/// Volume, signed and weighted by where the bar closed in its range; none for a bar without range.
fn flow(s: &mut Scribe<'_>) -> NodeId {
    let (high, low, close, volume) = (s.high(), s.low(), s.close(), s.volume());
    let (below, above, range) = (s.subtract(close, low), s.subtract(high, close), s.subtract(high, low));
    let lean = s.subtract(below, above);
    let (lean, zero) = (s.divide(lean, range), s.constant(0.0));
    let flow = s.multiply(lean, volume);
    let is_flat = s.binary(Binary::Equal, high, low);
    s.select(is_flat, zero, flow)
}

fn cmf(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let (flow, volume) = (flow(s), s.volume());
    let (flow, volume) = (s.sum(flow, a.bars(0)), s.sum(volume, a.bars(0)));
    s.divide(flow, volume)
}

fn realised_volatility(s: &mut Scribe<'_>, a: &Given) -> NodeId {
    let before = s.delay(a.x(0), 1);
    let ratio = s.divide(a.x(0), before);
    let log = s.unary(Unary::Ln, ratio);
    let square = s.multiply(log, log);
    let mean = s.sma(square, a.bars(1));
    #[expect(clippy::cast_precision_loss, reason = "minutes of a bar are few")]
    let minutes = s.builder.feed_of(s.feed).interval.minutes() as f64;
    let per_year = s.scaled(365.0 * 1440.0 / minutes, mean);
    s.unary(Unary::Sqrt, per_year)
}
