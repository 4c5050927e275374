//! Why a write did not happen, and the limits that are checked before it is queued.

use crate::document::KeptDocument;
use crate::error::StorageError;
use crate::pending::KeptPending;
use crate::quota::Charge;
use crate::vetting::KeptVetting;
use crate::write::{Change, Guard, Write};
use concord_domain::{Timestamp, VettingState};
use concord_ledger::NOTE_BYTES_MAX;
use thiserror::Error;

/// Why a write did not happen. Only [`WriteError::Interrupted`] leaves it open whether it did.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum WriteError {
    /// A guard does not hold; nothing was written.
    #[error(transparent)]
    GuardFailed(#[from] GuardFailure),
    /// A part is larger than its limit.
    #[error("{what}: {count} is more than the limit of {limit}")]
    TooLarge {
        /// The part.
        what: &'static str,
        /// What it has.
        count: usize,
        /// What it may have.
        limit: usize,
    },
    /// A number beyond what the database holds (2^63 - 1).
    #[error("a number is beyond the limit of {}", i64::MAX)]
    NumberTooLarge,
    /// A notice number comes twice in one generation.
    #[error(
        "generation {generation}: the notice at position {position} of the batch has a number seen before"
    )]
    DuplicateNotice {
        /// The generation.
        generation: u64,
        /// Zero-based position in the batch.
        position: usize,
    },
    /// The generation is live or given up, so nothing can be added to it or published from it.
    #[error("generation {generation} is not being staged")]
    GenerationNotStaged {
        /// The generation.
        generation: u64,
    },
    /// A live generation cannot be dropped; publish another in its place.
    #[error("generation {generation} is live")]
    GenerationLive {
        /// The generation.
        generation: u64,
    },
    /// A checkpoint over more entries than there are.
    #[error("a checkpoint of size {size} over a ledger of {head}")]
    CheckpointBeyondHead {
        /// The checkpoint's size.
        size: u64,
        /// The ledger's size.
        head: u64,
    },
    /// Too many writes are waiting.
    #[error("the queue of writes is at its limit of {limit}")]
    Busy {
        /// Writes that may wait.
        limit: usize,
    },
    /// The store is closed; nothing was written.
    #[error("the store is closed")]
    Closed,
    /// The writer ended before it answered: the write may be kept or not.
    #[error("the store's writer ended before it answered")]
    Interrupted,
    /// The database failed before the commit; nothing of the group was written.
    #[error(transparent)]
    Storage(StorageError),
}

/// Which guard failed, on what.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GuardFailure {
    /// A request is remembered under this identifier.
    #[error("the request is known")]
    RequestKnown,
    /// No request is remembered under this identifier.
    #[error("the request is not known")]
    RequestUnknown,
    /// The same or a later attempt was seen.
    #[error("attempt {seen} of the request was seen")]
    AttemptNotNewer {
        /// The latest attempt seen.
        seen: u32,
    },
    /// A higher sequence was seen.
    #[error("{document}: sequence {seen} was seen, {sequence} is lower")]
    SequenceLower {
        /// The document.
        document: String,
        /// The sequence at hand.
        sequence: u64,
        /// The highest seen.
        seen: u64,
    },
    /// The same sequence was seen with other bytes: the document's issuer has signed two.
    #[error("{document}: sequence {sequence} was seen with other bytes")]
    SequenceConflict {
        /// The document.
        document: String,
        /// The sequence.
        sequence: u64,
    },
    /// What the write was decided by has ended: decide again.
    #[error("decided by what ended at {end}")]
    TimePassed {
        /// When it ended.
        end: Timestamp,
    },
    /// A quota's window has no more.
    #[error("the quota of {limit} is spent until {until}")]
    QuotaSpent {
        /// Requests in one window.
        limit: u32,
        /// When the next window begins.
        until: Timestamp,
    },
    /// Too many requests wait with us for a decision.
    #[error("{limit} requests wait for a decision already, the limit")]
    VettingsTooMany {
        /// Requests that may wait, of one agency or in all.
        limit: usize,
    },
    /// A request that waits with us is not as it was thought to be: decided, asked on, expired while open, or not known.
    #[error("the request is {}", state.map_or("not known", VettingState::as_str))]
    VettingOtherwise {
        /// How it stands; none if it is not known.
        state: Option<VettingState>,
    },
    /// Too many answers are waited for.
    #[error("{limit} answers are waited for already, the limit")]
    PendingTooMany {
        /// Answers that may be waited for.
        limit: usize,
    },
    /// The rules have changed since the write was decided: decide again.
    #[error("decided under epoch {decided} of the rules, which is now {current}")]
    RulesChanged {
        /// The epoch that the write was decided under.
        decided: u64,
        /// The epoch now.
        current: u64,
    },
}

