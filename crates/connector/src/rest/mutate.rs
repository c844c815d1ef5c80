//! Mutations over REST: each end of a request becomes the one event that is certain.

use super::{
    client::{Payload, RestClient},
    error::RestError,
};
use crate::{
    budget::Turn,
    codec::number::Lexeme,
    codes::{self, Channel},
    encode::Mutation,
    outcome::{Asked, is_too_late},
};
use reqwest::Method;
use serde::Deserialize;
use windvane_model::AccountEvent;

impl RestClient {
    /// Sends one mutation whose turn it is and says what became of it. Never an error: every end has its event.
    pub(crate) async fn mutate(&self, mutation: &Mutation, turn: Turn) -> AccountEvent {
        let asked = Asked::from(mutation);
        if is_too_late(mutation, self.clock.now()) {
            return asked.not_sent("too old at the last look");
        }
        let body = mutation.body();
        let window_ms = Some(mutation.recv_window_ms());
        match self.call(&turn, Method::POST, Payload::Body(&body), window_ms).await {
            Ok(answer) => {
                #[derive(Deserialize)]
                struct Ids<'a> {
                    #[serde(borrow, default, rename = "orderId")]
                    order_id: Lexeme<'a>,
                }
                let ids = answer.result::<Ids<'_>>();
                let order_id = ids.as_ref().map_or("", |ids| ids.order_id.as_str());
                asked.answered(Channel::Rest, 0, "", order_id)
            }
            Err(RestError::Refused { code, message, .. }) => {
                asked.answered(Channel::Rest, code, &message, "")
            }
            Err(error @ (RestError::Connect(_) | RestError::Banned { .. } | RestError::Setup(_))) => {
                asked.not_sent(&error.to_string())
            }
            Err(RestError::Status(status)) => {
                let message = format!("http status {status}");
                asked.failed(codes::http_meaning(status), i32::from(status), &message)
            }
            Err(
                RestError::NoAnswer(_)
                | RestError::TooLong
                | RestError::Unreadable { .. }
                | RestError::NoSuchInstrument(_),
            ) => asked.undetermined(0),
        }
    }
}
