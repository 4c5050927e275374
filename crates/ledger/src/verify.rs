//! The auditor: reads a ledger once from its beginning, in constant memory, and names the first thing wrong.
//!
//! ```text
//! stored entries --hash--> leaf hashes --append--> root at each size
//!        |                      |                       |
//!   bundles, byte         tiles, byte             the roots that checkpoints
//!   by byte               by byte                 were signed for
//! ```
//!
//! Roots are believed because they are signed; tiles are believed only where they lead to a signed root. So an
//! entry that was changed together with its leaf hash is found by the next checkpoint, and the tiles tell which
//! entry it was.

mod claims;
mod fault;
mod folder;
mod run;

pub use fault::{Fault, Source};

use crate::checkpoint::SignedCheckpoint;
use crate::tree::TreeHead;
use concord_domain::{AgencyId, Digest};
use concord_trust::PublicKey;
use std::{fmt, io};
use thiserror::Error;

/// An entry as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its index.
    pub index: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The leaf hash that is stored beside it.
    pub leaf: Digest,
}

/// A folder of published tiles, see [`crate::TilePath`] and [`crate::CHECKPOINT_PATH`].
pub trait Folder: fmt::Debug {
    /// The file at a path relative to the folder; `None` if there is none.
    ///
    /// # Errors
    /// If there is one that cannot be read.
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>>;
}

/// What a ledger is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Audit<'a> {
    /// Whose ledger it is.
    pub ledger: &'a AgencyId,
    /// That agency's checkpoint keys, those of old keyrings too.
    pub keys: &'a [PublicKey],
    /// Size and root that the store keeps for the next append. Unsigned: it guards the entries that no
    /// checkpoint covers yet against faults, not against forgers.
    pub head: Option<TreeHead>,
    /// The published tiles. A folder without a checkpoint claims nothing, and is not compared.
    pub folder: Option<&'a dyn Folder>,
    /// A checkpoint that somebody else kept: it finds a missing tail, and a past that was signed anew.
    pub against: Option<&'a SignedCheckpoint>,
}

/// A ledger in which nothing is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Entries.
    pub size: u64,
    /// Their root.
    pub root: Digest,
    /// Stored checkpoints, all of them verified.
    pub checkpoints: u64,
    /// Entries that a verified checkpoint covers. Those after it could be changed unnoticed.
    pub signed: u64,
    /// Entries whose tiles were compared; `None` if there was no folder, or one without a checkpoint.
    pub tiled: Option<u64>,
}

/// Why an audit ended early; `E` is the error of the store.
#[derive(Debug, Error)]
pub enum Stop<E> {
    /// Something is wrong with the ledger.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The store could not be read: this says nothing about the ledger.
    #[error("the ledger cannot be read: {0}")]
    Store(E),
    /// A tile could not be read: this says nothing about the ledger.
    #[error("a tile cannot be read: {0}")]
    Folder(#[from] io::Error),
}

impl Audit<'_> {
    /// Reads all entries by index and all stored checkpoints by size.
    ///
    /// # Errors
    /// The first fault, or what kept the store or the folder from being read.
    pub fn run<E>(
        &self,
        entries: impl IntoIterator<Item = Result<StoredEntry, E>>,
        checkpoints: impl IntoIterator<Item = Result<String, E>>,
    ) -> Result<Report, Stop<E>> {
        let mut run = run::Run::new(self, checkpoints.into_iter())?;
        for entry in entries {
            run.entry(&entry.map_err(Stop::Store)?)?;
        }
        run.finish()
    }
}

#[cfg(test)]
mod tests;
