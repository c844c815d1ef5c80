//! From the file as typed to the script as played: names found, numbers on their types, everything wrong refused
//! with its place.

use super::file::{BotTable, ExpectRow, FaultRow, PlaceRow, ScenarioFile, Wanted};
use super::hand::{Wish, tag};
use super::script::{
    Expectation, FaultRule, OrderExpectation, PositionExpectation, Script, Settings, Step, Strike,
};
use super::value::{Moment, Number, Span};
use crate::listing::{LISTINGS, install, number, symbol};
use crate::world::EPOCH_MS;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Range;
use toml::Spanned;
use windvane_model::{
    BotName, BotTag, ClientOrderId, Control, Epoch, HaltCause, IdGrammar, MarketTime, OrderKind, Place,
    PositionIndex, Price, Qty, Request, Role, Scope, Side, Symbol, TimeInForce, Triggers,
};
use windvane_order_management::PositionKey;
use windvane_strategy::Definition;
use windvane_venue_core as venue;

/// Something wrong with a file, with its place.
pub(super) type Wrong = String;

/// Words of `counted`.
pub(super) const COUNTERS: [&str; 8] = [
    "adopted",
    "backfilled",
    "denied",
    "duplicates",
    "foreign fills",
    "foreign orders",
    "retired",
    "unknown",
];

/// Depth of each level of the outside book where a row says nothing.
const DEPTH: &str = "10";

/// Reads a script out of a file's text; `name` is what errors call the file.
pub(super) fn load(name: &str, text: &str) -> Result<Script, Wrong> {
    let file: ScenarioFile = toml::from_str(text).map_err(|error| {
        let place = place(name, text, &error.span().unwrap_or_default());
        format!("{place}: {}", error.message().replace('\n', ", "))
    })?;
    let reader = Reader { name, text, orders: BTreeMap::new(), is_hedged: file.world.is_hedged };
    reader.read(file)
}

/// `FILE:LINE:COL` of a span.
fn place(name: &str, text: &str, span: &Range<usize>) -> String {
    let before = &text[..span.start.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("{name}:{line}:{column}")
}

struct Reader<'t> {
    name: &'t str,
    text: &'t str,
    /// Numbers and positions of the orders, by their names.
    orders: BTreeMap<String, (usize, PositionKey)>,
    /// Whether the first contract is in hedge mode.
    is_hedged: bool,
}

