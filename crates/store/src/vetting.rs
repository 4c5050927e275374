//! What other agencies ask us to ask on, while it waits for an officer's decision and until it has been asked on.

use crate::column::Column;
use crate::error::StorageError;
use crate::refusal::{GuardFailure, WriteError};
use concord_domain::{AgencyId, Reference, Timestamp, VettingState};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::fmt;

/// A request that waits.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptVetting {
    /// Under which it waits.
    pub reference: Reference,
    /// Who asked us.
    pub origin: AgencyId,
    /// What became of it.
    pub state: VettingState,
    /// Since when.
    pub created: Timestamp,
    /// From then on it is neither decided nor asked on.
    pub expires: Timestamp,
    /// From then on nothing is known of it.
    pub keep_until: Timestamp,
    /// The request, encrypted by the caller: the store does not look inside.
    pub sealed: Vec<u8>,
    /// Who decided, and in which words, encrypted by the caller.
    pub decision: Option<Vec<u8>>,
    /// With whom it waits in turn.
    pub beyond: Option<Vec<u8>>,
}

impl KeptVetting {
    /// Requests that wait or are approved at once, in all: at the largest some 512 MiB, and years of work for people.
    pub const WAITING_MAX: usize = 4096;
    /// Of these, for one agency: a flood from one leaves room for the others.
    pub const WAITING_PER_AGENCY_MAX: usize = 256;
    /// Requests of one agency that are kept at once, also those that are over and not forgotten yet: one whose requests end
    /// at once fills no disk, and one whose requests are decided by the hundred is not held up.
    pub const KEPT_PER_AGENCY_MAX: usize = 4 * Self::WAITING_PER_AGENCY_MAX;
    /// Bytes of a part at most: above the largest ask that a local API takes in (64 KiB), with what is known of it.
    pub const BYTES_MAX: usize = 128 << 10;
}

impl fmt::Debug for KeptVetting {
    /// Leaves out what is encrypted: long, and of no use to a reader.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reference, origin, state, created, expires, keep_until, .. } = self;
        f.debug_struct("KeptVetting")
            .field("reference", reference)
            .field("origin", origin)
            .field("state", state)
            .field("created", created)
            .field("expires", expires)
            .field("keep_until", keep_until)
            .finish_non_exhaustive()
    }
}

const COLUMNS: &str = "id, reference, origin, state, created, expires, keep_until, sealed, decision, beyond";

/// [`Change::OpenVetting`](crate::Change::OpenVetting), at the time of the write's entries.
pub(crate) fn open(db: &Connection, vetting: &KeptVetting, now: Timestamp) -> Result<(), WriteError> {
    let waiting = |of: &str| {
        format!("SELECT count(*) FROM vetting WHERE state IN ('open', 'approved') AND expires > ?1{of}")
    };
    let in_all: usize = db.prepare_cached(&waiting(""))?.query_row([Column(now)], |row| row.get(0))?;
    let mut of_agency = db.prepare_cached(&waiting(" AND origin = ?2"))?;
    let of_agency: usize =
        of_agency.query_row(params![Column(now), Column(&vetting.origin)], |row| row.get(0))?;
    let kept: usize = db
        .prepare_cached("SELECT count(*) FROM vetting WHERE origin = ?1")?
        .query_row([Column(&vetting.origin)], |row| row.get(0))?;
    let limits = [
        (in_all, KeptVetting::WAITING_MAX),
        (of_agency, KeptVetting::WAITING_PER_AGENCY_MAX),
        (kept, KeptVetting::KEPT_PER_AGENCY_MAX),
    ];
    if let Some((_, limit)) = limits.into_iter().find(|(count, limit)| count >= limit) {
        return Err(GuardFailure::VettingsTooMany { limit }.into());
    }
    let KeptVetting { reference, origin, state, created, expires, keep_until, sealed, decision, beyond } =
        vetting;
    db.prepare_cached(
        "INSERT INTO vetting (reference, origin, state, created, expires, keep_until, sealed, decision, beyond)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        Column(reference),
        Column(origin),
        state.as_str(),
        Column(*created),
        Column(*expires),
        Column(*keep_until),
        sealed,
        decision,
        beyond
    ])?;
    Ok(())
}

/// [`Change::DecideVetting`](crate::Change::DecideVetting), at the time of the write's entries.
pub(crate) fn decide(
    db: &Connection,
    reference: &Reference,
    state: VettingState,
    decision: &[u8],
    now: Timestamp,
) -> Result<(), WriteError> {
    let changed = db
        .prepare_cached(
            "UPDATE vetting SET state = ?2, decision = ?3
             WHERE reference = ?1 AND state = 'open' AND expires > ?4",
        )?
        .execute(params![Column(reference), state.as_str(), decision, Column(now)])?;
    if changed == 1 { Ok(()) } else { Err(otherwise(db, reference)?) }
}

/// [`Change::PassVettingOn`](crate::Change::PassVettingOn).
pub(crate) fn pass_on(db: &Connection, reference: &Reference, beyond: &[u8]) -> Result<(), WriteError> {
    let changed = db
        .prepare_cached("UPDATE vetting SET beyond = ?2 WHERE reference = ?1 AND state = 'approved'")?
        .execute(params![Column(reference), beyond])?;
    if changed == 1 { Ok(()) } else { Err(otherwise(db, reference)?) }
}

/// [`Change::SpendVetting`](crate::Change::SpendVetting).
pub(crate) fn spend(db: &Connection, reference: &Reference) -> Result<(), WriteError> {
    let changed = db
        .prepare_cached("UPDATE vetting SET state = 'spent' WHERE reference = ?1 AND state = 'approved'")?
        .execute(params![Column(reference)])?;
    if changed == 1 { Ok(()) } else { Err(otherwise(db, reference)?) }
}

/// How a request stands that is not as it was thought to be. One that is still open has expired.
fn otherwise(db: &Connection, reference: &Reference) -> Result<WriteError, StorageError> {
    let state = read(db, reference)?.map(|vetting| vetting.state);
    Ok(GuardFailure::VettingOtherwise { state }.into())
}

/// What waits under a reference.
pub(crate) fn read(db: &Connection, reference: &Reference) -> Result<Option<KeptVetting>, StorageError> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM vetting WHERE reference = ?1"))?;
    let row = statement.query_row(params![Column(reference)], from_row);
    Ok(row.optional()?.map(|(_, vetting)| vetting))
}

/// A page of what waits, the oldest first, each with where it stands.
pub(crate) fn read_page(
    db: &Connection,
    behind: u64,
    limit: usize,
) -> Result<Vec<(u64, KeptVetting)>, StorageError> {
    let select = format!("SELECT {COLUMNS} FROM vetting WHERE id > ?1 ORDER BY id LIMIT ?2");
    let mut statement = db.prepare_cached(&select)?;
    let rows = statement.query_map(params![behind, limit], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<(u64, KeptVetting)> {
    let (Column(reference), Column(origin), Column(state)) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let (Column(created), Column(expires), Column(keep_until)) = (row.get(4)?, row.get(5)?, row.get(6)?);
    let (sealed, decision, beyond) = (row.get(7)?, row.get(8)?, row.get(9)?);
    let vetting =
        KeptVetting { reference, origin, state, created, expires, keep_until, sealed, decision, beyond };
    Ok((row.get(0)?, vetting))
}
