//! Borrowing, spot margin and the protection of option makers, which this venue does not offer: what asks for them gets the exchange's code for an account that
//! has them switched off, and what only looks sees that nothing is borrowed. Source: Bybit V5, "Account", "Spot Margin Trade".

use rust_decimal::Decimal;
use serde_json::json;
use windvane_venue_core::{Category, Side};

use crate::exchange::Exchange;
use crate::wire::envelope::{Accepted, Answer, Refusal};
use crate::wire::fields::Fields;
use crate::wire::number::amount;
use crate::wire::page::empty_listing;
use crate::wire::request::word;

/// 34022053: to borrow by hand has to be switched on.
pub(super) fn borrow(_: &mut Exchange, _: u64, _: &Fields) -> Answer {
    Err(Refusal::new(34_022_053, "Manual borrowing is not enabled"))
}

/// 34022041: nothing is owed.
pub(super) fn repay(_: &mut Exchange, _: u64, _: &Fields) -> Answer {
    Err(Refusal::new(34_022_041, "There is no borrowed amount to repay"))
}

/// 176008: spot margin is not switched on, and cannot be.
pub(super) fn spot_margin_action(_: &mut Exchange, _: u64, _: &Fields) -> Answer {
    Err(spot_margin_off())
}

/// As [`spot_margin_action`].
pub(super) fn spot_margin_query(_: &Exchange, _: u64, _: &Fields) -> Answer {
    Err(spot_margin_off())
}

/// As [`spot_margin_action`], for what anybody may ask.
pub(super) fn spot_margin_data(_: &Exchange, _: &Fields) -> Answer {
    Err(spot_margin_off())
}

/// 110065: market maker protection is for options, and not switched on.
pub(super) fn market_maker_protection(_: &mut Exchange, _: u64, _: &Fields) -> Answer {
    Err(Refusal::new(110_065, "Mmp is not enabled for your account"))
}

/// 140001: spot hedging is for portfolio margin.
pub(super) fn spot_hedging(_: &mut Exchange, _: u64, _: &Fields) -> Answer {
    Err(Refusal::new(140_001, "Switching failed: spot hedging needs portfolio margin"))
}

fn spot_margin_off() -> Refusal {
    Refusal::new(176_008, "You haven't enabled Cross Margin Trading yet.")
}

/// Spot margin is off, and so has no leverage.
pub(super) fn spot_margin_state(_: &Exchange, _: u64, _: &Fields) -> Answer {
    Ok(Accepted::new(json!({"spotLeverage": "", "spotMarginMode": "0", "effectiveLeverage": ""})))
}

/// Interest on what was borrowed: none.
pub(super) fn borrow_history(_: &Exchange, _: u64, fields: &Fields) -> Answer {
    Ok(empty_listing(fields))
}

/// What could be bought or sold of a pair at its last price: with borrowing no more than without.
pub(super) fn spot_borrow_check(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    let symbol = fields.required("symbol")?;
    let side = word(fields, "side", Side::parse)?.ok_or_else(|| Refusal::parameter("side is required"))?;
    let scales = exchange.scales_of(Category::Spot, &symbol)?;
    let mut pairs = exchange.core.instruments();
    let pair = pairs.find(|pair| pair.category == Category::Spot && *pair.symbol == *symbol);
    let pair = pair.ok_or_else(|| Refusal::parameter("symbol invalid"))?;
    let last = exchange.core.ticker(Category::Spot, &symbol).and_then(|row| row.last_price);
    let last = last.ok_or_else(|| Refusal::parameter("no price yet"))?;
    let wallet = exchange.core.wallet(uid).ok_or_else(|| Refusal::new(10003, "no such account"))?;
    let free = |name: &str| {
        let held = wallet.coin(name).map_or(Decimal::ZERO, |coin| coin.wallet_balance - coin.locked);
        held.max(Decimal::ZERO)
    };
    let (coin, value) = match side {
        Side::Buy => (&pair.quote_coin, free(&pair.quote_coin)),
        Side::Sell => (&pair.base_coin, free(&pair.base_coin) * last),
    };
    let qty = value.checked_div(last).unwrap_or_default();
    let qty = scales.qty(qty - qty.checked_rem(pair.qty_step).unwrap_or_default());
    let value = amount(value);
    Ok(Accepted::new(json!({
        "symbol": symbol,
        "side": side.as_str(),
        "maxTradeQty": qty.clone(),
        "maxTradeAmount": value.clone(),
        "spotMaxTradeQty": qty,
        "spotMaxTradeAmount": value,
        "borrowCoin": coin,
    })))
}
