//! A bot that trades by a rule file: what wakes it, and when it looks at its signals.
//!
//! How a signal becomes an entry order is in `pursuit`; what happens to the position afterwards in `holding`.

use windvane_model::{Intent, MarketTime, Money, Notice, RefusalFamily, Request, Role, Side, Signal, Tag};

use super::Definition;
use super::course::Courses;
use super::exit::Opposite;
use super::file::{Evaluate, Rules, slot};
use super::holding::{Exit, Part};
use super::intake::Intake;
use super::ledger::{Blocker, Ledger};
use super::memory::{Memory, Open};
use super::pursuit::{Entry, Wish};
use super::reading::Reading;
use super::tape::Tapes;
use super::way::Way;
use crate::context::{Condition, Context, Look, MemoryError, Strategy, Subscription, Urgency, Wake};
use crate::foresight::Foresight;
use crate::language::LiveWord;
use crate::remembered;

/// Pause before a refused or unanswered request is repeated, milliseconds of market time.
pub(super) const RETRY_MS: i64 = 5_000;
/// How long an entry may wait for the other side to be closed first, milliseconds of market time.
const REVERSE_MS: i64 = 60_000;
/// Shortest time to the next timer, milliseconds of market time.
const WAKE_STEP_MS: i64 = 100;
/// How often a signal that waits for its conditions is looked at between messages, milliseconds of market time: each of
/// them wakes the bot in any case, and only words that go by time or by prices change without one.
const WAIT_STEP_MS: i64 = 10_000;

/// A bot that trades by a rule file.
#[derive(Debug, Clone)]
pub struct RuleBot {
    pub(super) rules: Rules,
    pub(super) memory: Memory,
    /// What was last handed out by `changed_memory`.
    written: Memory,
    pub(super) intake: Intake,
    pub(super) tapes: Tapes,
    pub(super) courses: Courses,
    /// Whether a rule speaks of the bot's equity.
    pub(super) watches_equity: bool,
    pub(super) wish: Option<Wish>,
    pub(super) awaiting: Option<Awaiting>,
    /// Until the engine says that it is closed with all its fills: an order can leave the book before they arrive.
    pub(super) entry: Option<Entry>,
    /// The closing order, likewise.
    pub(super) exit: Option<Exit>,
    /// Why the position is being closed.
    pub(super) way: Option<Way>,
    /// The position that is gone without our doing, until it is told why.
    pub(super) gone: Option<Open>,
    /// What `Open::stop` was before the last request to move it.
    pub(super) stop_before: Option<f64>,
    next_tag: u32,
    /// The market time of the last `handle`.
    handled: MarketTime,
    /// No repetition of a request before this moment.
    pub(super) retry_at: MarketTime,
    /// Closing orders in a row that did not leave our side of the wire.
    pub(super) unsent_exits: u32,
    /// Closing orders of this position that had a cap on their slippage.
    pub(super) capped_exits: u32,
    pub(super) ratcheted_at: MarketTime,
    /// Best price since the entry; at least what memory holds.
    pub(super) best: Option<f64>,
    /// Long's and short's signal at the last look.
    pub(super) was_true: [Option<bool>; 2],
    signals: u64,
    pub(super) ledger: Ledger,
    /// What last moved the venue's stop.
    pub(super) protecting_by: &'static str,
    /// Whether it wanted anything when it was woken last.
    has_acted: bool,
}

