//! Whether this node's own ledger is whole, by what peers have seen of it.

use concord_domain::{AgencyId, Digest};
use concord_ledger::SignedCheckpoint;
use concord_store::{Change, StorageError, Store, Write, WriteError};
use concord_trust::PublicKey;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::watch;

/// The ledger is smaller than one that a peer has seen: the node was restored from an old backup. Whatever it answered
/// would stand at indices that it has given away before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "this node's ledger has {found} entries, and a peer has seen {seen}: it serves nothing until a person decides"
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
    state: Arc<watch::Sender<Option<RolledBack>>>,
}

/// Under this name the store remembers up to which size a person let the node go on.
const ACCEPTED: &str = "ledger/rollback-accepted";

impl Standing {
    /// Good, until a peer shows otherwise.
    pub fn new(store: Store) -> Self {
        Self { store, state: Arc::new(watch::Sender::new(None)) }
    }

    /// Why nothing is served, if so.
    pub fn rolled_back(&self) -> Option<RolledBack> {
        *self.state.borrow()
    }

    /// Tells when that changes.
    pub fn subscribe(&self) -> watch::Receiver<Option<RolledBack>> {
        self.state.subscribe()
    }

    /// Holds a checkpoint of our ledger, which a peer keeps, against it. One that our keys did not sign says nothing.
    pub(crate) fn judge(&self, agency: &AgencyId, note: &str, keys: &[PublicKey]) {
        let Ok(checkpoint) = SignedCheckpoint::parse(note) else { return };
        if checkpoint.verify(agency, keys).is_err() {
            return;
        }
        let seen = checkpoint.claimed().size;
        match self.behind(seen) {
            Ok(None) => {}
            Ok(Some(rolled_back)) => {
                tracing::error!(target: "concord::ledger", seen, found = rolled_back.found, "{rolled_back}");
                self.state.send_replace(Some(rolled_back));
            }
            Err(error) => {
                tracing::error!(target: "concord::ledger", %error, "the ledger's size is not known")
            }
        }
    }

    fn behind(&self, seen: u64) -> Result<Option<RolledBack>, StorageError> {
        let found = self.store.head()?.tree.size;
        let accepted = self.store.sequence(ACCEPTED)?.map_or(0, |accepted| accepted.sequence);
        Ok((found < seen && accepted < seen).then_some(RolledBack { seen, found }))
    }

    /// Puts on the record that a person lets the node go on, and serves again.
    ///
    /// # Errors
    /// If it cannot be written; nothing is served then.
    pub async fn accept(&self) -> Result<(), WriteError> {
        let Some(RolledBack { seen, found: _ }) = self.rolled_back() else { return Ok(()) };
        let accepted =
            Change::SawSequence { document: ACCEPTED.to_owned(), sequence: seen, digest: Digest([0; 32]) };
        let entries = vec![concord_ledger::Event::RollbackAccepted { seen }];
        let write = Write { name: "rollback_accepted", guards: vec![], changes: vec![accepted], entries };
        self.store.submit(write).await?;
        self.state.send_replace(None);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
