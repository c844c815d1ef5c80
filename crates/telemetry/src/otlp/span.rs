//! An order's life as a span. Source: OpenTelemetry protocol 1.x, "JSON Protobuf Encoding", `trace/v1/trace.proto`.

use super::life::{Ending, Happened, Life};
use serde_json::{Value, json};
use windvane_model::{ClientOrderId, OrderStatus, WallTime};

/// `SPAN_KIND_CLIENT`: somebody else, the venue, carries it out.
const KIND_CLIENT: u8 = 3;
const STATUS_OK: u8 = 1;
const STATUS_ERROR: u8 = 2;
/// Source: Fowler, Noll, Vo, FNV-1a for 64 bits.
const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;

/// One request with `lives`. `sender` is the environment that they were traded in.
pub(super) fn request(lives: &[Life], sender: &str) -> Value {
    json!({ "resourceSpans": [{
        "resource": { "attributes": [
            text("service.name", "windvane"),
            text("service.version", env!("CARGO_PKG_VERSION")),
            text("deployment.environment.name", sender),
        ]},
        "scopeSpans": [{ "scope": { "name": "windvane.orders" }, "spans": lives.iter().map(span).collect::<Vec<_>>() }],
    }]})
}

fn span(life: &Life) -> Value {
    let mut attributes = vec![
        text("windvane.client_order_id", life.id.as_str()),
        text("windvane.bot", &life.bot.to_string()),
        text("windvane.symbol", &life.symbol.to_string()),
        text("windvane.role", life.role.as_str()),
        text("windvane.side", life.side.as_str()),
        text("windvane.qty", &life.qty.to_string()),
    ];
    attributes.extend(life.limit.map(|price| text("windvane.limit_price", &price.to_string())));
    let status = match &life.ending {
        Ending::Open => json!({}),
        Ending::Closed { status, filled } => {
            attributes.push(text("windvane.status", status.as_str()));
            attributes.push(text("windvane.filled_qty", &filled.to_string()));
            json!({ "code": if *status == OrderStatus::Rejected { STATUS_ERROR } else { STATUS_OK } })
        }
        Ending::Refused { code, message } => {
            attributes.push(text("windvane.status", "Refused"));
            attributes.push(json!({ "key": "windvane.code", "value": { "intValue": code.to_string() } }));
            json!({ "code": STATUS_ERROR, "message": message })
        }
    };
    json!({
        "traceId": format!("{:016x}{:016x}", hash(&life.id, 1), hash(&life.id, 2)),
        "spanId": format!("{:016x}", hash(&life.id, 3)),
        "name": format!("order {}", life.role.as_str()),
        "kind": KIND_CLIENT,
        "startTimeUnixNano": nanos(life.sent),
        "endTimeUnixNano": nanos(life.ended),
        "attributes": attributes,
        "events": life.events.iter().map(|(at, what)| event(*at, what)).collect::<Vec<_>>(),
        "status": status,
    })
}

fn event(at: WallTime, what: &Happened) -> Value {
    let (name, attributes) = match what {
        Happened::Working { price } => (
            "working",
            price.map(|price| text("windvane.limit_price", &price.to_string())).into_iter().collect(),
        ),
        Happened::Filled { price, qty, is_maker } => {
            let liquidity = if *is_maker { "maker" } else { "taker" };
            let rows =
                [("price", price.to_string()), ("qty", qty.to_string()), ("liquidity", liquidity.to_owned())];
            ("fill", rows.iter().map(|(key, value)| text(&format!("windvane.{key}"), value)).collect())
        }
        Happened::Unknown { request } => {
            ("outcome unknown", vec![text("windvane.request", request.as_str())])
        }
    };
    let attributes: Vec<Value> = attributes;
    json!({ "timeUnixNano": nanos(at), "name": name, "attributes": attributes })
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// 64-bit integers are text in this encoding.
fn nanos(at: WallTime) -> String {
    at.0.to_string()
}

/// The ids of trace and span follow from the order's id, so that whoever has the one finds the other.
fn hash(id: &ClientOrderId, part: u8) -> u64 {
    let bytes = id.as_str().bytes().chain([part]);
    bytes.fold(FNV_OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME))
}

#[cfg(test)]
mod tests {
    use super::super::life::Lives;
    use super::*;
    use windvane_model::{
        BotName, Notice, OrderKind, PositionIndex, Price, Qty, Role, Side, Submit, Symbol, Triggers,
    };

    fn submit() -> Submit {
        Submit {
            client_order_id: ClientOrderId::new("abcbot0e0000001-000001").unwrap(),
            symbol: Symbol::new("BTCUSDT").unwrap(),
            position_index: PositionIndex::default(),
            role: Role::Entry,
            side: Side::Buy,
            qty: Qty::new(2.into()).unwrap(),
            kind: OrderKind::Market { max_slippage_ticks: None },
            reduce_only: false,
            stop_loss: None,
            take_profit: None,
            triggers: Triggers::default(),
            send_before: None,
        }
    }

    #[test]
    fn a_life_becomes_one_span_with_what_happened_on_its_way() {
        let (mut lives, submit) = (Lives::default(), submit());
        let id = submit.client_order_id;
        lives.begin(BotName::new("trend").unwrap(), &submit, WallTime(1_000));
        let price = Price::new(100.into()).unwrap();
        let filled = Notice::Filled {
            client_order_id: Some(id),
            side: Side::Buy,
            price,
            qty: submit.qty,
            is_maker: false,
        };
        assert_eq!(lives.take(&filled, WallTime(2_000)), None);
        let closed =
            Notice::Closed { client_order_id: id, status: OrderStatus::Filled, cumulative_qty: submit.qty };
        let life = lives.take(&closed, WallTime(3_000)).unwrap();
        assert_eq!(lives.take(&closed, WallTime(4_000)), None, "a life ends once");
        let request = request(&[life], "demo");
        let span = &request["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
        assert_eq!((&span["startTimeUnixNano"], &span["endTimeUnixNano"]), (&json!("1000"), &json!("3000")));
        assert_eq!(span["events"][0]["name"], "fill");
        assert_eq!(span["events"][0]["timeUnixNano"], "2000");
        assert_eq!(span["status"]["code"], STATUS_OK);
        let ids = [("traceId", 32), ("spanId", 16)].map(|(key, length)| {
            let id = span[key].as_str().unwrap_or_default();
            id.len() == length && id.bytes().any(|byte| byte != b'0')
        });
        assert_eq!(ids, [true; 2], "{span}");
        assert!(span["attributes"].as_array().unwrap().contains(&text("windvane.bot", "trend")), "{span}");
    }
}
