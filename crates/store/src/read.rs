//! What can be read from a store. Each read is a moment's work on the calling thread and sees every write that
//! was acknowledged before it began.

use crate::checkpoint::{self, StoredCheckpoint};
use crate::document;
use crate::error::StorageError;
use crate::ledger::{self, Head};
use crate::pending::{self, KeptPending};
use crate::register::{self, RegisteredNotice, SourceStats};
use crate::replay::{self, Remembered};
use crate::sequence::{self, SeenSequence};
use crate::store::Store;
use crate::vetting::{self, KeptVetting};
use concord_domain::wanted::NoticeNumber;
use concord_domain::{AgencyId, Digest, Reference, RequestId, Timestamp};
use concord_ledger::{EntrySource, HashSource, StoredEntry};
use concord_trust::DocumentSet;

/// Rows in one page at most: a megabyte of entries.
pub const PAGE_MAX: usize = 1000;

impl Store {
    /// What is remembered of a request.
    ///
    /// # Errors
    /// If the database fails; so with every other read.
    pub fn remembered(&self, origin: &AgencyId, id: &RequestId) -> Result<Option<Remembered>, StorageError> {
        self.read(|db| replay::read(db, origin, id))
    }

    /// Whether requests are kept whose time passed before `before`.
    pub fn has_lapsed_requests(&self, before: Timestamp) -> Result<bool, StorageError> {
        self.read(|db| replay::any_lapsed(db, before))
    }

    /// The request of another agency that waits with us under a reference.
    pub fn vetting(&self, reference: &Reference) -> Result<Option<KeptVetting>, StorageError> {
        self.read(|db| vetting::read(db, reference))
    }

    /// Requests that wait with us, the oldest first, [`PAGE_MAX`] at most, each with its place: the next page is behind
    /// the last one's; the first is behind 0.
    pub fn vettings(&self, behind: u64, limit: usize) -> Result<Vec<(u64, KeptVetting)>, StorageError> {
        self.read(|db| vetting::read_page(db, behind, limit.min(PAGE_MAX)))
    }

    /// The answers that are waited for under a name, by agency.
    pub fn pending(&self, watch: &Reference) -> Result<Vec<KeptPending>, StorageError> {
        self.read(|db| pending::read(db, watch))
    }

    /// Whether something waits, or is waited for, whose time passed before `before`.
    pub fn has_lapsed_waiting(&self, before: Timestamp) -> Result<bool, StorageError> {
        self.read(|db| pending::any_lapsed(db, before))
    }

    /// Where the ledger ends.
    pub fn head(&self) -> Result<Head, StorageError> {
        self.read(ledger::read_head)
    }

    /// Entries from index `from` on, [`PAGE_MAX`] at most.
    pub fn entries(&self, from: u64, limit: usize) -> Result<Vec<StoredEntry>, StorageError> {
        self.read(|db| ledger::read_entries(db, from, limit.min(PAGE_MAX))?.into_iter().collect())
    }

    /// Own checkpoints of `from` entries or more, by size, [`PAGE_MAX`] at most.
    pub fn checkpoints(&self, from: u64, limit: usize) -> Result<Vec<StoredCheckpoint>, StorageError> {
        self.read(|db| checkpoint::read_page(db, from, limit.min(PAGE_MAX)))
    }

    /// The largest own checkpoint.
    pub fn latest_checkpoint(&self) -> Result<Option<StoredCheckpoint>, StorageError> {
        self.read(checkpoint::read_latest)
    }

    /// The largest checkpoint that a peer has shown.
    pub fn peer_checkpoint(&self, agency: &AgencyId) -> Result<Option<StoredCheckpoint>, StorageError> {
        self.read(|db| checkpoint::read_peer(db, agency))
    }

    /// Every document that is kept, with its signatures. Reads all their bytes: some milliseconds for a thousand.
    pub fn documents(&self) -> Result<DocumentSet, StorageError> {
        self.read(document::read_all)
    }

    /// The highest sequence seen of a document.
    pub fn sequence(&self, document: &str) -> Result<Option<SeenSequence>, StorageError> {
        self.read(|db| sequence::read(db, document))
    }

    /// The highest sequence seen of every document, by name.
    pub fn sequences(&self) -> Result<Vec<SeenSequence>, StorageError> {
        self.read(sequence::read_all)
    }

    /// Shows every live notice to `visit`, by number, then by source; the whole register as it was when the
    /// visit began. Some microseconds a notice: keep it off the I/O threads.
    pub fn notices(&self, visit: impl FnMut(RegisteredNotice)) -> Result<(), StorageError> {
        self.read(|db| register::visit(db, visit))
    }

    /// The live notices under a number, one for each source that uses it, by source.
    pub fn notice(&self, number: &NoticeNumber) -> Result<Vec<RegisteredNotice>, StorageError> {
        self.read(|db| register::find(db, number))
    }

    /// What each source shows, by its name.
    pub fn register_stats(&self) -> Result<Vec<SourceStats>, StorageError> {
        self.read(register::stats)
    }
}

impl HashSource for Store {
    /// A database that fails shows as a missing hash: the proof is then not given.
    fn hash(&self, level: u8, index: u64) -> Option<Digest> {
        found("hash", self.read(|db| ledger::read_hash(db, level, index)))
    }
}

impl EntrySource for Store {
    /// A database that fails shows as a missing entry: the tile is then not made.
    fn entry(&self, index: u64) -> Option<Vec<u8>> {
        found("entry", self.read(|db| ledger::read_entry(db, index)))
    }
}

fn found<T>(what: &'static str, read: Result<Option<T>, StorageError>) -> Option<T> {
    read.unwrap_or_else(|error| {
        tracing::error!(%error, what, "the ledger cannot be read");
        None
    })
}