/// A `Place` that the engine has not answered yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Awaiting {
    pub(super) tag: Tag,
    pub(super) since: MarketTime,
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
            intake: Intake::new(&rules.program, rules.timeframe),
            tapes: Tapes::new(&rules.program),
            courses: Courses::new(&rules.program),
            watches_equity: rules
                .program
                .uses(|word| matches!(word, LiveWord::Drawdown | LiveWord::DayReturn)),
            rules,
            memory: Memory::default(),
            written: Memory::default(),
            wish: None,
            awaiting: None,
            entry: None,
            exit: None,
            way: None,
            gone: None,
            stop_before: None,
            next_tag: 0,
            handled: MarketTime::default(),
            retry_at: MarketTime::default(),
            unsent_exits: 0,
            capped_exits: 0,
            ratcheted_at: MarketTime::default(),
            best: None,
            was_true: [None, None],
            signals: 0,
            ledger: Ledger::default(),
            protecting_by: "exit.stop",
            has_acted: false,
        }
    }

    /// The same bot without the why-ledger: it decides alike and explains nothing. For measuring what the ledger costs.
    #[must_use]
    pub fn without_ledger(mut self) -> Self {
        self.ledger = Ledger::off();
        self
    }

    /// The rules it trades by.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Brings the words of the moment up to this moment.
    pub(super) fn refresh(&mut self, context: &Context<'_>) {
        self.refresh_with(context, None);
    }

    /// The same, where the distance to the stop of an entry is known before there is a position.
    pub(super) fn refresh_with(&mut self, context: &Context<'_>, planned_risk: Option<f64>) {
        let Self { rules, memory, tapes, courses, .. } = self;
        let bar_ms = rules.timeframe.millis();
        let reading = Reading { context, memory, tapes, courses, bar_ms, planned_risk };
        rules.program.on_live(|word| reading.read(word));
    }

    /// Looks at the entry signals.
    fn look(&mut self, moment: Moment, context: &Context<'_>) {
        for side in [Side::Buy, Side::Sell] {
            let slot = slot(side);
            let Some(rules) = self.rules.sides[slot].clone() else { continue };
            let now = self.rules.program.truth(rules.signal);
            let has_fired = match (self.rules.evaluate, moment) {
                (Evaluate::Bar, Moment::Bar { fires: true }) => now == Some(true),
                (Evaluate::Tick, Moment::Bar { .. } | Moment::Quote) => {
                    let before = std::mem::replace(&mut self.was_true[slot], now);
                    before == Some(false) && now == Some(true)
                }
                _ => false,
            };
            let Rules { conditions, program, .. } = &mut self.rules;
            let blocker = match has_fired {
                true => conditions.first_blocker(&rules.filters, program, true),
                false => Some(rules.signal_id),
            };
            // Between bars only signals are noted: quotes would wash the bars out of the ledger.
            if has_fired || matches!(moment, Moment::Bar { .. }) {
                self.ledger.note(context.now, side, rules.signal_id, blocker, conditions, program);
            }
            self.signals += u64::from(has_fired);
            if blocker.is_none() {
                self.signal(side, context);
            }
        }
    }

    /// An entry signal whose filters hold.
    fn signal(&mut self, side: Side, context: &Context<'_>) {
        let now = context.now;
        let valid_for = self.rules.order.valid_for_ms.unwrap_or(0);
        let mut until = now.after(valid_for);
        match self.memory.open {
            Some(open) if open.side() == side => {
                if self.may_add(&open) {
                    self.wish = Some(Wish {
                        side,
                        not_before: now,
                        until,
                        as_market: false,
                        is_counted: false,
                        adds: true,
                        first: None,
                    });
                }
                return;
            }
            Some(_) => match self.rules.exit.opposite {
                Opposite::Ignore => return,
                Opposite::Close => {
                    self.close_for(Way::Opposite);
                    return;
                }
                Opposite::Reverse => {
                    self.close_for(Way::Opposite);
                    until = now.after(valid_for.max(REVERSE_MS));
                }
            },
            None => {}
        }
        if self.rules.only_side.is_some_and(|only| only != side) {
            return;
        }
        self.wish = Some(Wish {
            side,
            not_before: now,
            until,
            as_market: false,
            is_counted: false,
            adds: false,
            first: None,
        });
    }

    fn close_for(&mut self, way: Way) {
        if !self.memory.is_closing {
            self.way = Some(way);
        }
        self.memory.is_closing = true;
    }

    /// Whether a signal of the position's side adds to it.
    fn may_add(&mut self, open: &Open) -> bool {
        let has_room = self.rules.scale_in.is_some_and(|scale_in| open.entries < scale_in.entries);
        if !has_room {
            return false;
        }
        let side = open.side();
        let when = self.rules.sides[slot(side)].as_ref().and_then(|rules| rules.scale_in);
        let asked = when.as_slice();
        let blocker = self.rules.conditions.first_blocker(asked, &self.rules.program, true);
        if let Some(blocker) = blocker {
            self.ledger.block(side, Blocker::Condition(blocker));
        }
        blocker.is_none() && !self.memory.is_closing
    }

    /// The key of the rules by which it wants out; after a restart that is not known any more.
    fn closing_by(&self) -> &'static str {
        let is_long = self.memory.open.is_none_or(|open| open.is_long);
        self.way.map_or("exit", |way| way.key(is_long))
    }

    pub(super) fn tag(&mut self) -> Tag {
        self.next_tag = self.next_tag.wrapping_add(1);
        Tag(self.next_tag)
    }

    pub(super) fn await_answer(&mut self, tag: Tag, now: MarketTime) {
        self.awaiting = Some(Awaiting { tag, since: now });
    }

    fn note(&mut self, notice: &Notice, now: MarketTime) {
        match notice {
            Notice::Submitted { tag, client_order_id } => {
                self.answered(*tag);
                if let Some(entry) = self.entry.as_mut().filter(|entry| entry.tag == *tag) {
                    entry.client_order_id = Some(*client_order_id);
                }
                if let Some(exit) = self.exit.as_mut().filter(|exit| exit.tag == *tag) {
                    exit.client_order_id = Some(*client_order_id);
                }
            }
            Notice::Denied { tag: Some(tag), .. } => {
                self.answered(*tag);
                if self.entry.is_some_and(|entry| entry.tag == *tag) {
                    self.entry = None;
                    self.memory.plan = None;
                }
                self.exit_failed(now, |exit| exit.tag == *tag);
            }
            Notice::Denied { tag: None, client_order_id: None, .. } => self.protection_failed(now),
            // "It is so already" is what was wanted.
            Notice::Refused(refused)
                if refused.request == Request::SetProtection
                    && refused.family != RefusalFamily::AlreadySo =>
            {
                self.protection_failed(now)
            }
            Notice::Undetermined { request: Request::SetProtection, .. } => self.protection_failed(now),
            // Nothing is told of an order after its submission was refused.
            Notice::Refused(refused) if refused.request == Request::Submit => {
                if self.entry.is_some_and(|entry| entry.client_order_id == refused.client_order_id) {
                    self.entry = None;
                    self.memory.plan = None;
                }
                if self.exit_failed(now, |exit| exit.client_order_id == refused.client_order_id) {
                    self.exit_refused(refused.family, now);
                }
            }
            Notice::Closed { client_order_id, status, cumulative_qty } => {
                let is_it = |exit: &Exit| exit.client_order_id == Some(*client_order_id);
                match cumulative_qty.is_zero() {
                    // Its cap was too narrow, or somebody cancelled it: a step of the ladder is taken again.
                    true => drop(self.exit_failed(now, is_it)),
                    false => self.exit = self.exit.filter(|exit| !is_it(exit)),
                }
                let ours = self.entry.filter(|entry| entry.client_order_id == Some(*client_order_id));
                if let Some(entry) = ours {
                    self.entry = None;
                    if cumulative_qty.is_zero() {
                        self.memory.plan = None;
                        self.entry_missed(entry, *status, now);
                    } else if let Some(open) = self.memory.open.as_mut().filter(|_| entry.adds) {
                        open.entries += 1;
                    }
                }
            }
            Notice::PositionClosed { cause, net_pnl, .. } => {
                let lost = *net_pnl < Money::ZERO;
                self.memory.losing_streak =
                    if lost { self.memory.losing_streak.saturating_add(1) } else { 0 };
                self.note_exit_at_venue(*cause, now);
                self.cool_down(*cause, now);
            }
            // Orders and position are read from the context, where they are always whole.
            Notice::Denied { .. }
            | Notice::Refused(_)
            | Notice::Undetermined { .. }
            | Notice::Working { .. }
            | Notice::Filled { .. }
            | Notice::PositionChanged { .. }
            | Notice::ForeignOrder(_)
            | Notice::RunState(_) => {}
        }
    }

    /// An engine that never answers a wish must not silence the bot.
    fn forget_unanswered(&mut self, now: MarketTime) {
        if self.awaiting.is_some_and(|awaiting| now >= awaiting.since.after(RETRY_MS)) {
            self.awaiting = None;
            self.entry = self.entry.filter(|entry| entry.client_order_id.is_some());
            self.exit = self.exit.filter(|exit| exit.client_order_id.is_some());
        }
    }

    /// The closing order, if it is the one meant, was not taken: a part is closed again after a pause.
    /// Whether it was the one meant.
    fn exit_failed(&mut self, now: MarketTime, is_meant: impl Fn(&Exit) -> bool) -> bool {
        let Some(exit) = self.exit.take_if(|exit| is_meant(exit)) else { return false };
        if let (Some(open), Some(part)) = (self.memory.open.as_mut(), exit.part) {
            let taken = match part {
                Part::Rung => &mut open.rungs,
                Part::ScaleOut => &mut open.scaled_out,
            };
            *taken = taken.saturating_sub(1);
            self.retry_at = now.after(RETRY_MS);
        }
        true
    }

    fn answered(&mut self, tag: Tag) {
        self.awaiting = self.awaiting.filter(|awaiting| awaiting.tag != tag);
    }
}

