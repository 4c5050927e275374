//! Writes that come together wait for the disk together.

use super::{LooseClock, change, entry, open, verify};
use crate::{Change, Execution, Guard, GuardFailure, Options, Store, WriteError};
use concord_ledger::{NOTE_BYTES_MAX, TreeHead, inclusion_proof, verify_inclusion};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::task::JoinSet;

async fn submit_together(store: &Store, count: usize) -> BTreeSet<u64> {
    let mut tasks = JoinSet::new();
    for n in 0..count {
        let store = store.clone();
        tasks.spawn(async move { store.submit(entry(&format!("program {n}"))).await });
    }
    let mut indices = BTreeSet::new();
    while let Some(done) = tasks.join_next().await {
        let committed = done.unwrap().unwrap();
        indices.extend(committed.entries.iter().map(|recorded| recorded.index));
    }
    indices
}

#[tokio::test(start_paused = true)]
async fn inline_writers_that_are_ready_share_one_commit() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    assert_eq!(submit_together(&store, 500).await, (0..500).collect());
    let stats = store.stats();
    assert_eq!((stats.commits, stats.writes, stats.entries, stats.largest_group), (1, 500, 500, 500));
    assert_eq!(verify(&store), 500);
}

#[tokio::test]
async fn a_thread_commits_far_less_often_than_it_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Thread);
    assert_eq!(submit_together(&store, 2_000).await, (0..2_000).collect());
    let stats = store.stats();
    assert_eq!(stats.entries, 2_000);
    assert!(stats.commits <= 200, "{stats:?}");
    assert_eq!(verify(&store), 2_000);
    store.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_group_is_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    submit_together(&store, 2_000).await;
    assert_eq!((store.stats().commits, store.stats().largest_group), (4, 512));
}

#[tokio::test(start_paused = true)]
async fn a_failed_guard_fails_only_its_own_write() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    let stale = crate::Write { guards: vec![Guard::RulesEpoch(7)], ..entry("stale") };
    let (before, failed, after) =
        tokio::join!(store.submit(entry("before")), store.submit(stale), store.submit(entry("after")));
    assert_eq!(before.unwrap().entries[0].index, 0);
    assert_eq!(failed, Err(WriteError::GuardFailed(GuardFailure::RulesChanged { decided: 7, current: 0 })));
    assert_eq!(after.unwrap().entries[0].index, 1);
    assert_eq!((store.stats().commits, store.stats().refused), (1, 1));
    assert_eq!(verify(&store), 2);
}

#[tokio::test(start_paused = true)]
async fn writes_that_nobody_waits_for_ride_along() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    store.submit_unwaited(entry("rides")).unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(store.stats().commits, 0);
    store.submit(entry("waits")).await.unwrap();
    assert_eq!((store.stats().commits, store.head().unwrap().tree.size), (1, 2));
    store.submit_unwaited(entry("alone")).unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((store.stats().commits, store.head().unwrap().tree.size), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_caller_has_gone_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    let gone = tokio::time::timeout(Duration::ZERO, store.submit(entry("gone"))).await;
    assert!(gone.is_err());
    store.close().await;
    assert_eq!(verify(&store), 1);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    for _ in 0..crate::writer::QUEUE_MAX {
        store.submit_unwaited(entry("one of many")).unwrap();
    }
    let refused = store.submit_unwaited(entry("one too many"));
    assert_eq!(refused, Err(WriteError::Busy { limit: crate::writer::QUEUE_MAX }));
    store.submit(entry("too soon")).await.unwrap_err();
    store.close().await;
    assert_eq!(verify(&store), 4096);
}

#[tokio::test]
async fn an_oversized_write_is_not_queued() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Thread);
    let note = "x".repeat(NOTE_BYTES_MAX + 1);
    let refused = store.submit(change(vec![Change::SaveCheckpoint { size: 0, note }])).await;
    let limit = NOTE_BYTES_MAX;
    assert_eq!(refused, Err(WriteError::TooLarge { what: "note bytes", count: limit + 1, limit }));
    store.close().await;
}

#[tokio::test]
async fn time_never_goes_back_in_the_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let clock = LooseClock::at(5_000);
    let store = Store::open(dir.path(), Options::new(clock.clone(), Execution::Inline)).unwrap();
    let mut times = Vec::new();
    for now in [5_000, 4_000, 6_000, 1] {
        clock.set(now);
        times.push(store.submit(entry("tick")).await.unwrap().entries[0].time.as_millis());
    }
    assert_eq!(times, [5_000, 5_000, 6_000, 6_000]);
    assert_eq!(verify(&store), 4);
}

#[tokio::test(start_paused = true)]
async fn proofs_are_read_from_the_tables() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    submit_together(&store, 77).await;
    let TreeHead { size, root } = store.head().unwrap().tree;
    for stored in store.entries(0, 100).unwrap() {
        let proof = inclusion_proof(&store, stored.index, size).unwrap();
        assert_eq!(verify_inclusion(stored.leaf, stored.index, TreeHead { size, root }, &proof), Ok(()));
    }
}
