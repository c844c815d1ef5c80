//! The built-in market maker: its settings, read from TOML like a rule file and with the same messages.

mod bot;

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::section::{refuse_overrides, section};
use crate::toml_file::Table;

pub use bot::Maker;

/// Settings of the market maker. Ratios are fractions of the mid price, amounts are in the quote coin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MakerSettings {
    /// Distance of each quote from the reservation price.
    pub half_spread: Decimal,
    /// Value of one quote.
    pub size: Decimal,
    /// A quote is moved when its price is off by more than this.
    pub requote: Decimal,
    /// Shortest time between two changes of the quotes, milliseconds of market time.
    pub every_ms: i64,
    /// Largest value of the position.
    pub max_inventory: Decimal,
    /// How far a full inventory shifts both quotes towards getting rid of it.
    pub skew: Decimal,
    /// Distance of the venue's stop from the average entry price.
    pub stop: Decimal,
    /// Pause after the stop was hit, milliseconds of market time.
    pub cooldown_after_stop_ms: i64,
}

/// Reads the settings from the file's root table.
pub(crate) fn read(root: Table<'_>, overrides: &BTreeMap<String, String>) -> Option<MakerSettings> {
    refuse_overrides(&root, overrides);
    let quote = section(&root, "quote", ["half_spread", "size", "requote", "every"]);
    let inventory = section(&root, "inventory", ["max", "skew"]);
    let protect = section(&root, "protect", ["stop", "cooldown_after_stop"]);
    root.finish();
    let (quote, inventory, protect) = (quote?, inventory?, protect?);
    let settings = (
        (
            quote.ratio("half_spread"),
            quote.amount("size"),
            quote.ratio("requote"),
            quote.duration_ms("every"),
        ),
        (inventory.amount("max"), inventory.ratio("skew")),
        (protect.ratio("stop"), protect.duration_ms("cooldown_after_stop")),
    );
    for table in [&quote, &inventory, &protect] {
        table.finish();
    }
    let ((half_spread, size, requote, every_ms), (max_inventory, skew), (stop, cooldown)) = settings;
    let settings = MakerSettings {
        half_spread: half_spread?,
        size: size?,
        requote: requote?,
        every_ms: every_ms?,
        max_inventory: max_inventory?,
        skew: skew?,
        stop: stop?,
        cooldown_after_stop_ms: cooldown?,
    };
    if settings.size > settings.max_inventory {
        let message = "`max` of [inventory] is smaller than one quote: `size` of [quote]";
        inventory.clash("max", [(&quote, "size")], message);
        return None;
    }
    if settings.stop <= settings.half_spread {
        let message =
            "`stop` of [protect] lies inside `half_spread` of [quote]: every fill would be stopped out";
        protect.clash("stop", [(&quote, "half_spread")], message);
        return None;
    }
    Some(settings)
}
