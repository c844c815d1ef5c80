//! A random account on the venue's core, with our picture of it kept in step.

use super::listing::{LEVERAGES, Listing, fees, limits, reference, word};
use super::tally::Class;
use crate::scene::{bot, dec};
use fastrand::Rng;
use rust_decimal::Decimal;
use std::collections::BTreeSet;
use windvane_model::{
    BotName, BotTag, ClientOrderId, Epoch, IdGrammar, InstallTag, Intent, Leverage, MarketTime, Money,
    OrderId, PositionIndex, PositionReport, PositionStatus, Price, Qty, Role, RunState, Side, Stamp, Symbol,
    WallTime,
};
use windvane_risk::margin::MarginMode;
use windvane_risk::{
    Approved, Ask, Context, Exposure, OpenOrder, OrderExposure, OrderKey, Ownership, PositionExposure,
    Quotes, Risk,
};
use windvane_venue_core as venue;

pub(crate) const UID: venue::Uid = 1;
/// Orders that wait for a price, of somebody's phone, at most.
const WAITING_MOST: usize = 2;

/// Questions of the documentation whose answers move margin, or what an order may do to a position.
const DOUBTS: [&str; 11] = [
    "market-order-margin",
    "order-maintenance",
    "hedge-order-margin",
    "haircut",
    "isolated-liquidation",
    "price-beyond-liquidation",
    "hedge-close",
    "reduce-only-excess",
    "min-notional-reduce-only",
    "deleveraging",
    "bankrupt-balance",
];

/// One answer to each of them.
pub(crate) fn doubts(rng: &mut Rng) -> venue::Doubts {
    let mut doubts = venue::Doubts::default();
    for name in DOUBTS {
        let doubt = venue::DOUBTS.iter().find(|doubt| doubt.name == name).unwrap();
        doubts.set(name, rng.choice(doubt.choices).unwrap()).unwrap();
    }
    doubts
}

/// The bot of the short side, where both are held.
fn mirror() -> BotName {
    BotName::new("mirror").unwrap()
}

/// A position's index in the venue's words.
pub(crate) const fn idx(index: PositionIndex) -> venue::PositionIdx {
    match index {
        PositionIndex::LONG => venue::PositionIdx::Long,
        PositionIndex::SHORT => venue::PositionIdx::Short,
        _ => venue::PositionIdx::OneWay,
    }
}

const fn index(idx: venue::PositionIdx) -> PositionIndex {
    match idx {
        venue::PositionIdx::OneWay => PositionIndex::ONE_WAY,
        venue::PositionIdx::Long => PositionIndex::LONG,
        venue::PositionIdx::Short => PositionIndex::SHORT,
    }
}

pub(crate) struct Account {
    pub(crate) venue: venue::Venue,
    pub(crate) listings: Vec<Listing>,
    pub(crate) marks: Vec<Decimal>,
    pub(crate) exposure: Exposure,
    pub(crate) open: Vec<OpenOrder>,
    /// The one direction that each contract is traded in; half of the accounts trade both.
    pub(crate) only_sides: Option<[Side; 3]>,
    /// Whether orders that open bring a stop.
    pub(crate) brings_stops: bool,
    /// Whether each contract has a long and a short position.
    is_hedged: bool,
    /// Orders of somebody's phone that wait for a price: contract and id.
    waiting: Vec<(String, String)>,
    risk: Risk,
    quotes: Quotes,
    stamp: Stamp,
    sequence: u64,
}

