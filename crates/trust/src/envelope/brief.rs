//! What a request's body says around the service's own ask: the nature of the case, whom the agency asked is to ask in
//! turn, and for whom it is asked.

use super::context::{CLOCK_SKEW_MAX, Context, LIFE_MAX};
use super::decode_all;
use super::request::Signed;
use crate::cose::{Cose, Kind};
use crate::document::Directory;
use crate::sha256;
use concord_domain::{AgencyId, Digest, OffenceNature, Reference, Refusal, Timestamp};
use minicbor::{Decode, Encode};

/// Agencies for whom a request is asked at most: a county, and the province that vets it for the ministry.
pub const BEHALF_MAX: usize = 2;

/// The content of a request's body. Covered by its commitment.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Brief {
    /// The service's own ask.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub ask: Vec<u8>,
    /// The nature of the offence, where it may exclude cooperation.
    #[n(1)]
    pub nature: Option<OffenceNature>,
    /// Whom the agency asked is to ask in turn, in its own name.
    #[n(2)]
    pub onward: Option<AgencyId>,
    /// The signed requests of those for whom this is asked, the first asker first.
    #[n(3)]
    pub behalf: Vec<Voucher>,
    /// Under which reference the agency asked, a broker, has the same ask waiting for an officer's decision.
    #[n(4)]
    pub continues: Option<Reference>,
}

/// A signed request that a broker received, with its opening, so that those whom the broker asks see for themselves
/// what was asked of it, and by whom.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Voucher {
    /// The origin's COSE_Sign1.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub request: Vec<u8>,
    /// The salt of its commitment.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub salt: [u8; 32],
    /// What the commitment covers besides: a [`Brief`].
    #[cbor(n(2), with = "minicbor::bytes")]
    pub content: Vec<u8>,
}

/// An agency for whom another asks, and the request by which it asked that one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Principal {
    /// The agency.
    #[n(0)]
    pub agency: AgencyId,
    /// The digest of its request; see [`SealedRequest::digest`](super::SealedRequest::digest).
    #[n(1)]
    pub request: Digest,
}

impl std::fmt::Debug for Brief {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Brief(redacted)")
    }
}

impl std::fmt::Debug for Voucher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Voucher(redacted)")
    }
}

impl Brief {
    /// An ask in one's own name, to the agency asked itself, about an ordinary offence.
    pub fn plain(ask: Vec<u8>) -> Self {
        Self { ask, nature: None, onward: None, behalf: Vec::new(), continues: None }
    }

    /// The bytes to seal.
    #[allow(clippy::expect_used, reason = "encoding plain fields into memory cannot fail")]
    pub fn encode(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("a brief encodes")
    }

    /// Reads opened bytes; `None` if they are no brief, or one for more than [`BEHALF_MAX`].
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        decode_all::<Self>(bytes).filter(|brief| brief.behalf.len() <= BEHALF_MAX)
    }

    /// Those for whom the origin of `context` asks this, the first asker first, each of whom signed a request that says
    /// so: to the next in line, for the same operation and purpose, by the same branch and as guarded, with the same ask
    /// and nature, to be asked on to the one asked in the end, with a key that counts and a time that is not over.
    ///
    /// # Errors
    /// [`Refusal::BodyInvalid`] if one of them did not.
    pub fn principals(
        &self,
        context: &Context,
        directory: &Directory,
        now: Timestamp,
    ) -> Result<Vec<Principal>, Refusal> {
        let destination = self.onward.as_ref().unwrap_or(&context.destination);
        let vouched = self.behalf.iter().map(|voucher| voucher.verify(directory, now));
        let asked: Vec<Asked> = vouched.collect::<Option<_>>().ok_or(Refusal::BodyInvalid)?;
        let holders = asked.iter().skip(1).map(|next| &next.context.origin).chain([&context.origin]);
        let mut principals: Vec<Principal> = Vec::new();
        for (at, (Asked { context: theirs, brief, digest }, holder)) in asked.iter().zip(holders).enumerate()
        {
            let same = theirs.destination == *holder
                && (&theirs.operation, theirs.purpose) == (&context.operation, context.purpose)
                && (theirs.branch, theirs.handling) == (context.branch, context.handling)
                && (&brief.ask, brief.nature) == (&self.ask, self.nature)
                && brief.onward.as_ref() == Some(destination)
                && self.behalf.get(..at) == Some(brief.behalf.as_slice())
                && theirs.created <= context.created.plus(CLOCK_SKEW_MAX)
                && now < theirs.expires.plus(CLOCK_SKEW_MAX)
                && theirs.expires.since(theirs.created) <= LIFE_MAX;
            let twice = principals.iter().any(|earlier| earlier.agency == theirs.origin);
            if !same || twice || theirs.origin == context.origin {
                return Err(Refusal::BodyInvalid);
            }
            principals.push(Principal { agency: theirs.origin.clone(), request: *digest });
        }
        Ok(principals)
    }
}

/// What a voucher shows.
struct Asked {
    context: Context,
    brief: Brief,
    digest: Digest,
}

impl Voucher {
    /// Of a request that we received and opened.
    pub fn new(request: &super::VerifiedRequest, body: &super::Body) -> Self {
        Self { request: request.signed().to_vec(), salt: *body.salt(), content: body.content().to_vec() }
    }

    /// The request, if its origin signed it and the opening fits its commitment.
    fn verify(&self, directory: &Directory, now: Timestamp) -> Option<Asked> {
        let cose = Cose::parse(&self.request).ok()?;
        let claimed: Signed = decode_all(cose.payload()?)?;
        let context: Context = decode_all(&claimed.context)?;
        let keys = directory.message_keys(&context.origin, now);
        let signed = keys.iter().any(|key| cose.verify(Kind::Request, key).is_ok());
        if !signed || sha256(&[&self.salt, &self.content]) != claimed.commitment {
            return None;
        }
        Some(Asked { context, brief: Brief::decode(&self.content)?, digest: claimed.digest() })
    }
}
