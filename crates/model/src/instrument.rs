//! What the venue says of a contract, and rounding onto its grid.

use crate::{Coin, Notional, Price, Qty, Rate, Symbol};
use rust_decimal::Decimal;

/// Whether a contract takes orders. Source: Bybit V5, instruments-info `status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstrumentStatus {
    /// Takes orders.
    Trading,
    /// Not yet open, or closing: opening is refused, closing may still work.
    Restricted,
    /// Gone.
    Closed,
}

/// One linear contract: its grids, its bounds and its risk-limit tiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrument {
    /// The contract's name.
    pub symbol: Symbol,
    /// The coin that profit, fees and margin are counted in.
    pub settle_coin: Coin,
    /// Whether it takes orders.
    pub status: InstrumentStatus,
    /// Step of prices, in the quote coin.
    pub tick_size: Price,
    /// Step of quantities, in the base coin.
    pub lot_size: Qty,
    /// Smallest order, in the base coin.
    pub min_qty: Qty,
    /// Largest limit order, in the base coin.
    pub max_limit_qty: Qty,
    /// Largest market order, in the base coin.
    pub max_market_qty: Qty,
    /// Smallest order value, in the quote coin; reduce-only orders are spared.
    pub min_notional: Notional,
    /// Highest leverage the contract allows.
    pub max_leverage: Leverage,
    /// `priceLimitRatioX`: how far from the mark a limit order may be, as a fraction.
    pub price_limit_ratio_x: Rate,
    /// `priceLimitRatioY`: the outer bound, as a fraction.
    pub price_limit_ratio_y: Rate,
    /// Minutes between two funding payments.
    pub funding_interval_minutes: u32,
    /// Risk-limit tiers, lowest first; never empty.
    pub tiers: Vec<RiskTier>,
}

/// One risk-limit tier. Rates are fractions, whatever the page prints. Source: Bybit V5, Get Risk Limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RiskTier {
    /// Largest position value of this tier, in the settle coin.
    pub limit: Notional,
    /// Maintenance margin rate, a fraction of position value.
    pub maintenance_rate: Rate,
    /// Initial margin rate at the tier's highest leverage, a fraction.
    pub initial_rate: Rate,
    /// Highest leverage of this tier.
    pub max_leverage: Leverage,
    /// What makes the tiered sum a single product, in the settle coin.
    pub maintenance_deduction: Notional,
}

/// Leverage: position value over margin; at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leverage(Decimal);

impl Leverage {
    /// Takes a leverage.
    ///
    /// Returns `None` below 1 or above 1000, which no contract offers.
    #[must_use]
    pub fn new(value: Decimal) -> Option<Self> {
        (value >= Decimal::ONE && value <= Decimal::ONE_THOUSAND).then_some(Self(value))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> Decimal {
        self.0
    }

    /// A position value over it; the largest decimal where that does not fit. The inverses of the leverages that people set
    /// mostly have few digits, and a product takes a fifth of the time of a division.
    #[must_use]
    pub fn share_of(self, value: Decimal) -> Decimal {
        let (digits, places) = match (self.0.scale(), self.0.mantissa()) {
            (0, 1) => return value,
            (0, 2) => (5, 1),
            (0, 4) => (25, 2),
            (0, 5) => (2, 1),
            (0, 8) => (125, 3),
            (0, 10) => (1, 1),
            (0, 20) => (5, 2),
            (0, 25) => (4, 2),
            (0, 40) => (25, 3),
            (0, 50) => (2, 2),
            (0, 100) => (1, 2),
            _ => (0, 0),
        };
        let share = match digits {
            0 => value.checked_div(self.0),
            _ => value.checked_mul(Decimal::new(digits, places)),
        };
        share.unwrap_or(Decimal::MAX)
    }
}

/// What a fill costs, as fractions of its value. Source: Bybit V5, Get Fee Rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeRates {
    /// For fills that take.
    pub taker: Rate,
    /// For fills that rested; negative is a rebate.
    pub maker: Rate,
}

impl Instrument {
    /// The highest price on the grid that is not above `price`.
    ///
    /// `None` when that would be zero.
    #[must_use]
    pub fn round_down_to_tick(&self, price: Decimal) -> Option<Price> {
        let tick = self.tick_size.get();
        Price::new(price.checked_div(tick)?.floor().checked_mul(tick)?).ok()
    }

