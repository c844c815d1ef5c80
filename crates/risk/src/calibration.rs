//! Our margin against the venue's own figures, whenever it tells them.
//!
//! A position is compared at the mark that its own report carries, so that a price on its way makes no difference. Open
//! orders are compared as a whole, and anything between the least and the most that the readings of the rule allow is
//! right. What is wrong three times in a row by more than the bound is no accident: margin that is counted wrongly lets
//! through orders that the venue refuses, or liquidates an account that seemed safe.

use crate::Exposure;
use crate::margin::{Candidate, PositionTerms, order_loss};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use windvane_model::{Leverage, Money, PositionIndex, PositionReport, PreChecked, Symbol};

/// Comparisons in a row that must be beyond the bound.
const IN_A_ROW: u32 = 3;

/// One in the fourth place of a rate.
const LAST_PLACE: Decimal = Decimal::from_parts(1, 0, 0, false, 4);

/// Which figure is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// Initial margin of a position.
    PositionInitial,
    /// Maintenance margin of a position.
    PositionMaintenance,
    /// Initial margin of all open orders.
    Orders,
    /// Initial margin of the whole account.
    Account,
    /// Maintenance margin of the whole account.
    AccountMaintenance,
    /// Initial margin of an order that is only asked about.
    Question,
}

impl Counted {
    /// Every figure that is compared.
    pub const ALL: [Self; 6] = [
        Self::PositionInitial,
        Self::PositionMaintenance,
        Self::Orders,
        Self::Account,
        Self::AccountMaintenance,
        Self::Question,
    ];

    /// A word for a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::PositionInitial => "position_initial",
            Self::PositionMaintenance => "position_maintenance",
            Self::Orders => "orders",
            Self::Account => "account_initial",
            Self::AccountMaintenance => "account_maintenance",
            Self::Question => "pre_check",
        }
    }

    /// A short word for logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PositionInitial => "initial margin of a position",
            Self::PositionMaintenance => "maintenance margin of a position",
            Self::Orders => "initial margin of the open orders",
            Self::Account => "initial margin of the account",
            Self::AccountMaintenance => "maintenance margin of the account",
            Self::Question => "initial margin of an order that was asked about",
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

/// The last comparison of each figure, and how often each was compared.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calibration {
    last: BTreeMap<Key, Compared>,
    counts: BTreeMap<Counted, u64>,
}

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
        self.last.values().map(|compared| compared.error).max_by_key(Decimal::abs)
    }

    /// How often each figure was compared so far.
    pub(crate) fn comparisons(&self, counted: Counted) -> u64 {
        self.counts.get(&counted).copied().unwrap_or(0)
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
            // A flat position has no margin to compare; what was asked about an order in its contract stands.
            self.last.retain(|(counted, known), _| *known != key || *counted == Counted::Question);
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
        let least = least_order_margin(exposure);
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

    /// Compares the account's margins, and what an order would add to them, with the venue's rates before and after it.
    ///
    /// A rate is cut off after four places, so that anything up to one in the last place more is the same. What working
    /// orders hold is known between two bounds, and the venue may count maintenance margin for them as well.
    pub(crate) fn rates(
        &mut self,
        told: &PreChecked,
        exposure: &Exposure,
        bound: Decimal,
    ) -> Option<Miscount> {
        let question = &told.question;
        let held = exposure.contract(question.symbol, question.position_index)?;
        let mark = held.valuation_price()?;
        let account = exposure.account();
        let base_before = account.margin_balance().saturating_add(exposure.order_loss());
        let loss = order_loss(question.side, question.qty, question.price, mark);
        let base_after = base_before.saturating_add(loss);
        let least = account.position_margin.saturating_add(least_order_margin(exposure));
        let most = account.initial_margin();
        let candidate =
            Candidate { side: question.side, qty: question.qty, price: question.price, replaces: None };
        let adds =
            held.terms(mark).order_margin(Some(&candidate)).saturating_sub(held.figures().order_margin);
        // Beside orders whose margin is known between bounds only, and beside those of a contract's other position, it may
        // add nothing, or all of its own.
        let is_exact = least == most && question.position_index == PositionIndex::ONE_WAY;
        let alone = held.terms(mark).margin_alone(&candidate);
        let (adds_least, adds_most) = if is_exact { (adds, adds) } else { (Decimal::ZERO, adds.max(alone)) };
        let before = told.initial_before.get().saturating_mul(base_before);
        let after = told.initial_after.get().saturating_mul(base_after);
        let maintenance = told.maintenance_before.get().saturating_mul(base_before);
        let place = base_before.saturating_mul(LAST_PLACE);
        let of_orders = account.order_margin;
        let figures = [
            (Counted::Account, before, least, most, place),
            (
                Counted::AccountMaintenance,
                maintenance,
                account.maintenance_margin,
                account.maintenance_margin.saturating_add(of_orders),
                place,
            ),
            // Both rates are cut off.
            (
                Counted::Question,
                after.saturating_sub(before),
                adds_least,
                adds_most,
                place.saturating_add(place),
            ),
        ];
        let mut worst = None;
        for (counted, theirs, least, most, place) in figures {
            let (floor, ceiling) = (least.saturating_sub(place), most.saturating_add(place));
            let nearest = theirs.clamp(floor.min(ceiling), ceiling);
            let symbol = (counted == Counted::Question).then_some(question.symbol);
            let key = symbol.map(|symbol| (symbol, question.position_index));
            let is_wrong = self.compare((counted, key), nearest.saturating_sub(theirs), exposure, bound);
            let miscount =
                Miscount { counted, symbol, ours: Money::new(nearest), theirs: Money::new(theirs) };
            worst = worst.or(is_wrong.then_some(miscount));
        }
        worst
    }

    /// Notes an error, settle coin, and says whether it is one too many.
    fn compare(&mut self, key: Key, error: Decimal, exposure: &Exposure, bound: Decimal) -> bool {
        let balance = exposure.account().margin_balance();
        // Nothing is a part of nothing; an account without any margin opens nothing either.
        let Some(error) = error.checked_div(balance).filter(|_| balance > Decimal::ZERO) else {
            return false;
        };
        *self.counts.entry(key.0).or_default() += 1;
        let compared = self.last.entry(key).or_insert(Compared { error, beyond: 0 });
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

/// What the venue holds for all open orders at least. Whether both sides of a hedged contract hold their own or only the
/// larger one does is not published, so the larger one counts.
fn least_order_margin(exposure: &Exposure) -> Decimal {
    let mut of_symbol: BTreeMap<Symbol, Decimal> = BTreeMap::new();
    for contract in exposure.contracts() {
        let Some(mark) = contract.valuation_price() else { continue };
        let largest = of_symbol.entry(contract.position.symbol).or_default();
        *largest = contract.terms(mark).least_order_margin().max(*largest);
    }
    of_symbol.into_values().fold(Decimal::ZERO, Decimal::saturating_add)
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
