//! Sequences of published documents: never lower, and one text each.

use crate::column::Column;
use crate::error::StorageError;
use crate::refusal::{GuardFailure, WriteError};
use concord_domain::Digest;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// The highest sequence seen of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenSequence {
    /// The document, such as `agreement/northwest`.
    pub document: String,
    /// Its sequence or version.
    pub sequence: u64,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}

/// [`Guard::SequenceNotLower`](crate::Guard::SequenceNotLower).
pub(crate) fn require_not_lower(
    db: &Connection,
    document: &str,
    sequence: u64,
    digest: &Digest,
) -> Result<(), WriteError> {
    let Some(seen) = read(db, document)? else { return Ok(()) };
    let document = seen.document;
    if seen.sequence > sequence {
        return Err(GuardFailure::SequenceLower { document, sequence, seen: seen.sequence }.into());
    }
    if seen.sequence == sequence && seen.digest != *digest {
        return Err(GuardFailure::SequenceConflict { document, sequence }.into());
    }
    Ok(())
}

/// [`Change::SawSequence`](crate::Change::SawSequence).
pub(crate) fn saw(db: &Connection, document: &str, sequence: u64, digest: &Digest) -> Result<(), WriteError> {
    require_not_lower(db, document, sequence, digest)?;
    db.prepare_cached(
        "INSERT INTO sequence (document, sequence, digest) VALUES (?1, ?2, ?3)
         ON CONFLICT (document) DO UPDATE SET sequence = excluded.sequence, digest = excluded.digest",
    )?
    .execute(params![document, sequence, Column(digest)])?;
    Ok(())
}

/// What was seen of one document.
pub(crate) fn read(db: &Connection, document: &str) -> Result<Option<SeenSequence>, StorageError> {
    let mut statement =
        db.prepare_cached("SELECT document, sequence, digest FROM sequence WHERE document = ?1")?;
    Ok(statement.query_row(params![document], from_row).optional()?)
}

/// What was seen of every document, by name.
pub(crate) fn read_all(db: &Connection) -> Result<Vec<SeenSequence>, StorageError> {
    let mut statement =
        db.prepare_cached("SELECT document, sequence, digest FROM sequence ORDER BY document")?;
    let rows = statement.query_map([], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<SeenSequence> {
    let Column(digest) = row.get(2)?;
    Ok(SeenSequence { document: row.get(0)?, sequence: row.get(1)?, digest })
}
