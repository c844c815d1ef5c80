//! Queries: answered from the venue's truth, one part after the other, so that the parts are of different moments.

use super::World;
use super::happening::{Happening, Reading};
use crate::listing::UID;
use crate::scenario::Occasion;
use crate::swarm::Millis;
use crate::tally::Fault;
use windvane_bridge as bridge;
use windvane_model::{
    AccountEvent, AccountSnapshot, ClientOrderId, Event, Execution, MarketTime, OrderLookup, Query,
    QueryAnswer, QueryFailed,
};
use windvane_venue_core::{ExecutionFilter, OrderFilter};

impl World {
    pub(super) fn ask(&mut self, query: Query) {
        if self.strikes(Fault::QueryFailed, Occasion::default).is_some() {
            self.tally.hit(Fault::QueryFailed);
            let failed = QueryFailed { query, code: 0, is_unsupported: false };
            self.return_call(None, Event::Account(AccountEvent::QueryFailed(failed)));
            return;
        }
        let reading = match query {
            Query::Account { executions_since } => {
                Reading::Account { since: executions_since.0, step: 0, snapshot: Box::default() }
            }
            Query::Order { symbol, client_order_id } => {
                Reading::Order { id: client_order_id, lookup: None, symbol }
            }
            Query::PreCheck(question) => Reading::PreCheck(question),
        };
        self.read_later(reading);
    }

    fn read_later(&mut self, reading: Reading) {
        let at = self.now + self.delay_up_to(self.swarm.query_delay_ms);
        self.queue.at(at, Happening::Read { life: self.life, reading });
    }

    pub(super) fn read(&mut self, reading: Reading) {
        match reading {
            Reading::Account { since, step, snapshot } => self.read_account(since, step, snapshot),
            Reading::PreCheck(question) => match self.venue.pre_check(UID, &bridge::question(&question)) {
                Ok(rates) => self.answer(QueryAnswer::PreCheck(bridge::pre_checked(question, rates))),
                Err(refused) => {
                    let failed = QueryFailed {
                        query: Query::PreCheck(question),
                        code: refused.refusal.code,
                        is_unsupported: false,
                    };
                    self.return_call(None, Event::Account(AccountEvent::QueryFailed(failed)));
                }
            },
            Reading::Order { id, lookup, symbol } => match lookup {
                None => {
                    let order = self.shown_order(&id);
                    let lookup = OrderLookup { symbol, client_order_id: id, order, executions: Vec::new() };
                    self.read_later(Reading::Order { id, lookup: Some(Box::new(lookup)), symbol });
                }
                Some(mut lookup) => {
                    let id = id.to_string();
                    let filter = ExecutionFilter { order_link_id: Some(&id), ..ExecutionFilter::default() };
                    lookup.executions = self.shown_executions(filter);
                    self.answer(QueryAnswer::Order(lookup));
                }
            },
        }
    }

    /// The order of the parts is the connector's: what fills meanwhile is in the executions, never only in the
    /// position.
    fn read_account(&mut self, since: i64, step: u8, mut snapshot: Box<AccountSnapshot>) {
        match step {
            0 => {
                let rows = self.venue.open_orders(UID, OrderFilter::default());
                let rows: Vec<_> = rows.iter().filter(|row| !self.is_hidden(&row.order_link_id)).collect();
                snapshot.open_orders = rows.into_iter().map(bridge::order).collect();
            }
            1 => {
                let names = self.feeds.iter().map(crate::feed::Feed::symbol);
                let rows = names.flat_map(|name| self.venue.positions_in(UID, name));
                snapshot.positions = rows.map(|row| bridge::position(&row)).collect();
            }
            2 => {
                if let Some(row) = self.venue.wallet(UID) {
                    snapshot.wallet = bridge::wallet(&row, MarketTime::default());
                }
            }
            _ => {
                let filter = ExecutionFilter { start_ms: Some(since), ..ExecutionFilter::default() };
                snapshot.executions = self.shown_executions(filter);
                self.answer(QueryAnswer::Account(snapshot));
                return;
            }
        }
        self.read_later(Reading::Account { since, step: step + 1, snapshot });
    }

    fn answer(&mut self, answer: QueryAnswer) {
        self.return_call(None, Event::Account(AccountEvent::Answer(answer)));
    }

    fn shown_order(&mut self, id: &ClientOrderId) -> Option<windvane_model::OrderReport> {
        let text = id.to_string();
        let row = self.venue.order(UID, &bridge::by_link(&text))?;
        if self.is_hidden(&text) {
            self.tally.hit(Fault::LateIndex);
            return None;
        }
        Some(bridge::order(&row))
    }

    /// Oldest first.
    fn shown_executions(&self, filter: ExecutionFilter<'_>) -> Vec<Execution> {
        let rows = self.venue.executions(UID, filter);
        let shown = rows.iter().rev().filter(|row| !self.is_hidden(&row.order_link_id));
        shown.map(bridge::execution).collect()
    }

    pub(super) fn is_hidden(&self, link_id: &str) -> bool {
        self.hidden.get(link_id).is_some_and(|until: &Millis| *until > self.now)
    }
}