impl From<StorageError> for WriteError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<rusqlite::Error> for WriteError {
    /// A value that does not fit its column is the writer's own mistake and must not fail the others of its
    /// group.
    fn from(error: rusqlite::Error) -> Self {
        match StorageError::from(error) {
            StorageError::Database(error) if matches!(*error, rusqlite::Error::ToSqlConversionFailure(_)) => {
                Self::NumberTooLarge
            }
            other @ (StorageError::Database(_)
            | StorageError::Corrupt { .. }
            | StorageError::CorruptEntry { .. }) => Self::Storage(other),
        }
    }
}

/// Checks the limits of every part, so that nothing oversized waits in the queue.
pub(crate) fn check_limits(write: &Write) -> Result<(), WriteError> {
    within("rows", write.rows(), Write::ROWS_MAX)?;
    for guard in &write.guards {
        match guard {
            Guard::SequenceNotLower { document, .. } => name("document", document)?,
            Guard::RequestNew { .. }
            | Guard::AttemptNewer { .. }
            | Guard::RulesEpoch(_)
            | Guard::Before(_) => (),
        }
    }
    write.changes.iter().try_for_each(check_change)
}

fn check_change(change: &Change) -> Result<(), WriteError> {
    match change {
        Change::RememberRequest(request) => {
            within("answer bytes", request.answer.len(), Change::ANSWER_BYTES_MAX)
        }
        Change::OpenVetting(vetting) => {
            let KeptVetting { sealed, decision, beyond, .. } = &**vetting;
            let parts = [Some(sealed), decision.as_ref(), beyond.as_ref()];
            parts.into_iter().flatten().try_for_each(|part| vetting_part(part))
        }
        Change::DecideVetting { decision, .. } => vetting_part(decision),
        Change::PassVettingOn { beyond, .. } => vetting_part(beyond),
        Change::KeepPending(pending) => within("pending bytes", pending.sealed.len(), KeptPending::BYTES_MAX),
        Change::EndPending { ended, .. } => within("end bytes", ended.len(), KeptPending::ENDED_BYTES_MAX),
        Change::SawSequence { document, .. } => name("document", document),
        Change::KeepDocument(kept) => {
            name("document", &kept.at.name)?;
            within("document bytes", kept.bytes(), KeptDocument::BYTES_MAX)
        }
        Change::SpendQuota(charge) => {
            within("quota name", charge.name.chars().count(), Charge::NAME_CHARS_MAX)
        }
        Change::StageNotices { notices, .. } => within("notices", notices.len(), Change::NOTICES_MAX),
        Change::PublishGeneration { source, .. } => name("source", source),
        Change::SaveCheckpoint { note, .. } | Change::SavePeerCheckpoint { note, .. } => {
            within("note bytes", note.len(), NOTE_BYTES_MAX)
        }
        Change::RememberAttempt { .. }
        | Change::ForgetRequests { .. }
        | Change::SpendVetting { .. }
        | Change::ForgetWaiting { .. }
        | Change::SetRulesEpoch(_)
        | Change::DropGeneration { .. } => Ok(()),
    }
}

fn vetting_part(part: &[u8]) -> Result<(), WriteError> {
    within("vetting bytes", part.len(), KeptVetting::BYTES_MAX)
}

fn name(what: &'static str, text: &str) -> Result<(), WriteError> {
    within(what, text.chars().count(), Change::NAME_CHARS_MAX)
}

pub(crate) fn within(what: &'static str, count: usize, limit: usize) -> Result<(), WriteError> {
    if count > limit { Err(WriteError::TooLarge { what, count, limit }) } else { Ok(()) }
}
