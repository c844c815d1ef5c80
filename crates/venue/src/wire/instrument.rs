//! The rows of `instruments-info` and `risk-limit`. Source: Bybit V5, "Get Instruments Info", "Get Risk Limit".

use rust_decimal::Decimal;
use serde_json::{Value, json};
use windvane_venue_core::{Category, Instrument, Listing};

use super::number::{Scales, amount};
use crate::config::RiskLimitRates;

/// One instrument, in the words of the wire.
pub(crate) fn instrument(instrument: &Instrument, listing: Listing, symbol_id: usize) -> Value {
    match instrument.category {
        Category::Spot => pair(instrument, listing, symbol_id),
        Category::Linear => contract(instrument, listing, "LinearPerpetual", symbol_id),
        Category::Inverse => contract(instrument, listing, "InversePerpetual", symbol_id),
    }
}

fn pair(instrument: &Instrument, listing: Listing, symbol_id: usize) -> Value {
    let scales = Scales::of(instrument);
    let max_market = amount(instrument.max_market_order_qty);
    let max_limit = amount(instrument.max_order_qty);
    // The finest amount that a price times a quantity can come to, within eight digits.
    let quote_precision =
        Decimal::new(1, (instrument.tick_size.scale() + instrument.qty_step.scale()).min(8));
    json!({
        "symbol": &*instrument.symbol,
        "symbolId": symbol_id,
        "baseCoin": instrument.base_coin,
        "quoteCoin": instrument.quote_coin,
        "innovation": "0",
        "status": listing.status.as_str(),
        "marginTrading": "none",
        "stTag": "0",
        "lotSizeFilter": {
            "basePrecision": instrument.qty_step.to_string(),
            "quotePrecision": quote_precision.to_string(),
            "minOrderQty": scales.qty(instrument.min_order_qty),
            "maxOrderQty": max_limit.clone(),
            "minOrderAmt": amount(instrument.min_notional),
            "maxOrderAmt": "8000000",
            "maxLimitOrderQty": max_limit.clone(),
            "maxMarketOrderQty": max_market,
            "postOnlyMaxLimitOrderSize": max_limit,
        },
        "priceFilter": {"tickSize": instrument.tick_size.to_string()},
        "riskParameters": {
            "priceLimitRatioX": amount(instrument.price_limit_ratio_x),
            "priceLimitRatioY": amount(instrument.price_limit_ratio_y),
        },
        "symbolType": "",
    })
}

fn contract(instrument: &Instrument, listing: Listing, contract_type: &str, symbol_id: usize) -> Value {
    let scales = Scales::of(instrument);
    json!({
        "symbol": &*instrument.symbol,
        "symbolId": symbol_id,
        "contractType": contract_type,
        "status": listing.status.as_str(),
        "baseCoin": instrument.base_coin,
        "quoteCoin": instrument.quote_coin,
        "settleCoin": instrument.settle_coin(),
        "launchTime": instrument.launch_time_ms.to_string(),
        "deliveryTime": listing.delivery_ms.unwrap_or(0).to_string(),
        "deliveryFeeRate": "",
        "priceScale": scales.price_digits().to_string(),
        "leverageFilter": {
            "minLeverage": "1",
            "maxLeverage": format!("{:.2}", instrument.max_leverage),
            "leverageStep": instrument.leverage_step.to_string(),
        },
        "priceFilter": {
            "minPrice": scales.price(instrument.min_price),
            "maxPrice": scales.price(instrument.max_price),
            "tickSize": instrument.tick_size.to_string(),
        },
        "lotSizeFilter": {
            "maxOrderQty": scales.qty(instrument.max_order_qty),
            "minOrderQty": scales.qty(instrument.min_order_qty),
            "qtyStep": instrument.qty_step.to_string(),
            "postOnlyMaxOrderQty": scales.qty(instrument.max_order_qty),
            "maxMktOrderQty": scales.qty(instrument.max_market_order_qty),
            "minNotionalValue": amount(instrument.min_notional),
        },
        "unifiedMarginTrade": true,
        "fundingInterval": instrument.funding_interval_min,
        "copyTrading": "none",
        "upperFundingRate": amount(instrument.funding_rate_cap),
        "lowerFundingRate": amount(-instrument.funding_rate_cap),
        "isPreListing": false,
        "preListingInfo": null,
        "riskParameters": {
            "priceLimitRatioX": amount(instrument.price_limit_ratio_x),
            "priceLimitRatioY": amount(instrument.price_limit_ratio_y),
        },
        "symbolType": "",
        "forbidUplWithdrawal": false,
    })
}

/// The risk tiers of an instrument. The first tier's deduction is empty.
/// Deduction of tier n = limit(n−1) × (rate(n) − rate(n−1)) + deduction(n−1).
pub(crate) fn risk_tiers(instrument: &Instrument, rates: RiskLimitRates) -> Vec<Value> {
    let written = |rate: Decimal| match rates {
        RiskLimitRates::Fraction => amount(rate),
        RiskLimitRates::Percent => amount(rate * Decimal::ONE_HUNDRED),
    };
    let mut deduction = Decimal::ZERO;
    let mut previous: Option<(Decimal, Decimal)> = None;
    let mut rows = Vec::new();
    for (number, tier) in (1..).zip(&instrument.risk_tiers) {
        if let Some((limit, rate)) = previous {
            deduction += limit * (tier.maintenance_rate - rate);
        }
        let initial = Decimal::ONE.checked_div(tier.max_leverage).unwrap_or_default();
        rows.push(json!({
            "id": number,
            "symbol": &*instrument.symbol,
            "riskLimitValue": amount(tier.limit),
            "maintenanceMargin": written(tier.maintenance_rate),
            "initialMargin": written(initial.round_dp(4)),
            "isLowestRisk": u8::from(previous.is_none()),
            "maxLeverage": format!("{:.2}", tier.max_leverage),
            "mmDeduction": if previous.is_none() { String::new() } else { amount(deduction) },
        }));
        previous = Some((tier.limit, tier.maintenance_rate));
    }
    rows
}
