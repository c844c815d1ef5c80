//! What the gateway answers at once: an acknowledgement, or a refusal with the exchange's return code.

use super::{OrderId, OrderLinkId};

/// The request was accepted for processing; the outcome is in the outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acknowledgement {
    /// Create, amend, cancel.
    Order(OrderIds),
    /// Cancel-all: the orders that were cancelled, oldest first.
    Orders(Vec<OrderIds>),
    /// Everything else.
    Done,
}

/// The two names of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderIds {
    /// The venue's id.
    pub order_id: OrderId,
    /// The client's id, empty when none was given.
    pub order_link_id: OrderLinkId,
}

/// The request was refused and changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The exchange's `retCode`.
    pub code: i32,
    /// Text for `retMsg`.
    pub message: String,
}

impl Refusal {
    /// A refusal with this code and text.
    pub(crate) fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}
