//! The venue's stop of a built-in bot: at a fixed distance from the average entry price, asked for once, and again after a
//! pause when it was refused.

use rust_decimal::Decimal;
use windvane_model::{ExitCause, Intent, MarketTime, Notice, Price, RefusalFamily, Request, Side, Triggers};

use crate::context::Context;
use crate::pause::Pause;

/// Keeps the stop of one position.
#[derive(Debug, Clone)]
pub(crate) struct VenueStop {
    /// Distance from the average entry price, a fraction of it.
    distance: Decimal,
    /// The stop that the venue was last asked to hold.
    asked: Option<Asked>,
    /// After a request that came to nothing.
    pause: Pause,
}

#[derive(Debug, Clone, Copy)]
struct Asked {
    /// The side of the position that it protects.
    side: Side,
    at: Price,
    /// When it was asked for.
    when: MarketTime,
}

impl VenueStop {
    pub(crate) fn new(distance: Decimal) -> Self {
        Self { distance, asked: None, pause: Pause::default() }
    }

    /// Keeps another distance from now on; the venue is asked again where that moves the stop.
    pub(crate) fn set_distance(&mut self, distance: Decimal) {
        self.distance = distance;
    }

    /// Takes what happened. Answers how the position ended where it did.
    pub(crate) fn note(&mut self, notice: &Notice, now: MarketTime) -> Option<ExitCause> {
        match notice {
            Notice::Denied { tag: None, client_order_id: None, .. }
            | Notice::Undetermined { request: Request::SetProtection, .. } => self.failed(now),
            // "It is so already" is what was wanted.
            Notice::Refused(refused)
                if refused.request == Request::SetProtection
                    && refused.family != RefusalFamily::AlreadySo =>
            {
                self.failed(now);
            }
            Notice::PositionClosed { cause, .. } => {
                // One fill may close a position and open the other side, whose stop has been asked for by now.
                self.asked = self.asked.filter(|asked| asked.when == now);
                self.pause.end();
                return Some(*cause);
            }
            _ => {}
        }
        None
    }

    fn failed(&mut self, now: MarketTime) {
        self.asked = None;
        self.pause.begin(now);
    }

    /// When a stop that was refused is to be asked for again.
    pub(crate) fn retry_at(&self) -> Option<MarketTime> {
        self.asked.is_none().then_some(self.pause.until()).filter(|at| *at > MarketTime::default())
    }

    /// Keeps the venue's stop at its distance from the average entry price.
    pub(crate) fn keep(&mut self, context: &Context<'_>, out: &mut Vec<Intent>) {
        let Some((side, average)) = context.holding.side.zip(context.holding.average_price) else {
            self.asked = None;
            self.pause.end();
            return;
        };
        if !self.pause.is_over(context.now) {
            return;
        }
        let Some(stop) = self.level(side, average.get(), context) else { return };
        // A stop that is off by less than a tenth of its distance is left alone: each change is a request.
        let slack = average.distance(stop) / Decimal::TEN;
        let is_near = self.asked.is_some_and(|asked| asked.side == side && asked.at.distance(stop) <= slack);
        if !is_near {
            self.asked = Some(Asked { side, at: stop, when: context.now });
            out.push(Intent::Protect {
                symbol: context.symbol(),
                stop_loss: Some(stop),
                take_profit: None,
                triggers: Triggers::default(),
            });
        }
    }

    /// Where the stop of a position of `side` entered at `entry` belongs, on the grid.
    pub(crate) fn level(&self, side: Side, entry: Decimal, context: &Context<'_>) -> Option<Price> {
        let level = shifted(entry, self.distance, side.opposite())?;
        context.instrument.round_passive_to_tick(side, level)
    }
}

/// `price` moved by a fraction: up where `towards` is a buy (paying more), down where it is a sell.
pub(crate) fn shifted(price: Decimal, fraction: Decimal, towards: Side) -> Option<Decimal> {
    let factor = match towards {
        Side::Buy => Decimal::ONE.checked_add(fraction)?,
        Side::Sell => Decimal::ONE.checked_sub(fraction)?,
    };
    price.checked_mul(factor)
}

/// Whether a position that ended so was stopped out.
pub(crate) fn was_stopped(cause: ExitCause) -> bool {
    match cause {
        ExitCause::StopLoss | ExitCause::Trailing | ExitCause::Liquidation => true,
        ExitCause::Strategy
        | ExitCause::TakeProfit
        | ExitCause::Protect
        | ExitCause::Delivery
        | ExitCause::Foreign => false,
    }
}

/// A pause after a stop, kept by market time.
pub(crate) fn pause_until(now: MarketTime, length_ms: i64) -> i64 {
    now.after(length_ms).0
}
