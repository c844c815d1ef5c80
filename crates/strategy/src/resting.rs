//! Keeps a set of limit orders in the book as a bot wants it: what is missing is placed, what is mispriced is moved, what is
//! too much is cancelled. The set is compared with the orders that are there at every look, so a level that was lost (to a
//! restart, a refusal, a person) comes back by itself.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use windvane_model::{
    ClientOrderId, Intent, MarketTime, Notice, OrderKind, Place, Price, Qty, Request, Role, Side, Tag,
    TimeInForce, Triggers,
};

use crate::context::{Context, ENTRY_TIME_TO_LIVE_MS, OwnOrder};

/// Pause before a level or a change that was denied or refused is asked for again, milliseconds of market time.
const RETRY_MS: i64 = 5_000;

/// How long an order may be out of the book without its end being told, milliseconds of market time.
const LOST_MS: i64 = 60_000;

/// A limit order that should rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The bot's own number for it.
    pub(crate) key: u32,
    pub(crate) side: Side,
    pub(crate) price: Price,
    pub(crate) qty: Qty,
    /// Whether it only reduces; what opens carries `stop`.
    pub(crate) reduce_only: bool,
    pub(crate) stop: Option<Price>,
}

/// An order of the set that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) key: u32,
    /// What was filled of it for the position that there is now, base coin.
    pub(crate) filled: Qty,
}

/// The orders of a set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resting {
    next_tag: u32,
    /// Asked for and not answered yet.
    asked: Vec<(Tag, u32)>,
    /// Which order is which.
    known: BTreeMap<String, u32>,
    /// What of orders that are open was filled for positions that are closed by now, base coin.
    settled: BTreeMap<String, Qty>,
    /// Orders that are no longer in the book and whose end has not been told, with when that was first seen.
    missing: BTreeMap<String, MarketTime>,
    /// Not asked for again before then.
    quiet: BTreeMap<u32, MarketTime>,
    /// Orders whose change was denied or refused: left as they are until then.
    left_alone: BTreeMap<String, MarketTime>,
}

impl Resting {
    /// Which order is which, for the bot's memory.
    pub(crate) fn known(&self) -> &BTreeMap<String, u32> {
        &self.known
    }

    /// What of which order belongs to positions that are closed, as decimals, for the bot's memory.
    pub(crate) fn settled(&self) -> BTreeMap<String, String> {
        self.settled.iter().map(|(id, qty)| (id.clone(), qty.to_string())).collect()
    }

    /// Takes back what [`known`](Self::known) and [`settled`](Self::settled) told.
    pub(crate) fn restore(&mut self, known: BTreeMap<String, u32>, settled: &BTreeMap<String, String>) {
        self.known = known;
        let qty = |text: &String| text.parse().ok().and_then(|qty| Qty::new(qty).ok());
        self.settled = settled.iter().filter_map(|(id, text)| Some((id.clone(), qty(text)?))).collect();
    }

    /// The position is closed: what its orders had filled is gone with it, but for what has opened the one there is now.
    pub(crate) fn settle(&mut self, context: &Context<'_>) {
        for order in context.orders.iter().filter(|order| !order.cumulative_qty.is_zero()) {
            let is_of_new = context.holding.side == Some(order.side);
            let new = if is_of_new { context.holding.qty } else { Qty::ZERO };
            let settled = less(order.cumulative_qty, new);
            self.settled.insert(order.client_order_id.as_str().to_owned(), settled);
        }
    }

    /// Takes what happened; answers the order that ended, where one did.
    pub(crate) fn note(&mut self, notice: &Notice, now: MarketTime) -> Option<Ended> {
        match notice {
            Notice::Submitted { tag, client_order_id } => {
                let key = self.answered(*tag)?;
                self.known.insert(client_order_id.as_str().to_owned(), key);
            }
            Notice::Denied { tag: Some(tag), .. } => {
                let key = self.answered(*tag)?;
                self.quiet.insert(key, now.after(RETRY_MS));
            }
            Notice::Refused(refused) if refused.request == Request::Submit => {
                let key = self.known.remove(refused.client_order_id?.as_str())?;
                self.quiet.insert(key, now.after(RETRY_MS));
            }
            // Asked for again at once it would be denied again at once, within the same turn of the engine.
            Notice::Denied { client_order_id: Some(id), .. } => self.leave_alone(id, now),
            Notice::Refused(refused) => self.leave_alone(&refused.client_order_id?, now),
            Notice::Closed { client_order_id, cumulative_qty, .. } => {
                let key = self.known.remove(client_order_id.as_str())?;
                if cumulative_qty.is_zero() {
                    self.quiet.insert(key, now.after(RETRY_MS));
                }
                let settled = self.settled.get(client_order_id.as_str()).copied().unwrap_or(Qty::ZERO);
                return Some(Ended { key, filled: less(*cumulative_qty, settled) });
            }
            _ => {}
        }
        None
    }

