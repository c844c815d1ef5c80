//! What a venue is made of: instruments, accounts, fees and the switches for what the exchange's documentation leaves open.

use rust_decimal::Decimal;

use super::{Symbol, Uid};

/// Everything [`crate::Venue::new`] needs.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The instruments to trade, symbols unique.
    pub instruments: Vec<Instrument>,
    /// The accounts, uids unique.
    pub accounts: Vec<AccountSetup>,
    /// Answers to questions the documentation leaves open.
    pub switches: Switches,
    /// Seed of order, execution and transaction ids.
    pub seed: u64,
}

/// An account at the start.
#[derive(Clone, Debug)]
pub struct AccountSetup {
    /// Who owns it.
    pub uid: Uid,
    /// Wallet balance in USDT.
    pub balance_usdt: Decimal,
    /// Leverage of every symbol at the start (a factor).
    pub leverage: Decimal,
    /// Fee rates of the account.
    pub fees: Fees,
}

/// Fee rates as fractions of the traded value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// For taking, e.g. 0.00055.
    pub taker: Decimal,
    /// For making, e.g. 0.0002.
    pub maker: Decimal,
}

/// A USDT perpetual. Source of the fields: Bybit V5, "Get Instruments Info".
#[derive(Clone, Debug)]
pub struct Instrument {
    /// Name, e.g. `BTCUSDT`.
    pub symbol: Symbol,
    /// Coin that quantities count.
    pub base_coin: String,
    /// Coin that prices count; also the settle coin.
    pub quote_coin: String,
    /// Listing time in market ms.
    pub launch_time_ms: i64,
    /// Price step in USDT.
    pub tick_size: Decimal,
    /// Lowest price in USDT.
    pub min_price: Decimal,
    /// Highest price in USDT.
    pub max_price: Decimal,
    /// Quantity step (lot size) in base coin.
    pub qty_step: Decimal,
    /// Smallest order in base coin.
    pub min_order_qty: Decimal,
    /// Largest limit order in base coin.
    pub max_order_qty: Decimal,
    /// Largest market order in base coin.
    pub max_market_order_qty: Decimal,
    /// Smallest order value in USDT (reduce-only orders are spared).
    pub min_notional: Decimal,
    /// `priceLimitRatioX`: market orders and limit prices keep within mark × (1 ± X).
    pub price_limit_ratio_x: Decimal,
    /// `priceLimitRatioY`: the outermost bound, mark × (1 ± Y).
    pub price_limit_ratio_y: Decimal,
    /// Largest leverage.
    pub max_leverage: Decimal,
    /// Step of the leverage.
    pub leverage_step: Decimal,
    /// Minutes between two funding settlements.
    pub funding_interval_min: u32,
    /// Highest and, negated, lowest funding rate of one interval (a fraction).
    pub funding_rate_cap: Decimal,
    /// Risk tiers by rising limit; at least one.
    pub risk_tiers: Vec<RiskTier>,
}

/// One row of the risk-limit table. Source: Bybit V5, "Get Risk Limit".
#[derive(Clone, Copy, Debug)]
pub struct RiskTier {
    /// Highest value of position and orders in this tier, in USDT.
    pub limit: Decimal,
    /// Maintenance margin rate as a fraction.
    pub maintenance_rate: Decimal,
    /// Largest leverage in this tier.
    pub max_leverage: Decimal,
}

/// Behaviour the documentation leaves open or lets an account choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// A limit price beyond the bound.
    pub price_limit: PriceLimitAction,
    /// A market order with nothing to meet inside the protective band.
    pub empty_market: EmptyMarketAction,
}

impl Default for Switches {
    fn default() -> Self {
        Self { price_limit: PriceLimitAction::Move, empty_market: EmptyMarketAction::Refuse }
    }
}

/// What happens to a limit price beyond the bound. Source: Bybit V5, "Set Limit Price Behaviour".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceLimitAction {
    /// It is moved to the bound, silently.
    Move,
    /// The request is refused with 110003.
    Refuse,
}

/// What happens to a market order that finds nothing inside the protective band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyMarketAction {
    /// The request is refused with 110118.
    Refuse,
    /// It is accepted, then cancelled by matching.
    Cancel,
}
