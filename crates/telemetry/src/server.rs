//! The HTTP server of `/metrics`, `/health` and `/ready`, on a thread of its own.

use crate::{Health, catalogue};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::{Router, routing::get};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio::sync::oneshot;

/// Histogram bounds in seconds: from the cost of one decision to a slow exchange.
const BUCKETS: [f64; 20] = [
    1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1,
    0.25, 0.5, 1.0, 5.0,
];

/// How often the exporter folds its samples; without it a distribution that nobody scrapes would grow.
const UPKEEP: Duration = Duration::from_secs(5);

/// Why telemetry could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address} for /metrics: {source}")]
    Listen {
        /// The address asked.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The exporter refused its settings, or the process has one already.
    #[error("cannot start the metrics exporter: {0}")]
    Exporter(String),
}

/// A running server; stops when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Clone)]
struct Shared {
    metrics: PrometheusHandle,
    health: Health,
}

impl Server {
    /// Installs the process's metrics recorder and serves it on `address`.
    ///
    /// # Errors
    /// When the address cannot be listened on, or a recorder is installed already.
    pub fn start(address: SocketAddr, health: Health) -> Result<Self, ServerError> {
        let listener = TcpListener::bind(address)
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
            .map_err(|source| ServerError::Listen { address, source })?;
        let address = listener.local_addr().map_err(|source| ServerError::Listen { address, source })?;
        let metrics = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
            .and_then(PrometheusBuilder::install_recorder)
            .map_err(|error| ServerError::Exporter(error.to_string()))?;
        catalogue::describe();
        metrics_process::Collector::default().describe();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("telemetry".to_owned())
            .spawn(move || serve(listener, Shared { metrics, health }, stopped))
            .map_err(|source| ServerError::Listen { address, source })?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(listener: TcpListener, shared: Shared, stopped: oneshot::Receiver<()>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "telemetry has no runtime; /metrics is not served");
            return;
        }
    };
    runtime.block_on(async move {
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => {
                tracing::error!(%error, "telemetry cannot use its listener; /metrics is not served");
                return;
            }
        };
        let upkeep = shared.metrics.clone();
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(UPKEEP);
            loop {
                tick.tick().await;
                upkeep.run_upkeep();
            }
        });
        let router = Router::new()
            .route("/metrics", get(metrics))
            .route("/health", get(health))
            .route("/ready", get(ready))
            .with_state(shared);
        tokio::select! {
            served = axum::serve(listener, router) => {
                if let Err(error) = served {
                    tracing::error!(%error, "the telemetry server ended");
                }
            }
            _ = stopped => {}
        }
    });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Picture, Readiness, show};
    use std::io::{Read, Write};
    use std::net::TcpStream;

    fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn metrics_health_and_readiness_are_served_and_a_taken_port_is_named() {
        let health = Health::default();
        let server = Server::start(SocketAddr::from(([127, 0, 0, 1], 0)), health.clone()).unwrap();
        show(&Picture { orders_unknown: 3, ..Picture::default() });
        let metrics = get(server.address(), "/metrics");
        assert!(metrics.contains("windvane_orders_unknown 3"), "{metrics}");
        assert!(metrics.contains("process_resident_memory_bytes"), "{metrics}");
        assert!(get(server.address(), "/health").starts_with("HTTP/1.1 200"));
        assert!(get(server.address(), "/ready").contains("starting"));
        health.beat(Readiness::Ready);
        assert!(get(server.address(), "/ready").starts_with("HTTP/1.1 200"));
        let error = Server::start(server.address(), Health::default()).unwrap_err();
        assert!(error.to_string().contains(&server.address().to_string()), "{error}");
    }
}
