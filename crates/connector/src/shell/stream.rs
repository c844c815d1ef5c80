//! The task of one WebSocket: connect, drive the session, wait, connect again.
//!
//! Receive, hand over, send, repeat. What anything means is the session's business.

use super::{
    bells::Bells,
    doors::Doors,
    socket::{Socket, SocketError},
};
use crate::{
    backoff::Backoff,
    budget::SILENCE_MS,
    clock::VenueClock,
    endpoints::Address,
    observation::{Observation, Observer},
    session::{CloseReason, Output, Session},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    task::yield_now,
    time::{Instant, sleep},
};
use tokio_tungstenite::tungstenite;
use windvane_model::{Event, MarketEvent, Millis, WallTime};

/// Where events go. One task sends into each; the engine's loop receives.
#[derive(Debug, Clone)]
pub struct Outlets {
    /// Facts of the market with the wall time their frame was read. Capacity: the caller's, a few thousand.
    /// When full: the public socket is not read, and TCP makes the venue wait; nothing is lost. Closed: the
    /// streams end.
    pub market: mpsc::Sender<(WallTime, MarketEvent)>,
    /// Facts of the account and the links, likewise. Never dropped: when full, the private socket is not read.
    pub account: mpsc::Sender<(WallTime, Event)>,
}

/// Bounds of the wait before a new connection, ms. The mean of the first is a quarter of a second; at the cap it
/// stays far below the venue's 500 connections in five minutes.
const FIRST_WAIT_MS: Millis = 500;
const LONGEST_WAIT_MS: Millis = 30_000;
/// A connection that was ready for this long counts as a success: the next wait is the first one again.
const STABLE_MS: Millis = 10_000;
/// How long the timer sleeps when nothing is due.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// How long a connection that was handed over may take to finish; requests are given up before that.
const RETIRE_WITHIN: Duration = Duration::from_secs(15);

/// One stream's task.
pub(super) struct StreamTask<S: Session> {
    pub(super) session: S,
    pub(super) address: Address,
    pub(super) clock: Arc<VenueClock>,
    pub(super) outlets: Outlets,
    pub(super) observer: Observer,
    /// Sender: the connector's handle. Closed: nobody will ask any more.
    pub(super) requests: mpsc::Receiver<S::Request>,
    /// Told to the handle, which routes by it.
    pub(super) is_ready: Arc<AtomicBool>,
    /// Rung for what somebody should look at.
    pub(super) bells: Arc<Bells>,
    /// Counts the connections of all streams.
    pub(super) doors: Arc<Doors>,
    /// Becomes true when the connector stops.
    pub(super) stop: watch::Receiver<bool>,
    /// The connection before this one, while it still finishes.
    pub(super) retiring: Option<Retiring<S>>,
}

/// Nobody listens any more, or the connector stops.
struct Ended;

/// A connection that finishes what it has begun while the next one takes over.
pub(super) struct Retiring<S> {
    session: S,
    socket: Socket,
    until: Instant,
}

/// How one life of a connection ended.
enum Life {
    /// For a reason, after which another is tried.
    Ended(CloseReason),
    /// Another one takes over at once.
    HandedOver,
}

impl<S: Session> StreamTask<S> {
    pub(super) async fn run(mut self) {
        let mut backoff = Backoff::new(FIRST_WAIT_MS, LONGEST_WAIT_MS);
        let mut out = Output::default();
        loop {
            let started = self.clock.now();
            let ended = match self.live(&mut out).await {
                Ok(Life::HandedOver) => continue,
                Ok(Life::Ended(reason)) => Ok(reason),
                Err(Ended) => Err(Ended),
            };
            if let Some(mut old) = self.retiring.take() {
                old.session.closed(&mut out);
            }
            // What was meant for the old connection must not reach the next one.
            out.frames.clear();
            out.close = None;
            self.session.closed(&mut out);
            let reason = match ended {
                Ok(reason) => reason,
                Err(Ended) => {
                    // What waits has not left and never will; and the last words still matter to a journal
                    // that listens.
                    self.requests.close();
                    while let Ok(request) = self.requests.try_recv() {
                        self.session.request(self.clock.moment(), request, &mut out);
                    }
                    let _ = self.hand_over(&mut out).await;
                    return;
                }
            };
            if self.hand_over(&mut out).await.is_err() {
                return;
            }
            if self.clock.now().millis_since(started) > STABLE_MS {
                backoff.reset();
            }
            if reason == CloseReason::LoginRefused {
                self.bells.key.notify_one();
            }
            let delay_ms = match reason {
                // Knocking on would only prolong it.
                CloseReason::Banned => SILENCE_MS,
                lasting if lasting.is_lasting() => LONGEST_WAIT_MS,
                _ => backoff.next_delay(fastrand::u64(..)),
            };
            let stream = self.session.stream();
            tracing::warn!(stream = stream.as_str(), %reason, delay_ms, "connection ended");
            self.observer.observe(Observation::Reconnecting { stream, reason: reason.as_str(), delay_ms });
            if self.wait(delay_ms, &mut out).await.is_err() {
                return;
            }
        }
    }