    /// The lowest price on the grid that is not below `price`.
    ///
    /// `None` when `price` is out of a price's range.
    #[must_use]
    pub fn round_up_to_tick(&self, price: Decimal) -> Option<Price> {
        let tick = self.tick_size.get();
        Price::new(price.checked_div(tick)?.ceil().checked_mul(tick)?).ok()
    }

    /// The price on the grid that is never more aggressive than asked: down for a buy, up for a sell.
    #[must_use]
    pub fn round_passive_to_tick(&self, side: crate::Side, price: Decimal) -> Option<Price> {
        match side {
            crate::Side::Buy => self.round_down_to_tick(price),
            crate::Side::Sell => self.round_up_to_tick(price),
        }
    }

    /// The largest quantity on the grid that is not above `qty`; zero when that is nothing.
    #[must_use]
    pub fn round_down_to_lot(&self, qty: Decimal) -> Qty {
        let lot = self.lot_size.get();
        if qty <= Decimal::ZERO {
            return Qty::ZERO;
        }
        qty.checked_div(lot)
            .and_then(|lots| lots.floor().checked_mul(lot))
            .and_then(|q| Qty::new(q).ok())
            .unwrap_or(Qty::ZERO)
    }

    /// Whether `price` lies on the tick grid.
    #[must_use]
    pub fn is_on_tick(&self, price: Price) -> bool {
        price.get().checked_rem(self.tick_size.get()).is_some_and(|rest| rest.is_zero())
    }

    /// Whether `qty` lies on the lot grid.
    #[must_use]
    pub fn is_on_lot(&self, qty: Qty) -> bool {
        qty.get().checked_rem(self.lot_size.get()).is_some_and(|rest| rest.is_zero())
    }

    /// The tier that holds a position of this value; the last one when it is above all limits.
    ///
    /// # Panics
    /// When the instrument has no tier, which its construction rules out.
    #[must_use]
    pub fn tier(&self, value: Notional) -> &RiskTier {
        self.tiers
            .iter()
            .find(|tier| value <= tier.limit)
            .or(self.tiers.last())
            .expect("an instrument has at least one risk tier")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Side;

    fn instrument(tick: &str, lot: &str) -> Instrument {
        let number = |text: &str| text.parse::<Decimal>().unwrap();
        let qty = |text: &str| Qty::new(number(text)).unwrap();
        Instrument {
            symbol: Symbol::new("BTCUSDT").unwrap(),
            settle_coin: Coin::new("USDT").unwrap(),
            status: InstrumentStatus::Trading,
            tick_size: Price::new(number(tick)).unwrap(),
            lot_size: qty(lot),
            min_qty: qty(lot),
            max_limit_qty: qty("1000"),
            max_market_qty: qty("100"),
            min_notional: Notional::new(number("5")).unwrap(),
            max_leverage: Leverage::new(number("100")).unwrap(),
            price_limit_ratio_x: Rate::new(number("0.01")),
            price_limit_ratio_y: Rate::new(number("0.02")),
            funding_interval_minutes: 480,
            tiers: vec![],
        }
    }

    #[test]
    fn prices_round_to_the_passive_side() {
        let btc = instrument("0.10", "0.001");
        for (side, price, expected) in
            [(Side::Buy, "100.19", "100.1"), (Side::Sell, "100.11", "100.2"), (Side::Buy, "100.1", "100.1")]
        {
            let rounded = btc.round_passive_to_tick(side, price.parse().unwrap()).unwrap();
            assert_eq!(rounded.get(), expected.parse().unwrap(), "{side:?} {price}");
        }
        assert_eq!(btc.round_down_to_tick("0.05".parse().unwrap()), None, "no price below one tick");
    }

    #[test]
    fn quantities_only_round_down() {
        let doge = instrument("0.00001", "1");
        for (qty, expected) in [("10.9", "10"), ("0.9", "0"), ("-3", "0"), ("7", "7")] {
            assert_eq!(
                doge.round_down_to_lot(qty.parse().unwrap()).get(),
                expected.parse().unwrap(),
                "{qty}"
            );
        }
    }
}