impl Account {
    pub(crate) fn random(rng: &mut Rng) -> Self {
        let listings: Vec<Listing> = (0..3).map(|number| Listing::random(number, rng)).collect();
        let fees = fees(rng);
        let balance = Decimal::new(rng.i64(5_000_000..2_000_000_000), 5);
        let leverage = dec(rng.choice(LEVERAGES).unwrap());
        let is_isolated = rng.u32(0..7) < 3;
        let mode = if is_isolated { MarginMode::Isolated } else { MarginMode::Cross };
        let account = venue::AccountSetup {
            margin_mode: if is_isolated { venue::MarginMode::Isolated } else { venue::MarginMode::Cross },
            ..venue::AccountSetup::usdt(UID, balance, leverage, fees)
        };
        let is_hedged = rng.u32(0..3) == 0;
        let venue = venue::Venue::new(venue::Setup {
            instruments: listings.iter().map(Listing::of_venue).collect(),
            accounts: vec![account],
            coins: Vec::new(),
            doubts: doubts(rng),
            seed: rng.u64(..),
        });
        let claims = listings.iter().flat_map(|listing| {
            let bots = indexes(is_hedged).iter().map(|index| (listing.symbol, *index, bot_of(*index)));
            bots.collect::<Vec<_>>()
        });
        let mut risk = Risk::new(limits(), Ownership::new(claims).unwrap());
        risk.set_run_state(RunState::Active);
        let mut exposure = Exposure::default();
        exposure.set_margin_mode(mode);
        exposure.set_reference(&reference(&listings, fees));
        let mut account = Self {
            venue,
            marks: listings.iter().map(|listing| listing.start).collect(),
            listings,
            exposure,
            open: Vec::new(),
            only_sides: rng.bool().then(|| [(); 3].map(|()| if rng.bool() { Side::Buy } else { Side::Sell })),
            brings_stops: rng.u32(0..4) == 0,
            is_hedged,
            waiting: Vec::new(),
            risk,
            quotes: Quotes::default(),
            stamp: Stamp { sequence: 1, wall: WallTime(1_000_000_000), market: MarketTime(1_000) },
            sequence: 0,
        };
        if is_hedged {
            let mode = venue::PositionMode::Hedge;
            let switch = venue::SwitchMode { symbol: None, coin: Some("USDT".to_owned()), mode };
            account.request(&venue::Request::SwitchMode(switch)).unwrap();
        }
        for number in 0..account.listings.len() {
            account.move_market(number, account.marks[number]);
            account.learn_mark(number);
            let leverage = dec(rng.choice(LEVERAGES).unwrap());
            account.set_leverage(number, leverage);
        }
        account.learn();
        account
    }

    /// Puts the mark of a contract at the tick nearest to `mark`, with a deep book around it; what of ours the book
    /// crosses fills.
    pub(crate) fn move_market(&mut self, number: usize, mark: Decimal) {
        let listing = &self.listings[number];
        let mark = ((mark / listing.tick).round() * listing.tick).max(listing.tick * dec("200"));
        self.marks[number] = mark;
        let symbol = listing.symbol.as_str().to_owned();
        let level = |ticks: i64| (mark + listing.tick * Decimal::from(ticks), dec("1000000"));
        let prices = venue::MarketInput::Prices {
            category: venue::Category::Linear,
            symbol: symbol.clone(),
            mark: Some(mark),
            index: Some(mark),
            last: Some(mark),
        };
        let book = venue::MarketInput::Book {
            category: venue::Category::Linear,
            symbol,
            bids: vec![level(-1), level(-2)],
            asks: vec![level(1), level(2)],
        };
        let mut out = Vec::new();
        for input in [prices, book] {
            self.venue.apply_market(1, &input, &mut out).unwrap();
        }
    }

    /// The mark has come through to us.
    pub(crate) fn learn_mark(&mut self, number: usize) {
        let (symbol, tick) = (self.listings[number].symbol, self.listings[number].tick);
        let (mark, now) = (price(self.marks[number]), self.stamp.wall);
        self.exposure.set_mark(symbol, mark);
        self.quotes.set_mark(symbol, mark, now);
        let (bid, ask) = (price(mark.get() - tick), price(mark.get() + tick));
        self.quotes.set_touch(symbol, Some(bid), Some(ask), now);
    }

    pub(crate) fn set_leverage(&mut self, number: usize, leverage: Decimal) {
        let symbol = self.listings[number].symbol.as_str().to_owned();
        let set = venue::SetLeverage {
            category: venue::Category::Linear,
            symbol,
            buy_leverage: leverage,
            sell_leverage: leverage,
        };
        let _ = self.request(&venue::Request::SetLeverage(set));
    }

    /// Adds margin to a position by hand, or takes it back; refused in cross margin.
    pub(crate) fn add_margin(&mut self, number: usize, margin: Decimal) {
        let symbol = self.listings[number].symbol.as_str().to_owned();
        let side = if margin.mantissa() % 2 == 0 { Side::Buy } else { Side::Sell };
        let (category, position_idx) = (venue::Category::Linear, idx(self.opened_by(side)));
        let add = venue::AddMargin { category, symbol, position_idx, margin };
        let _ = self.request(&venue::Request::AddMargin(add));
    }

    /// The class of what is known to the digit.
    pub(crate) fn exact_class(&self) -> Class {
        match self.exposure.margin_mode() {
            // What both sides of a contract hold together is not published.
            _ if self.is_hedged => Class::Hedge,
            MarginMode::Cross => Class::Exact,
            MarginMode::Isolated => Class::ExactIsolated,
        }
    }