    /// One connection from its first byte to its end.
    async fn live(&mut self, out: &mut Output) -> Result<Life, Ended> {
        let mut socket = match self.connect(out).await? {
            Ok(socket) => socket,
            Err(error) => {
                tracing::warn!(address = %self.address, %error, "no connection");
                return Ok(Life::Ended(match error.is_ban() {
                    true => CloseReason::Banned,
                    false => CloseReason::Connect,
                }));
            }
        };
        self.session.open(self.clock.moment(), out);
        // One timer for the life of the connection: deadlines seldom move, and taking a timer out of the
        // runtime's wheel and putting it back for every frame would stand between a price and its order.
        let mut timer = std::pin::pin!(sleep(self.until_deadline()));
        let mut timer_is_for = self.session.next_deadline();
        loop {
            let close = self.flush(&mut socket, out).await?;
            // Before a reason to close: a connection that has nothing left to finish gives one as well.
            if std::mem::take(&mut out.hands_over) && self.retiring.is_none() {
                tracing::info!(
                    stream = self.session.stream().as_str(),
                    "the venue will end the connection; handing over"
                );
                let next = self.session.successor();
                let session = std::mem::replace(&mut self.session, next);
                self.retiring = Some(Retiring { session, socket, until: Instant::now() + RETIRE_WITHIN });
                return Ok(Life::HandedOver);
            }
            if let Some(reason) = close {
                if reason != CloseReason::Lost {
                    socket.close().await;
                }
                return Ok(Life::Ended(reason));
            }
            self.retire(out).await?;
            if timer_is_for != self.session.next_deadline() {
                timer_is_for = self.session.next_deadline();
                timer.as_mut().reset(Instant::now() + self.until_deadline());
            }
            tokio::select! {
                biased;
                _ = self.stop.changed() => {
                    socket.close().await;
                    return Err(Ended);
                }
                // Cancel safe: a plain receive. First, because an order waits for nothing.
                Some(request) = self.requests.recv() => {
                    self.session.request(self.clock.moment(), request, out);
                }
                // Cancel safe: see `Socket::next`.
                frame = socket.next() => match frame {
                    Some(Ok(text)) => {
                        let moment = self.clock.moment();
                        self.session.text(moment, text.as_str(), out);
                        // The receive time of the frame, not of the hand-over, is the start of tick-to-order.
                        self.hand_over_at(moment.wall, out).await?;
                        // Whoever listens goes first: what it commands must not wait for what is left to do here.
                        yield_now().await;
                        let stream = self.session.stream();
                        self.observer.observe(Observation::FrameIn { stream, at: moment.wall });
                    }
                    Some(Err(error)) => {
                        tracing::debug!(%error, "read failed");
                        return Ok(Life::Ended(CloseReason::Lost));
                    }
                    None => return Ok(Life::Ended(CloseReason::Lost)),
                },
                // Cancel safe: see `Socket::next`.
                word = last_word(&mut self.retiring) => self.hear(word, out).await?,
                () = &mut timer => {
                    timer_is_for = None;
                    timer.as_mut().reset(Instant::now() + LONGEST_SLEEP);
                    self.session.deadline(self.clock.moment(), out);
                }
            }
        }
    }

    /// Connects; requests that come meanwhile are answered at once.
    async fn connect(&mut self, out: &mut Output) -> Result<Result<Socket, SocketError>, Ended> {
        let (address, doors, clock) =
            (self.address.clone(), Arc::clone(&self.doors), Arc::clone(&self.clock));
        let mut connecting = std::pin::pin!(async {
            doors.turn(&clock).await;
            Socket::connect(&address).await
        });
        loop {
            tokio::select! {
                biased;
                _ = self.stop.changed() => return Err(Ended),
                done = &mut connecting => return Ok(done),
                // Cancel safe: see `Socket::next`.
                word = last_word(&mut self.retiring) => self.hear(word, out).await?,
                Some(request) = self.requests.recv() => {
                    self.session.request(self.clock.moment(), request, out);
                    self.hand_over(out).await?;
                }
            }
        }
    }

