//! The tables, and the steps from one version of them to the next.

use crate::error::{OpenError, StorageError};
use concord_ledger::Frontier;
use rusqlite::{Connection, TransactionBehavior, params};

/// One step a version, in order; a step that has been released never changes.
const STEPS: [&str; 5] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
];

/// SQLite's mark of whose database this is (`PRAGMA application_id`): "CNCD".
const APPLICATION_ID: i64 = 0x434e_4344;

/// Brings a database to the newest version, each step in a transaction of its own.
pub(crate) fn migrate(db: &mut Connection) -> Result<(), OpenError> {
    let found = check(db)?;
    for (done, step) in STEPS.iter().enumerate().skip(found) {
        let tx = db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StorageError::from)?;
        tx.execute_batch(step).map_err(StorageError::from)?;
        if done == 0 {
            tx.execute(
                "INSERT INTO ledger_head (one, frontier, epoch, floor) VALUES (1, ?1, 0, 0)",
                params![Frontier::new().encode()],
            )
            .map_err(StorageError::from)?;
            tx.pragma_update(None, "application_id", APPLICATION_ID).map_err(StorageError::from)?;
        }
        tx.pragma_update(None, "user_version", done + 1).map_err(StorageError::from)?;
        tx.commit().map_err(StorageError::from)?;
    }
    Ok(())
}

/// Demands the newest version, for readers that may not change anything.
pub(crate) fn require_current(db: &Connection) -> Result<(), OpenError> {
    match check(db)? {
        found if found == STEPS.len() => Ok(()),
        found => Err(OpenError::OlderSchema { found, known: STEPS.len() }),
    }
}

/// The version found; zero for an empty file.
fn check(db: &Connection) -> Result<usize, OpenError> {
    let pragma =
        |name| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(StorageError::from);
    let tables: i64 = db
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(StorageError::from)?;
    if tables > 0 && pragma("application_id")? != APPLICATION_ID {
        return Err(OpenError::Foreign);
    }
    let found = usize::try_from(pragma("user_version")?).map_err(|_| OpenError::Foreign)?;
    if found > STEPS.len() {
        return Err(OpenError::NewerSchema { found, known: STEPS.len() });
    }
    Ok(found)
}
