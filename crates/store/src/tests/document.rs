//! Documents that are kept: bytes once, signatures merged, bounds.

use super::{change, open};
use crate::{Change, Execution, KeptDocument, Store, WriteError};
use concord_domain::AgencyId;
use concord_trust::{DocumentKind, DocumentRef, DocumentSet, SignedFile, SigningKey};

fn signer(n: u8) -> SigningKey {
    SigningKey::from_seed([n; 32])
}

fn agency() -> AgencyId {
    "yn.police.cn".parse().unwrap()
}

/// Version `version` of an agreement, signed by these.
fn agreement(version: u32, signers: &[u8]) -> KeptDocument {
    let file = SignedFile::unsigned("x.toml", format!("id = \"pact\"\nversion = {version}\n"));
    let kind = DocumentKind::Agreement;
    let file = signers.iter().fold(file, |file, n| file.sign(kind.signed_as(), &n.to_string(), &signer(*n)));
    KeptDocument { at: DocumentRef::of(kind, &file).unwrap(), file, proposed_by: None }
}

async fn keep(store: &Store, kept: KeptDocument) -> Result<(), WriteError> {
    store.submit(change(vec![Change::KeepDocument(Box::new(kept))])).await.map(drop)
}

fn set(documents: &[KeptDocument]) -> DocumentSet {
    let mut set = DocumentSet::default();
    for kept in documents {
        set.insert(kept.at.kind, kept.file.clone()).unwrap();
    }
    set
}

#[tokio::test]
async fn what_is_kept_is_there_after_a_restart_with_all_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), Execution::Inline);
    assert!(store.documents().unwrap().is_empty());
    let parts = [agreement(1, &[1]), agreement(2, &[]), agreement(1, &[2, 1])];
    for kept in &parts {
        keep(&store, kept.clone()).await.unwrap();
    }
    let expected = set(&parts).summary();
    assert_eq!(store.documents().unwrap().summary(), expected);
    store.close().await;
    let store = open(folder.path(), Execution::Inline);
    let found = store.documents().unwrap();
    assert_eq!((found.len(), found.summary()), (2, expected));
    let (_, file) = found.iter().next().unwrap();
    for n in [1, 2] {
        file.require(DocumentKind::Agreement.signed_as(), "signer", &signer(n).public()).unwrap();
    }
}

#[tokio::test]
async fn an_agencys_proposals_have_a_bound_and_what_all_signed_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), Execution::Inline);
    let proposal = |version| KeptDocument { proposed_by: Some(agency()), ..agreement(version, &[1]) };
    let limit = u32::try_from(KeptDocument::PROPOSALS_MAX).unwrap();
    for version in 1..=limit {
        keep(&store, proposal(version)).await.unwrap();
    }
    let refused = keep(&store, proposal(limit + 1)).await;
    assert!(
        matches!(refused, Err(WriteError::TooLarge { what: "proposals of one agency", .. })),
        "{refused:?}"
    );
    // One more signature on a known proposal always has room, and makes room when it is the last.
    keep(&store, agreement(1, &[2])).await.unwrap();
    keep(&store, proposal(1)).await.unwrap();
    keep(&store, proposal(limit + 1)).await.unwrap();
}

/// Some document of this kind about this name, unsigned.
fn unsigned(kind: DocumentKind, text: String) -> KeptDocument {
    let file = SignedFile::unsigned("x.toml", text);
    KeptDocument { at: DocumentRef::of(kind, &file).unwrap(), file, proposed_by: None }
}

fn keyring(agency: &str, sequence: usize) -> KeptDocument {
    unsigned(DocumentKind::Keyring, format!("agency = \"{agency}\"\nsequence = {sequence}\n"))
}

/// Keeps many, some hundred in one write.
async fn keep_all(store: &Store, kept: impl Iterator<Item = KeptDocument>) {
    let changes: Vec<_> = kept.map(|kept| Change::KeepDocument(Box::new(kept))).collect();
    for page in changes.chunks(512) {
        store.submit(change(page.to_vec())).await.unwrap();
    }
}

#[tokio::test]
async fn an_agency_exhausts_the_room_for_keyrings_of_its_own_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), Execution::Inline);
    keep_all(&store, (0..KeptDocument::AGENCY_MAX).map(|n| keyring("yn.police.cn", n))).await;
    let refused = keep(&store, keyring("yn.police.cn", KeptDocument::AGENCY_MAX)).await;
    assert!(
        matches!(refused, Err(WriteError::TooLarge { what: "documents of one kind and agency", .. })),
        "{refused:?}"
    );
    keep_all(&store, (1..KeptDocument::KIND_MAX).map(|n| keyring(&format!("a{n}.cn"), 1))).await;
    keep(&store, keyring("a1.cn", 2)).await.unwrap();
    let refused = keep(&store, keyring("one.more.cn", 1)).await;
    assert!(
        matches!(refused, Err(WriteError::TooLarge { what: "agencies with documents of one kind", .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_partys_declarations_have_a_bound_over_all_agreements() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), Execution::Inline);
    let declaration = |party: &str, n: usize| {
        let text = format!("agreement = \"pact-{n}\"\nparty = \"{party}\"\nsequence = 1\n");
        unsigned(DocumentKind::Declaration, text)
    };
    let limit = KeptDocument::DECLARATIONS_MAX;
    keep_all(&store, (0..limit).map(|n| declaration("yn.police.cn", n))).await;
    let refused = keep(&store, declaration("yn.police.cn", limit)).await;
    assert!(
        matches!(refused, Err(WriteError::TooLarge { what: "declarations of one party", .. })),
        "{refused:?}"
    );
    keep(&store, declaration("gz.police.cn", limit)).await.unwrap();
}

#[tokio::test]
async fn an_oversized_document_is_not_queued() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), Execution::Inline);
    let mut kept = agreement(1, &[1]);
    kept.file.bytes = vec![b'#'; KeptDocument::BYTES_MAX];
    let refused = keep(&store, kept).await;
    assert!(matches!(refused, Err(WriteError::TooLarge { what: "document bytes", .. })), "{refused:?}");
}

#[tokio::test]
async fn checkpoints_of_peers_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), Execution::Inline);
    let note = |size| Change::SavePeerCheckpoint { agency: agency(), size, note: format!("note {size}") };
    store.submit(change(vec![note(5), note(3)])).await.unwrap();
    assert_eq!(store.peer_checkpoint(&agency()).unwrap().unwrap().size, 5);
}
