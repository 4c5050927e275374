//! Quotas: how often a clause was used in the current window of time.

use crate::column::Column;
use crate::error::StorageError;
use crate::refusal::{GuardFailure, WriteError};
use concord_domain::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use std::time::Duration;

/// One request to be charged to a quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Whose quota of what, such as `northwest/3.1/yn.police.cn`.
    pub name: String,
    /// How long a window is; windows begin at whole multiples since 1970.
    pub window: Duration,
    /// Requests in one window.
    pub limit: u32,
}

impl Charge {
    /// Characters of a name at most: an agreement, a clause and an agency, each of its greatest length.
    pub const NAME_CHARS_MAX: usize = 64 + 32 + 120 + 2;
}

/// [`Change::SpendQuota`](crate::Change::SpendQuota), at the time of the write's entries.
pub(crate) fn spend(db: &Connection, charge: &Charge, now: Timestamp) -> Result<(), WriteError> {
    let Charge { name, window, limit } = charge;
    let length = u64::try_from(window.as_millis()).unwrap_or(u64::MAX).max(1);
    let began = Timestamp::from_millis(now.as_millis() / length * length);
    let spent = spent(db, name, began)?;
    if spent >= *limit {
        return Err(GuardFailure::QuotaSpent { limit: *limit, until: began.plus(*window) }.into());
    }
    db.prepare_cached(
        "INSERT INTO quota (name, window, spent) VALUES (?1, ?2, ?3)
         ON CONFLICT (name) DO UPDATE SET window = excluded.window, spent = excluded.spent",
    )?
    .execute(params![name, Column(began), spent + 1])?;
    Ok(())
}

fn spent(db: &Connection, name: &str, began: Timestamp) -> Result<u32, StorageError> {
    let mut statement = db.prepare_cached("SELECT spent FROM quota WHERE name = ?1 AND window = ?2")?;
    Ok(statement.query_row(params![name, Column(began)], |row| row.get(0)).optional()?.unwrap_or_default())
}
