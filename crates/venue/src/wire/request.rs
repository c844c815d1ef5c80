//! What a request of an account asks of the core, read from its fields. Source: Bybit V5, "Trade", "Position".

use rust_decimal::Decimal;
use windvane_venue_core::{
    AmendOrder, BookPrice, BookSide, CancelAll, CancelOrder, Category, CreateOrder, MarketUnit, OrderKind,
    OrderReference, OrderType, PositionIdx, ProtectionChange, ProtectionPrice, Request, SelfMatchPrevention,
    SetLeverage, Side, SlippageTolerance, SlippageUnit, TimeInForce, TpslMode, TradingStop, TriggerBy,
    TriggerDirection, TriggerSpec,
};

use super::envelope::Refusal;
use super::fields::Fields;
use crate::config::{DoubtsConfig, LimitTimeInForce};

/// Reads the request that is made at a REST path, of those that place, change and cancel orders, protect a position and set
/// its leverage; `None` for any other path.
///
/// # Errors
/// The refusal of a request that is not well formed.
pub(crate) fn read(path: &str, fields: &Fields, doubts: &DoubtsConfig) -> Result<Option<Request>, Refusal> {
    Ok(Some(match path {
        "/v5/order/create" => Request::Create(new_order(fields, doubts)?),
        "/v5/order/amend" => Request::Amend(amend(fields)?),
        "/v5/order/cancel" => Request::Cancel(cancel(fields)?),
        "/v5/order/cancel-all" => return Ok(cancel_all(fields)?.map(Request::CancelAll)),
        "/v5/position/set-leverage" => Request::SetLeverage(set_leverage(fields)?),
        "/v5/position/trading-stop" => Request::TradingStop(trading_stop(fields)?),
        _ => return Ok(None),
    }))
}

/// The REST path that does the same as an operation of the trade socket (`order.create-batch`); `None` when there is none.
pub(crate) fn path_of(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "order.create" => "/v5/order/create",
        "order.amend" => "/v5/order/amend",
        "order.cancel" => "/v5/order/cancel",
        "order.create-batch" => "/v5/order/create-batch",
        "order.amend-batch" => "/v5/order/amend-batch",
        "order.cancel-batch" => "/v5/order/cancel-batch",
        _ => return None,
    })
}

/// The product group that a request is about, linear when it names none; `None` for options, of which nothing is
/// listed here.
///
/// # Errors
/// 10001 for a category the exchange does not have.
pub(crate) fn category(fields: &Fields) -> Result<Option<Category>, Refusal> {
    match fields.text("category").as_deref() {
        None => Ok(Some(Category::Linear)),
        Some("option") => Ok(None),
        Some(text) => {
            Category::parse(text).map(Some).ok_or_else(|| Refusal::parameter("category is invalid"))
        }
    }
}

/// As [`category`], for requests that must name one that is offered.
///
/// # Errors
/// 10001 without a category, and for options.
pub(crate) fn require_category(fields: &Fields) -> Result<Category, Refusal> {
    fields.required("category")?;
    category(fields)?.ok_or_else(|| Refusal::parameter("category is not offered here"))
}

/// As [`require_category`], for contracts.
///
/// # Errors
/// 10001 for spot, too.
pub(crate) fn require_contract(fields: &Fields) -> Result<Category, Refusal> {
    match require_category(fields)? {
        Category::Spot => Err(Refusal::parameter("category must be linear or inverse")),
        contract => Ok(contract),
    }
}

/// The order that a request describes.
pub(crate) fn new_order(fields: &Fields, doubts: &DoubtsConfig) -> Result<CreateOrder, Refusal> {
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
        time_in_force: time_in_force(fields, category, doubts)?.unwrap_or(match order_type {
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
    fields: &Fields,
    category: Category,
    doubts: &DoubtsConfig,
) -> Result<Option<TimeInForce>, Refusal> {
    if fields.text("timeInForce").as_deref() == Some("RPI") {
        let code = if category == Category::Spot { 170_355 } else { 110_119 };
        return Err(Refusal::new(code, "RPI orders are restricted to approved market makers only"));
    }
    word(fields, "timeInForce", |text| match (text, doubts.limit_time_in_force) {
        ("Limit", LimitTimeInForce::Gtc) => Some(TimeInForce::Gtc),
        _ => TimeInForce::parse(text),
    })
}

/// The change of an order that a request describes.
pub(crate) fn amend(fields: &Fields) -> Result<AmendOrder, Refusal> {
    Ok(AmendOrder {
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
    })
}

/// The cancel of an order that a request describes.
pub(crate) fn cancel(fields: &Fields) -> Result<CancelOrder, Refusal> {
    let category = require_category(fields)?;
    Ok(CancelOrder {
        category,
        symbol: fields.required("symbol")?,
        order: reference(fields)?,
        kind: order_filter(fields, category)?,
    })
}

/// The orders that a request cancels; `None` for a kind that nobody can place by API, there as here.
pub(crate) fn cancel_all(fields: &Fields) -> Result<Option<CancelAll>, Refusal> {
    let category = require_category(fields)?;
    let kind = match fields.text("orderFilter").as_deref() {
        Some("OpenOrder") => Some(OrderKind::Order),
        Some("OcoOrder") if category == Category::Spot => return Ok(None),
        _ => order_filter(fields, category)?,
    };
    Ok(Some(CancelAll {
        category,
        symbol: fields.text("symbol"),
        base_coin: fields.text("baseCoin"),
        settle_coin: fields.text("settleCoin"),
        kind,
        spare_protection: fields.text("stopOrderType").as_deref() == Some("Stop"),
    }))
}

/// The leverage that a request sets.
pub(crate) fn set_leverage(fields: &Fields) -> Result<SetLeverage, Refusal> {
    let leverage = |name: &str| -> Result<Decimal, Refusal> {
        fields.decimal(name)?.ok_or_else(|| Refusal::parameter(format!("{name} is required")))
    };
    Ok(SetLeverage {
        category: require_contract(fields)?,
        symbol: fields.required("symbol")?,
        buy_leverage: leverage("buyLeverage")?,
        sell_leverage: leverage("sellLeverage")?,
    })
}

/// The protection that a request sets.
pub(crate) fn trading_stop(fields: &Fields) -> Result<TradingStop, Refusal> {
    Ok(TradingStop {
        category: require_contract(fields)?,
        symbol: fields.required("symbol")?,
        position_idx: position_idx(fields)?,
        mode: word(fields, "tpslMode", TpslMode::parse)?.unwrap_or(TpslMode::Full),
        stop_loss: protection(fields, Stop::Loss)?,
        take_profit: protection(fields, Stop::Profit)?,
        stop_loss_size: fields.decimal("slSize")?,
        take_profit_size: fields.decimal("tpSize")?,
        trailing_stop: fields.decimal("trailingStop")?,
        active_price: fields.decimal("activePrice")?,
    })
}

/// The two protective stops, by the fields that describe each.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stop {
    Loss,
    Profit,
}

/// A stop-loss or take-profit price with what it watches and what it becomes; `None` when it is not given.
///
/// # Errors
/// 10001 when a price or a word is invalid, or a limit order has no price.
pub(crate) fn protection(fields: &Fields, stop: Stop) -> Result<Option<ProtectionPrice>, Refusal> {
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
pub(crate) fn position_idx(fields: &Fields) -> Result<PositionIdx, Refusal> {
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

pub(crate) fn reference(fields: &Fields) -> Result<OrderReference, Refusal> {
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
pub(crate) fn word<T>(
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
