//! Our margin against the venue's own figures, whenever it tells them.
//!
//! A position is compared at the mark that its own report carries, so that a price on its way makes no difference. A wallet
//! carries none: its margins are compared at the marks that were known when it came, and only where they make the profit
//! that it shows. Open orders are compared as a whole, and anything between the least and the most that the readings of the
//! rule allow is right. What is wrong three times in a row by more than the bound is no accident: margin that is counted wrongly lets
//! through orders that the venue refuses, or liquidates an account that seemed safe.

use crate::Exposure;
use crate::margin::{Candidate, MarginMode, PositionTerms, in_settle_coin, order_loss};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use windvane_model::{
    Coin, Leverage, Money, PositionIndex, PositionReport, PreChecked, Price, Symbol, WalletReport,
};

/// Comparisons in a row that must be beyond the bound.
const IN_A_ROW: u32 = 3;

/// One in the fourth place of a rate.
const LAST_PLACE: Decimal = Decimal::from_parts(1, 0, 0, false, 4);

/// One half.
const HALF: Decimal = Decimal::from_parts(5, 0, 0, false, 1);

/// Which figure is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// Initial margin of a position.
    PositionInitial,
    /// Maintenance margin of a position.
    PositionMaintenance,
    /// Initial margin of all open orders.
    Orders,
    /// Initial margin of all positions.
    Positions,
    /// Maintenance margin of all positions.
    PositionsMaintenance,
    /// Initial margin of the whole account.
    Account,
    /// Maintenance margin of the whole account.
    AccountMaintenance,
    /// What may still be used as margin.
    Available,
    /// Initial margin of an order that is only asked about.
    Question,
}

impl Counted {
    /// Every figure that is compared.
    pub const ALL: [Self; 9] = [
        Self::PositionInitial,
        Self::PositionMaintenance,
        Self::Orders,
        Self::Positions,
        Self::PositionsMaintenance,
        Self::Account,
        Self::AccountMaintenance,
        Self::Available,
        Self::Question,
    ];

    /// Its place in that list, in which the variants stand as they are declared.
    const fn place(self) -> usize {
        self as usize
    }

    /// A word for a metric's label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::PositionInitial => "position_initial",
            Self::PositionMaintenance => "position_maintenance",
            Self::Orders => "orders",
            Self::Account => "account_initial",
            Self::AccountMaintenance => "account_maintenance",
            Self::Positions => "positions_initial",
            Self::PositionsMaintenance => "positions_maintenance",
            Self::Available => "available",
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
            Self::Positions => "initial margin of all positions",
            Self::PositionsMaintenance => "maintenance margin of all positions",
            Self::Available => "what may still be used as margin",
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
    /// By the place of the figure among [`Counted::ALL`].
    counts: [u64; Counted::ALL.len()],
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

    /// The same of one figure; `None` where it was not compared.
    pub(crate) fn error_of(&self, counted: Counted) -> Option<Decimal> {
        let of_figure = self.last.iter().filter(|((figure, _), _)| *figure == counted);
        of_figure.map(|(_, compared)| compared.error).max_by_key(Decimal::abs)
    }

    /// How often each figure was compared so far.
    pub(crate) fn comparisons(&self, counted: Counted) -> u64 {
        self.counts[counted.place()]
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
        let (balance, fee_to_close) = (exposure.account().margin_balance(), terms.fee_to_close());
        let (initial, maintenance) = terms.margins(fee_to_close, Some(tiers));
        let figures = [
            (Counted::PositionInitial, initial, report.initial_margin),
            (Counted::PositionMaintenance, maintenance, report.maintenance_margin),
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
            let is_wrong = self.compare((counted, key), ours.saturating_sub(theirs), balance, bound);
            worst = worst.or(is_wrong.then_some(miscount));
        }
        worst
    }

