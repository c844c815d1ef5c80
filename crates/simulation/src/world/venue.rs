//! The venue's side: requests arrive, the market moves, and facts leave for the engine.

use super::World;
use super::happening::{Happening, Parcel};
use super::link::{Fate, Stream, Topic};
use crate::listing::{LISTINGS, UID, coarse_tick, install};
use crate::scenario::Occasion;
use crate::swarm::Millis;
use crate::tally::Fault;
use crate::world::Broken;
use windvane_bridge::{self as bridge, Asked};
use windvane_model::{ClientOrderId, Command, Event, MarketEvent, OrderId};
use windvane_venue::wire::runs;
use windvane_venue_core::{
    Acknowledgement, ExecutionRow, ExecutionType, MarketInput, OrderFilter, OrderReference, OrderRow,
    OrderStatus, Output, RejectReason, Request, StopOrderType,
};

/// How far the price jumps at most, in thousandths; and where the account is small.
const JUMP: i64 = 30;
const CRASH: i64 = 250;
/// How far ahead of the venue's clock a stamp may be.
const AHEAD_MS: Millis = 1_000;

/// How long after it was stamped the venue takes a request: the connector's `recv_window`.
const fn window_ms(command: &Command) -> Millis {
    match command {
        Command::Submit(submit) if submit.reduce_only => 10_000,
        Command::Submit(_) | Command::Amend(_) | Command::SetLeverage(_) => 2_000,
        Command::Cancel(_) | Command::CancelAll(_) | Command::SetProtection(_) | Command::Query(_) => 10_000,
    }
}

impl World {
    pub(super) fn arrive(&mut self, number: u64, command: &Command, sent: Millis) -> Result<(), Broken> {
        match command {
            Command::Submit(submit) => drop(self.travelling.remove(&submit.client_order_id)),
            Command::Amend(amend) => drop(self.amending.remove(amend.client_order_id.as_str())),
            _ => {}
        }
        let Some(request) = bridge::request(command) else { return Ok(()) };
        let age = self.now - sent;
        if age > window_ms(command) || age < -AHEAD_MS {
            if self.clock_off != 0 {
                self.tally.hit(Fault::ClockStep);
                self.meet(Fault::ClockStep, &occasion(command).orders);
            }
            self.reply(number, Err((10002, "outside the window".to_owned())));
            return Ok(());
        }
        if self.now < self.halted_until {
            self.tally.hit(Fault::Outage);
            self.meet(Fault::Outage, &occasion(command).orders);
            self.reply(number, Err((110_066, "trading is currently not allowed".to_owned())));
            return Ok(());
        }
        if self.is_off_grid(command) {
            self.tally.hit(Fault::GridChange);
            self.meet(Fault::GridChange, &occasion(command).orders);
            self.reply(number, Err((10001, "params error: price invalid".to_owned())));
            let at = self.now + self.wait(50..3_000);
            self.queue.at(at, Happening::Contracts { life: self.life });
            return Ok(());
        }
        if let Some(strike) = self.strikes(Fault::Refused, || occasion(command)) {
            self.tally.hit(Fault::Refused);
            let code = strike.code.unwrap_or(10006);
            self.reply(number, Err((code, "too many visits".to_owned())));
            return Ok(());
        }
        if let Command::Amend(_) | Command::Cancel(_) = command
            && let Some(id) = named(command)
            && self.is_hidden(&id)
            && (self.is_scripted() || self.rng.bool())
        {
            self.tally.hit(Fault::LateIndex);
            self.reply(number, Err((110001, "order not exists or too late".to_owned())));
            return Ok(());
        }
        let is_silent = self.strikes(Fault::NoVerdict, || occasion(command)).is_some();
        if is_silent {
            self.tally.hit(Fault::NoVerdict);
            if !self.is_scripted() && self.rng.bool() {
                self.reply(number, Err((10016, "service is restarting".to_owned())));
                return Ok(());
            }
        }
        let mut verdict = self.request(&request)?;
        self.see_race(command, &verdict);
        if verdict.is_ok()
            && let Command::Submit(_) = command
            && let Some(id) = named(command)
        {
            self.tally.orders += 1;
            if let Some(strike) = self.strikes(Fault::LateIndex, || occasion(command)) {
                let until = self.now + strike.by.unwrap_or_else(|| self.rng.i64(100..15_000));
                self.hidden.insert(id, until);
            }
        }
        // Only where the first is still open: the id of one that is over may be free again, and that is nobody's fault.
        let may_come_twice = self.is_scripted() || self.swarm.rate(Fault::RequestTwice) > 0.0;
        let is_open = may_come_twice
            && matches!(command, Command::Submit(_))
            && named(command).is_some_and(|id| {
                let mut open = self.venue.open_orders(UID, OrderFilter::default()).into_iter();
                open.any(|row| *row.order_link_id == *id)
            });
        if is_open && self.strikes(Fault::RequestTwice, || occasion(command)).is_some() {
            self.tally.hit(Fault::RequestTwice);
            verdict = self.request(&request)?;
        }
        if is_silent {
            verdict = Err(windvane_venue_core::Refusal {
                code: 10019,
                message: "service is restarting".to_owned(),
            });
        }
        let answer = verdict.map(bridge::order_id).map_err(|refusal| (refusal.code, refusal.message));
        self.reply(number, answer);
        Ok(())
    }

