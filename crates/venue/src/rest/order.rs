//! Order entry: create, amend, cancel, cancel-all and their batches. Source: Bybit V5, "Trade".

use rust_decimal::Decimal;
use serde_json::{Value, json};
use windvane_venue_core::{
    Acknowledgement, AmendOrder, BookPrice, BookSide, CancelAll, CancelOrder, Category, CreateOrder,
    MarketUnit, OrderIds, OrderKind, OrderReference, OrderStatus, OrderType, PositionIdx, ProtectionChange,
    ProtectionPrice, Request, SelfMatchPrevention, Side, SlippageTolerance, SlippageUnit, TimeInForce,
    TpslMode, TriggerBy, TriggerDirection, TriggerSpec,
};

use super::{Action, require_category};
use crate::config::{BatchSize, BatchTriggerDirection, CancelAllReply, LimitTimeInForce};
use crate::exchange::Exchange;
use crate::wire::envelope::{Accepted, Answer, Refusal};
use crate::wire::fields::Fields;

/// Orders in one batch of contracts; of spot, and by the page on rate limits of any.
const BATCH_MAX: usize = 20;
const SPOT_BATCH_MAX: usize = 10;

pub(crate) fn create(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    let order = new_order(exchange, fields)?;
    exchange.count_order(uid)?;
    ids(exchange.request(uid, &Request::Create(order))?)
}

/// What an order would do to the account's margin rates. A refusal for margin holds the rates in `retExtInfo`.
pub(crate) fn pre_check(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    let order = new_order(exchange, fields)?;
    let link_id = order.order_link_id.clone().unwrap_or_default();
    let order_id = exchange.core.name_pre_check();
    match exchange.core.pre_check(uid, &order) {
        Ok(rates) => Ok(Accepted::new(json!({
            "orderId": &*order_id,
            "orderLinkId": link_id,
            "preImrE4": rates.pre_imr_e4,
            "preMmrE4": rates.pre_mmr_e4,
            "postImrE4": rates.post_imr_e4,
            "postMmrE4": rates.post_mmr_e4,
        }))),
        Err(refused) => {
            let mut ext_info = json!({"future_order_id": &*order_id, "future_order_link_id": link_id});
            if let Some(rates) = refused.rates {
                ext_info["post_imr_e4"] = rates.post_imr_e4.into();
                ext_info["post_mmr_e4"] = rates.post_mmr_e4.into();
            }
            Err(Refusal { ext_info, ..exchange.refusal(refused.refusal, Some(&order)) })
        }
    }
}

/// The order that a request describes.
fn new_order(exchange: &Exchange, fields: &Fields) -> Result<CreateOrder, Refusal> {
    let order_type = word(fields, "orderType", OrderType::parse)?
        .ok_or_else(|| Refusal::parameter("orderType is required"))?;
    let category = require_category(fields)?;
    let kind = order_filter(fields, category)?.filter(|kind| *kind != OrderKind::Order);
    Ok(CreateOrder {
        category,
        symbol: fields.required("symbol")?,
        side: word(fields, "side", Side::parse)?.ok_or_else(|| Refusal::parameter("side is required"))?,
        order_type,
        qty: fields.decimal("qty")?.ok_or_else(|| Refusal::parameter("qty is required"))?,
        price: fields.decimal("price")?.filter(|price| !price.is_zero()),
        book_price: book_price(fields)?,
        time_in_force: time_in_force(exchange, fields, category)?.unwrap_or(match order_type {
            OrderType::Market => TimeInForce::Ioc,
            OrderType::Limit | OrderType::Unknown => TimeInForce::Gtc,
        }),
        order_link_id: fields.text("orderLinkId"),
        position_idx: position_idx(fields)?,
        reduce_only: fields.flag("reduceOnly")?.unwrap_or(false),
        close_on_trigger: fields.flag("closeOnTrigger")?.unwrap_or(false),
        trigger: trigger(fields)?,
        kind,
        market_unit: word(fields, "marketUnit", MarketUnit::parse)?,
        is_leverage: fields.integer("isLeverage")? == Some(1),
        tpsl_mode: word(fields, "tpslMode", TpslMode::parse)?,
        stop_loss: protection(fields, Stop::Loss)?,
        take_profit: protection(fields, Stop::Profit)?,
        slippage: slippage(fields)?,
        self_match_prevention: word(fields, "smpType", SelfMatchPrevention::parse)?
            .unwrap_or(SelfMatchPrevention::None),
    })
}

/// The kind of order that `orderFilter` names, which spot has a code of its own for.
fn order_filter(fields: &Fields, category: Category) -> Result<Option<OrderKind>, Refusal> {
    let Some(text) = fields.text("orderFilter") else { return Ok(None) };
    OrderKind::parse(&text).map(Some).ok_or_else(|| match category {
        Category::Spot => Refusal::new(170_201, "Invalid orderFilter parameter"),
        Category::Linear | Category::Inverse => Refusal::parameter("orderFilter is invalid"),
    })
}

