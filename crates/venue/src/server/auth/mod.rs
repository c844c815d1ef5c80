//! Who is asking: API keys, signatures and the time window of signed requests.
//!
//! The signature covers the text exactly as it came over the wire (raw query, raw body); nothing is
//! decoded, sorted or re-spaced before it is checked. Source: Bybit V5, "Integration Guidance".

mod credential;
mod key;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

pub(crate) use key::ApiKey;
pub use key::KeyProblem;

use crate::config::{AccountConfig, UnsentRecvWindow};
use crate::wire::envelope::Refusal;
use crate::wire::window::check_window;

/// The four headers of a signed REST request, as sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct SignedHeaders {
    pub(crate) api_key: Option<String>,
    pub(crate) timestamp: Option<String>,
    pub(crate) recv_window: Option<String>,
    pub(crate) signature: Option<String>,
}

/// The venue's API keys by name.
#[derive(Debug, Default)]
pub(crate) struct KeyRing {
    keys: BTreeMap<String, ApiKey>,
    unsent_recv_window: UnsentRecvWindow,
}

/// Who signed a request or a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) uid: u64,
    /// Name of the API key.
    pub(crate) key: Arc<str>,
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
    /// The keys of all accounts; one that could sign nothing was refused with the config.
    pub(crate) fn new(accounts: &[AccountConfig], unsent_recv_window: UnsentRecvWindow) -> Self {
        let keys = accounts.iter().flat_map(|account| {
            account.all_keys().filter_map(|key| Some((key.key.clone(), ApiKey::new(account.uid, &key).ok()?)))
        });
        Self { keys: keys.collect(), unsent_recv_window }
    }

    /// The key of this name, as long as it exists.
    ///
    /// # Errors
    /// 10003.
    pub(crate) fn key(&self, name: &str) -> Result<&ApiKey, Refusal> {
        self.keys.get(name).ok_or_else(unknown_key)
    }

    /// The key of this name, to change it.
    ///
    /// # Errors
    /// 10003.
    pub(crate) fn key_mut(&mut self, name: &str) -> Result<&mut ApiKey, Refusal> {
        self.keys.get_mut(name).ok_or_else(unknown_key)
    }

    /// Deletes a key for good.
    pub(crate) fn delete(&mut self, name: &str) {
        self.keys.remove(name);
    }

    /// Who signed a REST request. `payload` is the raw query (GET) or raw body (POST).
    ///
    /// # Errors
    /// 10002 outside the time window, 10003 for an unknown key, 10004 for a wrong signature, 10010 and 33004 as
    /// [`ApiKey::check_use`] says.
    pub(crate) fn verify_rest(
        &self,
        headers: &SignedHeaders,
        payload: &[u8],
        peer: IpAddr,
        now_ms: i64,
    ) -> Result<Caller, AuthFailure> {
        let (Some(api_key), Some(timestamp), Some(signature)) =
            (&headers.api_key, &headers.timestamp, &headers.signature)
        else {
            return Err(AuthFailure::HeadersMissing);
        };
        let key = self.key(api_key).map_err(AuthFailure::Refused)?;
        check_window(timestamp, headers.recv_window.as_deref(), now_ms).map_err(AuthFailure::Refused)?;
        let recv_window = headers.recv_window.as_deref().unwrap_or(match self.unsent_recv_window {
            UnsentRecvWindow::Nothing => "",
            UnsentRecvWindow::Default => "5000",
        });
        let signed = [timestamp.as_bytes(), api_key.as_bytes(), recv_window.as_bytes(), payload];
        if !key.credential.has_signed(&signed, signature) {
            let origin = format!("{timestamp}{api_key}{recv_window}{}", String::from_utf8_lossy(payload));
            let refusal = Refusal::new(10004, format!("error sign! origin_string[{origin}]"));
            return Err(AuthFailure::Refused(refusal));
        }
        key.check_use(peer, now_ms).map_err(AuthFailure::Refused)?;
        Ok(key.caller())
    }

    /// Who signed an `auth` frame of a private or trade socket.
    ///
    /// # Errors
    /// 10001 when the expiry is past, 10003 for an unknown key, 10004 for a wrong signature, 10010 and 33004 as
    /// [`ApiKey::check_use`] says.
    pub(crate) fn verify_socket(
        &self,
        [api_key, expires, signature]: [&str; 3],
        peer: IpAddr,
        now_ms: i64,
    ) -> Result<Caller, Refusal> {
        let key = self.key(api_key)?;
        let expires_ms: i64 = expires
            .parse()
            .map_err(|_| Refusal::new(10001, "Params Error: expires is not a number of milliseconds"))?;
        if expires_ms <= now_ms {
            return Err(Refusal::new(10001, "Params Error: expires is in the past"));
        }
        if !key.credential.has_signed(&[b"GET/realtime", expires.as_bytes()], signature) {
            return Err(Refusal::new(10004, "error sign! Please check your signature generation algorithm."));
        }
        key.check_use(peer, now_ms)?;
        Ok(key.caller())
    }
}

fn unknown_key() -> Refusal {
    Refusal::new(10003, "API key is invalid.")
}