    /// Whether an order or an amend names a price that the first contract does not have any more. What was decided before
    /// the engine knew may still come; afterwards nothing off the grid may.
    pub(super) fn is_off_grid(&self, command: &Command) -> bool {
        let price = match command {
            Command::Submit(submit) if submit.symbol.as_str() == LISTINGS[0].symbol => {
                submit.kind.limit_price()
            }
            Command::Amend(amend) if amend.symbol.as_str() == LISTINGS[0].symbol => amend.price,
            _ => None,
        };
        self.has_new_grid && price.is_some_and(|price| !(price.get() % coarse_tick()).is_zero())
    }

    /// Counts requests that came too late, or found something else than they were made for.
    fn see_race(
        &mut self,
        command: &Command,
        verdict: &Result<Acknowledgement, windvane_venue_core::Refusal>,
    ) {
        let code = verdict.as_ref().err().map(|refusal| refusal.code);
        let fault = match (command, code) {
            (Command::Cancel(_), Some(110001)) => Fault::CancelTooLate,
            (Command::Amend(_), Some(_)) => Fault::AmendTooLate,
            (Command::Submit(_), Some(110017)) => Fault::CloseOfNothing,
            (Command::SetLeverage(_), None) => Fault::LeverageDiffers,
            _ => return,
        };
        self.tally.hit(fault);
        self.meet(fault, &occasion(command).orders);
    }

    /// Counts ends of orders of ours that nobody asked for, or that came when part of them was filled.
    fn see_end(&mut self, row: &OrderRow) {
        let is_cancelled = row.order_status == OrderStatus::Cancelled;
        if !row.order_link_id.starts_with(install().as_str())
            || !(is_cancelled || row.order_status == OrderStatus::Rejected)
        {
            return;
        }
        let fault = if is_cancelled && !row.cum_exec_qty.is_zero() {
            Fault::PartThenCancel
        } else if row.reject_reason != RejectReason::PerCancelRequest {
            Fault::EndedByMatching
        } else {
            return;
        };
        self.tally.hit(fault);
        let id = ClientOrderId::new(&row.order_link_id).ok();
        self.meet(fault, id.as_slice());
    }

    /// A request of anybody on the account.
    pub(super) fn request(
        &mut self,
        request: &Request,
    ) -> Result<Result<Acknowledgement, windvane_venue_core::Refusal>, Broken> {
        let mut facts = std::mem::take(&mut self.facts);
        let verdict = self.venue.apply_request(self.market_ms(), UID, request, &mut facts);
        self.facts = facts;
        self.publish()?;
        Ok(verdict)
    }

    fn reply(&mut self, number: u64, answer: Result<Option<OrderId>, (i32, String)>) {
        let Some((asked, by_trade)) = self.wires.open.get(&number).copied() else { return };
        if self.strikes(Fault::ReplyLost, || requested(&asked)).is_some() {
            self.tally.hit(Fault::ReplyLost);
            self.time_out(number);
            return;
        }
        let event = Event::Account(match answer {
            Ok(order_id) => asked.acknowledged(order_id),
            Err((code, message)) => match bridge::family(code) {
                Some(family) => asked.refused(code, family, &message),
                None => asked.undetermined(),
            },
        });
        if !by_trade {
            self.return_call(Some(number), event);
        } else if self.wires.get(Stream::Trade).is_up {
            self.push(Stream::Trade, Some(number), Parcel::from(event));
        } else {
            self.tally.hit(Fault::ReplyLost);
        }
    }

    pub(super) fn move_market(&mut self) -> Result<(), Broken> {
        if self.market_runs {
            let at = self.now + self.swarm.step_ms;
            self.queue.at(at, Happening::Market);
        }
        for slot in 0..self.feeds.len() {
            let jumps = self.chance(self.swarm.jump);
            if jumps {
                self.hit_all(Fault::Jump);
            }
            let reach = if !jumps {
                0
            } else if self.swarm.is_poor {
                CRASH
            } else {
                JUMP
            };
            self.feeds[slot].walk(&mut self.rng, reach);
            for input in self.feeds[slot].inputs(&mut self.rng, self.swarm.thin_book) {
                self.market_input(&input)?;
            }
            let now = self.market();
            if let Some(candle) = self.feeds[slot].candle(now)
                && self.wires.get(Stream::Public).is_up
            {
                self.push(Stream::Public, None, Parcel::from(Event::Market(MarketEvent::Candle(candle))));
            }
        }
        self.see_both_sides();
        self.count_unprotected();
        Ok(())
    }

    pub(super) fn market_input(&mut self, input: &MarketInput) -> Result<(), Broken> {
        let mut facts = std::mem::take(&mut self.facts);
        let verdict = self.venue.apply_market(self.market_ms(), input, &mut facts);
        self.facts = facts;
        verdict.map_err(|refusal| ("the venue takes its market", refusal.to_string()))?;
        self.publish()
    }

