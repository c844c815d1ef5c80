//! The connector's text without its sockets, for whoever joins it to a venue by bytes alone: what the sessions and the REST
//! client write and read, by the very functions that they use. Frames of streams are in [`crate::codec`].

pub use crate::{
    encode::{Mutation, RequestId, trade_frame},
    outcome::Asked,
    rest::{Ask, Inquiry, Turn, inquire},
};

use crate::{
    codec::{Reply, Unrecognised},
    codes::Channel,
    rest::{self, RestError},
};
use windvane_model::{AccountEvent, Query, QueryAnswer};

/// Reads an answer of the trade socket to a single request with this prefix of ids: which one, and what became of it.
///
/// `asked` says what the request of a number was; an answer to none of them gives `None`.
///
/// # Errors
/// When it is no answer.
pub fn read_reply(
    prefix: u64,
    text: &str,
    asked: impl FnOnce(u64) -> Option<Asked>,
) -> Result<Option<(u64, AccountEvent)>, Unrecognised> {
    let reply = Reply::decode(text)?;
    let number = RequestId::number_in(prefix, &reply.request_id);
    Ok(number.and_then(|number| {
        let told = asked(number)?.answered(Channel::TradeSocket, reply.code, &reply.message, &reply.order_id);
        Some((number, told))
    }))
}

/// What the body of an HTTP answer says of a single request. What cannot be read leaves it undetermined.
#[must_use]
pub fn read_outcome(asked: &Asked, endpoint: &'static str, body: Vec<u8>) -> AccountEvent {
    rest::outcome(asked, rest::read_envelope(endpoint, body))
}

/// What the engine is told of a question that was answered, or was not.
#[must_use]
pub fn told(query: Query, answer: Result<QueryAnswer, RestError>) -> AccountEvent {
    rest::told(query, answer)
}
