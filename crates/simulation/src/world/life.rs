//! Starts and ends of engines.

use super::World;
use super::happening::Happening;
use super::link::Stream;
use super::script::STREAM_UP_MS;
use crate::chaos::Chaos;
use crate::listing::{self, LISTINGS, symbol};
use crate::oracle;
use crate::record::{Line, recover};
use crate::scenario::{Desk, Hand};
use crate::swarm::{Millis, Second};
use crate::tally::Fault;
use crate::world::Broken;
use std::collections::BTreeMap;
use windvane_engine::{BotSetup, Engine, EngineSetup, Foreign, WhenShort};
use windvane_model::{
    BotName, ClientOrderId, Epoch, Event, IdGrammar, MarketEvent, Money, PositionIndex, RunState,
};
use windvane_order_management::{Identity, PositionKey};
use windvane_risk::Ownership;
use windvane_strategy::Strategy;
use windvane_venue_core::OrderFilter;

const BOTS: [&str; 2] = ["chaos", "second"];
/// What of the record is not on the disk yet, at most.
const UNSYNCED_MS: Millis = 10;
/// As the app's default.
const UNPROTECTED_MS_MAX: Millis = 5_000;
/// Bars of history that a rule bot is given.
const HISTORY: usize = 300;

fn bot(slot: usize) -> BotName {
    BotName::new(BOTS[slot]).expect("a short word")
}

/// Which position the bot of a slot owns: each one of its own contract, or the two sides of the first one.
fn position(slot: usize, is_hedged: bool) -> PositionKey {
    match (is_hedged, slot) {
        (false, _) => (symbol(LISTINGS[slot].symbol), PositionIndex::ONE_WAY),
        (true, 0) => (symbol(LISTINGS[0].symbol), PositionIndex::LONG),
        (true, _) => (symbol(LISTINGS[0].symbol), PositionIndex::SHORT),
    }
}

/// Who owns which position.
pub(super) fn claims(is_hedged: bool) -> Vec<(BotName, Vec<PositionKey>)> {
    (0..BOTS.len()).map(|slot| (bot(slot), vec![position(slot, is_hedged)])).collect()
}

pub(super) fn bots() -> impl Iterator<Item = BotName> {
    (0..BOTS.len()).map(bot)
}

impl World {
    pub(super) fn start(&mut self) -> Result<(), Broken> {
        self.life += 1;
        if let Some(script) = &self.script {
            script.desk.skip_until(self.market());
        }
        self.wires.reset();
        self.begin_session();
        self.reconcile_not_before = 0;
        self.oracle.begin_life();
        let lines = self.record.iter().map(|(_, line)| line);
        let recovered = recover(lines, claims(self.swarm.is_hedged), listing::install());
        // A power cut may have taken the beginning with it.
        self.begun_at_ms = self.begun_at_ms.filter(|_| oracle::has_begun(recovered.books.orders()));
        // Above all that was seen at the venue, as the app's start has it.
        self.epoch = Epoch(self.epoch.max(self.epoch_at_venue()).0 + 1);
        let identity = Identity { install: listing::install(), epoch: self.epoch };
        self.record.push((self.now, Line::Start(identity)));
        let orders = if self.life == 1 {
            windvane_order_management::Orders::new(identity, &claims(self.swarm.is_hedged))
        } else {
            recovered.books.orders().clone().with_epoch(identity.epoch)
        };
        let mut engine = Engine::new(EngineSetup {
            orders,
            bots: (0..BOTS.len()).map(|slot| self.bot(slot)).collect(),
            limits: listing::limits(self.swarm.requires_stop, self.swarm.margin_mode()),
            ownership: Ownership::new(
                claims(self.swarm.is_hedged)
                    .into_iter()
                    .flat_map(|(bot, keys)| keys.into_iter().map(move |(s, i)| (s, i, bot))),
            )
            .map_err(|errors| ("bots own their positions", format!("{errors:?}")))?,
            config: [0; 32],
            needs_trade_link: true,
            unprotected_ms_max: UNPROTECTED_MS_MAX,
        });
        for (name, bytes) in &recovered.memories {
            engine.restore(*name, bytes).map_err(|error| ("memory is read back", error.to_string()))?;
        }
        self.engine = Some(engine);
        self.knows_grid = self.has_new_grid;
        self.take(Event::Reference(listing::reference(self.has_new_grid)))?;
        if matches!(self.swarm.second, Second::Trend | Second::Reversion) {
            let now = self.market();
            let feed = usize::from(!self.swarm.is_hedged);
            let history = self.feeds[feed].history(&mut self.rng, now, HISTORY);
            for candle in history {
                self.take(Event::Market(MarketEvent::Candle(candle)))?;
            }
        }
        for stream in Stream::ALL {
            let up_after = if self.is_scripted() { STREAM_UP_MS } else { self.rng.i64(1..3_000) };
            let at = self.now + up_after;
            self.queue.at(at, Happening::Restore { life: self.life, stream });
        }
        Ok(())
    }

