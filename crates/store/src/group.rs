//! One group of writes, one transaction, one wait for the disk.

use crate::error::StorageError;
use crate::ledger::HeadRow;
use crate::refusal::{GuardFailure, WriteError, within};
use crate::write::{Change, Committed, Guard, Write};
use crate::{checkpoint, document, pending, quota, register, replay, sequence, vetting};
use concord_domain::Timestamp;
use concord_ledger::{ENTRY_BYTES_MAX, Entry};
use rusqlite::{Connection, TransactionBehavior};

/// Why no write of a group happened.
#[derive(Debug)]
pub(crate) enum GroupFailure {
    /// The database failed before the commit, and all was undone.
    Undone(StorageError),
    /// The commit itself or the undoing failed: what is on the disk is not known any more.
    Unknown(StorageError),
}

/// Applies every write in order and commits them together. A write that fails leaves the others alone.
pub(crate) fn commit_group(
    db: &mut Connection,
    now: Timestamp,
    group: Vec<Write>,
) -> Result<Vec<Result<Committed, WriteError>>, GroupFailure> {
    let tx = db
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| GroupFailure::Undone(error.into()))?;
    match apply_all(&tx, now, group) {
        Ok(results) => {
            tx.commit().map_err(|error| GroupFailure::Unknown(error.into()))?;
            Ok(results)
        }
        Err(error) => {
            tx.rollback().map_err(|error| GroupFailure::Unknown(error.into()))?;
            Err(GroupFailure::Undone(error))
        }
    }
}

fn apply_all(
    db: &Connection,
    now: Timestamp,
    group: Vec<Write>,
) -> Result<Vec<Result<Committed, WriteError>>, StorageError> {
    let mut head = HeadRow::load(db)?;
    let mut results = Vec::with_capacity(group.len());
    for write in group {
        match apply_or_undo(db, &mut head, now, write) {
            Err(WriteError::Storage(error)) => return Err(error),
            result => results.push(result),
        }
    }
    if results.iter().any(Result::is_ok) {
        head.save(db)?;
    }
    Ok(results)
}

/// A savepoint costs a copy of each page that the write touches, so only writes that need one have one.
fn apply_or_undo(
    db: &Connection,
    head: &mut HeadRow,
    now: Timestamp,
    write: Write,
) -> Result<Committed, WriteError> {
    if !write.can_fail_halfway() {
        return apply(db, head, now, write);
    }
    run(db, "SAVEPOINT one_write")?;
    let result = apply(db, head, now, write);
    if result.is_err() {
        run(db, "ROLLBACK TO one_write")?;
    }
    run(db, "RELEASE one_write")?;
    result
}

/// Whatever can refuse comes before the first entry: the head must not run ahead of what stays.
fn apply(db: &Connection, head: &mut HeadRow, now: Timestamp, write: Write) -> Result<Committed, WriteError> {
    let Write { name: _, guards, changes, entries } = write;
    let time = head.floor.max(now);
    guards.iter().try_for_each(|guard| check(db, head, time, guard))?;
    let encoded = entries
        .into_iter()
        .map(|event| {
            let bytes = Entry { time, event }.encode();
            within("entry bytes", bytes.len(), ENTRY_BYTES_MAX).map(|()| bytes)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let mut epoch = head.epoch;
    changes.iter().try_for_each(|change| make(db, head, time, &mut epoch, change))?;
    head.epoch = epoch;
    let entries = encoded.iter().map(|bytes| head.append(db, bytes, time)).collect::<Result<_, _>>()?;
    Ok(Committed { entries })
}

fn check(db: &Connection, head: &HeadRow, time: Timestamp, guard: &Guard) -> Result<(), WriteError> {
    match guard {
        Guard::RequestNew { origin, id } => replay::require_new(db, origin, id),
        Guard::AttemptNewer { origin, id, attempt } => replay::require_newer(db, origin, id, *attempt),
        Guard::SequenceNotLower { document, sequence, digest } => {
            sequence::require_not_lower(db, document, *sequence, digest)
        }
        Guard::RulesEpoch(decided) => head.require_epoch(*decided),
        Guard::Before(end) if time < *end => Ok(()),
        Guard::Before(end) => Err(GuardFailure::TimePassed { end: *end }.into()),
    }
}

fn make(
    db: &Connection,
    head: &HeadRow,
    time: Timestamp,
    epoch: &mut u64,
    change: &Change,
) -> Result<(), WriteError> {
    match change {
        Change::RememberRequest(request) => replay::remember(db, request, head.frontier.size()),
        Change::RememberAttempt { origin, id, attempt } => replay::remember_attempt(db, origin, id, *attempt),
        Change::ForgetRequests { before } => replay::forget(db, *before),
        Change::OpenVetting(waiting) => vetting::open(db, waiting, time),
        Change::DecideVetting { reference, state, decision } => {
            vetting::decide(db, reference, *state, decision, time)
        }
        Change::PassVettingOn { reference, beyond } => vetting::pass_on(db, reference, beyond),
        Change::SpendVetting { reference } => vetting::spend(db, reference),
        Change::KeepPending(waited_for) => pending::keep(db, waited_for),
        Change::EndPending { watch, agency, ended } => pending::end(db, watch, agency, ended),
        Change::ForgetWaiting { before } => pending::forget(db, *before),
        Change::SawSequence { document, sequence, digest } => sequence::saw(db, document, *sequence, digest),
        Change::KeepDocument(kept) => document::keep(db, kept),
        Change::SpendQuota(charge) => quota::spend(db, charge, time),
        Change::SetRulesEpoch(next) => {
            *epoch = head.later_epoch(*next)?;
            Ok(())
        }
        Change::StageNotices { generation, notices } => register::stage(db, *generation, notices),
        Change::PublishGeneration { source, generation } => register::publish(db, source, *generation),
        Change::DropGeneration { generation } => register::drop_batch(db, *generation),
        Change::SaveCheckpoint { size, note } => checkpoint::save(db, *size, note, head.frontier.size()),
        Change::SavePeerCheckpoint { agency, size, note } => checkpoint::save_peer(db, agency, *size, note),
    }
}

fn run(db: &Connection, statement: &'static str) -> Result<(), StorageError> {
    db.prepare_cached(statement)?.execute([])?;
    Ok(())
}
