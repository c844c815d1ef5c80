//! The venue's side: requests arrive, the market moves, and facts leave for the engine.

use super::engine::unread;
use super::happening::{Happening, Message, Parcel};
use super::link::{Fate, Open, Stream, Topic};
use super::{EPOCH_MS, World};
use crate::listing::{LISTINGS, UID, coarse_tick, install};
use crate::scenario::Occasion;
use crate::tally::Fault;
use crate::world::Broken;
use windvane_connector::wire::{Asked, Mutation};
use windvane_model::{ClientOrderId, Command};
use windvane_venue::wire::{self, Accepted, Answer, Post, Refusal, TradeCall, operation, read_frame, runs};
use windvane_venue_core::{
    Acknowledgement, ExecutionRow, ExecutionType, MarketInput, OrderFilter, OrderReference, OrderRow,
    OrderStatus, Output, RejectReason, Request, StopOrderType,
};

/// How far the price jumps at most, in thousandths; and where the account is small.
const JUMP: i64 = 30;
const CRASH: i64 = 250;
/// Refusal of a stamp that is too old or too far ahead.
const OUTSIDE_WINDOW: i64 = 10002;

impl World {
    /// The venue reads a message, does what it asks for, and answers.
    pub(super) fn arrive(&mut self, number: u64, command: &Command, message: &Message) -> Result<(), Broken> {
        match command {
            Command::Submit(submit) => drop(self.travelling.remove(&submit.client_order_id)),
            Command::Amend(amend) => drop(self.amending.remove(amend.client_order_id.as_str())),
            _ => {}
        }
        let wall_ms = EPOCH_MS + self.now;
        match message {
            Message::Frame(text) => {
                let frame = read_frame(text).ok_or_else(|| unread("no frame", text))?;
                let call = TradeCall { operation: operation(&frame), frame: &frame };
                let request = call.read(wall_ms, &self.answers);
                let answer = self.judge(command, request, text)?;
                let connection = self.wires.get(Stream::Trade).generation.into();
                self.reply(number, |_| call.reply((connection, wall_ms), &answer, None));
            }
            Message::Post { path, timestamp, recv_window, body } => {
                let post = Post { path, timestamp, recv_window, body };
                let request = post.read(wall_ms, &self.answers);
                let answer = self.judge(command, request, body)?;
                self.reply(number, |world| wire::body(&answer, &world.answers, wall_ms));
            }
        }
        Ok(())
    }

    /// What the venue says of a request.
    fn judge(
        &mut self,
        command: &Command,
        request: Result<Request, Refusal>,
        text: &str,
    ) -> Result<Answer, Broken> {
        let refusal = |code, message: &str| Ok(Err(Refusal::new(code, message)));
        let request = match request {
            Ok(request) => request,
            Err(refused) if refused.code == OUTSIDE_WINDOW => {
                if self.clock_off != 0 {
                    self.tally.hit(Fault::ClockStep);
                    self.meet(Fault::ClockStep, &occasion(command).orders);
                }
                return Ok(Err(refused));
            }
            Err(refused) => return Err(unread(refused.message, text)),
        };
        if self.now < self.halted_until {
            self.tally.hit(Fault::Outage);
            self.meet(Fault::Outage, &occasion(command).orders);
            return refusal(110_066, "trading is currently not allowed");
        }
        if self.is_off_grid(command) {
            self.tally.hit(Fault::GridChange);
            self.meet(Fault::GridChange, &occasion(command).orders);
            let at = self.now + self.wait(50..3_000);
            self.queue.at(at, Happening::Contracts { life: self.life });
            return refusal(10001, "params error: price invalid");
        }
        if let Some(strike) = self.strikes(Fault::Refused, || occasion(command)) {
            self.tally.hit(Fault::Refused);
            return refusal(strike.code.unwrap_or(10006).into(), "too many visits");
        }
        if let Command::Amend(_) | Command::Cancel(_) = command
            && let Some(id) = named(command)
            && self.is_hidden(&id)
            && (self.is_scripted() || self.rng.bool())
        {
            self.tally.hit(Fault::LateIndex);
            return refusal(110_001, "order not exists or too late");
        }
        let is_silent = self.strikes(Fault::NoVerdict, || occasion(command)).is_some();
        if is_silent {
            self.tally.hit(Fault::NoVerdict);
            if !self.is_scripted() && self.rng.bool() {
                return refusal(10016, "service is restarting");
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
            return refusal(10019, "service is restarting");
        }
        Ok(verdict
            .map(|taken| Accepted::of(&request, &taken, &self.answers))
            .map_err(|refused| self.writer().refusal(self.market_ms(), refused, &request)))
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

    /// Sends the answer to a request, which `write` writes where it gets away.
    fn reply(&mut self, number: u64, write: impl FnOnce(&Self) -> String) {
        let Some(Open { asked, by_trade, .. }) = self.wires.open.get(&number).copied() else { return };
        if self.strikes(Fault::ReplyLost, || requested(&asked)).is_some() {
            self.tally.hit(Fault::ReplyLost);
            return self.time_out(number);
        }
        if by_trade && !self.wires.get(Stream::Trade).is_up {
            self.tally.hit(Fault::ReplyLost);
            return;
        }
        let text = write(self);
        let text = if self.strikes(Fault::Torn, || requested(&asked)).is_some() {
            self.tally.hit(Fault::Torn);
            self.time_out(number);
            self.tear(text)
        } else {
            text.into()
        };
        if by_trade {
            self.push(Stream::Trade, Parcel::Reply(text));
        } else {
            self.return_call(Some(number), Parcel::Body(text));
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
            let inputs = self.feeds[slot].inputs(&mut self.rng, self.swarm.thin_book);
            self.market_inputs(&inputs)?;
        }
        self.see_both_sides();
        self.count_unprotected();
        Ok(())
    }

    /// One step of the market; like the server, the venue tells only then what came of it.
    pub(super) fn market_inputs(&mut self, inputs: &[MarketInput]) -> Result<(), Broken> {
        let now_ms = self.market_ms();
        for input in inputs {
            let verdict = self.venue.apply_market(now_ms, input, &mut self.facts);
            verdict.map_err(|refusal| ("the venue takes its market", refusal.to_string()))?;
        }
        self.publish()
    }

    fn publish(&mut self) -> Result<(), Broken> {
        let mut facts = std::mem::take(&mut self.facts);
        self.publish_topics(&facts);
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
                // Told already, by the public topics.
                [Output::Trade(_) | Output::Book(_) | Output::Ticker(_) | Output::Liquidation(_)] => {}
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
    Mutation::of(*command).map(|mutation| requested(&Asked::from(&mutation))).unwrap_or_default()
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
