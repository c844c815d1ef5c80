//! The two contracts of every story, once in the venue's words and once in the engine's, and the account's limits.

use crate::swarm::Swarm;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use windvane_model::{
    Coin, FeeRates, InstallTag, Instrument, InstrumentStatus, Leverage, Notional, Price, Qty, Rate,
    Reference, RiskTier, Symbol,
};
use windvane_risk::margin::MarginMode;
use windvane_risk::{DrawdownLimits, RiskLimits};
use windvane_venue_core as venue;

/// The account that engines and strangers trade.
pub(crate) const UID: venue::Uid = 1;
/// Leverage that the bots want; the venue begins at another, so that it must be set.
pub(crate) const LEVERAGE: i64 = 5;
const FOUND_LEVERAGE: i64 = 10;

/// One contract.
pub(crate) struct Listing {
    pub(crate) symbol: &'static str,
    pub(crate) tick: &'static str,
    pub(crate) lot: &'static str,
    /// Price at the beginning, in ticks.
    pub(crate) start_ticks: i64,
}

/// The contract of the random bot, and that of the other.
pub(crate) const LISTINGS: [Listing; 2] = [
    Listing { symbol: "BTCUSDT", tick: "0.1", lot: "0.001", start_ticks: 600_000 },
    Listing { symbol: "ETHUSDT", tick: "0.01", lot: "0.01", start_ticks: 300_000 },
];

pub(crate) fn number(text: &str) -> Decimal {
    text.parse().expect("a number in a constant of this crate")
}

pub(crate) fn symbol(text: &str) -> Symbol {
    Symbol::new(text).expect("the venue lists only names that are symbols")
}

/// The venue's order of that client order id.
pub(crate) fn named(id: &str) -> venue::OrderReference {
    venue::OrderReference { order_id: None, order_link_id: Some(id.to_owned()) }
}

/// Marks the orders of the engines of every story.
pub(crate) fn install() -> InstallTag {
    InstallTag::new("sim").expect("three letters of base 36")
}

const TIERS: [(&str, &str, i64); 2] = [("2000000", "0.005", 100), ("2600000", "0.0056", 90)];

impl Listing {
    pub(crate) fn tick(&self) -> Decimal {
        number(self.tick)
    }

    fn of_venue(&self) -> venue::Instrument {
        venue::Instrument {
            category: venue::Category::Linear,
            symbol: self.symbol.into(),
            base_coin: self.symbol.trim_end_matches("USDT").to_owned(),
            quote_coin: "USDT".to_owned(),
            launch_time_ms: 0,
            tick_size: self.tick(),
            min_price: self.tick(),
            max_price: number("1999999"),
            qty_step: number(self.lot),
            min_order_qty: number(self.lot),
            max_order_qty: number("1000"),
            max_market_order_qty: number("500"),
            min_notional: number("5"),
            price_limit_ratio_x: number("0.05"),
            price_limit_ratio_y: number("0.1"),
            max_leverage: number("100"),
            leverage_step: number("0.01"),
            funding_interval_min: 480,
            funding_rate_cap: number("0.005"),
            risk_tiers: TIERS
                .map(|(limit, rate, leverage)| venue::RiskTier {
                    limit: number(limit),
                    maintenance_rate: number(rate),
                    max_leverage: Decimal::from(leverage),
                })
                .to_vec(),
        }
    }

    fn of_model(&self) -> Instrument {
        let qty = |text: &str| Qty::new(number(text)).expect("a quantity in a constant of this crate");
        let notional = |value: Decimal| Notional::new(value).expect("an amount in a constant of this crate");
        let mut tiers: Vec<RiskTier> = Vec::new();
        for (limit, rate, highest) in TIERS {
            let rate = number(rate);
            let deduction = tiers.last().map_or(Decimal::ZERO, |last| {
                last.maintenance_deduction.get() + last.limit.get() * (rate - last.maintenance_rate.get())
            });
            tiers.push(RiskTier {
                limit: notional(number(limit)),
                maintenance_rate: Rate::new(rate),
                initial_rate: Rate::new(Decimal::ONE / Decimal::from(highest)),
                max_leverage: leverage(highest),
                maintenance_deduction: notional(deduction),
            });
        }
        Instrument {
            symbol: symbol(self.symbol),
            settle_coin: Coin::new("USDT").expect("four letters"),
            status: InstrumentStatus::Trading,
            tick_size: Price::new(self.tick()).expect("a tick in a constant of this crate"),
            lot_size: qty(self.lot),
            min_qty: qty(self.lot),
            max_limit_qty: qty("1000"),
            max_market_qty: qty("500"),
            min_notional: notional(number("5")),
            max_leverage: leverage(100),
            price_limit_ratio_x: Rate::new(number("0.05")),
            price_limit_ratio_y: Rate::new(number("0.1")),
            funding_interval_minutes: 480,
            tiers,
        }
    }
}

