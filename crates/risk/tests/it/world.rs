//! A small venue beside the account of two bots: it takes wishes, fills orders and leaves amends unanswered, in any order.

use crate::scene::{Scene, at, bot, dec, id, limits_text, market, other_symbol, place, symbol};
use proptest::prelude::*;
use rust_decimal::Decimal;
use std::fmt::Write;
use windvane_model::{BotName, DenialReason, Place, PositionIndex, Price, Qty, Side, Symbol, WallTime};
use windvane_risk::{OpenOrder, OrderExposure, Ownership, PositionExposure};

pub(crate) const POSITION_LIMIT: &str = "700";
pub(crate) const GROSS_LIMIT: &str = "1000";
pub(crate) const ORDER_COUNT_LIMIT: u32 = 6;
/// Narrower limits: of the first contract, of the second bot, of both contracts together.
pub(crate) const SYMBOL_POSITION_LIMIT: &str = "500";
pub(crate) const SYMBOL_ORDER_COUNT_LIMIT: u32 = 3;
pub(crate) const BOT_GROSS_LIMIT: &str = "600";
pub(crate) const BOT_ORDER_COUNT_LIMIT: u32 = 4;
pub(crate) const GROUP_GROSS_LIMIT: &str = "900";
pub(crate) const GROUP_POSITION_LIMIT: &str = "550";
pub(crate) const GROUP_ORDER_COUNT_LIMIT: u32 = 5;
/// Of one order: the largest and the farthest from the mark of the first contract, the largest and the farthest through the
/// book of the second bot, the smallest in either contract.
pub(crate) const SYMBOL_ORDER_QTY_LIMIT: &str = "3.5";
pub(crate) const SYMBOL_PRICE_COLLAR: &str = "4";
pub(crate) const BOT_ORDER_QTY_LIMIT: &str = "3.2";
pub(crate) const BOT_BOOK_COLLAR: &str = "2";
pub(crate) const GROUP_ORDER_MINIMUM: &str = "30";
/// So many orders within so many milliseconds: of the account in a second, in a minute, of the second bot in a second, of the
/// first contract, which is the first bot's, in ten, of both contracts together in a minute.
pub(crate) const SECOND: (usize, i64) = (5, 1_000);
pub(crate) const MINUTE: (usize, i64) = (11, 60_000);
pub(crate) const BOT_SECOND: (usize, i64) = (3, 1_000);
pub(crate) const SYMBOL_TEN: (usize, i64) = (4, 10_000);
pub(crate) const GROUP_MINUTE: (usize, i64) = (10, 60_000);

/// One thing that happens.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Place {
        symbol: Symbol,
        side: Side,
        lots: u32,
        ticks: u32,
        is_market: bool,
        reduce_only: bool,
    },
    Amend {
        pick: usize,
        lots: u32,
        ticks: u32,
        is_taken: bool,
    },
    Fill {
        pick: usize,
        lots: u32,
    },
    Cancelled {
        pick: usize,
    },
    /// Time passes, in milliseconds.
    Wait(i64),
    /// A bot wishes an order in the contract of the other.
    Trespass {
        symbol: Symbol,
        side: Side,
        lots: u32,
    },
}

pub(crate) fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let symbols = prop_oneof![Just(symbol()), Just(other_symbol())];
    let pick = any::<usize>();
    // Quantities in tenths up to 4; prices in tenths from 95 to 105 around the mark of 100.
    let (lots, ticks) = (1..40_u32, 950..1050_u32);
    prop_oneof![
        4 => (symbols, side(), lots.clone(), ticks.clone(), any::<bool>(), prop::bool::weighted(0.2)).prop_map(
            |(symbol, side, lots, ticks, is_market, reduce_only)| Step::Place {
                symbol, side, lots, ticks, is_market, reduce_only
            }
        ),
        2 => (pick, lots.clone(), ticks, any::<bool>())
            .prop_map(|(pick, lots, ticks, is_taken)| Step::Amend { pick, lots, ticks, is_taken }),
        3 => (pick, lots).prop_map(|(pick, lots)| Step::Fill { pick, lots }),
        1 => pick.prop_map(|pick| Step::Cancelled { pick }),
        1 => (1..4_000_i64).prop_map(Step::Wait),
    ]
}

/// The account with a small venue beside it: which orders work and what they truly are.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) scene: Scene,
    pub(crate) working: Vec<OpenOrder>,
    /// Every order and amend that was let through: when, whose, and whether it opens.
    pub(crate) sent: Vec<(WallTime, BotName, bool)>,
    /// The order that the last step put to work.
    pub(crate) placed: Option<Place>,
    sequence: u64,
}

