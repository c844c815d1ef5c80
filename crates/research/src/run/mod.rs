//! The loop: time goes from bar to bar, and within a bar from one price to the next at which something may happen.

mod candles;
mod desk;
mod lane;
mod pass;
mod path;
mod record;
mod session;
mod setup;
mod walk;

pub use record::{Equity, Signal};
pub use session::replay;
pub use setup::{Account, RunError, Setup};

use std::collections::BTreeMap;

use desk::{Desk, Happening};
use lane::Lane;
use pass::Ahead;
use path::Invented;
use record::Record;
use windvane_engine::Engine;
use windvane_model::{Candle, Command, Event, MarketEvent, MarketTime, Side, Symbol};

use crate::settings::Fills;

/// Points of the equity curve that are kept at most, evenly spread.
const EQUITY_POINTS: usize = 5_000;

/// A backtest that is ready to run.
pub struct Backtest<'d> {
    desk: Desk,
    lanes: Vec<Lane<'d>>,
    /// By lane, where bars are walked as the embedded venue does.
    invented: Vec<Invented>,
    fills: Fills,
    bar_ms: i64,
    bars: usize,
    record: Record,
    candles: Vec<Candle>,
    /// Whether the curve of the equity is kept.
    keeps_curve: bool,
    /// What may be passed over; `None` where every bar is played.
    ahead: Option<Ahead>,
    /// No timer twice at one moment: a deadline that does not move must not hold the loop.
    timer_after: i64,
}

/// What a backtest came to.
pub struct Outcome {
    /// The engine at the end: bots, orders, fills, positions.
    pub engine: Engine,
    /// Signals, oldest first.
    pub signals: Vec<Signal>,
    /// The account over time.
    pub equity: Vec<Equity>,
    /// Orders that risk did not let pass, by reason.
    pub denied: BTreeMap<String, u64>,
    /// Requests that the venue refused, by its code.
    pub refused: BTreeMap<i32, u64>,
    /// Bars that were played, of all contracts together.
    pub bars: usize,
    /// Those of them that were passed over: nobody had anything to do at them.
    pub passed: usize,
    /// First and last moment, market milliseconds.
    pub span_ms: (i64, i64),
}

