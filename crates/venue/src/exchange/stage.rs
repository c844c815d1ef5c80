//! The way of a public frame from its topic to its listeners, as a fault may bend it.

use tokio_tungstenite::tungstenite::Utf8Bytes;
use windvane_venue_core::Category;

use super::hub::Hub;
use super::moment::Moment;
use crate::fault::{FaultKind, Faults, Subject, Target};
use crate::feed::Outlet;
use crate::server::SocketKind;

/// Where public topics publish.
pub(super) struct Stage<'a> {
    pub(super) hub: &'a mut Hub,
    pub(super) faults: &'a mut Faults,
    pub(super) now: Moment,
}

impl Outlet for Stage<'_> {
    fn is_heard(&self, category: Category, topic: &str) -> bool {
        self.hub.is_heard(category, topic)
    }

    /// A fault strikes each listener by itself.
    fn publish(&mut self, category: Category, topic: &str, frame: String) {
        let frame = Utf8Bytes::from(frame);
        let subject = Subject {
            topic: Some(topic),
            symbol: topic.rsplit('.').next(),
            socket: Some(SocketKind::Public(category).path()),
            ..Subject::default()
        };
        for id in self.hub.listeners(category, topic) {
            let strike = self.faults.strike(Target::PublicPush, &subject, self.now.wall_ms);
            match strike.map(|strike| (strike.kind, strike.delay)) {
                Some((FaultKind::DropPublic, _)) => {}
                Some((FaultKind::Reorder, _)) => self.hub.hold(id, frame.clone()),
                Some((FaultKind::Delay, delay)) => {
                    self.hub.send_later(id, frame.clone(), self.now.instant + delay)
                }
                Some((FaultKind::Duplicate, _)) => {
                    self.hub.send(id, frame.clone());
                    self.hub.send(id, frame.clone());
                }
                Some(_) | None => self.hub.send(id, frame.clone()),
            }
        }
    }
}
