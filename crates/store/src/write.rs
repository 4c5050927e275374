//! A write as data: what must hold, what changes, what goes on the record.

use crate::document::KeptDocument;
use crate::pending::KeptPending;
use crate::quota::Charge;
use crate::replay::Request;
use crate::vetting::KeptVetting;
use concord_domain::wanted::Notice;
use concord_domain::{AgencyId, Digest, Reference, RequestId, Timestamp, VettingState};
use concord_ledger::Event;

/// One write. Its guards are checked, its changes made and its entries recorded in one transaction, or none
/// of it happens.
#[derive(Debug, Clone)]
pub struct Write {
    /// What it is for, in logs: `release_answer`.
    pub name: &'static str,
    /// What must hold at the moment of writing.
    pub guards: Vec<Guard>,
    /// What changes.
    pub changes: Vec<Change>,
    /// What goes on the record, in this order, with indices in a row.
    pub entries: Vec<Event>,
}

/// What must hold for a write to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// No request is remembered under this identifier.
    RequestNew {
        /// Who asked.
        origin: AgencyId,
        /// The request.
        id: RequestId,
    },
    /// The request is remembered, and only with smaller attempts.
    AttemptNewer {
        /// Who asked.
        origin: AgencyId,
        /// The request.
        id: RequestId,
        /// The attempt at hand.
        attempt: u32,
    },
    /// No higher sequence of the document was seen, and not this one with another digest.
    SequenceNotLower {
        /// The document, such as `agreement/northwest` or `keyring/yn.police.cn`.
        document: String,
        /// Its sequence or version.
        sequence: u64,
        /// SHA-256 of its bytes.
        digest: Digest,
    },
    /// The rules are still those that the write was decided under.
    RulesEpoch(u64),
    /// The entries of the write are of a time before this one: what they were decided by ends then.
    Before(Timestamp),
}

/// What a write changes.
#[derive(Debug, Clone)]
pub enum Change {
    /// Keeps a request with its answer, so that a repeat gets the same one. Fails if one is kept already.
    RememberRequest(Request),
    /// Notes that an attempt of a remembered request was answered.
    RememberAttempt {
        /// Who asked.
        origin: AgencyId,
        /// The request.
        id: RequestId,
        /// The attempt.
        attempt: u32,
    },
    /// Forgets requests whose time has passed, [`Change::FORGET_BATCH`] at most; repeat now and then.
    ForgetRequests {
        /// Those kept until before this time go.
        before: Timestamp,
    },
    /// Keeps a request of another agency that waits with us; fails above [`KeptVetting::WAITING_MAX`] and
    /// [`KeptVetting::WAITING_PER_AGENCY_MAX`].
    OpenVetting(Box<KeptVetting>),
    /// Notes what an officer decided on a request that waits; fails if it does not wait any more.
    DecideVetting {
        /// The request.
        reference: Reference,
        /// Approved or refused.
        state: VettingState,
        /// Who decided, and in which words, encrypted by the caller.
        decision: Vec<u8>,
    },
    /// Notes with whom an approved request waits in turn; fails if it is not approved.
    PassVettingOn {
        /// The request.
        reference: Reference,
        /// With whom, for the caller to read.
        beyond: Vec<u8>,
    },
    /// Notes that an approved request was asked on; fails if it is not approved.
    SpendVetting {
        /// The request.
        reference: Reference,
    },
    /// Keeps what we asked and what is not answered yet; fails above [`KeptPending::KEPT_MAX`].
    KeepPending(Box<KeptPending>),
    /// Notes what came of it in the end, unless that is known already.
    EndPending {
        /// Under which it is waited for.
        watch: Reference,
        /// Who was asked.
        agency: AgencyId,
        /// What came of it, encrypted by the caller.
        ended: Vec<u8>,
    },
    /// Forgets what waits with us and what we wait for once their time has passed, [`Change::FORGET_BATCH`] of each at
    /// most; repeat now and then.
    ForgetWaiting {
        /// Those kept until before this time go.
        before: Timestamp,
    },
    /// Notes a document's sequence; fails as [`Guard::SequenceNotLower`] does.
    SawSequence {
        /// The document.
        document: String,
        /// Its sequence or version.
        sequence: u64,
        /// SHA-256 of its bytes.
        digest: Digest,
    },
    /// Keeps a document for good, or the signatures that a kept one lacks.
    KeepDocument(Box<KeptDocument>),
    /// Charges one request to a quota; fails if its window has no more.
    SpendQuota(Charge),
    /// Moves to a newer epoch of the rules: writes decided under an older one fail from here on.
    SetRulesEpoch(u64),
    /// Adds notices to a hidden generation, [`Change::NOTICES_MAX`] at most.
    StageNotices {
        /// From [`Store::new_generation`](crate::Store::new_generation).
        generation: u64,
        /// The notices; a number must not come twice in a generation.
        notices: Vec<Notice>,
    },
    /// Shows a staged generation as the whole content of a source, in place of the one before, whose rows
    /// then wait for [`Store::sweep_register`](crate::Store::sweep_register).
    PublishGeneration {
        /// The source, such as `ofac-sdn`.
        source: String,
        /// The generation; one that was never staged is empty.
        generation: u64,
    },
    /// Gives up a generation that is not live and deletes [`Change::DROP_BATCH`] of its rows.
    DropGeneration {
        /// The generation.
        generation: u64,
    },
    /// Keeps a signed checkpoint of the own ledger.
    SaveCheckpoint {
        /// Entries that it covers; not more than there are.
        size: u64,
        /// The signed note.
        note: String,
    },
    /// Keeps a peer's checkpoint if it is larger than the one kept.
    SavePeerCheckpoint {
        /// The peer.
        agency: AgencyId,
        /// Entries that it covers.
        size: u64,
        /// The signed note.
        note: String,
    },
}

