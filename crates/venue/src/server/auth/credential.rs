//! How a key signs: HMAC-SHA256 in hex with a shared secret, or RSA-SHA256 (PKCS #1 v1.5) in base64, of which the
//! venue holds the public half. Source: Bybit V5, "Integration Guidance".

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use sha2::Sha256;

/// What a signature is checked with.
#[derive(Clone)]
pub(super) enum Credential {
    /// The shared secret.
    Hmac(String),
    /// The public key as PKCS #1 DER.
    Rsa(Vec<u8>),
}

impl Credential {
    /// Reads an RSA public key from PEM, as `PUBLIC KEY` (SubjectPublicKeyInfo) or `RSA PUBLIC KEY` (PKCS #1);
    /// `None` when it is neither.
    pub(super) fn from_pem(pem: &str) -> Option<Self> {
        let body: String = pem.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
        let der = BASE64.decode(body).ok()?;
        let key = if pem.contains("BEGIN RSA PUBLIC KEY") {
            der
        } else if pem.contains("BEGIN PUBLIC KEY") {
            public_key_of(&der)?.to_vec()
        } else {
            return None;
        };
        Some(Self::Rsa(key))
    }

    /// Whether `signature` is this key's, over the parts written one after the other.
    pub(super) fn has_signed(&self, parts: &[&[u8]], signature: &str) -> bool {
        match self {
            Self::Hmac(secret) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
                    .expect("HMAC takes a key of any length");
                for part in parts {
                    mac.update(part);
                }
                hex(signature).is_some_and(|bytes| mac.verify_slice(&bytes).is_ok())
            }
            Self::Rsa(key) => BASE64.decode(signature).is_ok_and(|signature| {
                let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key);
                key.verify(&parts.concat(), &signature).is_ok()
            }),
        }
    }
}

/// Bytes written in lower-case hex, two digits each.
fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some((digit(pair[0])? << 4) | digit(pair[1])?)).collect()
}

/// The key inside a SubjectPublicKeyInfo: SEQUENCE { SEQUENCE algorithm, BIT STRING key }. Source: RFC 5280, 4.1.
fn public_key_of(der: &[u8]) -> Option<&[u8]> {
    let (info, _) = element(der, 0x30)?;
    let (_, rest) = element(info, 0x30)?;
    let (bits, _) = element(rest, 0x03)?;
    // The first byte counts unused bits at the end; a key is whole bytes.
    bits.split_first().filter(|(unused, _)| **unused == 0).map(|(_, key)| key)
}

/// The content of a DER element with this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = der.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    let (length, content) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (length, content) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let length =
            length.iter().try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add((*byte).into()))?;
        (length, content)
    };
    content.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hmac_is_taken_in_lower_case_hex_only() {
        let key = Credential::Hmac("testSecret0000000000000000000000001".to_owned());
        let signature = "db06c8c12962b0a08ff9b70d791d8cf11221f361dcf98636e5a569108f919b14";
        let parts: [&[u8]; 2] = [b"GET/realtime", b"1700000005000"];
        assert!(key.has_signed(&parts, signature));
        for wrong in [&signature.to_uppercase(), &signature[..63], "", "é0", "zz"] {
            assert!(!key.has_signed(&parts, wrong), "{wrong}");
        }
        assert!(!key.has_signed(&[b"GET/realtime", b"1700000005001"], signature));
    }

    #[test]
    fn what_is_no_public_key_is_refused_and_never_a_panic() {
        for pem in
            ["", "-----BEGIN PUBLIC KEY-----\nMA==", "-----BEGIN PUBLIC KEY-----\nMIT/////////", "MIIB"]
        {
            assert!(Credential::from_pem(pem).is_none(), "{pem}");
        }
    }
}
