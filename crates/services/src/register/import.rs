//! Replacing the content of one source, all or nothing.

use super::Register;
use concord_domain::wanted::{Notice, NoticeNumber};
use concord_domain::{Digest, Entropy, EntropyExt};
use concord_gateway::Fault;
use concord_ledger::{Event, Label};
use concord_store::{Change, Store, Write, WriteError};
use concord_trust::sha256;
use std::collections::BTreeSet;
use std::sync::Arc;
use thiserror::Error;
use tokio::sync::OwnedMutexGuard;

/// What came of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// Notices taken.
    pub taken: u64,
    /// Notices of this source before.
    pub replaced: u64,
}

/// Why an import took nothing.
#[derive(Debug, Error)]
pub enum ImportFailed {
    /// Another import is running.
    #[error("another import is running")]
    Busy,
    /// No row was a notice, and the source has some: more likely the wrong file than an empty list.
    #[error("no valid notice came, and the source has {notices}; nothing was taken")]
    WouldEmpty {
        /// Notices that would be gone.
        notices: u64,
    },
    /// The store failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// One import under way: rows go into a hidden generation, and one small write shows them. Dropped before that, it
/// leaves nothing to see; the hidden rows are swept.
#[derive(Debug)]
pub(super) struct Import {
    register: Arc<Register>,
    _alone: OwnedMutexGuard<()>,
    source: String,
    label: Label,
    generation: u64,
    pending: Vec<Notice>,
    seen: BTreeSet<NoticeNumber>,
    digest: Digest,
    published: bool,
}

impl Register {
    /// Begins an import of one source.
    pub(super) fn import(
        self: &Arc<Self>,
        source: &str,
        label: Label,
        entropy: &dyn Entropy,
    ) -> Result<Import, ImportFailed> {
        let alone = Arc::clone(&self.importing).try_lock_owned().map_err(|_| ImportFailed::Busy)?;
        // The running digest begins with a salt, so that the record commits to the content without giving it away.
        let digest = sha256(&[&entropy.bytes::<32>()]);
        Ok(Import {
            register: Arc::clone(self),
            _alone: alone,
            source: source.to_owned(),
            label,
            generation: self.store.new_generation(),
            pending: Vec::new(),
            seen: BTreeSet::new(),
            digest,
            published: false,
        })
    }
}

impl Import {
    /// Takes a notice; `false` if its number came before.
    pub(super) async fn take(&mut self, notice: Notice) -> Result<bool, Fault> {
        if !self.seen.insert(notice.number.clone()) {
            return Ok(false);
        }
        self.digest = sha256(&[self.digest.as_bytes(), notice.number.as_str().as_bytes()]);
        self.pending.push(notice);
        if self.pending.len() >= Change::NOTICES_MAX {
            self.stage().await?;
        }
        Ok(true)
    }

    async fn stage(&mut self) -> Result<(), Fault> {
        let notices = std::mem::take(&mut self.pending);
        if notices.is_empty() {
            return Ok(());
        }
        let changes = vec![Change::StageNotices { generation: self.generation, notices }];
        submit(&self.register.store, "stage_notices", changes, vec![]).await
    }

    /// Shows what was taken as the whole content of the source, and makes it searchable. On a task of its own: once it
    /// is begun it ends, also when the caller is gone, or the index would stay behind the rows.
    pub(super) async fn publish(self, may_empty: bool) -> Result<Imported, ImportFailed> {
        let stats = self.register.store.register_stats().map_err(|e| Fault::new("counting notices", e))?;
        let notices = stats.iter().find(|s| s.source == self.source).map(|s| s.notices).unwrap_or_default();
        if self.seen.is_empty() && notices > 0 && !may_empty {
            return Err(ImportFailed::WouldEmpty { notices });
        }
        let shown = tokio::spawn(self.show(notices)).await;
        Ok(shown.map_err(|e| Fault::new("publishing an import", e))??)
    }

    async fn show(mut self, replaced: u64) -> Result<Imported, Fault> {
        self.stage().await?;
        let taken = u64::try_from(self.seen.len()).unwrap_or(u64::MAX);
        let (source, generation) = (self.source.clone(), self.generation);
        let changes = vec![Change::PublishGeneration { source, generation }];
        let (source, commitment) = (self.label.clone(), self.digest);
        let entries = vec![Event::Imported { source, commitment, notices: taken }];
        submit(&self.register.store, "publish_generation", changes, entries).await?;
        self.published = true;
        self.register.reindex().await?;
        let swept = self.register.store.sweep_register().await;
        swept.map_err(|e| Fault::new("sweeping replaced notices", e))?;
        Ok(Imported { taken, replaced })
    }
}

async fn submit(
    store: &Store,
    name: &'static str,
    changes: Vec<Change>,
    entries: Vec<Event>,
) -> Result<(), Fault> {
    let write = Write { name, guards: vec![], changes, entries };
    let done: Result<_, WriteError> = store.submit(write).await;
    done.map(drop).map_err(|e| Fault::new("writing the register", e))
}

impl Drop for Import {
    fn drop(&mut self) {
        if self.published {
            return;
        }
        let changes = vec![Change::DropGeneration { generation: self.generation }];
        let write = Write { name: "drop_generation", guards: vec![], changes, entries: vec![] };
        if let Err(error) = self.register.store.submit_unwaited(write) {
            tracing::warn!(%error, "hidden rows of a broken import stay until the next start");
        }
    }
}
