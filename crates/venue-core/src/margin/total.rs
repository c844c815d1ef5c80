//! Margin of a whole account, and of each of its coins.

use rust_decimal::Decimal;

use crate::units::fine_below;

/// Decimal places of account rates; further ones are cut off.
const RATE_PLACES: u32 = 4;
const RATE_UNITS: i128 = 10_i128.pow(RATE_PLACES);

/// One coin's share of the margin, in that coin.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CoinMargin {
    pub(crate) unrealised: Decimal,
    pub(crate) position_im: Decimal,
    pub(crate) position_mm: Decimal,
    pub(crate) order_im: Decimal,
    /// Maintenance margin of working orders (zero unless the venue is set to count it).
    pub(crate) order_mm: Decimal,
    /// Never positive: what working orders would lose at once against the mark price.
    pub(crate) order_loss: Decimal,
    /// Held by spot orders.
    pub(crate) locked: Decimal,
}

impl CoinMargin {
    /// Isolated margin: what new orders may use of a balance. Source: Bybit V5, "Get Wallet Balance".
    pub(crate) fn free_of(&self, wallet_balance: Decimal) -> Decimal {
        wallet_balance - self.position_im - self.order_im - self.locked
    }
}

/// Margin of a whole account, in USD.
#[derive(Clone, Debug, Default)]
pub(crate) struct AccountMargin {
    /// Balances at their collateral value.
    pub(crate) wallet_balance: Decimal,
    /// Balances and unrealised profit at full value.
    pub(crate) equity: Decimal,
    pub(crate) unrealised: Decimal,
    pub(crate) position_im: Decimal,
    pub(crate) position_mm: Decimal,
    pub(crate) order_im: Decimal,
    pub(crate) order_mm: Decimal,
    pub(crate) order_loss: Decimal,
    /// Never negative: collateral value that spot orders would cost if they filled.
    pub(crate) haircut: Decimal,
    /// By coin slot.
    pub(crate) coins: Vec<CoinMargin>,
}

impl AccountMargin {
    pub(crate) fn margin_balance(&self) -> Decimal {
        self.wallet_balance + self.unrealised
    }

    pub(crate) fn initial_margin(&self) -> Decimal {
        self.position_im + self.order_im
    }

    pub(crate) fn maintenance_margin(&self) -> Decimal {
        self.position_mm + self.order_mm
    }

    /// Margin balance − haircut − initial margin.
    pub(crate) fn available(&self) -> Decimal {
        self.margin_balance() - self.haircut - self.initial_margin()
    }

    /// What margin is set against: margin balance − haircut + order loss.
    pub(crate) fn base(&self) -> Decimal {
        self.margin_balance() - self.haircut + self.order_loss
    }

    /// Initial margin by the base, truncated.
    pub(crate) fn im_rate(&self) -> Option<Decimal> {
        self.rate(self.initial_margin())
    }

    /// Maintenance margin by the base, truncated.
    pub(crate) fn mm_rate(&self) -> Option<Decimal> {
        self.rate(self.maintenance_margin())
    }

    fn rate(&self, margin: Decimal) -> Option<Decimal> {
        let base = self.base();
        if margin.is_zero() {
            return Some(Decimal::ZERO);
        }
        (base > Decimal::ZERO).then(|| {
            let exact = || (margin / base).trunc_with_scale(RATE_PLACES);
            rate_in_units(margin, base).unwrap_or_else(exact).normalize()
        })
    }

    /// Whether the maintenance margin is no longer covered.
    pub(crate) fn is_liquidated(&self) -> bool {
        let margin = self.maintenance_margin();
        margin > Decimal::ZERO && margin >= self.base()
    }
}

/// A rate, cut off, in whole numbers, which takes a fifth of the time; `None` where they do not settle its last digit.
fn rate_in_units(margin: Decimal, base: Decimal) -> Option<Decimal> {
    let (margin, base) = (fine_below(margin)?, fine_below(base)?);
    let scaled = margin.checked_mul(RATE_UNITS)?;
    // Cut to a unit, the margin is up to one unit larger, and so is the base.
    let rate = scaled.checked_div(base.checked_add(1)?)?;
    let is_settled = scaled.checked_add(RATE_UNITS)? < rate.checked_add(1)?.checked_mul(base)?;
    (margin >= 0 && is_settled).then(|| Decimal::new(i64::try_from(rate).unwrap_or(i64::MAX), RATE_PLACES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_in_whole_numbers_is_the_exact_one_or_none() {
        let dec = |text: &str| -> Decimal { text.parse().unwrap() };
        for (margin, base, rate) in [
            ("60.123456", "10000.5", Some("0.0060")),
            ("9999.9999", "10000", Some("0.9999")),
            ("0.00000000000000000001", "1", Some("0.0000")),
            ("15000.5", "10000", Some("1.5000")),
            // Right on a step: what was cut off decides, so that they leave it open.
            ("1", "10000", None),
            ("1", "0.0000000000000000000001", None),
        ] {
            let (margin, base) = (dec(margin), dec(base));
            assert_eq!(rate_in_units(margin, base), rate.map(dec), "{margin} / {base}");
            if let Some(rate) = rate {
                assert_eq!((margin / base).trunc_with_scale(RATE_PLACES), dec(rate));
            }
        }
    }
}
