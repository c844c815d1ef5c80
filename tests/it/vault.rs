//! The life of an API key as its owner sees it: sealed on the disk, used sealed, given up when nothing is open.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use windvane_tests::{Ground, Market, PATIENCE, binary, finish, free_port, metric, wait_until, windvane};

const PASSPHRASE: &str = "correct horse battery staple";
const KEY_FILE: &str = "key = \"paper-key\"\nsecret = \"paper-secret\"\n";

/// Runs the program with a passphrase on its standard input, which is file descriptor 0.
fn with_passphrase(folder: &Path, passphrase: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut child = Command::new(binary())
        .args(arguments)
        .current_dir(folder)
        .env("WINDVANE_PASSPHRASE_FD", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that is not asked for is not read.
    let _ = writeln!(child.stdin.take().unwrap(), "{passphrase}");
    finish(&child.wait_with_output().unwrap())
}

fn seal(ground: &Ground) -> (Option<i32>, String, String) {
    ground.write_secret("paper.key", KEY_FILE);
    let arguments =
        ["keys", "seal", "--key-file", "paper.key", "--out", "paper.vault", "--passphrase-fd", "0"];
    with_passphrase(ground.folder(), PASSPHRASE, &arguments)
}

#[test]
fn a_sealed_key_is_used_with_its_passphrase_alone() {
    let ground = Ground::new(Market::Walking);
    let (code, said, complaint) = seal(&ground);
    assert_eq!(code, Some(0), "{complaint}");
    assert!(said.contains("now delete"), "{said}");
    let vault = ground.folder().join("paper.vault");
    let text = std::fs::read_to_string(&vault).unwrap();
    assert!(!text.contains("paper-key") && !text.contains("paper-secret"), "{text}");
    assert_eq!(std::fs::metadata(&vault).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(seal(&ground).0, Some(3), "a vault is not written over");
    std::fs::remove_file(ground.folder().join("paper.key")).unwrap();

    ground.write_config(&[("[venue.endpoints]", "key_file = \"paper.vault\"\n\n[venue.endpoints]")]);
    let config = ground.config();
    let check = ["keys", "check", "--config", config.as_str()];
    let (code, said, complaint) = with_passphrase(ground.folder(), PASSPHRASE, &check);
    assert_eq!(code, Some(0), "{said}{complaint}");
    let (code, _, complaint) = with_passphrase(ground.folder(), "wrong horse battery staple", &check);
    assert_eq!(code, Some(3), "{complaint}");
    assert!(complaint.contains("the passphrase is wrong"), "{complaint}");
}

#[test]
fn a_key_is_not_revoked_while_anything_is_open_nor_for_another_account() {
    let ground = Ground::new(Market::Walking);
    ground.write_secret("paper.key", KEY_FILE);
    ground.write_config(&[("[venue.endpoints]", "key_file = \"paper.key\"\n\n[venue.endpoints]")]);
    let config = ground.config();
    let uid = ground.account()["uid"].to_string();
    let revoke = |account: &str| {
        let arguments = ["keys", "revoke", "--config", config.as_str(), "--account", account];
        with_passphrase(ground.folder(), PASSPHRASE, &arguments)
    };
    let (code, _, complaint) = revoke("7");
    assert_eq!(code, Some(3), "{complaint}");
    assert!(complaint.contains(&format!("belongs to account {uid}, not to 7")), "{complaint}");

    let order = format!(
        r#"{{"uid":{uid},"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Market","qty":"0.01"}}"#
    );
    ground.sim("order", &order);
    let (code, _, complaint) = revoke(&uid);
    assert_eq!(code, Some(3), "{complaint}");
    assert!(complaint.contains("a position of 0.01 BTCUSDT (linear)"), "{complaint}");
}

/// An RSA key that is known to the whole world.
const PRIVATE: &str = include_str!("../../crates/connector/tests/payloads/rsa/private.txt");
const PUBLIC: &str = include_str!("../../crates/connector/tests/payloads/rsa/public.txt");

fn pem(kind: &str, text: &str) -> String {
    format!("-----BEGIN {kind}-----\n{text}-----END {kind}-----\n")
}

#[test]
fn a_key_of_ones_own_making_trades_over_all_streams() {
    let key = format!(
        "leverage = \"10\"\n\n[[accounts.keys]]\nkey = \"own\"\nrsa_public_key = \"\"\"\n{}\"\"\"\n",
        pem("PUBLIC KEY", PUBLIC)
    );
    let ground = Ground::on(Market::Walking, &[("leverage = \"10\"\n", &key)]);
    ground.write_secret(
        "own.key",
        &format!("key = \"own\"\nsecret = \"\"\"\n{}\"\"\"\n", pem("PRIVATE KEY", PRIVATE)),
    );
    let port = free_port();
    ground.write_config(&[
        ("[venue.endpoints]", "key_file = \"own.key\"\n\n[venue.endpoints]"),
        ("enabled = false", &format!("listen = \"127.0.0.1:{port}\"")),
    ]);
    let (code, said, complaint) = finish(&windvane(&["keys", "check", "--config", &ground.config()]));
    assert!(code == Some(0) && said.contains("RSA-SHA256"), "{said}{complaint}");
    let mut engine = ground.engine("engine", &[]);
    wait_until("orders and fills", PATIENCE, || {
        ground.client_order_ids().len() >= 6 && !ground.rows("fills").is_empty()
    });
    let link = |stream| metric(port, "windvane_websocket_connected", &format!("stream=\"{stream}\""));
    assert_eq!((link("private"), link("trade")), (Some(1.0), Some(1.0)));
    ground.end(&mut engine);
    assert_eq!(ground.account()["requests"]["refused"].get("10004"), None, "every signature was right");
    let line = PRIVATE.lines().nth(3).unwrap();
    assert!(!engine.err().contains(line) && !engine.out().contains(line));
}

#[test]
fn what_the_service_manager_hands_over_comes_before_the_file_that_the_config_names() {
    let ground = Ground::new(Market::Walking);
    ground.write_secret("wrong.key", "key = \"paper-key\"\nsecret = \"not-the-secret\"\n");
    ground.write_config(&[("[venue.endpoints]", "key_file = \"wrong.key\"\n\n[venue.endpoints]")]);
    let config = ground.config();
    let credentials = ground.folder().join("credentials");
    std::fs::create_dir(&credentials).unwrap();
    let check = || {
        let mut command = Command::new(binary());
        command.args(["keys", "check", "--config", &config]).env("CREDENTIALS_DIRECTORY", &credentials);
        finish(&command.output().unwrap())
    };
    let (code, _, complaint) = check();
    assert!(code == Some(3) && complaint.contains("the secret does not belong to the key"), "{complaint}");
    std::fs::write(credentials.join("windvane-key"), KEY_FILE).unwrap();
    let (code, said, complaint) = check();
    assert_eq!(code, Some(0), "{said}{complaint}");

    // Its passphrase is one, too.
    assert_eq!(seal(&ground).0, Some(0));
    std::fs::rename(ground.folder().join("paper.vault"), credentials.join("windvane-key")).unwrap();
    std::fs::write(credentials.join("windvane-passphrase"), PASSPHRASE).unwrap();
    let (code, said, complaint) = check();
    assert_eq!(code, Some(0), "{said}{complaint}");
}