    fn publish(&mut self) -> Result<(), Broken> {
        let mut facts = std::mem::take(&mut self.facts);
        let has = |topic: fn(&Output) -> bool| facts.iter().any(topic);
        let topics = [
            (Topic::Order, has(|fact| matches!(fact, Output::Order { .. }))),
            (Topic::Execution, has(|fact| matches!(fact, Output::Execution { .. }))),
            (Topic::Position, has(|fact| matches!(fact, Output::Position { .. }))),
            (Topic::Wallet, has(|fact| matches!(fact, Output::Wallet { .. }))),
        ];
        let [orders, executions, positions, wallets] =
            topics.map(
                |(topic, has_rows)| if has_rows { self.fate(|| of_topic(topic, &facts)) } else { Fate::Lost },
            );
        for run in runs(&facts) {
            self.tally.venue_events += run.len() as u64;
            match run {
                [Output::Order { row, .. }] => {
                    self.see_end(row);
                    self.push_private(Topic::Order, orders, |writer| writer.rows(run));
                }
                [Output::Position { .. }] => {
                    self.push_private(Topic::Position, positions, |writer| writer.rows(run));
                }
                [Output::Wallet { row, .. }] => {
                    if let Some(news) = self.told_coins.news(row) {
                        self.push_private(Topic::Wallet, wallets, |writer| writer.wallet(&news));
                    }
                }
                [Output::Trade(trade)] => self.push_public(bridge::print(trade)),
                [Output::Book(delta)] => {
                    if self.strikes(Fault::BookGap, Occasion::default).is_some() {
                        self.tally.hit(Fault::BookGap);
                    } else {
                        self.push_public(bridge::book_delta(delta));
                    }
                }
                [Output::Ticker(row)] => self.push_public(bridge::ticker(row, self.market())),
                // No stream of the engine's has them.
                [Output::Liquidation(_)] => {}
                run => {
                    for row in run.iter().filter_map(execution) {
                        self.see_execution(row)?;
                    }
                    self.push_private(Topic::Execution, executions, |writer| writer.rows(run));
                }
            }
        }
        facts.clear();
        self.facts = facts;
        Ok(())
    }

    fn push_public(&mut self, event: MarketEvent) {
        if self.wires.get(Stream::Public).is_up {
            self.push(Stream::Public, None, Parcel::from(Event::Market(event)));
        }
    }

    fn see_execution(&mut self, row: &ExecutionRow) -> Result<(), Broken> {
        self.tally.executions += 1;
        match row.exec_type {
            ExecutionType::Funding | ExecutionType::SessionSettlement => self.hit_all(Fault::Funding),
            ExecutionType::BustTrade | ExecutionType::AdlTrade | ExecutionType::Settle => {
                self.hit_all(Fault::Liquidated);
            }
            ExecutionType::Trade => {
                if matches!(
                    row.stop_order_type,
                    Some(StopOrderType::StopLoss | StopOrderType::TakeProfit | StopOrderType::TrailingStop)
                ) {
                    self.hit_all(Fault::StopFired);
                }
                let reference =
                    OrderReference { order_id: Some(row.order_id.to_string()), order_link_id: None };
                let order = self.venue.order(UID, &reference);
                if order.is_some_and(|order| order.reduce_only) && row.closed_size != row.exec_qty {
                    return Err(("I10 reduce-only never opens", format!("{row:?}")));
                }
            }
        }
        Ok(())
    }
}

const fn execution(fact: &Output) -> Option<&ExecutionRow> {
    match fact {
        Output::Execution { row, .. } => Some(row),
        _ => None,
    }
}

fn occasion(command: &Command) -> Occasion {
    Asked::of(command).map(|asked| requested(&asked)).unwrap_or_default()
}

/// The request as one that may go wrong.
pub(super) fn requested(asked: &Asked) -> Occasion {
    let orders = asked.client_order_id.into_iter().collect();
    Occasion { request: Some(asked.request), topic: None, orders }
}

/// The message of one topic that carries these facts.
fn of_topic(topic: Topic, facts: &[Output]) -> Occasion {
    let links = facts.iter().filter_map(|fact| match (topic, fact) {
        (Topic::Order, Output::Order { row, .. }) => ClientOrderId::new(&row.order_link_id).ok(),
        (Topic::Execution, Output::Execution { row, .. }) => ClientOrderId::new(&row.order_link_id).ok(),
        _ => None,
    });
    Occasion { request: None, topic: Some(topic), orders: links.collect() }
}

fn named(command: &Command) -> Option<String> {
    match command {
        Command::Submit(submit) => Some(submit.client_order_id.to_string()),
        Command::Amend(amend) => Some(amend.client_order_id.to_string()),
        Command::Cancel(cancel) => cancel.client_order_id.map(|id| id.to_string()),
        Command::CancelAll(_) | Command::SetProtection(_) | Command::SetLeverage(_) | Command::Query(_) => {
            None
        }
    }
}
