//! Contracts with their grids, bounds and risk tiers. Source: Bybit V5, "Get Instruments Info", "Get Risk Limit".

use super::{client::RestClient, error::RestError, page::Access};
use crate::codec::{
    number::{FieldError, Lexeme, bad},
    rows,
};
use rust_decimal::Decimal;
use serde::Deserialize;
use windvane_model::{Coin, Instrument, InstrumentStatus, Leverage, Notional, Qty, Rate, RiskTier, Symbol};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstrumentRow<'a> {
    #[serde(borrow)]
    symbol: Lexeme<'a>,
    #[serde(borrow, default)]
    status: Lexeme<'a>,
    #[serde(borrow, default)]
    settle_coin: Lexeme<'a>,
    #[serde(borrow, default)]
    funding_interval: Lexeme<'a>,
    #[serde(borrow)]
    leverage_filter: LeverageFilter<'a>,
    #[serde(borrow)]
    price_filter: PriceFilter<'a>,
    #[serde(borrow)]
    lot_size_filter: LotSizeFilter<'a>,
    #[serde(borrow, default)]
    risk_parameters: RiskParameters<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LeverageFilter<'a> {
    #[serde(borrow)]
    max_leverage: Lexeme<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PriceFilter<'a> {
    #[serde(borrow)]
    tick_size: Lexeme<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LotSizeFilter<'a> {
    #[serde(borrow)]
    qty_step: Lexeme<'a>,
    #[serde(borrow)]
    min_order_qty: Lexeme<'a>,
    #[serde(borrow)]
    max_order_qty: Lexeme<'a>,
    #[serde(borrow, default)]
    max_mkt_order_qty: Lexeme<'a>,
    #[serde(borrow, default)]
    min_notional_value: Lexeme<'a>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RiskParameters<'a> {
    #[serde(borrow)]
    price_limit_ratio_x: Lexeme<'a>,
    #[serde(borrow)]
    price_limit_ratio_y: Lexeme<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TierRow<'a> {
    #[serde(borrow, default)]
    symbol: Lexeme<'a>,
    #[serde(borrow)]
    risk_limit_value: Lexeme<'a>,
    #[serde(borrow)]
    maintenance_margin: Lexeme<'a>,
    #[serde(borrow)]
    initial_margin: Lexeme<'a>,
    #[serde(borrow)]
    max_leverage: Lexeme<'a>,
    #[serde(borrow, default)]
    mm_deduction: Lexeme<'a>,
}

impl RestClient {
    /// The contracts named, with their risk tiers, in the order asked.
    ///
    /// # Errors
    /// When the venue does not know one, or an answer cannot be had or read.
    pub async fn instruments(&self, symbols: &[Symbol]) -> Result<Vec<Instrument>, RestError> {
        let mut instruments = Vec::with_capacity(symbols.len());
        for symbol in symbols {
            let tiers = self.risk_tiers(*symbol).await.map_err(|error| unless_unknown(error, *symbol))?;
            let mut found = None;
            let query = format!("category=linear&symbol={symbol}");
            self.each_row(Access::Public, "/v5/market/instruments-info", &query, |answer, text| {
                let row: InstrumentRow<'_> = answer.row(text)?;
                if row.symbol.as_str() == symbol.as_str() {
                    let read = row.instrument(tiers.clone());
                    found = Some(read.map_err(|error| answer.unreadable(error))?);
                }
                Ok(())
            })
            .await
            .map_err(|error| unless_unknown(error, *symbol))?;
            instruments.push(found.ok_or(RestError::NoSuchInstrument(*symbol))?);
        }
        Ok(instruments)
    }

    async fn risk_tiers(&self, symbol: Symbol) -> Result<Vec<RiskTier>, RestError> {
        let mut tiers = Vec::new();
        let query = format!("category=linear&symbol={symbol}");
        self.each_row(Access::Public, "/v5/market/risk-limit", &query, |answer, text| {
            let row: TierRow<'_> = answer.row(text)?;
            tiers.push(row.tier().map_err(|error| answer.unreadable(error))?);
            Ok(())
        })
        .await?;
        if tiers.is_empty() {
            return Err(RestError::NoSuchInstrument(symbol));
        }
        tiers.sort_by_key(|tier: &RiskTier| tier.limit);
        Ok(tiers)
    }
}

/// The venue answers a question about a contract that it does not have with an empty list, or with 10001 and "symbol
/// invalid", by endpoint.
fn unless_unknown(error: RestError, symbol: Symbol) -> RestError {
    match &error {
        RestError::Refused { code: 10001, message, .. }
            if message.to_ascii_lowercase().contains("symbol") =>
        {
            RestError::NoSuchInstrument(symbol)
        }
        _ => error,
    }
}

