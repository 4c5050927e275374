//! `concord.agreement.v1.AgreementService`: the published documents, for the agency's own systems and officers.

mod export;
mod state;

use concord_domain::{Clock, Digest, Entropy};
use concord_gateway::{Authority, Fault, Library, NotAdmitted, NotKept, incident};
use concord_trust::{DocumentKind, DocumentRef, SignedFile};
use concord_wire::pb::agreement::v1 as pb;
use concord_wire::pb::agreement::v1::agreement_service_server::{AgreementService, AgreementServiceServer};
use concord_wire::{Problems, refused, violations};
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, iter};
use state::States;
use std::sync::Arc;
use tonic::{Code, Request, Response, Status};

/// Takes and shows published documents.
#[derive(Debug, Clone)]
pub struct AgreementApi {
    library: Library,
    authority: Authority,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// Documents of one message: at some 300 bytes each far below the limit of a message.
const ROWS_MAX: usize = 256;
/// Bytes of a message at most: the largest document with its signatures.
const MESSAGE_BYTES_MAX: usize = (1 << 20) + (64 << 10);

impl AgreementApi {
    /// The API over a node's documents and the rules made of them.
    pub fn new(
        library: Library,
        authority: Authority,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { library, authority, clock, entropy }
    }

    /// The gRPC service with its limits.
    pub fn into_service(self) -> AgreementServiceServer<Self> {
        AgreementServiceServer::new(self)
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX)
    }

    fn states(&self) -> States {
        States::new(self.authority.current().rules, self.clock.now())
    }

    fn shown(&self, at: &DocumentRef, file: &SignedFile) -> pb::Document {
        shown(&self.states(), at, file)
    }

    fn status(&self, error: NotKept) -> Status {
        match error {
            NotKept::NotAdmitted(NotAdmitted::Malformed(why)) => violations(&Problems::one("content", why)),
            NotKept::NotAdmitted(NotAdmitted::NotEntitled(why)) => {
                refused(Code::PermissionDenied, "NOT_ENTITLED", why, &[])
            }
            NotKept::NotAdmitted(NotAdmitted::UnknownBasis(why)) => {
                refused(Code::FailedPrecondition, "UNKNOWN_BASIS", why, &[])
            }
            NotKept::NotAdmitted(NotAdmitted::Superseded(why)) => {
                refused(Code::FailedPrecondition, "SUPERSEDED", why, &[])
            }
            NotKept::Full { what, count, limit } => {
                let metadata = [("limit", limit.to_string()), ("what", what.to_owned())];
                let message = format!("{what}: {count} is more than the limit of {limit}");
                refused(Code::FailedPrecondition, "DOCUMENT_LIMIT", message, &metadata)
            }
            other @ (NotKept::NoCharter(_) | NotKept::Write(_) | NotKept::Read(_)) => {
                incident(&Fault::new("keeping a document", other), &*self.entropy)
            }
        }
    }
}

/// Reads a document as it was handed over.
fn file(message: pb::SubmitDocumentRequest) -> Result<(DocumentKind, SignedFile), Problems> {
    let pb::SubmitDocumentRequest { kind, content, signatures } = message;
    let kind: DocumentKind = kind.parse().map_err(|e| Problems::one("kind", e))?;
    let too_long = |field, count: usize, limit: usize| {
        Problems::one(field, format!("{count} is more than the limit of {limit}"))
    };
    let limit = usize::try_from(SignedFile::BYTES_MAX).unwrap_or(usize::MAX);
    if content.len() > limit {
        return Err(too_long("content", content.len(), limit));
    }
    let (count, limit) = (signatures.len(), SignedFile::SIGNATURES_MAX);
    if count > limit {
        return Err(too_long("signatures", count, limit));
    }
    let signatures = signatures.into_iter().map(Into::into).collect();
    Ok((kind, SignedFile { name: kind.to_string(), bytes: content, signatures }))
}