impl Reader<'_> {
    fn place(&self, span: &Range<usize>) -> String {
        place(self.name, self.text, span)
    }

    fn wrong(&self, span: &Range<usize>, what: impl Display) -> Wrong {
        format!("{}: {what}", self.place(span))
    }

    fn read(mut self, file: ScenarioFile) -> Result<Script, Wrong> {
        let bot = file.world.bot.as_ref().map(|bot| self.bot(bot)).transpose()?;
        let mut script = Script::new(file.title.clone(), settings(&file, bot));
        script.chance = file.chance.as_ref().map(|chance| (chance.seed, chance.swarm.clone()));
        self.read_wishes(&file, &mut script)?;
        self.read_world(&file, &mut script)?;
        for row in &file.fault {
            script.faults.push(self.fault(row)?);
        }
        for row in &file.expect {
            let expectation = self.expectation(row)?;
            if let Moment::At(at) = expectation.at {
                script.steps.push((at, Step::Expect(script.expectations.len())));
            }
            script.expectations.push(expectation);
        }
        Ok(script)
    }

    /// Which contract a bot trades by a strategy file, and by which.
    fn bot(&self, table: &Spanned<BotTable>) -> Result<(usize, Definition), Wrong> {
        let bot = table.get_ref();
        let (slot, _) = self.contract(bot.symbol.as_ref())?;
        let (name, text, span) = match (&bot.preset, &bot.text) {
            (Some(preset), None) => {
                let known = PRESETS.iter().find(|(name, _)| name == preset.get_ref());
                let (name, text) = known.ok_or_else(|| {
                    let known = PRESETS.map(|(name, _)| name).join("`, `");
                    self.wrong(&preset.span(), format!("`{}` is none of `{known}`", preset.get_ref()))
                })?;
                (*name, *text, preset.span())
            }
            (None, Some(text)) => ("text", text.get_ref().as_str(), text.span()),
            _ => return Err(self.wrong(&table.span(), "a bot is of a `preset` or of a `text`")),
        };
        let definition = windvane_strategy::load(name, text, &BTreeMap::new());
        Ok((slot, definition.map_err(|problems| self.wrong(&span, problems))?))
    }

    fn read_wishes(&mut self, file: &ScenarioFile, script: &mut Script) -> Result<(), Wrong> {
        for row in &file.place {
            let (at, wish, key) = self.order(row)?;
            script.desk.plan(market(at), key, wish, self.place(&row.span()));
        }
        for row in &file.amend {
            let amend = row.get_ref();
            let (order, key) = self.named(&amend.order)?;
            let (price, qty) = (self.price(amend.price.as_ref())?, self.qty(amend.qty.as_ref())?);
            script.desk.plan(market(amend.at), key, Wish::Amend(order, price, qty), self.place(&row.span()));
        }
        for row in &file.cancel {
            let (order, key) = self.named(&row.get_ref().order)?;
            script.desk.plan(market(row.get_ref().at), key, Wish::Cancel(order), self.place(&row.span()));
        }
        for row in &file.protect {
            let protect = row.get_ref();
            let key = self.position(protect.symbol.as_ref(), protect.position, &row.span())?;
            let wish = Wish::Protect(
                self.price(protect.stop_loss.as_ref())?,
                self.price(protect.take_profit.as_ref())?,
            );
            script.desk.plan(market(protect.at), key, wish, self.place(&row.span()));
        }
        Ok(())
    }

    fn order(&mut self, row: &Spanned<PlaceRow>) -> Result<(Span, Wish, PositionKey), Wrong> {
        let place = row.get_ref();
        let opened = if place.reduce_only { place.side.opposite() } else { place.side };
        let index = self.is_hedged.then(|| opened_by(opened));
        let key = self.position(place.symbol.as_ref(), index, &row.span())?;
        let number = self.orders.len();
        let name = place.order.get_ref().clone();
        if self.orders.insert(name.clone(), (number, key)).is_some() {
            return Err(self.wrong(&place.order.span(), format!("there is an order `{name}` already")));
        }
        let time_in_force = place.time_in_force.unwrap_or(TimeInForce::Gtc);
        let kind = match self.price(place.price.as_ref())? {
            Some(price) => OrderKind::Limit { price, time_in_force },
            None => OrderKind::Market { max_slippage_ticks: None },
        };
        let wish = Wish::Place(
            number,
            Place {
                tag: tag(number),
                symbol: key.0,
                role: if place.reduce_only { Role::Exit } else { Role::Entry },
                side: place.side,
                qty: self.qty(Some(&place.qty))?.unwrap_or(Qty::ZERO),
                kind,
                reduce_only: place.reduce_only,
                stop_loss: self.price(place.stop_loss.as_ref())?,
                take_profit: self.price(place.take_profit.as_ref())?,
                triggers: Triggers::default(),
                send_before: None,
            },
        );
        Ok((place.at, wish, key))
    }

    fn read_world(&self, file: &ScenarioFile, script: &mut Script) -> Result<(), Wrong> {
        let mut steps = Vec::new();
        for row in file.market.iter().map(Spanned::get_ref) {
            let (slot, _) = self.contract(row.symbol.as_ref())?;
            let depth = row.depth.map_or_else(|| number(DEPTH), |Number(depth)| depth);
            steps.push((row.at, Step::Market { slot, price: row.price.0, depth }));
        }
        for row in file.print.iter().map(Spanned::get_ref) {
            let (_, symbol) = self.contract(row.symbol.as_ref())?;
            let trade = venue::MarketInput::Trade {
                category: venue::Category::Linear,
                symbol: symbol.to_string(),
                side: venue_side(row.side),
                price: row.price.0,
                qty: row.qty.0,
            };
            steps.push((row.at, Step::Input(trade)));
        }
        for row in file.funding.iter().map(Spanned::get_ref) {
            let (_, contract) = self.contract(row.symbol.as_ref())?;
            let (category, symbol) = (venue::Category::Linear, || contract.to_string());
            let next_funding_ms = EPOCH_MS + row.at.0;
            let rate = row.rate.0;
            let rate = venue::MarketInput::FundingRate { category, symbol: symbol(), rate, next_funding_ms };
            steps.push((row.at, Step::Input(rate)));
            steps.push((
                row.at,
                Step::Input(venue::MarketInput::SettleFunding { category, symbol: symbol() }),
            ));
        }
        for row in &file.stranger {
            steps.push((row.get_ref().at, self.stranger(row)?));
        }
        for row in file.operator.iter().map(Spanned::get_ref) {
            let control = match row.wants {
                Wanted::Halt => Control::Halt(HaltCause::Operator),
                Wanted::Resume => Control::Resume,
                Wanted::Flatten => Control::Flatten(Scope::All),
                Wanted::CancelEntries => Control::CancelEntries(Scope::All),
                Wanted::Reconcile => Control::Reconcile,
            };
            steps.push((row.at, Step::Operator(control)));
        }
        for row in file.kill.iter().map(Spanned::get_ref) {
            let loses = row.loses.unwrap_or_default().0;
            let kill = Step::Kill { back_after: row.back_after.0, loses, before_send: row.before_send };
            steps.push((row.at, kill));
        }
        for row in file.cut.iter().map(Spanned::get_ref) {
            let (noticed_after, back_after) = (row.noticed_after.0, row.back_after.0);
            steps.push((row.at, Step::Cut { stream: row.stream, noticed_after, back_after }));
        }
        for row in file.clock.iter().map(Spanned::get_ref) {
            steps.push((row.at, Step::Clock { off: row.step.0 }));
            steps.push((Span(row.at.0 + row.right_after.0), Step::Clock { off: 0 }));
        }
        for row in file.disk.iter().map(Spanned::get_ref) {
            steps.push((row.full_at, Step::Operator(Control::Halt(HaltCause::Journal))));
        }
        script.steps.extend(steps.into_iter().map(|(Span(at), step)| (at, step)));
        Ok(())
    }

    fn stranger(&self, row: &Spanned<super::file::StrangerRow>) -> Result<Step, Wrong> {
        let stranger = row.get_ref();
        if let Some(victim) = &stranger.cancels {
            return Ok(Step::Meddle(self.named(victim)?.0));
        }
        if let Some(Number(price)) = stranger.cancels_at.or(stranger.moves_from) {
            let (_, symbol) = self.contract(stranger.symbol.as_ref())?;
            let to = stranger.to.map(|Number(to)| to);
            if stranger.moves_from.is_some() != to.is_some() {
                return Err(self
                    .wrong(&row.span(), "a stranger who moves an order does so with `moves_from` and `to`"));
            }
            return Ok(Step::MeddleAt { symbol, price, to });
        }
        let (Some(side), Some(Number(qty))) = (stranger.side, stranger.qty) else {
            let needed = "a stranger needs `side` and `qty`, or `cancels`, `cancels_at` or `moves_from`";
            return Err(self.wrong(&row.span(), needed));
        };
        let opens = self.is_hedged.then(|| opened_by(side));
        let key = self.position(stranger.symbol.as_ref(), stranger.position.or(opens), &row.span())?;
        let position_idx = venue_position(key.1);
        let (symbol, side) = (key.0.to_string(), venue_side(side));
        let order = match stranger.price {
            Some(Number(price)) => venue::CreateOrder::limit(&symbol, side, qty, price),
            None => venue::CreateOrder::market(&symbol, side, qty),
        };
        let order_link_id = stranger.is_successor.then(|| successors_id().to_string());
        Ok(Step::Stranger(venue::Request::Create(venue::CreateOrder {
            order_link_id,
            position_idx,
            ..order
        })))
    }

    fn fault(&self, row: &Spanned<FaultRow>) -> Result<FaultRule, Wrong> {
        let fault = row.get_ref();
        let order = fault.order.as_ref().map(|order| self.named(order)).transpose()?;
        Ok(FaultRule {
            place: self.place(&row.span()),
            kind: fault.kind,
            from: fault.from.0,
            left: fault.count,
            request: fault.request,
            topic: fault.topic,
            order: order.map(|(number, _)| number),
            strike: Strike { by: fault.by.map(|Span(by)| by), code: fault.code },
        })
    }

    fn expectation(&self, row: &Spanned<ExpectRow>) -> Result<Expectation, Wrong> {
        let expect = row.get_ref();
        let value = |number: Option<Number>| number.map(|Number(value)| value);
        let order = expect.order.as_ref().map(|order| self.named(order)).transpose()?;
        let order = order.zip(expect.order.as_ref()).map(|((number, _), name)| OrderExpectation {
            name: name.get_ref().clone(),
            number,
            state: expect.state.clone(),
            venue: expect.venue.clone(),
            qty: value(expect.qty),
            filled: value(expect.filled),
            price: value(expect.price),
        });
        let of_position = [expect.size, expect.average_price, expect.stop_loss];
        let is_of_position = of_position.iter().any(Option::is_some);
        let key = || self.position(expect.symbol.as_ref(), expect.position, &row.span());
        let position = is_of_position.then(key).transpose()?;
        let position = position.map(|key| PositionExpectation {
            key,
            size: value(expect.size),
            average_price: value(expect.average_price),
            stop_loss: value(expect.stop_loss),
        });
        let mut sent = BTreeMap::new();
        for (word, count) in expect.sent.iter().flatten() {
            let request = REQUESTS.into_iter().find(|request| request.as_str() == word);
            let request =
                request.ok_or_else(|| self.wrong(&row.span(), format!("no request is called `{word}`")))?;
            sent.insert(request, *count);
        }
        let counted: BTreeMap<String, u64> = expect.counted.clone().unwrap_or_default();
        if let Some(word) = counted.keys().find(|word| !COUNTERS.contains(&word.as_str())) {
            let known = COUNTERS.join("`, `");
            return Err(self.wrong(&row.span(), format!("`{word}` is not counted, but `{known}` are")));
        }
        let (_, contract) = self.contract(expect.symbol.as_ref())?;
        let resting = expect.resting.clone().map(|orders| (contract, orders));
        let run_state = expect.run_state.clone();
        let says_something = order.is_some()
            || is_of_position
            || resting.is_some()
            || run_state.is_some()
            || !sent.is_empty()
            || !counted.is_empty();
        if !says_something {
            return Err(self.wrong(&row.span(), "nothing is expected here"));
        }
        Ok(Expectation {
            place: self.place(&row.span()),
            at: expect.at,
            order,
            position,
            resting,
            run_state,
            sent,
            counted,
        })
    }

    /// Which position a row is about; `index` is what it says, or what follows from its side.
    fn position(
        &self,
        contract: Option<&Spanned<String>>,
        index: Option<PositionIndex>,
        row: &Range<usize>,
    ) -> Result<PositionKey, Wrong> {
        let (slot, symbol) = self.contract(contract)?;
        match (self.is_hedged, index) {
            (false, None) => Ok((symbol, PositionIndex::ONE_WAY)),
            (false, Some(_)) => {
                Err(self.wrong(row, "without `position_mode = \"hedge\"` there is one position"))
            }
            (true, _) if slot != 0 => Err(self.wrong(row, "in hedge mode only the first contract is traded")),
            (true, Some(index)) => Ok((symbol, index)),
            (true, None) => Err(self.wrong(row, "which position? say `long` or `short`")),
        }
    }

    /// Number and position of an order that some row places.
    fn named(&self, order: &Spanned<String>) -> Result<(usize, PositionKey), Wrong> {
        let name = order.get_ref();
        let known = self.orders.get(name).copied();
        known.ok_or_else(|| self.wrong(&order.span(), format!("no row places an order `{name}`")))
    }

    /// A contract by its name; the first one where none is named.
    fn contract(&self, name: Option<&Spanned<String>>) -> Result<(usize, Symbol), Wrong> {
        let Some(name) = name else { return Ok((0, symbol(LISTINGS[0].symbol))) };
        let slot = LISTINGS.iter().position(|listing| listing.symbol == name.get_ref());
        let slot = slot.ok_or_else(|| {
            let known = LISTINGS.map(|listing| listing.symbol).join("` and `");
            self.wrong(&name.span(), format!("`{}` is not listed, `{known}` are", name.get_ref()))
        })?;
        Ok((slot, symbol(LISTINGS[slot].symbol)))
    }

    fn price(&self, number: Option<&Spanned<Number>>) -> Result<Option<Price>, Wrong> {
        let price = |spanned: &Spanned<Number>| {
            Price::new(spanned.get_ref().0).map_err(|error| self.wrong(&spanned.span(), error))
        };
        number.map(price).transpose()
    }

    fn qty(&self, number: Option<&Spanned<Number>>) -> Result<Option<Qty>, Wrong> {
        let qty = |spanned: &Spanned<Number>| {
            Qty::new(spanned.get_ref().0).map_err(|error| self.wrong(&spanned.span(), error))
        };
        number.map(qty).transpose()
    }
}

