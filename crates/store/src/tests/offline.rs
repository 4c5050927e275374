//! A stopped node's folder shows everything, to one reader at a time, and stays as it was.

use super::publish::{grow, publish, signed};
use super::{change, entry, open, yn};
use crate::{Change, Execution, Offline, OpenError, StorageError};
use concord_ledger::{Audit, EntrySource, Fault, Folder, HashSource, Report, SignedCheckpoint, Stop};
use concord_trust::SigningKey;
use rusqlite::Connection;

#[tokio::test]
async fn a_stopped_node_shows_what_it_had() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Thread);
    for n in 0..1_500 {
        store.submit_unwaited(entry(&format!("entry {n}"))).unwrap();
    }
    for size in [0, 1] {
        let note = format!("note {size}");
        store.submit(change(vec![Change::SaveCheckpoint { size, note }])).await.unwrap();
    }
    let expected: Vec<_> = [0, 1_000].iter().flat_map(|from| store.entries(*from, 1_000).unwrap()).collect();
    assert!(matches!(Offline::open(dir.path()), Err(OpenError::Locked { .. })));
    store.close().await;

    let offline = Offline::open(dir.path()).unwrap();
    assert!(matches!(Offline::open(dir.path()), Err(OpenError::Locked { .. })));
    let entries: Vec<_> = offline.all_entries().map(Result::unwrap).collect();
    assert_eq!(entries, expected);
    assert_eq!(offline.head().unwrap(), store.head().unwrap());
    let notes: Vec<_> = offline.all_checkpoints().map(|checkpoint| checkpoint.unwrap().note).collect();
    assert_eq!(notes, ["note 0", "note 1"]);
    assert_eq!(offline.hash(3, 7), store.hash(3, 7));
    assert_eq!(offline.entry(1_499), Some(expected[1_499].bytes.clone()));
    assert_eq!((offline.entry(1_500), offline.hash(0, 1_500)), (None, None));
    assert_eq!(offline.read("checkpoint").unwrap(), None);
}

#[test]
fn a_folder_without_a_node_is_named_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let missing = Offline::open(dir.path());
    assert!(matches!(missing, Err(OpenError::File { path, .. }) if path.ends_with("node.db")));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_killed_node_shows_what_was_acknowledged() {
    let (dir, dead) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(dir.path(), Execution::Thread);
    for n in 0..7 {
        store.submit(entry(&format!("entry {n}"))).await.unwrap();
    }
    for name in ["node.db", "node.db-wal"] {
        std::fs::copy(dir.path().join(name), dead.path().join(name)).unwrap();
    }
    let log = std::fs::read(dead.path().join("node.db-wal")).unwrap();
    let offline = Offline::open(dead.path()).unwrap();
    assert_eq!(offline.all_entries().map(Result::unwrap).count(), 7);
    drop(offline);
    assert_eq!(std::fs::read(dead.path().join("node.db-wal")).unwrap(), log);
    store.close().await;
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Thread);
    for n in 0..5 {
        store.submit(entry(&format!("entry {n}"))).await.unwrap();
    }
    store.close().await;
    let db = Connection::open(dir.path().join("node.db")).unwrap();
    db.execute_batch("UPDATE entry SET leaf = x'00' WHERE idx IN (2, 3); DELETE FROM entry WHERE idx = 4")
        .unwrap();
    let offline = Offline::open(dir.path()).unwrap();
    let rows: Vec<_> = offline.all_entries().collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[2], Err(StorageError::CorruptEntry { index: 2 }));
    drop(offline);
    let options = crate::Options::new(super::LooseClock::at(1), Execution::Thread);
    let refused = crate::Store::open(dir.path(), options);
    assert!(matches!(refused, Err(OpenError::HeadMismatch { head: 5, entries: 4 })), "{refused:?}");
}

fn audit(offline: &Offline, against: &SignedCheckpoint) -> Result<Report, Stop<StorageError>> {
    let keys = [SigningKey::from_seed([7; 32]).public()];
    let head = Some(offline.head().unwrap().tree);
    let audit = Audit { ledger: &yn(), keys: &keys, head, folder: Some(offline), against: Some(against) };
    audit.run(offline.all_entries(), offline.all_checkpoints().map(|row| row.map(|row| row.note)))
}

#[tokio::test]
async fn the_audit_of_a_stopped_node_passes_until_something_is_altered() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Thread);
    for size in [3, 280, 300] {
        publish(&store, size).await;
    }
    grow(&store, 310).await;
    let against = signed(&store, 305);
    store.close().await;

    let offline = Offline::open(dir.path()).unwrap();
    let report = audit(&offline, &against).unwrap();
    assert_eq!((report.size, report.checkpoints, report.tiled), (310, 3, Some(300)));
    drop(offline);
    let alter = |statement: &str| {
        Connection::open(dir.path().join("node.db")).unwrap().execute_batch(statement).unwrap();
    };
    let faulty = || {
        let stop = audit(&Offline::open(dir.path()).unwrap(), &against).unwrap_err();
        match stop {
            Stop::Fault(fault) => fault,
            Stop::Store(_) | Stop::Folder(_) => panic!("{stop:?}"),
        }
    };
    alter("CREATE TABLE kept AS SELECT * FROM entry; UPDATE entry SET bytes = x'00' WHERE idx = 281");
    assert_eq!(faulty(), Fault::Leaf { index: 281 });
    alter("DELETE FROM entry; INSERT INTO entry SELECT * FROM kept WHERE idx <> 4");
    assert_eq!(faulty(), Fault::Order { expected: 4, found: 5 });
    alter("DELETE FROM entry; INSERT INTO entry SELECT * FROM kept");
    let tile = dir.path().join("ledger/tile/0/000");
    let mut bytes = std::fs::read(&tile).unwrap();
    bytes[32 * 9] ^= 1;
    std::fs::write(&tile, bytes).unwrap();
    assert!(matches!(faulty(), Fault::TileDiffers { index: 9, .. }));
}
