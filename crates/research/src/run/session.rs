//! A run over the tape of a session: the engine hears again what it heard, and the venue's core is moved by it.
//!
//! The book on the tape holds the session's own resting orders as well, so resting orders fill a little differently from
//! those of the session; what rules see of the market is the same to the last event.

use windvane_market::Market;
use windvane_model::{BookLevel, Event, Link, LinkState, MarketEvent, Side, Symbol, WallTime};
use windvane_venue_core::{self as venue, Category, MarketInput};

use super::desk::{Desk, Happening};
use super::record::Record;
use super::setup::{build_engine, hedged, open_venue, reference};
use super::{Outcome, RunError, Setup};
use crate::data::tape::{Tape, is_history};

/// Candles that the books need: none.
const HISTORY: usize = 1;

/// Plays a tape. `progress` is told how many events are done, some two hundred times.
///
/// # Errors
/// When a contract is not in the venue's catalogue, or the venue does not take its market.
pub fn replay(setup: Setup, tape: &Tape, mut progress: impl FnMut(usize)) -> Result<Outcome, RunError> {
    let symbols = tape.symbols();
    let known = symbols
        .iter()
        .map(|symbol| windvane_venue::linear(symbol.as_str()).cloned().ok_or(RunError::Unknown(*symbol)));
    let instruments: Vec<venue::Instrument> = known.collect::<Result<_, _>>()?;
    let latency_ms = setup.settings.latency_ms();
    let contracts = reference(&instruments, setup.account.fees);
    let venue = open_venue(instruments, &setup.account, setup.limits.margin_mode, hedged(&setup.bots));
    let desk = Desk::new(build_engine(setup)?, venue, symbols, latency_ms);
    let mut session =
        Session { desk, market: Market::new(HISTORY), record: Record::default(), is_live: false };
    let tell_every = (tape.events.len() / 200).max(1);
    for (index, (stamp, event)) in tape.events.iter().enumerate() {
        if index == 0 {
            session.desk.set_clocks(*stamp);
            session.take(Event::Reference(contracts.clone()));
        }
        session.hear(*stamp, event)?;
        if index % tell_every == 0 {
            progress(index);
            session.record.equity(&session.desk.engine, stamp.market);
        }
    }
    let Session { desk, mut record, .. } = session;
    let span_ms = tape.span_ms();
    record.equity(&desk.engine, windvane_model::MarketTime(span_ms.1));
    Ok(Outcome {
        engine: desk.engine,
        signals: record.signals,
        equity: record.equity,
        denied: record.denied,
        refused: desk.refused,
        bars: tape.events.len(),
        passed: 0,
        span_ms,
    })
}

struct Session {
    desk: Desk,
    /// The books as the tape has them.
    market: Market,
    record: Record,
    /// Whether the streams are up: from the first event on that is no history.
    is_live: bool,
}

impl Session {
    fn take(&mut self, event: Event) {
        let Self { desk, record, .. } = self;
        desk.take(event, |output| record.output(output));
    }

    fn hear(&mut self, stamp: windvane_model::Stamp, event: &MarketEvent) -> Result<(), RunError> {
        self.desk.set_clocks(stamp);
        if !self.is_live && !is_history(event) {
            self.is_live = true;
            for link in [Link::Public, Link::Private, Link::Trade] {
                self.take(Event::Link(link(LinkState::Up)));
            }
        }
        self.market.apply(event, stamp);
        for input in self.inputs(event) {
            self.desk.move_market(&input).map_err(|problem| RunError::Market {
                symbol: event.symbol(),
                at_ms: stamp.market.0,
                problem,
            })?;
        }
        if self.desk.engine.next_own_deadline().is_some_and(|at: WallTime| at <= stamp.wall) {
            self.take(Event::Timer);
        }
        self.take(Event::Market(event.clone()));
        self.work_off();
        self.record.signals(&self.desk.engine);
        Ok(())
    }

    fn work_off(&mut self) {
        while let Some(happening) = self.desk.arrived() {
            match happening {
                Happening::Request(command) => self.desk.request(&command),
                Happening::Fact(event) => self.take(event),
            }
        }
    }

    /// What an event moves at the venue.
    fn inputs(&self, event: &MarketEvent) -> Vec<MarketInput> {
        let category = Category::Linear;
        let symbol = || event.symbol().to_string();
        match event {
            MarketEvent::Book(update) => self.book(update.symbol).into_iter().collect(),
            MarketEvent::Trades(prints) => {
                let print = |trade: &windvane_model::Trade| MarketInput::Trade {
                    category,
                    symbol: symbol(),
                    side: match trade.taker {
                        Side::Buy => venue::Side::Buy,
                        Side::Sell => venue::Side::Sell,
                    },
                    price: trade.price.get(),
                    qty: trade.qty.get(),
                };
                prints.trades.iter().map(print).collect()
            }
            MarketEvent::Ticker(ticker) => vec![MarketInput::Prices {
                category,
                symbol: symbol(),
                mark: ticker.mark.map(windvane_model::Price::get),
                index: ticker.index.map(windvane_model::Price::get),
                last: ticker.last.map(windvane_model::Price::get),
            }],
            MarketEvent::Candle(_) | MarketEvent::Liquidations(_) | MarketEvent::PriceLimit(_) => Vec::new(),
        }
    }

    /// The whole book of a contract; `None` while it cannot be trusted.
    fn book(&self, symbol: Symbol) -> Option<MarketInput> {
        let book = self.market.contract(symbol)?.book();
        let side = |side| {
            let level = |level: BookLevel| (level.price.to_decimal(), level.size.to_decimal());
            book.levels(side).map(level).collect()
        };
        book.is_valid().then(|| MarketInput::Book {
            category: Category::Linear,
            symbol: symbol.to_string(),
            bids: side(Side::Buy),
            asks: side(Side::Sell),
        })
    }
}
