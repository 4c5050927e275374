//! What an entry says. Identifiers, codes and digests only: never personal data, and never a bare digest of it.

use crate::label::Label;
use concord_domain::{
    AgencyId, AgreementRef, Clause, Digest, Handling, Operation, OutcomeKind, Purpose, Refusal, RequestId,
    Timestamp,
};
use concord_trust::envelope::Principal;
use minicbor::{Decode, Encode};
use thiserror::Error;

/// Bytes of an entry at most. The largest that the types below allow, with four carriers and two brokers' principals of
/// the longest names, has some 1,700; an entry bundle has two bytes for the length of an entry, and its 256 entries
/// should stay well below a megabyte.
pub const ENTRY_BYTES_MAX: usize = 2048;

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// When it happened, by the clock of the agency that keeps the ledger; never earlier than the entry before.
    #[n(0)]
    pub time: Timestamp,
    /// What happened.
    #[n(1)]
    pub event: Event,
}

/// What happened. A closed set: numbers are never used twice.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    /// We, the origin, are about to ask.
    #[n(0)]
    Asked {
        /// What is asked.
        #[n(0)]
        request: RequestFacts,
    },
    /// We, the destination, are about to answer.
    #[n(1)]
    Released {
        /// What was asked.
        #[n(0)]
        request: RequestFacts,
        /// What the answer is.
        #[n(1)]
        outcome: OutcomeKind,
        /// Salted commitment to the answer's body.
        #[n(2)]
        answer: Digest,
    },
    /// We, the destination, refuse; or our own rules forbid us, the origin, to ask.
    #[n(2)]
    Refused {
        /// What was asked.
        #[n(0)]
        request: RequestFacts,
        /// Why not.
        #[n(1)]
        refusal: Refusal,
    },
    /// We, the origin, know what came of asking.
    #[n(3)]
    Concluded {
        /// What was asked.
        #[n(0)]
        request: RequestFacts,
        /// What came of it.
        #[n(1)]
        outcome: OutcomeKind,
        /// The stable reason code, where the outcome has one.
        #[n(2)]
        reason: Option<Label>,
        /// Salted commitment to the answer's body, if one came.
        #[n(3)]
        answer: Option<Digest>,
        /// Where the other agency's receipt says that its own entry is.
        #[n(4)]
        counterpart: Option<LeafRef>,
        /// The agency that the attempt was handed to that this came of; none if nothing was sent.
        #[n(5)]
        next: Option<AgencyId>,
    },
    /// A file was taken into the register.
    #[n(4)]
    Imported {
        /// The name of the source, such as `ofac-sdn`.
        #[n(0)]
        source: Label,
        /// Salted commitment to the file.
        #[n(1)]
        commitment: Digest,
        /// Notices that the source has in the register now.
        #[n(2)]
        notices: u64,
    },
    /// The node was started.
    #[n(5)]
    Started {
        /// The program and its version.
        #[n(0)]
        program: Label,
    },
    /// We took up a published document: from here on we decide by it.
    #[n(6)]
    Adopted {
        /// Its kind, such as `agreement`.
        #[n(0)]
        kind: Label,
        /// What it is about, such as `northwest`, or `northwest/yn.police.cn` for a declaration. Cut to the length of a
        /// label; the digest tells the text.
        #[n(1)]
        name: Label,
        /// Its sequence or version.
        #[n(2)]
        sequence: u64,
        /// SHA-256 of its bytes.
        #[n(3)]
        digest: Digest,
    },
    /// A person let this node go on with a ledger smaller than one that a peer has seen of it.
    #[n(7)]
    RollbackAccepted {
        /// Entries in the largest checkpoint that a peer holds.
        #[n(0)]
        seen: u64,
    },
    /// We, a carrier, are about to pass on a request that stays sealed to us.
    #[n(8)]
    Carried {
        /// What may be known of it; its carriers are those that it passed before us.
        #[n(0)]
        request: RequestFacts,
        /// Who handed it to us.
        #[n(1)]
        from: AgencyId,
        /// Whom we hand it to.
        #[n(2)]
        next: AgencyId,
    },
    /// A peer handed over what no honest node sends. Its TLS certificate says that it was this peer.
    #[n(9)]
    Distrusted {
        /// The peer.
        #[n(0)]
        peer: AgencyId,
        /// What was wrong.
        #[n(1)]
        reason: Label,
        /// Our own request that it was about; none if what it handed over is of no certain origin.
        #[n(2)]
        request: Option<RequestId>,
    },
    /// An officer of ours, a broker, has decided whether we ask on.
    #[n(10)]
    Vetted {
        /// What was asked of us, as the entry of our answer "pending" has it.
        #[n(0)]
        request: RequestFacts,
        /// Why we do not; none if we do.
        #[n(1)]
        refusal: Option<Refusal>,
        /// Salted commitment to who decided and the words.
        #[n(2)]
        decision: Digest,
    },
}

