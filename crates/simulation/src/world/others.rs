//! Those who do something from outside: strangers on the account, people at the controls, funding; and when.

use super::happening::Happening;
use super::life::bots;
use super::link::Stream;
use super::{EPOCH_MS, World};
use crate::listing::{LISTINGS, UID, install, number};
use crate::swarm::Millis;
use crate::tally::Fault;
use crate::world::Broken;
use rust_decimal::Decimal;
use windvane_model::{BotTag, Control, Epoch, Event, HaltCause, IdGrammar, Role, Scope};
use windvane_venue_core::{
    CancelOrder, Category, CreateOrder, MarketInput, OrderFilter, OrderReference, OrderRow, PositionIdx,
    Request, Side,
};

/// Further back than a first reconciliation reads.
const LONG_AGO_MS: Millis = 600_000;

impl World {
    /// Plans the first of everything that comes again and again.
    pub(super) fn plan_troubles(&mut self) {
        let swarm = self.swarm.clone();
        self.plan(swarm.private_cut_every, || Happening::Cut(Stream::Private));
        self.plan(swarm.trade_cut_every, || Happening::Cut(Stream::Trade));
        self.plan(swarm.public_cut_every, || Happening::Cut(Stream::Public));
        self.plan(swarm.kill_every, || Happening::Kill);
        self.plan(swarm.stranger_every, || Happening::Stranger);
        self.plan(swarm.operator_every, || Happening::Operator);
        self.plan(swarm.funding_every, || Happening::Funding);
        self.plan(swarm.venue_restart_every, || Happening::VenueRestart);
        self.plan_clock_steps(swarm.clock_step_every);
        self.plan_outages(swarm.outage_every);
        if swarm.grid_change_at > 0 {
            self.queue.at(swarm.grid_change_at, Happening::GridChange);
        }
        if swarm.successor_at > 0 {
            self.queue.at(swarm.successor_at, Happening::Successor);
        }
    }

    /// Plans all occasions of one trouble, `mean` apart on the average.
    fn plan(&mut self, mean: Millis, happening: impl Fn() -> Happening) {
        if mean == 0 {
            return;
        }
        let mut at = self.rng.i64(1..=mean * 2);
        while at < self.swarm.length_ms {
            self.queue.at(at, happening());
            at += self.rng.i64(1..=mean * 2);
        }
    }

    /// Plans steps of the clock, each of which is mended a while later.
    fn plan_clock_steps(&mut self, mean: Millis) {
        let mut at = self.rng.i64(0..=mean * 2);
        while mean > 0 && at < self.swarm.length_ms {
            let off = self.rng.i64(2_000..12_000) * if self.rng.bool() { 1 } else { -1 };
            self.queue.at(at, Happening::Clock(off));
            at += self.rng.i64(1_000..8_000);
            self.queue.at(at, Happening::Clock(0));
            at += self.rng.i64(1..=mean * 2);
        }
    }

    /// Plans times in which the venue halts all trading.
    fn plan_outages(&mut self, mean: Millis) {
        let mut at = self.rng.i64(0..=mean * 2);
        while mean > 0 && at < self.swarm.length_ms {
            let until = at + self.rng.i64(2_000..15_000);
            self.queue.at(at, Happening::Outage { until });
            at = until + self.rng.i64(1..=mean * 2);
        }
    }

    /// The venue restarts: every connection breaks, and each is noticed in its time.
    pub(super) fn restart_venue(&mut self) {
        if Stream::ALL.iter().all(|stream| self.wires.get(*stream).is_up) {
            self.hit_all(Fault::VenueRestart);
        }
        for stream in Stream::ALL {
            let noticed_after = self.rng.i64(1..2_000);
            self.cut(stream, noticed_after);
        }
    }

    /// A later engine of the same installation places an order, far off the market; ours ends soon after and is started
    /// above it.
    pub(super) fn succeed(&mut self) -> Result<(), Broken> {
        let listing = &LISTINGS[0];
        let mark = self.venue.ticker(Category::Linear, listing.symbol).and_then(|row| row.mark_price);
        let Some(mark) = mark else { return Ok(()) };
        let epoch = Epoch(self.epoch.0 + 1);
        let bot = BotTag::of(&bots().next().expect("there are two"));
        let id = IdGrammar { install: install(), bot, role: Role::Entry, epoch, sequence: 1 }.mint();
        let price = (mark * number("0.97") / listing.tick()).floor() * listing.tick();
        let order = CreateOrder::limit(listing.symbol, Side::Buy, number(listing.lot), price);
        let position_idx = self.opened_by(0, Side::Buy);
        let order = CreateOrder { order_link_id: Some(id.to_string()), position_idx, ..order };
        if self.request(&Request::Create(order))?.is_ok() {
            self.hit_all(Fault::Successor);
            self.epoch = epoch;
        }
        let at = self.now + self.rng.i64(1_000..5_000);
        self.queue.at(at, Happening::Kill);
        Ok(())
    }

