//! What the exchange says of a request that the core took, and the marks that a reply has.

use serde_json::{Map, Value, json};
use windvane_venue_core::{Acknowledgement, OrderIds, Request};

use super::envelope::Accepted;
use crate::config::{CancelAllReply, DoubtsConfig};

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