/// The bot of the second contract.
pub(crate) fn second() -> BotName {
    BotName::new("second").unwrap()
}

/// Whose contract it is.
pub(crate) fn owner(symbol: Symbol) -> BotName {
    if symbol == other_symbol() { second() } else { bot() }
}

pub(crate) fn tenths(count: u32) -> Decimal {
    Decimal::new(i64::from(count), 1)
}

impl World {
    pub(crate) fn new() -> Self {
        let (position, gross) = (format!("\"{POSITION_LIMIT} USDT\""), format!("\"{GROSS_LIMIT} USDT\""));
        let count = ORDER_COUNT_LIMIT.to_string();
        let rate = |(count, window_ms): (usize, i64)| format!("\"{count} per {window_ms}ms\"");
        let mut text = limits_text(&[
            ("max_position_notional", &position),
            ("max_gross_exposure", &gross),
            ("max_open_orders", &count),
            ("max_order_rate_short", &rate(SECOND)),
            ("max_order_rate_long", &rate(MINUTE)),
            ("stale_after", "\"10h\""),
            ("require_stop_on_entry", "false"),
        ]);
        let (first, other, bot) = (symbol(), other_symbol(), second());
        write!(
            text,
            "[symbol.{first}]\nmax_position_notional = \"{SYMBOL_POSITION_LIMIT} USDT\"\n\
             max_open_orders = {SYMBOL_ORDER_COUNT_LIMIT}\nmax_order_rate = {}\n\
             max_order_qty = \"{SYMBOL_ORDER_QTY_LIMIT} BTC\"\nprice_collar = \"{SYMBOL_PRICE_COLLAR}%\"\n\
             [bot.{bot}]\nmax_order_qty = \"{BOT_ORDER_QTY_LIMIT} ETH\"\nbook_collar = \"{BOT_BOOK_COLLAR}%\"\nmax_gross_exposure = \"{BOT_GROSS_LIMIT} USDT\"\nmax_open_orders = {BOT_ORDER_COUNT_LIMIT}\nmax_order_rate = {}\n\
             [group.both]\nsymbols = [\"{first}\", \"{other}\"]\nmin_order_notional = \"{GROUP_ORDER_MINIMUM} USDT\"\nmax_gross_exposure = \"{GROUP_GROSS_LIMIT} USDT\"\n\
             max_position_notional = \"{GROUP_POSITION_LIMIT} USDT\"\nmax_open_orders = {GROUP_ORDER_COUNT_LIMIT}\nmax_order_rate = {}\n",
            rate(SYMBOL_TEN),
            rate(BOT_SECOND),
            rate(GROUP_MINUTE)
        )
        .unwrap();
        let limits: windvane_risk::RiskLimits = toml::from_str(&text).unwrap();
        let claims = [first, other].map(|symbol| (symbol, PositionIndex(0), owner(symbol)));
        let mut scene = Scene::with(limits.clone());
        scene.risk.reconfigure(limits, Ownership::new(claims).unwrap());
        Self { scene, working: Vec::new(), sent: Vec::new(), placed: None, sequence: 0 }
    }

    /// How many were let through within a window that ends now, of one bot or of all.
    pub(crate) fn sent_within(&self, window_ms: i64, bot: Option<BotName>) -> usize {
        let now = self.scene.stamp.wall;
        let is_within = |(at, of, _): &&(WallTime, BotName, bool)| {
            now.millis_since(*at) < window_ms && bot.is_none_or(|bot| bot == *of)
        };
        self.sent.iter().filter(is_within).count()
    }

    fn note_sent(&mut self, approved: &windvane_risk::Approved) {
        self.sent.push((self.scene.stamp.wall, approved.bot(), approved.opens()));
    }

    pub(crate) fn take(&mut self, step: &Step) {
        self.placed = None;
        match *step {
            Step::Place { symbol, side, lots, ticks, is_market, reduce_only } => {
                let kind = if is_market { market() } else { at(&tenths(ticks).to_string()) };
                let qty = Qty::new(tenths(lots)).unwrap();
                self.place(Place { symbol, side, qty, kind, reduce_only, stop_loss: None, ..place() });
            }
            Step::Amend { pick, lots, ticks, is_taken } => self.amend(pick, lots, ticks, is_taken),
            Step::Fill { pick, lots } => self.fill(pick, tenths(lots)),
            Step::Wait(millis) => self.scene.wait(millis),
            Step::Trespass { symbol, side, lots } => {
                let stranger = if owner(symbol) == bot() { second() } else { bot() };
                let qty = Qty::new(tenths(lots)).unwrap();
                self.scene.asking = stranger;
                let verdict = self.scene.place(Place { symbol, side, qty, stop_loss: None, ..place() });
                assert_eq!(verdict.map(drop), Err(DenialReason::NotOwner), "{stranger} in {symbol}");
            }
            Step::Cancelled { pick } => {
                if let Some(at) = self.index(pick) {
                    let order = self.working.remove(at);
                    self.scene.exposure.remove_order(order.client_order_id);
                }
            }
        }
    }

