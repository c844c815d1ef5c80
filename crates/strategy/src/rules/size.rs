//! `size`: how much to open. The stop is known before the size.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use windvane_model::{Instrument, Money, Qty};

use super::file::Reader;
use crate::language::{NodeId, Program};
use crate::toml_file::Table;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Amount {
    /// So much of the quote coin.
    Quote(Decimal),
    /// This fraction of the bot's equity as position value.
    Equity(Decimal),
    /// This fraction of the bot's equity is lost when the stop is hit at its price. `fees` is what both trades cost, as
    /// a fraction of the position's value.
    Risk { lost: Decimal, fees: Decimal },
    /// So much of the base coin.
    Qty(Decimal),
    /// Position value such that it swings by this fraction of the bot's equity a year.
    Volatility { target: Decimal, of: NodeId },
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

pub(super) fn read(any: &Table<'_>, reader: &mut Reader<'_>) -> Option<SizeRules> {
    if !any.has("size") {
        any.missing(
            "size",
            "[entry.any] needs `size`, for example `size = { risk = \"0.5%\", max_leverage = \"2x\" }`",
        );
    }
    let table = any.table("size", "`size`")?;
    let ways = ["quote", "equity", "risk", "qty", "volatility", "kelly"];
    let given = ways.into_iter().filter(|key| table.has(key)).count();
    let fees = match table.has("fees") {
        true => table.ratio("fees"),
        false => Some(Decimal::ZERO),
    };
    let amount = match given {
        1 if table.has("quote") => table.amount("quote").map(Amount::Quote),
        1 if table.has("equity") => table.ratio("equity").map(Amount::Equity),
        1 if table.has("qty") => table.plain("qty").map(Amount::Qty),
        1 if table.has("volatility") => volatility(&table, reader),
        1 if table.has("kelly") => kelly(&table).map(Amount::Equity),
        1 => table.ratio("risk").zip(fees).map(|(lost, fees)| Amount::Risk { lost, fees }),
        _ => {
            table.problem(
                "`size` has one of `quote = \"500 USDT\"`, `equity = \"10%\"`, `risk = \"1%\"`, `qty = \"0.01\"`, `volatility`, `kelly`",
            );
            None
        }
    };
    if table.has("fees") && !table.has("risk") {
        table.problem("`fees` belongs to `risk`: they are part of what is lost");
    }
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

/// `volatility = { target = "20%", of = "realised_volatility(close, 96)" }`
fn volatility(size: &Table<'_>, reader: &mut Reader<'_>) -> Option<Amount> {
    let table = size.table("volatility", "`volatility`")?;
    if !table.has("target") {
        table.problem("`volatility` needs `target`, for example `target = \"20%\"`");
    }
    let target = table.ratio("target");
    let of = table.required("of", "\"realised_volatility(close, 96)\"").and_then(|text| reader.ratio(text));
    table.finish();
    Some(Amount::Volatility { target: target?, of: of? })
}

/// `kelly = { wins = "45%", payoff = "2x", fraction = "25%" }`: that fraction of w − (1 − w) / payoff, of the equity.
fn kelly(size: &Table<'_>) -> Option<Decimal> {
    let table = size.table("kelly", "`kelly`")?;
    for key in ["wins", "payoff", "fraction"] {
        if !table.has(key) {
            table.problem(format!(
                "`kelly` needs `{key}`: kelly = {{ wins = \"45%\", payoff = \"2x\", fraction = \"25%\" }}"
            ));
        }
    }
    let (wins, payoff, fraction) = (table.ratio("wins"), table.multiple("payoff"), table.ratio("fraction"));
    table.finish();
    let (wins, payoff, fraction) = (wins?, payoff?, fraction?);
    let edge = wins.checked_sub((Decimal::ONE - wins).checked_div(payoff)?)?;
    if edge <= Decimal::ZERO {
        table.problem(
            "with these `wins` and `payoff` there is nothing to win: the Kelly fraction is not above zero",
        );
        return None;
    }
    edge.checked_mul(fraction)
}

impl SizeRules {
    /// The value of an order for a bot whose equity is `equity`, where it can be known beforehand; settle coin. `price` is
    /// one of the contract, `stop` the share of the price that the stop is away, as far as they are known.
    pub(super) fn value_known(
        &self,
        equity: Decimal,
        price: Option<Decimal>,
        stop: Option<Decimal>,
    ) -> Option<Decimal> {
        let wanted = match self.amount {
            _ if self.below_minimum == BelowMinimum::RoundUp => return None,
            Amount::Quote(amount) => amount,
            Amount::Equity(fraction) => equity.checked_mul(fraction)?,
            Amount::Risk { lost, fees } => equity.checked_mul(lost)?.checked_div(stop?.checked_add(fees)?)?,
            Amount::Qty(qty) => qty.checked_mul(price?)?,
            // How much the market will swing is known to nobody.
            Amount::Volatility { .. } => return None,
        };
        Some(wanted.min(equity.checked_mul(self.max_leverage)?))
    }

    /// Largest position value as a multiple of the bot's equity.
    pub(super) const fn max_leverage(&self) -> Decimal {
        self.max_leverage
    }

    /// The quantity to open at `price` with a stop `stop_distance` away (both quote coin), on the lot grid;
    /// `None` when it would be below the venue's minimum, or above the cap once it is raised to it.
    pub(super) fn quantity(
        &self,
        instrument: &Instrument,
        equity: Money,
        price: Decimal,
        stop_distance: Decimal,
        program: &Program,
    ) -> Option<Qty> {
        let equity = equity.get().max(Decimal::ZERO);
        let wanted = match self.amount {
            Amount::Quote(amount) => amount.checked_div(price)?,
            Amount::Equity(fraction) => equity.checked_mul(fraction)?.checked_div(price)?,
            Amount::Risk { lost, fees } => {
                let per_coin = stop_distance.checked_add(fees.checked_mul(price)?)?;
                equity.checked_mul(lost)?.checked_div(per_coin)?
            }
            Amount::Qty(qty) => qty,
            Amount::Volatility { target, of } => {
                let swings = Decimal::from_f64(program.value(of)?)?;
                equity.checked_mul(target)?.checked_div(swings)?.checked_div(price)?
            }
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
