//! A database that fails: before the commit the group is undone, at the commit the writer ends.

use super::{LooseClock, entry, open, verify};
use crate::database::open_writer;
use crate::delivery::Delivery;
use crate::folder::Folder;
use crate::group::{GroupFailure, commit_group};
use crate::writer::{Job, Message, Writer};
use crate::{Execution, WriteError, schema};
use concord_domain::Timestamp;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// A database whose every commit fails from now on.
fn failing(folder: &Path) -> Connection {
    let mut db = open_writer(&Folder::new(folder).database()).unwrap();
    schema::migrate(&mut db).unwrap();
    db.commit_hook(Some(|| true)).unwrap();
    db
}

#[test]
fn a_failed_commit_is_not_taken_for_an_undone_group() {
    let dir = tempfile::tempdir().unwrap();
    let mut db = failing(dir.path());
    let result = commit_group(&mut db, Timestamp::default(), vec![entry("lost")]);
    assert!(matches!(result, Err(GroupFailure::Unknown(_))));
}

#[tokio::test(start_paused = true)]
async fn a_failed_commit_ends_the_writer_and_acknowledges_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (queue, messages) = mpsc::channel(8);
    let fatal = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&fatal);
    let (ended, mut ending) = watch::channel(());
    let writer = Writer {
        db: failing(dir.path()),
        queue: messages,
        clock: LooseClock::at(1),
        counters: Arc::default(),
        delivery: Delivery::Direct,
        on_fatal: Arc::new(move |_| {
            seen.fetch_add(1, Ordering::SeqCst);
        }),
        lock: Folder::new(dir.path()).lock().unwrap(),
        ended,
    };
    let mut results = Vec::new();
    for n in 0..3 {
        let (reply, result) = oneshot::channel();
        let job = Job { write: entry(&format!("lost {n}")), reply: Some(reply) };
        queue.try_send(Message::Write(job)).unwrap();
        results.push(result);
    }
    tokio::spawn(writer.run());
    let end = tokio::time::timeout(Duration::from_secs(60), ending.changed()).await;
    assert!(end.expect("the writer ends").is_err());
    for result in results {
        assert!(result.await.is_err(), "nothing may be acknowledged");
    }
    assert_eq!(fatal.load(Ordering::SeqCst), 1);
    assert!(queue.try_send(Message::Close).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_failure_before_the_commit_undoes_the_group_and_the_writer_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    store.submit(entry("kept")).await.unwrap();
    let db = Connection::open(dir.path().join("node.db")).unwrap();
    db.execute_batch("ALTER TABLE hash RENAME TO mislaid").unwrap();
    let (one, two) = tokio::join!(store.submit(entry("undone")), store.submit(entry("undone too")));
    assert!(matches!(one, Err(WriteError::Storage(_))), "{one:?}");
    assert!(matches!(two, Err(WriteError::Storage(_))), "{two:?}");
    db.execute_batch("ALTER TABLE mislaid RENAME TO hash").unwrap();
    assert_eq!(store.submit(entry("kept too")).await.unwrap().entries[0].index, 1);
    assert_eq!(verify(&store), 2);
}
