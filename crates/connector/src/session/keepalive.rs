//! Pings, and the two ways of noticing that a connection is dead: no pong, and no data.

use super::{
    CloseReason, Output, Timing,
    deadline::{Deadlines, Timer},
};
use crate::encode;
use windvane_model::{Millis, WallTime};

/// The deadlines of one connection, of which the ping, pong and silence ones are kept here.
#[derive(Debug)]
pub(super) struct Keepalive {
    pub(super) timing: Timing,
    pub(super) deadlines: Deadlines,
    /// How long data may be absent; `None` where absence is normal.
    silence_ms: Option<Millis>,
}

impl Keepalive {
    pub(super) fn new(timing: Timing, silence_ms: Option<Millis>) -> Self {
        Self { timing, deadlines: Deadlines::default(), silence_ms }
    }

    /// A new connection: nothing of the old one counts.
    pub(super) fn open(&mut self, now: WallTime) {
        self.deadlines = Deadlines::default();
        self.deadlines.set(Timer::Ping, now.after(self.timing.ping_every_ms));
        self.data(now);
    }

    pub(super) fn closed(&mut self) {
        self.deadlines = Deadlines::default();
    }

    /// Data arrived.
    pub(super) const fn data(&mut self, now: WallTime) {
        if let Some(silence_ms) = self.silence_ms {
            self.deadlines.set(Timer::Silence, now.after(silence_ms));
        }
    }

    pub(super) const fn pong(&mut self) {
        self.deadlines.clear(Timer::Pong);
    }

    /// A deadline that is due and is not one of the three.
    pub(super) fn take_due(&mut self, now: WallTime, out: &mut Output) -> Option<Timer> {
        while let Some(timer) = self.deadlines.take_due(now) {
            match timer {
                Timer::Ping => {
                    out.frames.push(encode::ping().into());
                    self.deadlines.set(Timer::Ping, now.after(self.timing.ping_every_ms));
                    // A ping that is still unanswered keeps its own, earlier deadline.
                    if !self.deadlines.is_set(Timer::Pong) {
                        self.deadlines.set(Timer::Pong, now.after(self.timing.pong_within_ms));
                    }
                }
                Timer::Pong => out.close = Some(CloseReason::PongLost),
                Timer::Silence => out.close = Some(CloseReason::Silent),
                Timer::Login | Timer::Confirm | Timer::Reply | Timer::Topics | Timer::Turn | Timer::Fills => {
                    return Some(timer);
                }
            }
        }
        None
    }
}
