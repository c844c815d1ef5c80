//! Everything that is listed, whatever its state. Source: Bybit V5, "Get Instruments Info", "Get Risk Limit".

use super::{Category, read};
use crate::codec::{
    number::{FieldError, Lexeme},
    rows,
};
use crate::rest::{client::RestClient, error::RestError, instrument::TierRow, page::Access};
use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::BTreeMap;
use windvane_model::{MarketTime, RiskTier, Symbol};

/// What a listing is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContractKind {
    /// A contract without an end.
    Perpetual,
    /// A contract that is delivered.
    Future,
    /// A pair of coins.
    Pair,
    /// A word that we do not know.
    Other(String),
}

/// A contract or pair as it is listed; what a product does not have is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Its name.
    pub symbol: Symbol,
    /// What it is.
    pub kind: ContractKind,
    /// The venue's word for its state: `Trading`, `PreLaunch`, `Delivering`, `Closed`.
    pub status: String,
    /// What is bought and sold.
    pub base_coin: String,
    /// What prices are counted in.
    pub quote_coin: String,
    /// What profit is paid in; pairs have none.
    pub settle_coin: Option<String>,
    /// When it was listed.
    pub launched: Option<MarketTime>,
    /// When it is delivered, or taken off.
    pub delivers: Option<MarketTime>,
    /// Step of prices.
    pub tick_size: Decimal,
    /// Step of quantities: base coin, of inverse contracts dollars.
    pub lot_size: Option<Decimal>,
    /// Smallest quantity of an order.
    pub min_qty: Option<Decimal>,
    /// Largest quantity of a limit order.
    pub max_limit_qty: Option<Decimal>,
    /// Largest quantity of a market order.
    pub max_market_qty: Option<Decimal>,
    /// Smallest value of an order, in the quote coin.
    pub min_notional: Option<Decimal>,
    /// Largest leverage.
    pub max_leverage: Option<Decimal>,
    /// Between two payments of funding, minutes.
    pub funding_interval_minutes: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Row<'a> {
    #[serde(borrow)]
    symbol: Lexeme<'a>,
    #[serde(borrow)]
    contract_type: Lexeme<'a>,
    #[serde(borrow)]
    status: Lexeme<'a>,
    #[serde(borrow)]
    base_coin: Lexeme<'a>,
    #[serde(borrow)]
    quote_coin: Lexeme<'a>,
    #[serde(borrow)]
    settle_coin: Lexeme<'a>,
    #[serde(borrow)]
    launch_time: Lexeme<'a>,
    #[serde(borrow)]
    delivery_time: Lexeme<'a>,
    #[serde(borrow)]
    price_filter: Filter<'a>,
    #[serde(borrow)]
    lot_size_filter: Filter<'a>,
    #[serde(borrow)]
    leverage_filter: Filter<'a>,
    #[serde(borrow)]
    funding_interval: Lexeme<'a>,
}

/// The three groups of figures, whose names do not overlap.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Filter<'a> {
    #[serde(borrow)]
    tick_size: Lexeme<'a>,
    #[serde(borrow)]
    qty_step: Lexeme<'a>,
    #[serde(borrow)]
    base_precision: Lexeme<'a>,
    #[serde(borrow)]
    min_order_qty: Lexeme<'a>,
    #[serde(borrow)]
    max_order_qty: Lexeme<'a>,
    #[serde(borrow)]
    max_mkt_order_qty: Lexeme<'a>,
    #[serde(borrow)]
    max_limit_order_qty: Lexeme<'a>,
    #[serde(borrow)]
    max_market_order_qty: Lexeme<'a>,
    #[serde(borrow)]
    min_notional_value: Lexeme<'a>,
    #[serde(borrow)]
    min_order_amt: Lexeme<'a>,
    #[serde(borrow)]
    max_leverage: Lexeme<'a>,
}

impl Row<'_> {
    pub(super) fn listing(&self) -> Result<Listing, FieldError> {
        let lot = &self.lot_size_filter;
        let either = |one: &Lexeme<'_>, other: &Lexeme<'_>, field| match one.decimal(field)? {
            Some(value) => Ok(Some(value)),
            None => other.decimal(field),
        };
        Ok(Listing {
            symbol: rows::symbol(&self.symbol)?,
            kind: match self.contract_type.as_str() {
                "LinearPerpetual" | "InversePerpetual" => ContractKind::Perpetual,
                "LinearFutures" | "InverseFutures" => ContractKind::Future,
                "" => ContractKind::Pair,
                other => ContractKind::Other(other.to_owned()),
            },
            status: self.status.as_str().to_owned(),
            base_coin: self.base_coin.as_str().to_owned(),
            quote_coin: self.quote_coin.as_str().to_owned(),
            settle_coin: self.settle_coin.known().map(str::to_owned),
            launched: self.launch_time.time("launchTime")?,
            delivers: self.delivery_time.time("deliveryTime")?,
            tick_size: super::required(&self.price_filter.tick_size, "tickSize")?,
            lot_size: either(&lot.qty_step, &lot.base_precision, "qtyStep")?,
            min_qty: lot.min_order_qty.decimal("minOrderQty")?,
            max_limit_qty: either(&lot.max_limit_order_qty, &lot.max_order_qty, "maxOrderQty")?,
            max_market_qty: either(&lot.max_mkt_order_qty, &lot.max_market_order_qty, "maxMktOrderQty")?,
            min_notional: either(&lot.min_notional_value, &lot.min_order_amt, "minNotionalValue")?,
            max_leverage: self.leverage_filter.max_leverage.decimal("maxLeverage")?,
            funding_interval_minutes: match self.funding_interval.integer("fundingInterval")? {
                0 => None,
                minutes => Some(minutes),
            },
        })
    }
}

impl RestClient {
    /// Everything listed of a product, over all pages. `status` asks for another state than trading, in the venue's word.
    ///
    /// # Errors
    /// When an answer cannot be had or read.
    pub async fn listings(
        &self,
        category: Category,
        status: Option<&str>,
    ) -> Result<Vec<Listing>, RestError> {
        // Pairs come in one answer and know no limit.
        let limit = if category == Category::Spot { "" } else { "&limit=1000" };
        let status = status.map_or_else(String::new, |word| format!("&status={word}"));
        let query = format!("category={category}{limit}{status}");
        let mut listings = Vec::new();
        self.each_row(Access::Public, "/v5/market/instruments-info", &query, |answer, text| {
            let row: Row<'_> = answer.row(text)?;
            listings.push(read(answer, row.listing())?);
            Ok(())
        })
        .await?;
        Ok(listings)
    }

    /// The tiers of risk of one contract, or of all over many pages, each by rising limit.
    ///
    /// # Errors
    /// When an answer cannot be had or read.
    pub async fn risk_limits(
        &self,
        category: Category,
        symbol: Option<Symbol>,
    ) -> Result<BTreeMap<Symbol, Vec<RiskTier>>, RestError> {
        let mut query = format!("category={category}");
        if let Some(symbol) = symbol {
            query.push_str("&symbol=");
            query.push_str(symbol.as_str());
        }
        let mut all: BTreeMap<Symbol, Vec<RiskTier>> = BTreeMap::new();
        self.each_row(Access::Public, "/v5/market/risk-limit", &query, |answer, text| {
            let row: TierRow<'_> = answer.row(text)?;
            all.entry(read(answer, row.symbol())?).or_default().push(read(answer, row.tier())?);
            Ok(())
        })
        .await?;
        for tiers in all.values_mut() {
            tiers.sort_by_key(|tier| tier.limit);
        }
        Ok(all)
    }
}
