//! Who is asking: HMAC signatures and the time window of signed requests.
//!
//! The signature covers the text exactly as it came over the wire (raw query, raw body); nothing is
//! decoded, sorted or re-spaced before it is checked. Source: Bybit V5, "Integration Guidance".

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::config::AccountConfig;
use crate::wire::envelope::Refusal;

/// Receive window in milliseconds when a request names none.
const DEFAULT_RECV_WINDOW_MS: i64 = 5_000;
/// How far a client's clock may run ahead, in milliseconds, whatever its receive window.
const FAST_CLOCK_ALLOWANCE_MS: i64 = 1_000;

/// The four headers of a signed REST request, as sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct SignedHeaders {
    pub(crate) api_key: Option<String>,
    pub(crate) timestamp: Option<String>,
    pub(crate) recv_window: Option<String>,
    pub(crate) signature: Option<String>,
}

/// The venue's API keys.
#[derive(Debug)]
pub(crate) struct KeyRing {
    keys: BTreeMap<String, Credential>,
}

struct Credential {
    uid: u64,
    secret: String,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("uid", &self.uid).field("secret", &"***").finish()
    }
}

/// Why a REST request is not let in.
#[derive(Debug, PartialEq)]
pub(crate) enum AuthFailure {
    /// Headers are missing altogether: HTTP 401 without JSON.
    HeadersMissing,
    /// Answered in the envelope.
    Refused(Refusal),
}

impl KeyRing {
    pub(crate) fn new(accounts: &[AccountConfig]) -> Self {
        let keys = accounts
            .iter()
            .map(|account| {
                (account.key.clone(), Credential { uid: account.uid, secret: account.secret.clone() })
            })
            .collect();
        Self { keys }
    }

    /// The account behind a signed REST request. `payload` is the raw query (GET) or raw body (POST).
    ///
    /// # Errors
    /// 10002 outside the time window, 10003 for an unknown key, 10004 for a wrong signature.
    pub(crate) fn verify_rest(
        &self,
        headers: &SignedHeaders,
        payload: &[u8],
        now_ms: i64,
    ) -> Result<u64, AuthFailure> {
        let (Some(api_key), Some(timestamp), Some(signature)) =
            (&headers.api_key, &headers.timestamp, &headers.signature)
        else {
            return Err(AuthFailure::HeadersMissing);
        };
        let credential = self.keys.get(api_key).ok_or_else(unknown_key).map_err(AuthFailure::Refused)?;
        check_window(timestamp, headers.recv_window.as_deref(), now_ms).map_err(AuthFailure::Refused)?;
        let recv_window = headers.recv_window.as_deref().unwrap_or_default();
        let expected = signature_hex(
            &credential.secret,
            &[timestamp.as_bytes(), api_key.as_bytes(), recv_window.as_bytes(), payload],
        );
        if expected == *signature {
            return Ok(credential.uid);
        }
        let origin = format!("{timestamp}{api_key}{recv_window}{}", String::from_utf8_lossy(payload));
        Err(AuthFailure::Refused(Refusal::new(10004, format!("error sign! origin_string[{origin}]"))))
    }

    /// The account behind an `auth` frame of a private or trade socket.
    ///
    /// # Errors
    /// 10001 when the expiry is past, 10003 for an unknown key, 10004 for a wrong signature.
    pub(crate) fn verify_socket(
        &self,
        api_key: &str,
        expires: &str,
        signature: &str,
        now_ms: i64,
    ) -> Result<u64, Refusal> {
        let credential = self.keys.get(api_key).ok_or_else(unknown_key)?;
        let expires_ms: i64 = expires
            .parse()
            .map_err(|_| Refusal::new(10001, "Params Error: expires is not a number of milliseconds"))?;
        if expires_ms <= now_ms {
            return Err(Refusal::new(10001, "Params Error: expires is in the past"));
        }
        let expected = signature_hex(&credential.secret, &[b"GET/realtime", expires.as_bytes()]);
        if expected == signature {
            Ok(credential.uid)
        } else {
            Err(Refusal::new(10004, "error sign! Please check your signature generation algorithm."))
        }
    }
}

/// Holds `server − recv_window ≤ timestamp < server + 1 s`; the trade socket's header uses it too.
///
/// # Errors
/// 10001 when a value is no integer, 10002 outside the window.
pub(crate) fn check_window(timestamp: &str, recv_window: Option<&str>, now_ms: i64) -> Result<(), Refusal> {
    let malformed = |name: &str| Refusal::new(10001, format!("params error: {name} is not an integer"));
    let timestamp_ms: i64 = timestamp.parse().map_err(|_| malformed("timestamp"))?;
    let recv_window_ms = match recv_window {
        None | Some("") => DEFAULT_RECV_WINDOW_MS,
        Some(text) => text.parse::<i64>().map_err(|_| malformed("recv_window"))?,
    };
    let earliest = now_ms.saturating_sub(recv_window_ms);
    let latest = now_ms.saturating_add(FAST_CLOCK_ALLOWANCE_MS);
    if (earliest..latest).contains(&timestamp_ms) {
        return Ok(());
    }
    Err(Refusal::new(
        10002,
        format!(
            "invalid request, please check your server timestamp or recv_window param. \
             req_timestamp[{timestamp}],server_timestamp[{now_ms}],recv_window[{recv_window_ms}]"
        ),
    ))
}

/// HMAC-SHA256 of the concatenated parts, lower-case hex.
pub(crate) fn signature_hex(secret: &str, parts: &[&[u8]]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unknown_key() -> Refusal {
    Refusal::new(10003, "API key is invalid.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_closed_below_and_open_above() {
        let now = 1_700_000_010_000;
        for (timestamp, recv_window, code) in [
            (now, None, 0),
            (now - 5_000, None, 0),
            (now - 5_001, None, 10002),
            (now + 999, None, 0),
            (now + 1_000, None, 10002),
            (now + 999, Some("60000"), 0),
            (now + 1_000, Some("60000"), 10002),
            (now - 60_000, Some("60000"), 0),
        ] {
            let outcome = check_window(&timestamp.to_string(), recv_window, now);
            assert_eq!(outcome.map_or_else(|r| r.code, |()| 0), code, "{timestamp} {recv_window:?}");
        }
        assert_eq!(check_window("soon", None, now).map_err(|r| r.code), Err(10001));
    }

    #[test]
    fn a_known_signature_is_reproduced() {
        let signature =
            signature_hex("testSecret0000000000000000000000001", &[b"GET/realtime", b"1700000005000"]);
        assert_eq!(signature, "db06c8c12962b0a08ff9b70d791d8cf11221f361dcf98636e5a569108f919b14");
    }
}
