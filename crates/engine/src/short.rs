//! What a bot does when its order does not fit into the account's margin: refuse, shrink, wait, or have orders of less
//! important bots make room.
//!
//! A wish that waits is tried again with every fact of the account, before anything else uses what that fact has freed.
//! While it waits for room, less important bots open nothing, so that what makes room for it is not taken back.

use crate::engine::Engine;
use crate::output::Output;
use rust_decimal::Decimal;
use windvane_model::{
    ClientOrderId, Denial, DenialReason, Grounds, Intent, Millis, Money, Place, SignalName, Stamp, WallTime,
};
use windvane_order_management::Order;
use windvane_risk::margin::OrderTerms;

/// How long a wish waits for margin at most, wall clock.
const PATIENCE_MS: Millis = 10_000;

/// What becomes of an order that does not fit into the account's margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WhenShort {
    /// It is denied.
    #[default]
    Refuse,
    /// As much of it as fits is placed; denied where that is less than the venue's minimum.
    Shrink,
    /// It waits until margin comes free, for ten seconds at most.
    Wait,
    /// Resting orders that open, of bots with a lower priority, are cancelled until it fits, and it waits for that.
    MakeRoom,
}

/// A wish that waits for margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) place: Place,
    pub(crate) signal: SignalName,
    pub(crate) until: WallTime,
    denial: Denial,
}

/// What a bot's policy makes of an order that does not fit.
pub(crate) enum Relief {
    /// Less of it is placed.
    Smaller(Place),
    /// It waits.
    Waits,
    /// Nothing.
    Denied,
}

impl Engine {
    /// Asks the bot's policy what to do about an order that risk denied for want of margin.
    pub(crate) fn relieve(
        &mut self,
        bot: usize,
        intent: &Intent,
        signal: SignalName,
        denial: Denial,
        stamp: Stamp,
        out: &mut Vec<Output>,
    ) -> Relief {
        let (Intent::Place(place), DenialReason::Margin { needed, available }) = (intent, denial.reason)
        else {
            return Relief::Denied;
        };
        match self.bots[bot].when_short {
            WhenShort::Refuse => Relief::Denied,
            WhenShort::Shrink => {
                let context = windvane_risk::Context {
                    exposure: self.orders.exposure(),
                    quotes: &self.quotes,
                    stamp,
                    symbol_in_doubt: false,
                };
                self.risk.shrunk(self.bots[bot].name, place, &context).map_or(Relief::Denied, Relief::Smaller)
            }
            WhenShort::Wait => {
                self.wait(bot, Waiting { place: *place, signal, until: stamp.wall, denial }, stamp, out)
            }
            WhenShort::MakeRoom => {
                self.make_room(bot, needed.less(available), stamp, out);
                self.wait(bot, Waiting { place: *place, signal, until: stamp.wall, denial }, stamp, out)
            }
        }
    }

    /// One wish of a bot waits at a time: a newer one takes the place of an older.
    fn wait(&mut self, bot: usize, wish: Waiting, stamp: Stamp, out: &mut Vec<Output>) -> Relief {
        let patience = stamp.wall.after(PATIENCE_MS);
        let until = wish.place.send_before.map_or(patience, |limit| limit.min(patience));
        if let Some(older) = self.bots[bot].waiting.replace(Waiting { until, ..wish })
            && older.place.tag != wish.place.tag
        {
            self.deny(bot, &Intent::Place(older.place), older.signal, older.denial, out);
        }
        Relief::Waits
    }

    /// Tries every waiting wish again, the most important bot's first, and gives up those whose time is over.
    pub(crate) fn retry_waiting(&mut self, stamp: Stamp, out: &mut Vec<Output>) {
        if self.bots.iter().all(|bot| bot.waiting.is_none()) {
            return;
        }
        let mut waiting: Vec<usize> =
            (0..self.bots.len()).filter(|bot| self.bots[*bot].waiting.is_some()).collect();
        waiting.sort_by_key(|bot| std::cmp::Reverse(self.bots[*bot].priority));
        for bot in waiting {
            let Some(wish) = self.bots[bot].waiting.take() else { continue };
            let intent = Intent::Place(wish.place);
            if stamp.wall >= wish.until {
                self.deny(bot, &intent, wish.signal, wish.denial, out);
                continue;
            }
            match self.judge(bot, &intent, stamp) {
                Ok(approved) => {
                    let asked = Some(wish.place.qty);
                    let grounds = Grounds { signal: Some(wish.signal), asked, granted: None };
                    self.carry_out(bot, &intent, &approved, grounds, stamp, out);
                }
                Err(Denial { reason: DenialReason::Margin { .. }, .. }) => {
                    self.bots[bot].waiting = Some(wish)
                }
                Err(denial) => self.deny(bot, &intent, wish.signal, denial, out),
            }
        }
    }

    /// The bot that a less important one gives way to, if any waits for room.
    pub(crate) fn gives_way(&self, bot: usize) -> Option<DenialReason> {
        let priority = self.bots[bot].priority;
        let first = self.bots.iter().find(|other| {
            other.when_short == WhenShort::MakeRoom && other.waiting.is_some() && other.priority > priority
        })?;
        Some(DenialReason::GivesWay { to: first.name })
    }

    /// Cancels resting orders that open, the least important bots' first and of those the farthest from the mark, until
    /// so much margin comes free.
    fn make_room(&mut self, bot: usize, short: Money, stamp: Stamp, out: &mut Vec<Output>) {
        let priority = self.bots[bot].priority;
        let mut victims: Vec<(u8, Decimal, usize, ClientOrderId, Decimal)> = Vec::new();
        for (number, other) in self.bots.iter().enumerate().filter(|(_, other)| other.priority < priority) {
            for order in crate::view::open_orders_of(&self.orders, other.name) {
                if let Some((distance, margin)) = self.room_of(order) {
                    victims.push((other.priority, -distance, number, order.id(), margin));
                }
            }
        }
        victims.sort();
        let mut freed = Decimal::ZERO;
        for (_, _, owner, id, margin) in victims {
            if freed >= short.get() {
                return;
            }
            freed = freed.saturating_add(margin);
            self.cancel(owner, id, "makes_room", stamp, out);
        }
    }

    /// How far a resting order that opens is from the mark, as a part of it, and what it holds back, settle coin.
    fn room_of(&self, order: &Order) -> Option<(Decimal, Decimal)> {
        if order.is_reduce_only() || order.is_cancel_pending() || !order.state().is_confirmed() {
            return None;
        }
        let (exposure, price) = (self.orders.exposure(), order.price()?);
        let mark = self.quotes.get(order.symbol()).mark?;
        let leverage = exposure.contract(order.symbol(), order.position_index())?.position.leverage?;
        let taker_fee = exposure.listed(order.symbol())?.fees.taker;
        let terms = OrderTerms { side: order.side(), leverage, taker_fee };
        let margin = terms.cost(price.times(order.leaves_qty()).get()).total();
        Some((price.distance(mark).checked_div(mark.get())?, margin))
    }
}
