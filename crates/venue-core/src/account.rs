//! One account: balances, holdings, its orders by place and by name, its records.

mod bounds;
mod desk;
mod margin;
mod row;
mod spot;

use rust_decimal::Decimal;

use crate::api::{
    AccountSetup, Audience, Category, Doubts, Fees, MarginMode, OrderLinkId, PriceLimit, Side, Uid,
};
use crate::coin::Coins;
use crate::market::Market;
use crate::order::{Order, OrderKey, Orders, Place};
use crate::position::Position;
use crate::record::{ClosedPnl, Execution, Session, Transaction};
use crate::units::round_up;

pub(crate) use desk::{Desk, Desks};
pub(crate) use spot::Hold;

/// Which order has a client order id.
#[expect(
    clippy::disallowed_types,
    reason = "asked by name, never iterated; a tree of names is slow to search"
)]
type LinkIds = std::collections::HashMap<OrderLinkId, OrderKey>;

/// The slots of desks are those of the venue's markets, the slots of balances those of its coins.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) uid: Uid,
    pub(crate) audience: Audience,
    pub(crate) fees: Fees,
    pub(crate) spot_fees: Fees,
    /// The taker rate of contracts in units, rounded up, and not below zero.
    taker_rate: i64,
    pub(crate) margin_mode: MarginMode,
    pub(crate) smp_group: u32,
    pub(crate) price_limit: PriceLimitChoice,
    pub(crate) balances: Vec<Balance>,
    pub(crate) desks: Desks,
    /// Closed orders in the order of their closing.
    pub(crate) closed: Vec<OrderKey>,
    pub(crate) by_link_id: LinkIds,
    pub(crate) executions: Vec<Execution>,
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) closed_pnl: Vec<ClosedPnl>,
    pub(crate) sessions: Vec<Session>,
}

/// One coin of an account, in that coin.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Balance {
    pub(crate) wallet: Decimal,
    pub(crate) cum_realised: Decimal,
    /// Whether the account has ever had any.
    pub(crate) is_used: bool,
    /// Whether its owner has said that it does not count as margin.
    pub(crate) is_excluded: bool,
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

impl<'a> Context<'a> {
    /// The order that a new one would replace.
    fn replaced(self, extra: Option<Hypothetical>) -> Option<&'a Order> {
        Some(&self.orders[extra?.replaces?])
    }
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
            audience: Audience::EVERYTHING,
            fees: setup.fees,
            spot_fees: setup.spot_fees,
            taker_rate: round_up(setup.fees.taker.max(Decimal::ZERO), 1),
            margin_mode: setup.margin_mode,
            smp_group: setup.smp_group,
            price_limit: PriceLimitChoice::default(),
            balances,
            desks: Desks::new(markets, setup.leverage),
            closed: Vec::new(),
            by_link_id: LinkIds::default(),
            executions: Vec::new(),
            transactions: Vec::new(),
            closed_pnl: Vec::new(),
            sessions: Vec::new(),
        }
    }

    pub(crate) fn position(&self, place: Place) -> &Position {
        self.desks[place.market].holdings.get(place.position_idx)
    }

    pub(crate) fn position_mut(&mut self, place: Place) -> &mut Position {
        self.desks[place.market].holdings.get_mut(place.position_idx)
    }

    /// How much of an amount of a coin (slot) counts as margin for this account; debts count in full.
    pub(crate) fn collateral(&self, coin: usize, amount: Decimal, context: Context<'_>) -> Decimal {
        if self.balances[coin].is_excluded && amount > Decimal::ZERO {
            return Decimal::ZERO;
        }
        context.coins.collateral_of(coin, amount)
    }

    /// Whether it holds no position.
    pub(crate) fn is_flat(&self) -> bool {
        self.desks.iter().all(|(_, desk)| desk.holdings.is_flat())
    }

    /// Records a change of a balance and applies it.
    pub(crate) fn book(&mut self, entry: Transaction) {
        let balance = &mut self.balances[entry.coin];
        balance.wallet += entry.change();
        balance.is_used = true;
        self.transactions.push(Transaction { balance: balance.wallet, ..entry });
    }
}
