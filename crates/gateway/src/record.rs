//! The recorder: what must be durable before it may leave, and the tokens that prove it.

mod answering;
mod asking;
mod carrying;
mod distrust;
mod sharing;
#[cfg(test)]
mod tests;
mod vetting;

pub use answering::Release;
pub(crate) use answering::{Refused, Ruling, charge, verified_facts};
pub use asking::{Asked, Concluded, Evidence};

use crate::keys::HeldKeys;
use crate::operation::Fault;
use concord_domain::{AgencyId, Clock, Entropy, Timestamp};
use concord_ledger::{Entry, Event, RequestFacts};
use concord_store::{Change, Guard, GuardFailure, Recorded, StorageError, Store, Write, WriteError};
use concord_trust::envelope::Context;
use sharing::Sharing;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use thiserror::Error;

/// Why something is not on the record, so that it may not leave.
#[derive(Debug, Error)]
pub enum NotRecorded {
    /// Newer rules came into force since it was decided: decide again.
    #[error("the rules changed since the decision")]
    RulesChanged,
    /// What it was decided by has ended since: decide again.
    #[error("what it was decided by has ended since")]
    TimePassed,
    /// The quota of the clause is spent.
    #[error("the quota of {limit} is spent until {until}")]
    QuotaSpent {
        /// Requests in one window.
        limit: u32,
        /// When the next window begins.
        until: Timestamp,
    },
    /// A request or attempt of this number was recorded meanwhile, or what was approved was used.
    #[error("the request was recorded meanwhile")]
    Known,
    /// Too many writes are waiting.
    #[error("{limit} writes are waiting already, the limit")]
    Busy {
        /// Writes that may wait.
        limit: usize,
    },
    /// As many wait already as may: requests with us for an officer, or our own for an answer.
    #[error("{limit} wait already, the limit")]
    Full {
        /// How many may wait.
        limit: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<WriteError> for NotRecorded {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::GuardFailed(GuardFailure::RulesChanged { .. }) => Self::RulesChanged,
            WriteError::GuardFailed(GuardFailure::TimePassed { .. }) => Self::TimePassed,
            WriteError::GuardFailed(GuardFailure::QuotaSpent { limit, until }) => {
                Self::QuotaSpent { limit, until }
            }
            WriteError::GuardFailed(
                GuardFailure::VettingsTooMany { limit } | GuardFailure::PendingTooMany { limit },
            ) => Self::Full { limit },
            WriteError::GuardFailed(_) => Self::Known,
            WriteError::Busy { limit } => Self::Busy { limit },
            other @ (WriteError::TooLarge { .. }
            | WriteError::NumberTooLarge
            | WriteError::DuplicateNotice { .. }
            | WriteError::GenerationNotStaged { .. }
            | WriteError::GenerationLive { .. }
            | WriteError::CheckpointBeyondHead { .. }
            | WriteError::Closed
            | WriteError::Interrupted
            | WriteError::Storage(_)) => Self::Fault(Fault::new("writing the record", other)),
        }
    }
}

/// Puts things on the record, and hands out the tokens that let them leave.
#[derive(Debug, Clone)]
pub struct Recorder {
    agency: AgencyId,
    keys: HeldKeys,
    entropy: Arc<dyn Entropy>,
    store: Store,
    sharing: Sharing,
    distrusted: distrust::Recorded,
    newest: Arc<AtomicU64>,
}

/// An entry that is durable, with its bytes.
#[derive(Debug, Clone)]
struct Leaf {
    at: Recorded,
    bytes: Vec<u8>,
}

impl Recorder {
    /// A recorder over the node's store.
    ///
    /// # Errors
    /// If the ledger's head cannot be read: without the time of the newest entry, a clock that was set back would go
    /// unnoticed.
    pub fn new(
        agency: AgencyId,
        keys: HeldKeys,
        entropy: Arc<dyn Entropy>,
        store: Store,
    ) -> Result<Self, StorageError> {
        let newest = Arc::new(AtomicU64::new(store.head()?.floor.as_millis()));
        let (sharing, distrusted) = Default::default();
        Ok(Self { agency, keys, entropy, store, sharing, distrusted, newest })
    }

    /// The time by which envelopes are judged: never before the newest entry, so that a clock that was set back lets
    /// nothing in again that had expired.
    pub(crate) fn now(&self, clock: &dyn Clock) -> Timestamp {
        clock.now().max(Timestamp::from_millis(self.newest.load(Ordering::Relaxed)))
    }

    /// Writes one entry with what belongs to it.
    async fn write_entry(
        &self,
        name: &'static str,
        guards: Vec<Guard>,
        changes: Vec<Change>,
        event: Event,
    ) -> Result<Leaf, NotRecorded> {
        let committed =
            self.store.submit(Write { name, guards, changes, entries: vec![event.clone()] }).await?;
        let at = committed.entries.first().copied();
        let at = at.ok_or_else(|| Fault::new("writing the record", "no entry came back"))?;
        self.newest.fetch_max(at.time.as_millis(), Ordering::Relaxed);
        Ok(Leaf { at, bytes: Entry { time: at.time, event }.encode() })
    }
}

/// What a context says, for the ledger.
fn facts_of(context: &Context) -> RequestFacts {
    RequestFacts {
        id: context.id,
        digest: None,
        origin: context.origin.clone(),
        destination: context.destination.clone(),
        operation: context.operation.clone(),
        purpose: context.purpose,
        handling: context.handling,
        agreement: Some(context.agreement.clone()),
        clause: None,
        commitment: None,
        carriers: Vec::new(),
        behalf: Vec::new(),
    }
}
