//! Which bars reach the program, and when.
//!
//! The file's own bars move everything on. Longer bars of the same contract are put together from them; other contracts
//! send bars of the file's timeframe. The rules are looked at when the bars of *all* contracts that end at the same time
//! are there: an own bar waits for the others, and after [`WAIT_MS`] passes without a signal. Where another contract is
//! ahead of the bot's own, the own bar passes without a signal too: it would see what came after it. Two runs over the
//! same market therefore decide on the same figures, whichever message came first. A contract after `@` that is the bot's
//! own is fed like another one: the same file may serve bots on several contracts.

use rust_decimal::prelude::ToPrimitive;
use windvane_model::{Candle, Interval, MarketTime, Symbol};

use super::ahead::Foreseen;
use super::bot::Moment;
use crate::context::CandleFeed;
use crate::language::{Aggregator, Bar, Feed, FeedId, Program};

/// How long an own bar waits for those of other contracts, milliseconds of market time.
const WAIT_MS: i64 = 5_000;

/// Feeds a program with bars.
#[derive(Debug, Clone)]
pub(super) struct Intake {
    timeframe: Interval,
    /// By feed of the program.
    feeds: Vec<Feed>,
    /// By feed: what puts its bars together, where they are longer than the file's.
    aggregators: Vec<Option<Aggregator>>,
    /// Other contracts with the start of their newest bar.
    others: Vec<(Symbol, Option<i64>)>,
    newest: Option<i64>,
    /// An own bar that waits for those of other contracts, and whether it may fire.
    waiting: Option<Waiting>,
    /// Whether one live bar has passed: the first after a start may have begun while nobody watched.
    is_armed: bool,
    /// Bars that the program has run over beforehand.
    pub(super) foreseen: Foreseen,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    bar: Bar,
    fires: bool,
    /// Whether it is from history.
    is_warm_up: bool,
    until: MarketTime,
}

impl Intake {
    pub(super) fn new(program: &Program, timeframe: Interval) -> Self {
        let feeds: Vec<Feed> = program.feeds().map(|(feed, _)| feed).collect();
        let longer =
            |feed: &Feed| (feed.interval > timeframe).then(|| Aggregator::new(timeframe, feed.interval));
        let mut others: Vec<Symbol> = feeds.iter().filter_map(|feed| feed.symbol).collect();
        others.sort_unstable();
        others.dedup();
        Self {
            timeframe,
            aggregators: feeds.iter().map(longer).collect(),
            feeds,
            others: others.into_iter().map(|symbol| (symbol, None)).collect(),
            newest: None,
            waiting: None,
            is_armed: false,
            foreseen: Foreseen::default(),
        }
    }

    /// What has to be loaded and streamed for `program`.
    pub(super) fn wanted(&self, program: &Program) -> Vec<CandleFeed> {
        let mut wanted: Vec<CandleFeed> = Vec::new();
        let streams = std::iter::once(None).chain(self.others.iter().map(|(symbol, _)| Some(*symbol)));
        for symbol in streams {
            // The long bar that is forming at the start is put together from bars that were before it.
            let longest =
                self.feeds.iter().filter(|feed| feed.symbol == symbol).map(|feed| feed.interval).max();
            let parts = longest.map_or(0, |longest| longest.millis() / self.timeframe.millis());
            let history = usize::try_from(parts).unwrap_or(0).max(10);
            wanted.push(CandleFeed { symbol, interval: self.timeframe, history, is_streamed: true });
        }
        for (feed, bars) in program.feeds() {
            let same =
                |known: &&mut CandleFeed| known.symbol == feed.symbol && known.interval == feed.interval;
            match wanted.iter_mut().find(same) {
                Some(known) => known.history = known.history.max(bars),
                None if bars > 0 => wanted.push(CandleFeed {
                    symbol: feed.symbol,
                    interval: feed.interval,
                    history: bars.max(10),
                    is_streamed: false,
                }),
                None => {}
            }
        }
        wanted
    }

    /// Takes a candle; `own` is the bot's contract.
    pub(super) fn take(&mut self, program: &mut Program, candle: &Candle, own: Symbol) -> Moment {
        if !candle.is_confirmed {
            return Moment::Other;
        }
        let bar = bar(candle);
        let is_looked_at = self.others.iter().any(|(symbol, _)| *symbol == candle.symbol);
        let named = is_looked_at.then_some(candle.symbol);
        if candle.interval != self.timeframe {
            // A longer bar is taken from history only; live ones are put together here.
            if !candle.is_warm_up {
                return Moment::Other;
            }
            let unnamed = (candle.symbol == own).then_some(None);
            for symbol in named.map(Some).into_iter().chain(unnamed) {
                self.whole(program, Feed { symbol, interval: candle.interval }, &bar);
            }
            return Moment::WarmUp;
        }
        let moment = match named {
            Some(symbol) => self.other(program, candle, bar, symbol),
            None => Moment::Other,
        };
        if candle.symbol == own { self.own(program, candle, bar) } else { moment }
    }

    /// When a bar that waits has waited enough.
    pub(super) fn wake_at(&self) -> Option<MarketTime> {
        self.waiting.map(|waiting| waiting.until)
    }

    /// Lets a bar pass that has waited for too long; without a signal.
    pub(super) fn give_up(&mut self, program: &mut Program, now: MarketTime) -> Option<Moment> {
        let waiting = self.waiting.take_if(|waiting| now >= waiting.until)?;
        Some(self.pass(program, Waiting { fires: false, ..waiting }))
    }