impl Backtest<'_> {
    /// How many bars there are to play, one for all contracts that have one at that time.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.bars
    }

    /// The same without a curve of the equity, for who only wants the sums.
    #[must_use]
    pub fn without_curve(mut self) -> Self {
        self.keeps_curve = false;
        self
    }

    /// The same with every bar played, also those at which nobody does anything: slower, and nothing else.
    #[must_use]
    pub fn bar_by_bar(mut self) -> Self {
        self.ahead = None;
        self
    }

    /// Plays everything. `progress` is told how many steps are done, some two hundred times.
    ///
    /// # Errors
    /// When the venue does not take its market: prices that are off the contract's grid.
    pub fn run(mut self, mut progress: impl FnMut(usize)) -> Result<Outcome, RunError> {
        let started = self.desk.now_ms;
        let (tell_every, note_every) = ((self.bars / 200).max(1), (self.bars / EQUITY_POINTS).max(1));
        let (mut done, mut played, mut skipped) = (0, 0, 0);
        while let Some(start_ms) = self.lanes.iter().filter_map(Lane::next_start).min() {
            // As far as the next bar of which something is told or noted.
            let told_next = tell_every - done % tell_every;
            let noted_next = if self.keeps_curve { note_every - done % note_every } else { tell_every };
            match self.pass_over(told_next.min(noted_next)) {
                0 => {
                    played += self.bar(start_ms)?;
                    done += 1;
                    if let Some(ahead) = &mut self.ahead {
                        ahead.forget_stance();
                    }
                }
                passed => {
                    skipped += passed;
                    done += passed;
                }
            }
            if done % tell_every == 0 {
                progress(done);
            }
            if self.keeps_curve && done % note_every == 0 {
                self.record.equity(&self.desk.engine, MarketTime(self.desk.now_ms));
            }
        }
        let end = self.desk.now_ms;
        self.record.equity(&self.desk.engine, MarketTime(end));
        let Self { desk, record, .. } = self;
        Ok(Outcome {
            engine: desk.engine,
            signals: record.signals,
            equity: record.equity,
            denied: record.denied,
            refused: desk.refused,
            bars: played + skipped,
            passed: skipped,
            span_ms: (started, end),
        })
    }

    /// Plays the bars that begin at `start_ms`; says how many there are.
    fn bar(&mut self, start_ms: i64) -> Result<usize, RunError> {
        self.pass_until(start_ms)?;
        let bars: Vec<_> = self.lanes.iter().map(|lane| lane.bar(start_ms)).collect();
        if self.fills == Fills::Path {
            self.invent(start_ms, &bars)?;
        } else {
            self.open(&bars)?;
            self.walk_bar(start_ms, &bars)?;
        }
        self.desk.now_ms = start_ms + self.bar_ms;
        self.settle_funding()?;
        self.close(&bars)?;
        Ok(bars.iter().flatten().count())
    }

    /// The bars have closed: everybody is told, longer candles first and quotes before all of them.
    fn close(&mut self, bars: &[Option<crate::data::Bar>]) -> Result<(), RunError> {
        self.quote();
        let mut candles = std::mem::take(&mut self.candles);
        for (lane, bar) in self.lanes.iter_mut().zip(bars) {
            if let Some(bar) = bar {
                lane.candles.take(lane.symbol, bar, self.desk.now_ms, &mut candles);
                lane.next += 1;
            }
        }
        for candle in candles.drain(..) {
            self.take(Event::Market(MarketEvent::Candle(candle)));
        }
        self.candles = candles;
        // An order that is to meet the next open waits for it.
        if self.fills != Fills::NextOpen {
            self.work_off()?;
        }
        self.record.signals(&self.desk.engine);
        Ok(())
    }

    /// Tells the engine where the market stands, where it does not know.
    fn quote(&mut self) {
        for slot in 0..self.lanes.len() {
            let news = match self.fills {
                Fills::Path => self.shown(slot),
                Fills::Close | Fills::NextOpen => self.lanes[slot].for_engine(self.desk.now_ms),
            };
            if let Some(news) = news {
                for event in news {
                    self.take(Event::Market(event));
                }
            }
        }
    }

    /// Gives the engine an event and notes what it says.
    fn take(&mut self, event: Event) {
        let Self { desk, record, .. } = self;
        desk.take(event, |output| record.output(output));
    }

    /// Works off what has arrived on either side, and what follows from it at once.
    fn work_off(&mut self) -> Result<(), RunError> {
        while let Some(happening) = self.desk.arrived() {
            match happening {
                Happening::Request(command) => {
                    let (symbol, taker) = addressed(&command);
                    // All of them: margin goes by every mark.
                    for slot in 0..self.lanes.len() {
                        let taker = taker.filter(|_| symbol == Some(self.lanes[slot].symbol));
                        self.tell_venue(slot, taker)?;
                    }
                    self.desk.request(&command);
                    self.lanes.iter_mut().for_each(Lane::forget_calm);
                }
                Happening::Fact(event) => {
                    self.quote();
                    self.take(event);
                }
            }
        }
        Ok(())
    }

    /// Tells the venue where the market of a lane stands, where it does not know.
    fn tell_venue(&mut self, slot: usize, taker: Option<Side>) -> Result<(), RunError> {
        if self.fills == Fills::Path {
            return Ok(());
        }
        let Some(news) = self.lanes[slot].for_venue(taker) else { return Ok(()) };
        for input in &news {
            self.desk.move_market(input).map_err(|problem| self.refusal(slot, problem))?;
        }
        Ok(())
    }

    fn refusal(&self, slot: usize, problem: String) -> RunError {
        RunError::Market { symbol: self.lanes[slot].symbol, at_ms: self.desk.now_ms, problem }
    }

    /// Settles the funding that is due, at the last price.
    fn settle_funding(&mut self) -> Result<(), RunError> {
        for slot in 0..self.lanes.len() {
            while let Some(inputs) = self.lanes[slot].settle(self.desk.now_ms) {
                self.tell_venue(slot, None)?;
                for input in &inputs {
                    self.desk.move_market(input).map_err(|problem| self.refusal(slot, problem))?;
                }
                self.work_off()?;
            }
        }
        Ok(())
    }
}

/// The contract that a request is about, and the side of one that may take.
const fn addressed(command: &Command) -> (Option<Symbol>, Option<Side>) {
    match command {
        Command::Submit(submit) => (Some(submit.symbol), Some(submit.side)),
        Command::Amend(amend) => (Some(amend.symbol), None),
        Command::Cancel(cancel) => (Some(cancel.symbol), None),
        Command::CancelAll(all) => (all.symbol, None),
        Command::SetProtection(set) => (Some(set.symbol), None),
        Command::SetLeverage(set) => (Some(set.symbol), None),
        Command::Query(_) => (None, None),
    }
}
