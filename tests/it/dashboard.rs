//! A real Prometheus scrapes a running engine, and every query of the dashboard must return data.

use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use windvane_tests::{binary, config, free_port, get, program, root, start, wait_until};

/// Every query of the dashboard with its panel's title.
fn queries() -> Vec<(String, String)> {
    let path = root().join("deploy/grafana/dashboards/engine.json");
    let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| {
        let title = panel["title"].as_str().unwrap().to_owned();
        let targets = panel["targets"].as_array().cloned().unwrap_or_default();
        targets.into_iter().map(move |target| (title.clone(), target["expr"].as_str().unwrap().to_owned()))
    });
    targets.collect()
}

fn encode(query: &str) -> String {
    query
        .bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() { (byte as char).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect()
}

fn ask(prometheus: SocketAddr, query: &str) -> Vec<Value> {
    let Some((200, body)) = get(prometheus, &format!("/api/v1/query?query={}", encode(query))) else {
        return Vec::new();
    };
    let answer: Value = serde_json::from_str(&body).unwrap_or_default();
    let rows = answer["data"]["result"].as_array().cloned().unwrap_or_default();
    // A quantile over nothing is an answer, too, but no data.
    rows.into_iter().filter(|row| row["value"][1] != "NaN").collect()
}

/// The shipped scrape configuration, faster and at the test's port.
fn scrape_config(folder: &Path, metrics: u16) -> PathBuf {
    let shipped = std::fs::read_to_string(root().join("deploy/prometheus/prometheus.yml")).unwrap();
    assert!(shipped.contains("127.0.0.1:9464"), "the shipped configuration scrapes the default port");
    let text = shipped
        .replace("127.0.0.1:9464", &format!("127.0.0.1:{metrics}"))
        .replace("interval: 5s", "interval: 1s");
    let path = folder.join("prometheus.yml");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn every_query_of_the_dashboard_returns_data_while_the_demo_runs() {
    let Some(prometheus) = program("prometheus", "apt-get install prometheus") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (metrics, port) = (free_port(), free_port());
    let listen = format!("listen = \"127.0.0.1:{metrics}\"");
    let changes = [("listen = \"127.0.0.1:9464\"", listen.as_str())];
    let text = config("paper.toml", &folder.path().join("data"), &changes);
    let path = folder.path().join("paper.toml");
    std::fs::write(&path, text).unwrap();
    let mut run = start("demo", &binary(), &["run", "--config", path.to_str().unwrap()], folder.path());

    let address: SocketAddr = ([127, 0, 0, 1], port).into();
    let storage = format!("--storage.tsdb.path={}", folder.path().join("tsdb").display());
    let web = format!("--web.listen-address={address}");
    let scrape = format!("--config.file={}", scrape_config(folder.path(), metrics).display());
    let _prometheus = start("prometheus", &prometheus, &[&scrape, &storage, &web], folder.path());
    wait_until("the engine to be scraped", Duration::from_secs(60), || {
        !ask(address, "windvane_up").is_empty()
    });

    let mut empty = queries();
    assert!(empty.len() >= 40, "the dashboard has its queries");
    let mut patience = 120;
    while !empty.is_empty() && patience > 0 && run.is_running() {
        std::thread::sleep(Duration::from_secs(1));
        empty.retain(|(_, query)| ask(address, query).is_empty());
        patience -= 1;
    }
    assert!(empty.is_empty(), "no data for: {empty:#?}");
}
