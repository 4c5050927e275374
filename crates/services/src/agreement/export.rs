//! Everything that decisions rest on, cut into messages.

use concord_domain::Digest;
use concord_store::SeenSequence;
use concord_trust::{DocumentRef, DocumentSet, SignedFile};
use concord_wire::pb::agreement::v1 as pb;
use std::sync::Arc;

/// Bytes of documents in one message: some dozens of the usual size, far below the limit of a message. A larger document
/// stands alone.
const PAGE_BYTES: usize = 256 << 10;
/// Sequences in one message: at some 150 bytes each as long as a page of documents.
const SEEN_MAX: usize = 1024;

/// The messages, in order. A page of documents is made when it is its turn: all at once would be a second copy of
/// everything.
pub(super) fn messages(
    pinned: Digest,
    seen: Vec<SeenSequence>,
    documents: Arc<DocumentSet>,
) -> impl Iterator<Item = pb::ExportDocumentsResponse> {
    let charter = pb::ExportDocumentsResponse {
        charter_sha256: pinned.as_bytes().to_vec(),
        ..pb::ExportDocumentsResponse::default()
    };
    let seen: Vec<_> = seen
        .chunks(SEEN_MAX)
        .map(|page| pb::ExportDocumentsResponse {
            seen: page.iter().cloned().map(seen_document).collect(),
            ..pb::ExportDocumentsResponse::default()
        })
        .collect();
    let pages = pages(&documents).into_iter().map(move |page| {
        let of_page = page.iter().filter_map(|at| Some(exported(at, documents.get(at)?)));
        pb::ExportDocumentsResponse { documents: of_page.collect(), ..pb::ExportDocumentsResponse::default() }
    });
    std::iter::once(charter).chain(seen).chain(pages)
}

/// Which documents share a message.
fn pages(documents: &DocumentSet) -> Vec<Vec<DocumentRef>> {
    let (mut pages, mut page, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (at, file) in documents.iter() {
        let length = length(file);
        if bytes + length > PAGE_BYTES && !page.is_empty() {
            pages.push(std::mem::take(&mut page));
            bytes = 0;
        }
        page.push(at.clone());
        bytes += length;
    }
    pages.extend(Some(page).filter(|page| !page.is_empty()));
    pages
}

/// Bytes of a document with its signatures, but for what names and numbers take.
fn length(file: &SignedFile) -> usize {
    let signatures = file.signatures.iter().map(|signature| signature.label.len() + signature.cose.len());
    file.bytes.len() + signatures.sum::<usize>()
}

fn seen_document(seen: SeenSequence) -> pb::SeenDocument {
    let SeenSequence { document, sequence, digest } = seen;
    pb::SeenDocument { document, sequence, digest: digest.as_bytes().to_vec() }
}

fn exported(at: &DocumentRef, file: &SignedFile) -> pb::ExportedDocument {
    pb::ExportedDocument {
        kind: at.kind.to_string(),
        content: file.bytes.clone(),
        signatures: file.signatures.iter().cloned().map(Into::into).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use concord_trust::DocumentKind;

    #[test]
    fn documents_share_messages_and_a_large_one_stands_alone() {
        let mut documents = DocumentSet::default();
        let lengths = [100, 100, 2 * PAGE_BYTES, PAGE_BYTES - 100, 100];
        for (length, version) in lengths.iter().zip(1..) {
            let mut text = format!("id = \"pact\"\nversion = {version}\n#");
            text.extend(std::iter::repeat_n('x', *length));
            documents.insert(DocumentKind::Agreement, SignedFile::unsigned("x", text)).unwrap();
        }
        let pages = pages(&documents);
        let versions: Vec<Vec<u64>> =
            pages.iter().map(|page| page.iter().map(|at| at.sequence).collect()).collect();
        assert_eq!(versions, [vec![1, 2], vec![3], vec![4], vec![5]]);
        assert!(self::pages(&DocumentSet::default()).is_empty());
    }

    #[test]
    fn sequences_come_in_pages_between_the_charter_and_the_documents() {
        let digest = Digest([7; 32]);
        let seen =
            (0..=SEEN_MAX).map(|n| SeenSequence { document: format!("card/{n}"), sequence: 1, digest });
        let messages: Vec<_> = messages(digest, seen.collect(), Arc::default()).collect();
        assert_eq!(messages.len(), 3);
        assert_eq!(messages[0].charter_sha256, [7; 32]);
        assert_eq!([1, 2].map(|page| messages[page].seen.len()), [SEEN_MAX, 1]);
        assert!(messages[1].charter_sha256.is_empty() && messages[2].documents.is_empty());
    }
}
