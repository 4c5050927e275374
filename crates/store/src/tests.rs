//! Vocabulary of the tests: stores in temporary folders, small writes, a clock that can be set.

mod crash;
mod document;
mod failure;
mod grouping;
mod offline;
mod properties;
mod publish;
mod register;
mod rows;
mod waiting;

use crate::{Change, Execution, Options, Request, Store, Write};
use concord_domain::{AgencyId, Clock, Digest, RequestId, Timestamp};
use concord_ledger::{Entry, Event, Frontier, leaf_hash, root_at};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A clock whose hands go where they are put, backwards too.
#[derive(Debug)]
pub(crate) struct LooseClock(AtomicU64);

impl LooseClock {
    pub(crate) fn at(millis: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(millis)))
    }

    pub(crate) fn set(&self, millis: u64) {
        self.0.store(millis, Ordering::SeqCst);
    }
}

impl Clock for LooseClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) fn open(folder: &Path, execution: Execution) -> Store {
    Store::open(folder, Options::new(LooseClock::at(1_000), execution)).unwrap()
}

pub(crate) fn event(program: &str) -> Event {
    Event::Started { program: program.parse().unwrap() }
}

/// A write with one entry and nothing else.
pub(crate) fn entry(program: &str) -> Write {
    Write { name: "test_entry", guards: vec![], changes: vec![], entries: vec![event(program)] }
}

/// A write with changes and nothing else.
pub(crate) fn change(changes: Vec<Change>) -> Write {
    Write { name: "test_change", guards: vec![], changes, entries: vec![] }
}

pub(crate) fn yn() -> AgencyId {
    "yn.police.cn".parse().unwrap()
}

pub(crate) fn request(id: u8, keep_until: u64) -> Request {
    Request {
        origin: yn(),
        id: RequestId([id; 16]),
        digest: Digest([id; 32]),
        attempt: 1,
        keep_until: Timestamp::from_millis(keep_until),
        answer: vec![id; 100],
    }
}

/// Recomputes the whole ledger from its entries and demands that everything stored agrees; gives its size.
pub(crate) fn verify(store: &Store) -> u64 {
    let head = store.head().unwrap();
    let mut frontier = Frontier::new();
    let mut time = Timestamp::default();
    while frontier.size() < head.tree.size {
        for stored in store.entries(frontier.size(), crate::PAGE_MAX).unwrap() {
            assert_eq!(stored.index, frontier.size());
            assert_eq!(stored.leaf, leaf_hash(&stored.bytes));
            let entry = Entry::decode(&stored.bytes).unwrap();
            assert!(entry.time >= time);
            time = entry.time;
            frontier.append(stored.leaf);
        }
    }
    assert_eq!(frontier.root(), head.tree.root);
    assert_eq!(root_at(store, head.tree.size).unwrap(), head.tree.root);
    assert_eq!(time, head.floor);
    assert!(store.entries(head.tree.size, 1).unwrap().is_empty());
    head.tree.size
}
