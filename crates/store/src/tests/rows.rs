//! Requests, sequences, epochs and checkpoints: each rule, and that it outlives a restart.

use super::{LooseClock, change, entry, open, request, yn};
use crate::{
    Change, Charge, Execution, Guard, GuardFailure, Options, Request, SeenSequence, Store, StoredCheckpoint,
    Write, WriteError,
};
use concord_domain::{Digest, RequestId, Timestamp};
use std::sync::Arc;
use std::time::Duration;

async fn attempt(store: &Store, id: u8, attempt: u32) -> Result<(), WriteError> {
    let (origin, id) = (yn(), RequestId([id; 16]));
    let guards = vec![Guard::AttemptNewer { origin: origin.clone(), id, attempt }];
    let changes = vec![Change::RememberAttempt { origin, id, attempt }];
    store.submit(Write { guards, ..change(changes) }).await.map(drop)
}

fn failed(failure: GuardFailure) -> Result<(), WriteError> {
    Err(WriteError::GuardFailed(failure))
}

#[tokio::test]
async fn a_request_is_new_once_even_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let first = request(1, 5_000);
    let remember = |request: &Request| Write {
        guards: vec![Guard::RequestNew { origin: request.origin.clone(), id: request.id }],
        ..change(vec![Change::RememberRequest(request.clone())])
    };
    let store = open(dir.path(), Execution::Thread);
    store.submit(remember(&first)).await.unwrap();
    attempt(&store, 1, 3).await.unwrap();
    store.close().await;

    let store = open(dir.path(), Execution::Thread);
    let again = store.submit(remember(&Request { digest: Digest([9; 32]), ..first.clone() })).await;
    assert_eq!(again.map(drop), failed(GuardFailure::RequestKnown));
    let unguarded = store.submit(change(vec![Change::RememberRequest(first.clone())])).await;
    assert_eq!(unguarded.map(drop), failed(GuardFailure::RequestKnown));
    assert_eq!(attempt(&store, 1, 3).await, failed(GuardFailure::AttemptNotNewer { seen: 3 }));
    assert_eq!(attempt(&store, 1, 2).await, failed(GuardFailure::AttemptNotNewer { seen: 3 }));
    assert_eq!(attempt(&store, 2, 2).await, failed(GuardFailure::RequestUnknown));
    attempt(&store, 1, 4).await.unwrap();
    let kept = store.remembered(&first.origin, &first.id).unwrap().unwrap();
    assert_eq!((kept.digest, kept.attempt, kept.keep_until), (first.digest, 4, first.keep_until));
    assert_eq!(kept.answer, first.answer);
    assert_eq!(store.remembered(&"km.yn.police.cn".parse().unwrap(), &first.id).unwrap(), None);
    store.close().await;
}

#[tokio::test]
async fn lapsed_requests_are_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    for id in 0..4u8 {
        let kept = request(id, 1_000 * u64::from(id));
        store.submit(change(vec![Change::RememberRequest(kept)])).await.unwrap();
    }
    let before = Timestamp::from_millis(2_000);
    store.submit(change(vec![Change::ForgetRequests { before }])).await.unwrap();
    let left = (0..4u8).filter(|id| store.remembered(&yn(), &RequestId([*id; 16])).unwrap().is_some());
    assert_eq!(left.collect::<Vec<_>>(), [2, 3]);
    let forever = Request { keep_until: Timestamp::from_millis(u64::MAX), ..request(9, 0) };
    store.submit(change(vec![Change::RememberRequest(forever)])).await.unwrap();
    let before = Timestamp::from_millis(u64::MAX);
    store.submit(change(vec![Change::ForgetRequests { before }])).await.unwrap();
    assert!(store.remembered(&yn(), &RequestId([9; 16])).unwrap().is_some());
    assert!(store.remembered(&yn(), &RequestId([3; 16])).unwrap().is_none());
}

#[tokio::test]
async fn a_document_never_goes_back_and_has_one_text() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    let document = || "agreement/northwest".to_owned();
    let saw = |sequence, digest: u8| Change::SawSequence {
        document: document(),
        sequence,
        digest: Digest([digest; 32]),
    };
    let guard = |sequence, digest: u8| Guard::SequenceNotLower {
        document: document(),
        sequence,
        digest: Digest([digest; 32]),
    };
    store.submit(change(vec![saw(3, 3)])).await.unwrap();
    store.submit(change(vec![saw(3, 3)])).await.unwrap();
    let lower = GuardFailure::SequenceLower { document: document(), sequence: 2, seen: 3 };
    let conflict = GuardFailure::SequenceConflict { document: document(), sequence: 3 };
    for (sequence, digest, failure) in [(2, 2, lower), (3, 4, conflict)] {
        let changed = store.submit(change(vec![saw(sequence, digest)])).await;
        assert_eq!(changed.map(drop), failed(failure.clone()));
        let guarded = store.submit(Write { guards: vec![guard(sequence, digest)], ..change(vec![]) }).await;
        assert_eq!(guarded.map(drop), failed(failure));
    }
    let past = store.submit(change(vec![saw(u64::MAX, 5)])).await;
    assert_eq!(past.map(drop), Err(WriteError::NumberTooLarge));
    store.submit(Write { guards: vec![guard(4, 4)], ..change(vec![saw(4, 4)]) }).await.unwrap();
    let seen = SeenSequence { document: document(), sequence: 4, digest: Digest([4; 32]) };
    assert_eq!(store.sequence("agreement/northwest").unwrap().as_ref(), Some(&seen));
    assert_eq!(store.sequences().unwrap(), [seen]);
}