    /// The highest epoch among our open orders.
    fn epoch_at_venue(&self) -> Epoch {
        let open = self.venue.open_orders(listing::UID, OrderFilter::default());
        let ids = open.iter().filter_map(|row| ClientOrderId::new(&row.order_link_id).ok());
        let grammars = ids.filter_map(|id| IdGrammar::parse(&id));
        let ours = grammars.filter(|grammar| grammar.install == listing::install());
        ours.map(|grammar| grammar.epoch).max().unwrap_or(Epoch(0))
    }

    fn bot(&mut self, slot: usize) -> BotSetup {
        let (symbol, position_index) = position(slot, self.swarm.is_hedged);
        BotSetup {
            name: bot(slot),
            symbol,
            position_index,
            strategy: self.strategy(slot),
            budget: Money::new(listing::number("20000")),
            leverage: listing::leverage(listing::LEVERAGE),
            next: None,
            removal: None,
            when_short: WhenShort::Refuse,
            priority: 0,
            foreign: Foreign::default(),
        }
    }

    fn strategy(&mut self, slot: usize) -> Box<dyn Strategy> {
        let key = position(slot, self.swarm.is_hedged);
        if let Some(script) = &self.script {
            return match &script.settings.bot {
                Some((of, definition)) if *of == slot => definition.bot(),
                _ => Box::new(Hand::new(script.desk.clone(), key)),
            };
        }
        let (file, text) = match (slot, self.swarm.second) {
            (0, _) | (_, Second::Chaos) => {
                return Box::new(Chaos::new(self.rng.u64(..), self.mood.clone(), key.1.only_side()));
            }
            (_, Second::Nobody) => {
                return Box::new(Hand::new(Desk::default(), key));
            }
            (_, Second::Maker) => ("maker.toml", include_str!("../../../../strategies/maker.toml")),
            (_, Second::Reversion) => {
                ("reversion.toml", include_str!("../../../../strategies/reversion.toml"))
            }
            (_, Second::Trend) => ("trend.toml", include_str!("../../../../strategies/trend.toml")),
        };
        let definition = windvane_strategy::load(file, text, &BTreeMap::new());
        let definition = definition.expect("the shipped strategies are without fault");
        match key.1.only_side() {
            Some(side) => definition.on_side(side).expect("they open on both sides").bot(),
            None => definition.bot(),
        }
    }

    /// A kill, at once or in the middle of the next turn that sends something.
    pub(super) fn kill(&mut self) -> Result<(), Broken> {
        if self.engine.is_none() {
            return Ok(());
        }
        self.hit_all(Fault::Kill);
        let sends = self.engine.as_ref().is_some_and(|engine| engine.run_state() != RunState::Fenced);
        if self.rng.bool() && sends {
            self.is_doomed = true;
            return Ok(());
        }
        self.prove_rebuild()?;
        self.die()
    }

    /// The books out of the record alone are the books of the engine that wrote it.
    pub(super) fn prove_rebuild(&mut self) -> Result<(), Broken> {
        let Some(engine) = &self.engine else { return Ok(()) };
        let lines = self.record.iter().map(|(_, line)| line);
        let recovered = recover(lines, claims(self.swarm.is_hedged), listing::install());
        oracle::same_books(engine.orders(), recovered.books.orders())
    }

    pub(super) fn die(&mut self) -> Result<(), Broken> {
        self.is_doomed = false;
        if let Some(engine) = self.engine.take() {
            self.count(&engine);
        }
        self.wires.reset();
        self.forget_listener();
        self.amending.clear();
        let back_after = if self.is_scripted() {
            self.lose_tail(self.loses);
            self.back_after
        } else {
            if self.swarm.power_cut && self.rng.bool() {
                self.lose_tail(UNSYNCED_MS);
            }
            self.rng.i64(200..8_000)
        };
        let at = self.now + back_after;
        self.queue.at(at, Happening::Start);
        Ok(())
    }

    /// The power fails: up to the last `unsynced` milliseconds were not on the disk.
    fn lose_tail(&mut self, unsynced: Millis) {
        let unsafe_from = self.record.partition_point(|(at, _)| *at <= self.now - unsynced);
        // The line of the start is synced before anything else happens.
        let start = self.record.iter().rposition(|(_, line)| matches!(line, Line::Start(_)));
        let unsafe_from = unsafe_from.max(start.map_or(0, |start| start + 1));
        if unsafe_from < self.record.len() {
            self.hit_all(Fault::PowerCut);
            let kept =
                if self.is_scripted() { unsafe_from } else { self.rng.usize(unsafe_from..self.record.len()) };
            self.record.truncate(kept);
            self.oracle.forgive_lost_record();
        }
    }

    /// Takes the figures of an engine that ends.
    pub(super) fn count(&mut self, engine: &Engine) {
        let counters = engine.orders().counters();
        self.tally.unknown_orders += counters.unknown_orders;
        self.tally.retired_orders += counters.retired_orders;
    }
}
