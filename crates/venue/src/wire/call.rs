//! REST calls of an account, read and answered without a server.

use windvane_venue_core::{Request, Uid, Venue};

use super::envelope::{Answer, Refusal, rest_body};
use super::fields::Fields;
use super::reply::checked;
use super::request::{self, new_order};
use super::window::check_window;
use super::{Digits, Writer};
use crate::config::DoubtsConfig;

/// A POST whose signature is in order.
#[derive(Debug, Clone, Copy)]
pub struct Post<'a> {
    /// Such as `/v5/order/create`.
    pub path: &'a str,
    /// The header of its stamp, ms since 1970.
    pub timestamp: &'a str,
    /// The header of its window in ms.
    pub recv_window: &'a str,
    /// JSON.
    pub body: &'a str,
}

impl Post<'_> {
    /// What it asks of the core, if it is well formed and in time at `now_ms` of the wall clock.
    ///
    /// # Errors
    /// The refusal.
    pub fn read(&self, now_ms: i64, doubts: &DoubtsConfig) -> Result<Request, Refusal> {
        check_window(self.timestamp, Some(self.recv_window), now_ms)?;
        let fields = Fields::from_body(self.body.as_bytes())?;
        let unknown = || Refusal::new(10404, format!("path not found: {}", self.path));
        request::read(self.path, &fields, doubts)?.ok_or_else(unknown)
    }
}

/// The body of the answer at `now_ms` of the wall clock.
#[must_use]
pub fn body(answer: &Answer, doubts: &DoubtsConfig, now_ms: i64) -> String {
    rest_body(answer, doubts.success_text.text(), now_ms)
}

/// What an order would do to the account's margin rates, by the body of the question.
///
/// # Errors
/// The refusal of what is not well formed, or would be refused.
pub fn question(
    core: &mut Venue,
    (digits, doubts): (&Digits, &DoubtsConfig),
    who_and_when: (Uid, i64),
    body: &str,
) -> Answer {
    pre_check(core, (digits, doubts), who_and_when, &Fields::from_body(body.as_bytes())?)
}

/// The same by its fields. A question takes a name as an order does.
pub(crate) fn pre_check(
    core: &mut Venue,
    (digits, doubts): (&Digits, &DoubtsConfig),
    (uid, now_ms): (Uid, i64),
    fields: &Fields,
) -> Answer {
    let order = new_order(fields, doubts)?;
    let link_id = order.order_link_id.clone().unwrap_or_default();
    let order_id = core.name_pre_check();
    let outcome = core.pre_check(uid, &order);
    let writer = Writer { core, digits, doubts };
    let outcome = outcome
        .map_err(|refused| (refused.rates, writer.refusal(now_ms, refused.refusal, &Request::Create(order))));
    checked((&order_id, &link_id), outcome)
}
