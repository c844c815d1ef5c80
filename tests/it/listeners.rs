//! What others can reach of an engine that runs.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use windvane_tests::{Ground, Market, PATIENCE, delete, finish, get, post, wait_until, windvane};

/// Inodes of the sockets that a process holds.
fn sockets(id: u32) -> BTreeSet<String> {
    let held = Path::new("/proc").join(id.to_string()).join("fd").read_dir().unwrap();
    let names = held.flatten().filter_map(|entry| std::fs::read_link(entry.path()).ok());
    let inode = |name: std::path::PathBuf| {
        Some(name.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())
    };
    names.filter_map(inode).collect()
}

/// An address as the kernel shows it: words of four bytes, each in the machine's order, and the port.
fn address(text: &str) -> (IpAddr, u16) {
    let (address, port) = text.split_once(':').unwrap();
    let word = |at: usize| u32::from_str_radix(&address[at..at + 8], 16).unwrap().to_ne_bytes();
    let address = match address.len() {
        8 => IpAddr::from(word(0)),
        _ => {
            let bytes: Vec<u8> = (0..4).flat_map(|n| word(n * 8)).collect();
            IpAddr::from(<[u8; 16]>::try_from(bytes).unwrap())
        }
    };
    (address, u16::from_str_radix(port, 16).unwrap())
}

/// Where a process takes TCP connections.
fn listening(id: u32) -> Vec<(IpAddr, u16)> {
    const LISTEN: &str = "0A";
    let held = sockets(id);
    let tables = ["tcp", "tcp6"].map(|name| format!("/proc/{id}/net/{name}"));
    let text: String =
        tables.iter().map(|table| std::fs::read_to_string(table).unwrap_or_default()).collect();
    let rows = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.len() > 9 && row[3] == LISTEN && held.contains(row[9]))
        .map(|row| address(row[1]))
        .collect()
}

#[test]
fn g05_an_engine_listens_on_this_machine_alone_and_takes_orders_by_its_owners_socket_alone() {
    let ground = Ground::new(Market::Walking);
    let (mut engine, port) = ground.watched_engine();
    let http = ([127, 0, 0, 1], port).into();
    let status = || finish(&windvane(&["status", "--config", &ground.config()])).1;
    let is_active = || status().contains("\"run_state\": \"active\"");
    wait_until("an engine that may trade", PATIENCE, is_active);
    assert_eq!(get(http, "/status.json").unwrap().0, 200);
    let listening = listening(engine.id());
    assert_eq!(listening, [(IpAddr::from([127, 0, 0, 1]), port)], "the page, and nothing else");

    let socket = std::fs::metadata(ground.data().join("control.sock")).unwrap();
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    for path in ["/", "/status.json", "/metrics", "/health", "/ready", "/halt", "/kill", "/reload"] {
        let (code, _) = post(http, path, "{}").unwrap();
        assert!(matches!(code, 404 | 405), "POST {path}: {code}");
        let (code, _) = delete(http, path).unwrap();
        assert!(matches!(code, 404 | 405), "DELETE {path}: {code}");
    }
    assert!(is_active(), "nothing of it was taken: {}", status());
    ground.end(&mut engine);

    // To a network it opens only what shows no account, and only when told.
    let open = format!("listen = \"0.0.0.0:{port}\"");
    ground.write_config(&[("enabled = false", &open)]);
    let (code, _, complaint) = finish(&windvane(&["run", "--json", "--config", &ground.config()]));
    assert_eq!(code, Some(2), "{complaint}");
    assert!(complaint.contains("remote = true"), "{complaint}");
    ground.write_config(&[("enabled = false", &format!("{open}\nremote = true"))]);
    let mut engine = ground.engine("open", &[]);
    wait_until("metrics", PATIENCE, || get(http, "/metrics").is_some_and(|(code, _)| code == 200));
    for path in ["/", "/status.json"] {
        assert_eq!(get(http, path).unwrap().0, 404, "{path}");
    }
    ground.end(&mut engine);
}
