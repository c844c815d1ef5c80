//! What a venue is made of: instruments, coins, accounts and fees.

use rust_decimal::Decimal;

use super::doubt::Doubts;
use super::product::{Category, InstrumentStatus, MarginMode};
use super::{Symbol, Uid};

/// Everything [`crate::Venue::new`] needs.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The instruments to trade, symbols unique within a category.
    pub instruments: Vec<Instrument>,
    /// Collateral value of coins; one without a row counts in full.
    pub coins: Vec<CoinSetup>,
    /// The accounts, uids unique.
    pub accounts: Vec<AccountSetup>,
    /// Answers to questions the documentation leaves open.
    pub doubts: Doubts,
    /// Seed of order, execution and transaction ids.
    pub seed: u64,
}

/// How much of a coin counts as margin. Source: Bybit help centre, "Collateral Value Ratio".
#[derive(Clone, Debug)]
pub struct CoinSetup {
    /// Name.
    pub coin: String,
    /// By rising quantity; the part of a balance in each counts by its ratio.
    pub collateral: Vec<CollateralTier>,
}

/// One step of a collateral table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CollateralTier {
    /// Upper end in coins; `None` for the last step.
    pub up_to: Option<Decimal>,
    /// Fraction that counts.
    pub ratio: Decimal,
}

/// An account at the start.
#[derive(Clone, Debug)]
pub struct AccountSetup {
    /// Who owns it.
    pub uid: Uid,
    /// Wallet balance by coin.
    pub balances: Vec<(String, Decimal)>,
    /// Leverage of every symbol at the start (a factor).
    pub leverage: Decimal,
    /// Fee rates for contracts.
    pub fees: Fees,
    /// Fee rates for spot.
    pub spot_fees: Fees,
    /// How positions are margined at the start.
    pub margin_mode: MarginMode,
    /// Self-match group; zero for none. Accounts of one group do not trade with each other where an order says so.
    pub smp_group: u32,
}

impl AccountSetup {
    /// An account with USDT in cross margin, and spot at the base rate of 0.1 % for both sides.
    /// Source: Bybit, "Trading Fee Structure".
    #[must_use]
    pub fn usdt(uid: Uid, balance: Decimal, leverage: Decimal, fees: Fees) -> Self {
        Self {
            uid,
            balances: vec![("USDT".to_owned(), balance)],
            leverage,
            fees,
            spot_fees: Fees { taker: Decimal::new(1, 3), maker: Decimal::new(1, 3) },
            margin_mode: MarginMode::Cross,
            smp_group: 0,
        }
    }
}

/// Fee rates as fractions of the traded value; a negative one is a rebate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// For taking, e.g. 0.00055.
    pub taker: Decimal,
    /// For making, e.g. 0.0002.
    pub maker: Decimal,
}

/// An instrument. Prices in quote coin, quantities in base coin (USD for inverse). Source of the fields: Bybit V5, "Get
/// Instruments Info".
#[derive(Clone, Debug)]
pub struct Instrument {
    /// Product group.
    pub category: Category,
    /// Name, e.g. `BTCUSDT`.
    pub symbol: Symbol,
    /// Coin that is traded; settles inverse contracts.
    pub base_coin: String,
    /// Coin that prices count; settles linear contracts.
    pub quote_coin: String,
    /// Listing time in market ms.
    pub launch_time_ms: i64,
    /// Price step.
    pub tick_size: Decimal,
    /// Lowest price.
    pub min_price: Decimal,
    /// Highest price.
    pub max_price: Decimal,
    /// Quantity step (lot size); `basePrecision` of spot.
    pub qty_step: Decimal,
    /// Smallest order.
    pub min_order_qty: Decimal,
    /// Largest limit order.
    pub max_order_qty: Decimal,
    /// Largest market order.
    pub max_market_order_qty: Decimal,
    /// Smallest order value in quote coin; `minOrderAmt` of spot.
    pub min_notional: Decimal,
    /// `priceLimitRatioX`: market orders and limit prices keep within the reference price × (1 ± X).
    pub price_limit_ratio_x: Decimal,
    /// `priceLimitRatioY`: the outermost bound, the reference price × (1 ± Y).
    pub price_limit_ratio_y: Decimal,
    /// Largest leverage.
    pub max_leverage: Decimal,
    /// Step of the leverage.
    pub leverage_step: Decimal,
    /// Minutes between two funding settlements.
    pub funding_interval_min: u32,
    /// Highest and, negated, lowest funding rate of one interval (a fraction).
    pub funding_rate_cap: Decimal,
    /// Risk tiers by rising limit; at least one (spot has none).
    pub risk_tiers: Vec<RiskTier>,
}

impl Instrument {
    /// Coin in which positions are margined and settled; `None` for spot.
    #[must_use]
    pub fn settle_coin(&self) -> Option<&str> {
        match self.category {
            Category::Linear => Some(&self.quote_coin),
            Category::Inverse => Some(&self.base_coin),
            Category::Spot => None,
        }
    }
}

/// Whether an instrument trades, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Whether it trades.
    pub status: InstrumentStatus,
    /// When it is, or was, delisted, in market ms; `None` while nothing of the kind is announced.
    pub delivery_ms: Option<i64>,
}

impl Listing {
    /// It trades, and no end of it is known.
    pub(crate) const TRADING: Self = Self { status: InstrumentStatus::Trading, delivery_ms: None };
}

/// One row of the risk-limit table. Source: Bybit V5, "Get Risk Limit".
#[derive(Clone, Copy, Debug)]
pub struct RiskTier {
    /// Highest value of position and orders in this tier, in settle coin.
    pub limit: Decimal,
    /// Maintenance margin rate as a fraction.
    pub maintenance_rate: Decimal,
    /// Largest leverage in this tier.
    pub max_leverage: Decimal,
}