const REQUESTS: [Request; 6] = [
    Request::Submit,
    Request::Amend,
    Request::Cancel,
    Request::CancelAll,
    Request::SetProtection,
    Request::SetLeverage,
];

/// The shipped bots that are no rule files.
const PRESETS: [(&str, &str); 6] = [
    ("dca", include_str!("../../../../strategies/dca.toml")),
    ("grid", include_str!("../../../../strategies/grid.toml")),
    ("maker", include_str!("../../../../strategies/maker.toml")),
    ("rebalance", include_str!("../../../../strategies/rebalance.toml")),
    ("schedule", include_str!("../../../../strategies/schedule.toml")),
    ("twap", include_str!("../../../../strategies/twap.toml")),
];

fn settings(file: &ScenarioFile, bot: Option<(usize, Definition)>) -> Settings {
    let delay = |span: Option<Span>, usual| span.map_or(usual, |Span(delay)| delay);
    Settings {
        length_ms: file.length.0,
        one_way_delay_ms: delay(file.world.delay, 5),
        query_delay_ms: delay(file.world.query_delay, 20),
        requires_stop: file.world.require_stop,
        is_hedged: file.world.is_hedged,
        bot,
        balance: file.world.balance.map_or_else(|| number("100000"), |Number(balance)| balance),
    }
}

const fn market(at: Span) -> MarketTime {
    MarketTime(EPOCH_MS + at.0)
}

/// An id as a later engine of the installation mints it.
fn successors_id() -> ClientOrderId {
    let bot = BotTag::of(&BotName::new("chaos").expect("a short word"));
    IdGrammar { install: install(), bot, role: Role::Entry, epoch: Epoch(1_000), sequence: 1 }.mint()
}

/// Which position of a hedged contract an order of that side opens.
const fn opened_by(side: Side) -> PositionIndex {
    match side {
        Side::Buy => PositionIndex::LONG,
        Side::Sell => PositionIndex::SHORT,
    }
}

const fn venue_position(index: PositionIndex) -> venue::PositionIdx {
    match index.only_side() {
        None => venue::PositionIdx::OneWay,
        Some(Side::Buy) => venue::PositionIdx::Long,
        Some(Side::Sell) => venue::PositionIdx::Short,
    }
}

const fn venue_side(side: Side) -> venue::Side {
    match side {
        Side::Buy => venue::Side::Buy,
        Side::Sell => venue::Side::Sell,
    }
}
