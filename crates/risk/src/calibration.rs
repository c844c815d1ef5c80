//! Our margin against the venue's own figures, whenever it tells them.
//!
//! A position is compared at the mark that its own report carries, so that a price on its way makes no difference. Open
//! orders are compared as a whole, and anything between the least and the most that the readings of the rule allow is
//! right. What is wrong three times in a row by more than the bound is no accident: margin that is counted wrongly lets
//! through orders that the venue refuses, or liquidates an account that seemed safe.

use crate::Exposure;
use crate::margin::PositionTerms;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use windvane_model::{Leverage, Money, PositionIndex, PositionReport, Symbol};

/// Comparisons in a row that must be beyond the bound.
const IN_A_ROW: u32 = 3;

/// Which figure is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// Initial margin of a position.
    PositionInitial,
    /// Maintenance margin of a position.
    PositionMaintenance,
    /// Initial margin of all open orders.
    Orders,
}

impl Counted {
    /// A short word for logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PositionInitial => "initial margin of a position",
            Self::PositionMaintenance => "maintenance margin of a position",
            Self::Orders => "initial margin of the open orders",
        }
    }
}

/// A figure that the venue has otherwise than we, again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Miscount {
    /// Which figure.
    pub counted: Counted,
    /// The contract; `None` for the open orders of all.
    pub symbol: Option<Symbol>,
    /// Ours, settle coin.
    pub ours: Money,
    /// The venue's, settle coin.
    pub theirs: Money,
}

type Key = (Counted, Option<(Symbol, PositionIndex)>);

/// The last comparison of each figure.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calibration(BTreeMap<Key, Compared>);

/// One figure's last comparison.
#[derive(Debug, Clone, Copy)]
struct Compared {
    /// Ours less the venue's as a part of the margin balance.
    error: Decimal,
    /// How often in a row it was beyond the bound.
    beyond: u32,
}

impl Calibration {
    /// The largest error of the last comparisons with its sign, ours less the venue's as a part of the margin balance.
    pub(crate) fn error(&self) -> Option<Decimal> {
        self.0.values().map(|compared| compared.error).max_by_key(Decimal::abs)
    }

    /// Compares a position that the venue has reported with its margins.
    pub(crate) fn position(
        &mut self,
        report: &PositionReport,
        exposure: &Exposure,
        bound: Decimal,
    ) -> Option<Miscount> {
        let key = Some((report.symbol, report.position_index));
        let Some(terms) = terms(report, exposure) else {
            self.0.retain(|(_, known), _| *known != key);
            return None;
        };
        let tiers = &exposure.listed(report.symbol)?.instrument.tiers;
        let figures = [
            (Counted::PositionInitial, terms.initial_margin(), report.initial_margin),
            (Counted::PositionMaintenance, terms.maintenance_margin(tiers), report.maintenance_margin),
        ];
        let mut worst = None;
        for (counted, ours, theirs) in figures {
            let Some(theirs) = theirs.map(Money::get) else { continue };
            let miscount = Miscount {
                counted,
                symbol: Some(report.symbol),
                ours: Money::new(ours),
                theirs: Money::new(theirs),
            };
            let is_wrong = self.compare((counted, key), ours.saturating_sub(theirs), exposure, bound);
            worst = worst.or(is_wrong.then_some(miscount));
        }
        worst
    }

    /// Compares the margin of all open orders; only of use while none of them has anything under way.
    pub(crate) fn orders(&mut self, theirs: Money, exposure: &Exposure, bound: Decimal) -> Option<Miscount> {
        let most = exposure.account().order_margin;
        let least = exposure
            .contracts()
            .map(|contract| {
                contract
                    .valuation_price()
                    .map_or(Decimal::ZERO, |mark| contract.terms(mark).least_order_margin())
            })
            .fold(Decimal::ZERO, Decimal::saturating_add);
        let nearest = theirs.get().clamp(least.min(most), most);
        let error = nearest.saturating_sub(theirs.get());
        let is_wrong = self.compare((Counted::Orders, None), error, exposure, bound);
        is_wrong.then_some(Miscount {
            counted: Counted::Orders,
            symbol: None,
            ours: Money::new(nearest),
            theirs,
        })
    }

    /// Notes an error, settle coin, and says whether it is one too many.
    fn compare(&mut self, key: Key, error: Decimal, exposure: &Exposure, bound: Decimal) -> bool {
        let balance = exposure.account().margin_balance();
        // Nothing is a part of nothing; an account without any margin opens nothing either.
        let Some(error) = error.checked_div(balance).filter(|_| balance > Decimal::ZERO) else {
            return false;
        };
        let compared = self.0.entry(key).or_insert(Compared { error, beyond: 0 });
        compared.error = error;
        compared.beyond = if error.abs() > bound { compared.beyond + 1 } else { 0 };
        if compared.beyond < IN_A_ROW {
            return false;
        }
        // Told once; should a person go on all the same, it must show again.
        compared.beyond = 0;
        true
    }
}

/// A reported position as our own arithmetic sees it; `None` when it is flat or not reported in full.
fn terms(report: &PositionReport, exposure: &Exposure) -> Option<PositionTerms> {
    Some(PositionTerms {
        mode: exposure.margin_mode(),
        side: report.side?,
        qty: report.qty,
        entry: report.average_price?,
        mark: report.mark_price?,
        leverage: report.leverage.or_else(|| Leverage::new(Decimal::ONE))?,
        taker_fee: exposure.listed(report.symbol)?.fees.taker,
        added_margin: exposure.added_margin(report).get(),
    })
}
