//! One API key: whose it is, what it may do, from where and until when.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;

use super::Caller;
use super::credential::Credential;
use crate::config::{KeyConfig, Right};
use crate::wire::envelope::Refusal;

/// What makes a key unusable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// Neither or both ways to sign.
    #[error("a key has either a secret or an rsa_public_key")]
    OneCredential,
    /// The text is no RSA public key.
    #[error("rsa_public_key is not an RSA public key in PEM")]
    NotAPublicKey,
}

/// An API key of an account.
#[derive(Clone)]
pub(crate) struct ApiKey {
    pub(crate) uid: u64,
    pub(crate) name: Arc<str>,
    pub(super) credential: Credential,
    pub(crate) read_only: bool,
    pub(crate) rights: Vec<Right>,
    /// Empty means that it works from everywhere.
    pub(crate) ips: Vec<IpAddr>,
    pub(crate) expires: Option<Timestamp>,
    /// PEM of an RSA key, else empty.
    pub(crate) rsa_public_key: String,
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiKey").field("uid", &self.uid).field("name", &self.name).finish_non_exhaustive()
    }
}

impl ApiKey {
    /// # Errors
    /// It could sign nothing.
    pub(crate) fn new(uid: u64, config: &KeyConfig) -> Result<Self, KeyProblem> {
        let credential = match (&config.secret, &config.rsa_public_key) {
            (Some(secret), None) => Credential::Hmac(secret.clone()),
            (None, Some(pem)) => Credential::from_pem(pem).ok_or(KeyProblem::NotAPublicKey)?,
            (Some(_), Some(_)) | (None, None) => return Err(KeyProblem::OneCredential),
        };
        Ok(Self {
            uid,
            name: config.key.as_str().into(),
            credential,
            read_only: config.read_only,
            rights: config.rights.clone(),
            ips: config.ips.clone(),
            expires: config.expires,
            rsa_public_key: config.rsa_public_key.clone().unwrap_or_default(),
        })
    }

    /// Who uses it.
    pub(super) fn caller(&self) -> Caller {
        Caller { uid: self.uid, key: Arc::clone(&self.name) }
    }

    /// Whether the key may be used from `peer` at `now_ms` (wall).
    ///
    /// # Errors
    /// 10010 from an address it is not bound to, 33004 after its end.
    pub(super) fn check_use(&self, peer: IpAddr, now_ms: i64) -> Result<(), Refusal> {
        if !self.ips.is_empty() && !self.ips.contains(&peer) {
            return Err(Refusal::new(10010, "Unmatched IP, please check your API key's bound IP addresses."));
        }
        if self.expires.is_some_and(|end| end.as_millisecond() <= now_ms) {
            return Err(Refusal::new(33004, "Your api key has expired."));
        }
        Ok(())
    }

    /// Whether the key may do what takes one of these rights; what takes none changes nothing.
    ///
    /// # Errors
    /// 10005.
    pub(crate) fn check_right(&self, needed: &[Right]) -> Result<(), Refusal> {
        if needed.is_empty() || (!self.read_only && needed.iter().any(|right| self.rights.contains(right))) {
            return Ok(());
        }
        Err(Refusal::new(10005, "Permission denied, please check your API key permissions."))
    }
}
