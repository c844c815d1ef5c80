//! Everything that must equal the venue's own records to the last digit, as plain sorted rows.
//!
//! The app fills a second [`Truth`] from the venue and asks for the difference. Orders that never existed at
//! the venue (refused, retired) are no rows; venue-made stops are, once they had fills; orders of others are
//! not ours to vouch for, but their fills, and what they did to position and wallet, are in.

use crate::orders::Orders;
use crate::other::OtherOrder;
use crate::{Order, Position};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::fmt;
use windvane_model::{ClientOrderId, IdGrammar, OrderId, Price};

/// Our books, or the venue's, in comparable form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Truth {
    /// Orders of ours and stops with fills, by name.
    pub orders: Vec<OrderRow>,
    /// Executions, funding included, by symbol and id.
    pub fills: Vec<FillRow>,
    /// Positions, flat ones with a history included, by symbol and index.
    pub positions: Vec<PositionRow>,
    /// Coins of the wallet, by name.
    pub wallet: Vec<WalletRow>,
}

/// One order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderRow {
    /// Client order id; of a stop that the venue made, the venue's id.
    pub name: String,
    /// Contract.
    pub symbol: String,
    /// `Buy` or `Sell`.
    pub side: String,
    /// Limit price, quote coin; `None` for a market order.
    pub price: Option<Decimal>,
    /// Whole quantity, base coin.
    pub qty: Decimal,
    /// Filled quantity, base coin.
    pub filled_qty: Decimal,
    /// Filled value, quote coin.
    pub filled_value: Decimal,
    /// Status in the venue's words; `Unknown` and the like while it is open on our side.
    pub status: String,
}

/// One execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FillRow {
    /// Contract.
    pub symbol: String,
    /// Execution id.
    pub execution_id: String,
    /// The venue's id of the order.
    pub order_id: String,
    /// `Buy` or `Sell`.
    pub side: String,
    /// Price, quote coin.
    pub price: Decimal,
    /// Quantity, base coin.
    pub qty: Decimal,
    /// Fee or funding, settle coin; positive is paid.
    pub fee: Decimal,
    /// Whether it rested.
    pub is_maker: bool,
    /// Market time in milliseconds.
    pub at_ms: i64,
}

/// One position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionRow {
    /// Contract.
    pub symbol: String,
    /// Position index.
    pub index: u8,
    /// Size, base coin: positive long, negative short.
    pub size: Decimal,
    /// Average entry price, quote coin; zero when flat.
    pub average_price: Decimal,
    /// Realised since the books began, after fees and funding, settle coin.
    pub realised_pnl: Decimal,
}

/// One coin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletRow {
    /// The coin.
    pub coin: String,
    /// What our executions make of it: adjustments are left out, so that money which they do not explain
    /// shows as a difference.
    pub balance: Decimal,
}

/// One figure that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What kind of row: `order`, `fill`, `position`, `wallet`.
    pub kind: &'static str,
    /// Which row.
    pub name: String,
    /// Which figure; `row` when the whole row is missing on one side.
    pub field: &'static str,
    /// Ours; `None` when we have no such row.
    pub ours: Option<String>,
    /// The venue's; `None` when it has no such row.
    pub theirs: Option<String>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".to_owned());
        let Self { kind, name, field, ours, theirs } = self;
        write!(f, "{kind} {name}: {field} is {} here and {} at the venue", shown(ours), shown(theirs))
    }
}

impl Truth {
    /// Every figure in which the two differ, orders first.
    #[must_use]
    pub fn differences(&self, venue: &Self) -> Vec<Mismatch> {
        let mut found = Vec::new();
        compare("order", &self.orders, &self.comparable(&venue.orders), &mut found);
        compare("fill", &self.fills, &venue.fills, &mut found);
        // The venue has a row for every contract that could be held; one that never was says nothing.
        compare("position", &touched(&self.positions), &touched(&venue.positions), &mut found);
        compare("wallet", &self.wallet, &venue.wallet, &mut found);
        found
    }

    /// Orders of the venue without the stops that we were never shown. A stop that came and fired while no
    /// stream was up has no id of ours to be asked for by; what it did is in the fills, which are all compared.
    fn comparable(&self, orders: &[OrderRow]) -> Vec<OrderRow> {
        let is_known = |name: &str| self.orders.iter().any(|row| row.name == name);
        let is_ours = |name: &str| ClientOrderId::new(name).is_ok_and(|id| IdGrammar::parse(&id).is_some());
        orders.iter().filter(|row| is_ours(&row.name) || is_known(&row.name)).cloned().collect()
    }

