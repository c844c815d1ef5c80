//! `size`: how much to open. The stop is known before the size.

use rust_decimal::Decimal;
use windvane_model::{Instrument, Money, Qty};

use crate::toml_file::Table;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Amount {
    /// So much of the quote coin.
    Quote(Decimal),
    /// This fraction of the bot's equity as position value.
    Equity(Decimal),
    /// This fraction of the bot's equity is lost when the stop is hit at its price, fees apart.
    Risk(Decimal),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BelowMinimum {
    /// The signal passes.
    Skip,
    /// The smallest order the venue takes.
    RoundUp,
}

/// How much to open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SizeRules {
    amount: Amount,
    /// Largest position value as a multiple of the bot's equity.
    max_leverage: Decimal,
    below_minimum: BelowMinimum,
}

pub(super) fn read(any: &Table<'_>) -> Option<SizeRules> {
    if !any.has("size") {
        any.problem(
            "[entry.any] needs `size`, for example `size = { risk = \"0.5%\", max_leverage = \"2x\" }`",
        );
    }
    let table = any.table("size", "`size`")?;
    let given = ["quote", "equity", "risk"].into_iter().filter(|key| table.has(key)).count();
    let amount = match given {
        1 if table.has("quote") => table.amount("quote").map(Amount::Quote),
        1 if table.has("equity") => table.ratio("equity").map(Amount::Equity),
        1 => table.ratio("risk").map(Amount::Risk),
        _ => {
            table.problem("`size` has one of `quote = \"500 USDT\"`, `equity = \"10%\"`, `risk = \"1%\"`");
            None
        }
    };
    if !table.has("max_leverage") {
        table.problem("`size` needs `max_leverage`, for example `max_leverage = \"2x\"`");
    }
    let max_leverage = table.multiple("max_leverage");
    let below_minimum = match table.has("below_minimum") {
        true => table
            .choice("below_minimum", &[("skip", BelowMinimum::Skip), ("round_up", BelowMinimum::RoundUp)]),
        false => Some(BelowMinimum::Skip),
    };
    table.finish();
    Some(SizeRules { amount: amount?, max_leverage: max_leverage?, below_minimum: below_minimum? })
}

impl SizeRules {
    /// The quantity to open at `price` with a stop `stop_distance` away (both quote coin), on the lot grid;
    /// `None` when it would be below the venue's minimum, or above the cap once it is raised to it.
    pub(super) fn quantity(
        &self,
        instrument: &Instrument,
        equity: Money,
        price: Decimal,
        stop_distance: Decimal,
    ) -> Option<Qty> {
        let equity = equity.get().max(Decimal::ZERO);
        let wanted = match self.amount {
            Amount::Quote(amount) => amount.checked_div(price)?,
            Amount::Equity(fraction) => equity.checked_mul(fraction)?.checked_div(price)?,
            Amount::Risk(fraction) => equity.checked_mul(fraction)?.checked_div(stop_distance)?,
        };
        let cap = equity.checked_mul(self.max_leverage)?.checked_div(price)?;
        let qty = instrument.round_down_to_lot(wanted.min(cap));
        let least = least(instrument, price)?;
        if qty.get() >= least {
            return Some(qty);
        }
        match self.below_minimum {
            BelowMinimum::RoundUp if least <= cap => Qty::new(least).ok(),
            BelowMinimum::RoundUp | BelowMinimum::Skip => None,
        }
    }
}

/// The smallest quantity on the lot grid that the venue takes at `price`.
fn least(instrument: &Instrument, price: Decimal) -> Option<Decimal> {
    let lot = instrument.lot_size.get();
    let by_value =
        instrument.min_notional.get().checked_div(price)?.checked_div(lot)?.ceil().checked_mul(lot)?;
    Some(by_value.max(instrument.min_qty.get()))
}
