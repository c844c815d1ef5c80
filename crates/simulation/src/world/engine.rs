//! The engine's side: one event in, its answers on record, and then out.

use super::World;
use super::happening::{Delivery, Happening, Parcel, Text};
use super::link::Stream;
use crate::listing::{self, UID};
use crate::oracle;
use crate::record::{Line, lines};
use crate::swarm::Millis;
use crate::tally::{Fault, Standing};
use crate::world::Broken;
use windvane_connector::codec::{Decoded, decode_private};
use windvane_connector::wire;
use windvane_engine::Output;
use windvane_model::{
    AccountEvent, ClientOrderId, Control, DenialReason, Event, OrderReport, Query, QueryAnswer, Request,
    RunState, Stamp, Stamped,
};

/// Between two readings of the account because of messages that could not be read: the connector's.
const RECONCILE_EVERY_MS: Millis = 30_000;

impl World {
    /// Does what is due; says whether the story is over.
    pub(super) fn happen(&mut self, happening: Happening) -> Result<bool, Broken> {
        match happening {
            Happening::Market => {
                if self.market_runs {
                    self.move_market()?;
                }
            }
            Happening::Arrive { life, number, command, message } => {
                // What a dead process had in its socket may still get out, or not.
                if life == self.life || self.is_scripted() || self.rng.bool() {
                    self.arrive(number, &command, &message)?;
                } else if let windvane_model::Command::Submit(submit) = command {
                    self.travelling.remove(&submit.client_order_id);
                }
            }
            Happening::TimeOut { life, number } if life == self.life => self.give_up_on(number),
            Happening::Deliver(delivery) => self.deliver(delivery)?,
            Happening::PushAgain { generation, frame } => self.push_again(generation, frame),
            Happening::Read { life, reading } if life == self.life => self.read(reading)?,
            Happening::Said { generation, text } => self.hear_public(generation, &text)?,
            Happening::Cut(stream) => {
                let noticed_after = self.rng.i64(1..8_000);
                self.cut(stream, noticed_after);
            }
            Happening::Step(number) => self.step(number)?,
            Happening::Notice { stream, generation } => {
                if self.wires.get(stream).generation == generation {
                    self.notice_cut(stream)?;
                }
            }
            Happening::Restore { life, stream } if life == self.life => self.restore(stream)?,
            Happening::Contracts { life } if life == self.life => {
                self.knows_grid = self.has_new_grid;
                self.take(Event::Reference(listing::reference(self.has_new_grid)))?;
            }
            Happening::TimeOut { .. }
            | Happening::Read { .. }
            | Happening::Contracts { .. }
            | Happening::Restore { .. } => {}
            Happening::VenueRestart => self.restart_venue(),
            Happening::Clock(off) => self.clock_off = off,
            Happening::Successor => self.succeed()?,
            Happening::Outage { until } => self.halted_until = until,
            Happening::Protect { generation } => self.protect(generation)?,
            Happening::GridChange => self.has_new_grid = true,
            Happening::Stranger => self.meddle()?,
            Happening::Funding => self.fund()?,
            Happening::Operator => self.operate()?,
            Happening::Control(control) => self.take(Event::Control(control))?,
            Happening::Kill => self.kill()?,
            Happening::Start => self.start()?,
            Happening::Calm => self.calm()?,
            Happening::Still => self.market_runs = false,
            Happening::Finish => {
                self.finish()?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn deliver(&mut self, delivery: Delivery) -> Result<(), Broken> {
        let Delivery { life, by, answers, parcel } = delivery;
        let is_cut = by.is_some_and(|(stream, generation)| self.wires.get(stream).generation != generation);
        if life != self.life || is_cut {
            return Ok(());
        }
        let answered = match answers {
            None => None,
            Some(number) => match self.wires.open.remove(&number) {
                Some(open) => Some(open),
                // Settled already, as what nobody knows the end of.
                None => return Ok(()),
            },
        };
        match (parcel, answered) {
            (Parcel::Own(event), _) => self.hear(*event),
            (Parcel::Public(frame), _) => self.read_public(&frame),
            (Parcel::Private(frame), _) => self.read_push(&frame),
            (Parcel::Reply(frame), _) => self.read_reply(&frame),
            (Parcel::Body(body), Some(open)) => {
                let told = wire::read_outcome(&open.asked, open.endpoint, body.text.into_bytes());
                if body.is_torn && told != open.asked.undetermined(0) {
                    return Err(("I3 no guessed outcomes", format!("of a torn answer: {told:?}")));
                }
                self.hear(Event::Account(told))
            }
            (Parcel::Body(body), None) => Err(unread("an answer to no call", &body.text)),
        }
    }

    /// What the connector makes of a reply on the trade socket.
    fn read_reply(&mut self, frame: &Text) -> Result<(), Broken> {
        let open = &mut self.wires.open;
        let asked = |number| open.remove(&number).map(|open| open.asked);
        match wire::read_reply(self.life.into(), &frame.text, asked) {
            // Put aside; its request is waited for in vain.
            Err(_) if frame.is_torn => Ok(()),
            Err(reason) => Err(unread(reason, &frame.text)),
            Ok(_) if frame.is_torn => Err(unread("taken for whole", &frame.text)),
            Ok(Some((_, told))) => self.hear(Event::Account(told)),
            // Late: settled already.
            Ok(None) => Ok(()),
        }
    }

    /// What the connector makes of a frame of the private stream.
    fn read_push(&mut self, frame: &Text) -> Result<(), Broken> {
        let mut told = std::mem::take(&mut self.told);
        match (decode_private(&frame.text, &mut told), frame.is_torn) {
            (Decoded::Data, false) => {}
            (Decoded::Unrecognised(_), true) if told.is_empty() => {
                self.told = told;
                return self.put_aside();
            }
            (decoded, _) => return Err(unread(format_args!("{decoded:?}"), &frame.text)),
        }
        for fact in told.drain(..) {
            self.hear(Event::Account(fact))?;
        }
        self.told = told;
        Ok(())
    }

    /// A message that cannot be read may have told of a fill, so the account is read anew; as the connector does, not
    /// again and again.
    fn put_aside(&mut self) -> Result<(), Broken> {
        if self.now < self.reconcile_not_before {
            return Ok(());
        }
        self.reconcile_not_before = self.now + RECONCILE_EVERY_MS;
        self.take(Event::Control(Control::Reconcile))
    }

    fn hear(&mut self, event: Event) -> Result<(), Broken> {
        self.see_push_first(&event);
        self.see_stale_read(&event);
        let ends_question = ends_account_question(&event);
        self.take(event)?;
        if ends_question {
            self.ask_next();
        }
        Ok(())
    }

    fn see_push_first(&mut self, event: &Event) {
        if let (Event::Account(AccountEvent::Acknowledged(ack)), Some(engine)) = (event, &self.engine)
            && ack.request == Request::Submit
            && let Some(id) = ack.client_order_id
            && engine.orders().order(&id).is_some_and(|order| order.state().is_confirmed())
        {
            self.tally.hit(Fault::PushFirst);
            self.meet(Fault::PushFirst, &[id]);
        }
    }

    /// Whether the venue has moved on since a query read what now arrives.
    fn see_stale_read(&mut self, event: &Event) {
        let Event::Account(AccountEvent::Answer(answer)) = event else { return };
        let reports = match answer {
            QueryAnswer::Order(lookup) => lookup.order.as_slice(),
            QueryAnswer::Account(snapshot) => &snapshot.open_orders[..],
            QueryAnswer::PreCheck(_) | QueryAnswer::Movements(_) => &[],
        };
        let is_stale = |report: &&OrderReport| {
            let id = report.client_order_id?;
            let row = self.venue.order(UID, &listing::named(id.as_str()))?;
            (row.updated_time_ms > report.updated.0).then_some(id)
        };
        let stale: Vec<ClientOrderId> = reports.iter().filter_map(|report| is_stale(&report)).collect();
        if !stale.is_empty() {
            self.tally.hit(Fault::StaleRead);
            self.meet(Fault::StaleRead, &stale);
        }
    }

    /// A fault has struck a message about these orders.
    pub(super) fn meet(&mut self, fault: Fault, ids: &[ClientOrderId]) {
        let Some(engine) = &self.engine else { return };
        for order in ids.iter().filter_map(|id| engine.orders().order(id)) {
            self.tally.meet(fault, Standing::of(order));
        }
    }

    /// A fault has taken effect that concerns all orders that may still change.
    pub(super) fn hit_all(&mut self, fault: Fault) {
        self.tally.hit(fault);
        let Some(engine) = &self.engine else { return };
        for order in engine.orders().live_orders() {
            self.tally.meet(fault, Standing::of(order));
        }
    }

    /// One turn: the event on record, the engine's answers on record, then out.
    pub(super) fn take(&mut self, event: Event) -> Result<(), Broken> {
        let Some(mut engine) = self.engine.take() else { return Ok(()) };
        self.oracle.hear(&event);
        self.sequence += 1;
        self.tally.events += 1;
        let stamp = Stamp { sequence: self.sequence, wall: self.wall(), market: self.market() };
        let stamped = Stamped { stamp, event };
        let is_market = matches!(stamped.event, Event::Market(_));
        if is_market {
            self.trace.take(&stamp);
            self.remark(format_args!("{stamp:?}"));
        } else {
            self.trace.take(&stamped);
            self.remark(format_args!("{stamped:?}"));
            self.record.push((self.now, Line::Event(stamped.clone())));
        }
        let may_open = engine.run_state() == RunState::Active;
        let is_fenced = engine.run_state() == RunState::Fenced;
        let mut outputs = std::mem::take(&mut self.outputs);
        engine.handle(&stamped, &mut outputs);
        let mut may_open = may_open || engine.run_state() == RunState::Active;

        let answers: Vec<Line> = lines(stamp, &outputs).collect();
        let has_commands = answers.iter().any(|line| matches!(line, Line::Command { .. }));
        let (kept, sent) = if self.is_doomed && has_commands {
            self.tally.hit(Fault::KillBeforeSend);
            self.cut_off(answers.len(), outputs.len())
        } else {
            (answers.len(), outputs.len())
        };
        let is_cut_off = self.is_doomed && has_commands;
        self.record.extend(answers.into_iter().take(kept).map(|line| (self.now, line)));
        if self.begun_at_ms.is_none() && oracle::has_begun(engine.orders()) {
            self.begun_at_ms = Some(self.market_ms());
        }
        self.engine = Some(engine);
        self.give_back(stamped.event);
        for output in outputs.drain(..).take(sent) {
            // For a part of the turn only: what was wished then may have made it reduce again.
            may_open |= matches!(output, Output::RunState(RunState::Active));
            self.carry_out(output, may_open, is_fenced)?;
        }
        self.outputs = outputs;
        if let Some(engine) = self.engine.as_ref().filter(|_| !is_market && !is_cut_off) {
            self.oracle.watch(engine, &self.venue, &self.travelling, stamp.wall)?;
        }
        if is_cut_off { self.die() } else { Ok(()) }
    }

    /// How many lines and how many outputs of its last turn an engine gets done.
    fn cut_off(&mut self, lines: usize, outputs: usize) -> (usize, usize) {
        if self.is_scripted() {
            return (lines, 0);
        }
        let kept = self.rng.usize(..=lines);
        (kept, if kept == lines { self.rng.usize(..=outputs) } else { 0 })
    }

    /// Whether something was told while the stream seemed well and never heard.
    pub(super) fn has_lost_pushes(&self) -> bool {
        self.tally.hits(Fault::PushDropped) + self.tally.hits(Fault::Torn) > 0
    }

    fn carry_out(&mut self, output: Output, may_open: bool, is_fenced: bool) -> Result<(), Broken> {
        match output {
            Output::Command { command, .. } => {
                self.trace.take(&command);
                self.remark(format_args!("{command:?}"));
                let judge = self.oracle.judge(&command, may_open, is_fenced)?;
                if let Some(submit) = judge
                    && let Some(engine) = &self.engine
                    && self.tally.hits(Fault::Stranger) == 0
                    && !self.has_lost_pushes()
                    && self.wires.get(Stream::Private).is_up
                {
                    oracle::worst_case(
                        &submit,
                        engine,
                        &self.venue,
                        &self.travelling,
                        &self.amending,
                        &self.oracle,
                    )?;
                }
                if self.knows_grid && self.is_off_grid(&command) {
                    return Err(("E03 the grid as the venue has told it", format!("{command:?}")));
                }
                self.send(command);
            }
            Output::Denied { bot, denial, .. } => {
                self.tally.denials += 1;
                match denial.reason {
                    DenialReason::OpenOrders { .. } | DenialReason::OrderRate { .. } => {
                        self.tally.hit(Fault::OverCount);
                    }
                    DenialReason::OrderNotional { .. }
                    | DenialReason::PositionNotional { .. }
                    | DenialReason::GrossExposure { .. } => self.tally.hit(Fault::OverLimit),
                    _ => {}
                }
                self.remark(format_args!("{bot} is denied: {}", denial.reason));
            }
            Output::Signal { .. } => {}
            Output::Resubscribe(symbol, _) => self.resubscribe(symbol)?,
            Output::RunState(state) => self.remark(format_args!("the engine is {state}")),
            Output::Difference(difference) => self.remark(format_args!("the books differ: {difference}")),
            Output::Miscount(miscount) => self.remark(format_args!("{miscount:?}")),
            Output::Elsewhere(found) => self.remark(format_args!("{found}")),
            Output::Naked(naked) => self.remark(format_args!("{naked:?}")),
            Output::Forced { symbol, .. } => {
                self.remark(format_args!("the venue has taken off {symbol} by itself"))
            }
            Output::Memory(_)
            | Output::Notice(_)
            | Output::Doubt { .. }
            | Output::Undergoing { .. }
            | Output::Fall { .. }
            | Output::Closing { .. } => {}
        }
        Ok(())
    }

    /// Says something to who listens.
    fn remark(&self, words: std::fmt::Arguments<'_>) {
        if self.is_told {
            eprintln!("{:>7} {words}", self.now);
        }
    }
}

fn ends_account_question(event: &Event) -> bool {
    match event {
        Event::Account(AccountEvent::Answer(answer)) => matches!(answer, QueryAnswer::Account(_)),
        Event::Account(AccountEvent::QueryFailed(failed)) => matches!(failed.query, Query::Account { .. }),
        _ => false,
    }
}

/// What one side wrote could not be read by the other.
pub(super) fn unread(reason: impl std::fmt::Display, text: &str) -> Broken {
    ("I19 what is written is read", format!("{reason}: {text}"))
}
