//! An answer, from sealing at the destination to opening at the origin.

use super::body::{Body, BodyTooLong, Opened};
use super::context::{PROTOCOL, SUITE};
use super::decode_all;
use super::request::SealedRequest;
use crate::cose::{Cose, Kind, SignatureInvalid};
use crate::sealing::{SealingKey, SealingPublicKey};
use crate::sha256;
use crate::signing::{KeyId, PublicKey, SigningKey};
use concord_domain::{AgencyId, AgreementRef, Clause, Digest, Entropy, OutcomeKind, Refusal, Timestamp};
use minicbor::{Decode, Encode};
use thiserror::Error;
use zeroize::Zeroizing;

/// What a carrier may see of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct AnswerContext {
    /// The envelope's protocol version.
    #[n(0)]
    pub protocol: u32,
    /// The cipher suite.
    #[n(1)]
    pub suite: u32,
    /// Digest of the request that this answers.
    #[n(2)]
    pub request: Digest,
    /// Who answers.
    #[n(3)]
    pub responder: AgencyId,
    /// The key that the body is sealed to.
    #[n(4)]
    pub sealing_key: KeyId,
    /// When it was made.
    #[n(5)]
    pub created: Timestamp,
}

#[derive(Encode, Decode)]
struct Signed {
    #[cbor(n(0), with = "minicbor::bytes")]
    context: Vec<u8>,
    #[n(1)]
    sealed: Digest,
    #[n(2)]
    commitment: Digest,
}

/// What the answer says, and under which clause. Covered by the commitment.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Answer {
    /// What came of it.
    #[n(0)]
    pub verdict: Verdict,
    /// Under which agreement it was decided, where one applied.
    #[n(1)]
    pub agreement: Option<AgreementRef>,
    /// Under which clause.
    #[n(2)]
    pub clause: Option<Clause>,
    /// The service's own answer.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub content: Vec<u8>,
    /// A refusal in words, for people; no personal data. Cut to [`Answer::EXPLANATION_MAX`] characters.
    #[n(4)]
    pub explanation: String,
    /// Where a broker has it from.
    #[n(5)]
    pub source: Option<Source>,
}

/// Where a broker has an answer from: the answer of the agency that it asked in turn, as that agency signed for it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Source {
    /// The agencies beyond the broker, the one that answered last.
    #[n(0)]
    pub route: Vec<AgencyId>,
    /// The receipt of the agency that answered.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub receipt: Vec<u8>,
    /// The entry that the receipt is about; it holds the commitment to that agency's answer.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub entry: Vec<u8>,
    /// The opening of that commitment; none if a broker on the way had to leave something out.
    #[n(3)]
    pub opening: Option<Opening>,
}

/// The opening of a commitment to an answer.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Opening {
    /// The salt.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub salt: [u8; 32],
    /// The answer that was committed to.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub content: Vec<u8>,
}

impl std::fmt::Debug for Opening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Opening(redacted)")
    }
}

impl Opening {
    /// The commitment that it opens.
    pub fn commitment(&self) -> Digest {
        sha256(&[&self.salt, &self.content])
    }

    /// The service's answer in it; `None` if it is no answer.
    pub fn answer(&self) -> Option<Answer> {
        decode_all(&self.content)
    }
}

/// What the destination decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Verdict {
    /// Served, with what came of it.
    #[n(0)]
    Served(#[n(0)] OutcomeKind),
    /// Refused, with the reason.
    #[n(1)]
    Refused(#[n(0)] Refusal),
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({:?}, redacted)", self.verdict)
    }
}

impl Answer {
    /// Characters of an explanation at most: a few sentences.
    pub const EXPLANATION_MAX: usize = 600;

    /// The body that will be sealed; its commitment goes into the ledger first.
    #[allow(clippy::expect_used, reason = "encoding plain fields into memory cannot fail")]
    pub fn to_body(&self, entropy: &dyn Entropy) -> Result<Body, BodyTooLong> {
        Body::new(minicbor::to_vec(self).expect("an answer encodes"), entropy)
    }
}

/// What is attached to an answer after its entry is durable.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Attached {
    /// The signed receipt.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub receipt: Vec<u8>,
    /// The bytes of the entry that the receipt is about, so that its reader can see that it is about this answer.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub entry: Vec<u8>,
    /// The responder's latest checkpoint.
    #[n(2)]
    pub checkpoint: Option<String>,
}

/// The bytes of an answer as they travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedAnswer {
    /// The destination's COSE_Sign1.
    pub answer: Vec<u8>,
    /// The sealed body.
    pub sealed_body: Vec<u8>,
}

