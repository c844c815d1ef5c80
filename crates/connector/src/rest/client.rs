//! One HTTP client for all REST calls: signs, sends, reads, and decides on the status before it looks inside.

use crate::{
    clock::{ClockSample, VenueClock},
    codec::{number::Lexeme, read_object},
    codes::{self, Channel},
    encode::Mutation,
    endpoints::VenueEndpoints,
    observation::{Observation, Observer},
    outcome::{Asked, is_too_late},
    sign::Credentials,
};
use reqwest::{Method, header::HeaderMap};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use windvane_model::{AccountEvent, Millis, WallTime};

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// From the send to the last byte. After it, what a mutation did is unknown.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// Largest answer that is read; a page of 1000 instruments has 1.5 MB.
const MAX_ANSWER_BYTES: usize = 8 << 20;
/// HTTP 403 means that this address sends too fast; it lifts after ten minutes without a request.
/// Source: Bybit V5, "Rate Limit Rules", IP limit.
const BAN_MS: Millis = 600_000;
/// For what only reads.
const READ_WINDOW_MS: Millis = 5_000;

/// REST calls to one venue with one key. Clones share connections, clock and the memory of a ban.
#[derive(Debug, Clone)]
pub struct RestClient {
    http: reqwest::Client,
    base: Arc<str>,
    credentials: Arc<Credentials>,
    pub(crate) clock: Arc<VenueClock>,
    observer: Observer,
    banned_until: Arc<AtomicI64>,
}

