//! What the telemetry server answers: `/metrics`, `/health`, `/ready`, and on loopback the status page.
//!
//! Everything here reads; nothing can be changed over HTTP.

use crate::{Board, Health, page};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;
use std::net::IpAddr;

/// What the answers are made from.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) metrics: PrometheusHandle,
    pub(crate) health: Health,
    pub(crate) board: Board,
}

/// Who can reach the listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This machine alone: the status page is served, too.
    Loopback,
    /// Others: figures and states only, neither orders nor positions by name.
    Network,
}

/// All routes for such a listener.
pub(crate) fn router(shared: Shared, reach: Reach) -> Router {
    let open = Router::new()
        .route("/metrics", get(metrics))
        .route("/health", get(health))
        .route("/ready", get(ready));
    let page = match reach {
        Reach::Loopback => Router::new()
            .route("/", get(status_page))
            .route("/status.json", get(status))
            .layer(middleware::from_fn(only_by_a_local_name)),
        Reach::Network => Router::new(),
    };
    open.merge(page).with_state(shared)
}

/// Refuses requests that name another host. A page from elsewhere can have its own name resolve to 127.0.0.1 and then
/// read what the browser takes for its own server; it cannot choose the `Host` header.
async fn only_by_a_local_name(request: Request, next: Next) -> Response {
    if is_local_name(request.headers()) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "the status page is served under a name of this machine only\n").into_response()
}

fn is_local_name(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn metrics(State(shared): State<Shared>) -> impl IntoResponse {
    metrics_process::Collector::default().collect();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], shared.metrics.render())
}

async fn health(State(shared): State<Shared>) -> impl IntoResponse {
    match shared.health.alive() {
        Ok(()) => (StatusCode::OK, "alive\n".to_owned()),
        Err(ms) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("the engine's loop has been silent for {ms} ms\n"))
        }
    }
}

async fn ready(State(shared): State<Shared>) -> impl IntoResponse {
    match shared.health.ready() {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why),
    }
}

async fn status_page() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, page::POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, page::document())
}

async fn status(State(shared): State<Shared>) -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (headers, shared.board.latest().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn the_page_answers_to_names_of_this_machine_only() {
        for (host, expected) in [
            ("localhost:9464", true),
            ("127.0.0.1:9464", true),
            ("127.0.0.1", true),
            ("[::1]:9464", true),
            ("evil.example:9464", false),
            ("127.0.0.1.evil.example", false),
            ("10.0.0.5:9464", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
            assert_eq!(is_local_name(&headers), expected, "{host}");
        }
        assert!(!is_local_name(&HeaderMap::new()), "a request without a host names nobody");
    }
}
