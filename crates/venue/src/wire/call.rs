//! One REST call that changes something, as a server without a server would answer it.

use windvane_venue_core::Request;

use super::envelope::{Answer, Refusal, rest_body};
use super::fields::Fields;
use super::request;
use super::window::check_window;
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
