//! The rows of the exposure, as order management writes them.

use windvane_model::{ClientOrderId, Leverage, Money, OrderId, PositionIndex, Price, Qty, Side, Symbol};

/// What names an open order: our id, or the venue's when somebody else placed it without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Margin that was added to it beyond its own, settle coin: [`Exposure::added_margin`](crate::Exposure::added_margin).
    pub added_margin: Money,
    /// Place in the venue's deleveraging queue, 0 to 5; 0 when flat or not told.
    pub adl_rank: u8,
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
    /// Whether the venue holds margin for just this, and no answer of ours is awaited. What is not confirmed counts
    /// where it takes room, and not where it makes room.
    pub is_confirmed: bool,
}