    /// Which position of a contract somebody means who opens `side`.
    fn opened_by(&self, slot: usize, side: Side) -> PositionIdx {
        match (self.swarm.is_hedged && slot == 0, side) {
            (false, _) => PositionIdx::OneWay,
            (true, Side::Buy) => PositionIdx::Long,
            (true, Side::Sell) => PositionIdx::Short,
        }
    }

    /// Somebody opened a position so long ago that its executions are not read any more.
    pub(super) fn trade_before_the_story(&mut self) {
        let at = EPOCH_MS - LONG_AGO_MS;
        for input in self.feeds[0].inputs(&mut self.rng, false) {
            self.venue.apply_market(at, &input, &mut self.facts).ok();
        }
        let qty = number(LISTINGS[0].lot) * Decimal::from(self.rng.i64(1..60));
        let side = if self.rng.bool() { Side::Buy } else { Side::Sell };
        let order = CreateOrder {
            position_idx: self.opened_by(0, side),
            ..CreateOrder::market(LISTINGS[0].symbol, side, qty)
        };
        let order = Request::Create(order);
        self.venue.apply_request(at, UID, &order, &mut self.facts).ok();
        self.facts.clear();
    }

    pub(super) fn fund(&mut self) -> Result<(), Broken> {
        for listing in &LISTINGS {
            let (category, symbol) = (Category::Linear, || listing.symbol.to_owned());
            let rate = Decimal::new(self.rng.i64(-300..=300), 6);
            let next_funding_ms = self.market_ms() + 1;
            let rate = MarketInput::FundingRate { category, symbol: symbol(), rate, next_funding_ms };
            self.market_inputs(&[rate, MarketInput::SettleFunding { category, symbol: symbol() }])?;
        }
        Ok(())
    }

    /// A person at the controls.
    pub(super) fn operate(&mut self) -> Result<(), Broken> {
        if self.engine.is_none() {
            return Ok(());
        }
        self.hit_all(Fault::Operator);
        let control = match self.rng.u8(..5) {
            0 => Control::Halt(HaltCause::Operator),
            1 => Control::Flatten(Scope::All),
            2 => Control::CancelEntries(Scope::All),
            3 => Control::Reconcile,
            _ => Control::Resume,
        };
        let at = self.now + self.rng.i64(500..6_000);
        self.queue.at(at, Happening::Control(Control::Resume));
        self.take(Event::Control(control))
    }

    /// Somebody with a phone.
    pub(super) fn meddle(&mut self) -> Result<(), Broken> {
        let open = self.venue.open_orders(UID, OrderFilter::default());
        let is_ours = |row: &&OrderRow| row.order_link_id.starts_with(install().as_str());
        let is_stop = |row: &&OrderRow| row.order_link_id.is_empty() && row.reduce_only;
        let ours: Vec<&OrderRow> = open.iter().filter(is_ours).collect();
        let theirs: Vec<&OrderRow> = open.iter().filter(|row| !is_ours(row) && !is_stop(row)).collect();
        let victims = if self.swarm.meddles && self.rng.u8(..4) == 0 { ours } else { theirs };
        if !victims.is_empty() && self.rng.bool() {
            let row = victims[self.rng.usize(..victims.len())];
            if is_ours(&row) {
                self.hit_all(Fault::Meddling);
            }
            let order = OrderReference { order_id: Some(row.order_id.to_string()), order_link_id: None };
            let cancel =
                CancelOrder { category: row.category, symbol: row.symbol.to_string(), order, kind: None };
            self.request(&Request::Cancel(cancel))?.ok();
            return Ok(());
        }
        let slot = self.rng.usize(..LISTINGS.len());
        let name = LISTINGS[slot].symbol;
        let side = if self.rng.bool() { Side::Buy } else { Side::Sell };
        let qty = number(LISTINGS[slot].lot) * Decimal::from(self.rng.i64(1..40));
        let mark = self.venue.ticker(Category::Linear, name).and_then(|row| row.mark_price);
        let order = match mark.filter(|_| self.rng.bool()) {
            Some(mark) => {
                let off = Decimal::ONE + Decimal::new(self.rng.i64(-50..=50), 4);
                let tick = LISTINGS[slot].tick();
                CreateOrder::limit(name, side, qty, (mark * off / tick).floor() * tick)
            }
            None => CreateOrder::market(name, side, qty),
        };
        let link = format!("phone-{}", self.now);
        let order_link_id = self.rng.bool().then_some(link);
        // In hedge mode a person may close either side as well as open it.
        let meant = if self.swarm.is_hedged && self.rng.bool() { side.opposite() } else { side };
        let position_idx = self.opened_by(slot, meant);
        if self.request(&Request::Create(CreateOrder { order_link_id, position_idx, ..order }))?.is_ok() {
            self.hit_all(Fault::Stranger);
        }
        Ok(())
    }
}
