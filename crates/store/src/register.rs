//! The agency's register: notices in generations, of which each source shows exactly one.
//!
//! ```text
//!   stage ---> staged ---publish---> live ---publish of another---> dropped ---> (deleted)
//!                 +-----------------drop--------------------------------^
//! ```
//! An import stages the full content of one source and publishes it in one small write, so it is all or
//! nothing, and the same import twice leaves no duplicates.

use crate::error::StorageError;
use crate::refusal::WriteError;
use crate::write::Change;
use concord_domain::wanted::{Notice, NoticeNumber};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// A live notice with the source that it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredNotice {
    /// The source.
    pub source: String,
    /// The generation of the source: another one is other content, even under the same number.
    pub generation: u64,
    /// The notice.
    pub notice: Notice,
}

/// What one source shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceStats {
    /// The source.
    pub source: String,
    /// Its live generation.
    pub generation: u64,
    /// Notices in it.
    pub notices: u64,
}

const STAGED: &str = "staged";
const LIVE: &str = "live";
const DROPPED: &str = "dropped";

fn state(db: &Connection, generation: u64) -> Result<Option<String>, WriteError> {
    let mut statement = db.prepare_cached("SELECT state FROM generation WHERE generation = ?1")?;
    Ok(statement.query_row(params![generation], |row| row.get(0)).optional()?)
}

/// Begins the generation if it is new; fails if it is live or dropped.
fn require_staged(db: &Connection, generation: u64) -> Result<(), WriteError> {
    match state(db, generation)?.as_deref() {
        Some(STAGED) => Ok(()),
        Some(_) => Err(WriteError::GenerationNotStaged { generation }),
        None => {
            db.prepare_cached("INSERT INTO generation (generation, state) VALUES (?1, ?2)")?
                .execute(params![generation, STAGED])?;
            Ok(())
        }
    }
}

/// [`Change::StageNotices`].
pub(crate) fn stage(db: &Connection, generation: u64, notices: &[Notice]) -> Result<(), WriteError> {
    require_staged(db, generation)?;
    let mut insert = db.prepare_cached(
        "INSERT INTO notice (generation, number, bytes) VALUES (?1, ?2, ?3)
         ON CONFLICT (number, generation) DO NOTHING",
    )?;
    for (position, notice) in notices.iter().enumerate() {
        let bytes = minicbor::to_vec(notice).map_err(|_| StorageError::Corrupt { what: "notice" })?;
        if insert.execute(params![generation, notice.number.as_str(), bytes])? == 0 {
            return Err(WriteError::DuplicateNotice { generation, position });
        }
    }
    Ok(())
}

/// [`Change::PublishGeneration`].
pub(crate) fn publish(db: &Connection, source: &str, generation: u64) -> Result<(), WriteError> {
    require_staged(db, generation)?;
    db.prepare_cached("UPDATE generation SET state = ?2 WHERE source = ?1 AND state = 'live'")?
        .execute(params![source, DROPPED])?;
    db.prepare_cached("UPDATE generation SET state = ?3, source = ?2 WHERE generation = ?1")?
        .execute(params![generation, source, LIVE])?;
    Ok(())
}

/// [`Change::DropGeneration`]. One that is not there is dropped already.
pub(crate) fn drop_batch(db: &Connection, generation: u64) -> Result<(), WriteError> {
    match state(db, generation)?.as_deref() {
        None => return Ok(()),
        Some(LIVE) => return Err(WriteError::GenerationLive { generation }),
        Some(_) => (),
    }
    db.prepare_cached("UPDATE generation SET state = ?2 WHERE generation = ?1")?
        .execute(params![generation, DROPPED])?;
    Ok(delete_dropped(db, generation)?)
}

/// Deletes one batch of a dropped generation's rows, and the generation with the last of them.
pub(crate) fn delete_dropped(db: &Connection, generation: u64) -> Result<(), StorageError> {
    let deleted = db
        .prepare_cached(
            "DELETE FROM notice WHERE rowid IN (SELECT rowid FROM notice WHERE generation = ?1 LIMIT ?2)",
        )?
        .execute(params![generation, Change::DROP_BATCH])?;
    if deleted < Change::DROP_BATCH {
        db.prepare_cached("DELETE FROM generation WHERE generation = ?1")?.execute(params![generation])?;
    }
    Ok(())
}

/// A generation whose rows wait to be deleted.
pub(crate) fn first_dropped(db: &Connection) -> Result<Option<u64>, StorageError> {
    let mut statement =
        db.prepare_cached("SELECT generation FROM generation WHERE state = ?1 ORDER BY generation LIMIT 1")?;
    Ok(statement.query_row([DROPPED], |row| row.get(0)).optional()?)
}

/// Gives up what an interrupted import left; before the writer starts, nobody can be staging.
pub(crate) fn drop_unfinished(db: &Connection) -> Result<(), StorageError> {
    db.execute("UPDATE generation SET state = ?2 WHERE state = ?1", params![STAGED, DROPPED])?;
    Ok(())
}

/// The highest generation there is; zero if there is none.
pub(crate) fn highest_generation(db: &Connection) -> Result<u64, StorageError> {
    Ok(db.query_row("SELECT coalesce(max(generation), 0) FROM generation", [], |row| row.get(0))?)
}

/// Every live notice, by number, then by source.
pub(crate) fn visit(db: &Connection, mut visit: impl FnMut(RegisteredNotice)) -> Result<(), StorageError> {
    // The cross join keeps the index on the number outermost: rows come sorted, nothing is collected first.
    let mut statement = db.prepare_cached(
        "SELECT g.source, g.generation, n.bytes FROM notice n CROSS JOIN generation g ON g.generation = n.generation
         WHERE g.state = 'live' ORDER BY n.number, g.source",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        visit(registered(row)?);
    }
    Ok(())
}

/// The live notices under a number: one for each source that uses it, by source.
pub(crate) fn find(db: &Connection, number: &NoticeNumber) -> Result<Vec<RegisteredNotice>, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT g.source, g.generation, n.bytes FROM notice n CROSS JOIN generation g ON g.generation = n.generation
         WHERE n.number = ?1 AND g.state = 'live' ORDER BY g.source",
    )?;
    let mut rows = statement.query([number.as_str()])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(registered(row)?);
    }
    Ok(found)
}

/// What each source shows, by its name.
pub(crate) fn stats(db: &Connection) -> Result<Vec<SourceStats>, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT source, generation,
                (SELECT count(*) FROM notice n WHERE n.generation = g.generation)
         FROM generation g WHERE state = 'live' ORDER BY source",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(SourceStats { source: row.get(0)?, generation: row.get(1)?, notices: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn registered(row: &Row<'_>) -> Result<RegisteredNotice, StorageError> {
    let bytes = row.get_ref(2)?.as_blob().map_err(|_| StorageError::Corrupt { what: "notice" })?;
    let notice = minicbor::decode(bytes).map_err(|_| StorageError::Corrupt { what: "notice" })?;
    Ok(RegisteredNotice { source: row.get(0)?, generation: row.get(1)?, notice })
}
