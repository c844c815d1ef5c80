//! What the exchange says of a request that the core took, and the marks that a reply has.

use serde_json::{Map, Value, json};
use windvane_venue_core::{Acknowledgement, OrderIds, PreCheck, Refusal as Refused, Request, Side};

use super::Writer;
use super::envelope::{Accepted, Answer, Refusal};
use crate::config::{CancelAllReply, DoubtsConfig, EmptyMarketCode, MarginRefusal};

/// Codes of an order that the balance cannot bear: the documentation's, and the introductory article's.
const DOCUMENTED_MARGIN_REFUSAL: i32 = 110007;
const ARTICLE_MARGIN_REFUSAL: i64 = 30087;
/// Code of a market order that finds nothing to meet.
const EMPTY_MARKET: i32 = 110118;

/// The result of a request that was taken.
pub(crate) fn accepted(request: &Request, taken: &Acknowledgement, doubts: &DoubtsConfig) -> Accepted {
    if let Request::CancelAll(_) = request {
        let list: Vec<Value> = match taken {
            Acknowledgement::Orders(orders) => orders.iter().map(named).collect(),
            Acknowledgement::Order(order) => vec![named(order)],
            Acknowledgement::Done => Vec::new(),
        };
        return Accepted::new(match doubts.cancel_all_reply {
            CancelAllReply::ListAndSuccess => json!({"list": list, "success": "1"}),
            CancelAllReply::List => json!({"list": list}),
            CancelAllReply::Success => json!({"success": "1"}),
        });
    }
    match taken {
        Acknowledgement::Order(order) => Accepted::new(named(order)),
        Acknowledgement::Orders(_) | Acknowledgement::Done => Accepted::empty(),
    }
}

impl Writer<'_> {
    /// The core's refusal of a request at this market time, in the exchange's codes.
    #[must_use]
    pub fn refusal(&self, now_ms: i64, refusal: Refused, request: &Request) -> Refusal {
        match (refusal.code, request) {
            (DOCUMENTED_MARGIN_REFUSAL, _) if self.doubts.margin_refusal == MarginRefusal::Article => {
                Refusal::new(ARTICLE_MARGIN_REFUSAL, refusal.message)
            }
            (EMPTY_MARKET, Request::Create(order))
                if self.doubts.empty_market_code == EmptyMarketCode::Parameter =>
            {
                let limits = self.core.price_limits(now_ms, order.category, &order.symbol);
                let (highest, lowest) = limits.unwrap_or_default();
                Refusal::new(
                    10001,
                    match order.side {
                        Side::Buy => format!("buy:[{highest}] invalid"),
                        Side::Sell => format!("sell:[{lowest}] invalid"),
                    },
                )
            }
            (code, _) => Refusal::new(code.into(), refusal.message),
        }
    }
}

/// The answer to a question about an order: what it would do to the account's margin rates. A refusal for margin holds the
/// rates in `retExtInfo`.
pub(crate) fn checked(
    (order_id, link_id): (&str, &str),
    outcome: Result<PreCheck, (Option<PreCheck>, Refusal)>,
) -> Answer {
    match outcome {
        Ok(rates) => Ok(Accepted::new(json!({
            "orderId": order_id,
            "orderLinkId": link_id,
            "preImrE4": rates.pre_imr_e4,
            "preMmrE4": rates.pre_mmr_e4,
            "postImrE4": rates.post_imr_e4,
            "postMmrE4": rates.post_mmr_e4,
        }))),
        Err((rates, refusal)) => {
            let mut ext_info = json!({"future_order_id": order_id, "future_order_link_id": link_id});
            if let Some(rates) = rates {
                ext_info["post_imr_e4"] = rates.post_imr_e4.into();
                ext_info["post_mmr_e4"] = rates.post_mmr_e4.into();
            }
            Err(Refusal { ext_info, ..refusal })
        }
    }
}

fn named(order: &OrderIds) -> Value {
    json!({"orderId": &*order.order_id, "orderLinkId": &*order.order_link_id})
}

/// Copies a request's id into its reply, text or number as it came.
pub(crate) fn echo(reply: &mut Value, frame: &Map<String, Value>, name: &str) {
    if let Some(value) = frame.get(name) {
        reply[name] = value.clone();
    }
}

/// The name of a connection in replies: a UUID, as the exchange's are, the same for the same number.
pub(crate) fn connection_name(id: u64) -> String {
    let bits = fastrand::Rng::with_seed(id).u128(..);
    // Version 4 and its variant stand where a UUID has them.
    let bits = bits & !(0xf << 76 | 0b11 << 62) | 0x4 << 76 | 0b10 << 62;
    let text = format!("{bits:032x}");
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_named_by_a_uuid_of_its_own() {
        let name = connection_name(7);
        let parts: Vec<usize> = name.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert!(name[14..].starts_with('4') && "89ab".contains(&name[19..20]), "{name}");
        assert_eq!(connection_name(7), name);
        assert_ne!(connection_name(8), name);
    }
}
