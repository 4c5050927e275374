//! `concord.register.v1.RegisterService`.

use super::import::Import;
use super::{ImportFailed, Register};
use concord_domain::Entropy;
use concord_domain::wanted::Notice;
use concord_gateway::{Fault, incident};
use concord_ledger::Label;
use concord_store::{Change, RegisteredNotice};
use concord_wire::pb::register::v1 as pb;
use concord_wire::pb::register::v1::import_request::Part;
use concord_wire::pb::register::v1::register_service_server::{RegisterService, RegisterServiceServer};
use concord_wire::{Problems, refused, violations};
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, iter};
use std::sync::Arc;
use tonic::{Code, Request, Response, Status, Streaming};

/// Serves the register to our own systems.
#[derive(Debug, Clone)]
pub struct RegisterApi {
    register: Arc<Register>,
    entropy: Arc<dyn Entropy>,
}

/// Rows of one message at most, so that a message stays below its limit in bytes.
const ROWS_MAX: usize = 100;
/// Rejected rows of one import at most: beyond it the file is not what it was taken for.
const REJECTED_MAX: usize = 10_000;
/// Notices of one message of an export.
const EXPORT_ROWS: usize = 100;

impl RegisterApi {
    /// Bytes of a message at most: a hundred rich notices.
    pub const MESSAGE_BYTES_MAX: usize = 1 << 20;

    /// The API over a register.
    pub fn new(register: Arc<Register>, entropy: Arc<dyn Entropy>) -> Self {
        Self { register, entropy }
    }

    /// The gRPC service with its limits.
    pub fn into_service(self) -> RegisterServiceServer<Self> {
        RegisterServiceServer::new(self)
            .max_decoding_message_size(Self::MESSAGE_BYTES_MAX)
            // Ten thousand rejected rows with their reasons.
            .max_encoding_message_size(4 * Self::MESSAGE_BYTES_MAX)
    }

    fn fault(&self, fault: &Fault) -> Status {
        incident(fault, &*self.entropy)
    }

    fn failed(&self, error: &ImportFailed) -> Status {
        match error {
            ImportFailed::WouldEmpty { notices } => {
                let metadata = [("notices", notices.to_string())];
                refused(Code::FailedPrecondition, "WOULD_EMPTY_SOURCE", error.to_string(), &metadata)
            }
            ImportFailed::Busy => refused(Code::Aborted, "IMPORT_RUNNING", error.to_string(), &[]),
            ImportFailed::Fault(fault) => self.fault(fault),
        }
    }
}

/// What has come of the rows so far.
#[derive(Default)]
struct Progress {
    rows: u64,
    rejected: Vec<pb::RejectedRow>,
}

impl Progress {
    fn reject(&mut self, line: u64, reason: String) -> Result<(), Status> {
        if self.rejected.len() >= REJECTED_MAX {
            let limit = [("limit", REJECTED_MAX.to_string())];
            let message = format!("more than {REJECTED_MAX} rows were rejected; nothing was taken");
            return Err(refused(Code::ResourceExhausted, "TOO_MANY_REJECTED", message, &limit));
        }
        self.rejected.push(pb::RejectedRow { line, reason });
        Ok(())
    }
}

/// Which source is replaced, and whether it may become empty.
fn header(part: Option<Part>) -> Result<(String, Label, bool), Status> {
    let Some(Part::Header(pb::ImportHeader { source, may_empty })) = part else {
        return Err(violations(&Problems::one("header", "must be the first message")));
    };
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    let label = source.parse::<Label>().ok().filter(|_| source.bytes().all(plain));
    let message = format!("must have 1 to {} of a-z, 0-9, -, _ and .", Label::BYTES_MAX);
    let label = label.ok_or_else(|| violations(&Problems::one("header.source", message)))?;
    Ok((source, label, may_empty))
}

