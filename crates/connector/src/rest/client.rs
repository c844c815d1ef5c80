//! One HTTP client for all REST calls: signs, sends, reads, and decides on the status before it looks inside.

use super::{
    answer::{Answer, MAX_ANSWER_BYTES, read_envelope},
    error::RestError,
};
use crate::{
    budget::{Call, LimitNotice, Purpose, RateLimits, SharedBudget, Turn, Verdict},
    clock::{ClockOffset, ClockSample, VenueClock},
    endpoints::VenueEndpoints,
    observation::{Observation, Observer},
    sign::Credentials,
};
use reqwest::{Method, header::HeaderMap};
use std::{sync::Arc, time::Duration};
use windvane_model::{Millis, WallTime};

const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// From the send to the last byte. After it, what a mutation did is unknown.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// For what only reads.
const READ_WINDOW_MS: Millis = 5_000;
/// `retCode` of a stamp that the venue finds too old or too far ahead.
const OUTSIDE_WINDOW: i32 = 10002;
/// How often a read that was one too many is tried again; each time it waits for the venue's reset stamp.
const READ_TRIES: usize = 3;

/// REST calls to one venue with one key. Clones share connections, clock and rate budget.
#[derive(Debug, Clone)]
pub struct RestClient {
    http: reqwest::Client,
    base: Arc<str>,
    credentials: Arc<Credentials>,
    pub(crate) clock: Arc<VenueClock>,
    observer: Observer,
    budget: SharedBudget,
    /// What the reads of this clone are for.
    purpose: Purpose,
}

