//! What a rule bot does with its position: keeps the venue's stop right, trails it, and closes.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use windvane_model::{
    ClientOrderId, ExitCause, Instrument, Intent, MarketTime, OrderKind, Place as PlaceOrder, Price, Qty,
    RefusalFamily, Role, Side, Tag, Triggers,
};

use super::bot::{Moment, RETRY_MS, RuleBot};
use super::exit::Place;
use super::file::Evaluate;
use super::memory::Open;
use super::stop::StopRule;
use super::way::Way;
use crate::context::Context;

/// Closing orders in a row that did not leave and are repeated at once.
const UNSENT_EXITS_MAX: u32 = 3;
/// Closing orders with a cap on their slippage; the next one takes any price. Out late is worse than out dear.
const CAPPED_EXITS_MAX: u32 = 3;

/// The order that closes the position.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exit {
    pub(super) tag: Tag,
    pub(super) client_order_id: Option<ClientOrderId>,
    /// Which part of the position it closes; `None` for all of it.
    pub(super) part: Option<Part>,
}

/// Why a part of a position is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A step of the ladder.
    Rung,
    /// The condition of `scale_out`.
    ScaleOut,
}

impl RuleBot {
    /// Brings the memory in line with the position as it is.
    pub(super) fn follow(&mut self, context: &Context<'_>, out: &mut Vec<Intent>) {
        let held = context.holding.side.zip(context.holding.average_price);
        match (self.memory.open, held) {
            (Some(open), Some((side, price))) if open.side() == side => self.grew(open, price, context, out),
            (None, None) => {}
            (_, Some((side, price))) => self.opened(side, price, context, out),
            (Some(open), None) => {
                self.gone = Some(open).filter(|_| !self.memory.is_closing);
                self.memory.open = None;
                self.memory.is_closing = false;
                self.best = None;
                if self.gone.is_none() {
                    self.forget_exits();
                }
            }
        }
    }

    fn opened(&mut self, side: Side, price: Price, context: &Context<'_>, out: &mut Vec<Intent>) {
        let entry_price = price.to_f64();
        let plan = self.memory.plan.take();
        // Without a plan (the memory was lost) the stop of this moment has to do.
        // A level stays where it is, wherever the fill was; a distance goes with the fill.
        let sign = if side == Side::Buy { 1.0 } else { -1.0 };
        let planned = plan.map(|plan| match self.rules.exit.stop {
            StopRule::Level(..) => sign * (entry_price - plan.stop),
            StopRule::Distance(_) => plan.risk,
        });
        let risk = planned.or_else(|| self.rules.exit.stop.at(&self.rules.program, side, entry_price));
        let risk = risk.filter(|risk| *risk > 0.0).unwrap_or(0.0);
        self.memory.is_closing = false;
        self.memory.is_stopped = false;
        self.forget_exits();
        self.memory.entries_today = self.memory.entries_today.saturating_add(1);
        // The pause after a request about the position before this one says nothing about this one.
        self.retry_at = MarketTime::default();
        self.unsent_exits = 0;
        self.capped_exits = 0;
        self.best = None;
        self.memory.open = Some(Open {
            is_long: side == Side::Buy,
            entry_price,
            risk,
            entries: 1,
            rungs: 0,
            scaled_out: 0,
            opened_ms: context.now.0,
            stop: plan.map(|plan| plan.stop),
            take_profit: plan.and_then(|plan| plan.take_profit),
            watermark: entry_price,
        });
        self.anchor(context, out);
    }

    /// A position that grows at another price has another average: its stop moves along, unless it trails already.
    fn grew(&mut self, open: Open, price: Price, context: &Context<'_>, out: &mut Vec<Intent>) {
        let entry_price = price.to_f64();
        let is_bare = open.stop.is_none() && context.now >= self.retry_at;
        if open.entry_price == entry_price && !is_bare {
            return;
        }
        let risk = if open.risk > 0.0 {
            None
        } else {
            self.rules.exit.stop.at(&self.rules.program, open.side(), entry_price)
        };
        if let Some(open) = &mut self.memory.open {
            open.entry_price = entry_price;
            open.risk = risk.filter(|risk| *risk > 0.0).unwrap_or(open.risk);
        }
        self.anchor(context, out);
    }

