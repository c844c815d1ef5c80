//! Order entry: create, amend, cancel, cancel-all and their batches. Source: Bybit V5, "Trade".

use rust_decimal::Decimal;
use serde_json::{Value, json};
use windvane_venue_core::{
    Acknowledgement, AmendOrder, CancelAll, CancelOrder, Category, CreateOrder, OrderIds, OrderKind,
    OrderReference, OrderType, ProtectionPrice, Request, SelfMatchPrevention, Side, TimeInForce, TriggerBy,
    TriggerDirection, TriggerSpec,
};

use super::{Action, require_linear};
use crate::config::CancelAllReply;
use crate::exchange::Exchange;
use crate::wire::envelope::{Accepted, Answer, Refusal};
use crate::wire::fields::Fields;

/// Orders in one batch.
const BATCH_MAX: usize = 20;

pub(crate) fn create(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    require_linear(fields)?;
    if fields.integer("positionIdx")?.unwrap_or(0) != 0 {
        return Err(Refusal::new(10001, "position idx not match position mode"));
    }
    if fields.text("tpslMode").as_deref() == Some("Partial") {
        return Err(Refusal::parameter("tpslMode Partial is not offered here"));
    }
    let order_type = word(fields, "orderType", OrderType::parse)?
        .ok_or_else(|| Refusal::parameter("orderType is required"))?;
    let side = word(fields, "side", Side::parse)?.ok_or_else(|| Refusal::parameter("side is required"))?;
    let qty = fields.decimal("qty")?.ok_or_else(|| Refusal::parameter("qty is required"))?;
    let order = CreateOrder {
        order_type,
        price: fields.decimal("price")?.filter(|price| !price.is_zero()),
        time_in_force: word(fields, "timeInForce", TimeInForce::parse)?.unwrap_or(match order_type {
            OrderType::Market => TimeInForce::Ioc,
            OrderType::Limit | OrderType::Unknown => TimeInForce::Gtc,
        }),
        order_link_id: fields.text("orderLinkId"),
        reduce_only: fields.flag("reduceOnly")?.unwrap_or(false),
        close_on_trigger: fields.flag("closeOnTrigger")?.unwrap_or(false),
        trigger: trigger(fields)?,
        stop_loss: protection(fields, "stopLoss", "slTriggerBy")?,
        take_profit: protection(fields, "takeProfit", "tpTriggerBy")?,
        self_match_prevention: word(fields, "smpType", SelfMatchPrevention::parse)?
            .unwrap_or(SelfMatchPrevention::None),
        ..CreateOrder::market(&fields.required("symbol")?, side, qty)
    };
    ids(exchange.request(uid, &Request::Create(order))?)
}

pub(crate) fn amend(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    require_linear(fields)?;
    let order = AmendOrder {
        qty: fields.decimal("qty")?,
        price: fields.decimal("price")?,
        trigger_price: fields.decimal("triggerPrice")?,
        stop_loss: protection(fields, "stopLoss", "slTriggerBy")?,
        take_profit: protection(fields, "takeProfit", "tpTriggerBy")?,
        ..AmendOrder::of(&fields.required("symbol")?, reference(fields)?)
    };
    ids(exchange.request(uid, &Request::Amend(order))?)
}

pub(crate) fn cancel(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    require_linear(fields)?;
    let order = CancelOrder {
        category: Category::Linear,
        symbol: fields.required("symbol")?,
        order: reference(fields)?,
        kind: None,
    };
    ids(exchange.request(uid, &Request::Cancel(order))?)
}

pub(crate) fn cancel_all(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    require_linear(fields)?;
    let kind = match fields.text("orderFilter").as_deref() {
        None => None,
        Some("OpenOrder") => Some(OrderKind::Order),
        Some(text) => {
            Some(OrderKind::parse(text).ok_or_else(|| Refusal::parameter("orderFilter is invalid"))?)
        }
    };
    let request = CancelAll {
        symbol: fields.text("symbol"),
        base_coin: fields.text("baseCoin"),
        settle_coin: fields.text("settleCoin"),
        kind,
        spare_protection: fields.text("stopOrderType").as_deref() == Some("Stop"),
        ..CancelAll::of(Category::Linear)
    };
    let list: Vec<Value> = match exchange.request(uid, &Request::CancelAll(request))? {
        Acknowledgement::Orders(orders) => orders.iter().map(named).collect(),
        Acknowledgement::Order(order) => vec![named(&order)],
        Acknowledgement::Done => Vec::new(),
    };
    Ok(Accepted::new(match exchange.doubts.cancel_all_reply {
        CancelAllReply::ListAndSuccess => json!({"list": list, "success": "1"}),
        CancelAllReply::List => json!({"list": list}),
        CancelAllReply::Success => json!({"success": "1"}),
    }))
}

