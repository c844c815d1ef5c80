//! The account. Source: Bybit V5, "Account".

use rust_decimal::Decimal;
use serde_json::{Value, json};
use windvane_venue_core::{Category, Fees, MarginMode, Request};

use super::market;
use crate::config::FeeRateCategory;
use crate::exchange::Exchange;
use crate::wire::envelope::{Accepted, Answer, Refusal};
use crate::wire::fields::Fields;
use crate::wire::list::{self, no_account};
use crate::wire::number::amount;
use crate::wire::request::{category, require_category};

/// A unified trading account 2.0.
pub(crate) fn info(exchange: &Exchange, uid: u64, _: &Fields) -> Answer {
    let mode = exchange.core.margin_mode(uid).ok_or_else(no_account)?;
    let protected = exchange.protection.of(uid).next();
    Ok(Accepted::new(json!({
        "marginMode": mode.as_str(),
        "updatedTime": exchange.now_ms().to_string(),
        "unifiedMarginStatus": 5,
        "dcpStatus": if protected.is_some() { "ON" } else { "OFF" },
        "timeWindow": protected.map_or(10, |(_, window)| window.as_secs()),
        "smpGroup": exchange.core.smp_group(uid).ok_or_else(no_account)?,
        "isMasterTrader": false,
        "spotHedgingStatus": "OFF",
    })))
}

/// The group of accounts that do not trade with each other.
pub(crate) fn smp_group(exchange: &Exchange, uid: u64, _: &Fields) -> Answer {
    Ok(Accepted::new(json!({"smpGroup": exchange.core.smp_group(uid).ok_or_else(no_account)?})))
}

/// What happens to a limit price beyond the bound, among other settings. `lpaPerp` says that it is refused, `lpaSpot`
/// that it is moved: the two flags mean opposite things. Source: Bybit V5, "Get User Setting Config".
pub(crate) fn user_settings(exchange: &Exchange, uid: u64, _: &Fields) -> Answer {
    Ok(Accepted::new(json!({
        "lpaSpot": exchange.modifies_price(uid, Category::Spot),
        "lpaPerp": !exchange.modifies_price(uid, Category::Linear),
        "smsef": false,
        "fmsef": false,
    })))
}

/// What could be transferred away, by coin.
pub(crate) fn withdrawal(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    let names = fields.required("coinName")?;
    let wallet = exchange.core.wallet(uid).ok_or_else(no_account)?;
    let free = |name: &str| {
        let held = wallet.coin(name).map_or(Decimal::ZERO, |coin| coin.wallet_balance - coin.locked);
        amount(held.min(wallet.total_available_balance.max(Decimal::ZERO)).max(Decimal::ZERO))
    };
    let by_coin: serde_json::Map<String, Value> =
        names.split(',').map(|name| (name.to_owned(), free(name).into())).collect();
    let first = names.split(',').next().map(free).unwrap_or_default();
    Ok(Accepted::new(json!({"availableWithdrawal": first, "availableWithdrawalMap": by_coin})))
}

/// Instruments on a page of an account's list. Source: Bybit V5, "Get Account Instruments Info".
const OWN_PAGE_MAX: usize = 200;

/// Every account may trade every instrument; three more fields than the public list has.
pub(crate) fn instruments_info(exchange: &Exchange, _: u64, fields: &Fields) -> Answer {
    let mut listed = market::listed_instruments(exchange, fields, (OWN_PAGE_MAX, OWN_PAGE_MAX))?;
    if let Some(Value::Array(rows)) = listed.result.get_mut("list") {
        for row in rows {
            // Spot has no name to show.
            if fields.text("category").as_deref() != Some("spot") {
                row["displayName"] = "".into();
            }
            row["isPublicRpi"] = false.into();
            row["myRpiPermission"] = false.into();
        }
    }
    Ok(listed)
}

/// No coin can be deposited or withdrawn here.
pub(crate) fn coins(_: &Exchange, _: u64, _: &Fields) -> Answer {
    Ok(Accepted::new(json!({"rows": []})))
}

pub(crate) fn wallet_balance(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    list::wallet_balance(&exchange.reader(), uid, fields)
}

pub(crate) fn fee_rate(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    if exchange.doubts.fee_rate_category == FeeRateCategory::Required {
        fields.required("category")?;
    }
    let Some(category) = category(fields)? else { return Ok(Accepted::new(json!({"list": []}))) };
    let fees = exchange.core.fees(uid, category).ok_or_else(no_account)?;
    let symbol = fields.text("symbol");
    let all = exchange.core.instruments().filter(|i| i.category == category);
    let rows: Vec<Value> = all
        .filter(|i| symbol.as_deref().is_none_or(|symbol| *i.symbol == *symbol))
        .map(|i| fee_row(&i.symbol, fees))
        .collect();
    if rows.is_empty() && symbol.is_some() {
        return Err(Refusal::parameter("symbol invalid"));
    }
    Ok(Accepted::new(match category {
        Category::Spot => json!({"category": "spot", "list": rows}),
        Category::Linear | Category::Inverse => json!({"list": rows}),
    }))
}

fn fee_row(symbol: &str, fees: Fees) -> Value {
    json!({
        "symbol": symbol,
        "takerFeeRate": amount(fees.taker),
        "makerFeeRate": amount(fees.maker),
    })
}

pub(crate) fn transaction_log(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    list::transactions(&exchange.reader(), uid, fields)
}

/// Whether a limit price beyond the bound is moved to it or refused, for all contracts or for spot.
pub(crate) fn set_limit_price_action(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    let category = require_category(fields)?;
    let modify =
        fields.flag("modifyEnable")?.ok_or_else(|| Refusal::parameter("modifyEnable is required"))?;
    exchange.request(uid, &Request::SetLimitPriceAction { category, modify })?;
    exchange.note_price_action(uid, category, modify);
    Ok(Accepted::empty())
}

/// Code of a margin mode that is on already. Clients ask for theirs at each start, and that is no mistake.
const MODE_NOT_MODIFIED: i64 = 110026;

/// Cross or isolated margin, for the whole account. A refusal says why in `result.reasons`.
pub(crate) fn set_margin_mode(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    let wanted = fields.required("setMarginMode")?;
    let outcome = match (MarginMode::parse(&wanted), wanted.as_str()) {
        (Some(mode), _) => exchange.request(uid, &Request::SetMarginMode(mode)),
        // Not offered here: the reason is the one that the documentation's example gives.
        (None, "PORTFOLIO_MARGIN") => {
            Err(Refusal::new(3400000, "Equity needs to be equal to or greater than 1000 USDC"))
        }
        (None, _) => return Err(Refusal::parameter("setMarginMode is invalid")),
    };
    match outcome {
        Ok(_) | Err(Refusal { code: MODE_NOT_MODIFIED, .. }) => Ok(Accepted::new(json!({"reasons": []}))),
        Err(refusal) => {
            let reason = json!({"reasonCode": refusal.code.to_string(), "reasonMsg": refusal.message});
            let failed = Refusal::new(3400045, "Set margin mode failed");
            Err(Refusal { result: json!({"reasons": [reason]}), ..failed })
        }
    }
}
