//! How a signal becomes an entry order: it waits for its moment, is priced and sized, rests, and ends in time.

use windvane_model::{
    ClientOrderId, Intent, MarketTime, OrderStatus, Place as PlaceOrder, Price, Role, Side, Tag,
};

use super::bot::RuleBot;
use super::condition::{NO_SIZE, NO_STOP};
use super::exit::Place;
use super::file::slot;
use super::ledger::Blocker;
use super::memory::Plan;
use crate::context::{Context, ENTRY_TIME_TO_LIVE_MS};

/// Pause before a post-only order that would have taken is priced again, milliseconds of market time.
const REPRICE_MS: i64 = 1_000;

/// A signal that has not become an order yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    pub(super) side: Side,
    pub(super) not_before: MarketTime,
    pub(super) until: MarketTime,
    pub(super) as_market: bool,
    pub(super) is_counted: bool,
    /// Whether it adds to the position that is open.
    pub(super) adds: bool,
    /// The price of its first order, where one has ended without a fill.
    pub(super) first: Option<Price>,
}

/// The entry order that is on its way or rests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) tag: Tag,
    pub(super) client_order_id: Option<ClientOrderId>,
    pub(super) side: Side,
    pub(super) deadline: Option<MarketTime>,
    /// Whether we cancelled it because its time was up.
    pub(super) is_expired: bool,
    pub(super) falls_back: bool,
    /// Whether it adds to a position.
    pub(super) adds: bool,
    /// The price it was first placed at: a chase is bounded by it. `None` for a market order, and for one of an earlier run.
    pub(super) first: Option<Price>,
    /// When it was placed or last moved.
    pub(super) moved: MarketTime,
}

impl RuleBot {
    /// Turns a wish into an order as soon as nothing stands in its way.
    pub(super) fn pursue(&mut self, context: &Context<'_>, out: &mut Vec<Intent>) {
        let Some(wish) = self.wish else { return };
        let is_held = self.memory.open.is_some();
        let is_added = wish.adds && is_held && context.holding.side == Some(wish.side);
        if context.now > wish.until
            || (is_held && !self.memory.is_closing && !is_added)
            || (wish.adds && !is_added)
        {
            self.wish = None;
            return;
        }
        let is_busy = (is_held && !is_added)
            || self.memory.is_closing
            || self.awaiting.is_some()
            || self.entry.is_some()
            || self.exit.is_some()
            || (context.holding.side.is_some() && !is_added)
            || context.orders.iter().any(|order| matches!(order.role, Role::Entry | Role::Exit))
            // What somebody else is about to open for the bot is an entry under way like its own.
            || context.adopted.iter().any(|order| !order.reduce_only);
        if is_busy || context.now < wish.not_before {
            return;
        }
        // A position that grows is none that is opened.
        let limit = if wish.adds { None } else { self.rules.limits.reached(&self.memory, context.now) };
        if let Some(limit) = limit {
            self.block(wish.side, limit);
            self.wish = None;
            return;
        }
        let Some(rules) = &self.rules.sides[slot(wish.side)] else { return };
        let blocker =
            self.rules.conditions.first_blocker(&rules.at_send, &self.rules.program, !wish.is_counted);
        if let Some(blocker) = blocker {
            self.ledger.block(wish.side, Blocker::Condition(blocker));
            self.wish = Some(Wish { is_counted: true, ..wish });
            return;
        }
        match self.order(wish, context) {
            Ok(Some((place, plan))) => {
                self.wish = None;
                self.memory.plan = (!wish.adds).then_some(plan);
                self.await_answer(place.tag, context.now);
                self.entry = Some(Entry {
                    tag: place.tag,
                    client_order_id: None,
                    side: wish.side,
                    deadline: self.rules.order.valid_for_ms.map(|_| wish.until.max(context.now)),
                    is_expired: false,
                    falls_back: self.rules.order.falls_back_to_market() && !wish.as_market,
                    adds: wish.adds,
                    first: wish.first.or(place.kind.limit_price()),
                    moved: context.now,
                });
                out.push(Intent::Place(place));
            }
            // Quotes are missing: the wish waits for them until its time is up.
            Ok(None) => {}
            Err(reason) => {
                self.block(wish.side, reason);
                self.wish = None;
            }
        }
    }

    /// Whether nothing that a wish waits for comes without a message that wakes the bot.
    pub(super) fn waits_for_a_message(&self, wish: &Wish) -> bool {
        let Some(rules) = &self.rules.sides[slot(wish.side)] else { return false };
        let (conditions, program) = (&self.rules.conditions, &self.rules.program);
        self.memory.open.is_none()
            && self.awaiting.is_none()
            && !conditions.are_restless(&rules.at_send, program)
    }

    /// A reason that is no expression stands in the way of a signal.
    pub(super) fn block(&mut self, side: Side, reason: &'static str) {
        self.rules.conditions.block(reason);
        self.ledger.block(side, Blocker::Reason(reason));
    }

