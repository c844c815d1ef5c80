//! A strategy in Rust, worked out: it buys after so many falling bars in a row and sells after so many bars.
//!
//! It earns nothing and is not meant to. It shows every method of [`Strategy`] doing its part; `README.md` beside it walks
//! through them.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use windvane_model::{
    Candle, Intent, Interval, MarketTime, Notice, OrderKind, Place, Price, Qty, Role, Side, Tag, Triggers,
};
use windvane_strategy::{CandleFeed, Condition, Context, MemoryError, Strategy, Subscription, Wake};

/// An order that opens may take so long to reach the socket; later, the market it was meant for is gone.
const TIME_TO_LIVE_MS: i64 = 2_000;
/// Pause before a wish that was not granted is repeated, market time.
const RETRY_MS: i64 = 5_000;

/// What its user sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Length of the bars.
    pub interval: Interval,
    /// So many falling bars in a row are a signal.
    pub falling_bars: u32,
    /// A position is sold after so many bars.
    pub holding_bars: u32,
    /// Value of a position as a part of the bot's equity, a fraction.
    pub share: Decimal,
    /// Distance of the venue's stop from the entry price, a fraction of it.
    pub stop: Decimal,
}

/// What must survive a restart. Whatever is not in here is known again from history, orders and position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    /// Bars since the position was opened.
    bars_held: u32,
}

/// The bot's mind.
#[derive(Debug, Clone)]
pub struct FallingBars {
    settings: Settings,
    memory: Memory,
    /// What was last handed out by `changed_memory`.
    written: Memory,
    /// Falling bars in a row, the newest included.
    in_a_row: u32,
    /// The newest bar: one that is told twice counts once, and after a gap the count begins anew.
    newest: Option<MarketTime>,
    /// Whether one live bar has passed: the first may have begun while nobody watched, so it fires nothing.
    is_armed: bool,
    /// No wish before this moment: one is under way, or was not granted.
    quiet_until: MarketTime,
    next_tag: u32,
    signals: u64,
}

impl FallingBars {
    /// A bot with nothing remembered.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            memory: Memory::default(),
            written: Memory::default(),
            in_a_row: 0,
            newest: None,
            is_armed: false,
            quiet_until: MarketTime::default(),
            next_tag: 0,
            signals: 0,
        }
    }

    /// Takes a bar; whether it is one to act on.
    fn take(&mut self, candle: &Candle) -> bool {
        let length_ms = self.settings.interval.millis();
        let is_old = self.newest.is_some_and(|newest| candle.start <= newest);
        if !candle.is_confirmed || candle.interval != self.settings.interval || is_old {
            return false;
        }
        let follows = self.newest == Some(MarketTime(candle.start.0 - length_ms));
        self.newest = Some(candle.start);
        let has_fallen = candle.close < candle.open;
        self.in_a_row = match (has_fallen, follows) {
            (true, true) => self.in_a_row + 1,
            (true, false) => 1,
            (false, _) => 0,
        };
        if candle.is_warm_up {
            return false;
        }
        std::mem::replace(&mut self.is_armed, true) && follows
    }

    fn is_signal(&self) -> bool {
        self.in_a_row >= self.settings.falling_bars
    }

    /// The order that opens: at market, with the stop in the same request. `None` while there is no quote, or when the
    /// venue would find it too small.
    fn entry(&mut self, context: &Context<'_>) -> Option<Place> {
        let ask = context.market.book().best(Side::Sell)?;
        let value = context.means.equity().get().checked_mul(self.settings.share)?;
        let qty = context.instrument.round_down_to_lot(value.checked_div(ask.get())?);
        let is_too_small = qty < context.instrument.min_qty
            || qty.get().checked_mul(ask.get())? < context.instrument.min_notional.get();
        let level = ask.get().checked_mul(Decimal::ONE - self.settings.stop)?;
        let stop = context.instrument.round_down_to_tick(level)?;
        (!is_too_small).then(|| self.order(Role::Entry, Side::Buy, qty, Some(stop), context))
    }

    fn order(
        &mut self,
        role: Role,
        side: Side,
        qty: Qty,
        stop_loss: Option<Price>,
        context: &Context<'_>,
    ) -> Place {
        self.next_tag += 1;
        self.quiet_until = context.now.after(RETRY_MS);
        let opens = role == Role::Entry;
        Place {
            tag: Tag(self.next_tag),
            symbol: context.symbol(),
            role,
            side,
            qty: qty.min(context.instrument.max_market_qty),
            kind: OrderKind::Market { max_slippage_ticks: None },
            reduce_only: !opens,
            stop_loss,
            take_profit: None,
            triggers: Triggers::default(),
            send_before: opens.then(|| context.wall.after(TIME_TO_LIVE_MS)),
        }
    }
}

impl Strategy for FallingBars {
    fn subscription(&self) -> Subscription {
        let feed = CandleFeed {
            symbol: None,
            interval: self.settings.interval,
            history: usize::try_from(self.settings.falling_bars).unwrap_or(usize::MAX),
            is_streamed: true,
        };
        Subscription { candles: vec![feed], ..Subscription::default() }
    }

    fn handle(&mut self, wake: Wake<'_>, context: &Context<'_>, out: &mut Vec<Intent>) {
        let is_bar = match wake {
            Wake::Candle(candle) => self.take(candle),
            Wake::Notice(Notice::PositionClosed { .. }) => {
                self.memory = Memory::default();
                false
            }
            // Orders and position are read from the context, where they are always whole.
            Wake::Notice(_) | Wake::Book | Wake::Trades(_) | Wake::Ticker | Wake::Timer => false,
        };
        let is_held = context.holding.side.is_some();
        self.memory.bars_held += u32::from(is_bar && is_held);
        self.signals += u64::from(is_bar && self.is_signal());
        // One order at a time: what is asked for twice may be filled twice.
        if context.now < self.quiet_until || !context.orders.is_empty() {
            return;
        }
        if is_held && self.memory.bars_held >= self.settings.holding_bars {
            let exit = self.order(Role::Exit, Side::Sell, context.holding.qty, None, context);
            out.push(Intent::Place(exit));
        } else if !is_held && is_bar && self.is_signal() {
            out.extend(self.entry(context).map(Intent::Place));
        }
    }

    /// While it wants out and a close was not granted, it asks to be woken to try again.
    fn wake_at(&self) -> Option<MarketTime> {
        (self.memory.bars_held >= self.settings.holding_bars).then_some(self.quiet_until)
    }

    fn changed_memory(&mut self) -> Option<Vec<u8>> {
        if self.memory == self.written {
            return None;
        }
        self.written = self.memory;
        // A struct of one number always has a JSON form.
        Some(serde_json::to_vec(&self.memory).unwrap_or_default())
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), MemoryError> {
        let read = serde_json::from_slice(bytes);
        self.memory = read.map_err(|error| MemoryError { reason: error.to_string() })?;
        self.written = self.memory;
        Ok(())
    }

    fn signals(&self) -> u64 {
        self.signals
    }

    fn conditions(&self) -> Vec<Condition> {
        let holds = self.newest.map(|_| self.is_signal());
        vec![Condition { name: "falling_bars".to_owned(), holds, blocked: 0 }]
    }
}