/// One kind of order entry for each item of `request`; the items' codes stand in `retExtInfo.list`. The
/// outer code is 0 even when every item failed. Items beyond `granted` are over the rate budget.
pub(crate) fn batch(
    exchange: &mut Exchange,
    uid: u64,
    fields: &Fields,
    granted: usize,
    single: Action,
) -> Answer {
    require_linear(fields)?;
    let items = fields.objects("request")?;
    if items.is_empty() || items.len() > BATCH_MAX {
        return Err(Refusal::parameter(format!("a batch holds 1 to {BATCH_MAX} orders")));
    }
    let (mut rows, mut codes) = (Vec::new(), Vec::new());
    for (index, item) in items.into_iter().enumerate() {
        let item = item.with("category", crate::wire::LINEAR);
        let answer = if index < granted { single(exchange, uid, &item) } else { Err(Refusal::too_many()) };
        let mut row = json!({
            "category": crate::wire::LINEAR,
            "symbol": item.text("symbol").unwrap_or_default(),
            "orderId": "",
            "orderLinkId": item.text("orderLinkId").unwrap_or_default(),
            "createAt": "",
        });
        match answer {
            Ok(accepted) => {
                row["orderId"] = accepted.result["orderId"].clone();
                row["orderLinkId"] = accepted.result["orderLinkId"].clone();
                row["createAt"] = exchange.now_ms().to_string().into();
                codes.push(json!({"code": 0, "msg": "OK"}));
            }
            Err(refusal) => codes.push(json!({"code": refusal.code, "msg": refusal.message})),
        }
        rows.push(row);
    }
    Ok(Accepted { result: json!({"list": rows}), ext_info: json!({"list": codes}) })
}

/// A take-profit or stop-loss price with the price it watches; `LastPrice` unless said. Zero removes.
///
/// # Errors
/// 10001 when the price or the word is invalid.
pub(super) fn protection(fields: &Fields, price: &str, by: &str) -> Result<Option<ProtectionPrice>, Refusal> {
    let by = word(fields, by, TriggerBy::parse)?.unwrap_or(TriggerBy::LastPrice);
    Ok(fields.decimal(price)?.map(|price| ProtectionPrice::market(price, by)))
}

fn trigger(fields: &Fields) -> Result<Option<TriggerSpec>, Refusal> {
    let Some(price) = fields.decimal("triggerPrice")?.filter(|price| *price > Decimal::ZERO) else {
        return Ok(None);
    };
    let direction = fields
        .integer("triggerDirection")?
        .and_then(TriggerDirection::parse)
        .ok_or_else(|| Refusal::parameter("triggerDirection must be 1 or 2"))?;
    let by = word(fields, "triggerBy", TriggerBy::parse)?.unwrap_or(TriggerBy::LastPrice);
    Ok(Some(TriggerSpec { price, direction: Some(direction), by }))
}

fn reference(fields: &Fields) -> Result<OrderReference, Refusal> {
    let reference =
        OrderReference { order_id: fields.text("orderId"), order_link_id: fields.text("orderLinkId") };
    if reference == OrderReference::default() {
        return Err(Refusal::parameter("orderId or orderLinkId is required"));
    }
    Ok(reference)
}

fn word<T>(fields: &Fields, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Refusal> {
    match fields.text(name) {
        None => Ok(None),
        Some(text) => {
            parse(&text).map(Some).ok_or_else(|| Refusal::parameter(format!("{name} is invalid: {text}")))
        }
    }
}

fn ids(acknowledgement: Acknowledgement) -> Answer {
    match acknowledgement {
        Acknowledgement::Order(order) => Ok(Accepted::new(named(&order))),
        Acknowledgement::Orders(_) | Acknowledgement::Done => Ok(Accepted::empty()),
    }
}

fn named(order: &OrderIds) -> Value {
    json!({"orderId": &*order.order_id, "orderLinkId": &*order.order_link_id})
}
