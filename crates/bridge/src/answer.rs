//! What the gate says of a request, with the connector's meaning of each return code.

use windvane_model::{
    AccountEvent, Acknowledged, ClientOrderId, Command, OrderId, RefusalFamily, Refused, Request, Symbol,
    Text, Undetermined,
};
use windvane_venue_core::Acknowledgement;

/// What an answer must say of its request.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// Which kind of request.
    pub request: Request,
    /// The contract, where it is about one.
    pub symbol: Option<Symbol>,
    /// The order, where it is about one of ours.
    pub client_order_id: Option<ClientOrderId>,
}

impl Asked {
    /// What the answer to `command` must say; `None` for a question.
    #[must_use]
    pub fn of(command: &Command) -> Option<Self> {
        let (request, symbol, client_order_id) = match command {
            Command::Submit(submit) => (Request::Submit, Some(submit.symbol), Some(submit.client_order_id)),
            Command::Amend(amend) => (Request::Amend, Some(amend.symbol), Some(amend.client_order_id)),
            Command::Cancel(cancel) => (Request::Cancel, Some(cancel.symbol), cancel.client_order_id),
            Command::CancelAll(all) => (Request::CancelAll, all.symbol, None),
            Command::SetProtection(set) => (Request::SetProtection, Some(set.symbol), None),
            Command::SetLeverage(set) => (Request::SetLeverage, Some(set.symbol), None),
            Command::Query(_) => return None,
        };
        Some(Self { request, symbol, client_order_id })
    }

    /// The gate took it; `order_id` is the venue's name for a new order.
    #[must_use]
    pub const fn acknowledged(&self, order_id: Option<OrderId>) -> AccountEvent {
        AccountEvent::Acknowledged(Acknowledged {
            request: self.request,
            symbol: self.symbol,
            client_order_id: self.client_order_id,
            order_id,
        })
    }

    /// The gate refused it with a code of certain meaning.
    #[must_use]
    pub fn refused(&self, code: i32, family: RefusalFamily, message: &str) -> AccountEvent {
        AccountEvent::Refused(Refused {
            request: self.request,
            symbol: self.symbol,
            client_order_id: self.client_order_id,
            code,
            family,
            message: Text::lossy(message),
        })
    }

    /// Nobody knows what became of it.
    #[must_use]
    pub const fn undetermined(&self) -> AccountEvent {
        AccountEvent::Undetermined(Undetermined {
            request: self.request,
            symbol: self.symbol,
            client_order_id: self.client_order_id,
            code: 0,
        })
    }
}

/// The venue's name for the order that it acknowledged; `None` where it acknowledged something else.
#[must_use]
pub fn order_id(ack: Acknowledgement) -> Option<OrderId> {
    match ack {
        Acknowledgement::Order(ids) => OrderId::new(&ids.order_id).ok(),
        Acknowledgement::Orders(_) | Acknowledgement::Done => None,
    }
}

/// What a code of the venue's core means; `None` where the connector calls the outcome unknown.
#[must_use]
pub const fn family(code: i32) -> Option<RefusalFamily> {
    Some(match code {
        10001 | 110018 | 110057 | 110059 | 110060 | 110064 | 110092 | 110093 | 110094 => {
            RefusalFamily::InvalidParameter
        }
        10002 => RefusalFamily::Timestamp,
        10006 => RefusalFamily::RateLimit,
        34040 | 110043 => RefusalFamily::AlreadySo,
        110001 => RefusalFamily::OrderNotFound,
        110003 => RefusalFamily::PriceLimit,
        110007 | 110012 | 110044 => RefusalFamily::InsufficientMargin,
        110009 | 110020 => RefusalFamily::OrderCount,
        110013 | 110089 | 110090 => RefusalFamily::Other,
        110017 => RefusalFamily::ReduceOnly,
        110072 => RefusalFamily::Duplicate,
        _ => return None,
    })
}