#[tokio::test]
async fn a_write_decided_under_older_rules_fails() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    let under = |epoch| Write { guards: vec![Guard::RulesEpoch(epoch)], ..super::entry("decided") };
    store.submit(under(0)).await.unwrap();
    store.submit(change(vec![Change::SetRulesEpoch(2)])).await.unwrap();
    let stale = store.submit(under(0)).await;
    assert_eq!(stale.map(drop), failed(GuardFailure::RulesChanged { decided: 0, current: 2 }));
    store.submit(under(2)).await.unwrap();
    let back = store.submit(change(vec![Change::SetRulesEpoch(1)])).await;
    assert_eq!(back.map(drop), failed(GuardFailure::RulesChanged { decided: 1, current: 2 }));
    let past = store.submit(change(vec![Change::SetRulesEpoch(u64::MAX)])).await;
    assert_eq!(past.map(drop), Err(WriteError::NumberTooLarge));
    assert_eq!(store.head().unwrap().epoch, 2);
}

#[tokio::test]
async fn an_epoch_of_a_write_that_failed_is_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    let unknown = Change::RememberAttempt { origin: yn(), id: RequestId([1; 16]), attempt: 1 };
    let result = store.submit(change(vec![Change::SetRulesEpoch(5), unknown])).await;
    assert_eq!(result.map(drop), failed(GuardFailure::RequestUnknown));
    assert_eq!(store.head().unwrap().epoch, 0);
}

#[tokio::test]
async fn own_checkpoints_are_kept_and_of_a_peer_the_largest() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path(), Execution::Inline);
    let save = |size, note: &str| Change::SaveCheckpoint { size, note: note.to_owned() };
    let beyond = store.submit(change(vec![save(1, "one")])).await;
    assert_eq!(beyond.map(drop), Err(WriteError::CheckpointBeyondHead { size: 1, head: 0 }));
    assert_eq!(store.latest_checkpoint().unwrap(), None);
    for n in 1..=3 {
        store.submit(super::entry("entry")).await.unwrap();
        store.submit(change(vec![save(n, &format!("note {n}"))])).await.unwrap();
    }
    store.submit(change(vec![save(3, "signed anew")])).await.unwrap();
    let sizes = |page: Vec<StoredCheckpoint>| page.into_iter().map(|c| c.size).collect::<Vec<_>>();
    assert_eq!(sizes(store.checkpoints(0, 2).unwrap()), [1, 2]);
    assert_eq!(sizes(store.checkpoints(3, 2).unwrap()), [3]);
    assert_eq!(store.latest_checkpoint().unwrap().unwrap().note, "signed anew");

    for size in [5, 9, 7] {
        let seen = Change::SavePeerCheckpoint { agency: yn(), size, note: format!("peer {size}") };
        store.submit(change(vec![seen])).await.unwrap();
    }
    let largest = StoredCheckpoint { size: 9, note: "peer 9".to_owned() };
    assert_eq!(store.peer_checkpoint(&yn()).unwrap(), Some(largest));
}

fn charge(name: &str) -> Charge {
    Charge { name: name.to_owned(), window: Duration::from_secs(60), limit: 2 }
}

#[tokio::test]
async fn a_quota_counts_in_windows_and_outlives_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let clock = LooseClock::at(59_000);
    let options = || Options::new(Arc::<LooseClock>::clone(&clock), Execution::Inline);
    let spend = |name| change(vec![Change::SpendQuota(charge(name))]);
    let spent = || {
        let until = Timestamp::from_millis(60_000);
        failed(GuardFailure::QuotaSpent { limit: 2, until })
    };
    let store = Store::open(dir.path(), options()).unwrap();
    store.submit(spend("a/1/yn")).await.unwrap();
    store.submit(spend("a/1/yn")).await.unwrap();
    store.submit(spend("a/1/gs")).await.unwrap();
    assert_eq!(store.submit(spend("a/1/yn")).await.map(drop), spent());
    store.close().await;
    let store = Store::open(dir.path(), options()).unwrap();
    assert_eq!(store.submit(spend("a/1/yn")).await.map(drop), spent());
    clock.set(60_000);
    store.submit(spend("a/1/yn")).await.unwrap();
}

#[tokio::test]
async fn what_a_write_was_decided_by_must_not_have_ended() {
    let dir = tempfile::tempdir().unwrap();
    let clock = LooseClock::at(1_000);
    let store =
        Store::open(dir.path(), Options::new(Arc::<LooseClock>::clone(&clock), Execution::Inline)).unwrap();
    let end = Timestamp::from_millis(2_000);
    let before = || Write { guards: vec![Guard::Before(end)], ..entry("before") };
    store.submit(before()).await.unwrap();
    clock.set(1_999);
    store.submit(before()).await.unwrap();
    clock.set(2_000);
    assert_eq!(store.submit(before()).await.map(drop), failed(GuardFailure::TimePassed { end }));
    // The entry's time is what counts, not the clock: a later entry stands in the ledger already.
    store.submit(entry("after")).await.unwrap();
    clock.set(1_500);
    assert_eq!(store.submit(before()).await.map(drop), failed(GuardFailure::TimePassed { end }));
}
