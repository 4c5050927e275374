//! What came of asking one agency.

use crate::text::codes;
use std::fmt;

codes! {
    /// The seven ends of a request to one agency. Silence is never taken for `no_hit`.
    pub enum OutcomeKind("outcome") {
        /// At least one candidate.
        Hit = "hit",
        /// The register was asked and has nobody that matches.
        NoHit = "no_hit",
        /// A signed refusal, or our own rules forbid asking.
        Refused = "refused",
        /// Accepted; the answer comes later.
        Pending = "pending",
        /// No connection, or it broke before an answer.
        Unreachable = "unreachable",
        /// No answer before the deadline.
        TimedOut = "timed_out",
        /// An answer that cannot be trusted, or a fault on either side.
        Failed = "failed",
    }
}

codes! {
    /// Why a node refuses, as stable reasons. Every one is signed, sealed and on the record.
    pub enum Refusal("refusal") {
        /// No agreement between the two covers the operation.
        NoAgreement = "NO_AGREEMENT",
        /// The agreement named in the request is not known here.
        AgreementUnknown = "AGREEMENT_UNKNOWN",
        /// The agreement is known here with other bytes or another version.
        AgreementDiffers = "AGREEMENT_DIFFERS",
        /// The agreement is not in force yet.
        AgreementNotYetInForce = "AGREEMENT_NOT_YET_IN_FORCE",
        /// The agreement's time has passed.
        AgreementExpired = "AGREEMENT_EXPIRED",
        /// A party that one of the two stands behind has withdrawn from the agreement.
        AgreementWithdrawn = "AGREEMENT_WITHDRAWN",
        /// A party that one of the two stands behind has suspended the agreement for now.
        AgreementSuspended = "AGREEMENT_SUSPENDED",
        /// One of the two is not a party and not below one.
        NotAParty = "NOT_A_PARTY",
        /// The agreement grants this operation to nobody, or not in this direction.
        OperationNotGranted = "OPERATION_NOT_GRANTED",
        /// The purpose is not among those granted.
        PurposeNotGranted = "PURPOSE_NOT_GRANTED",
        /// The officer's branch is not among those granted.
        BranchNotGranted = "BRANCH_NOT_GRANTED",
        /// The handling level is above the grant's ceiling.
        HandlingExceeded = "HANDLING_EXCEEDED",
        /// The agreement excludes cooperation on an offence of this nature (ILA 14).
        OffenceExcluded = "OFFENCE_EXCLUDED",
        /// The quota of the grant is spent for now.
        QuotaSpent = "QUOTA_SPENT",
        /// The agreement does not let one of the two ask, or be asked, for a third.
        BrokeringNotGranted = "BROKERING_NOT_GRANTED",
        /// The agreement does not let an agency carry its requests.
        CarryingNotGranted = "CARRYING_NOT_GRANTED",
        /// An agency is stopped everywhere by a block notice of the charter's emergency key.
        AgencyBlocked = "AGENCY_BLOCKED",
        /// The agreement is strict, and this node has not synchronized with its peers for longer than that allows.
        SyncStale = "SYNC_STALE",
        /// A stricter rule of this agency's own forbids it.
        LocalRule = "LOCAL_RULE",
        /// The broker's own officer or rule does not vouch for the request.
        VettingRefused = "VETTING_REFUSED",
        /// Nobody decided in time whether the broker asks on, or nobody asked again after it was approved.
        VettingExpired = "VETTING_EXPIRED",
        /// What was approved has been asked on already; what came of it is on the record.
        VettingSpent = "VETTING_SPENT",
        /// No such request of the asking agency waits with the broker.
        VettingUnknown = "VETTING_UNKNOWN",
        /// Too many requests wait for the broker's officers.
        VettingsTooMany = "VETTINGS_TOO_MANY",
        /// An agency that the charter does not name.
        NotAMember = "NOT_A_MEMBER",
        /// The destination does not know the operation.
        OperationUnknown = "OPERATION_UNKNOWN",
        /// The envelope is for somebody else.
        Misaddressed = "MISADDRESSED",
        /// The envelope's life is over.
        Expired = "EXPIRED",
        /// The envelope was created in the future, beyond the allowed clock skew.
        NotYetValid = "NOT_YET_VALID",
        /// The envelope claims a longer life than allowed.
        LifetimeTooLong = "LIFETIME_TOO_LONG",
        /// The same attempt was seen before.
        Replayed = "REPLAYED",
        /// An earlier attempt of this request is still running.
        InProgress = "IN_PROGRESS",
        /// More attempts than one request may have.
        AttemptsExhausted = "ATTEMPTS_EXHAUSTED",
        /// Another request was seen under this identifier.
        IdReused = "ID_REUSED",
        /// A protocol version or cipher suite that this node does not speak.
        ProtocolUnsupported = "PROTOCOL_UNSUPPORTED",
        /// Sealed to a key that is not, or no longer, ours.
        SealingKeyUnknown = "SEALING_KEY_UNKNOWN",
        /// The origin signed under a keyring whose life is over, or one not known here.
        KeyringStale = "KEYRING_STALE",
        /// The sealed body does not open, or is not what was signed.
        BodyUnreadable = "BODY_UNREADABLE",
        /// The opened body does not match its commitment.
        CommitmentMismatch = "COMMITMENT_MISMATCH",
        /// The opened body is not a valid request; the origin's own system let a mistake through.
        BodyInvalid = "BODY_INVALID",
        /// The line of hops from the origin to here is broken.
        HopLineBroken = "HOP_LINE_BROKEN",
        /// The line of hops passes an agency twice.
        HopLoop = "HOP_LOOP",
        /// The line of hops is longer than allowed.
        HopsTooMany = "HOPS_TOO_MANY",
    }
}