/// What is sent: a query string or a body, in the very bytes that are signed.
#[derive(Clone, Copy)]
pub(super) enum Payload<'a> {
    Query(&'a str),
    Body(&'a str),
}

impl RestClient {
    /// A client for this venue and key, which keeps to these limits. Its reads count as audits; see
    /// [`RestClient::reading_for`].
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(
        endpoints: &VenueEndpoints,
        credentials: Arc<Credentials>,
        clock: Arc<VenueClock>,
        observer: Observer,
        limits: RateLimits,
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
            budget: SharedBudget::new(limits, fastrand::Rng::new()),
            purpose: Purpose::Audit,
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

    pub(crate) const fn budget(&self) -> &SharedBudget {
        &self.budget
    }

    /// The same client for reads of another purpose.
    #[must_use]
    pub fn reading_for(&self, purpose: Purpose) -> Self {
        Self { purpose, ..self.clone() }
    }

    /// An unsigned GET. `query` is sent as it is.
    pub(crate) async fn get_public(&self, path: &'static str, query: String) -> Result<Answer, RestError> {
        self.read(path, &query, None).await
    }

    /// A signed GET. `query` is signed and sent as it is.
    pub(crate) async fn get_signed(&self, path: &'static str, query: String) -> Result<Answer, RestError> {
        self.read(path, &query, Some(READ_WINDOW_MS)).await
    }

    async fn read(
        &self,
        path: &'static str,
        query: &str,
        window_ms: Option<Millis>,
    ) -> Result<Answer, RestError> {
        let call = Call {
            is_signed: window_ms.is_some(),
            ..Call::over_rest(path.trim_start_matches("/v5/"), self.purpose)
        };
        let mut tries = 1;
        loop {
            let turn = self.turn(call).await?;
            match self.call(&turn, Method::GET, Payload::Query(query), window_ms).await {
                // It did nothing, and the next turn comes after the reset stamp.
                Err(RestError::Refused { code: 10006, .. }) if tries < READ_TRIES => tries += 1,
                end => return end,
            }
        }
    }

    /// Waits until the rate budget has room for `call`.
    pub(super) async fn turn(&self, call: Call) -> Result<Turn, RestError> {
        self.turn_of(call, 1).await
    }

    /// Waits until the rate budget has room for `call` with some of so many places; the turn has them.
    pub(super) async fn turn_of(&self, mut call: Call, most: u32) -> Result<Turn, RestError> {
        loop {
            let now = self.clock.now();
            let verdict = self.budget.with(|budget| {
                call.places = budget.room(now, &call).clamp(1, most.max(1));
                budget.ask(now, &call)
            });
            match verdict {
                Verdict::Go => return Ok(self.budget.granted(&self.clock, call)),
                Verdict::Silent(until) => {
                    return Err(RestError::Banned { remaining_s: until.millis_since(now) / 1000 + 1 });
                }
                // A millisecond at least: the timer's own grain.
                Verdict::Wait(until) => {
                    let left_ns = until.0.saturating_sub(now.0).max(1_000_000);
                    tokio::time::sleep(Duration::from_nanos(left_ns.unsigned_abs())).await;
                }
            }
        }
    }

    /// One request whose turn it is, with everything its answer tells beside the result.
    pub(super) async fn call(
        &self,
        turn: &Turn,
        method: Method,
        payload: Payload<'_>,
        signed_window_ms: Option<Millis>,
    ) -> Result<Answer, RestError> {
        let endpoint = turn.call().endpoint;
        let started = self.clock.now();
        let mut notice = LimitNotice::default();
        let request = self.request(method, endpoint, payload, signed_window_ms);
        let result = self.exchange(endpoint, request, started, &mut notice).await;
        let now = self.clock.now();
        #[expect(clippy::cast_precision_loss, reason = "a duration for display")]
        let seconds = (now.0 - started.0) as f64 / 1e9;
        let code = result.as_ref().map_or_else(RestError::label, |_| 0);
        self.observer.observe(Observation::RestDone { endpoint, code, seconds });
        if let Some(remaining) = notice.left {
            self.observer.observe(Observation::RateLimit { endpoint, remaining });
        }
        if self.budget.answered(now, turn.call(), code, notice) {
            self.observer.observe(Observation::RateLimited { endpoint });
        }
        if code == OUTSIDE_WINDOW {
            self.clock.distrust();
        }
        if code == 403 {
            tracing::error!(endpoint, "http 403: no request to this host for ten minutes");
        }
        result
    }

    async fn exchange(
        &self,
        endpoint: &'static str,
        request: reqwest::RequestBuilder,
        started: WallTime,
        notice: &mut LimitNotice,
    ) -> Result<Answer, RestError> {
        let mut response = request.send().await.map_err(|error| {
            if error.is_connect() || error.is_builder() {
                RestError::Connect(error)
            } else {
                RestError::NoAnswer(error)
            }
        })?;
        *notice = self.limits(response.headers());
        let status = response.status().as_u16();
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
        self.overhear(started, answer.server_ms);
        Ok(answer)
    }

    fn request(
        &self,
        method: Method,
        endpoint: &str,
        payload: Payload<'_>,
        signed_window_ms: Option<Millis>,
    ) -> reqwest::RequestBuilder {
        let (url, text) = match payload {
            Payload::Query("") => (format!("{}/v5/{endpoint}", self.base), ""),
            Payload::Query(query) => (format!("{}/v5/{endpoint}?{query}", self.base), query),
            Payload::Body(body) => (format!("{}/v5/{endpoint}", self.base), body),
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
            Payload::Body(body) => request.header("Content-Type", "application/json").body(body.to_owned()),
        }
    }

    /// What the headers say of the endpoint's limit.
    fn limits(&self, headers: &HeaderMap) -> LimitNotice {
        fn number<T: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
            headers.get(name)?.to_str().ok()?.parse().ok()
        }
        LimitNotice {
            limit: number(headers, "X-Bapi-Limit"),
            left: number(headers, "X-Bapi-Limit-Status"),
            reset: number(headers, "X-Bapi-Limit-Reset-Timestamp").map(|ms| self.clock.from_venue(ms)),
        }
    }

    fn overhear(&self, sent: WallTime, server_ms: i64) {
        let changed = self.clock.overhear(&ClockSample {
            sent,
            received: self.clock.now(),
            server_ns: server_ms.saturating_mul(1_000_000),
            resolution_ns: 1_000_000,
        });
        self.tell_offset(changed);
    }

    /// Takes in an exchange of time made for the purpose.
    pub(crate) fn measure(&self, sample: &ClockSample) {
        self.tell_offset(self.clock.measure(sample));
    }

    fn tell_offset(&self, changed: Option<ClockOffset>) {
        if let Some(offset) = changed {
            self.observer.observe(Observation::ClockOffset(offset));
        }
    }
}
