//! Requests remembered until they cannot come again, against replays and for repeats.

use crate::column::Column;
use crate::error::StorageError;
use crate::refusal::{GuardFailure, WriteError};
use crate::write::Change;
use concord_domain::{AgencyId, Digest, RequestId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

/// A request with the answer that it got.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asked.
    pub origin: AgencyId,
    /// The request; unique together with its origin.
    pub id: RequestId,
    /// The request's digest, which leaves the attempt out.
    pub digest: Digest,
    /// The attempt that was answered.
    pub attempt: u32,
    /// Until when a repeat may come: expiry plus clock skew.
    pub keep_until: Timestamp,
    /// The answer, encrypted by the caller: the store does not look inside.
    pub answer: Vec<u8>,
}

impl std::fmt::Debug for Request {
    /// Leaves out the answer's bytes: long, and of no use to a reader.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { origin, id, digest, attempt, keep_until, answer } = self;
        f.debug_struct("Request")
            .field("origin", origin)
            .field("id", id)
            .field("digest", digest)
            .field("attempt", attempt)
            .field("keep_until", keep_until)
            .field("answer_bytes", &answer.len())
            .finish()
    }
}

/// What is known of a request that was answered.
#[derive(Clone, PartialEq, Eq)]
pub struct Remembered {
    /// The request's digest: another one under the same identifier is a reuse.
    pub digest: Digest,
    /// The latest attempt seen.
    pub attempt: u32,
    /// Until when it is kept.
    pub keep_until: Timestamp,
    /// Index of the first ledger entry of the write that remembered it: what its receipt is about.
    pub entry: u64,
    /// The answer, as it was given to the store.
    pub answer: Vec<u8>,
}

impl std::fmt::Debug for Remembered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { digest, attempt, keep_until, entry, answer } = self;
        f.debug_struct("Remembered")
            .field("digest", digest)
            .field("attempt", attempt)
            .field("keep_until", keep_until)
            .field("entry", entry)
            .field("answer_bytes", &answer.len())
            .finish()
    }
}

fn attempt_seen(db: &Connection, origin: &AgencyId, id: &RequestId) -> Result<Option<u32>, StorageError> {
    let mut statement = db.prepare_cached("SELECT attempt FROM request WHERE origin = ?1 AND id = ?2")?;
    Ok(statement.query_row(params![Column(origin), Column(id)], |row| row.get(0)).optional()?)
}

/// [`Guard::RequestNew`](crate::Guard::RequestNew). A row whose time has passed still counts until it is purged.
pub(crate) fn require_new(db: &Connection, origin: &AgencyId, id: &RequestId) -> Result<(), WriteError> {
    match attempt_seen(db, origin, id)? {
        Some(_) => Err(GuardFailure::RequestKnown.into()),
        None => Ok(()),
    }
}

/// [`Guard::AttemptNewer`](crate::Guard::AttemptNewer).
pub(crate) fn require_newer(
    db: &Connection,
    origin: &AgencyId,
    id: &RequestId,
    attempt: u32,
) -> Result<(), WriteError> {
    match attempt_seen(db, origin, id)? {
        None => Err(GuardFailure::RequestUnknown.into()),
        Some(seen) if seen >= attempt => Err(GuardFailure::AttemptNotNewer { seen }.into()),
        Some(_) => Ok(()),
    }
}

/// [`Change::RememberRequest`]; `entry` is the index that the write's first entry is about to get.
pub(crate) fn remember(db: &Connection, request: &Request, entry: u64) -> Result<(), WriteError> {
    let Request { origin, id, digest, attempt, keep_until, answer } = request;
    let added = db
        .prepare_cached(
            "INSERT INTO request (origin, id, digest, attempt, keep_until, entry, answer)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (origin, id) DO NOTHING",
        )?
        .execute(params![
            Column(origin),
            Column(id),
            Column(digest),
            attempt,
            Column(*keep_until),
            entry,
            answer
        ])?;
    if added == 0 { Err(GuardFailure::RequestKnown.into()) } else { Ok(()) }
}

/// [`Change::RememberAttempt`].
pub(crate) fn remember_attempt(
    db: &Connection,
    origin: &AgencyId,
    id: &RequestId,
    attempt: u32,
) -> Result<(), WriteError> {
    let changed = db
        .prepare_cached("UPDATE request SET attempt = max(attempt, ?3) WHERE origin = ?1 AND id = ?2")?
        .execute(params![Column(origin), Column(id), attempt])?;
    if changed == 0 { Err(GuardFailure::RequestUnknown.into()) } else { Ok(()) }
}

/// [`Change::ForgetRequests`].
pub(crate) fn forget(db: &Connection, before: Timestamp) -> Result<(), WriteError> {
    db.prepare_cached(
        "DELETE FROM request WHERE rowid IN
         (SELECT rowid FROM request WHERE keep_until < ?1 ORDER BY keep_until LIMIT ?2)",
    )?
    .execute(params![Column(before), Change::FORGET_BATCH])?;
    Ok(())
}

/// Whether [`Change::ForgetRequests`] would find something.
pub(crate) fn any_lapsed(db: &Connection, before: Timestamp) -> Result<bool, StorageError> {
    let mut statement = db.prepare_cached("SELECT EXISTS (SELECT 1 FROM request WHERE keep_until < ?1)")?;
    Ok(statement.query_row(params![Column(before)], |row| row.get(0))?)
}

/// What is remembered under an identifier.
pub(crate) fn read(
    db: &Connection,
    origin: &AgencyId,
    id: &RequestId,
) -> Result<Option<Remembered>, StorageError> {
    let mut statement = db.prepare_cached(
        "SELECT digest, attempt, keep_until, entry, answer FROM request WHERE origin = ?1 AND id = ?2",
    )?;
    let row = statement.query_row(params![Column(origin), Column(id)], |row| {
        let (Column(digest), Column(keep_until)) = (row.get(0)?, row.get(2)?);
        Ok(Remembered { digest, attempt: row.get(1)?, keep_until, entry: row.get(3)?, answer: row.get(4)? })
    });
    Ok(row.optional()?)
}
