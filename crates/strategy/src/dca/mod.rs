//! The built-in DCA bot: a base order, safety orders that buy more the further the price falls, and one target for all.

mod bot;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use windvane_model::Side;

use crate::section::{refuse_overrides, section};
use crate::toml_file::Table;

pub use bot::Dca;

/// Settings of the DCA bot. Amounts are in the quote coin, ratios are fractions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DcaSettings {
    /// The side it opens.
    pub side: Side,
    /// Value of the first order, at market.
    pub base: Decimal,
    /// How far from the first fill each safety order rests, a fraction of that price, nearest first.
    pub steps: Vec<Decimal>,
    /// Value of each safety order.
    pub sizes: Vec<Decimal>,
    /// Distance of the target from the average entry price.
    pub take_profit: Decimal,
    /// Distance of the venue's stop from the average entry price.
    pub stop: Decimal,
    /// Pause between a deal's end and the next one, milliseconds of market time.
    pub pause_ms: i64,
    /// Pause after the stop was hit.
    pub cooldown_after_stop_ms: i64,
}

impl DcaSettings {
    /// Value of the position when every safety order is filled.
    pub(crate) fn value_max(&self) -> Option<Decimal> {
        self.sizes.iter().try_fold(self.base, |sum, size| sum.checked_add(*size))
    }
}

pub(crate) fn read(root: Table<'_>, overrides: &BTreeMap<String, String>) -> Option<DcaSettings> {
    refuse_overrides(&root, overrides);
    let deal = section(&root, "deal", ["side", "base", "take_profit", "pause"]);
    let safety = section(&root, "safety", ["orders", "size", "size_scale", "step", "step_scale"]);
    let protect = section(&root, "protect", ["stop", "cooldown_after_stop"]);
    root.finish();
    let (deal, safety, protect) = (deal?, safety?, protect?);
    let side = deal.choice("side", &[("long", Side::Buy), ("short", Side::Sell)]);
    let (base, take_profit, pause) =
        (deal.amount("base"), deal.ratio("take_profit"), deal.duration_ms("pause"));
    let (orders, size, size_scale) =
        (safety.count("orders", 1, 30), safety.amount("size"), safety.multiple("size_scale"));
    let (step, step_scale) = (safety.ratio("step"), safety.multiple("step_scale"));
    let (stop, cooldown) = (protect.ratio("stop"), protect.duration_ms("cooldown_after_stop"));
    for table in [&deal, &safety, &protect] {
        table.finish();
    }
    let (mut steps, mut sizes) = (Vec::new(), Vec::new());
    let (mut distance, mut step, mut size) = (Decimal::ZERO, step?, size?);
    for _ in 0..orders? {
        distance = distance.checked_add(step)?;
        steps.push(distance);
        sizes.push(size);
        step = step.checked_mul(step_scale?)?;
        size = size.checked_mul(size_scale?)?;
    }
    if distance >= Decimal::ONE {
        let away = (distance * Decimal::ONE_HUNDRED).round_dp(1);
        safety.clash(
            "orders",
            [(&safety, "step"), (&safety, "step_scale")],
            format!("the last safety order would lie {away}% away: below a price of zero for a long"),
        );
        return None;
    }
    Some(DcaSettings {
        side: side?,
        base: base?,
        steps,
        sizes,
        take_profit: take_profit?,
        stop: stop?,
        pause_ms: pause?,
        cooldown_after_stop_ms: cooldown?,
    })
}