/// Why a call gave no result.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    /// The client could not be built: no usable TLS roots, for example.
    #[error("the http client cannot be set up")]
    Setup(#[source] reqwest::Error),
    /// No connection was made, so nothing was sent.
    #[error("no connection to the venue")]
    Connect(#[source] reqwest::Error),
    /// Sent, and no whole answer came.
    #[error("no answer from the venue")]
    NoAnswer(#[source] reqwest::Error),
    /// HTTP silence after a 403.
    #[error("the venue banned this address; http is silent for {remaining_s} s more")]
    Banned {
        /// Seconds left.
        remaining_s: i64,
    },
    /// An HTTP status other than 200.
    #[error("http status {0}")]
    Status(u16),
    /// The answer is longer than anything the venue sends.
    #[error("the answer is longer than {MAX_ANSWER_BYTES} bytes")]
    TooLong,
    /// The answer is not of the documented shape.
    #[error("unreadable answer of {endpoint}: {problem}")]
    Unreadable {
        /// Which call.
        endpoint: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The venue said no.
    #[error("{endpoint} was refused with code {code}: {message}")]
    Refused {
        /// Which call.
        endpoint: &'static str,
        /// `retCode`.
        code: i32,
        /// `retMsg`.
        message: String,
    },
    /// The venue does not know the contract.
    #[error("the venue knows no linear contract `{0}`")]
    NoSuchInstrument(windvane_model::Symbol),
}

impl RestError {
    /// The venue's code, or 0 when there was no readable answer.
    #[must_use]
    pub const fn code(&self) -> i32 {
        match self {
            Self::Refused { code, .. } => *code,
            _ => 0,
        }
    }

    /// For the label of a metric: the code, the HTTP status, or -1.
    fn label(&self) -> i32 {
        match self {
            Self::Refused { code, .. } => *code,
            Self::Status(status) => i32::from(*status),
            _ => -1,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    ret_code: Lexeme<'a>,
    #[serde(borrow, default)]
    ret_msg: Cow<'a, str>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    time: Lexeme<'a>,
}

/// A read answer with `retCode` 0.
pub(crate) struct Answer {
    endpoint: &'static str,
    /// `result`, as text.
    result: String,
    /// `time` of the envelope, ms since 1970 on the venue's wall clock; 0 when absent.
    pub(crate) server_ms: i64,
}

impl Answer {
    /// `result`, read as a wire struct that borrows from this answer.
    pub(crate) fn result<'a, T: Deserialize<'a>>(&'a self) -> Result<T, RestError> {
        read_object(&self.result).map_err(|error| self.unreadable(error))
    }

    /// One row of this answer, from its text.
    pub(crate) fn row<'a, T: Deserialize<'a>>(&self, text: &'a str) -> Result<T, RestError> {
        read_object(text).map_err(|error| self.unreadable(error))
    }

    pub(crate) fn unreadable(&self, problem: impl std::fmt::Display) -> RestError {
        RestError::Unreadable { endpoint: self.endpoint, problem: problem.to_string() }
    }
}

/// What is sent: a query string or a body, in the very bytes that are signed.
enum Payload {
    Query(String),
    Body(String),
}

impl RestClient {
    /// A client for this venue and key.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(
        endpoints: &VenueEndpoints,
        credentials: Arc<Credentials>,
        clock: Arc<VenueClock>,
        observer: Observer,
    ) -> Result<Self, RestError> {
        // An error only says that a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .pool_idle_timeout(Duration::from_secs(60))
            // A key goes to the host of the allow-list and nowhere else.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy();
        if endpoints.rest().is_plain() {
            // Loopback needs no roots; a bare machine may have none.
            builder = builder.tls_certs_only(std::iter::empty());
        } else {
            builder = builder.https_only(true);
        }
        Ok(Self {
            http: builder.build().map_err(RestError::Setup)?,
            base: endpoints.rest().as_str().into(),
            credentials,
            clock,
            observer,
            banned_until: Arc::default(),
        })
    }

    /// The clock that requests are stamped by.
    #[must_use]
    pub const fn clock(&self) -> &Arc<VenueClock> {
        &self.clock
    }

    pub(crate) const fn credentials(&self) -> &Arc<Credentials> {
        &self.credentials
    }

    pub(crate) const fn observer(&self) -> &Observer {
        &self.observer
    }

    /// An unsigned GET. `query` is sent as it is.
    pub(crate) async fn get_public(&self, path: &'static str, query: String) -> Result<Answer, RestError> {
        self.call(Method::GET, path, Payload::Query(query), None).await
    }

    /// A signed GET. `query` is signed and sent as it is.
    pub(crate) async fn get_signed(&self, path: &'static str, query: String) -> Result<Answer, RestError> {
        self.call(Method::GET, path, Payload::Query(query), Some(READ_WINDOW_MS)).await
    }

    /// Sends one mutation and says what became of it. Never an error: every end has its event.
    pub(crate) async fn mutate(&self, mutation: &Mutation) -> AccountEvent {
        let asked = Asked::from(mutation);
        if is_too_late(mutation, self.clock.now()) {
            return asked.not_sent("too old at the last look");
        }
        let body = Payload::Body(mutation.body());
        let answer = self.call(Method::POST, mutation.path(), body, Some(mutation.recv_window_ms())).await;
        match answer {
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

    async fn call(
        &self,
        method: Method,
        path: &'static str,
        payload: Payload,
        signed_window_ms: Option<Millis>,
    ) -> Result<Answer, RestError> {
        let endpoint = path.trim_start_matches("/v5/");
        self.refuse_while_banned()?;
        let started = self.clock.now();
        let result = self.exchange(method, path, endpoint, payload, signed_window_ms, started).await;
        #[expect(clippy::cast_precision_loss, reason = "a duration for display")]
        let seconds = (self.clock.now().0 - started.0) as f64 / 1e9;
        let code = result.as_ref().map_or_else(RestError::label, |_| 0);
        self.observer.observe(Observation::RestDone { endpoint, code, seconds });
        if matches!(code, 403 | 429 | 10006) {
            self.observer.observe(Observation::RateLimited { endpoint });
        }
        result
    }

    async fn exchange(
        &self,
        method: Method,
        path: &'static str,
        endpoint: &'static str,
        payload: Payload,
        signed_window_ms: Option<Millis>,
        started: WallTime,
    ) -> Result<Answer, RestError> {
        let request = self.request(method, path, payload, signed_window_ms);
        let mut response = request.send().await.map_err(|error| {
            if error.is_connect() || error.is_builder() {
                RestError::Connect(error)
            } else {
                RestError::NoAnswer(error)
            }
        })?;
        self.note_limits(endpoint, response.headers());
        let status = response.status().as_u16();
        if status == 403 {
            let until = self.clock.now().after(BAN_MS);
            self.banned_until.store(until.0, Ordering::Relaxed);
            tracing::error!(endpoint, "http 403: no request to this host for ten minutes");
        }
        if status != 200 {
            return Err(RestError::Status(status));
        }
        let mut bytes = Vec::with_capacity(4096);
        while let Some(chunk) = response.chunk().await.map_err(RestError::NoAnswer)? {
            if bytes.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(RestError::TooLong);
            }
            bytes.extend_from_slice(&chunk);
        }
        let answer = read_envelope(endpoint, bytes)?;
        self.note_time(started, answer.server_ms);
        Ok(answer)
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        payload: Payload,
        signed_window_ms: Option<Millis>,
    ) -> reqwest::RequestBuilder {
        let (url, text) = match &payload {
            Payload::Query(query) if query.is_empty() => (format!("{}{path}", self.base), ""),
            Payload::Query(query) => (format!("{}{path}?{query}", self.base), query.as_str()),
            Payload::Body(body) => (format!("{}{path}", self.base), body.as_str()),
        };
        let mut request = self.http.request(method, url);
        if let Some(window_ms) = signed_window_ms {
            let (stamp, window) = (self.clock.moment().stamp_ms.to_string(), window_ms.to_string());
            let signature = self.credentials.sign_rest(&stamp, &window, text);
            request = request
                .header("X-BAPI-API-KEY", self.credentials.key())
                .header("X-BAPI-SIGN", signature.as_str())
                .header("X-BAPI-TIMESTAMP", stamp)
                .header("X-BAPI-RECV-WINDOW", window);
        }
        match payload {
            Payload::Query(_) => request,
            Payload::Body(body) => request.header("Content-Type", "application/json").body(body),
        }
    }

    fn refuse_while_banned(&self) -> Result<(), RestError> {
        let until = WallTime(self.banned_until.load(Ordering::Relaxed));
        let remaining_ms = until.millis_since(self.clock.now());
        if remaining_ms > 0 {
            return Err(RestError::Banned { remaining_s: remaining_ms / 1000 + 1 });
        }
        Ok(())
    }

    fn note_limits(&self, endpoint: &'static str, headers: &HeaderMap) {
        let remaining = headers
            .get("X-Bapi-Limit-Status")
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse().ok());
        if let Some(remaining) = remaining {
            self.observer.observe(Observation::RateLimit { endpoint, remaining });
        }
    }

    fn note_time(&self, sent: WallTime, server_ms: i64) {
        self.note_sample(&ClockSample {
            sent,
            received: self.clock.now(),
            server_ns: server_ms.saturating_mul(1_000_000),
            resolution_ns: 1_000_000,
        });
    }

    pub(crate) fn note_sample(&self, sample: &ClockSample) {
        if let Some(offset) = self.clock.observe(sample) {
            self.observer.observe(Observation::ClockOffset(offset));
        }
    }
}

/// Reads the outside of an answer; a `retCode` other than 0 is an error with its words.
fn read_envelope(endpoint: &'static str, bytes: Vec<u8>) -> Result<Answer, RestError> {
    let unreadable = |problem: String| RestError::Unreadable { endpoint, problem };
    let text = String::from_utf8(bytes).map_err(|_| unreadable("not utf-8".to_owned()))?;
    let envelope: Envelope<'_> = read_object(&text).map_err(|e| unreadable(e.to_string()))?;
    let code: i32 = envelope.ret_code.integer("retCode").map_err(|e| unreadable(e.to_string()))?;
    if envelope.ret_code.is_empty() {
        return Err(unreadable("no retCode".to_owned()));
    }
    if code != 0 {
        return Err(RestError::Refused { endpoint, code, message: envelope.ret_msg.into_owned() });
    }
    let server_ms = envelope.time.integer("time").unwrap_or(0);
    let result = envelope.result.map_or_else(|| "{}".to_owned(), |raw| raw.get().to_owned());
    Ok(Answer { endpoint, result, server_ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_by_its_code_and_never_by_its_words() {
        let ok = br#"{"retCode":0,"retMsg":"","result":{"a":"7"},"time":1700000000123}"#;
        let answer = read_envelope("x", ok.to_vec()).unwrap();
        assert_eq!(answer.server_ms, 1_700_000_000_123);
        let result: std::collections::BTreeMap<String, String> = answer.result().unwrap();
        assert_eq!(result["a"], "7");

        let refused = br#"{"retCode":110007,"retMsg":"OK","result":{},"retExtInfo":{},"time":1}"#;
        assert!(matches!(read_envelope("x", refused.to_vec()), Err(RestError::Refused { code: 110007, .. })));
    }

    #[test]
    fn html_cut_text_and_an_empty_body_are_unreadable_and_nothing_more() {
        for body in ["<html>busy</html>", "{\"retCode\":0,\"ret", "", "{}", "[0]", "{\"retCode\":\"x\"}"] {
            let error = read_envelope("x", body.as_bytes().to_vec()).err().unwrap();
            assert!(matches!(error, RestError::Unreadable { .. }), "{body}: {error}");
        }
    }
}
