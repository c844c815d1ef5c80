//! What we hold and what we have asked for, counted as the worst case: every order that may still fill, known
//! or unknown, with the larger side of a pending amend, as if it were filled.
//!
//! Order management owns one and keeps it up to date order by order; risk only reads it. Sums are kept beside
//! the rows, so that a check costs the same with ten open orders and with ten thousand.

use rust_decimal::Decimal;
use std::collections::BTreeMap;
use windvane_model::{ClientOrderId, Leverage, Money, OrderId, PositionIndex, Price, Qty, Side, Symbol};

/// What names an open order: our id, or the venue's when somebody else placed it without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrderKey {
    /// By client order id.
    Client(ClientOrderId),
    /// By the venue's id.
    Venue(OrderId),
}

impl From<ClientOrderId> for OrderKey {
    fn from(id: ClientOrderId) -> Self {
        Self::Client(id)
    }
}

/// One position; a flat one carries the leverage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PositionExposure {
    /// The contract.
    pub symbol: Symbol,
    /// Which of its positions.
    pub index: PositionIndex,
    /// Direction; `None` when flat.
    pub side: Option<Side>,
    /// Size in the base coin.
    pub qty: Qty,
    /// Average entry price; `None` when flat.
    pub average_price: Option<Price>,
    /// Leverage set at the venue; `None` until the venue has told. Counted as 1, the dearest, until then.
    pub leverage: Option<Leverage>,
}

/// One order that may still fill: working, in flight, or of unknown outcome until it is proven gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderExposure {
    /// The order.
    pub key: OrderKey,
    /// The contract.
    pub symbol: Symbol,
    /// Which position it works on.
    pub index: PositionIndex,
    /// Direction.
    pub side: Side,
    /// What may still fill, base coin: while an amend is pending, the larger of before and after.
    pub leaves_qty: Qty,
    /// The price that margin counts: the limit, while an amend is pending the higher of before and after; for
    /// a market order the price that risk reserved (`Approved::worst_price`).
    pub price: Price,
    /// Whether it may only reduce; such orders hold no margin and open nothing.
    pub reduce_only: bool,
    /// Whether it takes at once instead of resting: market, immediate-or-cancel, fill-or-kill.
    pub is_market: bool,
}

/// The orders of one direction on one position.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SideExposure {
    opening_qty: Decimal,
    opening_value: Decimal,
    reducing_qty: Decimal,
    reducing_market_qty: Decimal,
    order_count: u32,
    /// How many opening orders work at each price; its last key is the highest.
    opening_prices: BTreeMap<Price, u32>,
}

/// One position with everything that works on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractExposure {
    /// The position, flat or not.
    pub position: PositionExposure,
    /// Buy orders.
    pub buys: SideExposure,
    /// Sell orders.
    pub sells: SideExposure,
}

/// Positions, open orders and the wallet, with their sums.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exposure {
    contracts: BTreeMap<(Symbol, PositionIndex), ContractExposure>,
    orders: BTreeMap<OrderKey, OrderExposure>,
    wallet_balance: Money,
}

impl SideExposure {
    /// What may still fill of orders that are not reduce-only, base coin.
    #[must_use]
    pub const fn opening_qty(&self) -> Decimal {
        self.opening_qty
    }

    /// The same at the orders' own prices, quote coin.
    #[must_use]
    pub const fn opening_value(&self) -> Decimal {
        self.opening_value
    }

    /// What may still fill of reduce-only orders, base coin.
    #[must_use]
    pub const fn reducing_qty(&self) -> Decimal {
        self.reducing_qty
    }

    /// The part of [`SideExposure::reducing_qty`] that takes at once, base coin.
    #[must_use]
    pub const fn reducing_market_qty(&self) -> Decimal {
        self.reducing_market_qty
    }

    /// Orders of this direction, reduce-only ones included.
    #[must_use]
    pub const fn order_count(&self) -> u32 {
        self.order_count
    }

    /// The highest price among the orders that are not reduce-only, quote coin.
    #[must_use]
    pub fn highest_opening_price(&self) -> Option<Price> {
        self.opening_prices.last_key_value().map(|(price, _)| *price)
    }

    fn add(&mut self, order: &OrderExposure) {
        self.order_count += 1;
        let qty = order.leaves_qty.get();
        if order.reduce_only {
            self.reducing_qty = self.reducing_qty.saturating_add(qty);
            if order.is_market {
                self.reducing_market_qty = self.reducing_market_qty.saturating_add(qty);
            }
        } else {
            self.opening_qty = self.opening_qty.saturating_add(qty);
            self.opening_value = self.opening_value.saturating_add(order.price.times(order.leaves_qty).get());
            *self.opening_prices.entry(order.price).or_default() += 1;
        }
    }

