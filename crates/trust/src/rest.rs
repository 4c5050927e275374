//! Encryption of what a node keeps: AES-256-GCM under the node's own storage key.

use crate::sealing::CannotOpen;
use crate::signing::InvalidKey;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use concord_domain::{Entropy, EntropyExt};
use std::fmt;
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 12;

/// A key for data at rest. Each sealing draws a fresh 96-bit nonce; at 2^32 sealings a key should be replaced
/// (NIST SP 800-38D, 8.3), which a node at 1,000 a second reaches after 50 days, hence keys are per purpose and
/// what they protect lives for minutes or, where people decide about it, is rare.
pub struct StorageKey(LessSafeKey);

impl StorageKey {
    /// From the text that a key file holds.
    pub fn from_text(text: &str) -> Result<Self, InvalidKey> {
        let bad = InvalidKey("a storage key");
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| bad.clone())?);
        UnboundKey::new(&AES_256_GCM, &bytes).map(|key| Self(LessSafeKey::new(key))).map_err(|_| bad)
    }

    /// The text of a fresh key.
    pub fn generate_text(entropy: &dyn Entropy) -> Zeroizing<String> {
        let bytes = Zeroizing::new(entropy.bytes::<32>());
        Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes))
    }

    /// Encrypts, bound to `associated`: nonce, ciphertext, tag.
    ///
    /// # Panics
    /// Never below the 64 GiB that AES-GCM can take.
    #[allow(clippy::expect_used, reason = "AES-GCM fails only above 64 GiB")]
    pub fn seal(&self, plaintext: &[u8], associated: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = entropy.bytes();
        let mut data = plaintext.to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(unique, Aad::from(associated), &mut data)
            .expect("a body below 64 GiB");
        [nonce.as_slice(), &data].concat()
    }

    /// Decrypts what [`Self::seal`] made with the same associated data.
    pub fn open(&self, sealed: &[u8], associated: &[u8]) -> Result<Zeroizing<Vec<u8>>, CannotOpen> {
        let (nonce, data) = sealed.split_at_checked(NONCE_BYTES).ok_or(CannotOpen)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CannotOpen)?;
        let mut data = Zeroizing::new(data.to_vec());
        let length =
            self.0.open_in_place(nonce, Aad::from(associated), &mut data).map_err(|_| CannotOpen)?.len();
        data.truncate(length);
        Ok(data)
    }
}

impl fmt::Debug for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StorageKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use concord_domain::SystemEntropy;

    #[test]
    fn what_is_kept_opens_only_where_it_belongs() {
        let key = StorageKey::from_text(&StorageKey::generate_text(&SystemEntropy)).unwrap();
        let sealed = key.seal(b"answer", b"row 1", &SystemEntropy);
        assert_eq!(key.open(&sealed, b"row 1").unwrap().as_slice(), b"answer");
        assert!(key.open(&sealed, b"row 2").is_err());
        assert!(key.open(&sealed[..5], b"row 1").is_err());
    }
}
