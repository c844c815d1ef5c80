//! API keys: what each may do, from where, until when, and how it ends.

use serde_json::{Value, json};
use windvane_venue::{Embedded, KeyConfig, ManualConfig, MarketConfig, Right, VenueConfig};

use crate::client::{Client, hmac_hex, wall_ms};
use crate::{buy, manual_with};

/// Both forms of one public key whose private half was thrown away after the two signatures below were made.
const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAt0kuwkHvMnlCRo/2XU0L\n\
    fi9K526YbukWzsuUCdpiwwg/IozY198u7DepMGUbS0uTmkhsHO/6Afovujn4drTS\n\
    ee0leeDzYFxzFu4syP2r4JsEgtbIqXkmE+3hUmNAFaptsORvuteV/IZbjac5DKN9\n\
    aJSXNU2LJ+g06Thx6yFutjpUQFNbSB1UBL1GmP48tURn089VwFSwzOl6s75z1WWi\n\
    v++jmdScfj1yMhE9AR6IpZ+9tmtJEbcGKXqNK2s3PjtoNkpVqJyoA7yq9Ze/Ch4F\n\
    P9xe5pWS9fC9EVM7a7H5Jun3w+zRTh7TSISaejsNcRVMaVH+MKHzCHfGRRAxXuzz\n\
    gwIDAQAB\n\
    -----END PUBLIC KEY-----";
const PUBLIC_KEY_PKCS1: &str = "-----BEGIN RSA PUBLIC KEY-----\n\
    MIIBCgKCAQEAt0kuwkHvMnlCRo/2XU0Lfi9K526YbukWzsuUCdpiwwg/IozY198u\n\
    7DepMGUbS0uTmkhsHO/6Afovujn4drTSee0leeDzYFxzFu4syP2r4JsEgtbIqXkm\n\
    E+3hUmNAFaptsORvuteV/IZbjac5DKN9aJSXNU2LJ+g06Thx6yFutjpUQFNbSB1U\n\
    BL1GmP48tURn089VwFSwzOl6s75z1WWiv++jmdScfj1yMhE9AR6IpZ+9tmtJEbcG\n\
    KXqNK2s3PjtoNkpVqJyoA7yq9Ze/Ch4FP9xe5pWS9fC9EVM7a7H5Jun3w+zRTh7T\n\
    SISaejsNcRVMaVH+MKHzCHfGRRAxXuzzgwIDAQAB\n\
    -----END RSA PUBLIC KEY-----";
/// Over `1700000000000rsa-key999999999999`: a request without payload whose window is open for thirty years.
const REST_SIGNATURE: &str = "b8kmGqtP2npJzzScv8vp7loE/mYb41TDk97jWPB2mrv3YWmmhAkIWW8xhlHjq7U/cmGsJVkV7oBNKfsM8lpu2MWydIPPrsXVOrvunusTV7vKdPbpghMhvi8amBnz8l2lZ7CuS8biOX5Ym0EzGz8re4j1HzbG5WziFZyBFo37fWJvAsLYxZij21WfgDGcs5JDQELid4nC8IB2gKVrnPqLAP3qXbU7h0s1UncvH5eNhHvJZEHpvChLzvfWY739hX8b/jVs6BkB2LLRMtGSNgUWNZiKSdW7GOflwSZ/XZG4PQRxgLKoEJdLpnyhbcSsN418/8NioIDzrswfMHz5EBi/5Q==";
/// Over `GET/realtime4102444800000`, which expires in the year 2100.
const SOCKET_SIGNATURE: &str = "lSEX/+MbvkDbUp6UW0CNi/PnNmBhCMNlsAyb8yAGHrMEpZ1jaqRTirUZ3jCnndwtx39TrrJsmVazQYnTYjH/ThEVraNsti0QclI4oOS6IEiI8AHSIqLXoOeqGsgia2IQSKR/R0a2oYPQva1DMI0z5oJfjee5bp/y/z+YcsGHCnMCu6MEc4R4jfBw1OBCe3U1z1Xj3q0+w+6lMaWM5ILL2Ev6Xlwm816fschx3db108JOM7cpT8Olsh9OJ9Vkpm8ERU/8alrK5cWW+k6yDHYcajhSkgFjYodaBh/nPbyYk5Xo5FD1At/cDRqW1qSuSRmQ0L7fYz4u8myfrUGUA/dxWg==";

