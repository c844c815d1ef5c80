//! One HTTP client for all REST calls: signs, sends, reads, and decides on the status before it looks inside.

use super::{
    answer::{Answer, MAX_ANSWER_BYTES, read_envelope},
    error::RestError,
    pace::Pace,
};
use crate::{
    clock::{ClockSample, VenueClock},
    codec::number::Lexeme,
    codes::{self, Channel},
    encode::Mutation,
    endpoints::VenueEndpoints,
    observation::{Observation, Observer},
    outcome::{Asked, is_too_late},
    sign::Credentials,
};
use reqwest::{Method, header::HeaderMap};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use windvane_model::{AccountEvent, Millis, WallTime};

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// From the send to the last byte. After it, what a mutation did is unknown.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
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
    pace: Arc<Pace>,
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
            pace: Arc::default(),
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
        self.keep_pace(&method).await?;
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
            tracing::error!(endpoint, "http 403: no request to this host for ten minutes");
        }
        self.pace.answered(status, self.clock.now(), fastrand::u64(..));
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

    /// Refuses while the host is silent, and holds reads back while it is overloaded.
    async fn keep_pace(&self, method: &Method) -> Result<(), RestError> {
        let now = self.clock.now();
        if let Some(left_ms) = self.pace.silence_left(now) {
            return Err(RestError::Banned { remaining_s: left_ms / 1000 + 1 });
        }
        let delay_ms = self.pace.read_delay(now);
        if *method == Method::GET && delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(delay_ms.unsigned_abs())).await;
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
