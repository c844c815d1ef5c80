//! Requests and frames with bytes changed at random, straight into the exchange: each gets exactly one answer, and
//! nothing panics. The changes are made blindly, a few to a well-formed sample: no coverage leads them.

use std::net::{IpAddr, Ipv4Addr};

use hmac::{Hmac, KeyInit, Mac};
use hyper::Method;
use proptest::prelude::*;
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::{mpsc, oneshot, watch};
use windvane_venue_core::Category;

use super::Exchange;
use super::hub::Session;
use super::moment::Moment;
use crate::config::{ManualConfig, MarketConfig, RelayConfig, Stream, VenueConfig};
use crate::mutated::{mutated, often};
use crate::server::auth::{Caller, SignedHeaders};
use crate::server::{Inbound, RestAnswer, RestCall, RestOutcome, SocketKind, ToClient};

pub(super) const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Bodies of every kind of request, well formed.
const BODIES: [(&str, &str); 15] = [
    (
        "/v5/order/create",
        r#"{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.010","price":"59000","timeInForce":"GTC","stopLoss":"50000","slTriggerBy":"MarkPrice","orderLinkId":"a-1"}"#,
    ),
    (
        "/v5/order/create",
        r#"{"category":"linear","symbol":"BTCUSDT","side":"Sell","orderType":"Market","qty":"0.01","triggerPrice":"61000","triggerDirection":1,"triggerBy":"LastPrice","reduceOnly":true}"#,
    ),
    (
        "/v5/order/amend",
        r#"{"category":"linear","symbol":"BTCUSDT","orderLinkId":"a-1","qty":"0.02","price":"58000"}"#,
    ),
    ("/v5/order/cancel", r#"{"category":"linear","symbol":"BTCUSDT","orderLinkId":"a-1"}"#),
    ("/v5/order/cancel-all", r#"{"category":"linear","settleCoin":"USDT","orderFilter":"StopOrder"}"#),
    (
        "/v5/order/create-batch",
        r#"{"category":"linear","request":[{"symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.010","price":"59000"},{"symbol":"ETHUSDT"}]}"#,
    ),
    (
        "/v5/position/set-leverage",
        r#"{"category":"linear","symbol":"BTCUSDT","buyLeverage":"5","sellLeverage":"5"}"#,
    ),
    (
        "/v5/position/trading-stop",
        r#"{"category":"linear","symbol":"BTCUSDT","tpslMode":"Full","stopLoss":"50000","trailingStop":"100","positionIdx":0}"#,
    ),
    (
        "/v5/order/create",
        r#"{"category":"spot","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.01","price":"60000.1","timeInForce":"GTC","takeProfit":"61000","stopLoss":"59000","tpOrderType":"Limit","tpLimitPrice":"61050","orderLinkId":"s-1"}"#,
    ),
    (
        "/v5/order/create",
        r#"{"category":"spot","symbol":"BTCUSDT","side":"Sell","orderType":"Market","qty":"0.01","marketUnit":"baseCoin","triggerPrice":"59000","orderFilter":"tpslOrder"}"#,
    ),
    (
        "/v5/order/create",
        r#"{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.01","bboSideType":"Queue","bboLevel":"1","tpslMode":"Partial","takeProfit":"61000","tpOrderType":"Limit","tpLimitPrice":"60990","smpType":"CancelBoth"}"#,
    ),
    (
        "/v5/order/amend",
        r#"{"category":"spot","symbol":"BTCUSDT","orderLinkId":"s-1","takeProfit":"62000","tpLimitPrice":"62050","slTriggerBy":"LastPrice"}"#,
    ),
    (
        "/v5/order/cancel-all",
        r#"{"category":"spot","baseCoin":"BTC","orderFilter":"BidirectionalTpslOrder"}"#,
    ),
    (
        "/v5/position/trading-stop",
        r#"{"category":"linear","symbol":"BTCUSDT","tpslMode":"Partial","takeProfit":"61000","stopLoss":"59000","tpSize":"0.01","slSize":"0.01","activePrice":"60500","positionIdx":0}"#,
    ),
    (
        "/v5/user/update-api",
        r#"{"readOnly":0,"permissions":{"ContractTrade":["Order","Position"],"Spot":["SpotTrade"]}}"#,
    ),
];
/// Queries of every kind of listing, well formed.
const QUERIES: [(&str, &str); 13] = [
    ("/v5/order/realtime", "category=linear&symbol=BTCUSDT&openOnly=1&limit=5&cursor=after%3Aabc"),
    ("/v5/order/history", "category=linear&startTime=1700000000000&endTime=1700000001000&orderStatus=Filled"),
    ("/v5/execution/list", "category=linear&settleCoin=USDT&execType=Trade&limit=100"),
    ("/v5/position/list", "category=linear&settleCoin=USDT"),
    ("/v5/account/transaction-log", "accountType=UNIFIED&category=linear&currency=USDT&type=TRADE"),
    (
        "/v5/asset/settlement-record",
        "category=linear&symbol=BTCPERP&startTime=1700000000000&endTime=1700000001000&limit=9",
    ),
    ("/v5/market/kline", "category=linear&symbol=BTCUSDT&interval=60&start=1&end=1700000000000&limit=1000"),
    ("/v5/market/instruments-info", "category=linear&limit=2&cursor=after%253ABTCUSDT&baseCoin=BTC"),
    (
        "/v5/market/open-interest",
        "category=linear&symbol=BTCUSDT&intervalTime=1h&startTime=-5&limit=200&cursor=after%3A0",
    ),
    ("/v5/market/premium-index-price-kline", "category=linear&symbol=BTCUSDT&interval=D&start=1&limit=1000"),
    ("/v5/announcements/index", "locale=en-US&type=delistings&tag=Spot&page=2&limit=20"),
    ("/v5/market/adlAlert", "symbol=BTCUSDT"),
    ("/v5/market/funding/history", "category=linear&symbol=BTCUSDT&startTime=0&endTime=9"),
];
/// Frames of a relayed stream.
const RELAYED: [&str; 4] = [
    r#"{"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":1,"data":{"s":"BTCUSDT","b":[["59999.9","1"],["59990","2"]],"a":[["60000","1"]],"u":2,"seq":1},"cts":1}"#,
    r#"{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":2,"data":{"s":"BTCUSDT","b":[["59999.9","0"]],"a":[["60001","0.5"]],"u":3,"seq":2},"cts":2}"#,
    r#"{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":3,"data":[{"T":3,"s":"BTCUSDT","S":"Sell","v":"0.2","p":"60000","L":"ZeroPlusTick","i":"a","BT":false}]}"#,
    r#"{"topic":"tickers.BTCUSDT","type":"delta","ts":4,"data":{"symbol":"BTCUSDT","markPrice":"60001","indexPrice":"60000","fundingRate":"0.0001","nextFundingTime":"28800000"},"cs":1}"#,
];
/// Frames of clients. `NOW` stands for the time at which one is sent: with any other it would get no further than the check
/// of its window.
const FRAMES: [&str; 10] = [
    r#"{"op":"auth","req_id":"1","args":["paper-key",4102444800000,"00"]}"#,
    r#"{"op":"subscribe","req_id":"1","args":["orderbook.50.BTCUSDT","kline.1.BTCUSDT","tickers.BTCUSDT"]}"#,
    r#"{"op":"unsubscribe","args":["order","execution.fast","wallet"]}"#,
    r#"{"op":"ping","req_id":7}"#,
    r#"{"op":"subscribe","req_id":"2","args":["order","execution.fast","position.linear","wallet","dcp.future"]}"#,
    r#"{"reqId":"9","op":"order.create","header":{"X-BAPI-TIMESTAMP":"NOW"},"args":[{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.010","price":"59000","orderLinkId":"a-1","takeProfit":"61000"}]}"#,
    r#"{"op":"order.amend","header":{"X-BAPI-TIMESTAMP":"NOW","X-BAPI-RECV-WINDOW":"9000"},"args":[{"category":"linear","symbol":"BTCUSDT","orderLinkId":"a-1","qty":"0.02"}]}"#,
    r#"{"op":"order.create-batch","header":{"X-BAPI-TIMESTAMP":"NOW"},"args":[{"category":"linear","request":[{"symbol":"BTCUSDT","side":"Sell","orderType":"Market","qty":"0.010"},{"symbol":"ETHUSDT"}]}]}"#,
    r#"{"op":"order.cancel","header":{"X-BAPI-TIMESTAMP":"NOW"},"args":[{"category":"linear","symbol":"BTCUSDT","orderLinkId":"a-1"}]}"#,
    r#"{"op":"order.cancel-batch","header":{"X-BAPI-TIMESTAMP":"NOW"},"args":[{"category":"linear","request":[{"symbol":"BTCUSDT","orderLinkId":"a-1"},{"orderId":"x"}]}]}"#,
];
const CONTROLS: [(&str, &str); 8] = [
    (
        "/sim/fault",
        r#"{"kind":"delay","match":{"uid":1001,"topic":"order"},"count":2,"ms":50,"probability":0.5,"seed":3}"#,
    ),
    ("/sim/price", r#"{"symbol":"BTCUSDT","bid":"60000","ask":"60000.1","last":"60000","mark":"60000"}"#),
    ("/sim/book", r#"{"symbol":"BTCUSDT","bids":[["59999","1"]],"asks":[["60001","2"]]}"#),
    ("/sim/trade", r#"{"symbol":"BTCUSDT","side":"Buy","price":"60001","qty":"0.5"}"#),
    ("/sim/event", r#"{"kind":"funding","category":"linear","symbol":"BTCUSDT","rate":"0.0001"}"#),
    (
        "/sim/order",
        r#"{"uid":1001,"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Market","qty":"0.01"}"#,
    ),
    ("/sim/account", r#"{"uid":1001,"coin":"USDT","delta":"-25.5"}"#),
    ("/sim/clock", r#"{"run":true}"#),
];

/// Key, timestamp, window and signature, as a client's headers have them.
const HEADERS: [&str; 2] = [
    "paper-key\n1772323200000\n5000\nde12fd96d9a34b1f0262097ca5edafb46431a844c45a551f791b57399d911e8e",
    "paper-key\n1772323200000\n5000\nq1u6bnZ3d2V0dGVyIHNpZ25hdHVyZSBvZiBub2JvZHk=",
];

fn exchange() -> Exchange {
    let mut config = VenueConfig::paper(MarketConfig::Manual(ManualConfig {}));
    config.rate_limits = false;
    config.spot = vec!["BTCUSDT".into()];
    let mut exchange = Exchange::new(&config, watch::channel(false).0, Moment::now())
        .expect("a manual market is always there");
    let (path, body) = CONTROLS[1];
    exchange.rest(&call(Moment::now().wall_ms, Method::POST, path, "", body.as_bytes()));
    let of_pair = body.replacen('{', r#"{"category":"spot","index":"60000","#, 1);
    exchange.rest(&call(Moment::now().wall_ms, Method::POST, path, "", of_pair.as_bytes()));
    exchange
}

/// A request of the paper account, signed at a time of the wall clock.
pub(super) fn call(wall_ms: i64, method: Method, path: &str, query: &str, body: &[u8]) -> RestCall {
    let timestamp = wall_ms.to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"paper-secret").expect("any length will do");
    mac.update(format!("{timestamp}paper-key5000").as_bytes());
    mac.update(if method == Method::GET { query.as_bytes() } else { body });
    let signature = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    RestCall {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers: SignedHeaders {
            api_key: Some("paper-key".to_owned()),
            timestamp: Some(timestamp),
            recv_window: Some("5000".to_owned()),
            signature: Some(signature),
        },
        body: hyper::body::Bytes::copy_from_slice(body),
        peer: HOME,
    }
}

fn is_enveloped(answer: &RestAnswer) -> bool {
    let RestOutcome::Reply { body, .. } = &answer.outcome else { return false };
    serde_json::from_str::<Value>(body)
        .is_ok_and(|body| body["retCode"].is_i64() && body["result"].is_object())
}

/// An exchange with a public socket (1), and a private one (2) and one for orders (3) that the paper account is signed in on.
struct Sockets {
    exchange: Exchange,
    queues: Vec<(mpsc::Receiver<ToClient>, oneshot::Receiver<()>)>,
}

fn sockets() -> Sockets {
    let mut exchange = exchange();
    let mut queues = Vec::new();
    for (id, kind) in
        [(1, SocketKind::Public(Category::Linear)), (2, SocketKind::Private), (3, SocketKind::Trade)]
    {
        let (queue, frames) = mpsc::channel::<ToClient>(1_024);
        let (hang_up, cut) = oneshot::channel();
        let mut session = Session::new(kind, HOME, queue, hang_up);
        session.caller = (id > 1).then(|| Caller { uid: 1001, key: "paper-key".into() });
        exchange.hub.open(id, session);
        queues.push((frames, cut));
    }
    Sockets { exchange, queues }
}

impl Sockets {
    /// What a socket is told because of a frame of its own.
    fn heard(&mut self, id: u64, text: &str) -> Vec<Value> {
        self.exchange.handle(Moment::now(), Inbound::Frame { id, text: text.into() });
        let told = self.queues.iter_mut().map(|(frames, _)| {
            let frames = std::iter::from_fn(|| match frames.try_recv().ok()? {
                ToClient::Frame(frame) => Some(frame),
                ToClient::Silence(_) => None,
            });
            frames.map(|frame| serde_json::from_str(&frame).expect("a frame is JSON")).collect()
        });
        told.collect::<Vec<Vec<Value>>>().swap_remove(usize::try_from(id).expect("three sockets") - 1)
    }
}

/// Whether a frame answers a request, and is not told on a topic.
fn is_reply(frame: &Value) -> bool {
    frame.get("op").is_some() && frame.get("topic").is_none()
}

/// The order frames are whole as they stand: a target that none of its samples reaches would prove nothing.
#[test]
fn the_samples_reach_what_they_are_meant_for() {
    let mut sockets = sockets();
    let mut codes = Vec::new();
    for sample in FRAMES {
        let text = sample.replace("NOW", &Moment::now().wall_ms.to_string());
        let id = if text.contains("\"order.") { 3 } else { 2 };
        let frames = sockets.heard(id, &text);
        let reply = frames.into_iter().find(is_reply).expect("one reply");
        codes.push((reply["op"].clone(), reply.get("retCode").or(reply.get("success")).cloned()));
    }
    let trade = codes.iter().filter(|(op, _)| op.as_str().is_some_and(|op| op.starts_with("order.")));
    assert!(trade.clone().all(|(_, code)| *code == Some(0.into())), "{codes:?}");
    assert_eq!(trade.count(), 5);
    assert!(codes.iter().any(|(op, done)| op == "subscribe" && *done == Some(true.into())), "{codes:?}");
    for (path, body) in CONTROLS {
        let answer = sockets.exchange.rest(&call(0, Method::POST, path, "", body.as_bytes()));
        let RestOutcome::Reply { status, body, .. } = answer.outcome else { panic!("an answer") };
        assert_eq!(status, 200, "{path}: {body}");
    }
}

const fn texts<const N: usize>(pairs: &[(&'static str, &'static str); N]) -> [&'static str; N] {
    let mut texts = [""; N];
    let mut at = 0;
    while at < N {
        texts[at] = pairs[at].1;
        at += 1;
    }
    texts
}

static BODY_TEXTS: [&str; BODIES.len()] = texts(&BODIES);
static QUERY_TEXTS: [&str; QUERIES.len()] = texts(&QUERIES);
static CONTROL_TEXTS: [&str; CONTROLS.len()] = texts(&CONTROLS);

proptest! {
    #![proptest_config(often())]

    #[test]
    fn every_request_gets_one_envelope(bodies in prop::collection::vec(mutated(&BODY_TEXTS), 1..24)) {
        let mut exchange = exchange();
        for (sample, body) in bodies {
            let answer = exchange.rest(&call(Moment::now().wall_ms, Method::POST, BODIES[sample].0, "", &body));
            prop_assert!(is_enveloped(&answer), "{:?}", String::from_utf8_lossy(&body));
        }
    }

    #[test]
    fn every_query_gets_one_envelope(queries in prop::collection::vec(mutated(&QUERY_TEXTS), 1..24)) {
        let mut exchange = exchange();
        for (sample, query) in queries {
            // The HTTP layer lets nothing but text through.
            let query = String::from_utf8_lossy(&query);
            let answer = exchange.rest(&call(Moment::now().wall_ms, Method::GET, QUERIES[sample].0, &query, b""));
            prop_assert!(is_enveloped(&answer), "{query}");
        }
    }

    #[test]
    fn no_made_up_header_opens_an_account((_, headers) in mutated(&HEADERS)) {
        let text = String::from_utf8_lossy(&headers);
        let mut lines = text.splitn(4, '\n').map(str::to_owned);
        let mut request = call(0, Method::GET, "/v5/account/info", "", b"");
        request.headers = SignedHeaders {
            api_key: lines.next(),
            timestamp: lines.next(),
            recv_window: lines.next(),
            signature: lines.next(),
        };
        let RestOutcome::Reply { status, body, .. } = exchange().rest(&request).outcome else {
            return Err(TestCaseError::fail("nobody is hung up on for a header"));
        };
        let code = serde_json::from_str::<Value>(&body).map(|body| body["retCode"].clone());
        prop_assert!(status == 401 || code.is_ok_and(|code| code.is_i64() && code != 0), "{status} {body}");
    }

    #[test]
    fn every_control_request_is_carried_out_or_refused(bodies in prop::collection::vec(mutated(&CONTROL_TEXTS), 1..24)) {
        let mut exchange = exchange();
        for (sample, body) in bodies {
            let answer = exchange.rest(&call(Moment::now().wall_ms, Method::POST, CONTROLS[sample].0, "", &body));
            let RestOutcome::Reply { status, .. } = answer.outcome else {
                return Err(TestCaseError::fail("the control surface hangs up on nobody"));
            };
            prop_assert!(status == 200 || status == 400, "{status}");
        }
    }

    #[test]
    fn every_frame_gets_one_reply(frames in prop::collection::vec(mutated(&FRAMES), 1..24)) {
        let mut sockets = sockets();
        for (_, frame) in frames {
            let text = String::from_utf8_lossy(&frame).replace("NOW", &Moment::now().wall_ms.to_string());
            for id in 1..=3 {
                let frames = sockets.heard(id, &text);
                let replies = frames.iter().filter(|frame| is_reply(frame)).count();
                prop_assert_eq!(replies, 1, "socket {}: {} got {:?}", id, text, frames);
            }
        }
    }

    #[test]
    fn no_relayed_frame_ends_the_exchange(frames in prop::collection::vec(mutated(&RELAYED), 1..24)) {
        let relay = MarketConfig::Relay(RelayConfig { url: String::new(), stream: Stream::Linear });
        let mut exchange = Exchange::new(&VenueConfig::paper(relay), watch::channel(false).0, Moment::now())
            .expect("a relay is built before it is connected");
        for (_, frame) in frames {
            let text = String::from_utf8_lossy(&frame).into_owned();
            exchange.handle(Moment::now(), Inbound::Relayed { text: text.into() });
        }
        let book = exchange.core.book(Category::Linear, "BTCUSDT", 1).expect("listed");
        if let (Some(bid), Some(ask)) = (book.bids.first(), book.asks.first()) {
            prop_assert!(bid.0 < ask.0, "{bid:?} {ask:?}");
        }
    }
}
