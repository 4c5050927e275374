//! `concord.ledger.v1.LedgerService`: the record, for the agency's own auditors.

use concord_domain::Entropy;
use concord_gateway::{Fault, incident};
use concord_ledger::StoredEntry;
use concord_store::{StorageError, Store};
use concord_wire::pb::ledger::v1 as pb;
use concord_wire::pb::ledger::v1::ledger_service_server::{LedgerService, LedgerServiceServer};
use concord_wire::refused;
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, unfold};
use std::sync::Arc;
use tonic::{Code, Request, Response, Status};

/// Serves the record to our own auditors.
#[derive(Debug, Clone)]
pub struct LedgerApi {
    store: Store,
    entropy: Arc<dyn Entropy>,
}

/// Entries or checkpoints of one message: at a kilobyte each far below the limit of a message.
const ROWS_MAX: usize = 256;

impl LedgerApi {
    /// The API over a node's store.
    pub fn new(store: Store, entropy: Arc<dyn Entropy>) -> Self {
        Self { store, entropy }
    }

    /// The gRPC service.
    pub fn into_service(self) -> LedgerServiceServer<Self> {
        LedgerServiceServer::new(self)
    }

    fn fault(&self, error: StorageError) -> Status {
        incident(&Fault::new("reading the ledger", error), &*self.entropy)
    }

    /// Reads page after page, until one is empty. A page is a message and where the next one begins.
    fn pages<M: Send + 'static>(
        &self,
        start: u64,
        page: impl Fn(&Store, u64) -> Result<Option<(M, u64)>, StorageError> + Copy + Send + 'static,
    ) -> BoxStream<'static, Result<M, Status>> {
        let api = self.clone();
        let pages = unfold(Some(start), move |cursor| {
            let next = cursor.and_then(|cursor| match page(&api.store, cursor) {
                Ok(None) => None,
                Ok(Some((message, next))) => Some((Ok(message), Some(next))),
                Err(error) => Some((Err(api.fault(error)), None)),
            });
            std::future::ready(next)
        });
        pages.boxed()
    }
}

fn entry(stored: StoredEntry) -> pb::Entry {
    let StoredEntry { index, leaf, bytes } = stored;
    pb::Entry { index, leaf_hash: leaf.as_bytes().to_vec(), data: bytes }
}

fn entries(
    store: &Store,
    start: u64,
    limit: usize,
) -> Result<Option<(pb::ListEntriesResponse, u64)>, StorageError> {
    let rows = store.entries(start, limit.min(ROWS_MAX))?;
    let next = rows.last().map(|last| last.index + 1);
    Ok(next.map(|next| (pb::ListEntriesResponse { entries: rows.into_iter().map(entry).collect() }, next)))
}

fn checkpoints(
    store: &Store,
    start: u64,
) -> Result<Option<(pb::ListCheckpointsResponse, u64)>, StorageError> {
    let rows = store.checkpoints(start, ROWS_MAX)?;
    let next = rows.last().map(|last| last.size + 1);
    let texts = rows.into_iter().map(|c| c.note).collect();
    Ok(next.map(|next| (pb::ListCheckpointsResponse { checkpoints: texts }, next)))
}

#[tonic::async_trait]
impl LedgerService for LedgerApi {
    type ListCheckpointsStream = BoxStream<'static, Result<pb::ListCheckpointsResponse, Status>>;
    type ListEntriesStream = BoxStream<'static, Result<pb::ListEntriesResponse, Status>>;

    async fn get_checkpoint(
        &self,
        _: Request<pb::GetCheckpointRequest>,
    ) -> Result<Response<pb::GetCheckpointResponse>, Status> {
        let latest = self.store.latest_checkpoint().map_err(|error| self.fault(error))?;
        let none = || refused(Code::NotFound, "NO_CHECKPOINT", "the ledger has no checkpoint yet", &[]);
        Ok(Response::new(pb::GetCheckpointResponse { checkpoint: latest.ok_or_else(none)?.note }))
    }

    async fn list_checkpoints(
        &self,
        _: Request<pb::ListCheckpointsRequest>,
    ) -> Result<Response<Self::ListCheckpointsStream>, Status> {
        Ok(Response::new(self.pages(0, checkpoints)))
    }

    async fn list_entries(
        &self,
        request: Request<pb::ListEntriesRequest>,
    ) -> Result<Response<Self::ListEntriesStream>, Status> {
        let pb::ListEntriesRequest { start, limit } = request.into_inner();
        let end = if limit == 0 { u64::MAX } else { start.saturating_add(limit) };
        let page = move |store: &Store, cursor: u64| {
            let left = usize::try_from(end.saturating_sub(cursor)).unwrap_or(usize::MAX);
            if left == 0 { Ok(None) } else { entries(store, cursor, left) }
        };
        Ok(Response::new(self.pages(start, page)))
    }
}

#[cfg(test)]
mod tests;