    /// Compares what a wallet says of the account's margin; only of use while no order has anything under way. `marks` are
    /// those that were known when it came.
    pub(crate) fn wallet(
        &mut self,
        told: &WalletMargins,
        marks: &[(Symbol, Price)],
        exposure: &Exposure,
        bound: Decimal,
    ) -> Option<Miscount> {
        let account = exposure.account();
        let margin_balance = account.margin_balance();
        let (least, most) = (least_order_margin(exposure), account.order_margin);
        let least = least.min(most);
        let ours = PositionMargins::at(marks, exposure);
        // Where the profit differs the marks do, and with them what goes by them, by no more than the profit.
        let known_profit = told.profit.map_or(ours.profit, Money::get);
        let is_at_our_marks = ours.profit.saturating_sub(known_profit).abs()
            <= bound.saturating_mul(margin_balance).saturating_mul(HALF);
        let positions = is_at_our_marks.then_some((ours.initial, ours.initial));
        let maintained = is_at_our_marks.then_some((ours.maintenance, ours.maintenance));
        let with_orders = |least: Decimal, most: Decimal| {
            is_at_our_marks.then_some((ours.initial.saturating_add(least), ours.initial.saturating_add(most)))
        };
        let balance = account
            .wallet_balance
            .saturating_add(known_profit)
            .saturating_add(exposure.other_collateral().get())
            .saturating_sub(ours.initial);
        // The venue shows nothing where there is less, and takes off what spot orders hold or not.
        let available = is_at_our_marks.then_some((
            balance.saturating_sub(most).saturating_sub(account.locked).max(Decimal::ZERO),
            balance.saturating_sub(least).max(Decimal::ZERO),
        ));
        let figures = [
            (Counted::Orders, told.orders, Some((least, most))),
            (Counted::Positions, told.positions, positions),
            (Counted::PositionsMaintenance, told.positions_maintenance, maintained),
            (Counted::Account, told.initial, with_orders(least, most)),
            (
                Counted::AccountMaintenance,
                told.maintenance,
                maintained.map(|(low, high)| (low, high.saturating_add(most))),
            ),
            (Counted::Available, told.available.map(|available| available.max(Money::ZERO)), available),
        ];
        let mut worst = None;
        for (counted, theirs, ours) in figures {
            let (Some(theirs), Some((low, high))) = (theirs.map(Money::get), ours) else { continue };
            let nearest = theirs.clamp(low.min(high), high);
            let is_wrong =
                self.compare((counted, None), nearest.saturating_sub(theirs), margin_balance, bound);
            let miscount =
                Miscount { counted, symbol: None, ours: Money::new(nearest), theirs: Money::new(theirs) };
            worst = worst.or(is_wrong.then_some(miscount));
        }
        worst
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
        let balance = account.margin_balance();
        // The venue divides by all that counts as margin, other coins included.
        let base_before =
            balance.saturating_add(exposure.other_collateral().get()).saturating_add(exposure.order_loss());
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
            let is_wrong = self.compare((counted, key), nearest.saturating_sub(theirs), balance, bound);
            let miscount =
                Miscount { counted, symbol, ours: Money::new(nearest), theirs: Money::new(theirs) };
            worst = worst.or(is_wrong.then_some(miscount));
        }
        worst
    }

    /// Notes an error, settle coin, and says whether it is one too many.
    /// `balance` is the account's margin balance.
    fn compare(&mut self, key: Key, error: Decimal, balance: Decimal, bound: Decimal) -> bool {
        // Nothing is a part of nothing; an account without any margin opens nothing either.
        let Some(error) = error.checked_div(balance).filter(|_| balance > Decimal::ZERO) else {
            return false;
        };
        self.counts[key.0.place()] += 1;
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

/// What a wallet says of the account's margin, settle coin. `None`: not told, as the account's totals in isolated margin.
///
/// Source: Bybit V5, Get Wallet Balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WalletMargins {
    /// Unrealised profit of the settle coin's positions.
    profit: Option<Money>,
    /// Initial margin of its open orders.
    orders: Option<Money>,
    /// Initial margin of its positions, with the fee to close.
    positions: Option<Money>,
    /// Maintenance margin of its positions, with the fee to close.
    positions_maintenance: Option<Money>,
    /// Initial margin of the account.
    initial: Option<Money>,
    /// Maintenance margin of the account.
    maintenance: Option<Money>,
    /// What may still be used.
    available: Option<Money>,
}

impl WalletMargins {
    /// What `wallet` says; `None` when it does not name the settle coin. In isolated margin the account's totals mean
    /// nothing, and only what is told of the coin is taken.
    #[must_use]
    pub fn of(wallet: &WalletReport, settle: Coin, mode: MarginMode) -> Option<Self> {
        let row = wallet.coins.iter().find(|row| row.coin == settle)?;
        let of_coin = Self {
            profit: row.equity.map(|equity| equity.less(row.wallet_balance)),
            orders: row.order_margin,
            positions: row.position_margin,
            positions_maintenance: row.maintenance_margin,
            ..Self::default()
        };
        let total = |usd: Option<Money>| in_settle_coin(usd?, row);
        Some(match mode {
            MarginMode::Isolated => of_coin,
            MarginMode::Cross => Self {
                initial: total(wallet.initial_margin_usd),
                maintenance: total(wallet.maintenance_margin_usd),
                available: total(wallet.available_usd),
                ..of_coin
            },
        })
    }

    /// Whether it shows no margin of open orders.
    #[must_use]
    pub fn holds_no_orders(&self) -> bool {
        self.orders.is_none_or(|orders| orders == Money::ZERO)
    }
}

/// Our own of all positions, settle coin.
#[derive(Debug, Clone, Copy, Default)]
struct PositionMargins {
    initial: Decimal,
    maintenance: Decimal,
    profit: Decimal,
}

impl PositionMargins {
    /// At these marks; a contract that has none among them is taken at its own.
    fn at(marks: &[(Symbol, Price)], exposure: &Exposure) -> Self {
        let mut sum = Self::default();
        for contract in exposure.contracts() {
            let symbol = contract.position.symbol;
            let mark = marks.iter().find(|(known, _)| *known == symbol).map(|(_, mark)| *mark);
            let Some(mark) = mark.or_else(|| contract.valuation_price()) else { continue };
            let Some(position) = contract.terms(mark).position() else { continue };
            let tiers = exposure.listed(symbol).map(|listed| listed.instrument.tiers.as_slice());
            let (initial, maintenance) = position.margins(position.fee_to_close(), tiers);
            sum.initial = sum.initial.saturating_add(initial);
            sum.maintenance = sum.maintenance.saturating_add(maintenance);
            sum.profit = sum.profit.saturating_add(position.unrealised_pnl());
        }
        sum
    }
}

/// What the venue holds for all open orders at least. Whether both sides of a hedged contract hold their own or only the
/// larger one does is not published, so the larger one counts.
fn least_order_margin(exposure: &Exposure) -> Decimal {
    if exposure.open_orders() == 0 {
        return Decimal::ZERO;
    }
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
