//! A real Prometheus scrapes two running engines, one that plays the demo and one in trouble: every query of the
//! dashboards and every recording rule must return data, every declared metric must show, and the alerts must fire.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use windvane_telemetry::{METRICS, MetricKind};
use windvane_tests::{
    Ground, Market, PATIENCE, Running, ask, binary, config, finish, free_port, get, metric, program, queries,
    root, start, wait_until, windvane,
};

/// What the trouble must have led to, as Prometheus sees it.
const TROUBLE: [&str; 10] = [
    "sum(windvane_orders_rejected_total{family=\"insufficient_margin\"}) > 0",
    "windvane_websocket_reconnects_total{stream=\"private\"} > 0",
    "windvane_duplicate_reports_total > 0",
    "sum(windvane_reconcile_differences_total) > 0",
    "windvane_fills_backfilled_total > 0",
    "windvane_reconcile_runs_total{trigger=\"reconnect\"} > 1",
    "windvane_foreign_orders > 0",
    "windvane_breaker_state{breaker=\"operator\"} == 1",
    "sum(windvane_orders_denied_total{reason=\"run_state\"}) > 0",
    "windvane_notifications_total{endpoint=\"webhook\",result=\"failed\"} > 0",
];
/// Alerts that the trouble sets off, and one that it does not.
const FIRING: [&str; 2] = ["MarginRejection", "EngineHalted"];
const QUIET: &str = "BookKeepsBreaking";

/// The shipped configuration and rules, faster and at the tests' ports.
fn scrape_config(folder: &Path, engines: [u16; 2]) -> PathBuf {
    let shipped = root().join("deploy/prometheus");
    for entry in shipped.read_dir().unwrap().flatten() {
        std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    let text = std::fs::read_to_string(shipped.join("prometheus.yml")).unwrap();
    assert!(text.contains("\"127.0.0.1:9464\""), "the shipped configuration scrapes the default port");
    let both = engines.map(|port| format!("\"127.0.0.1:{port}\"")).join(", ");
    let path = folder.join("prometheus.yml");
    let fast = text.replace("\"127.0.0.1:9464\"", &both).replace("interval: 5s", "interval: 1s");
    std::fs::write(&path, fast).unwrap();
    path
}

fn start_prometheus(program: &Path, folder: &Path, engines: [u16; 2], port: u16) -> Running {
    let storage = format!("--storage.tsdb.path={}", folder.join("tsdb").display());
    let web = format!("--web.listen-address=127.0.0.1:{port}");
    let scrape = format!("--config.file={}", scrape_config(folder, engines).display());
    start("prometheus", program, &[&scrape, &storage, &web], folder)
}

fn start_demo(folder: &Path, port: u16) -> Running {
    let listen = format!("listen = \"127.0.0.1:{port}\"");
    let text =
        config("paper.toml", &folder.join("data"), &[("listen = \"127.0.0.1:9464\"", listen.as_str())]);
    let path = folder.join("paper.toml");
    std::fs::write(&path, text).unwrap();
    start("demo", &binary(), &["run", "--config", path.to_str().unwrap()], folder)
}

/// Everything that the dashboard of incidents is for, one after the other, each until the engine has seen it.
fn make_trouble(ground: &Ground, port: u16) {
    let seen = |what: &str, name: &str, label: &str| {
        wait_until(what, PATIENCE, || metric(port, name, label) > Some(0.0));
    };
    // While the fault is armed no fill is told; one that comes after it was armed is certainly not.
    let untold = ground.sim("fault", r#"{"kind":"drop_private","match":{"topic":"execution"}}"#);
    let told = ground.rows("fills").len();
    wait_until("a fill that is not told", PATIENCE, || ground.rows("fills").len() > told);
    ground.mend(&untold);
    ground.sim("fault", r#"{"kind":"disconnect","match":{"path":"/v5/private"}}"#);
    seen("the fill to be learnt by query", "windvane_fills_backfilled_total", "");

    let twice = ground.sim("fault", r#"{"kind":"duplicate","match":{"topic":"execution"}}"#);
    seen("a fill that is told twice", "windvane_duplicate_reports_total", "");
    ground.mend(&twice);

    ground.sim("fault", r#"{"kind":"retcode","match":{"path":"order.create"},"code":110007,"count":2}"#);
    seen("a refusal", "windvane_orders_rejected_total", "family=\"insufficient_margin\"");
    let uid = ground.account()["uid"].clone();
    let order = format!(
        r#"{{"uid":{uid},"symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.01","price":"20000"}}"#
    );
    ground.sim("order", &order);
    seen("the foreign order", "windvane_foreign_orders", "");
    let (code, _, err) = finish(&windvane(&["halt", "--config", &ground.config()]));
    assert_eq!(code, Some(0), "{err}");
}

fn alerts(prometheus: SocketAddr) -> String {
    get(prometheus, "/api/v1/alerts").map(|(_, body)| body).unwrap_or_default()
}

#[test]
fn every_query_every_metric_and_the_alerts_hold_on_engines_that_trade_and_that_are_in_trouble() {
    let Some(prometheus) = program("prometheus", "apt-get install prometheus") else { return };
    let folder = tempfile::tempdir().unwrap();
    let ground = Ground::strict(Market::Walking);
    let ports = [free_port(), free_port()];
    ground.write_secret("short.key", "key = \"short-lived\"\nsecret = \"worth-nothing\"\n");
    // Nobody listens there.
    let hook = format!("[webhook]\nurl = \"http://127.0.0.1:{}/\"\n", free_port());
    ground.write_secret("notify.key", &hook);
    ground.write_config(&[
        ("[log]", "[notify]\nfile = \"notify.key\"\n\n[log]"),
        ("enabled = false", &format!("listen = \"127.0.0.1:{}\"", ports[1])),
        ("[venue.endpoints]", "key_file = \"short.key\"\n\n[venue.endpoints]"),
    ]);
    let mut troubled = ground.engine("engine", &[]);
    let mut demo = start_demo(folder.path(), ports[0]);
    let port = free_port();
    let address: SocketAddr = ([127, 0, 0, 1], port).into();
    let _prometheus = start_prometheus(&prometheus, folder.path(), ports, port);
    wait_until("both engines to be scraped", PATIENCE, || ask(address, "windvane_up").len() == 2);
    make_trouble(&ground, ports[1]);

    let series = |metric: &windvane_telemetry::Metric| match metric.kind {
        MetricKind::Histogram => format!("{}_count", metric.name),
        MetricKind::Counter | MetricKind::Gauge => metric.name.to_owned(),
    };
    let mut missing = queries();
    assert!(missing.len() >= 120, "the dashboards have their queries: {}", missing.len());
    missing.extend(METRICS.iter().map(|metric| ("declared".to_owned(), series(metric))));
    missing.extend(TROUBLE.map(|query| ("trouble".to_owned(), query.to_owned())));
    let patience = Instant::now() + Duration::from_secs(150);
    while !missing.is_empty() && Instant::now() < patience && demo.is_running() {
        missing.retain(|(_, query)| ask(address, query).is_empty());
        std::thread::sleep(Duration::from_secs(1));
    }
    assert!(missing.is_empty(), "no data for: {missing:#?}\n{}\n{}", troubled.err(), demo.err());
    for alert in FIRING {
        wait_until(alert, PATIENCE, || alerts(address).contains(&format!("\"alertname\":\"{alert}\"")));
    }
    assert!(!alerts(address).contains(QUIET), "an alert without its subject is quiet");
    assert!(troubled.is_running());
}
