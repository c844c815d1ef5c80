//! Risk-limit tiers: the larger a position, the more margin each further unit of it needs.

use rust_decimal::Decimal;
use windvane_model::{Leverage, RiskTier};

/// Maintenance margin of a value, without fees, settle coin: each slice of the value at the rate of its tier.
///
/// The exchange writes the same sum as value × rate − deduction. Adding up the slices needs no deduction and
/// so does not depend on a field that the exchange leaves empty on the first tier. What lies above the last
/// limit is counted at the last rate. Source: Bybit help centre, "Maintenance Margin".
#[must_use]
pub fn maintenance_margin(tiers: &[RiskTier], value: Decimal) -> Decimal {
    // Most positions lie in the lowest tier.
    if let Some(lowest) = tiers.first().filter(|lowest| value <= lowest.limit.get()) {
        return value.max(Decimal::ZERO).saturating_mul(lowest.maintenance_rate.get());
    }
    let mut margin = Decimal::ZERO;
    let mut floor = Decimal::ZERO;
    for (number, tier) in tiers.iter().enumerate() {
        let is_last = number + 1 == tiers.len();
        let ceiling = if is_last { value } else { value.min(tier.limit.get()) };
        let slice = ceiling.saturating_sub(floor).max(Decimal::ZERO);
        margin = margin.saturating_add(slice.saturating_mul(tier.maintenance_rate.get()));
        floor = tier.limit.get();
        if value <= floor {
            break;
        }
    }
    margin
}

/// The largest position value that may be held at `leverage`, settle coin: the limit of the last tier that
/// still offers it. `None` when no tier does.
///
/// Source: Bybit V5, Get Risk Limit; orders beyond it are refused (110090 family).
#[must_use]
pub fn highest_value_at(tiers: &[RiskTier], leverage: Leverage) -> Option<Decimal> {
    tiers.iter().take_while(|tier| leverage <= tier.max_leverage).last().map(|tier| tier.limit.get())
}
