//! The one writer: collects queued writes into groups and commits them.

use crate::delivery::{Delivery, Reply};
use crate::error::StorageError;
use crate::folder::Lock;
use crate::group::{GroupFailure, commit_group};
use crate::refusal::WriteError;
use crate::stats::{Counters, Stats};
use crate::write::{Committed, Write};
use concord_domain::Clock;
use rusqlite::Connection;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

/// Writes that may wait: some 16 full groups, that is below a tenth of a second of work. Who comes when it is
/// full is better told at once than kept.
pub(crate) const QUEUE_MAX: usize = 4096;

/// Rows after which a group takes no further write. At about 10 µs a row a group works some 10 ms, about as
/// long as the disk takes; counted rather than timed, so that a simulation groups the same way each time.
const GROUP_ROWS_MAX: usize = 1024;

/// How long writes that nobody waits for wait for company before they commit alone.
const UNWAITED_LINGER: Duration = Duration::from_millis(20);

/// What is called when the disk can no longer be trusted.
pub(crate) type OnFatal = Arc<dyn Fn(&StorageError) + Send + Sync>;

/// A write in the queue.
pub(crate) struct Job {
    pub(crate) write: Write,
    /// Where the result goes; none if nobody waits.
    pub(crate) reply: Option<oneshot::Sender<Result<Committed, WriteError>>>,
}

/// What stands in the queue.
pub(crate) enum Message {
    /// A write.
    Write(Job),
    /// Commit what is queued, then end.
    Close,
}

/// The writer. Runs on a thread of its own or as a task; the code is the same.
pub(crate) struct Writer {
    pub(crate) db: Connection,
    pub(crate) queue: mpsc::Receiver<Message>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) delivery: Delivery,
    pub(crate) on_fatal: OnFatal,
    /// Kept until the database is closed.
    pub(crate) lock: Lock,
    /// Dropped last; whoever closes the store waits for it.
    pub(crate) ended: watch::Sender<()>,
}

/// Writes on their way into one transaction.
#[derive(Default)]
struct Group {
    jobs: Vec<Job>,
    rows: usize,
}

impl Group {
    fn add(&mut self, job: Job) {
        self.rows += job.write.rows();
        self.jobs.push(job);
    }

    fn is_full(&self) -> bool {
        self.rows >= GROUP_ROWS_MAX
    }

    fn is_awaited(&self) -> bool {
        self.jobs.iter().any(|job| job.reply.is_some())
    }
}

impl Writer {
    /// Works until the store is closed or dropped, or the disk fails.
    pub(crate) async fn run(mut self) {
        while let Some(group) = self.next_group().await {
            if self.commit(group).await.is_break() {
                break;
            }
        }
        let Self { db, lock, ended, .. } = self;
        // Leaves no write-ahead log behind for the next start to read; failing costs only that.
        if let Err(error) = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
            tracing::debug!(%error, "the write-ahead log was left as it is");
        }
        drop(db);
        drop(lock);
        drop(ended);
    }

    /// The next writes to commit together; none once the queue is closed and empty.
    async fn next_group(&mut self) -> Option<Group> {
        let mut group = Group::default();
        group.add(self.next_job().await?);
        // Whoever is ready to write at this moment gets to join.
        tokio::task::yield_now().await;
        let until = Instant::now() + UNWAITED_LINGER;
        loop {
            while !group.is_full()
                && let Some(job) = self.queued_job()
            {
                group.add(job);
            }
            if group.is_full() || group.is_awaited() {
                return Some(group);
            }
            match timeout_at(until, self.next_job()).await {
                Ok(Some(job)) => group.add(job),
                Ok(None) | Err(_) => return Some(group),
            }
        }
    }

    async fn next_job(&mut self) -> Option<Job> {
        loop {
            match self.queue.recv().await? {
                Message::Write(job) => return Some(job),
                Message::Close => self.queue.close(),
            }
        }
    }

    fn queued_job(&mut self) -> Option<Job> {
        loop {
            match self.queue.try_recv().ok()? {
                Message::Write(job) => return Some(job),
                Message::Close => self.queue.close(),
            }
        }
    }

    async fn commit(&mut self, group: Group) -> ControlFlow<()> {
        let mut replies = Vec::with_capacity(group.jobs.len());
        let mut writes = Vec::with_capacity(group.jobs.len());
        for Job { write, reply } in group.jobs {
            replies.push((write.name, reply));
            writes.push(write);
        }
        let results = match commit_group(&mut self.db, self.clock.now(), writes) {
            Ok(results) => results,
            Err(GroupFailure::Undone(error)) => {
                tracing::error!(%error, writes = replies.len(), "a group of writes was undone");
                vec![Err(WriteError::Storage(error)); replies.len()]
            }
            Err(GroupFailure::Unknown(error)) => {
                tracing::error!(%error, "a commit failed: what is on the disk is not known any more");
                self.queue.close();
                (self.on_fatal)(&error);
                return ControlFlow::Break(());
            }
        };
        self.count(&results);
        let mut awaited = Vec::with_capacity(results.len());
        for ((name, reply), result) in replies.into_iter().zip(results) {
            match &result {
                Ok(_) => (),
                Err(error) if reply.is_none() => {
                    tracing::warn!(write = name, %error, "a write that nobody waits for did not happen");
                }
                Err(error) => tracing::debug!(write = name, %error, "a write did not happen"),
            }
            awaited.extend(reply.map(|to| Reply { to, result }));
        }
        self.delivery.deliver(awaited).await;
        ControlFlow::Continue(())
    }

    fn count(&self, results: &[Result<Committed, WriteError>]) {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let kept = results.iter().flatten();
        let writes = number(kept.clone().count());
        self.counters.committed(Stats {
            commits: writes.min(1),
            writes,
            entries: kept.map(|committed| number(committed.entries.len())).sum(),
            refused: number(results.len()) - writes,
            largest_group: writes,
        });
    }
}
