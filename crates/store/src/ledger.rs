//! The ledger's rows: the head, the entries, the hashes of complete subtrees.

use crate::column::Column;
use crate::error::StorageError;
use crate::refusal::{GuardFailure, WriteError};
use crate::write::Recorded;
use concord_domain::{Digest, Timestamp};
use concord_ledger::{Frontier, StoredEntry, TreeHead, leaf_hash};
use rusqlite::{Connection, OptionalExtension, params};

/// Where the ledger ends, and the rules that writes are decided under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Size and root of the log.
    pub tree: TreeHead,
    /// The epoch of the rules; see [`Guard::RulesEpoch`](crate::Guard::RulesEpoch).
    pub epoch: u64,
    /// The time of the newest entry: no later entry has an earlier one.
    pub floor: Timestamp,
}

/// The row that a group locks first, while the group works on it.
#[derive(Debug, Clone)]
pub(crate) struct HeadRow {
    pub(crate) frontier: Frontier,
    pub(crate) epoch: u64,
    pub(crate) floor: Timestamp,
}

impl HeadRow {
    pub(crate) fn load(db: &Connection) -> Result<Self, StorageError> {
        let mut statement = db.prepare_cached("SELECT frontier, epoch, floor FROM ledger_head")?;
        let (frontier, epoch, Column(floor)) =
            statement.query_row([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?, row.get(2)?)))?;
        let frontier = Frontier::decode(&frontier).map_err(|_| StorageError::Corrupt { what: "frontier" })?;
        Ok(Self { frontier, epoch, floor })
    }

    pub(crate) fn save(&self, db: &Connection) -> Result<(), StorageError> {
        db.prepare_cached("UPDATE ledger_head SET frontier = ?1, epoch = ?2, floor = ?3")?
            .execute(params![self.frontier.encode(), self.epoch, Column(self.floor)])?;
        Ok(())
    }

    /// Adds an entry whose bytes hold `time`.
    pub(crate) fn append(
        &mut self,
        db: &Connection,
        bytes: &[u8],
        time: Timestamp,
    ) -> Result<Recorded, StorageError> {
        let index = self.frontier.size();
        let leaf = leaf_hash(bytes);
        db.prepare_cached("INSERT INTO entry (idx, leaf, bytes) VALUES (?1, ?2, ?3)")?.execute(params![
            index,
            Column(&leaf),
            bytes
        ])?;
        let mut insert = db.prepare_cached("INSERT INTO hash (level, idx, hash) VALUES (?1, ?2, ?3)")?;
        for node in self.frontier.append(leaf).iter().filter(|node| node.level > 0) {
            insert.execute(params![node.level, node.index, Column(&node.hash)])?;
        }
        self.floor = time;
        Ok(Recorded { index, leaf, time })
    }

    /// [`Guard::RulesEpoch`](crate::Guard::RulesEpoch).
    pub(crate) fn require_epoch(&self, decided: u64) -> Result<(), WriteError> {
        let current = self.epoch;
        if decided == current { Ok(()) } else { Err(GuardFailure::RulesChanged { decided, current }.into()) }
    }

    /// [`Change::SetRulesEpoch`](crate::Change::SetRulesEpoch): forward only, so that an epoch never means two sets of rules.
    pub(crate) fn later_epoch(&self, next: u64) -> Result<u64, WriteError> {
        let current = self.epoch;
        if next > i64::MAX.unsigned_abs() {
            return Err(WriteError::NumberTooLarge);
        }
        if next < current {
            return Err(GuardFailure::RulesChanged { decided: next, current }.into());
        }
        Ok(next)
    }
}

/// The head, for readers.
pub(crate) fn read_head(db: &Connection) -> Result<Head, StorageError> {
    let HeadRow { frontier, epoch, floor } = HeadRow::load(db)?;
    Ok(Head { tree: TreeHead { size: frontier.size(), root: frontier.root() }, epoch, floor })
}

/// Entries by their rows: one more than the highest index, since indices have no gaps.
pub(crate) fn count_entries(db: &Connection) -> Result<u64, StorageError> {
    Ok(db.query_row("SELECT coalesce(max(idx) + 1, 0) FROM entry", [], |row| row.get(0))?)
}

/// Entries from an index on, in order; each row read by itself, so that one that cannot be read does not hide
/// those before it.
pub(crate) fn read_entries(
    db: &Connection,
    from: u64,
    limit: usize,
) -> Result<Vec<Result<StoredEntry, StorageError>>, StorageError> {
    let mut statement =
        db.prepare_cached("SELECT idx, leaf, bytes FROM entry WHERE idx >= ?1 ORDER BY idx LIMIT ?2")?;
    let rows = statement.query_map(params![from, limit], |row| {
        let index = row.get(0)?;
        let stored = match (row.get(1), row.get(2)) {
            (Ok(Column(leaf)), Ok(bytes)) => Ok(StoredEntry { index, leaf, bytes }),
            (Err(_), _) | (_, Err(_)) => Err(StorageError::CorruptEntry { index }),
        };
        Ok(stored)
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The bytes of one entry.
pub(crate) fn read_entry(db: &Connection, index: u64) -> Result<Option<Vec<u8>>, StorageError> {
    let mut statement = db.prepare_cached("SELECT bytes FROM entry WHERE idx = ?1")?;
    Ok(statement.query_row(params![index], |row| row.get(0)).optional()?)
}

/// The hash of one complete subtree.
pub(crate) fn read_hash(db: &Connection, level: u8, index: u64) -> Result<Option<Digest>, StorageError> {
    let hash = if level == 0 {
        db.prepare_cached("SELECT leaf FROM entry WHERE idx = ?1")?
            .query_row(params![index], |row| row.get::<_, Column<Digest>>(0))
            .optional()?
    } else {
        db.prepare_cached("SELECT hash FROM hash WHERE level = ?1 AND idx = ?2")?
            .query_row(params![level, index], |row| row.get::<_, Column<Digest>>(0))
            .optional()?
    };
    Ok(hash.map(|Column(hash)| hash))
}
