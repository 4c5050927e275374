//! Ed25519 keys (RFC 8032).

use crate::digest::sha256;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use concord_domain::{Entropy, EntropyExt};
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// A text that is not a key of the expected kind; the text is not repeated, since it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0} is not base64url of the right length")]
pub struct InvalidKey(pub &'static str);

/// The first 8 bytes of SHA-256 over a public key: enough to tell keys apart, not to trust them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode)]
pub struct KeyId(#[cbor(n(0), with = "minicbor::bytes")] [u8; 8]);

impl KeyId {
    pub(crate) fn of(public: &[u8]) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = sha256(&[public]).0;
        Self([a, b, c, d, e, f, g, h])
    }

    /// The bytes, as in a COSE `kid`.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }

    /// Reads a COSE `kid`.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// A public Ed25519 key; as text, base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// From its 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The short name of this key.
    pub fn key_id(&self) -> KeyId {
        KeyId::of(&self.0)
    }

    /// Checks a bare signature, as C2SP signed notes carry.
    pub fn verify_raw(&self, message: &[u8], signature: &[u8]) -> Result<(), crate::SignatureInvalid> {
        UnparsedPublicKey::new(&ED25519, &self.0)
            .verify(message, signature)
            .map_err(|_| crate::SignatureInvalid::Signature)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl std::str::FromStr for PublicKey {
    type Err = InvalidKey;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let bytes = URL_SAFE_NO_PAD.decode(s).map_err(|_| InvalidKey("a public key"))?;
        bytes.try_into().map(Self).map_err(|_| InvalidKey("a public key"))
    }
}

impl serde::Serialize for PublicKey {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for PublicKey {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        <std::borrow::Cow<'de, str>>::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A private Ed25519 key. `Debug` shows only which key it is.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    seed: Zeroizing<[u8; 32]>,
    public: PublicKey,
}

impl SigningKey {
    /// From the 32-byte seed of RFC 8032.
    ///
    /// # Panics
    /// Never: any 32 bytes are a seed.
    #[allow(clippy::expect_used, reason = "every 32-byte string is a valid Ed25519 seed")]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).expect("any 32 bytes are a seed");
        let mut public = [0; 32];
        public.copy_from_slice(pair.public_key().as_ref());
        Self { pair, seed: Zeroizing::new(seed), public: PublicKey(public) }
    }

    /// A fresh key.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self::from_seed(entropy.bytes())
    }

    /// From the text that a key file holds.
    pub fn from_text(text: &str) -> Result<Self, InvalidKey> {
        let bytes =
            Zeroizing::new(URL_SAFE_NO_PAD.decode(text.trim()).map_err(|_| InvalidKey("a signing key"))?);
        bytes.as_slice().try_into().map(Self::from_seed).map_err(|_| InvalidKey("a signing key"))
    }

    /// The text that a key file holds.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(*self.seed))
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// A bare signature, as C2SP signed notes carry.
    pub fn sign_raw(&self, message: &[u8]) -> [u8; 64] {
        let mut out = [0; 64];
        out.copy_from_slice(self.pair.sign(message).as_ref());
        out
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, redacted)", self.public.key_id())
    }
}
