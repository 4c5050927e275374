//! The published documents as the node has them.

use crate::client::Client;
use crate::error::ClientError;
use concord_domain::Digest;
use concord_trust::{DocumentKind, DocumentRef, SignedFile};
use concord_wire::Problems;
use concord_wire::pb::agreement::v1 as pb;
use concord_wire::pb::agreement::v1::agreement_service_client::AgreementServiceClient;
use std::fmt;
use tonic::Request;

/// What a document counts for at the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentState {
    /// Decisions are made by it.
    InForce,
    /// Signed by all, and its time has not come.
    Upcoming,
    /// Signatures are missing.
    Pending,
    /// A later one has taken its place.
    Superseded,
    /// Its time is over, or its parties have withdrawn from it.
    Ended,
    /// Another text claims the same place.
    Conflict,
    /// Does not count: it follows nothing that counts there.
    Idle,
}

impl DocumentState {
    /// The stable text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in-force",
            Self::Upcoming => "upcoming",
            Self::Pending => "pending",
            Self::Superseded => "superseded",
            Self::Ended => "ended",
            Self::Conflict => "conflict",
            Self::Idle => "idle",
        }
    }
}

impl fmt::Display for DocumentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the node says of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentStatus {
    /// Which text.
    pub at: DocumentRef,
    /// Who signed, as the signatures are labelled.
    pub signers: Vec<String>,
    /// What it counts for.
    pub state: DocumentState,
    /// Who still must sign.
    pub missing: Vec<String>,
}

impl Client {
    /// Hands a signed document to the node; when this returns it is durable there, and on its way to the others.
    ///
    /// # Errors
    /// As the node rejects it: INVALID_ARGUMENT, PERMISSION_DENIED (NOT_ENTITLED), FAILED_PRECONDITION
    /// (UNKNOWN_BASIS, DOCUMENT_LIMIT).
    pub async fn submit_document(
        &self,
        kind: DocumentKind,
        file: SignedFile,
    ) -> Result<DocumentStatus, ClientError> {
        let request = pb::SubmitDocumentRequest {
            kind: kind.to_string(),
            content: file.bytes,
            signatures: file.signatures.into_iter().map(Into::into).collect(),
        };
        let response = self.documents_service().submit_document(Request::new(request)).await?;
        let pb::SubmitDocumentResponse { document } = response.into_inner();
        status(document.unwrap_or_default())
    }

    /// Every document that the node knows, by kind, name and sequence; only those of one kind if it is named.
    ///
    /// # Errors
    /// As the node rejects it.
    pub async fn documents(&self, kind: Option<DocumentKind>) -> Result<Vec<DocumentStatus>, ClientError> {
        let request =
            pb::ListDocumentsRequest { kind: kind.map(|kind| kind.to_string()).unwrap_or_default() };
        let mut stream = self.documents_service().list_documents(Request::new(request)).await?.into_inner();
        let mut all = Vec::new();
        while let Some(pb::ListDocumentsResponse { documents }) = stream.message().await? {
            for document in documents {
                all.push(status(document)?);
            }
        }
        Ok(all)
    }

    /// One document with its bytes and signatures, by the digest of its bytes.
    ///
    /// # Errors
    /// As the node rejects it: NOT_FOUND.
    pub async fn document(&self, digest: Digest) -> Result<(DocumentStatus, SignedFile), ClientError> {
        let request = pb::GetDocumentRequest { digest: digest.as_bytes().to_vec() };
        let response = self.documents_service().get_document(Request::new(request)).await?;
        let pb::GetDocumentResponse { document, content, signatures } = response.into_inner();
        let status = status(document.unwrap_or_default())?;
        let signatures = signatures.into_iter().map(Into::into).collect();
        let file = SignedFile { name: status.at.path(), bytes: content, signatures };
        Ok((status, file))
    }

    pub(crate) fn documents_service(&self) -> AgreementServiceClient<tonic::transport::Channel> {
        AgreementServiceClient::new(self.channel())
            .max_encoding_message_size(MESSAGE_BYTES_MAX)
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
    }
}

/// Bytes of a message at most: the largest document with its signatures.
const MESSAGE_BYTES_MAX: usize = (1 << 20) + (64 << 10);

fn status(document: pb::Document) -> Result<DocumentStatus, ClientError> {
    let state = match document.state() {
        pb::DocumentState::InForce => DocumentState::InForce,
        pb::DocumentState::Upcoming => DocumentState::Upcoming,
        pb::DocumentState::Pending => DocumentState::Pending,
        pb::DocumentState::Superseded => DocumentState::Superseded,
        pb::DocumentState::Ended => DocumentState::Ended,
        pb::DocumentState::Conflict => DocumentState::Conflict,
        pb::DocumentState::Idle | pb::DocumentState::Unspecified => DocumentState::Idle,
    };
    let pb::Document { kind, name, sequence, digest, signers, state: _, missing } = document;
    let wrong = |field, why: String| ClientError::Answer(Problems::one(field, why));
    let kind = kind.parse().map_err(|e| wrong("kind", format!("{e}")))?;
    let digest =
        Digest::from_slice(&digest).ok_or_else(|| wrong("digest", "must have 32 bytes".to_owned()))?;
    Ok(DocumentStatus { at: DocumentRef { kind, name, sequence, digest }, signers, state, missing })
}