    pub(crate) fn request(&mut self, request: &venue::Request) -> Result<(), i32> {
        let mut out = Vec::new();
        self.venue.apply_request(1, UID, request, &mut out).map(drop).map_err(|refusal| refusal.code)
    }

    /// What the venue would have answered.
    pub(crate) fn would_take(&self, request: &venue::Request) -> Result<(), i32> {
        let mut copy = self.venue.clone();
        copy.apply_request(1, UID, request, &mut Vec::new()).map(drop).map_err(|refusal| refusal.code)
    }

    /// Which position an order of this side opens.
    pub(crate) const fn opened_by(&self, side: Side) -> PositionIndex {
        match (self.is_hedged, side) {
            (false, _) => PositionIndex::ONE_WAY,
            (true, Side::Buy) => PositionIndex::LONG,
            (true, Side::Sell) => PositionIndex::SHORT,
        }
    }

    /// A position of a contract that is not flat.
    pub(crate) fn held(&self, number: usize, rng: &mut Rng) -> Option<PositionExposure> {
        let of_contract = self.exposure.contracts_of(self.listings[number].symbol);
        let held: Vec<_> = of_contract.map(|held| held.position).filter(|held| held.side.is_some()).collect();
        rng.choice(held)
    }

    /// What we hold for free beyond what the venue does, settle coin.
    pub(crate) fn surplus(&self) -> Decimal {
        let theirs = self.venue.wallet(UID).map_or(Decimal::ZERO, |row| row.total_available_balance);
        self.exposure.account().available() - theirs
    }

    /// Somebody's phone places an order that waits for a price.
    pub(crate) fn wait_for_a_price(&mut self, number: usize, rng: &mut Rng) {
        if self.waiting.len() >= WAITING_MOST {
            return;
        }
        let (listing, mark) = (&self.listings[number], self.marks[number]);
        let (side, direction) = if rng.bool() {
            (Side::Buy, venue::TriggerDirection::Rise)
        } else {
            (Side::Sell, venue::TriggerDirection::Fall)
        };
        let away = Decimal::new(rng.i64(5..150), 4);
        let away = if side == Side::Buy { away } else { -away };
        let trigger = ((mark * (Decimal::ONE + away)) / listing.tick).round() * listing.tick;
        let value = self.exposure.account().available().max(Decimal::ONE) * Decimal::new(rng.i64(1..80), 2);
        let qty = (value / mark / listing.lot).floor().max(Decimal::ONE) * listing.lot;
        self.sequence += 1;
        let id = format!("phone-{}", self.sequence);
        let symbol = listing.symbol.as_str();
        let create = venue::CreateOrder {
            order_link_id: Some(id.clone()),
            position_idx: idx(self.opened_by(side)),
            trigger: Some(venue::TriggerSpec {
                price: trigger,
                direction: Some(direction),
                by: venue::TriggerBy::MarkPrice,
            }),
            ..venue::CreateOrder::limit(symbol, word(side), qty, trigger)
        };
        let symbol = symbol.to_owned();
        if self.request(&venue::Request::Create(create)).is_ok() {
            self.waiting.push((symbol, id));
        }
    }

    /// Somebody's phone takes its oldest order back.
    pub(crate) fn hang_up(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let (symbol, id) = self.waiting.remove(0);
        let cancel = venue::CancelOrder {
            category: venue::Category::Linear,
            kind: None,
            symbol,
            order: venue::OrderReference { order_id: None, order_link_id: Some(id) },
        };
        let _ = self.request(&venue::Request::Cancel(cancel));
    }

    /// Whether an order of the phone's may still fill.
    pub(crate) fn has_waiting(&self) -> bool {
        self.exposure.orders().any(|order| matches!(order.key, OrderKey::Venue(_)))
    }

    pub(crate) fn check(
        &mut self,
        index: PositionIndex,
        intent: &Intent,
        existing: Option<&OpenOrder>,
    ) -> Result<Approved, windvane_model::DenialReason> {
        let ask = Ask { bot: bot_of(index), intent, existing };
        let context = Context {
            exposure: &self.exposure,
            quotes: &self.quotes,
            stamp: self.stamp,
            symbol_in_doubt: false,
        };
        let verdict = self.risk.check(&ask, &context).map_err(|denial| denial.reason);
        self.stamp.wall.0 += 1_000;
        verdict
    }

    pub(crate) fn mint(&mut self) -> ClientOrderId {
        self.sequence += 1;
        let (install, tag) = (InstallTag::from_seed(1), BotTag::of(&bot()));
        IdGrammar { install, bot: tag, role: Role::Entry, epoch: Epoch(1), sequence: self.sequence }.mint()
    }

