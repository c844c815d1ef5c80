//! The open sockets, who is behind them and what they subscribed to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use windvane_venue_core::Category;

use crate::fault::Subject;
use crate::listed::Listed;
use crate::server::auth::Caller;
use crate::server::{ConnectionId, SessionQueue, SocketKind, ToClient};

/// Frames that may wait for a public socket before the replay's clock waits for it: a few steps' worth. What
/// waits is market time that the client has not seen and the venue has already left.
pub(super) const BACKLOG_MAX: usize = 64;
/// What follows a private topic in the form for one product group.
const GROUPS: [&str; 3] = [".linear", ".inverse", ".spot"];
/// Request ids of a trade socket that are remembered to refuse a repetition.
const REQUEST_IDS_KEPT: usize = 4_096;

/// One open socket.
pub(super) struct Session {
    pub(super) kind: SocketKind,
    /// Who signed in, once somebody has.
    pub(super) caller: Option<Caller>,
    /// Where it was opened from.
    pub(super) peer: IpAddr,
    topics: BTreeSet<String>,
    queue: SessionQueue,
    /// A frame that the next one is to overtake.
    held: Option<Utf8Bytes>,
    /// Held only to be dropped: that cuts the socket, even in the middle of a frame.
    _hang_up: oneshot::Sender<()>,
    request_ids: (BTreeSet<String>, VecDeque<String>),
}

/// All open sockets.
#[derive(Default)]
pub(super) struct Hub {
    sessions: BTreeMap<ConnectionId, Session>,
    /// Public topics and who listens.
    listeners: Listed<BTreeSet<ConnectionId>>,
    /// Accounts whose private sockets listen to more or less than when they were last asked for.
    retuned: BTreeSet<u64>,
    /// Frames that a fault holds up, by their time; the number tells those of one time apart.
    late: BTreeMap<(Instant, u64), (ConnectionId, Utf8Bytes)>,
    late_frames: u64,
}

impl Session {
    pub(super) fn new(
        kind: SocketKind,
        peer: IpAddr,
        queue: SessionQueue,
        hang_up: oneshot::Sender<()>,
    ) -> Self {
        Self {
            kind,
            caller: None,
            peer,
            topics: BTreeSet::new(),
            queue,
            held: None,
            _hang_up: hang_up,
            request_ids: (BTreeSet::new(), VecDeque::new()),
        }
    }

    /// The account behind the socket, once somebody has signed in.
    pub(super) fn uid(&self) -> Option<u64> {
        self.caller.as_ref().map(|caller| caller.uid)
    }

    /// What a fault may know the socket by: what it is, and with each topic that it listens to.
    pub(super) fn subjects(&self) -> impl Iterator<Item = Subject<'_>> {
        let whole = Subject { uid: self.uid(), socket: Some(self.kind.path()), ..Subject::default() };
        let topics = self.topics.iter().map(move |topic| match self.kind.is_public() {
            true => Subject { topic: Some(topic), symbol: topic.rsplit('.').next(), ..whole },
            false => {
                let plain = GROUPS.iter().find_map(|group| topic.strip_suffix(group));
                Subject { topic: Some(plain.unwrap_or(topic)), ..whole }
            }
        });
        std::iter::once(whole).chain(topics)
    }

    /// How many topics the socket listens to, and their characters together.
    pub(super) fn topic_load(&self) -> (usize, usize) {
        (self.topics.len(), self.topics.iter().map(String::len).sum())
    }

    /// Whether the socket listens to this topic already.
    pub(super) fn has_topic(&self, topic: &str) -> bool {
        self.topics.contains(topic)
    }

    /// Remembers a request id; false when it was used before.
    pub(super) fn is_new_request(&mut self, id: &str) -> bool {
        let (known, order) = &mut self.request_ids;
        if !known.insert(id.to_owned()) {
            return false;
        }
        order.push_back(id.to_owned());
        if order.len() > REQUEST_IDS_KEPT
            && let Some(oldest) = order.pop_front()
        {
            known.remove(&oldest);
        }
        true
    }
}

impl Hub {
    /// No socket yet, of any of these accounts.
    pub(super) fn of(uids: impl Iterator<Item = u64>) -> Self {
        Self { retuned: uids.collect(), ..Self::default() }
    }

    pub(super) fn open(&mut self, id: ConnectionId, session: Session) {
        self.sessions.insert(id, session);
    }

    pub(super) fn close(&mut self, id: ConnectionId) {
        if let Some(session) = self.sessions.remove(&id) {
            self.retuned.extend(session.uid());
            for topic in &session.topics {
                self.forget(session.kind, topic, id);
            }
        }
    }

