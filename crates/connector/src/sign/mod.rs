//! Signatures over the exact bytes that travel: HMAC-SHA256 as lower-case hex, or RSA-SHA256 as base64.
//!
//! With HMAC the key schedule is computed once; afterwards no string holds the secret. With RSA the secret never
//! was at the venue, which knows the public half alone. Nothing here can be printed.
//! Source: Bybit V5, "Integration guidance", authentication.

mod rsa;
mod secret;

pub use secret::Secret;

use hmac::{Hmac, KeyInit, Mac};
use rsa::RsaSigner;
use sha2::Sha256;
use std::fmt;

/// An API key with the keyed state that signs for it.
pub struct Credentials {
    key: String,
    signer: Signer,
}

enum Signer {
    /// There is no key.
    None,
    Hmac(Hmac<Sha256>),
    Rsa(Box<RsaSigner>),
}

/// A signature as it stands in a header or a log-in.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(String);

/// Why a key or secret was refused. Neither is repeated in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// Empty or with characters that cannot stand in a header.
    #[error("the api key is empty or holds characters other than printable ascii")]
    Key,
    /// Empty.
    #[error("the api secret is empty")]
    Secret,
    /// It begins like a private key and is none that can sign.
    #[error("the private key is not an rsa key of 2048 to 4096 bits in pem form")]
    PrivateKey,
}

impl Credentials {
    /// Computes the key schedule and forgets the secret. A secret in PEM form (`-----BEGIN …`) is the private half
    /// of an RSA key, any other is the secret of an HMAC key.
    ///
    /// # Errors
    /// When the key cannot stand in a header, the secret is empty, or a PEM text holds no usable RSA key.
    pub fn new(key: String, secret: Secret) -> Result<Self, CredentialsError> {
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CredentialsError::Key);
        }
        let text = secret.expose();
        if text.is_empty() {
            return Err(CredentialsError::Secret);
        }
        let signer = if text.starts_with("-----BEGIN") {
            Signer::Rsa(Box::new(RsaSigner::from_pem(text)?))
        } else {
            let keyed = Hmac::new_from_slice(text.as_bytes()).map_err(|_| CredentialsError::Secret)?;
            Signer::Hmac(keyed)
        };
        Ok(Self { key, signer })
    }

    /// No key at all, for whoever asks only what is public. What it signs no venue takes.
    #[must_use]
    pub const fn none() -> Self {
        Self { key: String::new(), signer: Signer::None }
    }

    /// The public half.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The kind of key, for people.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.signer {
            Signer::None => "none",
            Signer::Hmac(_) => "HMAC-SHA256",
            Signer::Rsa(_) => "RSA-SHA256",
        }
    }

    /// Signs a REST request: `payload` is the query string as sent, or the body as sent.
    #[must_use]
    pub fn sign_rest(&self, timestamp: &str, recv_window: &str, payload: &str) -> Signature {
        self.sign(&[timestamp, &self.key, recv_window, payload])
    }

    /// Signs the log-in of a private or trade socket, which is valid until `expires` (ms since 1970).
    #[must_use]
    pub fn sign_login(&self, expires: &str) -> Signature {
        self.sign(&["GET/realtime", expires])
    }

    fn sign(&self, parts: &[&str]) -> Signature {
        match &self.signer {
            Signer::None => Signature(String::new()),
            Signer::Hmac(keyed) => {
                let mut mac = keyed.clone();
                for part in parts {
                    mac.update(part.as_bytes());
                }
                Signature(hex(&mac.finalize().into_bytes()))
            }
            Signer::Rsa(signer) => Signature(signer.sign(&parts.concat())),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}

impl Signature {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 0xf)]));
    }
    text
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        let secret = Secret::new("testSecret0000000000000000000000001\n".to_owned());
        Credentials::new("testKey000000000001".to_owned(), secret).unwrap()
    }

    #[test]
    fn rest_signatures_equal_independent_ones() {
        // Computed with Python's hmac module over the strings that the exchange's guide describes.
        for (timestamp, payload, expected) in [
            ("1700000000000", "", "7c4d37bfa60952051655f81e90cd55ff813adfaf20f9e9d2f948cd7dfd37637d"),
            (
                "1700000000000",
                "category=linear&symbol=BTCUSDT",
                "de12fd96d9a34b1f0262097ca5edafb46431a844c45a551f791b57399d911e8e",
            ),
            (
                "1700000000000",
                "symbol=BTCUSDT&category=linear",
                "e55998e86f9d76d158232bdf1dfb6e4ebe29dc6e295b02279da604df0dcebe6c",
            ),
            (
                "1700000000001",
                "category=linear&cursor=page_token%3D39380%26&limit=50",
                "ad5c045820646ddbb5ea4911d64e2bf5336e47875efc3c2485ceb48f073eee74",
            ),
            ("1700000000004", "{}", "964338ae4f9897160478e9175aa02e71f7ed9f21e9f7252d2d5d399467c794d7"),
        ] {
            let signature = credentials().sign_rest(timestamp, "5000", payload);
            assert_eq!(signature.as_str(), expected, "{payload}");
        }
    }

    #[test]
    fn the_login_signature_equals_an_independent_one() {
        assert_eq!(
            credentials().sign_login("1700000005000").as_str(),
            "db06c8c12962b0a08ff9b70d791d8cf11221f361dcf98636e5a569108f919b14"
        );
    }

    #[test]
    fn g01_nothing_secret_can_be_printed() {
        let secret = Secret::new("canary".to_owned());
        let shown = format!("{secret:?} {:?} {:?}", credentials(), credentials().sign_login("1"));
        assert_eq!(shown, "*** Credentials(***) ***");
    }

    #[test]
    fn unusable_keys_are_refused() {
        let secret = || Secret::new("s".to_owned());
        assert_eq!(Credentials::new("a\nb".to_owned(), secret()).err(), Some(CredentialsError::Key));
        assert_eq!(Credentials::new(String::new(), secret()).err(), Some(CredentialsError::Key));
        let blank = Secret::new("  ".to_owned());
        assert_eq!(Credentials::new("k".to_owned(), blank).err(), Some(CredentialsError::Secret));
        for text in ["-----BEGIN", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"] {
            let error = Credentials::new("k".to_owned(), Secret::new(text.to_owned())).err();
            assert_eq!(error, Some(CredentialsError::PrivateKey), "{text}");
        }
    }
}