impl Strategy for RuleBot {
    fn subscription(&self) -> Subscription {
        Subscription {
            candles: self.intake.wanted(&self.rules.program),
            symbols: self.rules.program.symbols().to_vec(),
            trades: self.tapes.symbols(),
            quotes: self.rules.evaluate == Evaluate::Tick,
        }
    }

    fn handle(&mut self, wake: Wake<'_>, context: &Context<'_>, out: &mut Vec<Intent>) {
        self.rules.program.set_tick_size(context.instrument.tick_size.to_f64());
        let moment = match wake {
            Wake::Candle(candle) => self.intake.take(&mut self.rules.program, candle, context.symbol()),
            Wake::Trades(prints) => {
                self.tapes.take(prints, context.symbol());
                if prints.symbol != context.symbol() {
                    // Noted; the rules look when something happens in the bot's own contract.
                    return;
                }
                Moment::Quote
            }
            Wake::Book | Wake::Ticker => Moment::Quote,
            Wake::Notice(notice) => {
                self.note(notice, context.now);
                Moment::Other
            }
            Wake::Timer => Moment::Other,
        };
        if moment == Moment::WarmUp {
            return;
        }
        let moment = match self.intake.give_up(&mut self.rules.program, context.now) {
            Some(passed) if !matches!(moment, Moment::Bar { .. }) => passed,
            _ => moment,
        };
        self.handled = context.now;
        self.courses.note(context);
        self.forget_unanswered(context.now);
        self.memory.roll_day(context.now);
        if self.watches_equity {
            self.memory.watch_equity(context.means.equity());
        }
        self.follow(context, out);
        let is_idle = self.memory.open.is_none() && self.wish.is_none() && context.orders.is_empty();
        let looks = matches!(moment, Moment::Bar { .. })
            || (moment == Moment::Quote && self.rules.evaluate == Evaluate::Tick);
        if is_idle && !looks {
            return;
        }
        let before = out.len();
        self.refresh(context);
        let was_closing = self.memory.is_closing;
        self.guard(moment, context, out);
        self.look(moment, context);
        self.note_exits(moment, was_closing, context);
        self.tend_entry(context, out);
        self.climb(context, out);
        self.scale_out(moment, context, out);
        self.close(context, out);
        self.pursue(context, out);
        self.has_acted = out.len() > before;
    }

