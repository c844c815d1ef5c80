//! A bot that trades by a rule file: when it looks at its signals, and how a signal becomes an entry order.
//!
//! What happens to the position afterwards is in `holding`.

use rust_decimal::prelude::ToPrimitive;
use windvane_model::{
    Candle, ClientOrderId, Intent, MarketTime, Money, Notice, OrderStatus, Place as PlaceOrder, Price,
    Request, Role, Side, Tag,
};

use super::condition::{COOLDOWN, ENTRIES_PER_DAY, NO_SIZE, NO_STOP};
use super::exit::{Opposite, Place};
use super::file::{Evaluate, Rules};
use super::memory::{Memory, Plan};
use crate::context::{Condition, Context, ENTRY_TIME_TO_LIVE_MS, MemoryError, Strategy, Subscription, Wake};
use crate::language::{Bar, Live};

/// Pause before a refused or unanswered request is repeated, milliseconds of market time.
pub(super) const RETRY_MS: i64 = 5_000;
/// Pause before a post-only order that would have taken is priced again, milliseconds of market time.
const REPRICE_MS: i64 = 1_000;
/// How long an entry may wait for the other side to be closed first, milliseconds of market time.
const REVERSE_MS: i64 = 60_000;

/// A bot that trades by a rule file.
#[derive(Debug, Clone)]
pub struct RuleBot {
    pub(super) rules: Rules,
    pub(super) memory: Memory,
    /// What was last handed out by `changed_memory`.
    written: Memory,
    pub(super) live: Live,
    last_bar: Option<MarketTime>,
    /// Whether one live bar has passed: the first after a start may have begun while nobody watched.
    is_armed: bool,
    wish: Option<Wish>,
    pub(super) awaiting: Option<Awaiting>,
    pub(super) entry: Option<Entry>,
    next_tag: u32,
    /// No repetition of a request before this moment.
    pub(super) retry_at: MarketTime,
    pub(super) ratcheted_at: MarketTime,
    /// Best price since the entry; at least what memory holds.
    pub(super) best: Option<f64>,
    /// Long's and short's signal at the last look.
    was_true: [Option<bool>; 2],
    signals: u64,
}

/// A signal that has not become an order yet.
#[derive(Debug, Clone, Copy)]
struct Wish {
    side: Side,
    not_before: MarketTime,
    until: MarketTime,
    as_market: bool,
    is_counted: bool,
}

/// A `Place` that the engine has not answered yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Awaiting {
    tag: Tag,
    since: MarketTime,
}

/// The entry order that is on its way or rests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    tag: Tag,
    client_order_id: Option<ClientOrderId>,
    side: Side,
    deadline: Option<MarketTime>,
    /// Whether we cancelled it because its time was up.
    pub(super) is_expired: bool,
    falls_back: bool,
}

/// What kind of moment the bot was woken at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// History is being read.
    WarmUp,
    /// A bar closed; signals fire unless the bar was not watched from its beginning.
    Bar { fires: bool },
    /// Quotes moved.
    Quote,
    /// A notice or the timer.
    Other,
}

