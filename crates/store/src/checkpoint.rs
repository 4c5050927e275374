//! Signed checkpoints: the own ones, all of them; of each peer the largest.

use crate::column::Column;
use crate::error::StorageError;
use crate::refusal::WriteError;
use concord_domain::AgencyId;
use rusqlite::{Connection, OptionalExtension, Row, params};

/// A checkpoint as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// Entries that it covers.
    pub size: u64,
    /// The signed note.
    pub note: String,
}

/// [`Change::SaveCheckpoint`](crate::Change::SaveCheckpoint). The same size again has the same root, but perhaps a newer key's signature: the
/// newer note is kept.
pub(crate) fn save(db: &Connection, size: u64, note: &str, head: u64) -> Result<(), WriteError> {
    if size > head {
        return Err(WriteError::CheckpointBeyondHead { size, head });
    }
    db.prepare_cached(
        "INSERT INTO checkpoint (size, note) VALUES (?1, ?2)
         ON CONFLICT (size) DO UPDATE SET note = excluded.note",
    )?
    .execute(params![size, note])?;
    Ok(())
}

/// [`Change::SavePeerCheckpoint`](crate::Change::SavePeerCheckpoint).
pub(crate) fn save_peer(db: &Connection, agency: &AgencyId, size: u64, note: &str) -> Result<(), WriteError> {
    db.prepare_cached(
        "INSERT INTO peer_checkpoint (agency, size, note) VALUES (?1, ?2, ?3)
         ON CONFLICT (agency) DO UPDATE SET size = excluded.size, note = excluded.note
         WHERE excluded.size > peer_checkpoint.size",
    )?
    .execute(params![Column(agency), size, note])?;
    Ok(())
}

/// Own checkpoints of at least `from` entries, by size.
pub(crate) fn read_page(
    db: &Connection,
    from: u64,
    limit: usize,
) -> Result<Vec<StoredCheckpoint>, StorageError> {
    let mut statement =
        db.prepare_cached("SELECT size, note FROM checkpoint WHERE size >= ?1 ORDER BY size LIMIT ?2")?;
    let rows = statement.query_map(params![from, limit], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The largest own checkpoint.
pub(crate) fn read_latest(db: &Connection) -> Result<Option<StoredCheckpoint>, StorageError> {
    let mut statement = db.prepare_cached("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1")?;
    Ok(statement.query_row([], from_row).optional()?)
}

/// The largest checkpoint seen of a peer.
pub(crate) fn read_peer(
    db: &Connection,
    agency: &AgencyId,
) -> Result<Option<StoredCheckpoint>, StorageError> {
    let mut statement = db.prepare_cached("SELECT size, note FROM peer_checkpoint WHERE agency = ?1")?;
    Ok(statement.query_row(params![Column(agency)], from_row).optional()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<StoredCheckpoint> {
    Ok(StoredCheckpoint { size: row.get(0)?, note: row.get(1)? })
}
