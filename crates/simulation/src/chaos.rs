//! A bot that does what no sane one would: places, amends, cancels and protects at random.

use crate::listing::number;
use fastrand::Rng;
use rust_decimal::Decimal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use windvane_model::{Intent, MarketTime, OrderKind, Place, Price, Role, Side, Tag, TimeInForce, Triggers};
use windvane_strategy::{Condition, Context, MemoryError, Strategy, Subscription, Wake};

/// Whether random bots still want anything; shared with the story, which takes it back for the calm.
pub(crate) type Mood = Arc<AtomicBool>;

/// The random bot.
pub(crate) struct Chaos {
    rng: Rng,
    mood: Mood,
    /// The side that it has in hedge mode; now and then it wants the other all the same.
    side: Option<Side>,
    wishes: u64,
    remembered: u64,
    wake_at: Option<MarketTime>,
}

impl Chaos {
    pub(crate) fn new(seed: u64, mood: Mood, side: Option<Side>) -> Self {
        Self { rng: Rng::with_seed(seed), mood, side, wishes: 0, remembered: 0, wake_at: None }
    }

    fn wish(&mut self, context: &Context<'_>) -> Option<Intent> {
        match self.rng.u8(..20) {
            0..=8 => self.place(context),
            9..=11 => self.amend(context),
            12..=15 => {
                let order = context.orders.get(self.rng.usize(..context.orders.len().max(1)))?;
                Some(Intent::Cancel { client_order_id: order.client_order_id })
            }
            16..=17 => self.protect(context),
            _ => self.close(context),
        }
    }

    /// A price up to `reach` thousandths off the mark, on the grid.
    fn price_near(&mut self, context: &Context<'_>, reach: i64) -> Option<Price> {
        let mark = context.market.ticker().mark?.get();
        let off = Decimal::new(self.rng.i64(-reach * 10..=reach * 10), 4);
        context.instrument.round_down_to_tick(mark * (Decimal::ONE + off))
    }

    fn place(&mut self, context: &Context<'_>) -> Option<Intent> {
        let mark = context.market.ticker().mark?.get();
        let any = if self.rng.bool() { Side::Buy } else { Side::Sell };
        let side = self.side.filter(|_| self.rng.u8(..8) != 0).unwrap_or(any);
        let value = Decimal::from(self.rng.i64(50..16_000));
        let qty = context.instrument.round_down_to_lot(value / mark);
        let price = self.price_near(context, 5)?;
        let limit = |time_in_force| OrderKind::Limit { price, time_in_force };
        let kind = match self.rng.u8(..8) {
            0..=2 => limit(TimeInForce::Gtc),
            3..=4 => limit(TimeInForce::PostOnly),
            5 => limit(TimeInForce::Ioc),
            6 => limit(TimeInForce::Fok),
            _ => OrderKind::Market { max_slippage_ticks: None },
        };
        let sign = if side == Side::Buy { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
        let off = |thousandths: i64| mark * (Decimal::ONE + sign * Decimal::new(thousandths, 3));
        let stop = context.instrument.round_down_to_tick(off(-self.rng.i64(6..40)));
        let target = context.instrument.round_down_to_tick(off(self.rng.i64(6..40)));
        Some(Intent::Place(Place {
            tag: Tag(self.rng.u32(..)),
            symbol: context.symbol(),
            role: Role::Entry,
            side,
            qty,
            kind,
            reduce_only: self.rng.u8(..8) == 0,
            stop_loss: stop.filter(|_| self.rng.u8(..10) != 0),
            take_profit: target.filter(|_| self.rng.u8(..3) == 0),
            triggers: Triggers::default(),
            send_before: None,
        }))
    }

    fn amend(&mut self, context: &Context<'_>) -> Option<Intent> {
        let order = context.orders.get(self.rng.usize(..context.orders.len().max(1)))?;
        let factor = number("0.5") + Decimal::new(self.rng.i64(0..100), 2);
        let qty = context.instrument.round_down_to_lot(order.qty.get() * factor);
        let price = self.price_near(context, 5);
        let price = price.filter(|_| self.rng.bool());
        let qty = Some(qty).filter(|_| price.is_none() || self.rng.bool());
        Some(Intent::Amend { client_order_id: order.client_order_id, price, qty })
    }

    fn protect(&mut self, context: &Context<'_>) -> Option<Intent> {
        let stop_loss = self.price_near(context, 30);
        let take_profit = self.price_near(context, 30).filter(|_| self.rng.bool());
        Some(Intent::Protect {
            symbol: context.symbol(),
            stop_loss,
            take_profit,
            triggers: Triggers::default(),
        })
    }

    fn close(&mut self, context: &Context<'_>) -> Option<Intent> {
        Some(Intent::Place(Place {
            tag: Tag(0),
            symbol: context.symbol(),
            role: Role::Exit,
            side: context.holding.side?.opposite(),
            qty: context.holding.qty,
            kind: OrderKind::Market { max_slippage_ticks: None },
            reduce_only: true,
            stop_loss: None,
            take_profit: None,
            triggers: Triggers::default(),
            send_before: None,
        }))
    }
}

impl Strategy for Chaos {
    fn subscription(&self) -> Subscription {
        Subscription { quotes: true, ..Subscription::default() }
    }

    fn handle(&mut self, wake: Wake<'_>, context: &Context<'_>, out: &mut Vec<Intent>) {
        // Answering each notice with a wish would never end: every wish causes a notice.
        let one_in = match wake {
            Wake::Notice(_) => 12,
            Wake::Timer => 2,
            Wake::Candle(_) | Wake::Book | Wake::Trades(_) | Wake::Ticker => 5,
        };
        let next = context.now.after(self.rng.i64(50..5_000));
        if self.wake_at.is_none_or(|at| at <= context.now) {
            self.wake_at = Some(next);
        }
        if !self.mood.load(Ordering::Relaxed) || self.rng.u8(..one_in) != 0 {
            return;
        }
        for _ in 0..self.rng.u8(1..4) {
            if let Some(intent) = self.wish(context) {
                self.wishes += 1;
                out.push(intent);
            }
        }
    }

    fn wake_at(&self) -> Option<MarketTime> {
        self.wake_at
    }

    fn changed_memory(&mut self) -> Option<Vec<u8>> {
        let is_due = self.wishes / 16 != self.remembered / 16;
        is_due.then(|| {
            self.remembered = self.wishes;
            self.wishes.to_le_bytes().to_vec()
        })
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MemoryError> {
        let bytes = bytes.try_into().map_err(|_| MemoryError { reason: "eight bytes".to_owned() })?;
        self.wishes = u64::from_le_bytes(bytes);
        self.remembered = self.wishes;
        Ok(())
    }

    fn signals(&self) -> u64 {
        self.wishes
    }

    fn conditions(&self) -> Vec<Condition> {
        Vec::new()
    }
}
