//! What the engine asks of the venue.

use crate::{
    ClientOrderId, Leverage, OrderId, OrderKind, PositionIndex, Price, Qty, Query, Role, Side, Symbol,
    Triggers, WallTime,
};

/// One request to the venue. A command is journalled before it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Create an order.
    Submit(Submit),
    /// Change an order.
    Amend(Amend),
    /// Cancel an order.
    Cancel(Cancel),
    /// Cancel every order of the account, ours or not (kill at account scope).
    CancelAll(CancelAll),
    /// Set or remove the stop-loss, take-profit or trailing stop of a position.
    SetProtection(SetProtection),
    /// Set leverage.
    SetLeverage(SetLeverage),
    /// Ask.
    Query(Query),
}

/// Create an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submit {
    /// Our id; never used before, never used again.
    pub client_order_id: ClientOrderId,
    /// The contract.
    pub symbol: Symbol,
    /// Which position.
    pub position_index: PositionIndex,
    /// What it is for.
    pub role: Role,
    /// Direction.
    pub side: Side,
    /// Quantity in the base coin, on the lot grid.
    pub qty: Qty,
    /// Market or limit.
    pub kind: OrderKind,
    /// Whether it may only reduce.
    pub reduce_only: bool,
    /// Stop-loss attached for the position it opens.
    pub stop_loss: Option<Price>,
    /// Take-profit attached for the position it opens.
    pub take_profit: Option<Price>,
    /// Which prices fire the two.
    pub triggers: Triggers,
    /// The last look refuses to send after this moment; `None` for what reduces, which is never too late.
    pub send_before: Option<WallTime>,
}

/// Change an order; `None` leaves a figure as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amend {
    /// The order.
    pub client_order_id: ClientOrderId,
    /// The contract.
    pub symbol: Symbol,
    /// New limit price.
    pub price: Option<Price>,
    /// New whole quantity, filled part included.
    pub qty: Option<Qty>,
    /// The last look refuses to send after this moment; `None` for what cannot raise exposure.
    pub send_before: Option<WallTime>,
}

impl Command {
    /// The moment after which it must not leave any more. Only what may raise exposure has one: a submit that
    /// opens, an amend to more or to another price.
    #[must_use]
    pub const fn send_before(&self) -> Option<WallTime> {
        match self {
            Self::Submit(submit) => submit.send_before,
            Self::Amend(amend) => amend.send_before,
            Self::Cancel(_)
            | Self::CancelAll(_)
            | Self::SetProtection(_)
            | Self::SetLeverage(_)
            | Self::Query(_) => None,
        }
    }

    /// Whether it may raise exposure.
    #[must_use]
    pub const fn opens(&self) -> bool {
        self.send_before().is_some()
    }
}

/// Cancel an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancel {
    /// The order, by our id where it has one.
    pub client_order_id: Option<ClientOrderId>,
    /// The order, by the venue's id where it has none of ours.
    pub order_id: Option<OrderId>,
    /// The contract.
    pub symbol: Symbol,
}

/// Cancel every open order of one settle coin, or of one contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelAll {
    /// Only this contract, when named.
    pub symbol: Option<Symbol>,
    /// Whether stop-loss, take-profit and trailing orders stay.
    pub spare_protection: bool,
}

/// Set the protection of a position; a `None` leaves that one as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetProtection {
    /// The contract.
    pub symbol: Symbol,
    /// Which position.
    pub position_index: PositionIndex,
    /// New stop-loss.
    pub stop_loss: Option<Price>,
    /// New take-profit.
    pub take_profit: Option<Price>,
    /// Which prices fire the two.
    pub triggers: Triggers,
}

/// Set leverage of a contract, both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetLeverage {
    /// The contract.
    pub symbol: Symbol,
    /// The leverage.
    pub leverage: Leverage,
}
