//! One turn: journal what came in, let the engine answer, journal the answers, send them.
//!
//! What is told of a turn (metrics, log lines) is told after its commands have been written to their sockets.

use super::Live;
use super::dispatch::not_sent;
use super::reload::Request;
use crate::config::plan::Consent;
use crate::control::{Answer, Ask, Pending};
use windvane_connector::Connector;
use windvane_engine::Output;
use windvane_journal::Ticket;
use windvane_model::{BotName, ClientOrderId, Control, Event, HaltCause, RunState, Scope, Stamped, WallTime};
use windvane_order_management::Unresolvable;

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
    }

    fn turn(&mut self, received: WallTime, event: Event) {
        self.conclude();
        let stamped = self.stamper.stamp(event);
        let mut recorded = self.recorder.event(&stamped);
        let mut outputs = std::mem::take(&mut self.outputs);
        self.engine.handle(&stamped, &mut outputs);
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

    fn send(&mut self, outputs: &[Output], ticket: Ticket) {
        for output in outputs {
            let Output::Command { command, .. } = output else { continue };
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
                other => self.tell(other, stamped.stamp),
            }
        }
        self.outputs = outputs;
        self.tell_event(&stamped.event, stamped.stamp);
        self.observer.event(&stamped, received, handled);
        if let (Event::Market(event), Some(connector)) = (stamped.event, &self.connector) {
            connector.reuse(event);
        }
    }

    /// Sends what waited for the disk.
    pub(super) fn release(&mut self) {
        let may_open = self.engine.run_state() == RunState::Active;
        let answers = self.dispatch.release(&self.recorder, self.connector.as_ref(), may_open);
        for answer in answers {
            self.take(self.clock.now(), Event::Account(answer));
        }
    }

    /// Answers the control socket.
    pub(super) fn answer(&mut self, pending: Pending) {
        if let Ask::Reload { dry_run, loosen, open_positions } = pending.ask {
            let consent = Consent { loosens: loosen, open_positions };
            return self.begin_reload(Request::asked(consent, dry_run, pending.reply));
        }
        let mut answer = self.obey(&pending.ask);
        // What a person was promised must outlive a power cut. Rare enough to wait for the disk.
        if !matches!(pending.ask, Ask::Status {} | Ask::Events { .. } | Ask::Looks { .. })
            && let Err(error) = self.recorder.make_durable()
        {
            answer = Answer::Refused(format!("it is in force, but not on the disk: {error}"));
        }
        // A caller that has gone is no fault.
        let _ = pending.reply.send(answer);
    }

    fn obey(&mut self, ask: &Ask) -> Answer {
        let controls = match ask {
            Ask::Status {} => return Answer::Status(super::status::status(self, self.clock.now())),
            Ask::Events { after, count } => {
                return Answer::Events(self.teller.chronicle.told(*after, *count));
            }
            Ask::Looks { bot, count } => {
                return match self.known_bot(bot) {
                    Some(bot) => Answer::Looks(super::status::looks(&self.engine.looks(bot), *count)),
                    None => self.no_such_bot(bot),
                };
            }
            Ask::Halt { cancel_entries } => {
                let cancel = cancel_entries.then_some(Control::CancelEntries(Scope::All));
                vec![Some(Control::Halt(HaltCause::Operator)), cancel]
            }
            Ask::Resume {} => {
                if let Some(fault) = self.recorder.fault() {
                    return Answer::Refused(format!(
                        "the journal is in doubt ({fault}); see to the disk, then start anew"
                    ));
                }
                // What comes after this is news again.
                self.gauges.has_journal_fault = false;
                vec![Some(Control::Resume)]
            }
            Ask::Resolve { order } => match self.resolvable(order) {
                Ok(id) => vec![Some(Control::Resolve(id))],
                Err(why) => return Answer::Refused(format!("`{order}`: {why}")),
            },
            // It is answered when it is done.
            Ask::Reload { .. } => Vec::new(),
            Ask::Flatten { bot: None } => vec![Some(Control::Flatten(Scope::All))],
            Ask::Flatten { bot: Some(name) } => match self.known_bot(name) {
                Some(bot) => vec![Some(Control::Flatten(Scope::Bot(bot)))],
                None => return self.no_such_bot(name),
            },
        };
        for control in controls.into_iter().flatten() {
            self.take(self.clock.now(), Event::Control(control));
        }
        Answer::Done(self.engine.run_state().to_string())
    }

    /// An order that a person may declare absent now.
    fn resolvable(&self, text: &str) -> Result<ClientOrderId, Unresolvable> {
        let id = ClientOrderId::new(text).map_err(|_| Unresolvable::NotKnown)?;
        self.engine.orders().check_resolvable(&id, self.clock.now())?;
        Ok(id)
    }

    fn known_bot(&self, name: &str) -> Option<BotName> {
        self.shutdown.iter().map(|(bot, _)| *bot).find(|bot| bot.as_str() == name)
    }

    fn no_such_bot(&self, name: &str) -> Answer {
        let names: Vec<_> = self.shutdown.iter().map(|(bot, _)| bot.to_string()).collect();
        Answer::Refused(format!("there is no bot `{name}`; there are: {}", names.join(", ")))
    }
}