    pub(super) fn session(&mut self, id: ConnectionId) -> Option<&mut Session> {
        self.sessions.get_mut(&id)
    }

    /// How many sockets of a kind an account has.
    pub(super) fn count(&self, kind: SocketKind, uid: u64) -> usize {
        self.sessions.values().filter(|session| session.kind == kind && session.uid() == Some(uid)).count()
    }

    /// Cuts the sockets that `strikes` names, without a closing frame; returns how many.
    pub(super) fn cut(&mut self, strikes: impl FnMut(&Session) -> bool) -> usize {
        let struck = self.named(strikes);
        for id in &struck {
            self.close(*id);
        }
        struck.len()
    }

    /// Queues a frame. A socket that cannot take it is closed: a client that missed a frame without knowing
    /// would be worse off than one that has to connect again.
    pub(super) fn send(&mut self, id: ConnectionId, frame: Utf8Bytes) {
        self.queue_up(id, ToClient::Frame(frame));
        if let Some(held) = self.sessions.get_mut(&id).and_then(|session| session.held.take()) {
            self.queue_up(id, ToClient::Frame(held));
        }
    }

    /// Keeps a frame until the next one of its socket has overtaken it.
    pub(super) fn hold(&mut self, id: ConnectionId, frame: Utf8Bytes) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if let Some(earlier) = session.held.replace(frame) {
            self.queue_up(id, ToClient::Frame(earlier));
        }
    }

    /// Lets the sockets that `strikes` names say nothing for so long; returns how many.
    pub(super) fn silence(&mut self, length: Duration, strikes: impl FnMut(&Session) -> bool) -> usize {
        let struck = self.named(strikes);
        for id in &struck {
            self.queue_up(*id, ToClient::Silence(length));
        }
        struck.len()
    }

    fn named(&self, mut strikes: impl FnMut(&Session) -> bool) -> Vec<ConnectionId> {
        self.sessions.iter().filter(|(_, session)| strikes(session)).map(|(id, _)| *id).collect()
    }

    fn queue_up(&mut self, id: ConnectionId, item: ToClient) {
        let Some(session) = self.sessions.get(&id) else { return };
        match session.queue.try_send(item) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                tracing::warn!(connection = id, path = session.kind.path(), "slow consumer closed");
                self.close(id);
            }
            Err(TrySendError::Closed(_)) => self.close(id),
        }
    }

    /// Adds a topic to a socket; false when it had it already.
    pub(super) fn subscribe(&mut self, id: ConnectionId, topic: &str) -> bool {
        let Some(session) = self.sessions.get_mut(&id) else { return false };
        self.retuned.extend(session.uid());
        if let SocketKind::Public(category) = session.kind {
            self.listeners.entry(category, topic).insert(id);
        }
        session.topics.insert(topic.to_owned())
    }

    pub(super) fn unsubscribe(&mut self, id: ConnectionId, topic: &str) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.topics.remove(topic);
            self.retuned.extend(session.uid());
            let kind = session.kind;
            self.forget(kind, topic, id);
        }
    }

    fn forget(&mut self, kind: SocketKind, topic: &str, id: ConnectionId) {
        if let SocketKind::Public(category) = kind
            && let Some(listeners) = self.listeners.get_mut(category, topic)
        {
            listeners.remove(&id);
            if listeners.is_empty() {
                self.listeners.remove(category, topic);
            }
        }
    }

    /// Whether anyone listens to a public topic.
    pub(super) fn is_heard(&self, category: Category, topic: &str) -> bool {
        self.listeners.get(category, topic).is_some()
    }

    /// Everyone who listens to a public topic.
    pub(super) fn listeners(&self, category: Category, topic: &str) -> Vec<ConnectionId> {
        self.listeners.get(category, topic).into_iter().flatten().copied().collect()
    }

    /// How many sockets of a kind an address has open.
    pub(super) fn opened_from(&self, peer: IpAddr, kind: SocketKind) -> usize {
        self.sessions.values().filter(|session| session.kind == kind && session.peer == peer).count()
    }

    /// Takes the accounts whose private sockets listen to more or less than when they were last taken.
    pub(super) fn take_retuned(&mut self) -> BTreeSet<u64> {
        std::mem::take(&mut self.retuned)
    }

    /// Whether a private socket of an account listens to `topic`, for all product groups or for one.
    pub(super) fn is_heard_by(&self, uid: u64, topic: &str) -> bool {
        let of_account = self.sessions.values().filter(|session| session.uid() == Some(uid));
        let forms = of_account.flat_map(|session| &session.topics);
        forms.into_iter().any(|form| {
            form.strip_prefix(topic).is_some_and(|group| group.is_empty() || GROUPS.contains(&group))
        })
    }

    /// The private sockets of an account that listen to `topic` or, of a product group, its categorised form
    /// (`order.linear`), with the form each one asked for.
    pub(super) fn private_listeners(
        &self,
        uid: u64,
        topic: &str,
        category: Option<Category>,
    ) -> Vec<(ConnectionId, String)> {
        let categorised = category.map(|category| format!("{topic}.{category}"));
        let of_account = self.sessions.iter().filter(|(_, session)| session.uid() == Some(uid));
        of_account
            .filter_map(|(id, session)| {
                let heard = [Some(topic), categorised.as_deref()]
                    .into_iter()
                    .flatten()
                    .find(|form| session.has_topic(form))?;
                Some((*id, heard.to_owned()))
            })
            .collect()
    }

    /// Keeps a frame until `at`; what comes after it may overtake it.
    pub(super) fn send_later(&mut self, id: ConnectionId, frame: Utf8Bytes, at: Instant) {
        self.late_frames += 1;
        self.late.insert((at, self.late_frames), (id, frame));
    }

    /// When the next kept frame is to be sent.
    pub(super) fn next_late(&self) -> Option<Instant> {
        self.late.first_key_value().map(|((at, _), _)| *at)
    }

    /// Sends the kept frames whose time has come. To a socket that has closed meanwhile nothing is owed.
    pub(super) fn send_late(&mut self, now: Instant) {
        while let Some(entry) = self.late.first_entry().filter(|entry| entry.key().0 <= now) {
            let (id, frame) = entry.remove();
            self.queue_up(id, ToClient::Frame(frame));
        }
    }

    /// A public queue with too much in it for another step, if there is one.
    pub(super) fn lagging_public_queue(&self) -> Option<SessionQueue> {
        let mut public = self.sessions.values().filter(|session| session.kind.is_public());
        public.find(|session| backlog(&session.queue) > BACKLOG_MAX).map(|session| session.queue.clone())
    }
}

