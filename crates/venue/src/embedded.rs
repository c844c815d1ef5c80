//! Starting a venue: as the whole of a process, or inside another program on a thread of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use crate::config::{ConfigProblem, MarketConfig, VenueConfig};
use crate::exchange::Exchange;
use crate::exchange::moment::Moment;
use crate::server::place::Places;
use crate::server::{self, ExchangeLink, INBOUND_CAPACITY, Inbound, Pace};
use crate::source::SourceError;
use crate::source::relay::{self, ANEW_CAPACITY, Followed};

/// Why a venue does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The config contradicts itself; every problem is listed.
    #[error("{}", join(.0))]
    Config(Vec<ConfigProblem>),
    /// The market source cannot be built.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The address cannot be listened on.
    #[error("could not listen on {address}: {source}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The thread or its runtime cannot be made.
    #[error("could not start the venue's thread: {0}")]
    Thread(#[source] std::io::Error),
}

fn join(problems: &[ConfigProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Serves a venue on `listener` until `stop` turns true or its sender is dropped.
///
/// Make the listener with [`crate::listen`]. Give it a single-threaded runtime: the order of acknowledgements before pushes rests on it. A replay starts
/// to run when `POST /sim/clock {"run":true}` says so.
///
/// # Errors
/// The config is invalid or the market source cannot be built.
pub async fn serve(
    config: VenueConfig,
    listener: TcpListener,
    stop: watch::Receiver<bool>,
) -> Result<(), StartError> {
    let (finished, _) = watch::channel(false);
    let (link, inbound) = mpsc::channel(INBOUND_CAPACITY);
    let mut exchange = build(&config, finished)?;
    let door = Door::new(&config, &mut exchange, listener, link);
    run(exchange, door, inbound, stop).await;
    Ok(())
}

/// A venue on its own thread with its own single-threaded runtime, on a free loopback port. Dropping it stops
/// it as [`Embedded::stop`] does.
#[derive(Debug)]
pub struct Embedded {
    /// Base of REST requests, `http://127.0.0.1:PORT`.
    pub rest_url: String,
    /// Base of WebSocket paths, `ws://127.0.0.1:PORT`.
    pub ws_url: String,
    link: ExchangeLink,
    finished: watch::Receiver<bool>,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Embedded {
    /// Starts a venue; `config.listen` is ignored. When it returns, the venue answers requests.
    ///
    /// # Errors
    /// The config is invalid, the market source cannot be built, or there is no port or thread to be had.
    pub fn start(config: VenueConfig) -> Result<Self, StartError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listen = |source| StartError::Listen { address, source };
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(StartError::Thread)?;
        let (finished_sender, finished) = watch::channel(false);
        let (stop, stopped) = watch::channel(false);
        let (link, inbound) = mpsc::channel(INBOUND_CAPACITY);
        let entered = runtime.enter();
        let listener = server::listen(address).map_err(listen)?;
        let port = listener.local_addr().map_err(listen)?.port();
        let mut exchange = build(&config, finished_sender)?;
        drop(entered);
        let door = Door::new(&config, &mut exchange, listener, link.clone());
        let thread = std::thread::Builder::new()
            .name("venue".to_owned())
            .spawn(move || runtime.block_on(run(exchange, door, inbound, stopped)))
            .map_err(StartError::Thread)?;
        Ok(Self {
            rest_url: format!("http://127.0.0.1:{port}"),
            ws_url: format!("ws://127.0.0.1:{port}"),
            link,
            finished,
            stop,
            thread: Some(thread),
        })
    }

    /// Lets the market clock of a replay run. Markets on the wall clock run from the beginning.
    pub async fn run_market(&self) {
        // Fails only when the venue has stopped, and then no clock runs either way.
        let _ = self.link.send(Inbound::Start).await;
    }

    /// True once the replay has come to its end; orders go on working against the last book. The sender is
    /// dropped when the venue stops.
    #[must_use]
    pub fn finished(&self) -> watch::Receiver<bool> {
        self.finished.clone()
    }

    /// Closes every connection and waits for the thread to end.
    pub fn stop(mut self) {
        self.shut_down();
    }

    fn shut_down(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the venue's thread panicked");
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.shut_down();
    }
}

fn build(config: &VenueConfig, finished: watch::Sender<bool>) -> Result<Exchange, StartError> {
    let problems = config.check();
    if !problems.is_empty() {
        return Err(StartError::Config(problems));
    }
    Ok(Exchange::new(config, finished, Moment::now())?)
}

/// Where clients and relayed frames come in.
struct Door {
    listener: TcpListener,
    places: Places,
    pace: Pace,
    /// To the exchange, for each connection.
    link: ExchangeLink,
    /// The stream to relay.
    relay: Option<Followed>,
}

impl Door {
    fn new(config: &VenueConfig, exchange: &mut Exchange, listener: TcpListener, link: ExchangeLink) -> Self {
        let relay = match &config.market {
            MarketConfig::Relay(relay) => {
                let (sender, anew) = mpsc::channel(ANEW_CAPACITY);
                exchange.ask_anew_through(sender);
                Some(Followed { url: relay.url.clone(), symbols: exchange.relayed_symbols(), anew })
            }
            _ => None,
        };
        let pace = Pace { latency: config.latency(), request_timeout: config.request_timeout() };
        let places = Places::new(config.connections);
        Self { listener, places, pace, link, relay }
    }
}

/// Runs the exchange beside the accept loop until `stop`; sockets close as their queues are dropped.
async fn run(
    exchange: Exchange,
    door: Door,
    inbound: mpsc::Receiver<Inbound>,
    mut stop: watch::Receiver<bool>,
) {
    let relay = door.relay.map(|followed| relay::follow(followed, door.link.clone()));
    let relaying = async {
        match relay {
            Some(relay) => relay.await,
            None => std::future::pending().await,
        }
    };
    let accepting = server::accept((door.listener, door.places), door.link, door.pace, stop.clone());
    tokio::select! {
        biased;
        _ = stop.wait_for(|stopped| *stopped) => {}
        () = exchange.run(inbound) => {}
        () = accepting => {}
        () = relaying => {}
    }
}
