//! How the writer has worked so far.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the store was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Transactions committed, each one wait for the disk.
    pub commits: u64,
    /// Writes in them.
    pub writes: u64,
    /// Entries recorded by them.
    pub entries: u64,
    /// Writes that did not happen: a guard or a limit, rarely the database.
    pub refused: u64,
    /// Writes in the largest group.
    pub largest_group: u64,
}

/// The live counters behind [`Stats`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    commits: AtomicU64,
    writes: AtomicU64,
    entries: AtomicU64,
    refused: AtomicU64,
    largest_group: AtomicU64,
}

impl Counters {
    pub(crate) fn committed(&self, group: Stats) {
        let Stats { commits, writes, entries, refused, largest_group } = group;
        self.commits.fetch_add(commits, Ordering::Relaxed);
        self.writes.fetch_add(writes, Ordering::Relaxed);
        self.entries.fetch_add(entries, Ordering::Relaxed);
        self.refused.fetch_add(refused, Ordering::Relaxed);
        self.largest_group.fetch_max(largest_group, Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self) -> Stats {
        Stats {
            commits: self.commits.load(Ordering::Relaxed),
            writes: self.writes.load(Ordering::Relaxed),
            entries: self.entries.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            largest_group: self.largest_group.load(Ordering::Relaxed),
        }
    }
}
