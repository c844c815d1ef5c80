//! The life of an API key as its owner sees it: sealed on the disk, used sealed, given up when nothing is open.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use windvane_tests::{Ground, Market, binary, finish};

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