/// A write that has happened and is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Where each of its entries stands, in their order.
    pub entries: Vec<Recorded>,
}

/// Where an entry stands; what a receipt is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Zero-based, without gaps, final.
    pub index: u64,
    /// The leaf hash of the stored bytes.
    pub leaf: Digest,
    /// The time in the entry; never earlier than that of an entry before it.
    pub time: Timestamp,
}

impl Change {
    /// Notices in one change at most: some 2 ms of the writer, so that an import does not hold up answers.
    pub const NOTICES_MAX: usize = 256;
    /// Rows that one [`Change::DropGeneration`] deletes at most, for the same reason.
    pub const DROP_BATCH: usize = 256;
    /// Rows that one [`Change::ForgetRequests`] deletes at most, for the same reason.
    pub const FORGET_BATCH: usize = 256;
    /// Bytes of a remembered answer at most: above the largest size class of an answer, below what makes
    /// the queue of writes a danger to memory.
    pub const ANSWER_BYTES_MAX: usize = 1 << 20;
    /// Characters of a source's or a document's name at most: an agreement's, an agency's and a prefix fit.
    pub const NAME_CHARS_MAX: usize = 256;

    /// Rows that it may touch, which is what bounds the time of a group.
    fn rows(&self) -> usize {
        match self {
            Self::StageNotices { notices, .. } => notices.len(),
            Self::DropGeneration { .. } => Self::DROP_BATCH,
            Self::ForgetRequests { .. } => Self::FORGET_BATCH,
            Self::ForgetWaiting { .. } => 2 * Self::FORGET_BATCH,
            Self::KeepDocument(kept) => kept.rows(),
            Self::RememberRequest(_)
            | Self::RememberAttempt { .. }
            | Self::OpenVetting(_)
            | Self::DecideVetting { .. }
            | Self::PassVettingOn { .. }
            | Self::SpendVetting { .. }
            | Self::KeepPending(_)
            | Self::EndPending { .. }
            | Self::SawSequence { .. }
            | Self::SpendQuota(_)
            | Self::SetRulesEpoch(_)
            | Self::PublishGeneration { .. }
            | Self::SaveCheckpoint { .. }
            | Self::SavePeerCheckpoint { .. } => 1,
        }
    }

    /// Whether it is a single statement, which SQLite makes or leaves as a whole.
    fn is_one_statement(&self) -> bool {
        match self {
            Self::KeepDocument(_)
            | Self::StageNotices { .. }
            | Self::PublishGeneration { .. }
            | Self::ForgetWaiting { .. }
            | Self::DropGeneration { .. } => false,
            Self::RememberRequest(_)
            | Self::RememberAttempt { .. }
            | Self::ForgetRequests { .. }
            | Self::OpenVetting(_)
            | Self::DecideVetting { .. }
            | Self::PassVettingOn { .. }
            | Self::SpendVetting { .. }
            | Self::KeepPending(_)
            | Self::EndPending { .. }
            | Self::SawSequence { .. }
            | Self::SpendQuota(_)
            | Self::SetRulesEpoch(_)
            | Self::SaveCheckpoint { .. }
            | Self::SavePeerCheckpoint { .. } => true,
        }
    }
}

impl Write {
    /// Rows that one write may touch at most, guards included: an answer touches four, a staged batch some
    /// 260, the record of a fan-out one for each agency of a large federation.
    pub const ROWS_MAX: usize = 1024;

    /// Rows that it may touch.
    pub(crate) fn rows(&self) -> usize {
        let changed: usize = self.changes.iter().map(Change::rows).sum();
        1 + self.guards.len() + changed + self.entries.len()
    }

    /// Whether it can fail after a part of it was done, so that this part must be undone.
    pub(crate) fn can_fail_halfway(&self) -> bool {
        match self.changes.as_slice() {
            [] => false,
            [one] => !one.is_one_statement(),
            [..] => true,
        }
    }
}
