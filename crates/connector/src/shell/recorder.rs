//! Recording connections: started together, asked for fresh snapshots when a file begins, stopped together.

use super::{
    bells::Bells,
    doors::Doors,
    stream::{Outlets, StreamTask},
};
use crate::{
    clock::VenueClock,
    endpoints::Address,
    observation::Observer,
    session::{RecordRequest, RecordSession, Tap, Timing, split_names},
    sign::Credentials,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::timeout,
};

/// Requests for fresh snapshots that may wait; one is as good as several.
const REQUESTS: usize = 4;

/// One stream to record.
#[derive(Debug)]
pub struct Feed {
    /// Where it is.
    pub address: Address,
    /// The key of a private stream.
    pub credentials: Option<Arc<Credentials>>,
    /// Topics in the exchange's spelling.
    pub topics: Vec<String>,
    /// Where its messages go.
    pub tap: Tap,
}

/// The running connections.
#[derive(Debug)]
pub struct Recorder {
    renewal: Renewal,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// Asks a recorder's connections for fresh snapshots.
#[derive(Debug, Clone)]
pub struct Renewal {
    /// Senders: the writers. Receivers: the connections. When full: dropped, one is under way.
    ask: Vec<mpsc::Sender<RecordRequest>>,
}

impl Recorder {
    /// Starts every connection. Must be called inside a tokio runtime.
    #[must_use]
    pub fn start(feeds: Vec<Feed>, clock: &Arc<VenueClock>, observer: &Observer, timing: Timing) -> Self {
        let (stop, stopped) = watch::channel(false);
        let doors = Arc::<Doors>::default();
        let mut tasks = JoinSet::new();
        let mut ask = Vec::new();
        for feed in feeds {
            for topics in split_names(feed.topics) {
                let tap = feed.tap.clone();
                let session = match &feed.credentials {
                    Some(credentials) => RecordSession::private(Arc::clone(credentials), topics, tap, timing),
                    None => RecordSession::public(topics, tap, timing),
                };
                let (renew, requests) = mpsc::channel(REQUESTS);
                // A recording session tells no events, so nobody needs to listen.
                let (market, _) = mpsc::channel(1);
                let (account, _) = mpsc::channel(1);
                let task = StreamTask {
                    session,
                    address: feed.address.clone(),
                    clock: Arc::clone(clock),
                    outlets: Outlets { market, account },
                    observer: observer.clone(),
                    requests,
                    is_ready: Arc::default(),
                    bells: Arc::<Bells>::default(),
                    doors: Arc::clone(&doors),
                    stop: stopped.clone(),
                    retiring: None,
                };
                tasks.spawn(task.run());
                ask.push(renew);
            }
        }
        Self { renewal: Renewal { ask }, stop, tasks }
    }

    /// For whoever begins new files.
    #[must_use]
    pub fn renewal(&self) -> Renewal {
        self.renewal.clone()
    }

    /// Ends every connection; nothing is recorded afterwards.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(Duration::from_secs(5), all).await.is_err() {
            tracing::warn!("the recorder's connections did not end in time and are cut");
        }
    }
}

impl Renewal {
    /// Asks for snapshots of every book and ticker.
    pub fn ask(&self) {
        for connection in &self.ask {
            let _ = connection.try_send(RecordRequest::Renew);
        }
    }
}