impl RegisterApi {
    async fn rows(
        &self,
        import: &mut Import,
        progress: &mut Progress,
        rows: Vec<pb::ImportRow>,
    ) -> Result<(), Status> {
        if rows.len() > ROWS_MAX {
            let message = format!("{} rows are more than the limit of {ROWS_MAX}", rows.len());
            return Err(violations(&Problems::one("rows", message)));
        }
        for pb::ImportRow { line, notice } in rows {
            progress.rows += 1;
            match Notice::try_from(notice.unwrap_or_default()) {
                Err(problems) => progress.reject(line, problems.to_string())?,
                Ok(notice) => {
                    if !import.take(notice).await.map_err(|fault| self.fault(&fault))? {
                        progress.reject(line, "number: stands in an earlier row".to_owned())?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn check_end(end: &pb::ImportEnd, progress: &Progress) -> Result<(), Status> {
    if end.rows == progress.rows {
        return Ok(());
    }
    let message = format!("says {} rows, {} arrived; nothing was taken", end.rows, progress.rows);
    Err(violations(&Problems::one("end.rows", message)))
}

#[tonic::async_trait]
impl RegisterService for RegisterApi {
    type ExportStream = BoxStream<'static, Result<pb::ExportResponse, Status>>;

    async fn import(
        &self,
        request: Request<Streaming<pb::ImportRequest>>,
    ) -> Result<Response<pb::ImportResponse>, Status> {
        let mut stream = request.into_inner();
        let (source, label, may_empty) = header(stream.message().await?.and_then(|m| m.part))?;
        let mut import =
            self.register.import(&source, label, &*self.entropy).map_err(|error| self.failed(&error))?;
        let mut progress = Progress::default();
        while let Some(message) = stream.message().await? {
            match message.part {
                Some(Part::Rows(pb::ImportRows { rows })) => {
                    self.rows(&mut import, &mut progress, rows).await?
                }
                Some(Part::End(end)) => {
                    check_end(&end, &progress)?;
                    let done = import.publish(may_empty).await.map_err(|error| self.failed(&error))?;
                    let Progress { rows: _, rejected } = progress;
                    return Ok(Response::new(pb::ImportResponse {
                        taken: done.taken,
                        replaced: done.replaced,
                        rejected,
                    }));
                }
                Some(Part::Header(_)) | None => {
                    return Err(violations(&Problems::one("part", "must be rows or the end")));
                }
            }
        }
        Err(violations(&Problems::one("end", "is missing; nothing was taken")))
    }

    async fn export(
        &self,
        request: Request<pb::ExportRequest>,
    ) -> Result<Response<Self::ExportStream>, Status> {
        let pb::ExportRequest { source } = request.into_inner();
        let store = self.register.store.clone();
        let rows = self.register.heavy.run(move || {
            let mut rows: Vec<RegisteredNotice> = Vec::new();
            let wanted = |row: &RegisteredNotice| source.is_empty() || row.source == source;
            store.notices(|row| rows.extend(Some(row).filter(wanted))).map(|()| rows)
        });
        let rows = rows.await.map_err(|fault| self.fault(&fault))?;
        let rows = rows.map_err(|e| self.fault(&Fault::new("reading the register", e)))?;
        let message = |rows: Vec<RegisteredNotice>| {
            Ok(pb::ExportResponse { notices: rows.into_iter().map(|row| row.notice.into()).collect() })
        };
        Ok(Response::new(iter(rows).chunks(EXPORT_ROWS).map(message).boxed()))
    }

    async fn stats(&self, _: Request<pb::StatsRequest>) -> Result<Response<pb::StatsResponse>, Status> {
        let stats = self.register.store.register_stats();
        let stats = stats.map_err(|e| self.fault(&Fault::new("counting notices", e)))?;
        let row = |s: concord_store::SourceStats| pb::SourceStats { source: s.source, notices: s.notices };
        Ok(Response::new(pb::StatsResponse { sources: stats.into_iter().map(row).collect() }))
    }
}

const _: () = assert!(ROWS_MAX <= Change::NOTICES_MAX, "one message fits one staged batch");
