//! The seal: an intent that risk let pass. Only this crate makes one, and order management accepts nothing
//! else.

use crate::{Action, OrderExposure, OrderKey};
use windvane_model::{BotName, ClientOrderId, Intent, PositionIndex, Price, Qty, Side, Symbol, WallTime};

/// An intent that passed every check at the moment it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approved {
    bot: BotName,
    intent: Intent,
    action: Action,
    symbol: Symbol,
    position_index: PositionIndex,
    reserved: Option<Reserved>,
    takes_at_once: bool,
    send_before: Option<WallTime>,
}

/// What the approval counts as taken from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reserved {
    /// Direction of the order.
    pub(crate) side: Side,
    /// What may fill, base coin; for an amend the larger of before and after.
    pub(crate) leaves_qty: Qty,
    /// The price that margin counts, for an amend the higher of before and after.
    pub(crate) price: Price,
    /// Whether it may only reduce.
    pub(crate) reduce_only: bool,
}

/// What makes an approval; named fields for the one place that writes them.
pub(crate) struct Seal {
    pub(crate) bot: BotName,
    pub(crate) intent: Intent,
    pub(crate) action: Action,
    pub(crate) symbol: Symbol,
    pub(crate) position_index: PositionIndex,
    pub(crate) reserved: Option<Reserved>,
    pub(crate) takes_at_once: bool,
    pub(crate) send_before: Option<WallTime>,
}

impl Approved {
    pub(crate) fn new(seal: Seal) -> Self {
        let Seal { bot, intent, action, symbol, position_index, reserved, takes_at_once, send_before } = seal;
        Self { bot, intent, action, symbol, position_index, reserved, takes_at_once, send_before }
    }

    /// The bot that asked, or the owner of the position for a protective close.
    #[must_use]
    pub const fn bot(&self) -> BotName {
        self.bot
    }

    /// What was asked, unchanged.
    #[must_use]
    pub const fn intent(&self) -> &Intent {
        &self.intent
    }

    /// What it does, seen from its risk.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }

    /// The contract.
    #[must_use]
    pub const fn symbol(&self) -> Symbol {
        self.symbol
    }

    /// Which position it works on.
    #[must_use]
    pub const fn position_index(&self) -> PositionIndex {
        self.position_index
    }

    /// Whether it may raise exposure.
    #[must_use]
    pub const fn opens(&self) -> bool {
        self.action.opens()
    }

    /// The price that was reserved for a placed or amended order, quote coin: the limit, or for a market order
    /// the dearest fill that margin must cover. `None` for a cancel and for protection.
    #[must_use]
    pub fn worst_price(&self) -> Option<Price> {
        self.reserved.map(|reserved| reserved.price)
    }

    /// The last look refuses to send after this moment. Always set for what may raise exposure, never for what
    /// reduces: late does no harm there.
    #[must_use]
    pub const fn send_before(&self) -> Option<WallTime> {
        self.send_before
    }

    /// The row that the exposure must hold from now on, under the id the order has; `None` when nothing new is
    /// at stake (a cancel, protection).
    #[must_use]
    pub fn exposure(&self, client_order_id: ClientOrderId) -> Option<OrderExposure> {
        let reserved = self.reserved?;
        Some(OrderExposure {
            key: OrderKey::Client(client_order_id),
            symbol: self.symbol,
            index: self.position_index,
            side: reserved.side,
            leaves_qty: reserved.leaves_qty,
            price: reserved.price,
            reduce_only: reserved.reduce_only,
            is_market: self.takes_at_once,
            is_confirmed: false,
        })
    }
}