    fn own(&mut self, program: &mut Program, candle: &Candle, bar: Bar) -> Moment {
        if self.newest.is_some_and(|newest| bar.start_ms <= newest) {
            return Moment::Other;
        }
        if let Some(waiting) = self.waiting.take() {
            self.pass(program, Waiting { fires: false, ..waiting });
        }
        let follows = self.newest.is_some_and(|newest| bar.start_ms - newest == self.timeframe.millis());
        self.newest = Some(bar.start_ms);
        let is_warm_up = candle.is_warm_up;
        let is_overtaken =
            self.others.iter().any(|(_, newest)| newest.is_some_and(|newest| newest > bar.start_ms));
        let fires = follows && self.is_armed && !is_warm_up && !is_overtaken;
        self.is_armed |= !is_warm_up;
        let waiting = Waiting { bar, fires, is_warm_up, until: candle.at.after(WAIT_MS) };
        if self.has_all(bar.start_ms) {
            return self.pass(program, waiting);
        }
        self.waiting = Some(waiting);
        if is_warm_up { Moment::WarmUp } else { Moment::Other }
    }

    fn other(&mut self, program: &mut Program, candle: &Candle, bar: Bar, symbol: Symbol) -> Moment {
        let Some(known) = self.others.iter().position(|(known, _)| *known == symbol) else {
            return Moment::Other;
        };
        if self.others[known].1.is_some_and(|newest| bar.start_ms <= newest) {
            return Moment::Other;
        }
        let mut moment = if candle.is_warm_up { Moment::WarmUp } else { Moment::Other };
        // A bar from after the one that waits must not be seen by it.
        if let Some(waiting) = self.waiting.take_if(|waiting| waiting.bar.start_ms < bar.start_ms) {
            moment = self.pass(program, Waiting { fires: false, ..waiting });
        }
        self.others[known].1 = Some(bar.start_ms);
        self.step(program, Some(symbol), &bar);
        if let Some(waiting) = self.waiting
            && self.has_all(waiting.bar.start_ms)
        {
            self.waiting = None;
            moment = self.pass(program, waiting);
        }
        moment
    }

    /// Whether every other contract's bar from `start_ms` on is there.
    fn has_all(&self, start_ms: i64) -> bool {
        self.others.iter().all(|(_, newest)| newest.is_some_and(|newest| newest >= start_ms))
    }

    fn pass(&mut self, program: &mut Program, waiting: Waiting) -> Moment {
        self.step(program, None, &waiting.bar);
        if waiting.is_warm_up { Moment::WarmUp } else { Moment::Bar { fires: waiting.fires } }
    }

    /// Whether an own bar waits for those of other contracts.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Lets the program run over own bars that come next. Whether it could: the bars of other contracts may come in any
    /// order, and are not known beforehand.
    pub(super) fn foresee(&mut self, program: &mut Program, bars: &[Bar]) -> bool {
        let is_alone = self.others.is_empty() && self.waiting.is_none();
        if !is_alone || self.foreseen.is_left() || !program.has_tick_size() {
            return false;
        }
        let mut completed = Vec::new();
        for (feed, aggregator) in self.aggregators.iter_mut().enumerate() {
            let Some(aggregator) = aggregator else { continue };
            let wholes = bars.iter().enumerate();
            let wholes = wholes.filter_map(|(row, bar)| Some((row, aggregator.take_part(bar)?)));
            completed.push((feed, wholes.collect()));
        }
        program.run_ahead(bars, &completed, &mut self.foreseen.columns);
        self.foreseen.begin(bars);
        true
    }

    /// Bars that were foreseen are over, and nothing was done at them.
    pub(super) fn pass_over(&mut self, program: &mut Program, bars: usize) {
        if let Some(last) = self.foreseen.pass(program, bars) {
            self.newest = Some(last);
            self.is_armed = true;
        }
    }

    /// Longer bars first: one that ends now is visible to rules that look now.
    fn step(&mut self, program: &mut Program, symbol: Option<Symbol>, bar: &Bar) {
        if self.foreseen.is_left() {
            return self.foreseen.take(program, bar);
        }
        for feed in 0..self.feeds.len() {
            if self.feeds[feed].symbol == symbol
                && let Some(whole) = self.aggregators[feed].as_mut().and_then(|hour| hour.take_part(bar))
            {
                program.on_bar(feed, &whole);
            }
        }
        if let Some(feed) = self.find(Feed { symbol, interval: self.timeframe }) {
            program.on_bar(feed, bar);
        }
    }

    fn whole(&mut self, program: &mut Program, feed: Feed, bar: &Bar) {
        if let Some(feed) = self.find(feed)
            && self.aggregators[feed].as_mut().is_some_and(|hour| hour.take_whole(bar.start_ms))
        {
            program.on_bar(feed, bar);
        }
    }

    fn find(&self, feed: Feed) -> Option<FeedId> {
        self.feeds.iter().position(|known| *known == feed)
    }
}

fn bar(candle: &Candle) -> Bar {
    Bar {
        start_ms: candle.start.0,
        open: candle.open.to_f64(),
        high: candle.high.to_f64(),
        low: candle.low.to_f64(),
        close: candle.close.to_f64(),
        volume: candle.volume.to_f64().unwrap_or(f64::NAN),
    }
}
