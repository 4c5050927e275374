//! Two nodes in memory that compare their documents.

use super::judge::NotAdmitted;
use super::library::{Library, NotKept};
use super::round::{Gain, round};
use super::{Exchange, StepInvalid};
use crate::testing::{HERE, ORIGIN, OTHER, agency, key, northwest, now, published, signed};
use concord_agreements::{Act, Agreement, Declaration};
use concord_domain::Digest;
use concord_store::{Execution, Options, Store};
use concord_trust::{DocumentKind, DocumentRef, DocumentSet, Keyring, SignedFile, fingerprint, sha256};
use concord_wire::pb::federation::v1 as pb;
use concord_wire::pb::federation::v1::sync_request::Step;
use futures_util::future::FutureExt;
use proptest::prelude::*;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::Notify;

/// A node's documents over a real store.
struct Node {
    _folder: TempDir,
    store: Store,
    library: Library,
    arrived: Arc<Notify>,
}

impl Node {
    /// With charter, cards and keyrings from its folder.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(concord_domain::FixedClock::at(crate::testing::now()));
        let store = Store::open(folder.path(), Options::new(clock, Execution::Inline)).unwrap();
        let (documents, pinned) = published();
        let arrived = Arc::new(Notify::new());
        let library = Library::new(store.clone(), pinned, Arc::clone(&arrived));
        library.replace(documents).await.unwrap();
        Self { _folder: folder, store, library, arrived }
    }

    async fn keep(&self, version: u32, signers: &[&str]) -> Result<(), NotKept> {
        let file = signed(&northwest(version), signers);
        self.library.keep(DocumentKind::Agreement, file).await.map(drop)
    }

    fn summary(&self) -> Digest {
        self.library.documents().summary()
    }

    /// One round with another node.
    async fn compare(&self, other: &Self) -> Gain {
        let exchange = Exchange::new(other.library.clone(), other.store.clone());
        let us = agency(HERE);
        let call = |request| exchange.answer(&us, request).boxed();
        let Ok(gain) = round(&self.library, &agency(OTHER), &call).await else { panic!("a round failed") };
        gain
    }
}

fn document(kind: &str, file: SignedFile) -> pb::SyncDocument {
    pb::SyncDocument {
        kind: kind.to_owned(),
        content: file.bytes.into(),
        signatures: file.signatures.into_iter().map(Into::into).collect(),
    }
}

/// The step that hands these over.
fn transfer(documents: Vec<pb::SyncDocument>) -> pb::SyncRequest {
    let transfer = pb::SyncTransfer { documents, wanted: Vec::new().into() };
    pb::SyncRequest { step: Some(Step::Transfer(transfer)) }
}

#[tokio::test]
async fn after_one_round_both_have_everything_and_the_next_one_moves_nothing() {
    let (a, b) = (Node::new().await, Node::new().await);
    a.keep(1, &[HERE, ORIGIN]).await.unwrap();
    b.keep(1, &[OTHER]).await.unwrap();
    b.keep(2, &[OTHER]).await.unwrap();
    let gain = a.compare(&b).await;
    assert_eq!((gain.received, gain.dropped, gain.sent), (2, 0, 1));
    assert_eq!(a.summary(), b.summary());
    assert_eq!(a.compare(&b).await, Gain::default());
    // Durable: what a new start reads.
    for node in [&a, &b] {
        let kept = node.store.documents().unwrap();
        assert_eq!(kept.len(), 2);
        let first = kept.of_kind(DocumentKind::Agreement).next().unwrap().1;
        assert_eq!(first.signatures.len(), 3);
    }
    b.arrived.notified().await;
}

#[tokio::test]
async fn what_nobody_entitled_has_signed_is_dropped() {
    let node = Node::new().await;
    let before = node.summary();
    let stranger = signed(&northwest(1), &["stranger"]);
    let refused = node.library.keep(DocumentKind::Agreement, stranger).await;
    assert!(matches!(refused, Err(NotKept::NotAdmitted(NotAdmitted::NotEntitled(_)))), "{refused:?}");
    let junk = SignedFile::unsigned("junk", "not toml at all [".to_owned());
    let refused = node.library.keep(DocumentKind::Card, junk).await;
    assert!(matches!(refused, Err(NotKept::NotAdmitted(NotAdmitted::Malformed(_)))), "{refused:?}");
    assert_eq!(node.summary(), before);
    assert!(node.store.documents().unwrap().is_empty());
}

#[tokio::test]
async fn a_strangers_signature_beside_a_partys_goes() {
    let node = Node::new().await;
    node.keep(1, &[HERE, "stranger"]).await.unwrap();
    let documents = node.library.documents();
    let (_, file) = documents.of_kind(DocumentKind::Agreement).next().unwrap();
    assert_eq!(file.signatures.len(), 1);
}

