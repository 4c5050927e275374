//! Signatures as COSE_Sign1 (RFC 9052, 4.2): algorithm and key id protected, the kind as external data.

use crate::signing::{KeyId, PublicKey, SigningKey};
use coset::{CborSerializable, CoseSign1, CoseSign1Builder, HeaderBuilder, RegisteredLabelWithPrivate, iana};
use thiserror::Error;

/// What is signed. Its text is the external data, so a signature over one kind never passes as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The list of members, by a charter key.
    Charter,
    /// An agency's card, by its root key.
    Card,
    /// An agency's keyring, by its keyring key.
    Keyring,
    /// An agreement, by a party's agreement key.
    Agreement,
    /// A party's declaration about an agreement, by its agreement key.
    Declaration,
    /// A block notice, by the charter's emergency key.
    Block,
    /// A request, by the origin's message key.
    Request,
    /// One hop of a carried request, by the carrier's message key.
    Hop,
    /// An answer, by the destination's message key.
    Answer,
    /// A receipt, by the message key of the agency that keeps the ledger.
    Receipt,
}

impl Kind {
    const fn external_data(self) -> &'static [u8] {
        match self {
            Self::Charter => b"concord/charter/v1",
            Self::Card => b"concord/card/v1",
            Self::Keyring => b"concord/keyring/v1",
            Self::Agreement => b"concord/agreement/v1",
            Self::Declaration => b"concord/declaration/v1",
            Self::Block => b"concord/block/v1",
            Self::Request => b"concord/request/v1",
            Self::Hop => b"concord/hop/v1",
            Self::Answer => b"concord/answer/v1",
            Self::Receipt => b"concord/receipt/v1",
        }
    }
}

/// Why a signature does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SignatureInvalid {
    /// Not a COSE_Sign1, or without the headers that ours carry.
    #[error("the signature is not a COSE_Sign1 with alg EdDSA and a kid")]
    Malformed,
    /// Made by another key.
    #[error("the signature is by another key")]
    OtherKey,
    /// It does not verify.
    #[error("the signature does not verify")]
    Signature,
}

/// A parsed COSE_Sign1 that nobody has verified yet.
#[derive(Debug, Clone)]
pub struct Cose {
    inner: CoseSign1,
    key: KeyId,
}

impl Cose {
    /// Reads the bytes; nothing is believed yet.
    pub fn parse(bytes: &[u8]) -> Result<Self, SignatureInvalid> {
        let inner = CoseSign1::from_slice(bytes).map_err(|_| SignatureInvalid::Malformed)?;
        let header = &inner.protected.header;
        let eddsa = Some(RegisteredLabelWithPrivate::Assigned(iana::Algorithm::EdDSA));
        let plain = header.alg == eddsa && header.crit.is_empty() && inner.unprotected.is_empty();
        let key = KeyId::from_slice(&header.key_id).filter(|_| plain).ok_or(SignatureInvalid::Malformed)?;
        Ok(Self { inner, key })
    }

    /// The key that claims to have signed: for looking it up, not for trusting it.
    pub fn key_id(&self) -> KeyId {
        self.key
    }

    /// The bytes that claim to be signed: for looking up who must have signed them, not for trusting them.
    pub(crate) fn payload(&self) -> Option<&[u8]> {
        self.inner.payload.as_deref()
    }

    /// Verifies the signature and gives the payload that it covers.
    pub fn verify(&self, kind: Kind, key: &PublicKey) -> Result<&[u8], SignatureInvalid> {
        let payload = self.inner.payload.as_deref().ok_or(SignatureInvalid::Malformed)?;
        self.check_key(key)?;
        self.inner.verify_signature(kind.external_data(), |signature, message| {
            key.verify_raw(message, signature)
        })?;
        Ok(payload)
    }

    fn check_key(&self, key: &PublicKey) -> Result<(), SignatureInvalid> {
        if key.key_id() == self.key { Ok(()) } else { Err(SignatureInvalid::OtherKey) }
    }
}

impl SigningKey {
    fn builder(&self) -> CoseSign1Builder {
        let header = HeaderBuilder::new()
            .algorithm(iana::Algorithm::EdDSA)
            .key_id(self.public().key_id().as_bytes().to_vec())
            .build();
        CoseSign1Builder::new().protected(header)
    }

    /// A COSE_Sign1 that carries `payload`.
    pub fn sign(&self, kind: Kind, payload: Vec<u8>) -> Vec<u8> {
        let cose = self.builder().payload(payload);
        encode(cose.create_signature(kind.external_data(), |message| self.sign_raw(message).to_vec()).build())
    }

    /// A COSE_Sign1 over bytes that are kept beside it.
    pub fn sign_detached(&self, kind: Kind, payload: &[u8]) -> Vec<u8> {
        let sign = |message: &[u8]| self.sign_raw(message).to_vec();
        encode(self.builder().create_detached_signature(payload, kind.external_data(), sign).build())
    }
}

impl PublicKey {
    /// Checks a COSE_Sign1 over bytes that are kept beside it.
    pub fn verify_detached(&self, kind: Kind, payload: &[u8], cose: &[u8]) -> Result<(), SignatureInvalid> {
        let cose = Cose::parse(cose)?;
        if cose.inner.payload.is_some() {
            return Err(SignatureInvalid::Malformed);
        }
        cose.check_key(self)?;
        cose.inner.verify_detached_signature(payload, kind.external_data(), |signature, message| {
            self.verify_raw(message, signature)
        })
    }
}

#[allow(
    clippy::expect_used,
    reason = "encoding a COSE_Sign1 that was just built from plain bytes cannot fail"
)]
fn encode(cose: CoseSign1) -> Vec<u8> {
    cose.to_vec().expect("a COSE_Sign1 of byte strings encodes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(n: u8) -> SigningKey {
        SigningKey::from_seed([n; 32])
    }

    #[test]
    fn a_kind_never_passes_as_another() {
        let signed = key(1).sign(Kind::Request, b"x".to_vec());
        let cose = Cose::parse(&signed).unwrap();
        assert_eq!(cose.verify(Kind::Request, &key(1).public()), Ok(b"x".as_slice()));
        assert_eq!(cose.verify(Kind::Answer, &key(1).public()), Err(SignatureInvalid::Signature));
        assert_eq!(cose.verify(Kind::Request, &key(2).public()), Err(SignatureInvalid::OtherKey));
    }

    proptest! {
        #[test]
        fn any_changed_byte_is_noticed(payload in proptest::collection::vec(any::<u8>(), 1..80), at in any::<prop::sample::Index>(), flip in 1u8..) {
            let mut signed = key(1).sign(Kind::Request, payload.clone());
            let at = at.index(signed.len());
            signed[at] ^= flip;
            let accepted = Cose::parse(&signed).and_then(|c| c.verify(Kind::Request, &key(1).public()).map(<[u8]>::to_vec));
            prop_assert!(accepted.is_err());
        }

        #[test]
        fn detached_covers_the_bytes(payload in proptest::collection::vec(any::<u8>(), 0..80), other in proptest::collection::vec(any::<u8>(), 0..80)) {
            let cose = key(1).sign_detached(Kind::Agreement, &payload);
            prop_assert!(key(1).public().verify_detached(Kind::Agreement, &payload, &cose).is_ok());
            prop_assert_eq!(key(1).public().verify_detached(Kind::Agreement, &other, &cose).is_ok(), payload == other);
        }
    }
}