    /// Puts the rows into their order, so that two equal truths are equal values.
    pub fn sort(&mut self) {
        self.orders.sort_by_key(Row::name);
        self.fills.sort_by_key(Row::name);
        self.positions.sort_by_key(Row::name);
        self.wallet.sort_by_key(Row::name);
    }
}

impl Orders {
    /// Our books in comparable form.
    #[must_use]
    pub fn truth(&self) -> Truth {
        let own = self.orders().filter(|order| !order.state().is_concluded()).map(OrderRow::of_own);
        let fills = self.fills_of_others();
        let stops = self.other_orders().filter(|other| other.child_of().is_some());
        let stops =
            stops.filter_map(|stop| Some(OrderRow::of_stop(stop, *fills.get(&stop.report().order_id)?)));
        let mut truth = Truth {
            orders: own.chain(stops).collect(),
            fills: self.fills().map(|(execution, _)| FillRow::of(execution)).collect(),
            positions: self.positions().map(PositionRow::of).collect(),
            wallet: self.wallet_rows(),
        };
        truth.sort();
        truth
    }

    /// Quantity and value of the executions that belong to no order of ours, by order.
    fn fills_of_others(&self) -> BTreeMap<OrderId, (Decimal, Decimal)> {
        let mut sums = BTreeMap::new();
        let others = self.fills().filter(|(fill, own)| own.is_none() && fill.kind.moves_position());
        for (fill, _) in others {
            let (qty, value): &mut (Decimal, Decimal) = sums.entry(fill.order_id).or_default();
            *qty = qty.saturating_add(fill.qty.get());
            *value = value.saturating_add(fill.price.times(fill.qty).get());
        }
        sums
    }

    fn wallet_rows(&self) -> Vec<WalletRow> {
        let wallet = self.wallet();
        let row = |coin| {
            let balance = wallet.computed(coin)?.less(wallet.adjustments(coin)).get();
            Some(WalletRow { coin: coin.to_string(), balance })
        };
        wallet.coins().filter_map(row).collect()
    }
}

impl OrderRow {
    fn of_own(order: &Order) -> Self {
        Self {
            name: order.id().to_string(),
            symbol: order.symbol().to_string(),
            side: order.side().as_str().to_owned(),
            price: order.price().map(Price::get),
            qty: order.qty().get(),
            filled_qty: order.filled_qty().get(),
            filled_value: order.filled_value(),
            status: order.state().as_str().to_owned(),
        }
    }

    fn of_stop(stop: &OtherOrder, (filled_qty, filled_value): (Decimal, Decimal)) -> Self {
        let report = stop.report();
        Self {
            name: report.order_id.to_string(),
            symbol: report.symbol.to_string(),
            side: report.side.as_str().to_owned(),
            price: report.price.filter(|_| !report.is_market).map(Price::get),
            qty: report.qty.get(),
            filled_qty,
            filled_value,
            status: report.status.as_str().to_owned(),
        }
    }
}

impl FillRow {
    fn of(execution: &windvane_model::Execution) -> Self {
        Self {
            symbol: execution.symbol.to_string(),
            execution_id: execution.execution_id.to_string(),
            order_id: execution.order_id.to_string(),
            side: execution.side.as_str().to_owned(),
            price: execution.price.get(),
            qty: execution.qty.get(),
            fee: execution.fee.get(),
            is_maker: execution.is_maker,
            at_ms: execution.at.0,
        }
    }
}

impl PositionRow {
    fn of(position: &Position) -> Self {
        let holding = position.holding();
        Self {
            symbol: position.key().0.to_string(),
            index: position.key().1.0,
            size: holding.size(),
            average_price: holding.average_price().map_or(Decimal::ZERO, Price::get),
            realised_pnl: holding.totals().net().get(),
        }
    }
}

fn touched(positions: &[PositionRow]) -> Vec<PositionRow> {
    let is_touched = |row: &&PositionRow| !row.size.is_zero() || !row.realised_pnl.is_zero();
    positions.iter().filter(is_touched).cloned().collect()
}

