//! Queries: the connector's course of calls, each answered from the venue's truth at a moment of its own.

use super::engine::unread;
use super::happening::{Happening, Reading};
use super::{Broken, EPOCH_MS, World};
use crate::listing::{LISTINGS, UID, symbol};
use crate::scenario::Occasion;
use crate::swarm::Millis;
use crate::tally::Fault;
use std::cell::Cell;
use std::collections::BTreeMap;
use windvane_connector::wire::{Ask, Turn, inquire, told};
use windvane_model::{AccountEvent, Event, Query, QueryFailed};
use windvane_venue::wire::{self, Answer, Index, Reader, Refusal};

/// The venue's index, which does not have some orders yet.
struct LateIndex<'a> {
    hidden: &'a BTreeMap<String, Millis>,
    now: Millis,
    /// Whether it has left something out.
    is_missed: Cell<bool>,
}

impl Index for LateIndex<'_> {
    fn has(&self, order_link_id: &str, _: i64) -> bool {
        let is_hidden = self.hidden.get(order_link_id).is_some_and(|until| *until > self.now);
        self.is_missed.set(self.is_missed.get() || is_hidden);
        !is_hidden
    }
}

impl World {
    pub(super) fn ask(&mut self, query: Query) {
        if !matches!(query, Query::Account { .. }) {
            self.begin_question(query);
        } else if self.wires.is_asking {
            self.wires.questions.push_back(query);
        } else {
            self.wires.is_asking = true;
            self.begin_question(query);
        }
    }

    /// A question about the account has ended and was told; the next one has its turn.
    pub(super) fn ask_next(&mut self) {
        match self.wires.questions.pop_front() {
            Some(query) => self.begin_question(query),
            None => self.wires.is_asking = false,
        }
    }

    fn begin_question(&mut self, query: Query) {
        if self.strikes(Fault::QueryFailed, Occasion::default).is_some() {
            self.tally.hit(Fault::QueryFailed);
            let failed = QueryFailed { query, code: 0, is_unsupported: false };
            self.return_call(None, Event::Account(AccountEvent::QueryFailed(failed)));
            return;
        }
        self.go_on(query, inquire(query, &LISTINGS.map(|listing| symbol(listing.symbol))));
    }

    fn go_on(&mut self, query: Query, turn: Turn) {
        match turn {
            Turn::Ask(inquiry, ask) => {
                let at = self.now + self.delay_up_to(self.swarm.query_delay_ms);
                let reading = Reading { query, inquiry, ask };
                self.queue.at(at, Happening::Read { life: self.life, reading });
            }
            Turn::Done(answer) => self.return_call(None, Event::Account(told(query, Ok(answer)))),
        }
    }

    /// The venue answers a call, and the question goes on.
    pub(super) fn read(&mut self, reading: Reading) -> Result<(), Broken> {
        let Reading { query, inquiry, ask } = reading;
        let answer = self.answer(query, &ask)?;
        let body = wire::body(&answer, &self.answers, EPOCH_MS + self.now);
        let is_torn = self.strikes(Fault::Torn, Occasion::default).is_some();
        let body = if is_torn { self.tear(body).text } else { body };
        if is_torn {
            self.tally.hit(Fault::Torn);
        }
        match inquiry.hear(body.into_bytes()) {
            Ok(_) if is_torn => return Err(unread("taken for whole", &format!("{ask:?}"))),
            Ok(turn) => self.go_on(query, turn),
            Err(error) if answer.is_err() || is_torn => {
                self.return_call(None, Event::Account(told(query, Err(error))))
            }
            Err(error) => return Err(unread(error, &format!("{ask:?}"))),
        }
        Ok(())
    }

    fn answer(&mut self, query: Query, ask: &Ask) -> Result<Answer, Broken> {
        let now_ms = self.market_ms();
        match ask {
            Ask::Get { path, query: fields, .. } => {
                let index = LateIndex { hidden: &self.hidden, now: self.now, is_missed: Cell::new(false) };
                let reader = Reader { writer: self.writer(), now_ms, index: &index };
                let answer = reader.read(UID, path, fields);
                let answer = answer.ok_or_else(|| unread("no such path", path))?;
                if index.is_missed.get() && matches!(query, Query::Order { .. }) && path.contains("/order/") {
                    self.tally.hit(Fault::LateIndex);
                }
                // Nothing that the connector asks for is refused here, so it would be its mistake.
                answer.map(Ok).map_err(|Refusal { message, .. }| unread(message, fields))
            }
            Ask::Post { body, .. } => {
                let written = (&self.digits, &self.answers);
                Ok(wire::question(&mut self.venue, written, (UID, now_ms), body))
            }
        }
    }

    pub(super) fn is_hidden(&self, link_id: &str) -> bool {
        self.hidden.get(link_id).is_some_and(|until: &Millis| *until > self.now)
    }
}