impl SealedAnswer {
    /// Seals a recorded body to the origin, bound to its request, with the receipt and the latest checkpoint.
    #[allow(clippy::expect_used, reason = "encoding plain fields into memory cannot fail")]
    pub fn seal(
        body: &Body,
        attached: Attached,
        context: AnswerContext,
        to: &SealingPublicKey,
        key: &SigningKey,
        entropy: &dyn Entropy,
    ) -> Self {
        let attached = minicbor::to_vec(attached).expect("an attachment encodes");
        let sealed_body = to.seal(&body.pad(Some(attached)), context.request.as_bytes(), entropy);
        let signed = Signed {
            context: minicbor::to_vec(context).expect("a context encodes"),
            sealed: sha256(&[&sealed_body]),
            commitment: body.commitment(),
        };
        let payload = minicbor::to_vec(signed).expect("a signed part encodes");
        Self { answer: key.sign(Kind::Answer, payload), sealed_body }
    }

    /// Who claims to have signed it: for looking up the key, not for trusting it. A carrier that refuses to carry answers
    /// in the destination's place.
    pub fn claimed_responder(&self) -> Option<AgencyId> {
        let cose = Cose::parse(&self.answer).ok()?;
        let signed: Signed = decode_all(cose.payload()?)?;
        let context: AnswerContext = decode_all(&signed.context)?;
        Some(context.responder)
    }

    /// Verifies that `responder` signed this answer to `request` with one of `signers`, its message keys, opens it with
    /// whichever of `keys` it was sealed to, and checks the commitment.
    pub fn open(
        self,
        request: &SealedRequest,
        responder: &AgencyId,
        signers: &[PublicKey],
        keys: &[&SealingKey],
    ) -> Result<Reply, AnswerInvalid> {
        let cose = Cose::parse(&self.answer)?;
        let signer = signers.iter().find(|signer| signer.key_id() == cose.key_id());
        let payload = cose.verify(Kind::Answer, signer.ok_or(SignatureInvalid::OtherKey)?)?;
        let signed: Signed = decode_all(payload).ok_or(AnswerInvalid::Malformed)?;
        let context: AnswerContext = decode_all(&signed.context).ok_or(AnswerInvalid::Malformed)?;
        if (context.protocol, context.suite) != (PROTOCOL, SUITE)
            || sha256(&[&self.sealed_body]) != signed.sealed
        {
            return Err(AnswerInvalid::Malformed);
        }
        if context.request != request.digest() || context.responder != *responder {
            return Err(AnswerInvalid::NotForThisRequest);
        }
        let key = keys
            .iter()
            .find(|key| key.public().key_id() == context.sealing_key)
            .ok_or(AnswerInvalid::Unreadable)?;
        let padded =
            key.open(&self.sealed_body, context.request.as_bytes()).map_err(|_| AnswerInvalid::Unreadable)?;
        Reply::read(&padded, signed.commitment)
    }
}

/// Why an answer does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AnswerInvalid {
    /// Not signed by the agency asked.
    #[error("answer: {0}")]
    Signature(#[from] SignatureInvalid),
    /// Not an answer of this protocol, or the sealed body is not the signed one.
    #[error("answer: not an answer of this protocol")]
    Malformed,
    /// Signed, but for another request or by another agency.
    #[error("answer: bound to another request")]
    NotForThisRequest,
    /// The body does not open or does not match its commitment.
    #[error("answer: the body does not open")]
    Unreadable,
}

/// An answer that was verified and opened.
#[derive(Debug, Clone)]
pub struct Reply {
    /// What it says.
    pub answer: Answer,
    /// The salted commitment that the responder's ledger holds.
    pub commitment: Digest,
    /// What opens it.
    pub opening: Opening,
    /// Receipt, entry and checkpoint, still to be verified.
    pub attached: Attached,
}

impl Reply {
    fn read(padded: &Zeroizing<Vec<u8>>, commitment: Digest) -> Result<Self, AnswerInvalid> {
        let Opened { body, attached } = Opened::read(padded).map_err(|_| AnswerInvalid::Unreadable)?;
        if body.commitment() != commitment {
            return Err(AnswerInvalid::Unreadable);
        }
        let answer = decode_all(body.content()).ok_or(AnswerInvalid::Unreadable)?;
        let opening = Opening { salt: *body.salt(), content: body.content().to_vec() };
        let attached = attached.ok_or(AnswerInvalid::Unreadable)?;
        let attached = decode_all(&attached).ok_or(AnswerInvalid::Unreadable)?;
        Ok(Self { answer, commitment, opening, attached })
    }
}