fn shown(states: &States, at: &DocumentRef, file: &SignedFile) -> pb::Document {
    let (state, missing) = states.of(at);
    pb::Document {
        kind: at.kind.to_string(),
        name: at.name.clone(),
        sequence: at.sequence,
        digest: at.digest.as_bytes().to_vec(),
        signers: file.signatures.iter().map(|signature| signature.label.clone()).collect(),
        state: state.into(),
        missing: missing.iter().map(ToString::to_string).collect(),
    }
}

#[tonic::async_trait]
impl AgreementService for AgreementApi {
    type ListDocumentsStream = BoxStream<'static, Result<pb::ListDocumentsResponse, Status>>;
    type ExportDocumentsStream = BoxStream<'static, Result<pb::ExportDocumentsResponse, Status>>;

    async fn submit_document(
        &self,
        request: Request<pb::SubmitDocumentRequest>,
    ) -> Result<Response<pb::SubmitDocumentResponse>, Status> {
        let (kind, file) = file(request.into_inner()).map_err(|problems| violations(&problems))?;
        let before = self.authority.current().epoch;
        let (admitted, new) = self.library.keep(kind, file).await.map_err(|error| self.status(error))?;
        if new {
            // What it counts for shows only once it is taken up.
            self.authority.newer_than(before).await;
        }
        let documents = self.library.documents();
        let kept = documents.get(&admitted.at).unwrap_or(&admitted.file);
        let document = Some(self.shown(&admitted.at, kept));
        Ok(Response::new(pb::SubmitDocumentResponse { document }))
    }

    async fn list_documents(
        &self,
        request: Request<pb::ListDocumentsRequest>,
    ) -> Result<Response<Self::ListDocumentsStream>, Status> {
        let pb::ListDocumentsRequest { kind } = request.into_inner();
        let only: Option<DocumentKind> = if kind.is_empty() {
            None
        } else {
            Some(kind.parse().map_err(|e| violations(&Problems::one("kind", e)))?)
        };
        let (states, documents) = (self.states(), self.library.documents());
        let wanted = documents.iter().filter(|(at, _)| only.is_none_or(|only| at.kind == only));
        let rows: Vec<_> = wanted.map(|(at, file)| shown(&states, at, file)).collect();
        let pages: Vec<_> = rows
            .chunks(ROWS_MAX)
            .map(|page| Ok(pb::ListDocumentsResponse { documents: page.to_vec() }))
            .collect();
        Ok(Response::new(iter(pages).boxed()))
    }

    async fn get_document(
        &self,
        request: Request<pb::GetDocumentRequest>,
    ) -> Result<Response<pb::GetDocumentResponse>, Status> {
        let pb::GetDocumentRequest { digest } = request.into_inner();
        let digest = Digest::from_slice(&digest)
            .ok_or_else(|| violations(&Problems::one("digest", "must have 32 bytes")))?;
        let documents = self.library.documents();
        let found = documents.iter().find(|(at, _)| at.digest == digest);
        let (at, file) =
            found.ok_or_else(|| refused(Code::NotFound, "NO_DOCUMENT", "no document of that digest", &[]))?;
        Ok(Response::new(pb::GetDocumentResponse {
            document: Some(self.shown(at, file)),
            content: file.bytes.clone(),
            signatures: file.signatures.iter().cloned().map(Into::into).collect(),
        }))
    }

    async fn export_documents(
        &self,
        request: Request<pb::ExportDocumentsRequest>,
    ) -> Result<Response<Self::ExportDocumentsStream>, Status> {
        let pb::ExportDocumentsRequest {} = request.into_inner();
        let seen = self.library.seen();
        let seen =
            seen.map_err(|error| incident(&Fault::new("reading what was seen", error), &*self.entropy))?;
        let messages = export::messages(self.library.pinned(), seen, self.library.documents());
        Ok(Response::new(iter(messages.map(Ok)).boxed()))
    }

    async fn get_local_rules(
        &self,
        request: Request<pb::GetLocalRulesRequest>,
    ) -> Result<Response<pb::GetLocalRulesResponse>, Status> {
        let pb::GetLocalRulesRequest {} = request.into_inner();
        let rules_toml = self.authority.current().rules.local().to_toml();
        Ok(Response::new(pb::GetLocalRulesResponse { rules_toml }))
    }
}

#[cfg(test)]
mod tests;
