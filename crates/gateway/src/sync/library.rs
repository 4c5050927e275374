//! The documents that a node has: those of its folder and those kept in its store, each verified.

use super::judge::{Admitted, Judge, NotAdmitted};
use concord_domain::{AgencyId, Digest};
use concord_store::{Change, KeptDocument, SeenSequence, StorageError, Store, Write, WriteError};
use concord_trust::{DocumentError, DocumentKind, DocumentRef, DocumentSet, SignedFile, fingerprint};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use thiserror::Error;
use tokio::sync::Notify;

/// Why a document was not kept.
#[derive(Debug, Error)]
pub enum NotKept {
    /// It does not count.
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    /// There is no room.
    #[error("{what}: {count} is more than the limit of {limit}")]
    Full {
        /// What there is too much of.
        what: &'static str,
        /// How many or how long.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// No charter counts here.
    #[error(transparent)]
    NoCharter(#[from] DocumentError),
    /// The store failed; the document may be kept or not.
    #[error("keeping a document: {0}")]
    Write(WriteError),
    /// The store cannot be read.
    #[error("keeping a document: {0}")]
    Read(#[from] StorageError),
}

impl From<WriteError> for NotKept {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::TooLarge { what, count, limit } => Self::Full { what, count, limit },
            other @ (WriteError::GuardFailed(_)
            | WriteError::NumberTooLarge
            | WriteError::DuplicateNotice { .. }
            | WriteError::GenerationNotStaged { .. }
            | WriteError::GenerationLive { .. }
            | WriteError::CheckpointBeyondHead { .. }
            | WriteError::Busy { .. }
            | WriteError::Closed
            | WriteError::Interrupted
            | WriteError::Storage(_)) => Self::Write(other),
        }
    }
}

/// Fingerprints remembered of one peer's documents that were dropped, at most: who offers more is asked for some again.
const REFUSED_MAX: usize = 4096;

/// Cards or keyrings of one agency that are compared at most: two in honest use, and some more texts under one sequence
/// as proof against whoever signed them.
const TEXTS_MAX: usize = 8;

/// The documents of a node. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Library {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    pinned: Digest,
    documents: Mutex<Arc<DocumentSet>>,
    /// By peer, the fingerprints of what it offered and was dropped. A fingerprint tells who claims to have signed, not
    /// whether: a forged copy has that of the genuine one, which others may still bring.
    refused: Mutex<BTreeMap<AgencyId, BTreeSet<Digest>>>,
    /// One page is kept after the other, so that none overwrites another in memory.
    keeping: tokio::sync::Mutex<()>,
    arrived: Arc<Notify>,
    spread: Arc<Notify>,
}

impl Library {
    /// Over the node's store; `pinned` is the charter that it was started with, and `arrived` is told of everything
    /// that was kept, to take it up.
    pub fn new(store: Store, pinned: Digest, arrived: Arc<Notify>) -> Self {
        let (documents, refused) = (Mutex::default(), Mutex::default());
        let (keeping, spread) = (tokio::sync::Mutex::default(), Arc::default());
        Self { inner: Arc::new(Inner { store, pinned, documents, refused, keeping, arrived, spread }) }
    }