impl Refusal {
    /// Whether it may pass by itself: documents and keys that travel, quotas, what runs or waits. The same may be allowed
    /// later, so that it is no end of a request that is waited for.
    pub const fn passes(self) -> bool {
        match self {
            Self::AgreementUnknown
            | Self::AgreementDiffers
            | Self::AgreementNotYetInForce
            | Self::AgreementSuspended
            | Self::QuotaSpent
            | Self::AgencyBlocked
            | Self::SyncStale
            | Self::VettingsTooMany
            | Self::Expired
            | Self::NotYetValid
            | Self::Replayed
            | Self::InProgress
            | Self::AttemptsExhausted
            | Self::IdReused
            | Self::SealingKeyUnknown
            | Self::KeyringStale
            | Self::HopLineBroken
            | Self::HopLoop
            | Self::HopsTooMany => true,
            Self::NoAgreement
            | Self::AgreementExpired
            | Self::AgreementWithdrawn
            | Self::NotAParty
            | Self::OperationNotGranted
            | Self::PurposeNotGranted
            | Self::BranchNotGranted
            | Self::HandlingExceeded
            | Self::OffenceExcluded
            | Self::BrokeringNotGranted
            | Self::CarryingNotGranted
            | Self::LocalRule
            | Self::VettingRefused
            | Self::VettingExpired
            | Self::VettingSpent
            | Self::VettingUnknown
            | Self::NotAMember
            | Self::OperationUnknown
            | Self::Misaddressed
            | Self::LifetimeTooLong
            | Self::ProtocolUnsupported
            | Self::BodyUnreadable
            | Self::CommitmentMismatch
            | Self::BodyInvalid => false,
        }
    }

    /// The reason in one sentence, where the one who refuses gives no words of its own.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NoAgreement => "no agreement between the two agencies covers this",
            Self::AgreementUnknown => "the agreement named is not known to the agency asked",
            Self::AgreementDiffers => "the agency asked has another version or text of the agreement",
            Self::AgreementNotYetInForce => "the agreement is not in force yet",
            Self::AgreementExpired => "the agreement has expired",
            Self::AgreementWithdrawn => "a party has withdrawn from the agreement",
            Self::AgreementSuspended => "a party has suspended the agreement for now",
            Self::NotAParty => "one of the two agencies is not a party to the agreement",
            Self::OperationNotGranted => "the agreement does not grant this operation",
            Self::PurposeNotGranted => "the agreement does not grant this purpose",
            Self::BranchNotGranted => "the agreement does not grant this to the officer's branch",
            Self::HandlingExceeded => "the handling level is above what the agreement allows",
            Self::OffenceExcluded => "the agreement excludes offences of this nature",
            Self::QuotaSpent => "the quota of the agreement is spent for now",
            Self::BrokeringNotGranted => "the agreement does not grant asking for a third agency",
            Self::CarryingNotGranted => "the agreement does not let an agency on the way carry this",
            Self::AgencyBlocked => "an agency is stopped by a block notice",
            Self::SyncStale => "the node has not synchronized for longer than the agreement allows",
            Self::LocalRule => "a stricter rule of the agency's own forbids it",
            Self::VettingRefused => "the broker does not vouch for the request",
            Self::VettingExpired => "the time for vetting the request has passed",
            Self::VettingSpent => "the broker's approval has been used already",
            Self::VettingUnknown => "no such request of the asking agency waits with the broker",
            Self::VettingsTooMany => "too many requests wait for the broker's officers",
            Self::NotAMember => "an agency is not a member of the federation",
            Self::OperationUnknown => "the agency asked does not offer this operation",
            Self::Misaddressed => "the envelope is addressed to another agency",
            Self::Expired => "the envelope has expired",
            Self::NotYetValid => "the envelope was created in the future; clocks differ too much",
            Self::LifetimeTooLong => "the envelope claims a longer life than ten minutes",
            Self::Replayed => "this attempt was seen before",
            Self::InProgress => "an earlier attempt of this request is still running",
            Self::AttemptsExhausted => "the request has used up its attempts",
            Self::IdReused => "another request was made under this identifier",
            Self::ProtocolUnsupported => "the protocol version or cipher suite is not spoken there",
            Self::SealingKeyUnknown => "the body is sealed to a key that is not in use",
            Self::KeyringStale => "the origin's keyring has expired",
            Self::BodyUnreadable => "the sealed body does not open",
            Self::CommitmentMismatch => "the body does not match its commitment",
            Self::BodyInvalid => "the body is not a valid request",
            Self::HopLineBroken => "the line of hops from the origin is broken",
            Self::HopLoop => "the line of hops passes an agency twice",
            Self::HopsTooMany => "the line of hops is longer than allowed",
        }
    }
}

