//! Everything that the node's decisions rest on, to decide by it elsewhere.

use crate::client::Client;
use crate::error::ClientError;
use concord_domain::Digest;
use concord_trust::{DocumentKind, DocumentRef, DocumentSet, SignedFile};
use concord_wire::Problems;
use concord_wire::pb::agreement::v1 as pb;
use std::collections::BTreeMap;
use tonic::Request;

/// What the node has. Nothing of it is verified here: whoever builds a directory and rules of it does that.
#[derive(Debug, Clone)]
pub struct Exported {
    /// SHA-256 of the charter that the node was started with.
    pub charter: Digest,
    /// The highest sequence of each document that the node has ever taken up, with its digest, by kind and name.
    pub seen: BTreeMap<String, (u64, Digest)>,
    /// Every document with its signatures, whether it counts or not.
    pub documents: DocumentSet,
}

/// Documents and sequences taken at most: what six full folders hold, so that a node that never ends is noticed.
const TAKEN_MAX: usize = 6 * DocumentSet::FOLDER_MAX;

impl Client {
    /// Everything that the node's decisions rest on but its own rules.
    ///
    /// # Errors
    /// As the node rejects it; [`ClientError::Answer`] for what does not name itself, or for more than a node holds.
    pub async fn export_documents(&self) -> Result<Exported, ClientError> {
        let request = Request::new(pb::ExportDocumentsRequest {});
        let mut stream = self.documents_service().export_documents(request).await?.into_inner();
        let (mut charter, mut seen, mut documents) = (None, BTreeMap::new(), DocumentSet::default());
        while let Some(message) = stream.message().await? {
            let pb::ExportDocumentsResponse { charter_sha256, seen: more_seen, documents: more } = message;
            if charter.is_none() {
                charter = Some(digest("charter_sha256", &charter_sha256)?);
            }
            for of_document in more_seen {
                let pb::SeenDocument { document, sequence, digest: of } = of_document;
                seen.insert(document, (sequence, digest("seen.digest", &of)?));
            }
            for document in more {
                let (kind, file) = file(document)?;
                documents.insert(kind, file).map_err(|e| wrong("documents", e.to_string()))?;
            }
            if seen.len().max(documents.len()) > TAKEN_MAX {
                return Err(wrong("documents", format!("more than the limit of {TAKEN_MAX}")));
            }
        }
        let charter = charter.ok_or(ClientError::BrokenOff)?;
        Ok(Exported { charter, seen, documents })
    }

    /// The node's own rules in TOML, as in its file of them; empty if it has none.
    ///
    /// # Errors
    /// As the node rejects it: PERMISSION_DENIED without the role `liaison`.
    pub async fn local_rules(&self) -> Result<String, ClientError> {
        let request = Request::new(pb::GetLocalRulesRequest {});
        let response = self.documents_service().get_local_rules(request).await?;
        let pb::GetLocalRulesResponse { rules_toml } = response.into_inner();
        Ok(rules_toml)
    }
}

/// A document, called after what it names itself.
fn file(document: pb::ExportedDocument) -> Result<(DocumentKind, SignedFile), ClientError> {
    let pb::ExportedDocument { kind, content, signatures } = document;
    let kind = kind.parse().map_err(|e| wrong("documents.kind", format!("{e}")))?;
    let signatures = signatures.into_iter().map(Into::into).collect();
    let unnamed = SignedFile { name: String::new(), bytes: content, signatures };
    let at = DocumentRef::of(kind, &unnamed).map_err(|e| wrong("documents.content", e.to_string()))?;
    Ok((kind, SignedFile { name: at.to_string(), ..unnamed }))
}

fn digest(field: &'static str, bytes: &[u8]) -> Result<Digest, ClientError> {
    Digest::from_slice(bytes).ok_or_else(|| wrong(field, "must have 32 bytes".to_owned()))
}

fn wrong(field: &'static str, why: String) -> ClientError {
    ClientError::Answer(Problems::one(field, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_called_after_itself_and_one_without_a_name_is_not_understood() {
        let document = |kind: &str, text: &str| {
            let (kind, content) = (kind.to_owned(), text.as_bytes().to_vec());
            file(pb::ExportedDocument { kind, content, signatures: Vec::new() })
        };
        let (kind, named) = document("agreement", "id = \"pact\"\nversion = 2\n").unwrap();
        assert_eq!((kind, named.name.as_str()), (DocumentKind::Agreement, "agreement/pact 2"));
        assert!(matches!(document("agreement", "version = 2"), Err(ClientError::Answer(_))));
        assert!(matches!(document("letter", ""), Err(ClientError::Answer(_))));
        assert!(matches!(digest("seen.digest", &[0; 31]), Err(ClientError::Answer(_))));
    }
}