/// What may be known of a request without opening it.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct RequestFacts {
    /// Its identifier, unique together with the origin.
    #[n(0)]
    pub id: RequestId,
    /// The request digest; none if no envelope was ever made.
    #[n(1)]
    pub digest: Option<Digest>,
    /// Who asks.
    #[n(2)]
    pub origin: AgencyId,
    /// Who is asked.
    #[n(3)]
    pub destination: AgencyId,
    /// What for.
    #[n(4)]
    pub operation: Operation,
    /// Why.
    #[n(5)]
    pub purpose: Purpose,
    /// How far it may go on.
    #[n(6)]
    pub handling: Handling,
    /// Under which agreement; none if there is none.
    #[n(7)]
    pub agreement: Option<AgreementRef>,
    /// Under which of its clauses.
    #[n(8)]
    pub clause: Option<Clause>,
    /// Salted commitment to the request's body; none if no body was ever sealed.
    #[n(9)]
    pub commitment: Option<Digest>,
    /// The carriers that it passed, in order.
    #[n(10)]
    pub carriers: Vec<AgencyId>,
    /// For whom the origin asks and by which of their requests, the first asker first; nobody unless it is a broker.
    #[n(11)]
    pub behalf: Vec<Principal>,
}

/// An entry of a ledger, named for good: an index never changes its leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct LeafRef {
    /// Its index.
    #[n(0)]
    pub index: u64,
    /// Its leaf hash.
    #[n(1)]
    pub hash: Digest,
}

/// Why bytes are not an entry.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidEntry {
    /// Longer than an entry can be.
    #[error("an entry of {found} bytes is over the limit of {ENTRY_BYTES_MAX}")]
    TooLong {
        /// Bytes found.
        found: usize,
    },
    /// Not the CBOR of an entry.
    #[error("not an entry: {why}")]
    Malformed {
        /// What the decoder says; it repeats no content beyond unknown codes.
        why: String,
    },
    /// The same could be said in other bytes: a place to hide something, or bytes left over.
    #[error("not the one encoding of this entry")]
    NotCanonical,
}

impl Entry {
    /// The exact bytes that are hashed, stored and published.
    ///
    /// # Panics
    /// Never: writing to memory cannot fail, and no encoder of these types has an error of its own.
    #[allow(clippy::expect_used, reason = "encoding plain types into memory cannot fail")]
    pub fn encode(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("an entry encodes")
    }

    /// Reads the bytes of an entry.
    ///
    /// # Errors
    /// If they are too long, do not say an entry, or are not exactly what [`Entry::encode`] gives for it.
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidEntry> {
        if bytes.len() > ENTRY_BYTES_MAX {
            return Err(InvalidEntry::TooLong { found: bytes.len() });
        }
        let entry: Self =
            minicbor::decode(bytes).map_err(|e| InvalidEntry::Malformed { why: e.to_string() })?;
        if entry.encode() == bytes { Ok(entry) } else { Err(InvalidEntry::NotCanonical) }
    }
}

impl Event {
    /// The kind of event, as a stable word.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Asked { .. } => "asked",
            Self::Released { .. } => "released",
            Self::Refused { .. } => "refused",
            Self::Concluded { .. } => "concluded",
            Self::Imported { .. } => "imported",
            Self::Started { .. } => "started",
            Self::Adopted { .. } => "adopted",
            Self::RollbackAccepted { .. } => "rollback-accepted",
            Self::Carried { .. } => "carried",
            Self::Distrusted { .. } => "distrusted",
            Self::Vetted { .. } => "vetted",
        }
    }

    /// The request that the event is about, if it is about one.
    pub const fn request(&self) -> Option<&RequestFacts> {
        match self {
            Self::Asked { request }
            | Self::Released { request, .. }
            | Self::Refused { request, .. }
            | Self::Concluded { request, .. }
            | Self::Carried { request, .. }
            | Self::Vetted { request, .. } => Some(request),
            Self::Imported { .. }
            | Self::Started { .. }
            | Self::Adopted { .. }
            | Self::RollbackAccepted { .. }
            | Self::Distrusted { .. } => None,
        }
    }

    /// What came of the request, if that is known by now.
    pub const fn outcome(&self) -> Option<OutcomeKind> {
        match self {
            Self::Released { outcome, .. } | Self::Concluded { outcome, .. } => Some(*outcome),
            Self::Refused { .. } => Some(OutcomeKind::Refused),
            Self::Vetted { .. }
            | Self::Asked { .. }
            | Self::Imported { .. }
            | Self::Started { .. }
            | Self::Adopted { .. }
            | Self::RollbackAccepted { .. }
            | Self::Carried { .. }
            | Self::Distrusted { .. } => None,
        }
    }

    /// The stable reason code, where there is one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal.as_str()),
            Self::Vetted { refusal, .. } => refusal.map(Refusal::as_str),
            Self::Concluded { reason, .. } => reason.as_ref().map(Label::as_str),
            Self::Distrusted { reason, .. } => Some(reason.as_str()),
            Self::Asked { .. }
            | Self::Released { .. }
            | Self::Imported { .. }
            | Self::Started { .. }
            | Self::Adopted { .. }
            | Self::RollbackAccepted { .. }
            | Self::Carried { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