fn key(name: &str) -> KeyConfig {
    KeyConfig {
        key: name.to_owned(),
        secret: Some("secret".to_owned()),
        rsa_public_key: None,
        read_only: false,
        rights: vec![Right::Order, Right::Position],
        ips: Vec::new(),
        expires: None,
    }
}

async fn venue_with(keys: Vec<KeyConfig>) -> (Embedded, Client) {
    manual_with(|config| config.accounts[0].keys = keys).await
}

fn as_key(client: &Client, name: &str) -> Client {
    Client { address: client.address.clone(), key: name.to_owned(), secret: "secret".to_owned() }
}

#[tokio::test]
async fn a_key_does_what_its_rights_allow_and_looks_at_everything() {
    let keys = vec![
        KeyConfig { read_only: true, ..key("looker") },
        KeyConfig { rights: vec![Right::Position], ..key("positions") },
        KeyConfig { ips: vec!["127.0.0.2".parse().unwrap()], ..key("elsewhere") },
        KeyConfig { expires: Some("2024-01-01T00:00:00Z".parse().unwrap()), ..key("expired") },
    ];
    let (_venue, client) = venue_with(keys).await;
    let leverage =
        json!({"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "5", "sellLeverage": "5"});
    for (name, looking, ordering, levering) in [
        ("looker", 0, 10005, 10005),
        ("positions", 0, 10005, 0),
        ("elsewhere", 10010, 10010, 10010),
        ("expired", 33004, 33004, 33004),
        ("nobody", 10003, 10003, 10003),
    ] {
        let client = as_key(&client, name);
        let wallet = client.get("/v5/account/wallet-balance", "accountType=UNIFIED").await;
        let order = client.post("/v5/order/create", &buy("0.001", "59000")).await;
        let lever = client.post("/v5/position/set-leverage", &leverage).await;
        let codes = [&wallet, &order, &lever].map(|reply| reply["retCode"].as_i64().unwrap());
        assert_eq!(codes, [looking, ordering, levering], "{name}");
    }
    assert_eq!(client.state().await["accounts"][0]["orders"], json!([]));
}

#[tokio::test]
async fn the_rights_of_a_key_hold_on_the_trade_socket_and_its_binding_on_every_socket() {
    let keys = vec![
        KeyConfig { read_only: true, ..key("looker") },
        KeyConfig { ips: vec!["127.0.0.2".parse().unwrap()], ..key("elsewhere") },
    ];
    let (_venue, client) = venue_with(keys).await;
    let mut trade = as_key(&client, "looker").socket("/v5/trade").await;
    assert_eq!(trade.order("order.create", "1", buy("0.001", "59000")).await["retCode"], 10005);
    let mut private = client.unsigned_socket("/v5/private").await;
    let expires = wall_ms() + 5_000;
    let signature = hmac_hex("secret", &format!("GET/realtime{expires}"));
    private.send(&json!({"op": "auth", "args": ["elsewhere", expires, signature]})).await;
    let refused = private.next().await;
    assert_eq!((&refused["success"], &refused["ret_code"]), (&json!(false), &json!(10010)));
}

#[tokio::test]
async fn an_rsa_key_signs_requests_and_sockets_and_shows_its_public_half() {
    for pem in [PUBLIC_KEY, PUBLIC_KEY_PKCS1] {
        let rsa = KeyConfig { secret: None, rsa_public_key: Some(pem.to_owned()), ..key("rsa-key") };
        let (_venue, client) = venue_with(vec![rsa]).await;
        let ask = async |signature: &str| -> Value {
            let headers = format!(
                "X-BAPI-API-KEY: rsa-key\r\nX-BAPI-TIMESTAMP: 1700000000000\r\nX-BAPI-RECV-WINDOW: 999999999999\r\n\
                 X-BAPI-SIGN: {signature}\r\n"
            );
            client.exchange("GET", "/v5/user/query-api", &headers, "").await.unwrap().json()
        };
        let reply = ask(REST_SIGNATURE).await;
        assert_eq!((&reply["retCode"], &reply["result"]["rsaPublicKey"]), (&json!(0), &json!(pem)));
        for wrong in [SOCKET_SIGNATURE, "AAAA", "not base64"] {
            assert_eq!(ask(wrong).await["retCode"], 10004);
        }
        let mut private = client.unsigned_socket("/v5/private").await;
        let auth = json!({"op": "auth", "args": ["rsa-key", 4_102_444_800_000_i64, SOCKET_SIGNATURE]});
        private.send(&auth).await;
        assert_eq!(private.next().await["success"], true);
    }
}

#[tokio::test]
async fn a_key_can_be_made_to_look_only_and_deleted_and_its_sockets_go_with_it() {
    let keys = vec![KeyConfig { rights: vec![Right::Order, Right::Transfer], ..key("doomed") }];
    let (_venue, client) = venue_with(keys).await;
    let doomed = as_key(&client, "doomed");
    let mut private = doomed.socket("/v5/private").await;
    let mut other = client.socket("/v5/private").await;

    let ips = doomed.post("/v5/user/update-api", &json!({"ips": "127.0.0.1"})).await;
    assert_eq!(ips["retCode"], 10001, "addresses are not changed by request");
    let narrowed = json!({"readOnly": null, "permissions": {"Wallet": ["AccountTransfer"]}});
    let reply = doomed.post("/v5/user/update-api", &narrowed).await;
    assert_eq!(reply["result"]["permissions"]["ContractTrade"], json!([]));
    assert_eq!(doomed.post("/v5/order/create", &buy("0.001", "59000")).await["retCode"], 10005);

    assert_eq!(client.post("/v5/user/delete-api", &json!({})).await["retCode"], 10005, "it may only trade");
    let deleted = doomed.post("/v5/user/delete-api", &json!({})).await;
    assert_eq!((&deleted["retCode"], &deleted["result"]), (&json!(0), &json!({})));
    assert_eq!(private.try_next().await, None);
    assert_eq!(doomed.get("/v5/user/query-api", "").await["retCode"], 10003);
    other.send(&json!({"op": "ping"})).await;
    assert_eq!(other.next().await["op"], "pong", "the account's other keys stay");
}

#[tokio::test]
async fn the_introductory_articles_way_to_delete_a_key_does_not_exist() {
    let (_venue, client) = venue_with(Vec::new()).await;
    let target = "/v5/user/api-key?id=1";
    let reply = client.exchange("DELETE", target, &client.signed("id=1", wall_ms()), "").await.unwrap();
    assert_eq!((reply.status, reply.body.as_str()), (404, "not found"));
    assert_eq!(client.get("/v5/user/query-api", "").await["retCode"], 0);
}

#[test]
fn a_key_that_could_sign_nothing_is_refused_with_the_config() {
    let mut config = VenueConfig::paper(MarketConfig::Manual(ManualConfig {}));
    config.accounts[0].keys = vec![
        KeyConfig { secret: None, ..key("none") },
        KeyConfig { rsa_public_key: Some(PUBLIC_KEY.to_owned()), ..key("both") },
        KeyConfig { secret: None, rsa_public_key: Some("no key".to_owned()), ..key("bad") },
        key("paper-key"),
    ];
    let problems: Vec<String> = config.check().iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 4, "{problems:?}");
}