/// The place in the book that an order takes its price from.
fn book_price(fields: &Fields) -> Result<Option<BookPrice>, Refusal> {
    let Some(side) = word(fields, "bboSideType", BookSide::parse)? else { return Ok(None) };
    let level = fields.integer("bboLevel")?.and_then(|level| usize::try_from(level).ok());
    let level = level.ok_or_else(|| Refusal::parameter("bboLevel must be 1 to 5"))?;
    Ok(Some(BookPrice { side, level }))
}

fn time_in_force(
    exchange: &Exchange,
    fields: &Fields,
    category: Category,
) -> Result<Option<TimeInForce>, Refusal> {
    if fields.text("timeInForce").as_deref() == Some("RPI") {
        let code = if category == Category::Spot { 170_355 } else { 110_119 };
        return Err(Refusal::new(code, "RPI orders are restricted to approved market makers only"));
    }
    word(fields, "timeInForce", |text| match (text, exchange.doubts.limit_time_in_force) {
        ("Limit", LimitTimeInForce::Gtc) => Some(TimeInForce::Gtc),
        _ => TimeInForce::parse(text),
    })
}

pub(crate) fn amend(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    let order = AmendOrder {
        category: require_category(fields)?,
        symbol: fields.required("symbol")?,
        order: reference(fields)?,
        qty: fields.decimal("qty")?,
        price: fields.decimal("price")?,
        trigger_price: fields.decimal("triggerPrice")?,
        trigger_by: word(fields, "triggerBy", TriggerBy::parse)?,
        stop_loss: protection_change(fields, Stop::Loss)?,
        take_profit: protection_change(fields, Stop::Profit)?,
        tpsl_mode: word(fields, "tpslMode", TpslMode::parse)?,
    };
    ids(exchange.request(uid, &Request::Amend(order))?)
}

/// As [`amend`], in a batch: of orders that do not wait for a trigger. Source: Bybit V5, "Batch Amend Order".
fn amend_in_batch(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    let waits = exchange
        .core
        .order(uid, &reference(fields)?)
        .is_some_and(|order| order.order_status == OrderStatus::Untriggered);
    if waits {
        let code = if fields.text("category").as_deref() == Some("spot") { 170_312 } else { 10001 };
        return Err(Refusal::new(code, "conditional orders are not supported in amend-batch"));
    }
    amend(exchange, uid, fields)
}

pub(crate) fn cancel(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    let category = require_category(fields)?;
    let order = CancelOrder {
        category,
        symbol: fields.required("symbol")?,
        order: reference(fields)?,
        kind: order_filter(fields, category)?,
    };
    ids(exchange.request(uid, &Request::Cancel(order))?)
}

pub(crate) fn cancel_all(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    let category = require_category(fields)?;
    let kind = match fields.text("orderFilter").as_deref() {
        Some("OpenOrder") => Some(OrderKind::Order),
        // Nobody can place one by API, there as here.
        Some("OcoOrder") if category == Category::Spot => {
            return Ok(Accepted::new(json!({"list": [], "success": "1"})));
        }
        _ => order_filter(fields, category)?,
    };
    let request = CancelAll {
        category,
        symbol: fields.text("symbol"),
        base_coin: fields.text("baseCoin"),
        settle_coin: fields.text("settleCoin"),
        kind,
        spare_protection: fields.text("stopOrderType").as_deref() == Some("Stop"),
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

/// What a batch does with each of its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Batch {
    Create,
    Amend,
    Cancel,
}

impl Batch {
    fn action(self) -> Action {
        match self {
            Self::Create => create,
            Self::Amend => amend_in_batch,
            Self::Cancel => cancel,
        }
    }
}

/// One kind of order entry for each item of `request`; the items' codes stand in `retExtInfo.list`. The
/// outer code is 0 even when every item failed. Items beyond `granted` are over the rate budget.
pub(crate) fn batch(
    exchange: &mut Exchange,
    uid: u64,
    fields: &Fields,
    granted: usize,
    batch: Batch,
) -> Answer {
    let category = require_category(fields)?;
    let items = fields.objects("request")?;
    let most = match (category, exchange.doubts.batch_size) {
        (Category::Spot, _) | (_, BatchSize::RateLimit) => SPOT_BATCH_MAX,
        (Category::Linear | Category::Inverse, BatchSize::Endpoint) => BATCH_MAX,
    };
    let linear_only = exchange.doubts.batch_trigger_direction == BatchTriggerDirection::LinearOnly;
    if items.is_empty() || items.len() > most {
        return Err(Refusal::parameter(format!("a batch holds 1 to {most} orders")));
    }
    let (mut rows, mut codes) = (Vec::new(), Vec::new());
    for (index, item) in items.into_iter().enumerate() {
        let item = item.with("category", category.as_str());
        let is_undirected =
            linear_only && category == Category::Inverse && item.text("triggerDirection").is_some();
        let answer = if index >= granted {
            Err(Refusal::too_many())
        } else if is_undirected {
            Err(Refusal::parameter("triggerDirection is for linear contracts"))
        } else {
            batch.action()(exchange, uid, &item)
        };
        let mut row = json!({
            "category": category.as_str(),
            "symbol": item.text("symbol").unwrap_or_default(),
            "orderId": "",
            "orderLinkId": item.text("orderLinkId").unwrap_or_default(),
        });
        if batch == Batch::Create {
            row["createAt"] = "".into();
        }
        match answer {
            Ok(accepted) => {
                row["orderId"] = accepted.result["orderId"].clone();
                row["orderLinkId"] = accepted.result["orderLinkId"].clone();
                if batch == Batch::Create {
                    row["createAt"] = exchange.now_ms().to_string().into();
                }
                codes.push(json!({"code": 0, "msg": "OK"}));
            }
            Err(refusal) => {
                exchange.count_refusal(uid, refusal.code);
                codes.push(json!({"code": refusal.code, "msg": refusal.message}));
            }
        }
        rows.push(row);
    }
    Ok(Accepted { result: json!({"list": rows}), ext_info: json!({"list": codes}) })
}

/// The two protective stops, by the fields that describe each.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stop {
    Loss,
    Profit,
}

