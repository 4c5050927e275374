//! Sealing to one agency: HPKE base mode (RFC 9180) with X-Wing, HKDF-SHA-256 and AES-256-GCM.

use crate::signing::{InvalidKey, KeyId};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use concord_domain::{Entropy, EntropyExt};
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::XWing;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable, single_shot_open, single_shot_seal_with_rng,
};
use std::convert::Infallible;
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

const INFO: &[u8] = b"concord/seal/v1";
/// Bytes of an X-Wing ciphertext.
const ENCAPSULATED_BYTES: usize = 1120;

/// A sealed body does not open: another key, another associated data, or altered bytes. Which, nobody can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the sealed body does not open with this key and context")]
pub struct CannotOpen;

/// A private X-Wing key.
pub struct SealingKey {
    seed: Zeroizing<[u8; 32]>,
    private: <XWing as Kem>::PrivateKey,
    public: SealingPublicKey,
}

/// A public X-Wing key; as text, base64url without padding.
#[derive(Clone, PartialEq, Eq)]
pub struct SealingPublicKey {
    key: <XWing as Kem>::PublicKey,
    id: KeyId,
}

impl SealingKey {
    /// From its 32-byte seed.
    ///
    /// # Panics
    /// Never: any 32 bytes are a seed.
    #[allow(clippy::expect_used, reason = "every 32-byte string is a valid X-Wing decapsulation key")]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let private = <XWing as Kem>::PrivateKey::from_bytes(&seed).expect("any 32 bytes are a seed");
        let public = SealingPublicKey::new(XWing::sk_to_pk(&private));
        Self { seed: Zeroizing::new(seed), private, public }
    }

    /// A fresh key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self::from_seed(entropy.bytes())
    }

    /// From the text that a key file holds.
    pub fn from_text(text: &str) -> Result<Self, InvalidKey> {
        let bytes =
            Zeroizing::new(URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| InvalidKey("a sealing key"))?);
        bytes.as_slice().try_into().map(Self::from_seed).map_err(|_| InvalidKey("a sealing key"))
    }

    /// The text that a key file holds.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(*self.seed))
    }

    /// The public half.
    pub fn public(&self) -> &SealingPublicKey {
        &self.public
    }

    /// Opens what was sealed to this key with the same associated data.
    pub fn open(&self, sealed: &[u8], associated: &[u8]) -> Result<Zeroizing<Vec<u8>>, CannotOpen> {
        let (encapsulated, ciphertext) = sealed.split_at_checked(ENCAPSULATED_BYTES).ok_or(CannotOpen)?;
        let encapsulated = <XWing as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| CannotOpen)?;
        single_shot_open::<AesGcm256, HkdfSha256, XWing>(
            &OpModeR::Base,
            &self.private,
            &encapsulated,
            INFO,
            ciphertext,
            associated,
        )
        .map(Zeroizing::new)
        .map_err(|_| CannotOpen)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({}, redacted)", self.public.id)
    }
}

impl SealingPublicKey {
    fn new(key: <XWing as Kem>::PublicKey) -> Self {
        let id = KeyId::of(&key.to_bytes());
        Self { key, id }
    }

    /// The short name of this key.
    pub fn key_id(&self) -> KeyId {
        self.id
    }

    /// Seals `plaintext` so that only the owner of this key reads it, and only with `associated` beside it.
    ///
    /// # Panics
    /// Never with a key that was parsed.
    #[allow(
        clippy::expect_used,
        reason = "a parsed X-Wing key encapsulates, and bodies are far below the limit of AES-GCM"
    )]
    pub fn seal(&self, plaintext: &[u8], associated: &[u8], entropy: &dyn Entropy) -> Vec<u8> {
        let (encapsulated, ciphertext) = single_shot_seal_with_rng::<AesGcm256, HkdfSha256, XWing>(
            &OpModeS::Base,
            &self.key,
            INFO,
            plaintext,
            associated,
            &mut FromEntropy(entropy),
        )
        .expect("sealing to a parsed key");
        let mut out = encapsulated.to_bytes().to_vec();
        out.extend_from_slice(&ciphertext);
        out
    }
}

impl fmt::Display for SealingPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.key.to_bytes()))
    }
}

impl fmt::Debug for SealingPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingPublicKey({})", self.id)
    }
}

impl std::str::FromStr for SealingPublicKey {
    type Err = InvalidKey;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let bytes = URL_SAFE_NO_PAD.decode(s).map_err(|_| InvalidKey("a sealing key"))?;
        <XWing as Kem>::PublicKey::from_bytes(&bytes).map(Self::new).map_err(|_| InvalidKey("a sealing key"))
    }
}

impl serde::Serialize for SealingPublicKey {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for SealingPublicKey {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        <std::borrow::Cow<'de, str>>::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The domain's randomness in the form that `hpke` takes.
struct FromEntropy<'a>(&'a dyn Entropy);

impl TryRng for FromEntropy<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_le_bytes(self.0.bytes()))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_le_bytes(self.0.bytes()))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(out);
        Ok(())
    }
}

impl TryCryptoRng for FromEntropy<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use concord_domain::SystemEntropy;

    #[test]
    fn only_the_owner_opens_and_only_in_context() {
        let (ours, theirs) = (SealingKey::generate(&SystemEntropy), SealingKey::generate(&SystemEntropy));
        let sealed = ours.public().seal(b"body", b"context", &SystemEntropy);
        assert_eq!(ours.open(&sealed, b"context").unwrap().as_slice(), b"body");
        assert_eq!(theirs.open(&sealed, b"context"), Err(CannotOpen));
        assert_eq!(ours.open(&sealed, b"another"), Err(CannotOpen));
        for at in [0, ENCAPSULATED_BYTES - 1, ENCAPSULATED_BYTES, sealed.len() - 1] {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert_eq!(ours.open(&altered, b"context"), Err(CannotOpen), "byte {at}");
        }
        assert_eq!(ours.open(b"short", b"context"), Err(CannotOpen));
    }

    #[test]
    fn keys_survive_their_text() {
        let key = SealingKey::from_seed([7; 32]);
        assert_eq!(SealingKey::from_text(&key.to_text()).unwrap().public(), key.public());
        assert_eq!(key.public().to_string().parse::<SealingPublicKey>().as_ref(), Ok(key.public()));
    }
}
