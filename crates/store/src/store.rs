//! The store: opening, writing, closing.

use crate::database::open_writer;
use crate::delivery::Delivery;
use crate::error::{OpenError, StorageError};
use crate::folder::{Folder, Lock};
use crate::options::{Execution, Options};
use crate::readers::Readers;
use crate::refusal::{WriteError, check_limits};
use crate::stats::{Counters, Stats};
use crate::write::{Change, Committed, Write};
use crate::writer::{Job, Message, QUEUE_MAX, Writer};
use crate::{ledger, register, schema};
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc, oneshot, watch};

/// A node's durable state. Cheap to clone; the writer ends with the last clone, or with [`Store::close`].
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: Folder,
    execution: Execution,
    queue: mpsc::Sender<Message>,
    readers: Readers,
    counters: Arc<Counters>,
    next_generation: AtomicU64,
    publishing: Arc<Mutex<()>>,
    ended: watch::Receiver<()>,
}

impl Store {
    /// Opens the state in a folder and makes it if it is not there, takes the folder's lock, brings the tables
    /// to the newest version and gives up what an interrupted import left. Reads and writes files: some
    /// milliseconds.
    ///
    /// # Errors
    /// [`OpenError::Locked`] if somebody else has the folder; the others if files or database are not as they
    /// should be.
    pub fn open(folder: &Path, options: Options) -> Result<Self, OpenError> {
        let folder = Folder::new(folder);
        folder.create()?;
        let lock = folder.lock()?;
        folder.create_database(&lock)?;
        let mut db = open_writer(&folder.database())?;
        schema::migrate(&mut db)?;
        require_whole(&db)?;
        sweep_unfinished(&mut db)?;
        let next_generation = AtomicU64::new(register::highest_generation(&db)?);
        let counters = Arc::new(Counters::default());
        let (queue, messages) = mpsc::channel(QUEUE_MAX);
        let execution = options.execution;
        let ended = start(db, lock, options, Arc::clone(&counters), messages)?;
        let readers = Readers::new(folder.database());
        let publishing = Arc::default();
        let inner = Inner { folder, execution, queue, readers, counters, next_generation, publishing, ended };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Writes, and waits until it is durable. From the first poll on the write happens whether or not
    /// anybody still waits.
    ///
    /// # Errors
    /// See [`WriteError`]; all but [`WriteError::Interrupted`] mean that nothing was written.
    pub async fn submit(&self, write: Write) -> Result<Committed, WriteError> {
        let (reply, result) = oneshot::channel();
        self.enqueue(write, Some(reply))?;
        result.await.unwrap_or(Err(WriteError::Interrupted))
    }

    /// Queues a write that nobody waits for; it rides with the next group, or alone a moment later.
    ///
    /// # Errors
    /// If the write is oversized, the queue full or the store closed. A guard that fails later is only logged.
    pub fn submit_unwaited(&self, write: Write) -> Result<(), WriteError> {
        self.enqueue(write, None)
    }

    fn enqueue(
        &self,
        write: Write,
        reply: Option<oneshot::Sender<Result<Committed, WriteError>>>,
    ) -> Result<(), WriteError> {
        check_limits(&write)?;
        let job = Message::Write(Job { write, reply });
        self.inner.queue.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => WriteError::Busy { limit: QUEUE_MAX },
            mpsc::error::TrySendError::Closed(_) => WriteError::Closed,
        })
    }

    /// A number for a new generation of the register, not used since the store was opened.
    pub fn new_generation(&self) -> u64 {
        self.inner.next_generation.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Deletes the rows of replaced and given-up generations, batch by batch between other writes.
    ///
    /// # Errors
    /// As [`Store::submit`]; what is left is deleted next time.
    pub async fn sweep_register(&self) -> Result<(), WriteError> {
        while let Some(generation) = self.read(register::first_dropped)? {
            let changes = vec![Change::DropGeneration { generation }];
            self.submit(Write { name: "sweep_register", guards: vec![], changes, entries: vec![] }).await?;
        }
        Ok(())
    }

    /// Takes no more writes, commits those that are queued, releases the folder, and waits for all that.
    /// Reading stays possible.
    pub async fn close(&self) {
        let _no_publishing = self.publishing().await;
        // A queue that is closed already means that somebody else is closing: then only wait.
        drop(self.inner.queue.send(Message::Close).await);
        let mut ended = self.inner.ended.clone();
        while ended.changed().await.is_ok() {}
    }

    /// How the writer has worked since the store was opened.
    pub fn stats(&self) -> Stats {
        self.inner.counters.snapshot()
    }

    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        self.inner.readers.with(read)
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.inner.folder
    }

    /// Held by whoever publishes: two at once would write the same temporary files, and one that outlives the
    /// lock on the folder would write beside its next owner.
    pub(crate) async fn publishing(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.inner.publishing).lock_owned().await
    }

    pub(crate) fn execution(&self) -> Execution {
        self.inner.execution
    }
}

/// The head and the entries are written together; where they differ, the file was altered or mixed up.
pub(crate) fn require_whole(db: &Connection) -> Result<(), OpenError> {
    let head = ledger::read_head(db)?.tree.size;
    let entries = ledger::count_entries(db)?;
    if head == entries { Ok(()) } else { Err(OpenError::HeadMismatch { head, entries }) }
}

fn sweep_unfinished(db: &mut Connection) -> Result<(), OpenError> {
    register::drop_unfinished(db)?;
    while let Some(generation) = register::first_dropped(db)? {
        let tx = db.transaction().map_err(StorageError::from)?;
        register::delete_dropped(&tx, generation)?;
        tx.commit().map_err(StorageError::from)?;
    }
    Ok(())
}

/// Starts the writer; what it returns tells when it has ended.
fn start(
    db: Connection,
    lock: Lock,
    options: Options,
    counters: Arc<Counters>,
    queue: mpsc::Receiver<Message>,
) -> Result<watch::Receiver<()>, OpenError> {
    let Options { clock, execution, on_fatal } = options;
    let (ended, ending) = watch::channel(());
    let callers = Handle::try_current();
    let delivery = match (execution, &callers) {
        (Execution::Thread, Ok(runtime)) => Delivery::grouped(runtime),
        (Execution::Thread, Err(_)) | (Execution::Inline, _) => Delivery::Direct,
    };
    let writer = Writer { db, queue, clock, counters, delivery, on_fatal, lock, ended };
    match execution {
        Execution::Thread => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            let runtime = runtime.map_err(OpenError::Writer)?;
            std::thread::Builder::new()
                .name("store-writer".to_owned())
                .spawn(move || runtime.block_on(writer.run()))
                .map_err(OpenError::Writer)?;
        }
        Execution::Inline => {
            callers.map_err(|_| OpenError::NoRuntime)?.spawn(writer.run());
        }
    }
    Ok(ending)
}
