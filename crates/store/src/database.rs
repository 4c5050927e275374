//! SQLite connections, set up the same way everywhere: one that writes, any number that only read.

use crate::error::StorageError;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// Prepared statements kept a connection: more than there are statements in this crate.
const STATEMENTS_MAX: usize = 64;

/// Pages in the write-ahead log (16 MiB) after which a commit also copies them into the database. A page that
/// many groups touch is copied once: three times the writes a second of SQLite's usual 1000 pages were
/// measured with random request ids; longer logs gain little and make that one commit slower.
const LOG_PAGES: i64 = 4096;

/// Bytes that the write-ahead log is cut back to once it has been copied into the database; without a limit
/// one large import would leave it large for ever.
const JOURNAL_BYTES_MAX: i64 = 64 << 20;

/// KiB of pages the writer keeps: random request ids touch pages all over an index.
const WRITER_CACHE_KIB: i64 = 32 << 10;

/// The connection that writes. `synchronous=FULL` makes every commit wait for the disk (SQLite, "PRAGMA
/// synchronous": in WAL mode, `NORMAL` loses the last commits with the power).
pub(crate) fn open_writer(path: &Path) -> Result<Connection, StorageError> {
    let db = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    set_up(&db)?;
    db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update_and_check(None, "wal_autocheckpoint", LOG_PAGES, |_| Ok(()))?;
    db.pragma_update_and_check(None, "journal_size_limit", JOURNAL_BYTES_MAX, |_| Ok(()))?;
    db.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    Ok(db)
}

/// A connection that can only read.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, StorageError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)?;
    set_up(&db)?;
    Ok(db)
}

fn set_up(db: &Connection) -> Result<(), StorageError> {
    db.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    db.pragma_update(None, "trusted_schema", "off")?;
    db.pragma_update(None, "temp_store", "memory")?;
    Ok(())
}
