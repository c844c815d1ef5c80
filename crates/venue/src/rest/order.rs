//! Order entry: create, amend, cancel, cancel-all and their batches. Source: Bybit V5, "Trade".

use serde_json::json;
use windvane_venue_core::{Category, OrderStatus, Request};

use super::Action;
use crate::config::{BatchSize, BatchTriggerDirection};
use crate::exchange::Exchange;
use crate::wire::call;
use crate::wire::envelope::{Accepted, Answer, Refusal};
use crate::wire::fields::Fields;
use crate::wire::reply::accepted;
use crate::wire::request::{self, reference, require_category};

/// Orders in one batch of contracts; of spot, and by the page on rate limits of any.
const BATCH_MAX: usize = 20;
const SPOT_BATCH_MAX: usize = 10;

pub(crate) fn create(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    let order = request::new_order(fields, &exchange.doubts)?;
    exchange.count_order(uid)?;
    act(exchange, uid, &Request::Create(order))
}

/// What an order would do to the account's margin rates.
pub(crate) fn pre_check(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    let now_ms = exchange.now_ms();
    call::pre_check(&mut exchange.core, (&exchange.digits, &exchange.doubts), (uid, now_ms), fields)
}

pub(crate) fn amend(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    act(exchange, uid, &Request::Amend(request::amend(fields)?))
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
    act(exchange, uid, &Request::Cancel(request::cancel(fields)?))
}

pub(crate) fn cancel_all(exchange: &mut Exchange, uid: u64, fields: &Fields) -> Answer {
    match request::cancel_all(fields)? {
        Some(request) => act(exchange, uid, &Request::CancelAll(request)),
        None => Ok(Accepted::new(json!({"list": [], "success": "1"}))),
    }
}

/// Has the core do it, and says what the exchange says of it.
pub(super) fn act(exchange: &mut Exchange, uid: u64, request: &Request) -> Answer {
    let acknowledgement = exchange.request(uid, request)?;
    Ok(accepted(request, &acknowledgement, &exchange.doubts))
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
    Ok(Accepted::new(json!({"list": rows})).with_ext_info(json!({"list": codes})))
}
