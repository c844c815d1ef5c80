//! The HTTP server of telemetry, on a thread of its own. What it answers is in [`routes`](crate::routes).

use crate::routes::{Reach, Shared, router};
use crate::{Board, Health, catalogue};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
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

impl Server {
    /// Installs the process's metrics recorder and serves it on `address`, beside health and the status page that shows
    /// `board`. The page is served on a loopback address only.
    ///
    /// # Errors
    /// When the address cannot be listened on, or a recorder is installed already.
    pub fn start(address: SocketAddr, health: Health, board: Board) -> Result<Self, ServerError> {
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
        let reach = if address.ip().is_loopback() { Reach::Loopback } else { Reach::Network };
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("telemetry".to_owned())
            .spawn(move || serve(listener, reach, Shared { metrics, health, board }, stopped))
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

fn serve(listener: TcpListener, reach: Reach, shared: Shared, stopped: oneshot::Receiver<()>) {
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
        tokio::select! {
            served = axum::serve(listener, router(shared, reach)) => {
                if let Err(error) = served {
                    tracing::error!(%error, "the telemetry server ended");
                }
            }
            _ = stopped => {}
        }
    });
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
    fn metrics_health_readiness_and_the_page_are_served_and_a_taken_port_is_named() {
        let health = Health::default();
        let board = Board::default();
        let server =
            Server::start(SocketAddr::from(([127, 0, 0, 1], 0)), health.clone(), board.clone()).unwrap();
        show(&Picture { orders_unknown: 3, ..Picture::default() });
        let metrics = get(server.address(), "/metrics");
        assert!(metrics.contains("windvane_orders_unknown 3"), "{metrics}");
        assert!(metrics.contains("process_resident_memory_bytes"), "{metrics}");
        assert!(get(server.address(), "/health").starts_with("HTTP/1.1 200"));
        assert!(get(server.address(), "/ready").contains("starting"));
        health.beat(Readiness::Ready);
        assert!(get(server.address(), "/ready").starts_with("HTTP/1.1 200"));
        board.publish("{\"run_state\":\"active\"}");
        assert!(get(server.address(), "/status.json").ends_with("{\"run_state\":\"active\"}"));
        let page = get(server.address(), "/");
        assert!(page.contains("frame-ancestors 'none'") && page.contains("<title>Windvane"), "{page}");
        let error = Server::start(server.address(), Health::default(), Board::default()).unwrap_err();
        assert!(error.to_string().contains(&server.address().to_string()), "{error}");
    }
}