    fn heeds_quotes(&self) -> bool {
        // With nothing open and nothing under way, rules that look at bars are looked at with bars alone.
        self.rules.evaluate == Evaluate::Tick
            || self.watches_equity
            || !self.courses.is_empty()
            || self.intake.is_waiting()
            || self.memory.open.is_some()
            || self.memory.is_closing
            || self.wish.is_some()
            || self.awaiting.is_some()
            || self.entry.is_some()
            || self.exit.is_some()
    }

    fn wake_at(&self) -> Option<MarketTime> {
        let deadline = self.entry.filter(|entry| !entry.is_expired).and_then(|entry| entry.deadline);
        let time_limit = self.memory.open.zip(self.rules.exit.time_limit_ms);
        let time_limit = time_limit.map(|(open, length)| MarketTime(open.opened_ms).after(length));
        let retry = (self.memory.is_closing && self.exit.is_none()).then_some(self.retry_at);
        let wish = self.wish.map(|wish| match wish.not_before > self.handled {
            true => wish.not_before,
            false if self.waits_for_a_message(&wish) => wish.until,
            false => wish.until.min(self.handled.after(WAIT_STEP_MS)),
        });
        let bar = self.intake.wake_at();
        let next = [deadline, time_limit.filter(|_| !self.memory.is_closing), retry, wish, bar]
            .into_iter()
            .flatten()
            .min();
        // What is due but cannot be done yet (a request is in flight) must not turn the timer into a busy loop.
        next.map(|at| at.max(self.handled.after(WAKE_STEP_MS)))
    }

