//! A key file encrypted with a passphrase: what lies on the disk, in a backup or in an image is of no use without it.
//!
//! The passphrase becomes a key by Argon2id (RFC 9106), which makes each guess cost memory and time; the file is
//! encrypted and authenticated with ChaCha20-Poly1305 (RFC 8439). The figures of both stand in the file and are
//! authenticated with it, so that they can be raised later and cannot be lowered by somebody else.

pub(crate) mod passphrase;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use passphrase::Passphrase;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use zeroize::Zeroizing;

/// What a guess costs, by the second recommendation of RFC 9106: 64 MiB, three passes; here in one lane.
const COST: Cost = Cost { memory_kib: 64 << 10, passes: 3, lanes: 1 };
/// A file that asks for more than this is not one of ours; it must not take all memory.
const MEMORY_KIB: RangeInclusive<u32> = 8..=1 << 20;
const PASSES: RangeInclusive<u32> = 1..=64;
const LANES: RangeInclusive<u32> = 1..=16;
const SALT_BYTES: usize = 16;
const KEY_BYTES: usize = 32;

/// An encrypted file, as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Vault {
    /// Version of the format.
    vault: u32,
    cost: Cost,
    /// Random, base64.
    salt: String,
    /// Random, base64.
    nonce: String,
    /// The encrypted file with its tag, base64.
    sealed: String,
}

/// What turning the passphrase into a key costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// Why a vault could not be made or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum VaultError {
    /// The passphrase is not the one it was sealed with, or the file was changed: nobody can tell which.
    #[error("the passphrase is wrong, or the vault was changed")]
    Shut,
    /// It is of another version, or its figures are out of bounds.
    #[error("it is not a vault of this version")]
    Unknown,
    /// The system gives no random bytes, or not the memory that is asked for.
    #[error("the system gives no random bytes or not enough memory")]
    System,
}

impl Vault {
    /// Whether a text is a vault, rather than a key file in the clear.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        toml::from_str(text).ok()
    }

    /// Encrypts a text.
    ///
    /// # Errors
    /// When the system does not give what it takes.
    pub(crate) fn seal(text: &str, passphrase: &Passphrase) -> Result<Self, VaultError> {
        Self::seal_at(COST, text, passphrase)
    }

    fn seal_at(cost: Cost, text: &str, passphrase: &Passphrase) -> Result<Self, VaultError> {
        let random = SystemRandom::new();
        let (mut salt, mut nonce) = ([0; SALT_BYTES], [0; NONCE_LEN]);
        random.fill(&mut salt).and_then(|()| random.fill(&mut nonce)).map_err(|_| VaultError::System)?;
        let key = cost.key(passphrase, &salt)?;
        let mut sealed = text.as_bytes().to_vec();
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(nonce_used, Aad::from(cost.written()), &mut sealed)
            .map_err(|_| VaultError::System)?;
        Ok(Self {
            vault: 1,
            cost,
            salt: STANDARD.encode(salt),
            nonce: STANDARD.encode(nonce),
            sealed: STANDARD.encode(sealed),
        })
    }

    /// Decrypts it.
    ///
    /// # Errors
    /// When the passphrase is another one, or the file is not what it was.
    pub(crate) fn open(&self, passphrase: &Passphrase) -> Result<Zeroizing<String>, VaultError> {
        let bytes = |text: &str| STANDARD.decode(text).map_err(|_| VaultError::Unknown);
        if self.vault != 1 || !self.cost.is_bearable() {
            return Err(VaultError::Unknown);
        }
        let nonce: [u8; NONCE_LEN] = bytes(&self.nonce)?.try_into().map_err(|_| VaultError::Unknown)?;
        let key = self.cost.key(passphrase, &bytes(&self.salt)?)?;
        let mut sealed = Zeroizing::new(bytes(&self.sealed)?);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = key
            .open_in_place(nonce, Aad::from(self.cost.written()), &mut sealed)
            .map_err(|_| VaultError::Shut)?;
        std::str::from_utf8(opened).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| VaultError::Shut)
    }

    /// The file.
    ///
    /// # Errors
    /// When it cannot be written as TOML, which is a fault of ours.
    pub(crate) fn to_text(&self) -> Result<String, toml::ser::Error> {
        let head = "# An API key sealed by `windvane keys seal`. Name this file as `key_file`.\n";
        toml::to_string(self).map(|body| format!("{head}{body}"))
    }
}

