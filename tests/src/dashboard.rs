//! The shipped dashboards and recording rules, and asking a Prometheus what their queries ask.

use crate::http::get;
use crate::root;
use serde_json::Value;
use std::net::SocketAddr;

/// One dashboard of `deploy/grafana/dashboards`.
pub struct Dashboard {
    /// The file's name without its end.
    pub name: String,
    /// What is in it.
    pub json: Value,
}

/// All of them.
///
/// # Panics
/// When one cannot be read.
#[must_use]
pub fn dashboards() -> Vec<Dashboard> {
    let folder = root().join("deploy/grafana/dashboards").read_dir().expect("the dashboards");
    let read = |entry: std::fs::DirEntry| {
        let text = std::fs::read_to_string(entry.path()).expect("a dashboard");
        let name = entry.path().file_stem().expect("a file's name").to_string_lossy().into_owned();
        Dashboard { name, json: serde_json::from_str(&text).expect("JSON") }
    };
    folder.map(|entry| read(entry.expect("a dashboard"))).collect()
}

/// Every query that must return data, with where it stands: panels of all dashboards, and recording rules.
///
/// # Panics
/// When a dashboard or the rules cannot be read.
#[must_use]
pub fn queries() -> Vec<(String, String)> {
    let mut queries = Vec::new();
    for Dashboard { name, json } in dashboards() {
        for panel in json["panels"].as_array().expect("panels") {
            for target in panel["targets"].as_array().into_iter().flatten() {
                let place = format!("{name}, {}", panel["title"].as_str().unwrap_or_default());
                // What Grafana puts in when everything is chosen.
                let query = ["$instance", "$bot", "$symbol"]
                    .iter()
                    .fold(target["expr"].as_str().expect("a query").to_owned(), |query, name| {
                        query.replace(name, ".*")
                    });
                queries.push((place, query));
            }
        }
    }
    let rules = root().join("deploy/prometheus/recording.rules.yml");
    let rules = std::fs::read_to_string(rules).expect("the recording rules");
    queries.extend(rules.lines().filter_map(|line| {
        let name = line.trim().strip_prefix("- record: ")?;
        Some(("recording rule".to_owned(), name.to_owned()))
    }));
    queries
}

/// The rows of an answer that hold data: a quantile over nothing is an answer, too, but none.
#[must_use]
pub fn ask(prometheus: SocketAddr, query: &str) -> Vec<Value> {
    let Some((200, body)) = get(prometheus, &format!("/api/v1/query?query={}", encode(query))) else {
        return Vec::new();
    };
    let answer: Value = serde_json::from_str(&body).unwrap_or_default();
    let rows = answer["data"]["result"].as_array().cloned().unwrap_or_default();
    rows.into_iter().filter(|row| row["value"][1] != "NaN").collect()
}

fn encode(query: &str) -> String {
    let byte = |byte: u8| {
        if byte.is_ascii_alphanumeric() { (byte as char).to_string() } else { format!("%{byte:02X}") }
    };
    query.bytes().map(byte).collect()
}
