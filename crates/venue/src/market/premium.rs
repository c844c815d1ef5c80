//! The premium index: how far from the index price a trade of some size would be made.

use rust_decimal::Decimal;

/// Notional whose average price on each side of the book counts, in quote coin. The exchange has such a figure for each contract
/// and publishes that of few; this is the one of contracts settled in USDT. Source: Bybit help centre, "What is funding rate and
/// predicted rate?".
const IMPACT_NOTIONAL: i64 = 50_000;
/// Levels of each side that are looked at.
pub(crate) const DEPTH: usize = 200;
/// Digits it is told with.
pub(crate) const DIGITS: u32 = 6;
/// Market milliseconds from one look at the book to the next.
const SAMPLED_EVERY_MS: i64 = 1_000;

/// (max(0, impact bid − index) − max(0, index − impact ask)) / index, a fraction; `None` with a side missing or without an
/// index. Levels are price and quantity, the best first. Source: Bybit, "Funding Rate".
pub(crate) fn premium_index(
    bids: &[(Decimal, Decimal)],
    asks: &[(Decimal, Decimal)],
    index: Decimal,
) -> Option<Decimal> {
    let (bid, ask) = (impact_price(bids)?, impact_price(asks)?);
    let zero = Decimal::ZERO;
    let premium = (bid - index).max(zero) - (index - ask).max(zero);
    let fraction = premium.checked_div(index)?.round_dp(DIGITS);
    // A zero has no sign.
    Some(if fraction.is_zero() { zero } else { fraction })
}

/// Average price of a trade of [`IMPACT_NOTIONAL`] against one side; of what there is where that is less.
fn impact_price(levels: &[(Decimal, Decimal)]) -> Option<Decimal> {
    let mut left = Decimal::from(IMPACT_NOTIONAL);
    let mut bought = Decimal::ZERO;
    for (price, qty) in levels {
        let notional = price.checked_mul(*qty)?;
        if notional >= left {
            bought = bought.checked_add(left.checked_div(*price)?)?;
            left = Decimal::ZERO;
            break;
        }
        bought = bought.checked_add(*qty)?;
        left -= notional;
    }
    (Decimal::from(IMPACT_NOTIONAL) - left).checked_div(bought)
}

/// When the book is to be looked at next.
#[derive(Debug, Default)]
pub(crate) struct Sampling {
    /// Market second of the last look; `None` before the first.
    last: Option<i64>,
}

impl Sampling {
    /// Whether a second has begun in which nobody has looked yet.
    pub(crate) fn is_due(&self, at_ms: i64) -> bool {
        self.last != Some(at_ms.div_euclid(SAMPLED_EVERY_MS))
    }

    /// Somebody has looked.
    pub(crate) fn looked(&mut self, at_ms: i64) {
        self.last = Some(at_ms.div_euclid(SAMPLED_EVERY_MS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(rows: &[(i64, i64)]) -> Vec<(Decimal, Decimal)> {
        rows.iter().map(|(price, qty)| ((*price).into(), (*qty).into())).collect()
    }

    #[test]
    fn it_is_what_lies_beyond_the_index_on_either_side() {
        let index = Decimal::from(1_000);
        for (bids, asks, premium) in [
            // Both sides beyond: 1,010 for 30 and 1,004 for the rest: 50,000 / (30 + 19,700 / 1,004).
            (levels(&[(1_010, 30), (1_004, 90)]), levels(&[(1_020, 90)]), Some("0.007627")),
            (levels(&[(980, 90)]), levels(&[(990, 90)]), Some("-0.01")),
            (levels(&[(999, 90)]), levels(&[(1_001, 90)]), Some("0")),
            // A thin side counts as far as it goes.
            (levels(&[(1_100, 1)]), levels(&[(1_200, 1)]), Some("0.1")),
            (levels(&[]), levels(&[(1_200, 1)]), None),
        ] {
            let premium = premium.map(|text| Decimal::from_str_exact(text).unwrap());
            assert_eq!(premium_index(&bids, &asks, index), premium);
        }
        assert_eq!(premium_index(&levels(&[(1, 1)]), &levels(&[(2, 1)]), Decimal::ZERO), None);
    }

    #[test]
    fn the_book_is_looked_at_once_in_a_second() {
        let mut sampling = Sampling::default();
        for (at_ms, due) in [(5_000, true), (5_999, false), (6_000, true), (9_500, true), (9_999, false)] {
            assert_eq!(sampling.is_due(at_ms), due, "{at_ms}");
            sampling.looked(at_ms);
        }
    }
}
