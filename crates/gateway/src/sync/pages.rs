//! Documents in messages below the limit of a message.

use crate::link::MESSAGE_BYTES_MAX;
use concord_domain::Digest;
use concord_store::KeptDocument;
use concord_trust::{DocumentKind, DocumentRef, DocumentSet, SignedFile};
use concord_wire::pb::federation::v1 as pb;

/// Bytes of the documents of one message at most: one document always fits.
pub(crate) const PAGE_BYTES_MAX: usize = KeptDocument::BYTES_MAX;
/// Documents of one message at most: a keyring or agreement has some 3 KiB.
pub(crate) const PAGE_DOCUMENTS_MAX: usize = 512;
/// Fingerprints of one message at most: a megabyte of them. Two cards, two keyrings and a notice of each of 4,000 agencies
/// are fewer, with as many agreements and declarations as a node keeps.
pub(crate) const FINGERPRINTS_MAX: usize = 1 << 15;
/// Fingerprints of one list in an answer at most, which has two.
pub(crate) const LISTED_MAX: usize = FINGERPRINTS_MAX / 2;
const _: () = assert!(
    FINGERPRINTS_MAX * 32 + (1 << 10) <= MESSAGE_BYTES_MAX
        && FINGERPRINTS_MAX > 5 * 4000 + 2 * KeptDocument::KIND_MAX
);
/// What a document costs in a message besides its bytes and signatures, generously.
const OVERHEAD_BYTES: usize = 64;

/// The first of these documents that fit into one message, and which they were.
pub(crate) fn page(set: &DocumentSet, wanted: &[Digest]) -> (Vec<pb::SyncDocument>, Vec<Digest>) {
    let known = set.fingerprints();
    let (mut page, mut sent, mut bytes) = (Vec::new(), Vec::new(), 0_usize);
    for fingerprint in wanted {
        let Some((at, file)) = known.get(fingerprint).and_then(|at| Some((*at, set.get(at)?))) else {
            continue;
        };
        let cost = OVERHEAD_BYTES + file.bytes.len() + signature_bytes(file);
        if page.len() >= PAGE_DOCUMENTS_MAX || (bytes + cost > PAGE_BYTES_MAX && !page.is_empty()) {
            break;
        }
        bytes += cost;
        page.push(message(at, file));
        sent.push(*fingerprint);
    }
    (page, sent)
}

fn signature_bytes(file: &SignedFile) -> usize {
    file.signatures.iter().map(|s| s.label.len() + s.cose.len() + 8).sum()
}

fn message(at: &DocumentRef, file: &SignedFile) -> pb::SyncDocument {
    pb::SyncDocument {
        kind: at.kind.to_string(),
        content: file.bytes.clone().into(),
        signatures: file.signatures.iter().cloned().map(Into::into).collect(),
    }
}

/// Reads documents as they came; those of a kind that is not known here are left out: a newer node may have more.
pub(crate) fn files(documents: Vec<pb::SyncDocument>, from: &str) -> Vec<(DocumentKind, SignedFile)> {
    let file = |document: pb::SyncDocument| {
        let pb::SyncDocument { kind, content, signatures } = document;
        let signatures = signatures.into_iter().take(SignedFile::SIGNATURES_MAX).map(Into::into).collect();
        let name = format!("{kind} from {from}");
        Some((kind.parse().ok()?, SignedFile { name, bytes: content.into(), signatures }))
    };
    documents.into_iter().take(PAGE_DOCUMENTS_MAX).filter_map(file).collect()
}

/// Of these fingerprints those that the other side lacks, in the order of kind, name and sequence: what others rest on
/// goes first.
pub(crate) fn lacking(set: &DocumentSet, theirs: &std::collections::BTreeSet<Digest>) -> Vec<Digest> {
    let by_place = set.iter().map(|(at, file)| concord_trust::fingerprint(at, file));
    by_place.filter(|fingerprint| !theirs.contains(fingerprint)).collect()
}
