//! The lives of orders, from the command that sent each to its end. Pure; times come with what happened.

use std::collections::BTreeMap;
use windvane_model::{
    BotName, ClientOrderId, Notice, OrderStatus, Price, Qty, Request, Role, Side, Submit, Symbol, WallTime,
};

/// Lives that are followed; beyond it the oldest is given up. An account has a few hundred open orders at most.
const LIVES_MAX: usize = 4_096;
/// Events of one life. An order that fills in a thousand parts is told by its sum.
const EVENTS_MAX: usize = 64;

/// An order from its sending to its end.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Life {
    pub(super) id: ClientOrderId,
    pub(super) bot: BotName,
    pub(super) symbol: Symbol,
    pub(super) role: Role,
    pub(super) side: Side,
    pub(super) qty: Qty,
    pub(super) limit: Option<Price>,
    pub(super) sent: WallTime,
    pub(super) ended: WallTime,
    pub(super) events: Vec<(WallTime, Happened)>,
    pub(super) ending: Ending,
}

/// What happened to an order on its way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Happened {
    /// It rests, or was changed.
    Working { price: Option<Price> },
    /// It was filled, in part or whole.
    Filled { price: Price, qty: Qty, is_maker: bool },
    /// Nobody knew what became of a request of it.
    Unknown { request: Request },
}

/// How it ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ending {
    /// It is still open.
    Open,
    /// By the venue's word, with what was filled in all.
    Closed { status: OrderStatus, filled: Qty },
    /// It was never taken: the venue's code and message.
    Refused { code: i32, message: String },
}

/// The lives that are going on.
#[derive(Debug, Default)]
pub(super) struct Lives {
    /// Ids count up, so the first one is the oldest of its bot.
    open: BTreeMap<ClientOrderId, Life>,
}

impl Lives {
    /// An order of `bot` was handed to its socket.
    pub(super) fn begin(&mut self, bot: BotName, submit: &Submit, now: WallTime) {
        if self.open.len() >= LIVES_MAX {
            self.open.pop_first();
        }
        let life = Life {
            id: submit.client_order_id,
            bot,
            symbol: submit.symbol,
            role: submit.role,
            side: submit.side,
            qty: submit.qty,
            limit: submit.kind.limit_price(),
            sent: now,
            ended: now,
            events: Vec::new(),
            ending: Ending::Open,
        };
        self.open.insert(life.id, life);
    }

    /// Takes what a bot was told at `now`; the life that it ended, if it did.
    pub(super) fn take(&mut self, notice: &Notice, now: WallTime) -> Option<Life> {
        match notice {
            Notice::Working { client_order_id, price, .. } => {
                self.note(client_order_id, now, Happened::Working { price: *price });
            }
            Notice::Filled { client_order_id: Some(id), price, qty, is_maker, .. } => {
                let filled = Happened::Filled { price: *price, qty: *qty, is_maker: *is_maker };
                self.note(id, now, filled);
            }
            Notice::Undetermined { request, client_order_id: Some(id) } => {
                self.note(id, now, Happened::Unknown { request: *request });
            }
            Notice::Closed { client_order_id, status, cumulative_qty } => {
                let ending = Ending::Closed { status: *status, filled: *cumulative_qty };
                return self.end(client_order_id, now, ending);
            }
            Notice::Refused(refused) if refused.request == Request::Submit => {
                let ending = Ending::Refused { code: refused.code, message: refused.message.to_string() };
                return self.end(&refused.client_order_id?, now, ending);
            }
            Notice::Refused(_)
            | Notice::Filled { client_order_id: None, .. }
            | Notice::Undetermined { client_order_id: None, .. }
            | Notice::Submitted { .. }
            | Notice::Denied { .. }
            | Notice::PositionChanged { .. }
            | Notice::PositionClosed { .. }
            | Notice::ForeignOrder(_)
            | Notice::RunState(_) => {}
        }
        None
    }

    fn note(&mut self, id: &ClientOrderId, now: WallTime, what: Happened) {
        if let Some(life) = self.open.get_mut(id).filter(|life| life.events.len() < EVENTS_MAX) {
            life.events.push((now, what));
        }
    }

    fn end(&mut self, id: &ClientOrderId, now: WallTime, ending: Ending) -> Option<Life> {
        let life = self.open.remove(id)?;
        Some(Life { ended: now, ending, ..life })
    }
}
