//! A set of documents with their signatures: what a folder holds, what a store keeps, what peers compare.

mod folder;

use super::{DocumentError, DocumentKind, DocumentRef, Signature, SignedFile};
use crate::cose::Cose;
use crate::sha256;
use crate::signing::KeyId;
use concord_domain::Digest;
use std::collections::BTreeMap;

/// Documents by kind and bytes; nothing is verified. The same bytes are one document with the signatures of all their
/// copies; other bytes under the same name are another document, so that two texts of one issuer both stay.
#[derive(Debug, Clone, Default)]
pub struct DocumentSet {
    documents: BTreeMap<DocumentRef, SignedFile>,
}

impl DocumentSet {
    /// Adds a document, or to one that is there the signatures that it lacks. Gives what it points at.
    ///
    /// # Errors
    /// If the bytes do not name themselves; see [`DocumentRef::of`].
    pub fn insert(&mut self, kind: DocumentKind, mut file: SignedFile) -> Result<DocumentRef, DocumentError> {
        let at = DocumentRef::of(kind, &file)?;
        match self.documents.get_mut(&at) {
            Some(known) => known.signatures.append(&mut file.signatures),
            None => drop(self.documents.insert(at.clone(), file)),
        }
        if let Some(merged) = self.documents.get_mut(&at) {
            settle(&mut merged.signatures);
        }
        Ok(at)
    }

    /// Adds all of another set.
    pub fn merge(&mut self, other: Self) {
        for (at, mut file) in other.documents {
            match self.documents.get_mut(&at) {
                Some(known) => {
                    known.signatures.append(&mut file.signatures);
                    settle(&mut known.signatures);
                }
                None => drop(self.documents.insert(at, file)),
            }
        }
    }

    /// One document.
    pub fn get(&self, at: &DocumentRef) -> Option<&SignedFile> {
        self.documents.get(at)
    }

    /// All documents, by kind, name and sequence.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&DocumentRef, &SignedFile)> {
        self.documents.iter()
    }

    /// The documents of one kind, by name and sequence.
    pub fn of_kind(&self, kind: DocumentKind) -> impl Iterator<Item = (&DocumentRef, &SignedFile)> {
        self.documents.iter().filter(move |(at, _)| at.kind == kind)
    }

    /// The documents of one kind about one name, by sequence.
    pub fn of_name<'a>(
        &'a self,
        kind: DocumentKind,
        name: &'a str,
    ) -> impl DoubleEndedIterator<Item = (&'a DocumentRef, &'a SignedFile)> {
        let end = |sequence, byte| DocumentRef {
            kind,
            name: name.to_owned(),
            sequence,
            digest: Digest([byte; 32]),
        };
        self.documents.range(end(0, 0)..=end(u64::MAX, u8::MAX))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// The fingerprint of each document, with the document.
    pub fn fingerprints(&self) -> BTreeMap<Digest, &DocumentRef> {
        self.documents.iter().map(|(at, file)| (fingerprint(at, file), at)).collect()
    }

    /// Names the whole set: SHA-256 over its fingerprints in order. Equal sets have equal summaries.
    pub fn summary(&self) -> Digest {
        summary(self.fingerprints().into_keys())
    }
}

/// SHA-256 over fingerprints, which must be in order.
pub fn summary(fingerprints: impl IntoIterator<Item = Digest>) -> Digest {
    let joined: Vec<u8> = fingerprints.into_iter().flat_map(|digest| *digest.as_bytes()).collect();
    sha256(&[b"concord/documents/v1", &joined])
}

/// Names a document with its signers: SHA-256 over kind, name, sequence, digest and the sorted key ids of those who
/// signed, each text after its length. Another signature makes another fingerprint.
pub fn fingerprint(at: &DocumentRef, file: &SignedFile) -> Digest {
    let mut parts: Vec<u8> = b"concord/document/v1".to_vec();
    for text in [at.kind.as_str(), at.name.as_str()] {
        parts.extend(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        parts.extend(text.as_bytes());
    }
    parts.extend(at.sequence.to_be_bytes());
    parts.extend(at.digest.as_bytes());
    let mut signers: Vec<KeyId> = signers(file).collect();
    signers.sort_unstable();
    signers.dedup();
    signers.iter().for_each(|signer| parts.extend(signer.as_bytes()));
    sha256(&[&parts])
}

/// The keys that claim to have signed.
pub fn signers(file: &SignedFile) -> impl Iterator<Item = KeyId> {
    file.signatures.iter().filter_map(|signature| Some(Cose::parse(&signature.cose).ok()?.key_id()))
}

/// Each signature once, by signer, whatever it is called; what is no signature goes. Two by one key both stay: one of
/// them may be forged, and which one only shows when they are verified.
fn settle(signatures: &mut Vec<Signature>) {
    let mut by_signer: BTreeMap<(KeyId, Vec<u8>), String> = BTreeMap::new();
    for Signature { label, cose } in signatures.drain(..) {
        let Ok(parsed) = Cose::parse(&cose) else { continue };
        let known = by_signer.entry((parsed.key_id(), cose)).or_insert_with(|| label.clone());
        if label < *known {
            *known = label;
        }
    }
    signatures.extend(by_signer.into_iter().map(|((_, cose), label)| Signature { label, cose }));
}
