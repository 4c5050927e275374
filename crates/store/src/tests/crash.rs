//! What was acknowledged is there after the process dies at any moment.

use super::{change, entry, open, request, verify, yn};
use crate::{Change, Execution, OpenError, Options, Store};
use concord_domain::{RequestId, SystemClock};
use proptest::prelude::*;
use std::path::Path;
use std::sync::Arc;

/// What the disk holds at this moment: the same as after kill -9. The database file itself does not change in
/// these tests, whose logs stay below the size at which SQLite copies them back.
fn copy(from: &Path, to: &Path) {
    for name in ["node.db", "node.db-wal"] {
        std::fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

#[tokio::test]
async fn acknowledged_writes_survive_a_kill_in_the_middle() {
    let (dir, dead) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(dir.path(), Execution::Thread);
    for n in 0..20 {
        store.submit(entry(&format!("acknowledged {n}"))).await.unwrap();
    }
    store.submit(change(vec![Change::RememberRequest(request(1, 9))])).await.unwrap();
    for n in 0..200 {
        store.submit_unwaited(entry(&format!("in flight {n}"))).unwrap();
    }
    copy(dir.path(), dead.path());
    store.close().await;
    let reopened = open(dead.path(), Execution::Thread);
    assert!(verify(&reopened) >= 20);
    assert_eq!(reopened.remembered(&yn(), &RequestId([1; 16])).unwrap().unwrap().answer, vec![1; 100]);
    assert_eq!(reopened.submit(entry("after")).await.unwrap().entries[0].index, verify(&reopened) - 1);
    reopened.close().await;
    assert_eq!(verify(&store), 220);
}

#[test]
fn a_runtime_that_dies_takes_nothing_acknowledged_with_it() {
    let dir = tempfile::tempdir().unwrap();
    for run in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let store = open(dir.path(), Execution::Inline);
            assert_eq!(verify(&store), run);
            store.submit(entry("acknowledged")).await.unwrap();
            store.submit_unwaited(entry("never committed")).unwrap();
        });
    }
}

#[tokio::test]
async fn the_folder_has_one_owner_until_it_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let options = || Options::new(Arc::new(SystemClock), Execution::Thread);
    let store = Store::open(dir.path(), options()).unwrap();
    assert!(matches!(Store::open(dir.path(), options()), Err(OpenError::Locked { .. })));
    for n in 0..50 {
        store.submit_unwaited(entry(&format!("queued {n}"))).unwrap();
    }
    tokio::join!(store.close(), store.close());
    assert_eq!(store.submit(entry("late")).await, Err(crate::WriteError::Closed));
    let again = Store::open(dir.path(), options()).unwrap();
    assert_eq!(verify(&again), 50);
    again.close().await;
}

#[test]
fn files_of_others_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let db = rusqlite::Connection::open(dir.path().join("node.db")).unwrap();
    db.execute_batch("CREATE TABLE other (x)").unwrap();
    let options = || Options::new(Arc::new(SystemClock), Execution::Thread);
    assert!(matches!(Store::open(dir.path(), options()), Err(OpenError::Foreign)));
    db.execute_batch("DROP TABLE other; PRAGMA user_version = 99").unwrap();
    let newer = Store::open(dir.path(), options());
    assert!(matches!(newer, Err(OpenError::NewerSchema { found: 99, known: 5 })));
}

/// A folder with a log of several groups of several entries, and the bytes of that log.
fn grouped_log() -> (tempfile::TempDir, Vec<u8>) {
    let (dir, dead) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let store = open(dir.path(), Execution::Inline);
        for group in 0..5u8 {
            let write = crate::Write {
                entries: (0..3).map(|n| super::event(&format!("entry {n} of {group}"))).collect(),
                ..change(vec![Change::RememberRequest(request(group, 9))])
            };
            store.submit(write).await.unwrap();
        }
        copy(dir.path(), dead.path());
    });
    let log = std::fs::read(dead.path().join("node.db-wal")).unwrap();
    (dead, log)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Power may fail after any byte: what opens then is whole groups, in order, each with its own rows.
    #[test]
    fn a_log_cut_anywhere_holds_whole_groups(cut in 0..=1_000usize) {
        thread_local!(static LOG: (tempfile::TempDir, Vec<u8>) = grouped_log());
        LOG.with(|(dead, log)| {
            let dir = tempfile::tempdir().unwrap();
            let kept = log.len() * cut / 1_000;
            std::fs::copy(dead.path().join("node.db"), dir.path().join("node.db")).unwrap();
            std::fs::write(dir.path().join("node.db-wal"), &log[..kept]).unwrap();
            let store = open(dir.path(), Execution::Thread);
            let size = verify(&store);
            prop_assert_eq!(size % 3, 0);
            for group in 0..5u8 {
                let remembered = store.remembered(&yn(), &RequestId([group; 16])).unwrap();
                prop_assert_eq!(remembered.is_some(), u64::from(group) < size / 3);
            }
            prop_assert!(kept < log.len() || size == 15);
            Ok(())
        })?;
    }
}
