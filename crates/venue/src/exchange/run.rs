//! The exchange's loop: messages when they come, market steps when they are due.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::Exchange;
use super::hub::{BACKLOG_MAX, Session};
use super::moment::Moment;
use super::stage::Stage;
use crate::config::AcknowledgementOrder;
use crate::feed::PublicFeeds;
use crate::server::{Inbound, SessionQueue};

impl Exchange {
    /// Runs until every sender of `inbound` is gone.
    pub(crate) async fn run(mut self, mut inbound: mpsc::Receiver<Inbound>) {
        loop {
            let due = self.clock.next_due();
            let lagging =
                due.filter(|_| self.clock.is_replay()).and_then(|_| self.hub.lagging_public_queue());
            let timer = self.next_timer();
            // All branches are cancel safe: a message is received whole, waiting changes nothing.
            tokio::select! {
                biased;
                message = inbound.recv() => match message {
                    Some(message) => self.handle(Moment::now(), message),
                    None => return,
                },
                () = due_and_heard(due, lagging) => {
                    // In a replay a slow reader holds the market back; there may be another one.
                    if !(self.clock.is_replay() && self.hub.lagging_public_queue().is_some()) {
                        self.step(Moment::now());
                    }
                    // Behind its schedule the replay would never wait: let the sockets write.
                    tokio::task::yield_now().await;
                }
                () = reached(timer) => self.ring(Moment::now()),
            }
        }
    }

    /// When [`Exchange::ring`] has something to do next.
    pub(super) fn next_timer(&mut self) -> Option<Instant> {
        let disconnection = self.next_disconnection();
        let stage = Stage { hub: &mut self.hub, faults: &mut self.faults, now: self.now };
        let repetition = self.feeds.iter().filter_map(|feeds| feeds.next_repetition(&stage)).min();
        let repetition = repetition.map(|due| self.began + due);
        // In a replay market time goes by steps, and each of them looks for itself.
        let now_ms = self.now_ms();
        let turn = self.feeds.iter().filter_map(PublicFeeds::next_turn_ms).min().map(|at_ms| at_ms - now_ms);
        let of_market = self.next_delisting_ms().into_iter().chain(turn).filter(|_| !self.clock.is_replay());
        let of_market = of_market
            .map(|ms| self.now.instant + Duration::from_millis(u64::try_from(ms).unwrap_or_default()));
        repetition.into_iter().chain(disconnection).chain(self.hub.next_late()).chain(of_market).min()
    }

    /// Does what is due: sends frames that were held up and level-1 books that stand still, ends the orders of those who
    /// have been away too long, delists what is to be delisted.
    pub(super) fn ring(&mut self, now: Moment) {
        self.now = now;
        self.attune();
        self.hub.send_late(now.instant);
        self.end_disconnected();
        let now_ms = self.now_ms();
        self.delist_due();
        self.tell(now_ms);
        let moment = (now_ms, self.uptime());
        let mut stage = Stage { hub: &mut self.hub, faults: &mut self.faults, now };
        for feeds in &mut self.feeds {
            feeds.repeat(moment, &mut stage);
        }
    }

    /// Works on one message.
    pub(super) fn handle(&mut self, now: Moment, message: Inbound) {
        self.now = now;
        self.attune();
        match message {
            Inbound::Rest { call, reply } => {
                let answer = self.rest(&call);
                self.tell_before_acknowledging();
                // The client may have gone away; its request stands all the same.
                let _ = reply.send(answer);
            }
            Inbound::Opened { id, kind, peer, queue, hang_up } => {
                let open = self.hub.opened_from(peer, kind);
                // Dropping the queue closes the socket that is one too many.
                if !self.limits_rates() || self.quotas.admit_socket(peer, kind, open, now.wall_ms) {
                    self.hub.open(id, Session::new(kind, peer, queue, hang_up));
                }
            }
            Inbound::Frame { id, text } => self.frame(id, &text),
            Inbound::Closed { id } => {
                self.hub.close(id);
                self.quotas.forget_socket(id);
            }
            Inbound::Relayed { text } => self.relayed(&text),
            Inbound::Start => self.set_running(true),
        }
        let now_ms = self.now_ms();
        self.tell(now_ms);
    }

    /// Sends what a request has caused ahead of its acknowledgement, where the venue is in doubt about their order.
    pub(super) fn tell_before_acknowledging(&mut self) {
        if self.doubts.acknowledgement == AcknowledgementOrder::Last {
            let now_ms = self.now_ms();
            self.tell(now_ms);
        }
    }
}

/// Ready at a time; never without one.
async fn reached(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// Ready when a step is due and `lagging`, a queue with too much in it, has been drained (or is gone).
async fn due_and_heard(due: Option<Instant>, lagging: Option<SessionQueue>) {
    reached(due).await;
    if let Some(queue) = lagging {
        // The permits are given back at once: that there is room is what matters.
        let _ = queue.reserve_many(queue.max_capacity() - BACKLOG_MAX).await;
    }
}