    /// Asks for stop and take-profit at their distances from the average entry price, where they are not there already.
    fn anchor(&mut self, context: &Context<'_>, out: &mut Vec<Intent>) {
        let Some(open) = self.memory.open else { return };
        if open.risk <= 0.0 {
            return;
        }
        self.refresh(context);
        let take_profit = self.rules.exit.take_profit;
        let program = &self.rules.program;
        let distance = take_profit.and_then(|rule| rule.target.at(program, open.side(), open.entry_price));
        let target = distance
            .and_then(|distance| self.level(context.instrument, open.side(), open.entry_price, distance));
        let first = self.level(context.instrument, open.side(), open.entry_price, -open.risk);
        // A stop that has been trailed to a better place stays there.
        let is_better =
            |stop: f64| first.is_none_or(|first| open.sign() * (stop - first.to_f64()) > open.risk / 2.0);
        let stop = match open.stop {
            Some(stop) if is_better(stop) => None,
            _ => first.filter(|first| open.stop != Some(first.to_f64())),
        };
        let at_venue =
            target.filter(|_| take_profit.is_some_and(|rule| matches!(rule.place, Place::Venue(_))));
        let moved = at_venue.filter(|target| open.take_profit != Some(target.to_f64()));
        self.stop_before = open.stop;
        self.protecting_by = "exit.stop";
        if let Some(open) = &mut self.memory.open {
            open.stop = stop.map(Price::to_f64).or(open.stop);
            open.take_profit = target.map(Price::to_f64);
        }
        if stop.is_some() || moved.is_some() {
            let triggers = self.rules.exit.triggers();
            out.push(Intent::Protect {
                symbol: context.symbol(),
                stop_loss: stop,
                take_profit: moved,
                triggers,
            });
        }
    }

    /// A level `distance` ahead of `price` for a position of `side` (behind when negative), on the grid, rounded away
    /// from the price: a stop never tighter, a target never nearer than the rule says.
    pub(super) fn level(
        &self,
        instrument: &Instrument,
        side: Side,
        price: f64,
        distance: f64,
    ) -> Option<Price> {
        let sign = if side == Side::Buy { 1.0 } else { -1.0 };
        let level = Decimal::from_f64(price + sign * distance)?;
        if sign * distance < 0.0 {
            instrument.round_down_to_tick(level)
        } else {
            instrument.round_up_to_tick(level)
        }
    }

    /// Whether conditions of the exit are looked at in such a moment.
    pub(super) fn looks_at(&self, moment: Moment) -> bool {
        match self.rules.evaluate {
            Evaluate::Bar => moment == Moment::Bar { fires: true },
            Evaluate::Tick => matches!(moment, Moment::Bar { .. } | Moment::Quote),
        }
    }

    /// Decides whether the position ends, and moves its trailing stop.
    pub(super) fn guard(&mut self, moment: Moment, context: &Context<'_>, out: &mut Vec<Intent>) {
        let Some(open) = self.memory.open else { return };
        if self.memory.is_closing {
            return;
        }
        let looks = self.looks_at(moment);
        let in_engine =
            self.rules.exit.take_profit.is_some_and(|rule| matches!(rule.place, Place::Engine(_)));
        let ways = [
            (Way::SoftStop, true),
            (Way::Signal, looks),
            (Way::TimeLimit, true),
            // The venue looks after its own.
            (Way::TakeProfit, in_engine),
            (Way::Decay, true),
        ];
        let mut asked = ways.into_iter().filter(|(_, is_asked)| *is_asked).map(|(way, _)| way);
        self.way = asked.find(|way| self.holds(*way, &open, context) == Some(true));
        self.memory.is_stopped = self.way == Some(Way::SoftStop);
        self.memory.is_closing = self.way.is_some();
        if !self.memory.is_closing {
            self.ratchet(open, context, out);
        }
    }