    /// What is known now.
    pub fn documents(&self) -> Arc<DocumentSet> {
        Arc::clone(&self.inner.documents.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// SHA-256 of the charter that the node was started with.
    pub fn pinned(&self) -> Digest {
        self.inner.pinned
    }

    /// The highest sequence of each document that was ever taken up here.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn seen(&self) -> Result<Vec<SeenSequence>, StorageError> {
        self.inner.store.sequences()
    }

    /// Shows what was read of folder and store, less what does not count, and looks again at what was dropped: it may
    /// count by what is known now.
    ///
    /// # Errors
    /// If the store cannot be read or no charter counts; what was known stays.
    pub async fn replace(&self, read: DocumentSet) -> Result<(), NotKept> {
        let _alone = self.inner.keeping.lock().await;
        let mut documents = DocumentSet::default();
        {
            let judge = self.judge(&read)?;
            // The latest first, for which there must be room.
            for (at, file) in read.iter().rev() {
                if let Ok(admitted) = judge.admit(at.kind, file)
                    && has_room(&documents, at).is_ok()
                {
                    // It named itself already.
                    drop(documents.insert(at.kind, admitted.file));
                }
            }
        }
        self.show(documents);
        self.refused().clear();
        Ok(())
    }

    /// Keeps a document, durably, or the signatures that a known one lacks. Says whether any of it was new.
    ///
    /// # Errors
    /// See [`NotKept`]; nothing was kept then, but for a failing store.
    pub async fn keep(&self, kind: DocumentKind, file: SignedFile) -> Result<(Admitted, bool), NotKept> {
        let (new, mut kept) = self.keep_each(None, vec![(kind, file)]).await?;
        let kept = kept.pop().unwrap_or_else(|| Err(NotAdmitted::Malformed("no document".to_owned()).into()));
        kept.map(|admitted| (admitted, new > 0))
    }

    /// Keeps those of some documents of a peer that count, each by what is known together with the others; says how many
    /// were new, and what became of each in turn.
    ///
    /// # Errors
    /// If no charter counts, or the store cannot be read.
    pub async fn keep_all(
        &self,
        peer: &AgencyId,
        files: Vec<(DocumentKind, SignedFile)>,
    ) -> Result<(usize, Vec<Result<Admitted, NotKept>>), NotKept> {
        self.keep_each(Some(peer), files).await
    }

    async fn keep_each(
        &self,
        peer: Option<&AgencyId>,
        files: Vec<(DocumentKind, SignedFile)>,
    ) -> Result<(usize, Vec<Result<Admitted, NotKept>>), NotKept> {
        let _alone = self.inner.keeping.lock().await;
        let mut with = DocumentSet::clone(&self.documents());
        for (kind, file) in &files {
            // What does not name itself is refused below.
            drop(with.insert(*kind, file.clone()));
        }
        let judged: Vec<_> = {
            let judge = self.judge(&with)?;
            files.into_iter().map(|(kind, file)| (judge.admit(kind, &file), kind, file)).collect()
        };
        let mut documents = DocumentSet::clone(&self.documents());
        let before = documents.fingerprints().len();
        let (mut results, mut new) = (Vec::with_capacity(judged.len()), 0);
        for (admitted, kind, file) in judged {
            let kept = match admitted {
                Ok(admitted) => self.keep_one(&mut documents, admitted, &mut new).await,
                Err(error) => Err(error.into()),
            };
            match &kept {
                Err(NotKept::NotAdmitted(_) | NotKept::Full { .. }) => self.refuse(peer, kind, &file),
                // That the store fails now says nothing about the document.
                Ok(_) | Err(NotKept::NoCharter(_) | NotKept::Write(_) | NotKept::Read(_)) => {}
            }
            results.push(kept);
        }
        tracing::debug!(target: "concord::sync", before, new, "documents");
        if new > 0 {
            self.show(documents);
            self.inner.arrived.notify_one();
            self.inner.spread.notify_one();
        }
        Ok((new, results))
    }

    async fn keep_one(
        &self,
        documents: &mut DocumentSet,
        admitted: Admitted,
        new: &mut usize,
    ) -> Result<Admitted, NotKept> {
        let Admitted { at, file, proposed_by } = admitted.clone();
        has_room(documents, &at)?;
        let known = documents.get(&at).map(|file| fingerprint(&at, file));
        let mut merged = DocumentSet::default();
        let both = documents.get(&at).cloned().into_iter().chain([file.clone()]);
        both.for_each(|file| drop(merged.insert(at.kind, file)));
        let Some(merged) = merged.get(&at).cloned() else { return Ok(admitted) };
        if known == Some(fingerprint(&at, &merged)) {
            return Ok(admitted);
        }
        let changes =
            vec![Change::KeepDocument(Box::new(KeptDocument { at: at.clone(), file: merged, proposed_by }))];
        let write = Write { name: "keep_document", guards: vec![], changes, entries: vec![] };
        let written = self.inner.store.submit(write).await.map_err(NotKept::from);
        if let Err(error) = written {
            tracing::warn!(target: "concord::sync", document = %at, %error, "not kept");
            return Err(error);
        }
        tracing::info!(target: "concord::sync", document = %at, "kept");
        *new += 1;
        drop(documents.insert(at.kind, file));
        Ok(admitted)
    }

    /// Whether what this peer offers under this fingerprint was dropped since the last change of what is known.
    pub(crate) fn is_refused(&self, peer: &AgencyId, fingerprint: &Digest) -> bool {
        self.refused().get(peer).is_some_and(|refused| refused.contains(fingerprint))
    }

    /// Waits until something was kept, to be spread at once.
    pub(crate) async fn something_to_spread(&self) {
        self.inner.spread.notified().await;
    }

    fn refuse(&self, peer: Option<&AgencyId>, kind: DocumentKind, file: &SignedFile) {
        metrics::counter!("concord_documents_dropped_total", "kind" => kind.as_str()).increment(1);
        let at = DocumentRef::of(kind, file);
        let (Some(peer), Ok(at)) = (peer, at) else { return };
        let mut refused = self.refused();
        let refused = refused.entry(peer.clone()).or_default();
        if refused.len() < REFUSED_MAX {
            refused.insert(fingerprint(&at, file));
        }
    }

    fn judge<'a>(&self, known: &'a DocumentSet) -> Result<Judge<'a>, NotKept> {
        let seen = self.seen()?;
        let seen: BTreeMap<_, _> = seen.into_iter().map(|s| (s.document, (s.sequence, s.digest))).collect();
        Ok(Judge::new(known, self.inner.pinned, move |name: &str| seen.get(name).copied())?)
    }

    fn show(&self, documents: DocumentSet) {
        *self.inner.documents.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(documents);
    }

    fn refused(&self) -> MutexGuard<'_, BTreeMap<AgencyId, BTreeSet<Digest>>> {
        self.inner.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Demands room among what is compared.
fn has_room(documents: &DocumentSet, at: &DocumentRef) -> Result<(), NotKept> {
    match at.kind {
        DocumentKind::Card | DocumentKind::Keyring => {}
        DocumentKind::Charter | DocumentKind::Agreement | DocumentKind::Declaration | DocumentKind::Block => {
            return Ok(());
        }
    }
    let others = documents.of_name(at.kind, &at.name).filter(|(other, _)| *other != at).count();
    if others < TEXTS_MAX {
        return Ok(());
    }
    Err(NotKept::Full { what: "cards or keyrings of one agency", count: others + 1, limit: TEXTS_MAX })
}
