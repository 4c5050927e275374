//! The agency's own register.

mod batches;

use crate::client::Client;
use crate::error::ClientError;
use batches::Batches;
use concord_domain::wanted::Notice;
use concord_wire::pb::register::v1 as pb;
use concord_wire::pb::register::v1::register_service_client::RegisterServiceClient;
use futures_util::stream::{Stream, StreamExt, TryStreamExt, iter};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tonic::Request;

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportReport {
    /// Notices taken.
    pub taken: u64,
    /// Notices of this source before.
    pub replaced: u64,
    /// Rows that the node did not take.
    pub rejected: Vec<RejectedRow>,
}

/// A row that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// Where it stood in the file.
    pub line: u64,
    /// Why: names the field and the limit, never the content.
    pub reason: String,
}

/// The notices of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCount {
    /// The name of the source.
    pub source: String,
    /// Notices.
    pub notices: u64,
}

impl Client {
    /// Replaces the content of `source` by these rows (line, notice), all or nothing. A row that is an error ends
    /// the stream unfinished, and nothing is taken. `sent` is called with the number of rows after each message.
    ///
    /// # Errors
    /// [`ClientError::Rows`] with the error of a row, or as the node rejects it: also if no row was a notice and the
    /// source has some; see [`Client::import_even_nothing`].
    pub async fn import(
        &self,
        source: &str,
        rows: impl Stream<Item = io::Result<(u64, Notice)>> + Send + 'static,
        sent: impl FnMut(u64) + Send + 'static,
    ) -> Result<ImportReport, ClientError> {
        self.replace(source, false, rows, sent).await
    }

    /// As [`Client::import`], and leaves the source empty if that is what comes.
    ///
    /// # Errors
    /// As [`Client::import`].
    pub async fn import_even_nothing(
        &self,
        source: &str,
        rows: impl Stream<Item = io::Result<(u64, Notice)>> + Send + 'static,
        sent: impl FnMut(u64) + Send + 'static,
    ) -> Result<ImportReport, ClientError> {
        self.replace(source, true, rows, sent).await
    }

    async fn replace(
        &self,
        source: &str,
        may_empty: bool,
        rows: impl Stream<Item = io::Result<(u64, Notice)>> + Send + 'static,
        sent: impl FnMut(u64) + Send + 'static,
    ) -> Result<ImportReport, ClientError> {
        let broken = Arc::new(Mutex::new(None));
        let messages =
            Batches::new(source, may_empty, rows.boxed(), Box::new(sent), Arc::clone(&broken)).messages();
        let mut service = RegisterServiceClient::new(self.channel());
        let response = service.import(Request::new(messages)).await;
        if let Some(error) = broken.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(ClientError::Rows(error));
        }
        let pb::ImportResponse { taken, replaced, rejected } = response?.into_inner();
        let row = |row: pb::RejectedRow| RejectedRow { line: row.line, reason: row.reason };
        Ok(ImportReport { taken, replaced, rejected: rejected.into_iter().map(row).collect() })
    }

    /// Every notice by number, of one source or of all.
    ///
    /// # Errors
    /// As the node rejects it; later, an item of the stream.
    pub async fn export(
        &self,
        source: Option<&str>,
    ) -> Result<impl Stream<Item = Result<Notice, ClientError>> + Send + use<>, ClientError> {
        let mut service = RegisterServiceClient::new(self.channel());
        let ask = pb::ExportRequest { source: source.unwrap_or_default().to_owned() };
        let response = service.export(Request::new(ask)).await?;
        let pages = response.into_inner().map_err(ClientError::from);
        let notices = pages.map_ok(|pb::ExportResponse { notices }| {
            iter(notices).map(|notice| Notice::try_from(notice).map_err(ClientError::Answer))
        });
        Ok(notices.try_flatten().boxed())
    }

    /// Notices by source.
    ///
    /// # Errors
    /// As the node rejects it.
    pub async fn stats(&self) -> Result<Vec<SourceCount>, ClientError> {
        let mut service = RegisterServiceClient::new(self.channel());
        let response = service.stats(Request::new(pb::StatsRequest {})).await?;
        let pb::StatsResponse { sources } = response.into_inner();
        let count = |s: pb::SourceStats| SourceCount { source: s.source, notices: s.notices };
        Ok(sources.into_iter().map(count).collect())
    }
}