fn backlog(queue: &SessionQueue) -> usize {
    queue.max_capacity() - queue.capacity()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::sync::mpsc;

    use super::*;

    fn session(
        kind: SocketKind,
        capacity: usize,
    ) -> (Session, mpsc::Receiver<ToClient>, oneshot::Receiver<()>) {
        let (queue, frames) = mpsc::channel(capacity);
        let (hang_up, cut) = oneshot::channel();
        (Session::new(kind, Ipv4Addr::LOCALHOST.into(), queue, hang_up), frames, cut)
    }

    #[test]
    fn a_socket_that_cannot_take_a_frame_is_cut_and_not_skipped() {
        let mut hub = Hub::default();
        let (session, mut frames, mut cut) = session(SocketKind::Private, 1);
        hub.open(1, session);
        hub.send(1, "a".into());
        hub.send(1, "b".into());
        assert!(hub.session(1).is_none());
        assert_eq!(cut.try_recv(), Err(oneshot::error::TryRecvError::Closed), "the socket's task is woken");
        assert_eq!(frames.try_recv(), Ok(ToClient::Frame("a".into())));
        assert_eq!(frames.try_recv(), Err(mpsc::error::TryRecvError::Disconnected));
    }

    #[test]
    fn only_a_lagging_public_queue_holds_the_clock() {
        let mut hub = Hub::default();
        let (private, _private_frames, _private_cut) = session(SocketKind::Private, 1);
        let (public, mut frames, _cut) = session(SocketKind::Public(Category::Linear), BACKLOG_MAX + 2);
        hub.open(1, private);
        hub.open(2, public);
        for _ in 0..BACKLOG_MAX {
            hub.send(2, "a".into());
        }
        assert!(hub.lagging_public_queue().is_none());
        hub.send(2, "b".into());
        assert!(hub.lagging_public_queue().is_some());
        assert!(frames.try_recv().is_ok());
        assert!(hub.lagging_public_queue().is_none());
    }

    #[test]
    fn topics_are_forgotten_with_their_last_listener() {
        let mut hub = Hub::default();
        for id in [1, 2] {
            hub.open(id, session(SocketKind::Public(Category::Linear), 4).0);
            assert!(hub.subscribe(id, "tickers.BTCUSDT"));
            assert!(!hub.subscribe(id, "tickers.BTCUSDT"));
        }
        hub.close(1);
        assert!(hub.is_heard(Category::Linear, "tickers.BTCUSDT"));
        hub.unsubscribe(2, "tickers.BTCUSDT");
        assert!(!hub.is_heard(Category::Linear, "tickers.BTCUSDT"));
    }
}