    fn changed_memory(&mut self) -> Option<Vec<u8>> {
        remembered::changed(&self.memory, &mut self.written)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MemoryError> {
        self.memory = Memory::from_bytes(bytes)?;
        self.written = self.memory;
        Ok(())
    }

    fn redefine(&mut self, definition: &Definition, urgency: Urgency, context: &Context<'_>) -> bool {
        match definition {
            // The memory of its indicators is ahead of the bars that it has been told of.
            Definition::Rules(_) if self.intake.is_ahead() => false,
            Definition::Rules(rules) => self.go_on_by(rules, urgency, context),
            _ => false,
        }
    }

    fn foresight(&mut self) -> Option<&mut dyn Foresight> {
        Some(self)
    }

    fn reason(&self, intent: &Intent) -> &'static str {
        match intent {
            Intent::Place(place) if place.role == Role::Exit => match self.exit.and_then(|exit| exit.part) {
                Some(Part::Rung) => "exit.ladder",
                Some(Part::ScaleOut) => "exit.scale_out",
                None => self.closing_by(),
            },
            Intent::Place(place) => match (place.side, self.entry.is_some_and(|entry| entry.adds)) {
                (Side::Buy, false) => "entry.long.signal",
                (Side::Buy, true) => "entry.long.scale_in",
                (Side::Sell, false) => "entry.short.signal",
                (Side::Sell, true) => "entry.short.scale_in",
            },
            Intent::Amend { .. } => "entry.order.chase",
            Intent::Cancel { .. } if self.memory.is_closing => self.closing_by(),
            Intent::Cancel { .. } => "entry.order.valid_for",
            Intent::Protect { .. } => self.protecting_by,
        }
    }

    fn take_signal(&mut self) -> Option<Signal> {
        self.ledger.take_signal(self.has_acted, &self.rules.conditions)
    }

    fn signals(&self) -> u64 {
        self.signals
    }

    fn conditions(&self) -> Vec<Condition> {
        self.rules.conditions.show(&self.rules.program)
    }

    fn looks(&self) -> Vec<Look> {
        self.ledger.show(&self.rules.conditions)
    }

    fn newest_signals(&self, most: usize) -> Vec<Look> {
        self.ledger.show_signals(most, &self.rules.conditions)
    }
}
