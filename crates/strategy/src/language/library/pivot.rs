//! Classic pivot points: levels that a bar leaves for the one after it. Meant for long bars: `pivot_r1()@1d`.
//!
//! With the pivot P = (high + low + close) / 3 of a bar and its range: R1 = 2 P − low, R2 = P + range, R3 = high + 2 (P − low),
//! and the supports are their mirror. Source: the floor traders' method as published, e.g. in TradingView, Pivot Points
//! Standard, type "Classic".

use super::{Function, Gives, NodeId, Scribe, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        "pivot_point",
        "pivot_point()",
        "(high + low + close) / 3 of the bar",
        &[],
        Gives::Price,
        |s, _| s.hlc3(),
    ),
    function("pivot_r1", "pivot_r1()", "first resistance, 2 P − low", &[], Gives::Price, |s, _| {
        let low = s.low();
        twice_less(s, low)
    }),
    function("pivot_r2", "pivot_r2()", "second resistance, P + range", &[], Gives::Price, |s, _| {
        let (pivot, range) = (s.hlc3(), range(s));
        s.add(pivot, range)
    }),
    function(
        "pivot_r3",
        "pivot_r3()",
        "third resistance, high + 2 (P − low)",
        &[],
        Gives::Price,
        |s, _| {
            // 2 P − low + range is the same.
            let low = s.low();
            let (first, range) = (twice_less(s, low), range(s));
            s.add(first, range)
        },
    ),
    function("pivot_s1", "pivot_s1()", "first support, 2 P − high", &[], Gives::Price, |s, _| {
        let high = s.high();
        twice_less(s, high)
    }),
    function("pivot_s2", "pivot_s2()", "second support, P − range", &[], Gives::Price, |s, _| {
        let (pivot, range) = (s.hlc3(), range(s));
        s.subtract(pivot, range)
    }),
    function("pivot_s3", "pivot_s3()", "third support, low − 2 (high − P)", &[], Gives::Price, |s, _| {
        let high = s.high();
        let (first, range) = (twice_less(s, high), range(s));
        s.subtract(first, range)
    }),
];

/// 2 P − `level`
fn twice_less(s: &mut Scribe<'_>, level: NodeId) -> NodeId {
    let (two, pivot) = (s.constant(2.0), s.hlc3());
    let twice = s.multiply(two, pivot);
    s.subtract(twice, level)
}

fn range(s: &mut Scribe<'_>) -> NodeId {
    let (high, low) = (s.high(), s.low());
    s.subtract(high, low)
}
