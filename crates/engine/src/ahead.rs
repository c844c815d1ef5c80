//! Passing over bars of history at which nothing happens, for replays that know them beforehand.
//!
//! The engine is not woken at such a bar; what it would have come to is what it is left with. Whoever replays makes sure
//! that no order can fill, no deadline falls due and no funding is settled meanwhile; the engine answers for itself and
//! for its bot. Only engines with one bot are passed over: with more, one's silence says nothing of the others.

use crate::bot::Hold;
use crate::engine::Engine;
use crate::output::Output;
use windvane_model::{Price, Stamp, Symbol};
use windvane_risk::Worth;
use windvane_strategy::{Bar, Close, Foresight, Glance, Stance};

/// Prices at the ends of bars that are passed over while a position is open: those that leave a trace in peaks and
/// drawdowns. Better and worse are the position's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traces {
    /// The worst.
    pub worst: Price,
    /// A better one and a worse one after it: of all such pairs the one farthest apart.
    pub fall: [Price; 2],
    /// The best.
    pub best: Price,
    /// The last.
    pub last: Price,
}

impl Traces {
    /// What all of the prices would do to a peak and to the deepest fall from it, these do in this order and the last after
    /// them. A worst price that ends the fall, and a best one that begins it, have nothing to add; nor has one that the last
    /// repeats, as no peak is lower by then.
    fn telling(self) -> impl Iterator<Item = Price> {
        let [from, to] = self.fall;
        let has_fallen = from != to;
        let worst = (!has_fallen || self.worst != to).then_some(self.worst);
        let best = (!has_fallen || self.best != from).then_some(self.best);
        let [from, to] = [from, to].map(|price| has_fallen.then_some(price));
        let is_news = move |price: &Price| *price != self.last;
        [worst.filter(is_news), from, to.filter(is_news), best.filter(is_news)].into_iter().flatten()
    }
}

impl Engine {
    /// Shows the bot the bars of its series that come next ([`Foresight::foresee`]).
    pub fn foresee(&mut self, bars: &[Bar]) -> Option<Vec<Glance>> {
        self.only_bot()?.foresee(bars)
    }

    /// How the bot stands, if neither it nor the engine has anything under way that goes on by itself. Deadlines are
    /// told by [`next_own_deadline`](Self::next_own_deadline) and [`next_market_deadline`](Self::next_market_deadline).
    pub fn stance(&mut self, stamp: Stamp) -> Option<Stance> {
        let [bot] = self.bots.as_slice() else { return None };
        let is_at_rest = self.orders.is_reconciled()
            && self.kill.is_none()
            && self.calibrating.is_at_rest(self.margin().order_margin)
            && self.risk.is_settled()
            && self.risk.run_state() == self.gate.state()
            && bot.next.is_none()
            && bot.waiting.is_none()
            && bot.hold().is_none_or(|hold| hold == Hold::Pause)
            && self.can_wake(bot);
        if !is_at_rest {
            return None;
        }
        let Self { bots, market, instruments, orders, .. } = self;
        let [bot] = bots.as_mut_slice() else { return None };
        let (sight, share) = (bot.look(orders), bot.share(orders));
        let context = bot.context(market, instruments, orders, &sight, &share, stamp)?;
        let stance = bot.strategy.foresight()?.stance(&context);
        bot.sight = sight;
        stance
    }

    /// At how many of the next bars, which end like this, nothing that goes by prices moves the bot to anything, while it
    /// stands as [`Engine::stance`] has said.
    pub fn holds_still(&mut self, closes: &mut dyn Iterator<Item = Close>) -> usize {
        let Self { bots, instruments, .. } = self;
        let [bot] = bots.as_mut_slice() else { return 0 };
        let instrument = instruments.get(&bot.symbol);
        let foresight = bot.strategy.foresight();
        foresight.zip(instrument).map_or(0, |(bot, instrument)| bot.holds_still(closes, instrument))
    }

    /// Whether no breaker would do anything while the price at the end of each bar, up to `until`, is as `traces` say, and
    /// no other position is open than that of the bot. The prices leave no trace yet.
    #[must_use]
    pub fn bears(&self, traces: Traces, until: Stamp) -> bool {
        let Some(symbol) = self.bots.first().map(|bot| bot.symbol) else { return false };
        if self.orders.positions().filter(|position| position.holding().side().is_some()).count() != 1 {
            return false;
        }
        let [low, high] = [traces.worst, traces.best].map(|price| self.worth_at(symbol, price));
        self.risk.bears(low, high, until.market)
    }

    /// So many foreseen bars are over, and nobody was woken. `traces` are their prices where a position is open.
    pub fn pass_over(&mut self, bars: usize, traces: Option<Traces>, stamp: Stamp, out: &mut Vec<Output>) {
        if let Some(bot) = self.only_bot() {
            bot.pass_over(bars, traces.map(|traces| traces.best.to_f64()));
        }
        // Nothing against nothing is no miscount: [`Engine::stance`] has seen to that.
        self.compare_when_quiet(stamp);
        let (Some(traces), Some(symbol)) = (traces, self.bots.first().map(|bot| bot.symbol)) else { return };
        // No breaker does anything at any of them ([`Engine::bears`]), and margin goes by the last alone.
        for price in traces.telling() {
            self.orders.pass_mark(symbol, price);
            let worth = self.worth_at(symbol, price);
            self.risk.observe_worth(worth, stamp);
        }
        self.quotes.set_mark(symbol, traces.last, stamp.wall);
        self.orders.mark(symbol, traces.last);
        self.observe_worth(stamp, out);
    }

    /// What the account would be worth if the mark of a contract were this and nothing else changed.
    fn worth_at(&self, symbol: Symbol, mark: Price) -> Worth {
        Worth { equity: self.orders.exposure().equity_at(symbol, mark), transfers: self.transfers() }
    }

    fn only_bot(&mut self) -> Option<&mut dyn Foresight> {
        match self.bots.as_mut_slice() {
            [bot] => bot.strategy.foresight(),
            _ => None,
        }
    }
}
