//! Which coins count as margin, and how much of each. None can be borrowed. Source: Bybit V5, "Get Collateral Info", "Set
//! Collateral Coin", "Get Tiered Collateral Ratio".

use rust_decimal::Decimal;
use serde_json::{Value, json};
use windvane_venue_core::{CollateralTier, Request};

use crate::catalogue;
use crate::exchange::Exchange;
use crate::wire::envelope::{Accepted, Answer, Refusal};
use crate::wire::fields::Fields;
use crate::wire::number::amount;

/// Coins that always count in full.
const DOLLARS: [&str; 2] = ["USDT", "USDC"];
const WHOLE: [CollateralTier; 1] = [CollateralTier { up_to: None, ratio: Decimal::ONE }];

/// The steps of a coin; one that the table does not have counts in full.
fn steps(coin: &str) -> &'static [CollateralTier] {
    let listed = catalogue::collateral().iter().find(|listed| listed.coin == coin);
    listed.map_or(&WHOLE, |listed| &listed.collateral)
}

/// What each coin of an account is worth as margin. `collateralRatio` is that of the first step.
pub(super) fn info(exchange: &Exchange, uid: u64, fields: &Fields) -> Answer {
    let wallet = exchange.core.wallet(uid).ok_or_else(|| Refusal::new(10003, "no such account"))?;
    let asked = fields.text("currency");
    let coins = wallet.coins.iter().filter(|coin| asked.as_deref().is_none_or(|asked| *coin.coin == *asked));
    let rows: Vec<Value> = coins
        .map(|coin| {
            json!({
                "currency": &*coin.coin,
                "hourlyBorrowRate": "0",
                "maxBorrowingAmount": "0",
                "freeBorrowingLimit": "0",
                "freeBorrowingAmount": "",
                "freeBorrowAmount": "0",
                "borrowAmount": amount(coin.borrow_amount),
                "otherBorrowAmount": "0",
                "availableToBorrow": "0",
                "borrowable": false,
                "borrowUsageRate": "0",
                "marginCollateral": true,
                "collateralSwitch": coin.counts_as_margin,
                "collateralRatio": steps(&coin.coin).first().map_or_else(String::new, |step| amount(step.ratio)),
            })
        })
        .collect();
    Ok(Accepted::new(json!({"list": rows})))
}

/// The steps of every coin, or of one. The page shows the outer object as text.
pub(super) fn tiers(_: &Exchange, fields: &Fields) -> Answer {
    let asked = fields.text("currency");
    let named = catalogue::collateral().iter().map(|listed| listed.coin.as_str());
    let coins = DOLLARS.into_iter().chain(named);
    let rows = coins.filter(|coin| asked.as_deref().is_none_or(|asked| *coin == asked)).map(|coin| {
        let mut from = Decimal::ZERO;
        let list: Vec<Value> = steps(coin)
            .iter()
            .map(|step| {
                let row = json!({
                    "minQty": amount(from),
                    "maxQty": step.up_to.map(amount).unwrap_or_default(),
                    "collateralRatio": amount(step.ratio),
                });
                from = step.up_to.unwrap_or(from);
                row
            })
            .collect();
        json!({"currency": coin, "collateralRatioList": list})
    });
    Ok(Accepted::new(json!({"list": rows.collect::<Vec<_>>()})).with_ext_info("{}".into()))
}

/// Lets a coin count as margin, or not.
pub(super) fn set_switch(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    let coin = fields.required("coin")?;
    let counts = match fields.required("collateralSwitch")?.as_str() {
        "ON" => true,
        "OFF" => false,
        _ => return Err(Refusal::parameter("collateralSwitch must be ON or OFF")),
    };
    exchange.request(uid, &Request::SetCollateral { coin, counts })?;
    Ok(Accepted::empty())
}

/// The same for several coins, up to the first that is refused.
pub(super) fn set_switches(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    let mut rows = Vec::new();
    for item in fields.objects("request")? {
        set_switch(exchange, uid, &item)?;
        rows.push(json!({
            "coin": item.text("coin").unwrap_or_default(),
            "collateralSwitch": item.text("collateralSwitch").unwrap_or_default(),
        }));
    }
    Ok(Accepted::new(json!({"list": rows})))
}
