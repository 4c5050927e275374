//! A request, from sealing at the origin to opening at the destination.

use super::body::{Body, Opened};
use super::context::{ATTEMPTS_MAX, CLOCK_SKEW_MAX, Context, LIFE_MAX, PROTOCOL, SUITE};
use super::decode_all;
use crate::cose::{Cose, Kind, SignatureInvalid};
use crate::document::{Directory, Keyring};
use crate::sealing::{SealingKey, SealingPublicKey};
use crate::sha256;
use crate::signing::{PublicKey, SigningKey};
use concord_domain::{AgencyId, Digest, Entropy, Refusal, Timestamp};
use minicbor::{Decode, Encode};
use thiserror::Error;

/// What differs from one attempt to the next.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Dispatch {
    /// Counts from 1; a destination takes each number once.
    #[n(0)]
    pub attempt: u32,
    /// The agency that this attempt was handed to.
    #[n(1)]
    pub next: AgencyId,
    /// When it was sent.
    #[n(2)]
    pub sent: Timestamp,
}

/// What the origin's signature covers.
#[derive(Encode, Decode)]
struct Signed {
    #[cbor(n(0), with = "minicbor::bytes")]
    context: Vec<u8>,
    #[n(1)]
    sealed: Digest,
    #[n(2)]
    commitment: Digest,
    #[n(3)]
    dispatch: Dispatch,
}

/// SHA-256 over context, sealed digest and commitment. The context's length stands before it, so that no two
/// splits of the same bytes agree.
fn request_digest(context: &[u8], sealed: &Digest, commitment: &Digest) -> Digest {
    let length = u64::try_from(context.len()).unwrap_or(u64::MAX).to_be_bytes();
    sha256(&[b"concord/request-digest/v1", &length, context, sealed.as_bytes(), commitment.as_bytes()])
}

/// A request that is sealed and may be dispatched, once or again.
#[derive(Debug, Clone)]
pub struct SealedRequest {
    context: Context,
    bytes: Vec<u8>,
    sealed: Vec<u8>,
    commitment: Digest,
    digest: Digest,
}

impl SealedRequest {
    /// Seals `body` to the destination's key, bound to `context`.
    #[allow(clippy::expect_used, reason = "encoding plain fields into memory cannot fail")]
    pub fn seal(context: Context, body: &Body, to: &SealingPublicKey, entropy: &dyn Entropy) -> Self {
        let bytes = minicbor::to_vec(&context).expect("a context encodes");
        let sealed = to.seal(&body.pad(None), &bytes, entropy);
        let commitment = body.commitment();
        let digest = request_digest(&bytes, &sha256(&[&sealed]), &commitment);
        Self { context, bytes, sealed, commitment, digest }
    }

    /// What is asked, as carriers see it.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Names this request, whichever attempt.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The salted commitment to the content.
    pub fn commitment(&self) -> Digest {
        self.commitment
    }

    /// Signs one attempt.
    #[allow(clippy::expect_used, reason = "encoding plain fields into memory cannot fail")]
    pub fn dispatch(&self, dispatch: Dispatch, key: &SigningKey) -> Envelope {
        let signed = Signed {
            context: self.bytes.clone(),
            sealed: sha256(&[&self.sealed]),
            commitment: self.commitment,
            dispatch,
        };
        let payload = minicbor::to_vec(signed).expect("a signed part encodes");
        Envelope { request: key.sign(Kind::Request, payload), sealed_body: self.sealed.clone() }
    }
}

/// The bytes as they travel; nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The origin's COSE_Sign1.
    pub request: Vec<u8>,
    /// The sealed body.
    pub sealed_body: Vec<u8>,
}

/// Why an envelope is not even a request: nothing is authenticated, so nothing is put on the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EnvelopeInvalid {
    /// No signature that counts.
    #[error("request: {0}")]
    Signature(#[from] SignatureInvalid),
    /// Signed by a key that no keyring names.
    #[error("request: the signing key is in no keyring known here")]
    KeyUnknown,
    /// What is signed is not a request.
    #[error("request: what is signed is not a request of this protocol")]
    Malformed,
    /// Signed by one agency in the name of another.
    #[error("request: the origin is not the agency that signed")]
    OriginMismatch,
    /// The sealed body is not the one that was signed.
    #[error("sealed_body: its digest is not the one that was signed")]
    BodySwapped,
}