    /// The protection was denied or refused: what was in force before still is. Where nothing was, it is asked for again
    /// after a pause.
    pub(super) fn protection_failed(&mut self, now: MarketTime) {
        if let Some(open) = &mut self.memory.open {
            open.stop = self.stop_before;
        }
        self.retry_at = now.after(RETRY_MS);
    }

    /// The closing order was refused. One that never left (no connection, no room) is sent again at once, a few times:
    /// what kept it back may be over by now. So is one that was refused for its stamp alone: the answer has told the venue's
    /// time, and the pause goes by a clock that has just been found wrong. What else the venue refused is repeated after the
    /// usual pause.
    pub(super) fn exit_refused(&mut self, family: RefusalFamily, now: MarketTime) {
        let was_not_looked_at = matches!(family, RefusalFamily::NotSent | RefusalFamily::Timestamp);
        self.unsent_exits = if was_not_looked_at { self.unsent_exits + 1 } else { 0 };
        if (1..=UNSENT_EXITS_MAX).contains(&self.unsent_exits) {
            self.retry_at = now;
        }
    }

    pub(super) fn cool_down(&mut self, cause: ExitCause, now: MarketTime) {
        let was_stopped = match cause {
            ExitCause::StopLoss | ExitCause::Trailing | ExitCause::Liquidation => true,
            ExitCause::Strategy
            | ExitCause::TakeProfit
            | ExitCause::Protect
            | ExitCause::Delivery
            | ExitCause::Foreign => false,
        };
        let was_stopped = was_stopped || self.memory.is_stopped;
        self.memory.stops_today = self.memory.stops_today.saturating_add(u32::from(was_stopped));
        let limits = &self.rules.limits;
        let pauses = [limits.cooldown_after_stop_ms.filter(|_| was_stopped), limits.cooldown_after_exit_ms];
        if let Some(length) = pauses.into_iter().flatten().max() {
            self.memory.cooldown_until_ms = now.after(length).0;
        }
    }

    /// Sends the closing order while the bot wants out, again after a pause when it was not taken.
    pub(super) fn close(&mut self, context: &Context<'_>, out: &mut Vec<Intent>) {
        let is_closing = self.memory.is_closing && self.awaiting.is_none() && context.now >= self.retry_at;
        let is_under_way = self.exit.is_some() || context.orders.iter().any(|order| order.role == Role::Exit);
        if !is_closing || is_under_way {
            return;
        }
        self.place_exit(context.holding.qty, None, context, out);
    }

    /// Sends a reduce-only market order against the position.
    pub(super) fn place_exit(
        &mut self,
        qty: Qty,
        part: Option<Part>,
        context: &Context<'_>,
        out: &mut Vec<Intent>,
    ) {
        let Some(side) = context.holding.side else { return };
        let tag = self.tag();
        self.await_answer(tag, context.now);
        self.exit = Some(Exit { tag, client_order_id: None, part });
        let cap = self.rules.exit.max_slippage_ticks.filter(|_| self.capped_exits < CAPPED_EXITS_MAX);
        if part.is_none() {
            self.retry_at = context.now.after(RETRY_MS);
            self.capped_exits += u32::from(cap.is_some());
        }
        out.push(Intent::Place(PlaceOrder {
            tag,
            symbol: context.symbol(),
            role: Role::Exit,
            side: side.opposite(),
            qty: qty.min(context.instrument.max_market_qty),
            kind: OrderKind::Market { max_slippage_ticks: cap },
            reduce_only: true,
            stop_loss: None,
            take_profit: None,
            triggers: Triggers::default(),
            send_before: None,
        }));
    }
}
