//! One account: balances, holdings, its orders by place and by name, its records.

mod margin;
mod row;
mod spot;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rust_decimal::Decimal;

use crate::api::{
    AccountSetup, Category, ClosedPnlRow, Doubts, ExecutionRow, Fees, MarginMode, OrderId, OrderLinkId,
    PriceLimit, Side, TransactionRow, Uid,
};
use crate::coin::Coins;
use crate::market::Market;
use crate::order::{OrderKey, Orders, Place};
use crate::position::{Holdings, Position};

pub(crate) use spot::Hold;

/// The slots of holdings and order sets are those of the venue's markets, the slots of balances those of its coins.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) uid: Uid,
    pub(crate) fees: Fees,
    pub(crate) spot_fees: Fees,
    pub(crate) margin_mode: MarginMode,
    pub(crate) smp_group: u32,
    pub(crate) price_limit: PriceLimitChoice,
    pub(crate) balances: Vec<Balance>,
    pub(crate) holdings: Vec<Holdings>,
    /// Orders on the books.
    pub(crate) resting: Vec<BTreeSet<OrderKey>>,
    /// Orders that wait for a trigger.
    pub(crate) waiting: Vec<BTreeSet<OrderKey>>,
    /// Closed orders in the order of their closing.
    pub(crate) closed: Vec<OrderKey>,
    pub(crate) by_id: BTreeMap<OrderId, OrderKey>,
    pub(crate) by_link_id: BTreeMap<OrderLinkId, OrderKey>,
    pub(crate) executions: Vec<ExecutionRow>,
    pub(crate) transactions: Vec<TransactionRow>,
    pub(crate) closed_pnl: Vec<ClosedPnlRow>,
    /// Where an order's row is in `closed_pnl`.
    pub(crate) closed_pnl_of: BTreeMap<OrderKey, usize>,
}

/// One coin of an account, in that coin.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Balance {
    pub(crate) wallet: Decimal,
    pub(crate) cum_realised: Decimal,
    /// Whether the account has ever had any.
    pub(crate) is_used: bool,
}

/// What the account said about prices beyond the bound (`set-limit-px-action`).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PriceLimitChoice {
    pub(crate) contracts: Option<PriceLimit>,
    pub(crate) spot: Option<PriceLimit>,
}

impl PriceLimitChoice {
    pub(crate) fn of(self, category: Category, doubts: Doubts) -> PriceLimit {
        match category {
            Category::Linear | Category::Inverse => self.contracts.unwrap_or(doubts.price_limit),
            Category::Spot => self.spot.unwrap_or(PriceLimit::Refuse),
        }
    }
}

/// What the figures of an account depend on beside itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'a> {
    pub(crate) markets: &'a [Market],
    pub(crate) coins: &'a Coins,
    pub(crate) orders: &'a Orders,
    pub(crate) doubts: Doubts,
}

/// An order that is not there yet, for the question what it would hold. Price and quantity in units.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hypothetical {
    /// The order it would replace.
    pub(crate) replaces: Option<OrderKey>,
    pub(crate) side: Side,
    pub(crate) price: i64,
    pub(crate) qty: i64,
}

impl Account {
    pub(crate) fn new(setup: &AccountSetup, markets: usize, coins: &Coins) -> Self {
        let mut balances = vec![Balance::default(); coins.len()];
        for (coin, amount) in &setup.balances {
            if let Some(slot) = coins.slot(coin) {
                balances[slot].wallet += *amount;
                balances[slot].is_used = true;
            }
        }
        Self {
            uid: setup.uid,
            fees: setup.fees,
            spot_fees: setup.spot_fees,
            margin_mode: setup.margin_mode,
            smp_group: setup.smp_group,
            price_limit: PriceLimitChoice::default(),
            balances,
            holdings: vec![Holdings::new(setup.leverage); markets],
            resting: vec![BTreeSet::new(); markets],
            waiting: vec![BTreeSet::new(); markets],
            closed: Vec::new(),
            by_id: BTreeMap::new(),
            by_link_id: BTreeMap::new(),
            executions: Vec::new(),
            transactions: Vec::new(),
            closed_pnl: Vec::new(),
            closed_pnl_of: BTreeMap::new(),
        }
    }

    pub(crate) fn position(&self, place: Place) -> &Position {
        self.holdings[place.market].get(place.position_idx)
    }

    pub(crate) fn position_mut(&mut self, place: Place) -> &mut Position {
        self.holdings[place.market].get_mut(place.position_idx)
    }

    pub(crate) fn find(&self, order_id: Option<&str>, order_link_id: Option<&str>) -> Option<OrderKey> {
        match (order_id.filter(|id| !id.is_empty()), order_link_id.filter(|id| !id.is_empty())) {
            (Some(id), _) => self.by_id.get(id),
            (None, Some(id)) => self.by_link_id.get(id),
            (None, None) => None,
        }
        .copied()
    }

    /// Records a change of a balance and applies it.
    pub(crate) fn book(&mut self, coin: usize, mut row: TransactionRow) {
        let balance = &mut self.balances[coin];
        row.change = row.cash_flow + row.funding - row.fee;
        balance.wallet += row.change;
        balance.is_used = true;
        row.cash_balance = balance.wallet;
        self.transactions.push(row);
    }

    /// Text shared by rows without a name.
    pub(crate) fn no_name() -> Arc<str> {
        Arc::from("")
    }
}
