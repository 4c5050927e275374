//! The agency's own record.

use crate::client::Client;
use crate::error::ClientError;
use concord_domain::Digest;
use concord_wire::pb::ledger::v1 as pb;
use concord_wire::pb::ledger::v1::ledger_service_client::LedgerServiceClient;
use futures_util::stream::{Stream, StreamExt, TryStreamExt, iter};
use tonic::Request;

/// One entry as the node has it. Nothing is believed of it: `concord-ledger` checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Its index.
    pub index: u64,
    /// Its leaf hash, as the node says.
    pub leaf: Digest,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Client {
    /// The latest checkpoint, as a signed note.
    ///
    /// # Errors
    /// As the node rejects it: NOT_FOUND before the first one.
    pub async fn checkpoint(&self) -> Result<String, ClientError> {
        let mut service = LedgerServiceClient::new(self.channel());
        let response = service.get_checkpoint(Request::new(pb::GetCheckpointRequest {})).await?;
        let pb::GetCheckpointResponse { checkpoint } = response.into_inner();
        Ok(checkpoint)
    }

    /// Every checkpoint, oldest first, as signed notes.
    ///
    /// # Errors
    /// As the node rejects it; later, an item of the stream.
    pub async fn checkpoints(
        &self,
    ) -> Result<impl Stream<Item = Result<String, ClientError>> + Send + use<>, ClientError> {
        let mut service = LedgerServiceClient::new(self.channel());
        let response = service.list_checkpoints(Request::new(pb::ListCheckpointsRequest {})).await?;
        let pages = response.into_inner().map_err(ClientError::from);
        let notes = pages.map_ok(|pb::ListCheckpointsResponse { checkpoints }| iter(checkpoints).map(Ok));
        Ok(notes.try_flatten().boxed())
    }

    /// Entries in order from `start` on, `limit` at most; no limit means to the end.
    ///
    /// # Errors
    /// As the node rejects it; later, an item of the stream.
    pub async fn entries(
        &self,
        start: u64,
        limit: Option<u64>,
    ) -> Result<impl Stream<Item = Result<LedgerEntry, ClientError>> + Send + use<>, ClientError> {
        let mut service = LedgerServiceClient::new(self.channel());
        let ask = pb::ListEntriesRequest { start, limit: limit.unwrap_or(0) };
        let response = service.list_entries(Request::new(ask)).await?;
        let pages = response.into_inner().map_err(ClientError::from);
        let entries = pages.map_ok(|pb::ListEntriesResponse { entries }| iter(entries).map(entry));
        Ok(entries.try_flatten().boxed())
    }
}

fn entry(entry: pb::Entry) -> Result<LedgerEntry, ClientError> {
    let pb::Entry { index, leaf_hash, data } = entry;
    let leaf = Digest::from_slice(&leaf_hash)
        .ok_or_else(|| ClientError::Answer(concord_wire::Problems::one("leaf_hash", "must have 32 bytes")))?;
    Ok(LedgerEntry { index, leaf, bytes: data })
}
