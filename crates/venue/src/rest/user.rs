//! The calling API key: what it is, narrowing it, deleting it. Source: Bybit V5, "User".

use serde_json::{Value, json};

use crate::config::Right;
use crate::exchange::Exchange;
use crate::server::auth::ApiKey;
use crate::wire::envelope::{Accepted, Answer, Refusal};
use crate::wire::fields::Fields;

/// What `expiredAt` says of a key that never ends, and of one bound to addresses.
const NEVER: &str = "1970-01-01T00:00:00Z";
/// What `deadlineDay` says of such a key.
const NEVER_DAYS: i64 = -2;
const DAY_MS: i64 = 86_400_000;

/// Permission sets by name, and for each right its word there.
const SETS: [&str; 11] = [
    "ContractTrade",
    "Spot",
    "Wallet",
    "Options",
    "Derivatives",
    "CopyTrading",
    "BlockTrade",
    "Exchange",
    "NFT",
    "Affiliate",
    "Earn",
];
/// The set that the reply to a change does not name. Source: Bybit V5, "Modify Master API Key".
const NOT_UPDATED: &str = "Affiliate";
const WORDS: [(Right, &str, &str); 5] = [
    (Right::Order, "ContractTrade", "Order"),
    (Right::Position, "ContractTrade", "Position"),
    (Right::Spot, "Spot", "SpotTrade"),
    (Right::Transfer, "Wallet", "AccountTransfer"),
    (Right::Withdraw, "Wallet", "Withdraw"),
];

pub(crate) fn query_api(exchange: &mut Exchange, key: &str, _: &Fields) -> Answer {
    let now_ms = exchange.real_ms();
    let key = exchange.keys.key(key)?;
    let (expired_at, deadline_day) = match key.expires {
        None => (NEVER.to_owned(), NEVER_DAYS),
        Some(end) => (end.to_string(), (end.as_millisecond() - now_ms).div_euclid(DAY_MS)),
    };
    let mut row = description(key);
    let more = json!({
        "type": 1,
        "deadlineDay": deadline_day,
        "expiredAt": expired_at,
        "createdAt": "2024-01-01T00:00:00Z",
        "unified": 0,
        "uta": 1,
        "userID": key.uid,
        "inviterID": 0,
        "vipLevel": "No VIP",
        "mktMakerLevel": "0",
        "affiliateID": 0,
        "rsaPublicKey": key.rsa_public_key,
        "isMaster": true,
        "parentUid": "0",
        "kycLevel": "LEVEL_DEFAULT",
        "kycRegion": "",
        "userIDInt64": key.uid.to_string(),
        "inviterIDInt64": "0",
        "affiliateIDInt64": "0",
    });
    if let (Value::Object(row), Value::Object(more)) = (&mut row, more) {
        row.extend(more);
    }
    Ok(Accepted::new(row))
}

/// Changes the calling key. Addresses cannot be changed by request, and a right it lacks cannot be had this way here.
pub(crate) fn update_api(exchange: &mut Exchange, key: &str, fields: &Fields) -> Answer {
    if fields.raw("ips").is_some_and(|ips| !ips.is_null()) {
        return Err(Refusal::parameter("ips cannot be changed by API"));
    }
    let read_only = match fields.integer("readOnly")? {
        None => None,
        Some(0) => Some(false),
        Some(1) => Some(true),
        Some(_) => return Err(Refusal::parameter("readOnly must be 0 or 1")),
    };
    let key = exchange.keys.key_mut(key)?;
    if let Some(Value::Object(sets)) = fields.raw("permissions") {
        let asked = |set: &str, word: &str| {
            let words = sets.get(set).and_then(Value::as_array);
            words.is_some_and(|words| words.iter().any(|asked| asked == word))
        };
        let kept = |right: &Right| WORDS.iter().any(|(known, set, word)| known == right && asked(set, word));
        key.rights.retain(kept);
    }
    key.read_only = read_only.unwrap_or(key.read_only);
    let mut row = description(key);
    if let Value::Object(permissions) = &mut row["permissions"] {
        permissions.remove(NOT_UPDATED);
    }
    Ok(Accepted::new(row))
}

/// Deletes the calling key at once; what it had open is cut.
pub(crate) fn delete_api(exchange: &mut Exchange, key: &str, _: &Fields) -> Answer {
    exchange.delete_key(key);
    Ok(Accepted::empty())
}

fn description(key: &ApiKey) -> Value {
    let mut permissions: serde_json::Map<String, Value> =
        SETS.iter().map(|set| ((*set).to_owned(), json!([]))).collect();
    for (_, set, word) in WORDS.iter().filter(|(right, _, _)| key.rights.contains(right)) {
        if let Some(Value::Array(words)) = permissions.get_mut(*set) {
            words.push((*word).into());
        }
    }
    if key.rights.contains(&Right::Order) {
        permissions.insert("Derivatives".to_owned(), json!(["DerivativesTrade"]));
    }
    let ips: Vec<String> = if key.ips.is_empty() {
        vec!["*".to_owned()]
    } else {
        key.ips.iter().map(ToString::to_string).collect()
    };
    json!({
        "id": key.uid.to_string(),
        "note": "",
        "apiKey": &*key.name,
        "readOnly": u8::from(key.read_only),
        "secret": "",
        "permissions": permissions,
        "ips": ips,
    })
}
