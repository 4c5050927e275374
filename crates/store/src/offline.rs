//! A stopped node's folder, opened for reading: what the ledger's verification needs.

use crate::checkpoint::{self, StoredCheckpoint};
use crate::database::open_reader;
use crate::document;
use crate::error::{OpenError, StorageError};
use crate::folder::{Folder, Lock};
use crate::ledger::{self, Head};
use crate::read::PAGE_MAX;
use crate::readers::Readers;
use crate::schema;
use concord_domain::Digest;
use concord_ledger::{EntrySource, HashSource, StoredEntry};
use concord_trust::DocumentSet;
use std::io;
use std::path::Path;

/// A stopped node's folder: the store, and as [`concord_ledger::Folder`] the published tiles, that a
/// [`concord_ledger::Audit`] reads. Nothing in it is changed, and nothing in it is believed: a head that does not fit
/// the entries opens here, so that the verification can say where they part.
#[derive(Debug)]
pub struct Offline {
    folder: Folder,
    readers: Readers,
    /// Keeps the node from starting meanwhile.
    _lock: Lock,
}

impl Offline {
    /// Opens the folder.
    ///
    /// # Errors
    /// [`OpenError::Locked`] while a node runs on it, [`OpenError::File`] if there is no database.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let folder = Folder::new(folder);
        let database = folder.database();
        if let Err(error) = std::fs::metadata(&database) {
            return Err(OpenError::File { path: database, error });
        }
        let lock = folder.lock()?;
        schema::require_current(&open_reader(&database)?)?;
        Ok(Self { readers: Readers::new(database), folder, _lock: lock })
    }

    /// Where the ledger ends, by its head row.
    ///
    /// # Errors
    /// If the database fails or the row cannot be read; so with every other read.
    pub fn head(&self) -> Result<Head, StorageError> {
        self.readers.with(ledger::read_head)
    }

    /// The documents that the node keeps.
    pub fn documents(&self) -> Result<DocumentSet, StorageError> {
        self.readers.with(document::read_all)
    }

    /// Entries from index `from` on, [`PAGE_MAX`] at most.
    pub fn entries(&self, from: u64, limit: usize) -> Result<Vec<StoredEntry>, StorageError> {
        self.rows(from, limit.min(PAGE_MAX))?.into_iter().collect()
    }

    fn rows(&self, from: u64, limit: usize) -> Result<Vec<Result<StoredEntry, StorageError>>, StorageError> {
        self.readers.with(|db| ledger::read_entries(db, from, limit))
    }

    /// All entries in order, a page at a time; ends after the first error.
    pub fn all_entries(&self) -> impl Iterator<Item = Result<StoredEntry, StorageError>> + '_ {
        pages(|from| self.rows(from, PAGE_MAX), |entry| entry.index)
    }

    /// All checkpoints in order of size, a page at a time; ends after the first error.
    pub fn all_checkpoints(&self) -> impl Iterator<Item = Result<StoredCheckpoint, StorageError>> + '_ {
        let page = |from| {
            let page = self.readers.with(|db| checkpoint::read_page(db, from, PAGE_MAX))?;
            Ok(page.into_iter().map(Ok).collect())
        };
        pages(page, |checkpoint| checkpoint.size)
    }
}

/// Rows page by page, by a key that only grows; the first row or page that cannot be read is the last.
fn pages<'a, T: 'a>(
    mut page: impl FnMut(u64) -> Result<Vec<Result<T, StorageError>>, StorageError> + 'a,
    key: impl Fn(&T) -> u64 + 'a,
) -> impl Iterator<Item = Result<T, StorageError>> + 'a {
    let mut from = Some(0);
    let pages = std::iter::from_fn(move || {
        let rows = page(from.take()?).unwrap_or_else(|error| vec![Err(error)]);
        from = rows.last().and_then(|row| key(row.as_ref().ok()?).checked_add(1));
        Some(rows)
    });
    let mut failed = false;
    pages.flatten().take_while(move |row| !std::mem::replace(&mut failed, row.is_err()))
}

impl HashSource for Offline {
    fn hash(&self, level: u8, index: u64) -> Option<Digest> {
        self.readers.with(|db| ledger::read_hash(db, level, index)).ok().flatten()
    }
}

impl EntrySource for Offline {
    fn entry(&self, index: u64) -> Option<Vec<u8>> {
        self.readers.with(|db| ledger::read_entry(db, index)).ok().flatten()
    }
}

impl concord_ledger::Folder for Offline {
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        match std::fs::read(self.folder.ledger().join(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
