//! Spot orders of a random account against the venue: what we count as locked and free, and whether it takes the order.

use super::account::{UID, price};
use super::listing::word;
use super::tally::{Class, Tally};
use crate::scene::dec;
use fastrand::Rng;
use rust_decimal::Decimal;
use windvane_model::{Qty, Side};
use windvane_risk::margin::{SpotBalance, SpotOrder};
use windvane_venue_core as venue;

const SYMBOL: &str = "AAAUSDT";
const TICK: &str = "0.01";
const LOT: &str = "0.0001";
/// How far from the index a market order may fill, a fraction.
const BAND: &str = "0.01";
/// The venue's code for a balance that does not suffice. Source: Bybit V5, error codes.
const SHORT_OF_BALANCE: i32 = 170_131;

struct Spot {
    venue: venue::Venue,
    index: Decimal,
    base: SpotBalance,
    quote: SpotBalance,
    mode: venue::MarginMode,
}

/// Plays one account.
pub(crate) fn play(steps: usize, rng: &mut Rng, tally: &mut Tally) {
    let mut spot = Spot::random(rng);
    for _ in 0..steps {
        match rng.u32(0..10) {
            0 => spot.move_market(spot.index * (Decimal::ONE + Decimal::new(rng.i64(-80..=80), 4))),
            1 => spot.cancel(rng),
            _ => spot.burst(rng, tally),
        }
        spot.learn();
    }
}

impl Spot {
    fn random(rng: &mut Rng) -> Self {
        let usdt = Decimal::new(rng.i64(1_000_000..200_000_000), 4);
        let fees = venue::Fees { taker: dec("0.001"), maker: dec("0.001") };
        let mode = if rng.bool() { venue::MarginMode::Cross } else { venue::MarginMode::Isolated };
        let mut account = venue::AccountSetup::usdt(UID, usdt, Decimal::ONE, fees);
        account.balances.push(("AAA".to_owned(), Decimal::new(rng.i64(0..1_000_000), 4)));
        account.margin_mode = mode;
        let venue = venue::Venue::new(venue::Setup {
            instruments: vec![instrument()],
            accounts: vec![account],
            coins: Vec::new(),
            doubts: super::account::doubts(rng),
            seed: rng.u64(..),
        });
        let (base, quote) = (SpotBalance::default(), SpotBalance::default());
        let mut spot = Self { venue, index: Decimal::ZERO, base, quote, mode };
        spot.move_market(Decimal::new(rng.i64(2_000..20_000), 2));
        spot.learn();
        spot
    }

    fn move_market(&mut self, index: Decimal) {
        let tick = dec(TICK);
        self.index = ((index / tick).round() * tick).max(tick * Decimal::ONE_HUNDRED);
        let (category, symbol) = (venue::Category::Spot, SYMBOL.to_owned());
        let level = |ticks: i64| (self.index + tick * Decimal::from(ticks), dec("1000000"));
        let prices = venue::MarketInput::Prices {
            category,
            symbol: symbol.clone(),
            mark: None,
            index: Some(self.index),
            last: Some(self.index),
        };
        let book = venue::MarketInput::Book { category, symbol, bids: vec![level(-1)], asks: vec![level(1)] };
        for input in [prices, book] {
            self.venue.apply_market(1, &input, &mut Vec::new()).unwrap();
        }
    }

    /// Every push has arrived.
    fn learn(&mut self) {
        (self.base, self.quote) = (SpotBalance::default(), SpotBalance::default());
        for coin in self.venue.wallet(UID).unwrap().coins {
            match &*coin.coin {
                "AAA" => self.base.wallet = coin.wallet_balance,
                "USDT" => self.quote.wallet = coin.wallet_balance,
                _ => {}
            }
        }
        for row in self.venue.open_orders(UID, venue::OrderFilter::default()) {
            let side = if row.side == venue::Side::Buy { Side::Buy } else { Side::Sell };
            let order = SpotOrder { side, qty: Qty::new(row.leaves_qty).unwrap(), price: price(row.price) };
            self.lock(&order);
        }
    }

    fn balance(&mut self, side: Side) -> &mut SpotBalance {
        match side {
            Side::Buy => &mut self.quote,
            Side::Sell => &mut self.base,
        }
    }

    fn lock(&mut self, order: &SpotOrder) {
        self.balance(order.side).locked += order.holds();
    }

    fn cancel(&mut self, rng: &mut Rng) {
        let open = self.venue.open_orders(UID, venue::OrderFilter::default());
        let Some(row) = rng.choice(open) else { return };
        let order_id = Some(row.order_id.to_string());
        let cancel = venue::CancelOrder {
            category: venue::Category::Spot,
            kind: None,
            symbol: SYMBOL.to_owned(),
            order: venue::OrderReference { order_id, order_link_id: None },
        };
        let _ = self.venue.apply_request(1, UID, &venue::Request::Cancel(cancel), &mut Vec::new());
    }