#[tokio::test]
async fn a_signature_is_called_after_whose_key_made_it() {
    let node = Node::new().await;
    let mut file = signed(&northwest(1), &[OTHER]);
    file.signatures.iter_mut().for_each(|signature| signature.label = HERE.to_owned());
    node.library.keep(DocumentKind::Agreement, file).await.unwrap();
    for documents in [DocumentSet::clone(&node.library.documents()), node.store.documents().unwrap()] {
        let (_, file) = documents.of_kind(DocumentKind::Agreement).next().unwrap();
        let labels: Vec<_> = file.signatures.iter().map(|signature| signature.label.as_str()).collect();
        assert_eq!(labels, [OTHER]);
    }
}

#[tokio::test]
async fn a_page_of_junk_among_good_ones_costs_only_the_junk() {
    let (a, b) = (Node::new().await, Node::new().await);
    let exchange = Exchange::new(b.library.clone(), b.store.clone());
    let documents = vec![
        document("unheard-of", SignedFile::unsigned("x", "a = 1".into())),
        document("block", SignedFile::unsigned("x", "agency = \"yn.police.cn\"\nsequence = 1".into())),
        document("agreement", signed(&northwest(1), &[OTHER])),
    ];
    exchange.answer(&agency(HERE), transfer(documents)).await.unwrap();
    assert_eq!(b.store.documents().unwrap().len(), 1);
    a.compare(&b).await;
    assert_eq!(a.summary(), b.summary());
}

#[tokio::test]
async fn a_forged_copy_keeps_nobody_from_bringing_the_genuine_one() {
    let (a, b) = (Node::new().await, Node::new().await);
    let exchange = Exchange::new(b.library.clone(), b.store.clone());
    let genuine = signed(&northwest(1), &[OTHER]);
    // By the key's name it is signed, by its bytes it is not: its fingerprint is that of the genuine one.
    let forged = SignedFile { signatures: signed(&northwest(2), &[OTHER]).signatures, ..genuine.clone() };
    let at = DocumentRef::of(DocumentKind::Agreement, &genuine).unwrap();
    assert_eq!(fingerprint(&at, &forged), fingerprint(&at, &genuine));
    let hostile = agency(ORIGIN);
    exchange.answer(&hostile, transfer(vec![document("agreement", forged)])).await.unwrap();
    assert!(b.store.documents().unwrap().is_empty());
    let list = pb::SyncList { fingerprints: fingerprint(&at, &genuine).as_bytes().to_vec().into() };
    let wanted = exchange.answer(&hostile, pb::SyncRequest { step: Some(Step::List(list)) }).await.unwrap();
    assert!(wanted.wanted.is_empty(), "who sent it is not asked for it again");
    a.keep(1, &[OTHER]).await.unwrap();
    a.compare(&b).await;
    assert_eq!(a.summary(), b.summary());
}

#[tokio::test]
async fn what_a_failing_store_does_not_keep_is_asked_for_again() {
    let node = Node::new().await;
    let file = signed(&northwest(1), &[OTHER]);
    let at = DocumentRef::of(DocumentKind::Agreement, &file).unwrap();
    node.store.close().await;
    let peer = agency(OTHER);
    let (_, results) =
        node.library.keep_all(&peer, vec![(DocumentKind::Agreement, file.clone())]).await.unwrap();
    assert!(matches!(results.as_slice(), [Err(NotKept::Write(_))]), "{results:?}");
    assert!(!node.library.is_refused(&peer, &fingerprint(&at, &file)));
}