    /// Every push has arrived: positions, orders and wallet are what the venue says.
    pub(crate) fn learn(&mut self) {
        for listing in &self.listings {
            for index in indexes(self.is_hedged) {
                let row = self.venue.position(UID, listing.symbol.as_str(), idx(*index)).unwrap();
                let report = report((listing.symbol, *index), &row);
                self.exposure.set_position(PositionExposure {
                    symbol: listing.symbol,
                    index: *index,
                    side: report.side,
                    qty: report.qty,
                    average_price: report.average_price,
                    leverage: report.leverage,
                    added_margin: self.exposure.added_margin(&report),
                    adl_rank: 0,
                });
            }
        }
        self.open.clear();
        let mut working = BTreeSet::new();
        for row in self.venue.open_orders(UID, venue::OrderFilter::default()) {
            // A stop that an order has brought opens nothing.
            let Ok(id) = ClientOrderId::new(&row.order_link_id) else { continue };
            let (symbol, index) = (Symbol::new(&row.symbol).unwrap(), index(row.position_idx));
            let is_phones = self.waiting.iter().any(|(_, waiting)| *waiting == *row.order_link_id);
            if is_phones {
                let key = OrderKey::Venue(OrderId::new(row.order_id.as_ref()).unwrap());
                working.insert(key);
                self.exposure.set_order(OrderExposure {
                    key,
                    symbol,
                    index,
                    side: side(row.side),
                    leaves_qty: Qty::new(row.leaves_qty).unwrap(),
                    price: price(row.price),
                    reduce_only: false,
                    is_market: false,
                    is_confirmed: false,
                });
                continue;
            }
            let order = OpenOrder {
                client_order_id: id,
                bot: bot_of(index),
                symbol,
                position_index: index,
                side: side(row.side),
                price: Some(price(row.price)),
                qty: Qty::new(row.qty).unwrap(),
                filled_qty: Qty::new(row.cum_exec_qty).unwrap(),
                reduce_only: row.reduce_only,
            };
            self.exposure.set_order(OrderExposure {
                key: id.into(),
                symbol,
                index,
                side: order.side,
                leaves_qty: Qty::new(row.leaves_qty).unwrap(),
                price: price(row.price),
                reduce_only: row.reduce_only,
                is_market: false,
                is_confirmed: true,
            });
            working.insert(OrderKey::Client(id));
            self.open.push(order);
        }
        let gone: Vec<OrderKey> =
            self.exposure.orders().map(|order| order.key).filter(|key| !working.contains(key)).collect();
        for key in gone {
            self.exposure.remove_order(key);
        }
        let coins = self.venue.wallet(UID).unwrap().coins;
        let balance = coins.iter().find(|coin| &*coin.coin == "USDT").map(|coin| coin.wallet_balance);
        self.exposure.set_wallet(Money::new(balance.unwrap_or_default()));
    }

    /// Whether some order works against a position, so that margin is bounded and not exact.
    pub(crate) fn has_order_against_position(&self) -> bool {
        self.exposure.contracts().any(|held| {
            held.position.side.is_some_and(|side| !held.side(side.opposite()).opening_qty().is_zero())
        })
    }
}

/// The positions of a contract.
const fn indexes(is_hedged: bool) -> &'static [PositionIndex] {
    if is_hedged { &[PositionIndex::LONG, PositionIndex::SHORT] } else { &[PositionIndex::ONE_WAY] }
}

fn bot_of(index: PositionIndex) -> BotName {
    if index == PositionIndex::SHORT { mirror() } else { bot() }
}

/// What the venue would tell of a position, as far as added margin is read out of it.
fn report((symbol, position_index): (Symbol, PositionIndex), row: &venue::PositionRow) -> PositionReport {
    PositionReport {
        symbol,
        position_index,
        side: row.side.map(side),
        qty: Qty::new(row.size).unwrap(),
        average_price: row.side.map(|_| price(row.avg_price)),
        mark_price: None,
        leverage: Leverage::new(row.leverage),
        stop_loss: None,
        take_profit: None,
        trailing_distance: None,
        liquidation_price: None,
        initial_margin: Some(Money::new(row.position_im)),
        maintenance_margin: None,
        unrealised_pnl: None,
        adl_rank: 0,
        status: PositionStatus::Normal,
        sequence: 1,
        updated: MarketTime(1),
    }
}

pub(crate) fn price(value: Decimal) -> Price {
    Price::new(value).unwrap()
}

const fn side(side: venue::Side) -> Side {
    match side {
        venue::Side::Buy => Side::Buy,
        venue::Side::Sell => Side::Sell,
    }
}