    /// Takes what the connection before this one still says; `None` is its end.
    async fn hear(&mut self, word: Option<tungstenite::Utf8Bytes>, out: &mut Output) -> Result<(), Ended> {
        let Some(mut old) = self.retiring.take() else { return Ok(()) };
        match word {
            Some(text) => {
                old.session.text(self.clock.moment(), text.as_str(), out);
                self.retiring = Some(old);
            }
            None => old.session.closed(out),
        }
        // It sends nothing more, and its announcement has been heard.
        out.frames.clear();
        (out.hands_over, out.close) = (false, None);
        self.hand_over(out).await
    }

    /// Ends the connection before this one when it has finished and this one is ready, or when it takes too long.
    async fn retire(&mut self, out: &mut Output) -> Result<(), Ended> {
        let is_ready = self.session.is_ready();
        let may_go =
            |old: &Retiring<S>| (is_ready && old.session.has_finished()) || old.until <= Instant::now();
        let Some(mut old) = self.retiring.take_if(|old| may_go(old)) else { return Ok(()) };
        old.session.closed(out);
        self.hand_over(out).await?;
        old.socket.close().await;
        Ok(())
    }

    /// Waits before the next attempt; requests that come meanwhile are answered at once.
    async fn wait(&mut self, delay_ms: Millis, out: &mut Output) -> Result<(), Ended> {
        let mut waiting = std::pin::pin!(sleep(millis(delay_ms)));
        loop {
            tokio::select! {
                biased;
                _ = self.stop.changed() => return Err(Ended),
                () = &mut waiting => return Ok(()),
                Some(request) = self.requests.recv() => {
                    self.session.request(self.clock.moment(), request, out);
                    self.hand_over(out).await?;
                }
            }
        }
    }

    /// Sends what is to be sent, hands over the rest; the reason to close, if there is one.
    async fn flush(&mut self, socket: &mut Socket, out: &mut Output) -> Result<Option<CloseReason>, Ended> {
        for frame in out.frames.drain(..) {
            if let Err(error) = socket.send(frame.text).await {
                tracing::debug!(%error, "write failed");
                out.close.get_or_insert(match error {
                    SocketError::WriteTimeout => CloseReason::WriteStuck,
                    SocketError::ConnectTimeout | SocketError::Protocol(_) => CloseReason::Lost,
                });
                break;
            }
            if let Some((request, client_order_id)) = frame.order {
                self.observer.observe(Observation::Sent { request, client_order_id, at: self.clock.now() });
            }
        }
        let close = out.close.take();
        self.hand_over(out).await?;
        Ok(close)
    }

    async fn hand_over(&mut self, out: &mut Output) -> Result<(), Ended> {
        self.hand_over_at(self.clock.now(), out).await
    }

    async fn hand_over_at(&mut self, at: WallTime, out: &mut Output) -> Result<(), Ended> {
        self.is_ready.store(self.session.is_ready(), Ordering::Relaxed);
        for observation in out.observations.drain(..) {
            self.observer.observe(observation);
        }
        let is_refused = std::mem::take(&mut out.distrusts_clock);
        let sample = out.clock_sample.take();
        let offset = sample.and_then(|sample| match is_refused {
            true => self.clock.measure(&sample),
            false => self.clock.hear_reply(&sample),
        });
        if let Some(offset) = offset {
            self.observer.observe(Observation::ClockOffset(offset));
        }
        if is_refused {
            // Whatever its answer said of the time: the next one has to confirm it.
            self.clock.distrust();
        }
        for event in out.market.drain(..) {
            self.outlets.market.send((at, event)).await.map_err(|_| Ended)?;
        }
        for event in out.events.drain(..) {
            self.bells.hear(&event);
            self.outlets.account.send((at, event)).await.map_err(|_| Ended)?;
        }
        Ok(())
    }

    fn until_deadline(&self) -> Duration {
        let now = self.clock.now();
        self.session.next_deadline().map_or(LONGEST_SLEEP, |at| {
            Duration::from_nanos(at.0.saturating_sub(now.0).max(0).unsigned_abs())
        })
    }
}

/// The next text of the connection before this one, or `None` at its end; waits for ever when there is none.
async fn last_word<S>(retiring: &mut Option<Retiring<S>>) -> Option<tungstenite::Utf8Bytes> {
    match retiring {
        Some(old) => tokio::select! {
            text = old.socket.next() => text?.ok(),
            () = tokio::time::sleep_until(old.until) => None,
        },
        None => std::future::pending().await,
    }
}

fn millis(length: Millis) -> Duration {
    Duration::from_millis(length.max(0).unsigned_abs())
}
