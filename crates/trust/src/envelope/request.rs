//! A request, from sealing at the origin to opening at the destination.

use super::body::{Body, Opened};
use super::context::{ATTEMPTS_MAX, CLOCK_SKEW_MAX, Context, LIFE_MAX, PROTOCOL, SUITE};
use super::decode_all;
use super::trail::{HOPS_MAX, Hop, Trail};
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
pub(super) struct Signed {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(super) context: Vec<u8>,
    #[n(1)]
    sealed: Digest,
    #[n(2)]
    pub(super) commitment: Digest,
    #[n(3)]
    dispatch: Dispatch,
}

impl Signed {
    pub(super) fn digest(&self) -> Digest {
        request_digest(&self.context, &self.sealed, &self.commitment)
    }
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
        let request = key.sign(Kind::Request, payload);
        Envelope { request, hops: Vec::new(), sealed_body: self.sealed.clone() }
    }
}

/// The bytes as they travel; nothing is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The origin's COSE_Sign1.
    pub request: Vec<u8>,
    /// A COSE_Sign1 of each carrier that it passed, in order.
    pub hops: Vec<Vec<u8>>,
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
        let digest = signed.digest();
        let Signed { context: bytes, commitment, dispatch, .. } = signed;
        let trail = Trail::read(&self.request, &dispatch.next, self.hops);
        Ok(VerifiedRequest {
            context,
            bytes,
            commitment,
            dispatch,
            digest,
            trail,
            signed: self.request,
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
    trail: Result<Trail, Refusal>,
    signed: Vec<u8>,
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

    /// The bytes that the origin signed.
    pub(super) fn signed(&self) -> &[u8] {
        &self.signed
    }

    /// The carriers that it says it passed, in order; nobody where the trail cannot be read.
    pub fn carriers(&self) -> Vec<AgencyId> {
        self.trail.iter().flat_map(Trail::carriers).cloned().collect()
    }

    /// Checks that this attempt is for `here`, came by an unbroken line of signed hops to `peer`, who handed it over, in
    /// time, in a protocol spoken here.
    ///
    /// # Errors
    /// The first thing that is not so.
    pub fn address(
        &self,
        here: &AgencyId,
        peer: &AgencyId,
        now: Timestamp,
        directory: &Directory,
    ) -> Result<AddressedRequest<'_>, Refusal> {
        self.check_protocol()?;
        if self.context.destination != *here {
            return Err(Refusal::Misaddressed);
        }
        let trail = self.handed_over(here, peer)?;
        trail.verify(directory, now)?;
        self.check_time(now)?;
        Ok(AddressedRequest(self))
    }

    /// Checks that this attempt is on its way to somebody else, was handed to `here` by `peer`, whose hop is verified if
    /// it is a carrier itself, in time, in a protocol spoken here, and that there is room for one more hop.
    ///
    /// # Errors
    /// The first thing that is not so.
    pub fn carry(
        &self,
        here: &AgencyId,
        peer: &AgencyId,
        now: Timestamp,
        directory: &Directory,
    ) -> Result<CarriedRequest<'_>, Refusal> {
        self.check_protocol()?;
        let trail = self.handed_over(here, peer)?;
        trail.verify_last(directory, now)?;
        if trail.carriers().count() >= HOPS_MAX {
            return Err(Refusal::HopsTooMany);
        }
        self.check_time(now)?;
        Ok(CarriedRequest { request: self, trail })
    }

    /// The agency that must have handed over this attempt: the last carrier, or the origin where the trail is empty or
    /// cannot be read.
    pub fn handed_by(&self) -> &AgencyId {
        let carrier = self.trail.as_ref().ok().and_then(|trail| trail.carriers().last());
        carrier.unwrap_or(&self.context.origin)
    }

    /// The trail, if it leads without a loop from the origin by `peer` to `here`.
    fn handed_over(&self, here: &AgencyId, peer: &AgencyId) -> Result<&Trail, Refusal> {
        let trail = self.trail.as_ref().map_err(|refusal| *refusal)?;
        if trail.next().unwrap_or(&self.dispatch.next) != here || self.handed_by() != peer {
            return Err(Refusal::HopLineBroken);
        }
        let Context { origin, destination, .. } = &self.context;
        let ends = [origin, destination, here];
        let ends = if here == destination { ends.get(..2) } else { ends.get(..) };
        trail.check_loops(ends.unwrap_or_default())?;
        if origin == here {
            return Err(Refusal::HopLoop);
        }
        Ok(trail)
    }

    fn check_protocol(&self) -> Result<(), Refusal> {
        let Context { protocol, suite, .. } = &self.context;
        if (*protocol, *suite) == (PROTOCOL, SUITE) { Ok(()) } else { Err(Refusal::ProtocolUnsupported) }
    }

    fn check_time(&self, now: Timestamp) -> Result<(), Refusal> {
        let Context { created, expires, .. } = &self.context;
        if *expires < *created || expires.since(*created) > LIFE_MAX {
            return Err(Refusal::LifetimeTooLong);
        }
        if *created > now.plus(CLOCK_SKEW_MAX) {
            return Err(Refusal::NotYetValid);
        }
        if expires.plus(CLOCK_SKEW_MAX) <= now {
            return Err(Refusal::Expired);
        }
        if !(1..=ATTEMPTS_MAX).contains(&self.dispatch.attempt) {
            return Err(Refusal::AttemptsExhausted);
        }
        let (issued, ends) = self.keyring;
        let lives = issued <= now.plus(CLOCK_SKEW_MAX) && now < ends.plus(CLOCK_SKEW_MAX);
        if lives { Ok(()) } else { Err(Refusal::KeyringStale) }
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
    /// The hops that it passed, in order, each signed by its carrier.
    pub fn hops(&self) -> impl Iterator<Item = &Hop> {
        self.trail.iter().flat_map(Trail::hops)
    }

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

/// A request that we may be asked to pass on, once it is decided that we may.
#[derive(Debug, Clone, Copy)]
pub struct CarriedRequest<'a> {
    request: &'a VerifiedRequest,
    trail: &'a Trail,
}

impl std::ops::Deref for CarriedRequest<'_> {
    type Target = VerifiedRequest;

    fn deref(&self) -> &VerifiedRequest {
        self.request
    }
}

impl CarriedRequest<'_> {
    /// The same bytes with our hop behind those that it came with.
    pub fn pass_on(&self, here: &AgencyId, next: &AgencyId, at: Timestamp, key: &SigningKey) -> Envelope {
        let VerifiedRequest { signed, sealed, .. } = self.request;
        let hops = self.trail.with(here, next, at, key);
        Envelope { request: signed.clone(), hops, sealed_body: sealed.clone() }
    }
}