impl Cost {
    fn is_bearable(self) -> bool {
        MEMORY_KIB.contains(&self.memory_kib) && PASSES.contains(&self.passes) && LANES.contains(&self.lanes)
    }

    fn key(self, passphrase: &Passphrase, salt: &[u8]) -> Result<LessSafeKey, VaultError> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(KEY_BYTES))
            .map_err(|_| VaultError::Unknown)?;
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), salt, key.as_mut_slice())
            .map_err(|_| VaultError::System)?;
        let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_slice()).map_err(|_| VaultError::System)?;
        Ok(LessSafeKey::new(key))
    }

    /// The figures as they are authenticated.
    fn written(self) -> String {
        format!("windvane vault 1: {} {} {}", self.memory_kib, self.passes, self.lanes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cheap, so that a test does not wait.
    const CHEAP: Cost = Cost { memory_kib: 64, passes: 1, lanes: 1 };

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(text).unwrap()
    }

    #[test]
    fn what_was_sealed_opens_with_its_passphrase_alone() {
        let vault =
            Vault::seal_at(CHEAP, "key = \"k\"\nsecret = \"s\"\n", &passphrase("correct horse")).unwrap();
        let text = vault.to_text().unwrap();
        assert!(!text.contains("secret"), "{text}");
        let again = Vault::parse(&text).unwrap();
        assert_eq!(*again.open(&passphrase("correct horse")).unwrap(), "key = \"k\"\nsecret = \"s\"\n");
        assert_eq!(again.open(&passphrase("correct house")), Err(VaultError::Shut));
    }

    #[test]
    fn a_vault_that_was_changed_stays_shut() {
        let vault = Vault::seal_at(CHEAP, "key", &passphrase("correct horse")).unwrap();
        let open = |vault: Vault| vault.open(&passphrase("correct horse"));
        let cheaper = Vault { cost: Cost { memory_kib: 32, ..CHEAP }, ..copy(&vault) };
        assert_eq!(open(cheaper), Err(VaultError::Shut));
        let mut sealed = STANDARD.decode(&vault.sealed).unwrap();
        sealed[0] ^= 1;
        assert_eq!(open(Vault { sealed: STANDARD.encode(sealed), ..copy(&vault) }), Err(VaultError::Shut));
        let greedy = Vault { cost: Cost { memory_kib: u32::MAX, ..CHEAP }, ..copy(&vault) };
        assert_eq!(open(greedy), Err(VaultError::Unknown), "it must not take all memory");
        assert_eq!(open(Vault { vault: 2, ..copy(&vault) }), Err(VaultError::Unknown));
    }

    #[test]
    fn two_vaults_of_one_secret_have_nothing_in_common() {
        let seal = || Vault::seal_at(CHEAP, "key", &passphrase("correct horse")).unwrap();
        let (one, other) = (seal(), seal());
        assert!(one.salt != other.salt && one.nonce != other.nonce && one.sealed != other.sealed);
    }

    #[test]
    fn a_key_file_in_the_clear_is_no_vault() {
        assert!(Vault::parse("key = \"k\"\nsecret = \"s\"\n").is_none());
        assert!(Vault::parse("not toml").is_none());
    }

    fn copy(vault: &Vault) -> Vault {
        Vault { salt: vault.salt.clone(), nonce: vault.nonce.clone(), sealed: vault.sealed.clone(), ..*vault }
    }
}
