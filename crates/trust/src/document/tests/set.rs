//! Sets of documents: the same whatever the order in which they are put together.

use crate::Kind;
use crate::document::{DocumentKind, DocumentRef, DocumentSet, SignedFile};
use crate::testing::{card, card_file, key, keyring, keyring_file};
use proptest::prelude::*;

/// Some document by number: a card or a keyring, one of two texts, signed by some.
fn document(n: u8) -> (DocumentKind, SignedFile) {
    let names = ["yn.police.cn", "gs.police.cn"];
    let name = names[usize::from(n & 1)];
    let sign = |file: SignedFile, kind| {
        (0..2).filter(|signer| n & (4 << signer) != 0).fold(file, |file, signer| {
            file.sign(kind, &format!("signer {signer} of {n}"), &key("signer", &signer.to_string()))
        })
    };
    if n & 2 == 0 {
        let file = SignedFile { signatures: vec![], ..card_file(&card(name)) };
        (DocumentKind::Card, sign(file, Kind::Card))
    } else {
        let mut keyring = keyring(name);
        keyring.endpoints = vec![format!("https://host:{}", n >> 4)];
        let file = SignedFile { signatures: vec![], ..keyring_file(&keyring) };
        (DocumentKind::Keyring, sign(file, Kind::Keyring))
    }
}

fn set(numbers: &[u8]) -> DocumentSet {
    let mut set = DocumentSet::default();
    for n in numbers {
        let (kind, file) = document(*n);
        set.insert(kind, file).unwrap();
    }
    set
}

fn merged(sets: &[&[u8]]) -> DocumentSet {
    sets.iter().fold(DocumentSet::default(), |mut all, numbers| {
        all.merge(set(numbers));
        all
    })
}

proptest! {
    #[test]
    fn order_and_repetition_make_no_difference(
        a in proptest::collection::vec(any::<u8>(), 0..12), b in proptest::collection::vec(any::<u8>(), 0..12),
    ) {
        let all: Vec<u8> = a.iter().chain(&b).copied().collect();
        let expected = set(&all).summary();
        prop_assert_eq!(merged(&[&a, &b]).summary(), expected);
        prop_assert_eq!(merged(&[&b, &a]).summary(), expected);
        prop_assert_eq!(merged(&[&a, &b, &a]).summary(), expected);
        let reversed: Vec<u8> = all.iter().rev().copied().collect();
        prop_assert_eq!(set(&reversed).summary(), expected);
    }
}

#[test]
fn the_same_bytes_are_one_document_with_all_signatures() {
    let set = set(&[0, 4, 8]);
    let (_, file) = set.iter().next().unwrap();
    assert_eq!((set.len(), file.signatures.len()), (1, 2));
}

#[test]
fn two_texts_under_one_name_both_stay() {
    let set = set(&[2, 2 + 16]);
    assert_eq!(set.len(), 2);
    let found: Vec<_> = set.of_name(DocumentKind::Keyring, "yn.police.cn").collect();
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|(at, _)| at.sequence == 1));
    assert_eq!(set.of_name(DocumentKind::Card, "yn.police.cn").count(), 0);
}

#[test]
fn another_signature_is_another_fingerprint_and_what_is_none_goes() {
    let (kind, file) = document(0);
    let summary = |file: SignedFile| {
        let mut set = DocumentSet::default();
        set.insert(kind, file).unwrap();
        set.summary()
    };
    let junk = crate::document::Signature { label: "junk".into(), cose: b"junk".to_vec() };
    let with_junk = SignedFile { signatures: vec![junk], ..file.clone() };
    assert_eq!(summary(file.clone()), summary(with_junk));
    assert_ne!(summary(file.clone()), summary(file.sign(Kind::Card, "x", &key("signer", "1"))));
}

#[test]
fn documents_name_themselves() {
    let of = |kind, text: &str| DocumentRef::of(kind, &SignedFile::unsigned("x.toml", text.into()));
    let at = of(DocumentKind::Agreement, "id = \"northwest\"\nversion = 3\nother = 1").unwrap();
    assert_eq!((at.path().as_str(), at.sequence), ("agreement/northwest", 3));
    let text = "agreement = \"northwest\"\nparty = \"yn.police.cn\"\nsequence = 2";
    assert_eq!(of(DocumentKind::Declaration, text).unwrap().path(), "declaration/northwest/yn.police.cn");
    assert_eq!(of(DocumentKind::Charter, "sequence = 1").unwrap().path(), "charter");
    assert!(of(DocumentKind::Card, "sequence = 1").is_err());
    assert!(of(DocumentKind::Charter, "sequence = 9223372036854775807").is_ok());
    let beyond = of(DocumentKind::Charter, "sequence = 9223372036854775808").unwrap_err().to_string();
    assert!(beyond.contains("the limit of 9223372036854775807"), "{beyond}");
    for kind in DocumentKind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(kind));
    }
}