impl InstrumentRow<'_> {
    pub(super) fn instrument(&self, tiers: Vec<RiskTier>) -> Result<Instrument, FieldError> {
        let lot = &self.lot_size_filter;
        let max_limit_qty = lot.max_order_qty.required_qty("maxOrderQty")?;
        let max_market_qty = lot.max_mkt_order_qty.qty("maxMktOrderQty")?;
        Ok(Instrument {
            symbol: rows::symbol(&self.symbol)?,
            settle_coin: Coin::new(self.settle_coin.as_str()).map_err(|_| bad("settleCoin", "not a coin"))?,
            status: match self.status.as_str() {
                "Trading" => InstrumentStatus::Trading,
                "Closed" => InstrumentStatus::Closed,
                // `PreLaunch`, `Delivering`, and what may come: not freely tradable.
                _ => InstrumentStatus::Restricted,
            },
            tick_size: self.price_filter.tick_size.required_price("tickSize")?,
            lot_size: positive(&lot.qty_step, "qtyStep")?,
            min_qty: lot.min_order_qty.required_qty("minOrderQty")?,
            max_limit_qty,
            max_market_qty: if max_market_qty.is_zero() { max_limit_qty } else { max_market_qty },
            min_notional: notional(&lot.min_notional_value, "minNotionalValue")?,
            max_leverage: leverage(&self.leverage_filter.max_leverage)?,
            price_limit_ratio_x: ratio(&self.risk_parameters.price_limit_ratio_x, "priceLimitRatioX")?,
            price_limit_ratio_y: ratio(&self.risk_parameters.price_limit_ratio_y, "priceLimitRatioY")?,
            funding_interval_minutes: self.funding_interval.integer("fundingInterval")?,
            tiers,
        })
    }
}

impl TierRow<'_> {
    pub(super) fn symbol(&self) -> Result<Symbol, FieldError> {
        rows::symbol(&self.symbol)
    }

    pub(super) fn tier(&self) -> Result<RiskTier, FieldError> {
        let missing = |field| bad(field, "missing");
        let maintenance =
            self.maintenance_margin.decimal("maintenanceMargin")?.ok_or(missing("maintenanceMargin"))?;
        let initial = self.initial_margin.decimal("initialMargin")?.ok_or(missing("initialMargin"))?;
        let max_leverage = leverage(&self.max_leverage)?;
        // The documentation prints per cent, recorded replies of linear contracts fractions. The product of
        // initial rate and leverage tells them apart: about 100 or about 1.
        let product = initial.checked_mul(max_leverage.get()).ok_or(bad("initialMargin", "too large"))?;
        let unit = if product > Decimal::TEN { Decimal::ONE_HUNDRED } else { Decimal::ONE };
        Ok(RiskTier {
            limit: notional(&self.risk_limit_value, "riskLimitValue")?,
            maintenance_rate: Rate::new(maintenance / unit),
            initial_rate: Rate::new(initial / unit),
            max_leverage,
            maintenance_deduction: notional(&self.mm_deduction, "mmDeduction")?,
        })
    }
}

fn positive(text: &Lexeme<'_>, field: &'static str) -> Result<Qty, FieldError> {
    let qty = text.required_qty(field)?;
    if qty.is_zero() { Err(bad(field, "zero")) } else { Ok(qty) }
}

/// Empty is none: the first tier has no deduction, and old contracts no smallest value.
fn notional(text: &Lexeme<'_>, field: &'static str) -> Result<Notional, FieldError> {
    text.decimal(field)?
        .map_or(Ok(Notional::ZERO), |value| Notional::new(value).map_err(|_| bad(field, "not a value")))
}

fn leverage(text: &Lexeme<'_>) -> Result<Leverage, FieldError> {
    text.decimal("maxLeverage")?
        .and_then(Leverage::new)
        .ok_or(bad("maxLeverage", "not a leverage from 1 to 1000"))
}

fn ratio(text: &Lexeme<'_>, field: &'static str) -> Result<Rate, FieldError> {
    Ok(text.rate(field)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tier(initial: &str, maintenance: &str, leverage: &str) -> RiskTier {
        let json = format!(
            r#"{{"riskLimitValue":"2000000","maintenanceMargin":"{maintenance}","initialMargin":"{initial}","maxLeverage":"{leverage}","mmDeduction":""}}"#
        );
        serde_json::from_str::<TierRow<'_>>(&json).unwrap().tier().unwrap()
    }

    #[test]
    fn per_cent_and_fractions_become_the_same_tier() {
        assert_eq!(tier("1", "0.5", "100.00"), tier("0.01", "0.005", "100"));
        assert_eq!(tier("0.02", "0.01", "50").initial_rate, Rate::new(Decimal::new(2, 2)));
        assert_eq!(tier("100", "50", "1").maintenance_rate, Rate::new(Decimal::new(5, 1)));
    }
}
