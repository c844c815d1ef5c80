//! A scenario in the world: what happens by the script, whose messages it strikes, and what it expects.

use super::happening::Happening;
use super::{Broken, World};
use crate::listing::{LISTINGS, UID, named};
use crate::report::{Failure, Report};
use crate::scenario::{Occasion, Script, Seen, Step, Strike, Telling};
use crate::swarm::{Millis, Swarm};
use crate::tally::Fault;
use fastrand::Rng;
use rust_decimal::Decimal;
use windvane_model::{Event, Symbol};
use windvane_venue_core::{AmendOrder, CancelOrder, Category, MarketInput, OrderFilter, Request};

/// Until a stream is up after a start.
pub(super) const STREAM_UP_MS: Millis = 100;

/// Plays a scenario to its end.
///
/// # Errors
/// What was not as it must be.
pub(crate) fn play_script(script: Script, telling: Telling) -> Result<Report, Failure> {
    let mut world = World::scripted(script);
    world.is_told = telling == Telling::Aloud;
    world.tell(0)
}

impl World {
    fn scripted(script: Script) -> Self {
        let settings = &script.settings;
        let length_ms = settings.length_ms;
        let mut world = Self::with(0, Rng::with_seed(0), Swarm::quiet(settings), settings.balance);
        for (number, (at, _)) in script.steps.iter().enumerate() {
            world.queue.at(*at, Happening::Step(number));
        }
        world.queue.at(length_ms, Happening::Finish);
        world.script = Some(script);
        for slot in 0..LISTINGS.len() {
            world.feeds[slot].pin();
        }
        world
    }

    pub(super) const fn is_scripted(&self) -> bool {
        self.script.is_some()
    }

    /// Whether a message goes wrong in that way: by the script, else by chance. `occasion` says which message it is
    /// and is asked only where that matters.
    pub(super) fn strikes(&mut self, fault: Fault, occasion: impl FnOnce() -> Occasion) -> Option<Strike> {
        let (strike, occasion) = match &mut self.script {
            Some(script) => {
                let occasion = occasion();
                (script.strike(fault, self.now, &occasion)?, occasion)
            }
            None => {
                let rate = self.swarm.rate(fault);
                if rate == 0.0 || self.dice[fault as usize].f64() >= rate {
                    return None;
                }
                (Strike::default(), occasion())
            }
        };
        self.meet(fault, &occasion.orders);
        Some(strike)
    }

    /// Does one step of the script.
    pub(super) fn step(&mut self, number: usize) -> Result<(), Broken> {
        let Some(script) = &self.script else { return Ok(()) };
        let (_, step) = script.steps[number].clone();
        match step {
            Step::Market { slot, price, depth } => {
                self.feeds[slot].pin_at(price, depth);
                let inputs = self.feeds[slot].inputs(&mut self.rng, false);
                self.market_inputs(&inputs)
            }
            Step::Input(input) => {
                if matches!(input, MarketInput::SettleFunding { .. }) {
                    self.tally.hit(Fault::Funding);
                }
                self.market_inputs(&[input])
            }
            Step::Stranger(request) => {
                self.hit_all(Fault::Stranger);
                let verdict = self.request(&request)?;
                verdict.map(drop).map_err(|refusal| ("the stranger's order is taken", refusal.to_string()))
            }
            Step::Meddle(order) => {
                self.hit_all(Fault::Meddling);
                let id = script_id(&self.script, order)?;
                let symbols = LISTINGS.iter().map(|listing| listing.symbol.to_owned());
                for cancel in symbols.map(|symbol| cancel(symbol, &id)) {
                    if self.request(&Request::Cancel(cancel))?.is_ok() {
                        return Ok(());
                    }
                }
                Err(("the stranger's cancel is taken", id))
            }
            Step::MeddleAt { symbol, price, to } => self.meddle_at(symbol, price, to),
            Step::Operator(control) => {
                self.hit_all(Fault::Operator);
                self.take(Event::Control(control))
            }
            Step::Kill { back_after, loses, before_send } => {
                self.hit_all(Fault::Kill);
                self.back_after = back_after;
                self.loses = loses;
                if before_send {
                    self.is_doomed = true;
                    return Ok(());
                }
                self.prove_rebuild()?;
                self.die()
            }
            Step::Cut { stream, noticed_after, back_after } => {
                self.back_after = back_after;
                self.cut(stream, noticed_after);
                Ok(())
            }
            Step::Clock { off } => {
                self.clock_off = off;
                Ok(())
            }
            Step::Expect(number) => self.look(number),
        }
    }

    /// Somebody else cancels the order of ours that rests at a price, or moves it.
    fn meddle_at(&mut self, symbol: Symbol, price: Decimal, to: Option<Decimal>) -> Result<(), Broken> {
        self.hit_all(Fault::Meddling);
        let rows = self.venue.open_orders(UID, OrderFilter::default());
        let row = rows.iter().find(|row| *row.symbol == *symbol.as_str() && row.price == price);
        let row = row.ok_or_else(|| otherwise(format!("no order rests at {price} in {symbol}")))?;
        let request = match to {
            None => Request::Cancel(cancel(symbol.to_string(), &row.order_link_id)),
            Some(_) => {
                let amend = AmendOrder::of(symbol.as_str(), named(&row.order_link_id));
                Request::Amend(AmendOrder { price: to, ..amend })
            }
        };
        let verdict = self.request(&request)?;
        verdict.map(drop).map_err(|refusal| ("the stranger's wish is taken", refusal.to_string()))
    }

    fn look(&self, number: usize) -> Result<(), Broken> {
        let Some(script) = &self.script else { return Ok(()) };
        script.expect(number, &self.seen()).map_err(otherwise)
    }

    /// What the script expects of the end.
    pub(super) fn look_at_the_end(&self) -> Result<(), Broken> {
        let Some(script) = &self.script else { return Ok(()) };
        script.expect_end(&self.seen()).map_err(otherwise)
    }

    fn seen(&self) -> Seen<'_> {
        Seen { engine: self.engine.as_ref(), venue: &self.venue, tally: &self.tally }
    }
}

fn cancel(symbol: String, id: &str) -> CancelOrder {
    CancelOrder { category: Category::Linear, symbol, order: named(id), kind: None }
}

const fn otherwise(detail: String) -> Broken {
    ("the story goes as told", detail)
}

fn script_id(script: &Option<Script>, order: usize) -> Result<String, Broken> {
    let id = script.as_ref().and_then(|script| script.desk.id(order));
    let id = id.ok_or_else(|| otherwise("a stranger cancels an order that was not submitted".to_owned()))?;
    Ok(id.to_string())
}