    /// Orders that were put to work so far.
    pub(crate) const fn sequence(&self) -> u64 {
        self.sequence
    }

    fn index(&self, pick: usize) -> Option<usize> {
        pick.checked_rem(self.working.len())
    }

    fn place(&mut self, place: Place) {
        self.scene.asking = owner(place.symbol);
        let Ok(approved) = self.scene.place(place) else { return };
        self.note_sent(&approved);
        self.placed = Some(place);
        self.sequence += 1;
        let client_order_id = id(self.sequence);
        self.scene.exposure.set_order(approved.exposure(client_order_id).unwrap());
        self.working.push(OpenOrder {
            client_order_id,
            bot: approved.bot(),
            symbol: place.symbol,
            position_index: PositionIndex(0),
            side: place.side,
            price: place.kind.limit_price(),
            qty: place.qty,
            filled_qty: Qty::ZERO,
            reduce_only: place.reduce_only,
        });
    }

    /// An amend that the venue takes at once, or that stays unanswered and counts by both sides.
    fn amend(&mut self, pick: usize, lots: u32, ticks: u32, is_taken: bool) {
        let Some(at) = self.index(pick) else { return };
        let order = self.working[at];
        self.scene.existing = Some(order);
        self.scene.asking = order.bot;
        let (limit, size) = (tenths(ticks).to_string(), tenths(lots).to_string());
        let Ok(approved) = self.scene.amend(Some(&limit), Some(&size)) else { return };
        self.note_sent(&approved);
        self.scene.exposure.set_order(approved.exposure(order.client_order_id).unwrap());
        if is_taken {
            let (price, qty) = (Price::new(dec(&limit)).unwrap(), Qty::new(dec(&size)).unwrap());
            self.working[at] = OpenOrder { price: Some(price), qty, ..order };
            let row = *self.scene.exposure.order(order.client_order_id).unwrap();
            self.scene.exposure.set_order(OrderExposure {
                leaves_qty: qty.less(order.filled_qty),
                price,
                is_confirmed: true,
                ..row
            });
        }
    }

    /// A fill; a reduce-only order never fills beyond the position, as at the venue.
    fn fill(&mut self, pick: usize, wanted: Decimal) {
        let Some(at) = self.index(pick) else { return };
        let order = self.working[at];
        let held = self.scene.exposure.contract(order.symbol, PositionIndex(0)).unwrap().clone();
        let mut size = wanted.min(order.qty.less(order.filled_qty).get());
        if order.reduce_only {
            size = size.min(held.held_qty(order.side.opposite()));
        }
        let signed = if order.side == Side::Buy { size } else { -size };
        let after = held.held_qty(Side::Buy) - held.held_qty(Side::Sell) + signed;
        self.scene.exposure.set_position(PositionExposure {
            side: (!after.is_zero()).then_some(if after > Decimal::ZERO { Side::Buy } else { Side::Sell }),
            qty: Qty::new(after.abs()).unwrap(),
            average_price: (!after.is_zero()).then(|| Price::new(dec("100")).unwrap()),
            ..held.position
        });
        let filled_qty = order.filled_qty.plus(Qty::new(size).unwrap());
        let row = *self.scene.exposure.order(order.client_order_id).unwrap();
        let leaves_qty = row.leaves_qty.less(Qty::new(size).unwrap());
        if filled_qty == order.qty {
            self.working.remove(at);
            self.scene.exposure.remove_order(order.client_order_id);
        } else {
            self.working[at].filled_qty = filled_qty;
            self.scene.exposure.set_order(OrderExposure { leaves_qty, ..row });
        }
    }

    /// The worst value of a position at a mark of 100, from the venue's side of things and row by row.
    pub(crate) fn true_worst_value(&self, symbol: Symbol) -> Decimal {
        let held = self.scene.exposure.contract(symbol, PositionIndex(0)).unwrap();
        [Side::Buy, Side::Sell]
            .into_iter()
            .map(|side| {
                let opening = self
                    .working
                    .iter()
                    .filter(|order| order.symbol == symbol && order.side == side && !order.reduce_only);
                let (mut size, mut highest) = (held.held_qty(side), dec("100"));
                for order in opening {
                    size += order.qty.less(order.filled_qty).get();
                    highest = highest.max(order.price.map_or(Decimal::ZERO, Price::get));
                }
                size * highest
            })
            .max()
            .unwrap()
    }
}