/// A row with a name and named figures, as text without trailing zeros.
trait Row {
    fn name(&self) -> String;
    fn figures(&self) -> Vec<(&'static str, String)>;
}

fn plain(number: Decimal) -> String {
    number.normalize().to_string()
}

impl Row for OrderRow {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn figures(&self) -> Vec<(&'static str, String)> {
        vec![
            ("symbol", self.symbol.clone()),
            ("side", self.side.clone()),
            ("price", self.price.map_or_else(|| "market".to_owned(), plain)),
            ("quantity", plain(self.qty)),
            ("filled quantity", plain(self.filled_qty)),
            ("filled value", plain(self.filled_value)),
            ("status", self.status.clone()),
        ]
    }
}

impl Row for FillRow {
    fn name(&self) -> String {
        format!("{} {}", self.symbol, self.execution_id)
    }

    fn figures(&self) -> Vec<(&'static str, String)> {
        vec![
            ("order", self.order_id.clone()),
            ("side", self.side.clone()),
            ("price", plain(self.price)),
            ("quantity", plain(self.qty)),
            ("fee", plain(self.fee)),
            ("liquidity", if self.is_maker { "maker" } else { "taker" }.to_owned()),
            ("time", self.at_ms.to_string()),
        ]
    }
}

impl Row for PositionRow {
    fn name(&self) -> String {
        format!("{} {}", self.symbol, self.index)
    }

    fn figures(&self) -> Vec<(&'static str, String)> {
        vec![
            ("size", plain(self.size)),
            ("average price", plain(self.average_price)),
            ("realised profit", plain(self.realised_pnl)),
        ]
    }
}

impl Row for WalletRow {
    fn name(&self) -> String {
        self.coin.clone()
    }

    fn figures(&self) -> Vec<(&'static str, String)> {
        vec![("balance", plain(self.balance))]
    }
}

fn compare<R: Row>(kind: &'static str, ours: &[R], theirs: &[R], found: &mut Vec<Mismatch>) {
    let by_name = |rows: &[R]| -> BTreeMap<String, Vec<(&'static str, String)>> {
        rows.iter().map(|row| (row.name(), row.figures())).collect()
    };
    let (ours, mut theirs) = (by_name(ours), by_name(theirs));
    for (name, figures) in ours {
        let Some(others) = theirs.remove(&name) else {
            let ours = Some("present".to_owned());
            found.push(Mismatch { kind, name, field: "row", ours, theirs: None });
            continue;
        };
        for ((field, ours), (_, theirs)) in figures.into_iter().zip(others) {
            if ours != theirs {
                let (ours, theirs) = (Some(ours), Some(theirs));
                found.push(Mismatch { kind, name: name.clone(), field, ours, theirs });
            }
        }
    }
    for name in theirs.into_keys() {
        found.push(Mismatch { kind, name, field: "row", ours: None, theirs: Some("present".to_owned()) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{number, own_id};

    #[test]
    fn a_difference_names_row_figure_and_both_sides() {
        let wallet = |text| Truth {
            wallet: vec![WalletRow { coin: "USDT".to_owned(), balance: number(text) }],
            ..Truth::default()
        };
        assert_eq!(wallet("1.50").differences(&wallet("1.5")), [], "trailing zeros are no difference");
        let texts = |ours: &Truth, theirs: &Truth| -> Vec<String> {
            ours.differences(theirs).iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            texts(&wallet("1.5"), &wallet("1.50000001")),
            ["wallet USDT: balance is 1.5 here and 1.50000001 at the venue"]
        );
        let position = |size, realised| Truth {
            positions: vec![PositionRow {
                symbol: "BTCUSDT".to_owned(),
                index: 0,
                size: number(size),
                average_price: Decimal::ZERO,
                realised_pnl: number(realised),
            }],
            ..Truth::default()
        };
        assert_eq!(position("0", "0").differences(&Truth::default()), [], "a contract that was never held");
        let order = |name: &str| Truth {
            orders: vec![OrderRow {
                name: name.to_owned(),
                symbol: "BTCUSDT".to_owned(),
                side: "Buy".to_owned(),
                price: None,
                qty: number("1"),
                filled_qty: number("1"),
                filled_value: number("100"),
                status: "Filled".to_owned(),
            }],
            ..Truth::default()
        };
        let missing = |name: &str| Truth::default().differences(&order(name)).len();
        assert_eq!(missing("110ce4d4-6788-4d8b-a02d-383042e4cf7c"), 0, "a stop that we were never shown");
        assert_eq!(missing(own_id(1).as_str()), 1);
        assert_eq!(position("0", "1").differences(&Truth::default()).len(), 1);
        assert_eq!(
            texts(&Truth::default(), &wallet("1")),
            ["wallet USDT: row is nothing here and present at the venue"]
        );
    }
}
