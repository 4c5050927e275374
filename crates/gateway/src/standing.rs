//! Whether this node's own ledger is whole, by what peers have seen of it.

use crate::operation::Fault;
use concord_domain::{AgencyId, Digest};
use concord_ledger::{Checkpoint, SignedCheckpoint, root_at};
use concord_store::{Change, StorageError, Store, Write, WriteError};
use concord_trust::PublicKey;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::watch;

/// The ledger does not lead to a checkpoint that this node signed and a peer holds: the node was restored from an old
/// backup. Whatever it answered would stand at indices that it has given away before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "a peer holds a checkpoint of this node at {seen} entries, to which its ledger of {found} does not lead: it serves \
     nothing until a person decides"
)]
pub struct RolledBack {
    /// Entries that a peer has seen.
    pub seen: u64,
    /// Entries that there are.
    pub found: u64,
}

/// What peers have seen of the own ledger, held against it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Standing {
    store: Store,
    /// The keys that we had published for checkpoints when the node started.
    published: Arc<[PublicKey]>,
    state: Arc<watch::Sender<Option<RolledBack>>>,
}

/// Under this name the store remembers up to which size a person let the node go on.
const ACCEPTED: &str = "ledger/rollback-accepted";

impl Standing {
    /// Good, until a peer shows otherwise.
    pub fn new(store: Store) -> Self {
        Self { store, published: Arc::default(), state: Arc::new(watch::Sender::new(None)) }
    }

    /// Judges by these keys too: all that we ever published for checkpoints, since what a peer has seen of a ledger that is
    /// lost was signed by the key of its time.
    #[must_use]
    pub fn signed_by(self, published: Vec<PublicKey>) -> Self {
        Self { published: published.into(), ..self }
    }

    /// Why nothing is served, if so.
    pub fn rolled_back(&self) -> Option<RolledBack> {
        *self.state.borrow()
    }

    /// Tells when that changes.
    pub fn subscribe(&self) -> watch::Receiver<Option<RolledBack>> {
        self.state.subscribe()
    }

    /// Holds a checkpoint of our ledger, which a peer keeps, against it. One that none of `keys` signed, nor a key that was
    /// published before, says nothing.
    pub(crate) fn judge(&self, agency: &AgencyId, note: &str, keys: &[PublicKey]) {
        let Ok(checkpoint) = SignedCheckpoint::parse(note) else { return };
        if checkpoint.verify(agency, &[keys, &self.published].concat()).is_err() {
            return;
        }
        match self.behind(checkpoint.claimed()) {
            Ok(None) => {}
            Ok(Some(rolled_back)) => {
                tracing::error!(target: "concord::ledger", "{rolled_back}");
                // The largest of all is what a person accepts: a smaller one that a later peer shows must not hide it.
                self.state.send_if_modified(|known| {
                    let larger = known.is_none_or(|known| known.seen < rolled_back.seen);
                    if larger {
                        *known = Some(rolled_back);
                    }
                    larger
                });
            }
            Err(error) => {
                tracing::error!(target: "concord::ledger", %error, "the ledger's size is not known")
            }
        }
    }

    /// Entries alone do not tell: a restored ledger that went on may be the larger one by now.
    fn behind(&self, seen: &Checkpoint) -> Result<Option<RolledBack>, Fault> {
        let fault = |error: StorageError| Fault::new("judging a checkpoint", error);
        let found = self.store.head().map_err(fault)?.tree.size;
        let accepted = self.store.sequence(ACCEPTED).map_err(fault)?.map_or(0, |accepted| accepted.sequence);
        if seen.size <= accepted {
            return Ok(None);
        }
        let leads = seen.size <= found
            && root_at(&self.store, seen.size).map_err(|e| Fault::new("judging a checkpoint", e))?
                == seen.root;
        Ok((!leads).then_some(RolledBack { seen: seen.size, found }))
    }

    /// Puts on the record that a person lets the node go on, and serves again. Says what was accepted, if there was
    /// anything to accept.
    ///
    /// # Errors
    /// If it cannot be written; nothing is served then.
    pub async fn accept(&self) -> Result<Option<RolledBack>, WriteError> {
        let Some(rolled_back @ RolledBack { seen, found: _ }) = self.rolled_back() else { return Ok(None) };
        let accepted =
            Change::SawSequence { document: ACCEPTED.to_owned(), sequence: seen, digest: Digest([0; 32]) };
        let entries = vec![concord_ledger::Event::RollbackAccepted { seen }];
        let write = Write { name: "rollback_accepted", guards: vec![], changes: vec![accepted], entries };
        self.store.submit(write).await?;
        self.state.send_replace(None);
        Ok(Some(rolled_back))
    }
}

#[cfg(test)]
mod tests;
