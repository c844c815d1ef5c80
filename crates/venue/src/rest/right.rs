//! What a key must be allowed for each endpoint. Source: Bybit V5, the permission notes of the endpoint pages.

use crate::config::Right;
use crate::wire::fields::Fields;

/// The rights of which a key needs one; none for what only looks. `path` is a REST path or an operation of the trade
/// socket.
pub(crate) fn needed(path: &str, fields: &Fields) -> &'static [Right] {
    let is_spot = fields.text("category").as_deref() == Some("spot");
    match path.trim_start_matches("/v5/").replace('.', "/").as_str() {
        "order/realtime"
        | "order/history"
        | "order/spot-borrow-check"
        | "position/list"
        | "position/closed-pnl"
        | "position/symbol-info" => &[],
        path if path.starts_with("order/") && is_spot => &[Right::Spot],
        path if path.starts_with("order/") => &[Right::Order],
        path if path.starts_with("position/") => &[Right::Position],
        path if path.starts_with("account/set-") => &[Right::Order, Right::Position, Right::Spot],
        "user/delete-api" => &[Right::Transfer, Right::Withdraw],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_takes_no_right_and_acting_takes_the_one_of_its_product() {
        for (path, query, rights) in [
            ("/v5/order/realtime", "category=linear", &[] as &[Right]),
            ("/v5/order/create", "category=linear", &[Right::Order]),
            ("order.create", "category=spot", &[Right::Spot]),
            ("order.cancel-batch", "category=linear", &[Right::Order]),
            ("/v5/position/trading-stop", "category=linear", &[Right::Position]),
            ("/v5/user/query-api", "", &[]),
            ("/v5/user/delete-api", "", &[Right::Transfer, Right::Withdraw]),
        ] {
            assert_eq!(needed(path, &Fields::from_query(query)), rights, "{path}");
        }
    }
}
