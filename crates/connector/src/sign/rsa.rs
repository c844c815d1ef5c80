//! Signatures of an RSA key: PKCS#1 v1.5 over SHA-256, in base64.
//!
//! Such a key is made by its owner (`openssl genpkey`), and the venue is given the public half only.
//! Source: Bybit V5, "Integration guidance", self-generated keys.

use super::CredentialsError;
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};

/// The private half of an RSA key.
pub(super) struct RsaSigner {
    pair: RsaKeyPair,
    /// For blinding: it keeps the time a signature takes from telling about the key.
    random: SystemRandom,
}

impl RsaSigner {
    /// Reads PKCS#8 (`BEGIN PRIVATE KEY`) or PKCS#1 (`BEGIN RSA PRIVATE KEY`).
    pub(super) fn from_pem(pem: &str) -> Result<Self, CredentialsError> {
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes());
        let pair = match key.map_err(|_| CredentialsError::PrivateKey)? {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(CredentialsError::PrivateKey),
        };
        let pair = pair.map_err(|_| CredentialsError::PrivateKey)?;
        Ok(Self { pair, random: SystemRandom::new() })
    }

    pub(super) fn sign(&self, text: &str) -> String {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &self.random, text.as_bytes(), &mut signature)
            .expect("the buffer has the length of the modulus, and the key was checked when it was read");
        STANDARD.encode(signature)
    }
}