    /// The entry order and the plan of its stop; `Ok(None)` while quotes are missing, else why there is no order.
    fn order(
        &mut self,
        wish: Wish,
        context: &Context<'_>,
    ) -> Result<Option<(PlaceOrder, Plan)>, &'static str> {
        let Wish { side, as_market, first, .. } = wish;
        let Some(priced) = self.priced(side, as_market, first, context) else { return Ok(None) };
        let reference = Price::new(priced.reference).map_err(|_| NO_STOP)?;
        // What is added shares the stop of the position: the venue keeps one for all of it.
        let held = self.memory.open.and_then(|open| open.stop).filter(|_| wish.adds);
        let risk = match held {
            Some(stop) => Some((reference.to_f64() - stop) * if side == Side::Buy { 1.0 } else { -1.0 }),
            None => self.rules.exit.stop.at(&self.rules.program, side, reference.to_f64()),
        };
        let risk = risk.filter(|risk| *risk > 0.0).ok_or(NO_STOP)?;
        let stop = self.level(context.instrument, side, reference.to_f64(), -risk).ok_or(NO_STOP)?;
        let distance = reference.distance(stop);
        let instrument = context.instrument;
        let qty = self.rules.size.quantity(
            instrument,
            context.means.equity(),
            reference.get(),
            distance,
            &self.rules.program,
        );
        let qty = match self.rules.scale_in.filter(|_| wish.adds) {
            Some(scale_in) => qty.and_then(|qty| {
                let part = qty.get().checked_mul(scale_in.share)?;
                let part = instrument.round_down_to_lot(part);
                (part >= instrument.min_qty).then_some(part)
            }),
            None => qty,
        };
        let qty = qty.ok_or(NO_SIZE)?;
        let most = if priced.kind.limit_price().is_some() {
            instrument.max_limit_qty
        } else {
            instrument.max_market_qty
        };
        let take_profit = match self.rules.exit.take_profit {
            // An open position has its target already.
            Some(take_profit) if matches!(take_profit.place, Place::Venue(_)) && !wish.adds => {
                self.refresh_with(context, Some(risk));
                let distance = take_profit.target.at(&self.rules.program, side, reference.to_f64());
                distance
                    .and_then(|distance| self.level(context.instrument, side, reference.to_f64(), distance))
            }
            _ => None,
        };
        let place = PlaceOrder {
            tag: self.tag(),
            symbol: context.symbol(),
            role: Role::Entry,
            side,
            qty: qty.min(most),
            kind: priced.kind,
            reduce_only: false,
            stop_loss: Some(stop),
            take_profit,
            triggers: self.rules.exit.triggers(),
            send_before: Some(context.wall.after(ENTRY_TIME_TO_LIVE_MS)),
        };
        let plan = Plan { risk, stop: stop.to_f64(), take_profit: take_profit.map(Price::to_f64) };
        Ok(Some((place, plan)))
    }

    /// Cancels an entry that rests for too long, or beside a position that is being closed; moves one that is to follow its
    /// price.
    pub(super) fn tend_entry(&mut self, context: &Context<'_>, out: &mut Vec<Intent>) {
        for order in context.orders.iter().filter(|order| order.role == Role::Entry && !order.is_in_flight) {
            let known = self.entry.filter(|entry| entry.client_order_id == Some(order.client_order_id));
            let by_age = self.rules.order.valid_for_ms.map(|length| order.submitted.after(length));
            let deadline = known.map_or(by_age, |entry| entry.deadline);
            let is_late = deadline.is_some_and(|deadline| context.now >= deadline);
            if !is_late && !self.memory.is_closing {
                let chased = known.and_then(|entry| self.chased(order, &entry, context));
                if let (Some(price), Some(entry)) = (chased, &mut self.entry) {
                    entry.moved = context.now;
                    let client_order_id = order.client_order_id;
                    out.push(Intent::Amend { client_order_id, price: Some(price), qty: None });
                }
                continue;
            }
            if let Some(entry) = &mut self.entry {
                entry.is_expired = true;
                entry.falls_back &= is_late;
            }
            out.push(Intent::Cancel { client_order_id: order.client_order_id });
        }
    }

    /// The entry order ended without a fill.
    pub(super) fn entry_missed(&mut self, entry: Entry, status: OrderStatus, now: MarketTime) {
        let again = |not_before, until, as_market| Wish {
            side: entry.side,
            not_before,
            until,
            as_market,
            is_counted: true,
            adds: entry.adds,
            first: entry.first,
        };
        if entry.is_expired {
            if entry.falls_back {
                self.wish = Some(again(now, now.after(REPRICE_MS), true));
            }
        } else if status == OrderStatus::Cancelled
            && let Some(deadline) = entry.deadline
            && now < deadline
        {
            // A post-only order that would have taken: the market has moved, and the signal still stands.
            self.wish = Some(again(now.after(REPRICE_MS), deadline, false));
        }
    }
}
