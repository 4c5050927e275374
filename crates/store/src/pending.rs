//! What we asked, and whose answer is to come.

use crate::column::Column;
use crate::error::StorageError;
use crate::refusal::{GuardFailure, WriteError};
use crate::write::Change;
use concord_domain::{AgencyId, Reference, Timestamp};
use rusqlite::{Connection, params};
use std::fmt;

/// One agency's answer that is to come.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptPending {
    /// Under which our own caller waits for it; several agencies may be waited for under one.
    pub watch: Reference,
    /// Who was asked.
    pub agency: AgencyId,
    /// From then on nothing is known of it.
    pub keep_until: Timestamp,
    /// What was asked, encrypted by the caller: the store does not look inside.
    pub sealed: Vec<u8>,
    /// What came of it in the end, encrypted by the caller.
    pub ended: Option<Vec<u8>>,
}

impl KeptPending {
    /// Answers to come that are kept at once: as many as a federation's brokers let wait.
    pub const KEPT_MAX: usize = 16_384;
    /// Bytes of what was asked at most, as of a vetting.
    pub const BYTES_MAX: usize = 128 << 10;
    /// Bytes of an end at most: an answer with every candidate.
    pub const ENDED_BYTES_MAX: usize = Change::ANSWER_BYTES_MAX;
}

impl fmt::Debug for KeptPending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { watch, agency, keep_until, .. } = self;
        f.debug_struct("KeptPending")
            .field("watch", watch)
            .field("agency", agency)
            .field("keep_until", keep_until)
            .finish_non_exhaustive()
    }
}

/// [`Change::KeepPending`].
pub(crate) fn keep(db: &Connection, pending: &KeptPending) -> Result<(), WriteError> {
    let kept: usize = db.prepare_cached("SELECT count(*) FROM pending")?.query_row([], |row| row.get(0))?;
    if kept >= KeptPending::KEPT_MAX {
        return Err(GuardFailure::PendingTooMany { limit: KeptPending::KEPT_MAX }.into());
    }
    let KeptPending { watch, agency, keep_until, sealed, ended } = pending;
    db.prepare_cached(
        "INSERT INTO pending (watch, agency, keep_until, sealed, ended) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![Column(watch), Column(agency), Column(*keep_until), sealed, ended])?;
    Ok(())
}

/// [`Change::EndPending`]. What came first stays.
pub(crate) fn end(
    db: &Connection,
    watch: &Reference,
    agency: &AgencyId,
    ended: &[u8],
) -> Result<(), WriteError> {
    db.prepare_cached("UPDATE pending SET ended = coalesce(ended, ?3) WHERE watch = ?1 AND agency = ?2")?
        .execute(params![Column(watch), Column(agency), ended])?;
    Ok(())
}

/// What is waited for under a name, by agency.
pub(crate) fn read(db: &Connection, watch: &Reference) -> Result<Vec<KeptPending>, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT agency, keep_until, sealed, ended FROM pending WHERE watch = ?1 ORDER BY agency",
    )?;
    let rows = statement.query_map(params![Column(watch)], |row| {
        let (Column(agency), Column(keep_until)) = (row.get(0)?, row.get(1)?);
        Ok(KeptPending { watch: *watch, agency, keep_until, sealed: row.get(2)?, ended: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// [`Change::ForgetWaiting`]: also what waits with us for others.
pub(crate) fn forget(db: &Connection, before: Timestamp) -> Result<(), WriteError> {
    for statement in [
        "DELETE FROM vetting WHERE id IN
         (SELECT id FROM vetting WHERE keep_until < ?1 ORDER BY keep_until LIMIT ?2)",
        "DELETE FROM pending WHERE (watch, agency) IN
         (SELECT watch, agency FROM pending WHERE keep_until < ?1 ORDER BY keep_until LIMIT ?2)",
    ] {
        db.prepare_cached(statement)?.execute(params![Column(before), Change::FORGET_BATCH])?;
    }
    Ok(())
}

/// Whether [`Change::ForgetWaiting`] would find something.
pub(crate) fn any_lapsed(db: &Connection, before: Timestamp) -> Result<bool, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM vetting WHERE keep_until < ?1)
             OR EXISTS (SELECT 1 FROM pending WHERE keep_until < ?1)",
    )?;
    Ok(statement.query_row(params![Column(before)], |row| row.get(0))?)
}