    /// Some orders decided before the first of them arrives.
    fn burst(&mut self, rng: &mut Rng, tally: &mut Tally) {
        let size = if rng.u32(0..4) > 0 { 1 } else { rng.usize(2..=4) };
        let mut trips = Vec::new();
        for _ in 0..size {
            let Some((order, is_market)) = self.wish(rng) else { continue };
            let class = match (trips.is_empty(), is_market && order.side == Side::Buy) {
                (false, _) => Class::Reserved,
                (true, true) => Class::Market,
                (true, false) => Class::Spot,
            };
            let fits = self.balance(order.side).covers(order.holds(), Decimal::ZERO);
            if fits {
                self.lock(&order);
            }
            trips.push((order, is_market, class, fits));
        }
        for (order, is_market, class, fits) in trips {
            self.arrive(&order, is_market, class, fits, tally);
        }
    }

    /// What fits, one lot more or less, or some part of it.
    fn wish(&mut self, rng: &mut Rng) -> Option<(SpotOrder, bool)> {
        let side = if rng.bool() { Side::Buy } else { Side::Sell };
        let (is_market, tick, lot) = (rng.u32(0..5) == 0, dec(TICK), dec(LOT));
        let away = Decimal::new(rng.i64(-20..=90), 4);
        let away = if side == Side::Buy { -away } else { away };
        let limit = (self.index * (Decimal::ONE + away) / tick).round() * tick;
        let limit = match (is_market, side) {
            (false, _) => limit,
            (true, Side::Buy) => (self.index * (Decimal::ONE + dec(BAND)) / tick).ceil() * tick,
            (true, Side::Sell) => (self.index * (Decimal::ONE - dec(BAND)) / tick).floor() * tick,
        };
        let free = self.balance(side).free();
        let most = if side == Side::Buy { free / limit } else { free };
        let lots = (most / lot).floor();
        let lots = match rng.u32(0..8) {
            0..2 => lots,
            2..4 => lots + Decimal::ONE,
            4 => lots - Decimal::ONE,
            _ => (lots * Decimal::new(rng.i64(1..120), 2)).floor(),
        };
        let qty = Qty::new(lots * lot).ok().filter(|qty| !qty.is_zero())?;
        Some((SpotOrder { side, qty, price: price(limit) }, is_market))
    }

    fn arrive(&mut self, order: &SpotOrder, is_market: bool, class: Class, fits: bool, tally: &mut Tally) {
        let (side, qty) = (word(order.side), order.qty.get());
        let create = if is_market {
            let unit = Some(venue::MarketUnit::BaseCoin);
            venue::CreateOrder { market_unit: unit, ..venue::CreateOrder::market(SYMBOL, side, qty) }
        } else {
            venue::CreateOrder::limit(SYMBOL, side, qty, order.price.get())
        };
        let create = venue::CreateOrder { category: venue::Category::Spot, ..create };
        let request = venue::Request::Create(create);
        let mut out = Vec::new();
        let answer = match fits {
            true => self.venue.apply_request(1, UID, &request, &mut out).map(drop),
            false => self.venue.clone().apply_request(1, UID, &request, &mut out).map(drop),
        };
        match (fits, answer.map_err(|refusal| refusal.code)) {
            (true, Ok(())) => tally.count(class).taken += 1,
            (true, Err(SHORT_OF_BALANCE)) => tally.foresee(order.holds(), || {
                format!(
                    "{SHORT_OF_BALANCE} {class:?} {:?}: {order:?} with {:?} and {:?}",
                    self.mode, self.base, self.quote
                )
            }),
            (false, Err(SHORT_OF_BALANCE)) => tally.count(class).rightly += 1,
            (false, Ok(())) => {
                tally.hold_back(class, order.holds(), || {
                    format!("{order:?} with {:?} and {:?}", self.base, self.quote)
                });
            }
            (_, Err(_)) => tally.other += 1,
        }
    }
}

fn instrument() -> venue::Instrument {
    venue::Instrument {
        category: venue::Category::Spot,
        symbol: SYMBOL.into(),
        base_coin: "AAA".to_owned(),
        quote_coin: "USDT".to_owned(),
        launch_time_ms: 0,
        tick_size: dec(TICK),
        min_price: dec(TICK),
        max_price: dec("1999999"),
        qty_step: dec(LOT),
        min_order_qty: dec(LOT),
        max_order_qty: dec("100000000"),
        max_market_order_qty: dec("100000000"),
        min_notional: dec("1"),
        price_limit_ratio_x: dec(BAND),
        price_limit_ratio_y: dec("0.02"),
        max_leverage: Decimal::ONE,
        leverage_step: dec("0.01"),
        funding_interval_min: 480,
        funding_rate_cap: Decimal::ZERO,
        risk_tiers: Vec::new(),
    }
}
