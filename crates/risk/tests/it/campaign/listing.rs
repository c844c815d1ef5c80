//! Contracts and limits of a random account, in the venue's words and in ours.

use crate::scene::{dec, limits_text};
use fastrand::Rng;
use rust_decimal::Decimal;
use windvane_model::{
    Coin, FeeRates, Instrument, InstrumentStatus, Leverage, Notional, Price, Qty, Rate, Reference, RiskTier,
    Side, Symbol,
};
use windvane_risk::RiskLimits;
use windvane_venue_core as venue;

/// Leverages that are asked for, some of which do not divide evenly.
pub(crate) const LEVERAGES: [&str; 10] = ["1", "2", "3", "5", "7", "10", "12.5", "20", "33", "50"];
const TAKER_FEES: [&str; 4] = ["0.00055", "0.0006", "0.00032", "0"];

/// One contract.
#[derive(Clone)]
pub(crate) struct Listing {
    pub(crate) symbol: Symbol,
    pub(crate) tick: Decimal,
    pub(crate) lot: Decimal,
    /// Price at the start, quote coin.
    pub(crate) start: Decimal,
    /// Limit, maintenance rate and largest leverage of each tier.
    tiers: Vec<(Decimal, Decimal, Decimal)>,
}

impl Listing {
    pub(crate) fn random(number: usize, rng: &mut Rng) -> Self {
        let (tick, lot, start) = rng
            .choice([
                ("0.1", "0.001", "60000"),
                ("0.01", "0.01", "3000"),
                ("0.00001", "1", "0.2"),
                ("0.001", "0.1", "25"),
            ])
            .map(|(tick, lot, start)| (dec(tick), dec(lot), dec(start)))
            .unwrap();
        let scale = Decimal::from(rng.i64(1..=20)) * dec("5000");
        let tier = |times: i64, rate, leverage| (scale * Decimal::from(times), dec(rate), dec(leverage));
        Self {
            symbol: Symbol::new(["AAAUSDT", "BBBUSDT", "CCCUSDT"][number]).unwrap(),
            tick,
            lot,
            start,
            tiers: vec![tier(1, "0.005", "100"), tier(3, "0.01", "50"), tier(8, "0.025", "20")],
        }
    }

    pub(crate) fn of_venue(&self) -> venue::Instrument {
        venue::Instrument {
            category: venue::Category::Linear,
            symbol: self.symbol.as_str().into(),
            base_coin: self.symbol.as_str()[..3].to_owned(),
            quote_coin: "USDT".to_owned(),
            launch_time_ms: 0,
            tick_size: self.tick,
            min_price: self.tick,
            max_price: dec("1999999"),
            qty_step: self.lot,
            min_order_qty: self.lot,
            max_order_qty: dec("100000000"),
            max_market_order_qty: dec("100000000"),
            min_notional: dec("5"),
            price_limit_ratio_x: dec("0.05"),
            price_limit_ratio_y: dec("0.1"),
            max_leverage: dec("100"),
            leverage_step: dec("0.01"),
            funding_interval_min: 480,
            funding_rate_cap: dec("0.005"),
            risk_tiers: self
                .tiers
                .iter()
                .map(|(limit, rate, leverage)| venue::RiskTier {
                    limit: *limit,
                    maintenance_rate: *rate,
                    max_leverage: *leverage,
                })
                .collect(),
        }
    }

    fn of_model(&self) -> Instrument {
        let tiers = self.tiers.iter().map(|(limit, rate, leverage)| RiskTier {
            limit: Notional::new(*limit).unwrap(),
            maintenance_rate: Rate::new(*rate),
            initial_rate: Rate::new(Decimal::ONE / leverage),
            max_leverage: Leverage::new(*leverage).unwrap(),
            maintenance_deduction: Notional::ZERO,
        });
        Instrument {
            symbol: self.symbol,
            settle_coin: Coin::new("USDT").unwrap(),
            status: InstrumentStatus::Trading,
            tick_size: Price::new(self.tick).unwrap(),
            lot_size: Qty::new(self.lot).unwrap(),
            min_qty: Qty::new(self.lot).unwrap(),
            max_limit_qty: Qty::new(dec("100000000")).unwrap(),
            max_market_qty: Qty::new(dec("100000000")).unwrap(),
            min_notional: Notional::new(dec("5")).unwrap(),
            max_leverage: Leverage::new(dec("100")).unwrap(),
            price_limit_ratio_x: Rate::new(dec("0.05")),
            price_limit_ratio_y: Rate::new(dec("0.1")),
            funding_interval_minutes: 480,
            tiers: tiers.collect(),
        }
    }
}

pub(crate) fn fees(rng: &mut Rng) -> venue::Fees {
    venue::Fees { taker: dec(rng.choice(TAKER_FEES).unwrap()), maker: Decimal::ZERO }
}

pub(crate) fn reference(listings: &[Listing], fees: venue::Fees) -> Reference {
    let fees = FeeRates { taker: Rate::new(fees.taker), maker: Rate::new(fees.maker) };
    Reference {
        instruments: listings.iter().map(Listing::of_model).collect(),
        fees: listings.iter().map(|listing| (listing.symbol, fees)).collect(),
    }
}

/// Limits so wide that margin and the venue's tiers alone decide.
pub(crate) fn limits() -> RiskLimits {
    let wide = "\"1000000000000 USDT\"";
    let text = limits_text(&[
        ("max_order_notional", wide),
        ("max_position_notional", wide),
        ("max_gross_exposure", wide),
        ("max_loss_per_day", wide),
        ("max_loss_per_week", wide),
        ("max_leverage", "\"1000x\""),
        ("max_open_orders", "1000000"),
        ("max_order_rate_short", "\"100000 per 1ms\""),
        ("max_order_rate_long", "\"100000 per 2ms\""),
        ("price_collar", "\"100%\""),
        ("book_collar", "\"100%\""),
        ("require_stop_on_entry", "false"),
        ("min_liquidation_distance", "\"0.0000001%\""),
    ]);
    toml::from_str(&text).unwrap()
}

pub(crate) const fn word(side: Side) -> venue::Side {
    match side {
        Side::Buy => venue::Side::Buy,
        Side::Sell => venue::Side::Sell,
    }
}
