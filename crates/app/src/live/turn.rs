//! One turn: journal what came in, let the engine answer, journal the answers, send them.
//!
//! What is told of a turn (metrics, log lines) is told after its commands have been written to their sockets.

use super::Live;
use super::dispatch::not_sent;
use windvane_connector::Connector;
use windvane_engine::Output;
use windvane_journal::Ticket;
use windvane_model::{AccountEvent, Control, Event, HaltCause, RunState, Stamped, WallTime};
use windvane_order_management::DifferenceKind;

/// A turn whose commands are with their tasks, and of which nothing has been told yet.
pub(super) struct Turn {
    stamped: Stamped,
    /// When the event was read off its socket.
    received: WallTime,
    /// When its commands were handed over.
    handled: WallTime,
    outputs: Vec<Output>,
}

impl Live {
    /// Takes one event, and then the answers that arose inside its turn.
    pub(super) fn take(&mut self, received: WallTime, event: Event) {
        self.turn(received, event);
        while let Some(echo) = self.echoes.pop_front() {
            self.turn(self.clock.now(), Event::Account(echo));
        }
        if std::mem::take(&mut self.has_strayed) {
            self.take(self.clock.now(), Event::Control(Control::Halt(HaltCause::Invariant)));
        }
    }

    fn turn(&mut self, received: WallTime, event: Event) {
        self.conclude();
        let stamped = self.stamper.stamp(event);
        self.parentage.hear(&stamped.event);
        let mut recorded = self.recorder.event(&stamped);
        let mut outputs = std::mem::take(&mut self.outputs);
        self.engine.handle(&stamped, &mut outputs);
        self.tell_who_sends();
        let decided = self.clock.now();
        let written = self.recorder.outputs(stamped.stamp, &outputs);
        self.observer.journal_append(self.clock.now().0 - decided.0);
        match written {
            Ok(ticket) => self.send(&outputs, ticket),
            Err(error) => {
                recorded = Err(error);
                self.send_unrecorded(&outputs);
            }
        }
        let handled = self.clock.now();
        self.unconcluded = Some(Turn { stamped, received, handled, outputs });
        if let Err(error) = recorded {
            self.halt_for_journal(&error);
        }
    }

    /// Tells all who may hold an order before its socket whether anything may open: a halt is not overtaken by what was
    /// decided before it.
    fn tell_who_sends(&mut self) {
        let may_open = self.engine.run_state() == RunState::Active;
        if let Some(connector) = &self.connector {
            connector.allow_opening(may_open);
        }
        if !may_open {
            self.echoes.extend(self.dispatch.refuse_what_opens());
        }
    }

    fn send(&mut self, outputs: &[Output], ticket: Ticket) {
        for output in outputs {
            let Output::Command { bot, command, grounds, .. } = output else { continue };
            let child = self.engine.child(*bot, command);
            if let Err(stray) = self.parentage.check(command, grounds.granted, child) {
                tracing::error!(error = %stray, ?command, "not sent; nothing opens any more");
                self.has_strayed = true;
                self.echoes.extend(not_sent(command, "it is not what was approved"));
                continue;
            }
            if let Err(answer) = self.dispatch.send(*command, ticket, &self.recorder, self.connector.as_ref())
            {
                // A shadow run refuses by intent.
                if self.connector.as_ref().is_some_and(Connector::sends) {
                    self.observer.channel_full("commands");
                }
                self.echoes.push_back(*answer);
            }
        }
    }

    /// The journal did not take this turn: what opens is refused, what reduces or protects leaves all the same.
    fn send_unrecorded(&mut self, outputs: &[Output]) {
        for output in outputs {
            let Output::Command { command, .. } = output else { continue };
            if command.opens() {
                self.echoes.extend(not_sent(command, "the journal could not be written"));
            } else if let Some(Err(answer)) = self.connector.as_ref().map(|wire| wire.send(*command)) {
                self.echoes.push_back(*answer);
            }
        }
    }

    /// Whether the last turn commanded anything.
    pub(super) fn has_commanded(&self) -> bool {
        let is_command = |output: &Output| matches!(output, Output::Command { .. });
        self.unconcluded.as_ref().is_some_and(|turn| turn.outputs.iter().any(is_command))
    }

    /// Does what the last turn left for after its commands: metrics, log lines, waking the disk.
    pub(super) fn conclude(&mut self) {
        let Some(Turn { stamped, received, handled, mut outputs }) = self.unconcluded.take() else { return };
        self.recorder.rouse();
        for output in outputs.drain(..) {
            match output {
                Output::Command { bot, command, .. } => {
                    self.observer.command(bot, &command, &stamped, received, handled);
                    if let Some(tracer) = &mut self.tracer {
                        tracer.command(bot, &command, handled);
                    }
                    self.tell_command(bot, &command, stamped.stamp);
                }
                other => {
                    if let Output::Difference(difference) = &other
                        && difference.kind == DifferenceKind::SealedFill
                        && let Event::Account(AccountEvent::Execution(execution)) = &stamped.event
                    {
                        self.archivist.look_up(*execution, stamped.stamp.sequence);
                    }
                    self.tell(other, stamped.stamp);
                }
            }
        }
        self.outputs = outputs;
        self.tell_event(&stamped.event, stamped.stamp);
        self.observer.event(&stamped, received, handled);
        self.thinking.tell(|bot, took| self.observer.evaluation(bot, took));
        if let (Event::Market(event), Some(connector)) = (stamped.event, &self.connector) {
            connector.reuse(event);
        }
    }

    /// Sends what waited for the disk.
    pub(super) fn release(&mut self) {
        let answers = self.dispatch.release(&self.recorder, self.connector.as_ref());
        for answer in answers {
            self.take(self.clock.now(), Event::Account(answer));
        }
    }
}