    fn leave_alone(&mut self, id: &ClientOrderId, now: MarketTime) {
        self.left_alone.insert(id.as_str().to_owned(), now.after(RETRY_MS));
    }

    fn answered(&mut self, tag: Tag) -> Option<u32> {
        let at = self.asked.iter().position(|(asked, _)| *asked == tag)?;
        Some(self.asked.remove(at).1)
    }

    /// Brings the book in line with `wanted`.
    pub(crate) fn keep(&mut self, wanted: &[Wanted], context: &Context<'_>, out: &mut Vec<Intent>) {
        self.look_for_missing(context);
        let mut there: Vec<u32> = Vec::new();
        self.left_alone.retain(|_, until| context.now < *until);
        for order in context.orders.iter().filter(|order| order.role == Role::Level) {
            let may_change =
                !order.is_in_flight && !self.left_alone.contains_key(order.client_order_id.as_str());
            let found = self.find(order, wanted).filter(|wanted| !there.contains(&wanted.key));
            match found {
                Some(wanted) => {
                    there.push(wanted.key);
                    if may_change && order.price != Some(wanted.price) {
                        out.push(Intent::Amend {
                            client_order_id: order.client_order_id,
                            price: Some(wanted.price),
                            qty: None,
                        });
                    }
                }
                None if !may_change => {}
                None => out.push(Intent::Cancel { client_order_id: order.client_order_id }),
            }
        }
        // An order that is filled leaves the book before its end is told: placing it again would double it.
        there.extend(self.missing.keys().filter_map(|id| self.known.get(id)));
        there.extend(self.asked.iter().map(|(_, key)| *key));
        for order in wanted {
            let is_quiet = self.quiet.get(&order.key).is_some_and(|until| context.now < *until);
            if !there.contains(&order.key) && !is_quiet {
                self.place(order, context, out);
            }
        }
    }

    /// Notes which known orders are not in the book. One that stays away for long was lost, and its level comes back.
    fn look_for_missing(&mut self, context: &Context<'_>) {
        let is_there = |id: &str| context.orders.iter().any(|order| order.client_order_id.as_str() == id);
        let Self { known, missing, .. } = self;
        missing.retain(|id, _| known.contains_key(id) && !is_there(id));
        for id in known.keys().filter(|id| !is_there(id)) {
            missing.entry(id.clone()).or_insert(context.now);
        }
        known.retain(|id, _| missing.get(id).is_none_or(|since| context.now.since(*since) < LOST_MS));
        missing.retain(|id, _| known.contains_key(id));
        self.settled.retain(|id, _| self.known.contains_key(id));
    }

    /// What `order` should be; one that nobody remembers is known by its side and price.
    fn find<'w>(&mut self, order: &OwnOrder, wanted: &'w [Wanted]) -> Option<&'w Wanted> {
        let id: ClientOrderId = order.client_order_id;
        let key = self.known.get(id.as_str()).copied();
        let found = wanted.iter().find(|wanted| {
            let is_meant = key.map_or(Some(wanted.price) == order.price, |key| key == wanted.key);
            is_meant && wanted.side == order.side && left(order) == left_of(wanted, order)
        })?;
        self.known.insert(id.as_str().to_owned(), found.key);
        Some(found)
    }

    fn place(&mut self, wanted: &Wanted, context: &Context<'_>, out: &mut Vec<Intent>) {
        self.next_tag = self.next_tag.wrapping_add(1);
        let tag = Tag(self.next_tag);
        self.asked.push((tag, wanted.key));
        out.push(Intent::Place(Place {
            tag,
            symbol: context.symbol(),
            role: Role::Level,
            side: wanted.side,
            qty: wanted.qty,
            kind: OrderKind::Limit { price: wanted.price, time_in_force: TimeInForce::PostOnly },
            reduce_only: wanted.reduce_only,
            stop_loss: wanted.stop.filter(|_| !wanted.reduce_only),
            take_profit: None,
            triggers: Triggers::default(),
            send_before: (!wanted.reduce_only).then(|| context.wall.after(ENTRY_TIME_TO_LIVE_MS)),
        }));
    }
}

/// What is left of `whole` without `part`, at least nothing.
fn less(whole: Qty, part: Qty) -> Qty {
    Qty::new((whole.get() - part.get()).max(Decimal::ZERO)).unwrap_or(Qty::ZERO)
}

fn left(order: &OwnOrder) -> Decimal {
    order.qty.get()
}

/// The quantity that `order` should have: of one that is partly filled, all that it had.
fn left_of(wanted: &Wanted, order: &OwnOrder) -> Decimal {
    if order.cumulative_qty.is_zero() { wanted.qty.get() } else { order.qty.get() }
}