impl Envelope {
    /// Verifies the origin's signature and that the sealed body is the signed one.
    pub fn verify(self, directory: &Directory) -> Result<VerifiedRequest, EnvelopeInvalid> {
        let cose = Cose::parse(&self.request)?;
        let published: Vec<_> = directory.by_message_key(cose.key_id()).collect();
        let (_, key) = *published.first().ok_or(EnvelopeInvalid::KeyUnknown)?;
        let payload = cose.verify(Kind::Request, &key)?;
        let signed: Signed = decode_all(payload).ok_or(EnvelopeInvalid::Malformed)?;
        let context: Context = decode_all(&signed.context).ok_or(EnvelopeInvalid::Malformed)?;
        // Identifiers of keys are short: the origin must publish the very key that verified.
        let publishes = |(keyring, public): &(&crate::Signed<Keyring>, PublicKey)| {
            keyring.agency == context.origin && *public == key
        };
        // One key may stand in two of its keyrings: the one that ends later counts.
        let keyring =
            published.into_iter().filter(publishes).map(|(keyring, _)| keyring).max_by_key(|k| k.expires);
        let keyring = keyring.ok_or(EnvelopeInvalid::OriginMismatch)?;
        if sha256(&[&self.sealed_body]) != signed.sealed {
            return Err(EnvelopeInvalid::BodySwapped);
        }
        let digest = request_digest(&signed.context, &signed.sealed, &signed.commitment);
        let Signed { context: bytes, commitment, dispatch, .. } = signed;
        Ok(VerifiedRequest {
            context,
            bytes,
            commitment,
            dispatch,
            digest,
            sealed: self.sealed_body,
            keyring: (keyring.issued, keyring.expires),
            key,
        })
    }
}

/// A request whose origin is certain. From here on a refusal is signed and on the record.
#[derive(Debug, Clone)]
pub struct VerifiedRequest {
    context: Context,
    bytes: Vec<u8>,
    commitment: Digest,
    dispatch: Dispatch,
    digest: Digest,
    sealed: Vec<u8>,
    keyring: (Timestamp, Timestamp),
    key: PublicKey,
}

impl VerifiedRequest {
    /// What is asked, as carriers see it.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The key that signed it.
    pub fn signed_by(&self) -> PublicKey {
        self.key
    }

    /// Names this request, whichever attempt.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The salted commitment to the content.
    pub fn commitment(&self) -> Digest {
        self.commitment
    }

    /// This attempt.
    pub fn dispatch(&self) -> &Dispatch {
        &self.dispatch
    }

    /// Checks that this attempt was handed by `peer` to `here`, in time, in a protocol spoken here.
    pub fn address(
        &self,
        here: &AgencyId,
        peer: &AgencyId,
        now: Timestamp,
    ) -> Result<AddressedRequest<'_>, Refusal> {
        match self.misfit(here, peer, now) {
            None => Ok(AddressedRequest(self)),
            Some(refusal) => Err(refusal),
        }
    }

    fn misfit(&self, here: &AgencyId, peer: &AgencyId, now: Timestamp) -> Option<Refusal> {
        let Context { protocol, suite, created, expires, .. } = &self.context;
        if (*protocol, *suite) != (PROTOCOL, SUITE) {
            return Some(Refusal::ProtocolUnsupported);
        }
        if self.context.destination != *here {
            return Some(Refusal::Misaddressed);
        }
        if self.dispatch.next != *here || self.context.origin != *peer {
            return Some(Refusal::HopLineBroken);
        }
        if *expires < *created || expires.since(*created) > LIFE_MAX {
            return Some(Refusal::LifetimeTooLong);
        }
        if *created > now.plus(CLOCK_SKEW_MAX) {
            return Some(Refusal::NotYetValid);
        }
        if expires.plus(CLOCK_SKEW_MAX) <= now {
            return Some(Refusal::Expired);
        }
        if !(1..=ATTEMPTS_MAX).contains(&self.dispatch.attempt) {
            return Some(Refusal::AttemptsExhausted);
        }
        let (issued, ends) = self.keyring;
        let lives = issued <= now.plus(CLOCK_SKEW_MAX) && now < ends.plus(CLOCK_SKEW_MAX);
        (!lives).then_some(Refusal::KeyringStale)
    }
}

/// A request that is for us, now.
#[derive(Debug, Clone, Copy)]
pub struct AddressedRequest<'a>(&'a VerifiedRequest);

impl std::ops::Deref for AddressedRequest<'_> {
    type Target = VerifiedRequest;

    fn deref(&self) -> &VerifiedRequest {
        self.0
    }
}

impl AddressedRequest<'_> {
    /// Opens the body with whichever of `keys` it was sealed to, and checks the commitment.
    pub fn open(&self, keys: &[&SealingKey]) -> Result<Body, Refusal> {
        let key = keys.iter().find(|key| key.public().key_id() == self.context.sealing_key);
        let key = key.ok_or(Refusal::SealingKeyUnknown)?;
        let padded = key.open(&self.sealed, &self.bytes).map_err(|_| Refusal::BodyUnreadable)?;
        let opened = Opened::read(&padded).map_err(|_| Refusal::BodyUnreadable)?;
        if opened.body.commitment() != self.commitment {
            return Err(Refusal::CommitmentMismatch);
        }
        Ok(opened.body)
    }
}
