//! Figures that no exchange should send.

use windvane_connector::codec::{Decoded, Spares, decode_private, decode_public};
use windvane_model::{AccountEvent, MarketEvent};

/// Not a number, without end, beyond every digit, with an exponent beyond reason, with more places than are kept.
const WILD: [&str; 12] = [
    "\"NaN\"",
    "\"Infinity\"",
    "\"-Infinity\"",
    "\"inf\"",
    "\"99999999999999999999999999999999999999999999\"",
    "\"-99999999999999999999999999999999999999999999\"",
    "\"1e400\"",
    "1e400",
    "1e308",
    "\"0x10\"",
    "\"1,000\"",
    "[1]",
];

#[test]
fn g08_g09_figures_beyond_all_bounds_are_put_aside_and_the_rest_of_the_stream_is_heard() {
    let spares = Spares::default();
    let public = [
        r#"{"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":9,"data":{"s":"BTCUSDT","b":[[$,"1"]],"a":[],"u":1,"seq":1}}"#,
        r#"{"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":9,"data":{"s":"BTCUSDT","b":[],"a":[["1",$]],"u":1,"seq":1}}"#,
        r#"{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":9,"data":[{"T":9,"s":"BTCUSDT","S":"Buy","v":"1","p":$,"i":"1"}]}"#,
        r#"{"topic":"tickers.BTCUSDT","type":"snapshot","ts":9,"data":{"symbol":"BTCUSDT","lastPrice":$}}"#,
        r#"{"topic":"kline.5.BTCUSDT","type":"snapshot","ts":9,"data":[{"start":300000,"open":"1","high":$,"low":"1","close":"1","volume":"1","confirm":true}]}"#,
    ];
    let private = [
        r#"{"topic":"execution","creationTime":1,"data":[{"category":"linear","symbol":"BTCUSDT","execId":"e","orderId":"o","execType":"Trade","side":"Buy","execPrice":"1","execQty":$,"execFee":"0","execTime":"1","seq":1}]}"#,
        r#"{"topic":"order","creationTime":1,"data":[{"category":"linear","symbol":"BTCUSDT","orderId":"o","side":"Buy","qty":$,"orderStatus":"New","price":"1"}]}"#,
        r#"{"topic":"position","creationTime":1,"data":[{"category":"linear","symbol":"BTCUSDT","positionIdx":0,"side":"Buy","size":$,"entryPrice":"1"}]}"#,
        r#"{"topic":"wallet","creationTime":1,"data":[{"coin":[{"coin":"USDT","walletBalance":$}]}]}"#,
    ];
    for wild in WILD {
        for text in public {
            let mut out: Vec<MarketEvent> = vec![];
            let told = text.replace('$', wild);
            let is_aside = matches!(
                decode_public(&told, &spares, &mut out),
                Decoded::Partial { .. } | Decoded::Unrecognised(_)
            );
            assert!(is_aside && out.is_empty(), "{wild} in {text}: {out:?}");
            assert!(matches!(decode_public(&text.replace('$', "\"1\""), &spares, &mut out), Decoded::Data));
        }
        for text in private {
            let mut out: Vec<AccountEvent> = vec![];
            let told = text.replace('$', wild);
            let is_aside =
                matches!(decode_private(&told, &mut out), Decoded::Partial { .. } | Decoded::Unrecognised(_));
            assert!(is_aside && out.is_empty(), "{wild} in {text}: {out:?}");
            assert!(matches!(decode_private(&text.replace('$', "\"1\""), &mut out), Decoded::Data));
        }
    }
}