pub(crate) fn leverage(factor: i64) -> Leverage {
    Leverage::new(Decimal::from(factor)).expect("a leverage in a constant of this crate")
}

/// What the tick of the first contract grows by.
const COARSER: i64 = 5;

/// The tick of the first contract after it has grown.
pub(crate) fn coarse_tick() -> Decimal {
    LISTINGS[0].tick() * Decimal::from(COARSER)
}

/// What the engine is told of contracts and fees, with the first contract's tick as it was or as it has become.
pub(crate) fn reference(has_new_grid: bool) -> Reference {
    let fees = FeeRates { taker: Rate::new(number("0.00055")), maker: Rate::new(number("0.0002")) };
    let mut instruments: Vec<Instrument> = LISTINGS.iter().map(Listing::of_model).collect();
    if has_new_grid {
        instruments[0].tick_size = Price::new(coarse_tick()).expect("a tick in a constant of this crate");
    }
    Reference { instruments, fees: LISTINGS.iter().map(|listing| (symbol(listing.symbol), fees)).collect() }
}

/// A venue with one account, as the swarm wants it; where it is hedged, with the first contract in hedge mode.
pub(crate) fn open_venue(seed: u64, balance_usdt: Decimal, swarm: &Swarm) -> venue::Venue {
    let fees = venue::Fees { taker: number("0.00055"), maker: number("0.0002") };
    let margin_mode = match swarm.margin_mode() {
        MarginMode::Cross => venue::MarginMode::Cross,
        MarginMode::Isolated => venue::MarginMode::Isolated,
    };
    let account = venue::AccountSetup::usdt(UID, balance_usdt, Decimal::from(FOUND_LEVERAGE), fees);
    let mut opened = venue::Venue::new(venue::Setup {
        instruments: LISTINGS.iter().map(Listing::of_venue).collect(),
        coins: Vec::new(),
        accounts: vec![venue::AccountSetup { margin_mode, ..account }],
        doubts: swarm.doubts,
        seed,
    });
    if swarm.is_hedged {
        let switch = venue::SwitchMode {
            symbol: Some(LISTINGS[0].symbol.to_owned()),
            coin: None,
            mode: venue::PositionMode::Hedge,
        };
        let switched = opened.apply_request(0, UID, &venue::Request::SwitchMode(switch), &mut Vec::new());
        switched.expect("a flat account may switch");
    }
    opened
}

/// Limits that a random bot runs into now and then.
pub(crate) fn limits(require_stop_on_entry: bool, margin_mode: MarginMode) -> RiskLimits {
    const WRITTEN: &str = "a limit in a constant of this crate";
    RiskLimits {
        margin_mode,
        max_order_notional: "15000 USDT".parse().expect(WRITTEN),
        max_position_notional: "40000 USDT".parse().expect(WRITTEN),
        max_gross_exposure: "70000 USDT".parse().expect(WRITTEN),
        max_leverage: "10x".parse().expect(WRITTEN),
        max_open_orders: 16,
        max_order_rate_short: "40 per 1s".parse().expect(WRITTEN),
        max_order_rate_long: "1000 per 1m".parse().expect(WRITTEN),
        price_collar: "4%".parse().expect(WRITTEN),
        max_loss_per_day: "9000000 USDT".parse().expect(WRITTEN),
        min_order_notional: "0.01 USDT".parse().expect(WRITTEN),
        book_collar: "10%".parse().expect(WRITTEN),
        max_loss_per_week: "9000000 USDT".parse().expect(WRITTEN),
        min_liquidation_distance: "1%".parse().expect(WRITTEN),
        max_adl_rank: 5,
        max_margin_error: "1%".parse().expect(WRITTEN),
        max_clock_uncertainty: "500ms".parse().expect(WRITTEN),
        max_clock_step: "100ms".parse().expect(WRITTEN),
        max_journal_lag: "250ms".parse().expect(WRITTEN),
        crossed_book_pause: "2s".parse().expect(WRITTEN),
        max_error_rate: "1000 per 1m".parse().expect(WRITTEN),
        cool_down_after_stop: "1ms".parse().expect(WRITTEN),
        max_losing_streak: 1_000_000,
        losing_streak_pause: "1ms".parse().expect(WRITTEN),
        drawdown: DrawdownLimits {
            yellow: "80%".parse().expect(WRITTEN),
            orange: "90%".parse().expect(WRITTEN),
            red: "100%".parse().expect(WRITTEN),
            persists_for: "1m".parse().expect(WRITTEN),
        },
        symbol: BTreeMap::new(),
        bot: BTreeMap::new(),
        group: BTreeMap::new(),
        require_stop_on_entry,
        stale_after: "3s".parse().expect(WRITTEN),
    }
}
