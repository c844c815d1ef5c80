//! From an answer, or its absence, to the event that the engine gets.
//!
//! Only what is certain becomes a refusal. A timeout, a cut connection, an unreadable answer or an unlisted
//! code becomes [`Undetermined`]; what never left becomes a refusal of the family `NotSent`.

use crate::{
    codec::batch::ItemAnswer,
    codes::{self, Channel, Effect},
    encode::Mutation,
};
use windvane_model::{
    AccountEvent, Acknowledged, ClientOrderId, Control, Event, HaltCause, OrderId, RefusalFamily, Refused,
    Request, Symbol, Text, Undetermined, WallTime,
};

/// What an answer must say of the request it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Which kind of request.
    pub request: Request,
    symbol: Option<Symbol>,
    /// The order, where it is about one of ours.
    pub client_order_id: Option<ClientOrderId>,
}

impl From<&Mutation> for Asked {
    fn from(mutation: &Mutation) -> Self {
        let client_order_id = match mutation {
            Mutation::Submit(submit) => Some(submit.client_order_id),
            Mutation::Amend(amend) => Some(amend.client_order_id),
            Mutation::Cancel(cancel) => cancel.client_order_id,
            Mutation::CancelAll(_) | Mutation::SetProtection(_) | Mutation::SetLeverage(_) => None,
        };
        Self { request: mutation.request(), symbol: mutation.symbol(), client_order_id }
    }
}

impl Asked {
    /// The answer was read: `code` 0 is an acknowledgement, everything else goes by the table of codes.
    pub(crate) fn answered(
        &self,
        channel: Channel,
        code: i32,
        message: &str,
        order_id: &str,
    ) -> AccountEvent {
        if code == 0 {
            return AccountEvent::Acknowledged(Acknowledged {
                request: self.request,
                symbol: self.symbol,
                client_order_id: self.client_order_id,
                order_id: OrderId::new(order_id).ok(),
            });
        }
        let meaning = codes::meaning(channel, code, message);
        self.failed(meaning, code, message)
    }

    /// What became of each request of a batch. What the answer does not say, or says of another order, nobody knows.
    pub(crate) fn batch_answered(
        batch: &[Self],
        channel: Channel,
        items: &[ItemAnswer<'_>],
    ) -> impl Iterator<Item = AccountEvent> {
        batch.iter().enumerate().map(move |(place, asked)| {
            let item = items.get(place).filter(|item| asked.may_be(&item.client_order_id));
            match item {
                Some(item) => asked.answered(channel, item.code, &item.message, &item.order_id),
                None => asked.undetermined(0),
            }
        })
    }

    /// Whether an answer that repeats this id may be about this request.
    fn may_be(&self, client_order_id: &str) -> bool {
        client_order_id.is_empty() || self.client_order_id.is_none_or(|id| id.as_str() == client_order_id)
    }

    /// A refusal with a known meaning.
    pub(crate) fn failed(&self, meaning: codes::Meaning, code: i32, message: &str) -> AccountEvent {
        match meaning.effect {
            Effect::Nothing => self.refused(code, meaning.family, message),
            Effect::Exists => self.refused(code, RefusalFamily::Duplicate, message),
            Effect::Unknown => self.undetermined(code),
        }
    }

    /// Nobody can tell. `code` is 0 when there was no readable answer.
    #[must_use]
    pub const fn undetermined(&self, code: i32) -> AccountEvent {
        AccountEvent::Undetermined(Undetermined {
            request: self.request,
            symbol: self.symbol,
            client_order_id: self.client_order_id,
            code,
        })
    }

    /// It never left this process.
    #[must_use]
    pub fn not_sent(&self, why: &str) -> AccountEvent {
        self.refused(0, RefusalFamily::NotSent, why)
    }

    fn refused(&self, code: i32, family: RefusalFamily, message: &str) -> AccountEvent {
        AccountEvent::Refused(Refused {
            request: self.request,
            symbol: self.symbol,
            client_order_id: self.client_order_id,
            code,
            family,
            message: Text::lossy(message),
        })
    }
}

/// What the engine must hear besides an answer that refuses the key itself: trying on would only hammer, and nothing
/// that opens could be closed again.
pub(crate) fn halts(event: &AccountEvent) -> Option<Event> {
    let is_refused_key = match event {
        AccountEvent::Refused(refused) => refused.family == RefusalFamily::Authentication,
        AccountEvent::QueryFailed(failed) => {
            let meaning = codes::meaning(Channel::Rest, failed.code, "");
            meaning.effect == Effect::Nothing && meaning.family == RefusalFamily::Authentication
        }
        _ => false,
    };
    is_refused_key.then_some(Event::Control(Control::Halt(HaltCause::Authentication)))
}

/// The last look, right before the write: what opens may be too old to be wanted.
pub(crate) fn is_too_late(mutation: &Mutation, now: WallTime) -> bool {
    match mutation {
        Mutation::Submit(submit) => submit.send_before.is_some_and(|limit| now > limit),
        Mutation::Amend(amend) => amend.send_before.is_some_and(|limit| now > limit),
        _ => false,
    }
}
