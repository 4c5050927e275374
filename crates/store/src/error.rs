//! What can go wrong below a write: the database, its files, its folder.

use std::path::PathBuf;
use std::sync::Arc;
use thiserror::Error;

/// The database failed, or holds what it cannot hold.
///
/// Never shows a stored value: statements are bound by parameters, so SQLite's texts name tables and columns
/// only.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum StorageError {
    /// SQLite's own word.
    #[error("database: {0}")]
    Database(Arc<rusqlite::Error>),
    /// A stored value cannot be read: the file was altered, or a program wrote it that was not this one.
    #[error("database: {what} cannot be read")]
    Corrupt {
        /// What was being read.
        what: &'static str,
    },
    /// An entry's row cannot be read.
    #[error("database: the row of entry {index} cannot be read")]
    CorruptEntry {
        /// The entry's index.
        index: u64,
    },
}

impl From<rusqlite::Error> for StorageError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(Arc::new(error))
    }
}

/// Why a store does not open.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process, or another store in this one, has the folder.
    #[error("{}: in use by another process", folder.display())]
    Locked {
        /// The data folder.
        folder: PathBuf,
    },
    /// A file or folder cannot be made or read.
    #[error("{}: {error}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's word.
        error: std::io::Error,
    },
    /// A SQLite file that is not Concord's.
    #[error("node.db is not a Concord database")]
    Foreign,
    /// Written by a newer program.
    #[error("node.db has version {found}, this program knows up to {known}")]
    NewerSchema {
        /// The file's version.
        found: usize,
        /// The newest that this program knows.
        known: usize,
    },
    /// Written by an older program, and opened where nothing may be changed.
    #[error("node.db has version {found}; start the node once to bring it to {known}")]
    OlderSchema {
        /// The file's version.
        found: usize,
        /// The version needed.
        known: usize,
    },
    /// The ledger's head does not end where its entries do.
    #[error("node.db: the ledger's head says {head} entries, there are {entries}")]
    HeadMismatch {
        /// Entries by the head.
        head: u64,
        /// Entries there are.
        entries: u64,
    },
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The writer's thread or runtime does not start.
    #[error("the writer does not start: {0}")]
    Writer(std::io::Error),
    /// [`Execution::Inline`](crate::Execution::Inline) outside of a tokio runtime.
    #[error("inline execution needs a tokio runtime")]
    NoRuntime,
}