/// A stop-loss or take-profit price with what it watches and what it becomes; `None` when it is not given.
///
/// # Errors
/// 10001 when a price or a word is invalid, or a limit order has no price.
pub(super) fn protection(fields: &Fields, stop: Stop) -> Result<Option<ProtectionPrice>, Refusal> {
    let [price, by, order_type, limit] = match stop {
        Stop::Loss => ["stopLoss", "slTriggerBy", "slOrderType", "slLimitPrice"],
        Stop::Profit => ["takeProfit", "tpTriggerBy", "tpOrderType", "tpLimitPrice"],
    };
    let by = word(fields, by, TriggerBy::parse)?.unwrap_or(TriggerBy::LastPrice);
    let limit_price = match word(fields, order_type, OrderType::parse)? {
        Some(OrderType::Limit) => match fields.decimal(limit)? {
            None => return Err(Refusal::parameter(format!("{limit} is required"))),
            price => price,
        },
        _ => None,
    };
    Ok(fields.decimal(price)?.map(|price| ProtectionPrice { price, by, limit_price }))
}

/// What an amend changes of an attached stop.
fn protection_change(fields: &Fields, stop: Stop) -> Result<ProtectionChange, Refusal> {
    let [price, by, limit] = match stop {
        Stop::Loss => ["stopLoss", "slTriggerBy", "slLimitPrice"],
        Stop::Profit => ["takeProfit", "tpTriggerBy", "tpLimitPrice"],
    };
    Ok(ProtectionChange {
        price: fields.decimal(price)?,
        by: word(fields, by, TriggerBy::parse)?,
        limit_price: fields.decimal(limit)?.filter(|price| !price.is_zero()),
    })
}

/// Which position a request is about: 0 (or absent), 1 or 2.
///
/// # Errors
/// 10001 for any other number.
pub(super) fn position_idx(fields: &Fields) -> Result<PositionIdx, Refusal> {
    let number = fields.integer("positionIdx")?.unwrap_or(0);
    PositionIdx::parse(number).ok_or_else(|| Refusal::new(10001, "position idx not match position mode"))
}

fn slippage(fields: &Fields) -> Result<Option<SlippageTolerance>, Refusal> {
    let Some(unit) = word(fields, "slippageToleranceType", SlippageUnit::parse)? else { return Ok(None) };
    let value = fields.decimal("slippageTolerance")?;
    let value = value.ok_or_else(|| Refusal::parameter("slippageTolerance is required"))?;
    Ok(Some(SlippageTolerance { unit, value }))
}

fn trigger(fields: &Fields) -> Result<Option<TriggerSpec>, Refusal> {
    let Some(price) = fields.decimal("triggerPrice")?.filter(|price| *price > Decimal::ZERO) else {
        return Ok(None);
    };
    let direction = match fields.integer("triggerDirection")? {
        // Spot needs none: it is whichever way the price lies.
        None | Some(0) if fields.text("category").as_deref() == Some("spot") => None,
        number => {
            let direction = number.and_then(TriggerDirection::parse);
            Some(direction.ok_or_else(|| Refusal::parameter("triggerDirection must be 1 or 2"))?)
        }
    };
    let by = word(fields, "triggerBy", TriggerBy::parse)?.unwrap_or(TriggerBy::LastPrice);
    Ok(Some(TriggerSpec { price, direction, by }))
}

fn reference(fields: &Fields) -> Result<OrderReference, Refusal> {
    let reference =
        OrderReference { order_id: fields.text("orderId"), order_link_id: fields.text("orderLinkId") };
    if reference == OrderReference::default() {
        return Err(Refusal::parameter("orderId or orderLinkId is required"));
    }
    Ok(reference)
}

/// A field with a word from a list; `None` when it is absent.
///
/// # Errors
/// 10001 for a word that is not in the list.
pub(super) fn word<T>(
    fields: &Fields,
    name: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Refusal> {
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