    fn take(&mut self, order: &OrderExposure) {
        self.order_count -= 1;
        if self.order_count == 0 {
            // Sums of absurd magnitudes can round; an empty side is exactly nothing.
            *self = Self::default();
            return;
        }
        let qty = order.leaves_qty.get();
        if order.reduce_only {
            self.reducing_qty = self.reducing_qty.saturating_sub(qty);
            if order.is_market {
                self.reducing_market_qty = self.reducing_market_qty.saturating_sub(qty);
            }
        } else {
            self.opening_qty = self.opening_qty.saturating_sub(qty);
            self.opening_value = self.opening_value.saturating_sub(order.price.times(order.leaves_qty).get());
            if let Some(count) = self.opening_prices.get_mut(&order.price) {
                *count -= 1;
                if *count == 0 {
                    self.opening_prices.remove(&order.price);
                }
            }
        }
    }
}

impl ContractExposure {
    pub(crate) fn flat(symbol: Symbol, index: PositionIndex) -> Self {
        let position = PositionExposure {
            symbol,
            index,
            side: None,
            qty: Qty::ZERO,
            average_price: None,
            leverage: None,
        };
        Self { position, buys: SideExposure::default(), sells: SideExposure::default() }
    }

    /// The orders of one direction.
    #[must_use]
    pub const fn side(&self, side: Side) -> &SideExposure {
        match side {
            Side::Buy => &self.buys,
            Side::Sell => &self.sells,
        }
    }

    /// Size of the position in the base coin: positive long, negative short.
    #[must_use]
    pub fn signed_qty(&self) -> Decimal {
        match self.position.side {
            None => Decimal::ZERO,
            Some(Side::Buy) => self.position.qty.get(),
            Some(Side::Sell) => -self.position.qty.get(),
        }
    }

    /// Size of the position if it stands on `side`, else nothing; base coin.
    #[must_use]
    pub fn held_qty(&self, side: Side) -> Decimal {
        if self.position.side == Some(side) { self.position.qty.get() } else { Decimal::ZERO }
    }

    fn side_mut(&mut self, side: Side) -> &mut SideExposure {
        match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        }
    }
}

impl Exposure {
    /// Takes the position that is held now, in place of what was known of it.
    pub fn set_position(&mut self, position: PositionExposure) {
        self.contract_mut(position.symbol, position.index).position = position;
    }

    /// Takes an order that may fill, in place of what was known of it. One without anything left is removed.
    pub fn set_order(&mut self, order: OrderExposure) {
        self.remove_order(order.key);
        if order.leaves_qty.is_zero() {
            return;
        }
        self.contract_mut(order.symbol, order.index).side_mut(order.side).add(&order);
        self.orders.insert(order.key, order);
    }

    /// Forgets an order that is proven closed. Of an unknown one, nothing happens.
    pub fn remove_order(&mut self, key: impl Into<OrderKey>) {
        if let Some(order) = self.orders.remove(&key.into()) {
            self.contract_mut(order.symbol, order.index).side_mut(order.side).take(&order);
        }
    }

    /// Takes the wallet balance of the settle coin: what is held, without unrealised profit.
    pub const fn set_wallet(&mut self, balance: Money) {
        self.wallet_balance = balance;
    }

    /// Wallet balance in the settle coin, without unrealised profit.
    #[must_use]
    pub const fn wallet_balance(&self) -> Money {
        self.wallet_balance
    }

    /// One position with what works on it; `None` when nothing was ever told of it.
    #[must_use]
    pub fn contract(&self, symbol: Symbol, index: PositionIndex) -> Option<&ContractExposure> {
        self.contracts.get(&(symbol, index))
    }

    /// Every position with what works on it, in the order of symbol and index.
    pub fn contracts(&self) -> impl Iterator<Item = &ContractExposure> {
        self.contracts.values()
    }

    /// One open order.
    #[must_use]
    pub fn order(&self, key: impl Into<OrderKey>) -> Option<&OrderExposure> {
        self.orders.get(&key.into())
    }

    /// Every open order, in the order of its key.
    pub fn orders(&self) -> impl Iterator<Item = &OrderExposure> {
        self.orders.values()
    }

    /// How many orders may still fill.
    #[must_use]
    pub fn open_orders(&self) -> u32 {
        u32::try_from(self.orders.len()).unwrap_or(u32::MAX)
    }

    fn contract_mut(&mut self, symbol: Symbol, index: PositionIndex) -> &mut ContractExposure {
        self.contracts.entry((symbol, index)).or_insert_with(|| ContractExposure::flat(symbol, index))
    }
}
