//! The side that is asked: one step of a round.

use super::library::{Library, NotKept};
use super::pages::{FINGERPRINTS_MAX, LISTED_MAX, PAGE_DOCUMENTS_MAX, files, lacking, page};
use crate::admission::{Admission, Overloaded};
use concord_domain::{AgencyId, Digest};
use concord_store::Store;
use concord_wire::pb::federation::v1 as pb;
use concord_wire::pb::federation::v1::sync_request::Step;
use concord_wire::{digests_from_pb, digests_to_pb};
use std::collections::BTreeSet;
use thiserror::Error;

/// Why a step is not answered.
#[derive(Debug, Error)]
pub enum StepInvalid {
    /// A field is missing, of a wrong form, or over a limit.
    #[error("{field}: {why}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong, with the limit.
        why: String,
    },
    /// As many steps are under way as may be at once.
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    /// A fault of our own.
    #[error(transparent)]
    NotKept(#[from] NotKept),
}

/// Answers peers that compare documents with ours.
#[derive(Debug, Clone)]
pub struct Exchange {
    library: Library,
    store: Store,
    slots: Admission,
}

impl Exchange {
    /// Steps answered at once: each may verify a page of documents, and must leave room for requests.
    const STEPS_MAX: usize = 8;
    /// Of these, for one peer: an honest one has one round under way, and goes on after the last step's answer.
    const STEPS_PER_PEER_MAX: usize = 2;

    /// Over the node's documents, and the checkpoints of peers in its store.
    pub fn new(library: Library, store: Store) -> Self {
        let slots = Admission::new(Self::STEPS_MAX, Self::STEPS_PER_PEER_MAX);
        Self { library, store, slots }
    }

    /// Answers one step of `peer`.
    ///
    /// # Errors
    /// See [`StepInvalid`].
    pub async fn answer(
        &self,
        peer: &AgencyId,
        request: pb::SyncRequest,
    ) -> Result<pb::SyncResponse, StepInvalid> {
        let _slot = self.slots.enter(peer.as_str())?;
        match request.step {
            None => Err(StepInvalid::Field { field: "step", why: "is missing".to_owned() }),
            Some(Step::Compare(pb::SyncCompare { summary })) => self.compare(peer, &summary),
            Some(Step::List(pb::SyncList { fingerprints })) => self.list(peer, &fingerprints),
            Some(Step::Transfer(transfer)) => self.transfer(peer, transfer).await,
        }
    }

    fn compare(&self, peer: &AgencyId, summary: &[u8]) -> Result<pb::SyncResponse, StepInvalid> {
        let theirs = Digest::from_slice(summary).ok_or_else(|| StepInvalid::Field {
            field: "compare.summary",
            why: "must have 32 bytes".to_owned(),
        })?;
        let equal = self.library.documents().summary() == theirs;
        let held = self.store.peer_checkpoint(peer).map_err(NotKept::from)?;
        let checkpoint = held.map(|held| held.note).unwrap_or_default();
        Ok(pb::SyncResponse { equal, checkpoint, ..pb::SyncResponse::default() })
    }

    fn list(&self, peer: &AgencyId, fingerprints: &[u8]) -> Result<pb::SyncResponse, StepInvalid> {
        let theirs: BTreeSet<_> = digests("list.fingerprints", fingerprints)?.into_iter().collect();
        let documents = self.library.documents();
        let ours = documents.fingerprints();
        let lacks = |digest: &&Digest| !ours.contains_key(*digest) && !self.library.is_refused(peer, digest);
        // What is left over is for the next round.
        let wanted = digests_to_pb(theirs.iter().filter(lacks).take(LISTED_MAX).copied());
        let offered = digests_to_pb(lacking(&documents, &theirs).into_iter().take(LISTED_MAX));
        Ok(pb::SyncResponse { offered: offered.into(), wanted: wanted.into(), ..pb::SyncResponse::default() })
    }

    async fn transfer(
        &self,
        peer: &AgencyId,
        transfer: pb::SyncTransfer,
    ) -> Result<pb::SyncResponse, StepInvalid> {
        let pb::SyncTransfer { documents, wanted } = transfer;
        if documents.len() > PAGE_DOCUMENTS_MAX {
            let why =
                format!("{} documents are more than the limit of {PAGE_DOCUMENTS_MAX}", documents.len());
            return Err(StepInvalid::Field { field: "transfer.documents", why });
        }
        let wanted = digests("transfer.wanted", &wanted)?;
        if !documents.is_empty() {
            self.library.keep_all(peer, files(documents, peer.as_str())).await?;
        }
        let (documents, _) = page(&self.library.documents(), &wanted);
        Ok(pb::SyncResponse { documents, ..pb::SyncResponse::default() })
    }
}

fn digests(field: &'static str, bytes: &[u8]) -> Result<Vec<Digest>, StepInvalid> {
    let digests = digests_from_pb(bytes)
        .ok_or_else(|| StepInvalid::Field { field, why: "must have 32 bytes for each".to_owned() })?;
    if digests.len() > FINGERPRINTS_MAX {
        let why = format!("{} are more than the limit of {FINGERPRINTS_MAX}", digests.len());
        return Err(StepInvalid::Field { field, why });
    }
    Ok(digests)
}