codes! {
    /// Why an agency was unreachable or a request failed. The hop's own word or ours, never a signed one.
    pub enum Failure("failure") {
        /// The agency publishes no endpoint.
        NoEndpoint = "NO_ENDPOINT",
        /// No line leads to the agency, and no carrier that the agreement allows could take the request there.
        NoRoute = "NO_ROUTE",
        /// Recent calls to the agency failed; it is not called again for a moment.
        CircuitOpen = "CIRCUIT_OPEN",
        /// No connection could be made.
        ConnectFailed = "CONNECT_FAILED",
        /// The TLS handshake failed: a certificate was not accepted.
        HandshakeFailed = "HANDSHAKE_FAILED",
        /// The connection broke before an answer came.
        ConnectionLost = "CONNECTION_LOST",
        /// The peer is over its capacity.
        Overloaded = "OVERLOADED",
        /// The peer could not authenticate our envelope.
        NotAuthenticated = "NOT_AUTHENTICATED",
        /// The peer reported a fault of its own.
        PeerFault = "PEER_FAULT",
        /// The broker that was asked could not reach the agency, or got no answer from it that counts.
        BeyondBroker = "BEYOND_BROKER",
        /// An answer that is not signed by the agency asked, or not bound to the request.
        AnswerInvalid = "ANSWER_INVALID",
        /// The answer's body does not open or does not match its commitment.
        AnswerUnreadable = "ANSWER_UNREADABLE",
        /// The caller cancelled before an answer came.
        Cancelled = "CANCELLED",
        /// A fault on our own side.
        OwnFault = "OWN_FAULT",
    }
}

impl Failure {
    /// The reason in one sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NoEndpoint => "the agency publishes no current keyring with an endpoint",
            Self::NoRoute => "no line leads there, and no permitted carrier could take the request",
            Self::CircuitOpen => {
                "recent calls to the agency's node failed; it is not called again for a moment"
            }
            Self::ConnectFailed => "no connection to the agency's node could be made",
            Self::HandshakeFailed => "the agency's node or ours did not accept the other's certificate",
            Self::ConnectionLost => "the connection broke before an answer came",
            Self::Overloaded => "the agency's node is over its capacity",
            Self::NotAuthenticated => "the agency's node could not authenticate our envelope",
            Self::PeerFault => "the agency's node reported a fault of its own",
            Self::BeyondBroker => "the broker got no answer from the agency",
            Self::AnswerInvalid => "the answer is not signed by the agency asked for this request",
            Self::AnswerUnreadable => "the answer does not open or is not what was committed to",
            Self::Cancelled => "the caller cancelled before an answer came",
            Self::OwnFault => "a fault on our own side",
        }
    }
}

/// What came of asking one agency, with the reason where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// See [`OutcomeKind::Hit`].
    Hit,
    /// See [`OutcomeKind::NoHit`].
    NoHit,
    /// See [`OutcomeKind::Refused`].
    Refused(Refusal),
    /// See [`OutcomeKind::Pending`].
    Pending,
    /// See [`OutcomeKind::Unreachable`].
    Unreachable(Failure),
    /// See [`OutcomeKind::TimedOut`].
    TimedOut,
    /// See [`OutcomeKind::Failed`].
    Failed(Failure),
}

impl Outcome {
    /// The kind alone.
    pub const fn kind(self) -> OutcomeKind {
        match self {
            Self::Hit => OutcomeKind::Hit,
            Self::NoHit => OutcomeKind::NoHit,
            Self::Refused(_) => OutcomeKind::Refused,
            Self::Pending => OutcomeKind::Pending,
            Self::Unreachable(_) => OutcomeKind::Unreachable,
            Self::TimedOut => OutcomeKind::TimedOut,
            Self::Failed(_) => OutcomeKind::Failed,
        }
    }

    /// The stable reason code, where there is one.
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Refused(refusal) => Some(refusal.as_str()),
            Self::Unreachable(failure) | Self::Failed(failure) => Some(failure.as_str()),
            Self::Hit | Self::NoHit | Self::Pending | Self::TimedOut => None,
        }
    }
}

impl Outcome {
    /// The reason in one sentence; empty where there is none.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.sentence(),
            Self::Unreachable(failure) | Self::Failed(failure) => failure.sentence(),
            Self::TimedOut => "no answer before the deadline",
            Self::Hit | Self::NoHit | Self::Pending => "",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            Some(reason) => write!(f, "{} ({reason})", self.kind()),
            None => write!(f, "{}", self.kind()),
        }
    }
}