#[tokio::test]
async fn a_step_names_what_is_wrong_with_it() {
    let node = Node::new().await;
    let exchange = Exchange::new(node.library.clone(), node.store.clone());
    let refused = async |step| match exchange.answer(&agency(HERE), pb::SyncRequest { step }).await {
        Err(StepInvalid::Field { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(None).await, "step");
    let short = || vec![1_u8; 31].into();
    assert_eq!(refused(Some(Step::Compare(pb::SyncCompare { summary: short() }))).await, "compare.summary");
    assert_eq!(refused(Some(Step::List(pb::SyncList { fingerprints: short() }))).await, "list.fingerprints");
    let too_many = transfer(vec![pb::SyncDocument::default(); 513]);
    assert_eq!(refused(too_many.step).await, "transfer.documents");
}

/// The use of the keys that sign keyrings.
const KEYRING: u8 = 2;
/// The use of the keys that sign agreements and declarations.
const AGREEMENT: u8 = 1;

/// Another keyring of [`OTHER`], which follows those before; a text of its own for each port.
fn numbered(sequence: u64, port: u16) -> SignedFile {
    let previous = (sequence > 1).then(|| sha256(&[&numbered(sequence - 1, 1).bytes]));
    let endpoints = vec![format!("https://127.0.0.1:{port}")];
    let keyring = Keyring { sequence, previous, endpoints, ..crate::testing::keyring(OTHER) };
    let file = SignedFile::unsigned("keyring", keyring.to_toml());
    file.sign(DocumentKind::Keyring.signed_as(), OTHER, &key(OTHER, KEYRING))
}

/// The sequences of the keyrings of [`OTHER`].
fn keyrings(documents: &DocumentSet) -> Vec<u64> {
    documents.of_name(DocumentKind::Keyring, OTHER).map(|(at, _)| at.sequence).collect()
}

#[tokio::test]
async fn superseded_keyrings_are_not_compared_and_stay_in_the_store() {
    let node = Node::new().await;
    for sequence in 1..=4 {
        node.library.keep(DocumentKind::Keyring, numbered(sequence, 1)).await.unwrap();
    }
    let refused = node.library.keep(DocumentKind::Keyring, numbered(2, 1)).await;
    assert!(matches!(refused, Err(NotKept::NotAdmitted(NotAdmitted::Superseded(_)))), "{refused:?}");
    let mut read = published().0;
    read.merge(node.store.documents().unwrap());
    node.library.replace(read).await.unwrap();
    assert_eq!(keyrings(&node.library.documents()), [3, 4]);
    assert_eq!(keyrings(&node.store.documents().unwrap()), [2, 3, 4]);
}

#[tokio::test]
async fn many_keyrings_under_one_sequence_fill_nothing() {
    let node = Node::new().await;
    for port in 2..=8 {
        node.library.keep(DocumentKind::Keyring, numbered(1, port)).await.unwrap();
    }
    let refused = node.library.keep(DocumentKind::Keyring, numbered(1, 9)).await;
    assert!(matches!(refused, Err(NotKept::Full { limit: 8, .. })), "{refused:?}");
    let mut read = DocumentSet::clone(&node.library.documents());
    (9..20).for_each(|port| drop(read.insert(DocumentKind::Keyring, numbered(1, port)).unwrap()));
    node.library.replace(read).await.unwrap();
    assert_eq!(keyrings(&node.library.documents()), [1; 8]);
}

#[tokio::test]
async fn what_one_agency_makes_alone_is_no_longer_than_64_kib() {
    let node = Node::new().await;
    let mut long = numbered(2, 1);
    long.bytes.extend(vec![b'\n'; 64 << 10]);
    let text = String::from_utf8(long.bytes).unwrap();
    let signed_as = DocumentKind::Keyring.signed_as();
    let long = SignedFile::unsigned("keyring", text).sign(signed_as, OTHER, &key(OTHER, KEYRING));
    let refused = node.library.keep(DocumentKind::Keyring, long).await.unwrap_err();
    assert!(matches!(refused, NotKept::NotAdmitted(NotAdmitted::Malformed(_))));
    assert!(refused.to_string().contains("content: "), "{refused}");
    assert!(refused.to_string().contains("the limit of 65536"), "{refused}");
}

#[tokio::test]
async fn only_a_party_of_some_text_declares() {
    let node = Node::new().await;
    let suspend = |party: &str| {
        let act = Act::Suspension { from: now(), until: None };
        let (agreement, party) = ("northwest".parse().unwrap(), agency(party));
        let declaration = Declaration { agreement, version: 1, party, sequence: 1, issued: now(), act };
        let by = declaration.party.as_str();
        let file = SignedFile::unsigned("declaration", declaration.to_toml());
        file.sign(DocumentKind::Declaration.signed_as(), by, &key(by, AGREEMENT))
    };
    let declare = async |party| node.library.keep(DocumentKind::Declaration, suspend(party)).await;
    let unknown = |kept| matches!(kept, Err(NotKept::NotAdmitted(NotAdmitted::UnknownBasis(_))));
    assert!(unknown(declare(OTHER).await), "nothing is known of the agreement");
    let without = Agreement { parties: [ORIGIN, HERE].map(agency).to_vec(), ..northwest(1) };
    node.library.keep(DocumentKind::Agreement, signed(&without, &[HERE])).await.unwrap();
    assert!(unknown(declare(OTHER).await), "it has no part in the agreement");
    declare(ORIGIN).await.unwrap();
    node.keep(2, &[HERE]).await.unwrap();
    declare(OTHER).await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Whatever two nodes hold, one round makes them equal, whichever of them asks.
    #[test]
    fn one_round_makes_equal(
        ours in prop::collection::vec((1u32..6, 1u8..8), 0..6),
        theirs in prop::collection::vec((1u32..6, 1u8..8), 0..6),
        turned in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (a, b) = (Node::new().await, Node::new().await);
            for (node, held) in [(&a, &ours), (&b, &theirs)] {
                for (version, signers) in held {
                    let all = [HERE, ORIGIN, OTHER].into_iter().enumerate();
                    let some: Vec<_> = all.filter(|(n, _)| signers & (1 << n) != 0).map(|(_, s)| s).collect();
                    node.keep(*version, &some).await.unwrap();
                }
            }
            let expected = {
                let mut both = DocumentSet::clone(&a.library.documents());
                both.merge(DocumentSet::clone(&b.library.documents()));
                both.summary()
            };
            if turned { b.compare(&a).await } else { a.compare(&b).await };
            assert_eq!((a.summary(), b.summary()), (expected, expected));
        });
    }
}

#[test]
fn the_pinned_charter_is_that_of_the_tests() {
    let (documents, pinned) = published();
    let (_, charter) = documents.of_kind(DocumentKind::Charter).next().unwrap();
    assert_eq!(sha256(&[&charter.bytes]), pinned);
}
