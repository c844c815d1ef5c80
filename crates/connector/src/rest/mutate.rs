//! Mutations over REST: each end of a request becomes the one event that is certain.

use super::{
    answer::Answer,
    client::{Payload, RestClient},
    error::RestError,
};
use crate::{
    budget::Turn,
    category::Category,
    codec::number::Lexeme,
    codes::{self, Channel},
    encode::{Mutation, batch_kind, write_batch},
    outcome::{Asked, is_too_late},
};
use reqwest::Method;
use serde::Deserialize;
use windvane_model::AccountEvent;

impl RestClient {
    /// Sends a batch whose turn it is and says what became of each item, in their order.
    pub(crate) async fn mutate_batch(
        &self,
        category: Category,
        batch: &[Mutation],
        turn: Turn,
    ) -> Vec<AccountEvent> {
        let asked: Vec<Asked> = batch.iter().map(Asked::from).collect();
        let each = |event: &dyn Fn(&Asked) -> AccountEvent| asked.iter().map(event).collect();
        let Some(kind) = batch.first().and_then(batch_kind) else { return vec![] };
        if batch.iter().any(|mutation| is_too_late(mutation, self.clock.now())) {
            return each(&|asked| asked.not_sent("too old at the last look"));
        }
        let mut body = String::with_capacity(256 * batch.len());
        write_batch(category, batch, &mut body);
        match self.call(&turn, Method::POST, Payload::Body(&body), Some(kind.recv_window_ms)).await {
            Ok(answer) => match answer.items() {
                Ok(items) => {
                    // In the midst of a batch its items may be too many.
                    if items.iter().any(|item| item.code == 10006) {
                        let now = self.clock.now();
                        self.budget().with(|budget| budget.refused(now, turn.call(), None));
                    }
                    Asked::batch_answered(&asked, Channel::Rest, &items).collect()
                }
                Err(_) => each(&|asked| asked.undetermined(0)),
            },
            Err(error) => each(&|asked| failed(asked, &error)),
        }
    }

    /// Sends one mutation whose turn it is and says what became of it. Never an error: every end has its event.
    pub(crate) async fn mutate(&self, mutation: &Mutation, turn: Turn) -> AccountEvent {
        self.mutate_in(Category::Linear, mutation, turn).await
    }

    /// The same for any product.
    pub(super) async fn mutate_in(
        &self,
        category: Category,
        mutation: &Mutation,
        turn: Turn,
    ) -> AccountEvent {
        let asked = Asked::from(mutation);
        if is_too_late(mutation, self.clock.now()) {
            return asked.not_sent("too old at the last look");
        }
        let body = mutation.body(category);
        let window_ms = Some(mutation.recv_window_ms());
        let answer = self.call(&turn, Method::POST, Payload::Body(&body), window_ms).await;
        outcome(&asked, answer)
    }
}

/// What became of a single request, by the answer to it or by what went wrong instead.
pub(crate) fn outcome(asked: &Asked, answer: Result<Answer, RestError>) -> AccountEvent {
    #[derive(Deserialize)]
    struct Ids<'a> {
        #[serde(borrow, default, rename = "orderId")]
        order_id: Lexeme<'a>,
    }
    match answer {
        Ok(answer) => {
            let ids = answer.result::<Ids<'_>>();
            let order_id = ids.as_ref().map_or("", |ids| ids.order_id.as_str());
            asked.answered(Channel::Rest, 0, "", order_id)
        }
        Err(error) => failed(asked, &error),
    }
}

/// What a request did that came to no good answer.
fn failed(asked: &Asked, error: &RestError) -> AccountEvent {
    match error {
        RestError::Refused { code, message, .. } => asked.answered(Channel::Rest, *code, message, ""),
        RestError::Connect(_) | RestError::Banned { .. } | RestError::Setup(_) => {
            asked.not_sent(&error.to_string())
        }
        RestError::Status(status) => {
            let message = format!("http status {status}");
            asked.failed(codes::http_meaning(*status), i32::from(*status), &message)
        }
        RestError::NoAnswer(_)
        | RestError::TooLong
        | RestError::Unreadable { .. }
        | RestError::NoSuchInstrument(_) => asked.undetermined(0),
    }
}