impl RuleBot {
    /// A bot with nothing remembered.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            memory: Memory::default(),
            written: Memory::default(),
            live: Live::UNKNOWN,
            last_bar: None,
            is_armed: false,
            wish: None,
            awaiting: None,
            entry: None,
            next_tag: 0,
            retry_at: MarketTime::default(),
            ratcheted_at: MarketTime::default(),
            best: None,
            was_true: [None, None],
            signals: 0,
        }
    }

    /// The rules it trades by.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    fn take_candle(&mut self, candle: &Candle, context: &Context<'_>) -> Moment {
        if candle.interval != self.rules.timeframe || !candle.is_confirmed {
            return Moment::Other;
        }
        if self.last_bar.is_some_and(|last| candle.start <= last) {
            return Moment::Other;
        }
        let bar = Bar {
            open: candle.open.to_f64(),
            high: candle.high.to_f64(),
            low: candle.low.to_f64(),
            close: candle.close.to_f64(),
            volume: candle.volume.to_f64().unwrap_or(f64::NAN),
        };
        self.rules.program.on_bar(&bar, context.instrument.tick_size.to_f64());
        let follows = self.last_bar.is_some_and(|last| candle.start.since(last) == candle.interval.millis());
        self.last_bar = Some(candle.start);
        if candle.is_warm_up {
            return Moment::WarmUp;
        }
        let fires = follows && self.is_armed;
        self.is_armed = true;
        Moment::Bar { fires }
    }

    /// Brings live values up to this moment.
    fn refresh(&mut self, context: &Context<'_>) {
        let (book, ticker) = (context.market.book(), context.market.ticker());
        let known = |price: Option<Price>| price.map_or(f64::NAN, Price::to_f64);
        let open = self.memory.open;
        self.live = Live {
            bid: book.best_bid().map_or(f64::NAN, |level| level.price.to_f64()),
            ask: book.best_ask().map_or(f64::NAN, |level| level.price.to_f64()),
            last: known(context.market.last_price()),
            mark: known(ticker.mark),
            index: known(ticker.index),
            funding_rate: ticker.funding_rate.map_or(f64::NAN, |rate| rate.to_f64()),
            tick_size: context.instrument.tick_size.to_f64(),
            position: open.map_or(0.0, |open| open.sign()),
            entry_price: open.map_or(f64::NAN, |open| open.entry_price),
            bars_held: open.map_or(f64::NAN, |open| {
                let held = context.now.since(MarketTime(open.opened_ms)) / self.rules.timeframe.millis();
                i32::try_from(held).map_or(f64::NAN, f64::from)
            }),
            risk: open.map_or(f64::NAN, |open| open.risk),
        };
        self.rules.program.on_live(&self.live);
    }

    /// Looks at the entry signals.
    fn look(&mut self, moment: Moment, context: &Context<'_>) {
        for (index, side) in [Side::Buy, Side::Sell].into_iter().enumerate() {
            let Some(rules) = self.side(side) else { continue };
            let now = self.rules.program.truth(rules.signal);
            let fired = match (self.rules.evaluate, moment) {
                (Evaluate::Bar, Moment::Bar { fires: true }) => now == Some(true),
                (Evaluate::Tick, Moment::Bar { .. } | Moment::Quote) => {
                    std::mem::replace(&mut self.was_true[index], now) == Some(false) && now == Some(true)
                }
                _ => false,
            };
            if !fired {
                continue;
            }
            self.signals += 1;
            // Copied out so that the conditions can be counted while the rules are borrowed.
            let holds = {
                let rules = match side {
                    Side::Buy => &self.rules.long,
                    Side::Sell => &self.rules.short,
                };
                let filters = rules.as_ref().map(|rules| rules.filters.as_slice()).unwrap_or_default();
                self.rules.conditions.all_hold(filters, &self.rules.program, true)
            };
            if holds {
                self.signal(side, context);
            }
        }
    }

    fn side(&self, side: Side) -> Option<&super::entry::SideRules> {
        match side {
            Side::Buy => self.rules.long.as_ref(),
            Side::Sell => self.rules.short.as_ref(),
        }
    }

    /// An entry signal whose filters hold.
    fn signal(&mut self, side: Side, context: &Context<'_>) {
        let now = context.now;
        let valid_for = self.rules.order.valid_for_ms.unwrap_or(0);
        let mut until = now.after(valid_for);
        match self.memory.open {
            Some(open) if open.side() == side => return,
            Some(_) => match self.rules.exit.opposite {
                Opposite::Ignore => return,
                Opposite::Close => {
                    self.memory.is_closing = true;
                    return;
                }
                Opposite::Reverse => {
                    self.memory.is_closing = true;
                    until = now.after(valid_for.max(REVERSE_MS));
                }
            },
            None => {}
        }
        self.wish = Some(Wish { side, not_before: now, until, as_market: false, is_counted: false });
    }

    /// Turns a wish into an order as soon as nothing stands in its way.
    fn pursue(&mut self, context: &Context<'_>, out: &mut Vec<Intent>) {
        let Some(wish) = self.wish else { return };
        let is_held = self.memory.open.is_some();
        if context.now > wish.until || (is_held && !self.memory.is_closing) {
            self.wish = None;
            return;
        }
        let is_busy = is_held
            || self.memory.is_closing
            || self.awaiting.is_some()
            || context.holding.side.is_some()
            || context.orders.iter().any(|order| matches!(order.role, Role::Entry | Role::Exit));
        if is_busy || context.now < wish.not_before {
            return;
        }
        let limits = self.rules.limits;
        let is_spent = limits.entries_per_day.is_some_and(|most| self.memory.entries_today >= most);
        let is_cooling = context.now.0 < self.memory.cooldown_until_ms;
        if is_spent || is_cooling {
            self.rules.conditions.block(if is_spent { ENTRIES_PER_DAY } else { COOLDOWN });
            self.wish = None;
            return;
        }
        let rules = match wish.side {
            Side::Buy => &self.rules.long,
            Side::Sell => &self.rules.short,
        };
        let at_send = rules.as_ref().map(|rules| rules.at_send.as_slice()).unwrap_or_default();
        if !self.rules.conditions.all_hold(at_send, &self.rules.program, !wish.is_counted) {
            self.wish = Some(Wish { is_counted: true, ..wish });
            return;
        }
        match self.order(wish, context) {
            Ok(Some((place, plan))) => {
                self.wish = None;
                self.memory.plan = Some(plan);
                self.awaiting = Some(Awaiting { tag: place.tag, since: context.now });
                self.entry = Some(Entry {
                    tag: place.tag,
                    client_order_id: None,
                    side: wish.side,
                    deadline: self.rules.order.valid_for_ms.map(|_| wish.until.max(context.now)),
                    is_expired: false,
                    falls_back: self.rules.order.falls_back_to_market() && !wish.as_market,
                });
                out.push(Intent::Place(place));
            }
            // Quotes are missing: the wish waits for them until its time is up.
            Ok(None) => {}
            Err(reason) => {
                self.rules.conditions.block(reason);
                self.wish = None;
            }
        }
    }

    /// The entry order and the plan of its stop; `Ok(None)` while quotes are missing, else why there is no order.
    fn order(
        &mut self,
        wish: Wish,
        context: &Context<'_>,
    ) -> Result<Option<(PlaceOrder, Plan)>, &'static str> {
        let Wish { side, as_market, .. } = wish;
        let Some(priced) = self.rules.order.price(side, as_market, &self.rules.program, context) else {
            return Ok(None);
        };
        let reference = Price::new(priced.reference).map_err(|_| NO_STOP)?;
        let risk = self.rules.exit.stop.at(&self.rules.program, reference.to_f64());
        let risk = risk.filter(|risk| *risk > 0.0).ok_or(NO_STOP)?;
        let stop = self.level(context, side, reference.to_f64(), -risk).ok_or(NO_STOP)?;
        let distance = reference.distance(stop);
        let instrument = context.instrument;
        let qty =
            self.rules.size.quantity(instrument, context.equity, reference.get(), distance).ok_or(NO_SIZE)?;
        let most = if priced.kind.limit_price().is_some() {
            instrument.max_limit_qty
        } else {
            instrument.max_market_qty
        };
        let take_profit = match self.rules.exit.take_profit {
            Some(take_profit) if take_profit.place == Place::Venue => {
                self.live.risk = risk;
                self.rules.program.on_live(&self.live);
                let distance = take_profit.distance.at(&self.rules.program, reference.to_f64());
                distance.and_then(|distance| self.level(context, side, reference.to_f64(), distance))
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
            send_before: Some(context.wall.after(ENTRY_TIME_TO_LIVE_MS)),
        };
        Ok(Some((place, Plan { risk, stop: stop.to_f64() })))
    }

    pub(super) fn tag(&mut self) -> Tag {
        self.next_tag = self.next_tag.wrapping_add(1);
        Tag(self.next_tag)
    }

    pub(super) fn await_answer(&mut self, tag: Tag, now: MarketTime) {
        self.awaiting = Some(Awaiting { tag, since: now });
    }

    /// Cancels an entry that rests for too long, or beside a position that is being closed.
    fn tend_entry(&mut self, context: &Context<'_>, out: &mut Vec<Intent>) {
        for order in context.orders.iter().filter(|order| order.role == Role::Entry && !order.is_in_flight) {
            let known = self.entry.filter(|entry| entry.client_order_id == Some(order.client_order_id));
            let by_age = self.rules.order.valid_for_ms.map(|length| order.submitted.after(length));
            let deadline = known.map_or(by_age, |entry| entry.deadline);
            let is_late = deadline.is_some_and(|deadline| context.now >= deadline);
            if !is_late && !self.memory.is_closing {
                continue;
            }
            if let Some(entry) = &mut self.entry {
                entry.is_expired = true;
                entry.falls_back &= is_late;
            }
            out.push(Intent::Cancel { client_order_id: order.client_order_id });
        }
    }

    fn note(&mut self, notice: &Notice, now: MarketTime) {
        match notice {
            Notice::Submitted { tag, client_order_id } => {
                self.answered(*tag);
                if let Some(entry) = self.entry.as_mut().filter(|entry| entry.tag == *tag) {
                    entry.client_order_id = Some(*client_order_id);
                }
            }
            Notice::Denied { tag: Some(tag), .. } => {
                self.answered(*tag);
                if self.entry.is_some_and(|entry| entry.tag == *tag) {
                    self.entry = None;
                    self.memory.plan = None;
                }
            }
            Notice::Denied { tag: None, client_order_id: None, .. } => self.protection_failed(now),
            Notice::Refused(refused) if refused.request == Request::SetProtection => {
                self.protection_failed(now)
            }
            Notice::Closed { client_order_id, status, cumulative_qty } => {
                let ours = self.entry.filter(|entry| entry.client_order_id == Some(*client_order_id));
                if let Some(entry) = ours {
                    self.entry = None;
                    if cumulative_qty.is_zero() {
                        self.memory.plan = None;
                        self.entry_missed(entry, *status, now);
                    }
                }
            }
            Notice::PositionClosed { cause, net_pnl, .. } => {
                let lost = *net_pnl < Money::ZERO;
                self.memory.losing_streak =
                    if lost { self.memory.losing_streak.saturating_add(1) } else { 0 };
                self.cool_down(*cause, now);
            }
            // Orders and position are read from the context, where they are always whole.
            Notice::Denied { .. }
            | Notice::Refused(_)
            | Notice::Undetermined { .. }
            | Notice::Working { .. }
            | Notice::Filled { .. }
            | Notice::PositionChanged { .. }
            | Notice::RunState(_) => {}
        }
    }

    fn answered(&mut self, tag: Tag) {
        self.awaiting = self.awaiting.filter(|awaiting| awaiting.tag != tag);
    }

    /// The entry order ended without a fill.
    fn entry_missed(&mut self, entry: Entry, status: OrderStatus, now: MarketTime) {
        let again = |not_before, until, as_market| Wish {
            side: entry.side,
            not_before,
            until,
            as_market,
            is_counted: true,
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

impl Strategy for RuleBot {
    fn subscription(&self) -> Subscription {
        // Averages with infinite memory converge over three times their length; the smallest window still gets some.
        let bars = self.rules.program.warm_up().saturating_mul(3).max(10);
        let quotes = self.rules.evaluate == Evaluate::Tick;
        Subscription { candles: Some((self.rules.timeframe, bars)), quotes }
    }

    fn handle(&mut self, wake: Wake<'_>, context: &Context<'_>, out: &mut Vec<Intent>) {
        let moment = match wake {
            Wake::Candle(candle) => self.take_candle(candle, context),
            Wake::Book | Wake::Trades | Wake::Ticker => Moment::Quote,
            Wake::Notice(notice) => {
                self.note(notice, context.now);
                Moment::Other
            }
            Wake::Timer => Moment::Other,
        };
        if moment == Moment::WarmUp {
            return;
        }
        // An engine that never answers a wish must not silence the bot.
        self.awaiting = self.awaiting.filter(|awaiting| context.now < awaiting.since.after(RETRY_MS));
        self.memory.roll_day(context.now);
        self.follow(context, out);
        let is_idle = self.memory.open.is_none() && self.wish.is_none() && context.orders.is_empty();
        let looks = matches!(moment, Moment::Bar { .. })
            || (moment == Moment::Quote && self.rules.evaluate == Evaluate::Tick);
        if is_idle && !looks {
            return;
        }
        self.refresh(context);
        self.guard(moment, context, out);
        self.look(moment, context);
        self.tend_entry(context, out);
        self.close(context, out);
        self.pursue(context, out);
    }

    fn wake_at(&self) -> Option<MarketTime> {
        let deadline = self.entry.filter(|entry| !entry.is_expired).and_then(|entry| entry.deadline);
        let time_limit = self.memory.open.zip(self.rules.exit.time_limit_ms);
        let time_limit = time_limit.map(|(open, length)| MarketTime(open.opened_ms).after(length));
        let retry = self.memory.is_closing.then_some(self.retry_at);
        let wish = self.wish.map(|wish| wish.not_before);
        [deadline, time_limit.filter(|_| !self.memory.is_closing), retry, wish].into_iter().flatten().min()
    }

    fn changed_memory(&mut self) -> Option<Vec<u8>> {
        if self.memory == self.written {
            return None;
        }
        self.written = self.memory;
        Some(self.memory.to_bytes())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MemoryError> {
        self.memory = Memory::from_bytes(bytes)?;
        self.written = self.memory;
        Ok(())
    }

    fn signals(&self) -> u64 {
        self.signals
    }

    fn conditions(&self) -> Vec<Condition> {
        self.rules.conditions.show(&self.rules.program)
    }
}
