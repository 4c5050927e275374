//! Sequences: never back, one text each, and no successor of another text.

use crate::document::{DirectoryBuilder, DocumentError, Keyring};
use crate::sha256;
use crate::testing::{agency, builder, card, card_file, directory, keyring, keyring_file, signed_charter};
use concord_domain::Digest;
use proptest::prelude::*;

fn numbered(sequence: u64, previous: Option<Digest>) -> Keyring {
    Keyring { sequence, previous, ..keyring("yn.police.cn") }
}

fn digest(keyring: &Keyring) -> Digest {
    sha256(&[&keyring_file(keyring).bytes])
}

/// What becomes of a keyring where another was seen before.
fn after(seen: &Keyring, now: &Keyring) -> Result<(), DocumentError> {
    let (sequence, seen) = (seen.sequence, digest(seen));
    let floor = move |name: &str| (name == "keyring/yn.police.cn").then_some((sequence, seen));
    builder().above(floor).keyring(&keyring_file(now))
}

#[test]
fn nothing_older_than_what_was_seen() {
    let seen = numbered(5, None);
    assert!(after(&seen, &seen).is_ok());
    let older = after(&seen, &numbered(4, None));
    assert!(matches!(older, Err(DocumentError::BelowFloor { found: 4, seen: 5, .. })));
}

#[test]
fn one_text_for_each_sequence() {
    let seen = numbered(5, None);
    let other = Keyring { endpoints: vec![], ..seen.clone() };
    assert!(matches!(after(&seen, &other), Err(DocumentError::OtherText { sequence: 5, .. })));
}

#[test]
fn a_successor_names_what_was_seen() {
    let seen = numbered(5, None);
    let other = Keyring { endpoints: vec![], ..seen.clone() };
    assert!(after(&seen, &numbered(6, Some(digest(&seen)))).is_ok());
    for previous in [None, Some(digest(&other))] {
        let found = after(&seen, &numbered(6, previous));
        assert!(matches!(found, Err(DocumentError::OtherPredecessor { sequence: 6, .. })), "{found:?}");
    }
    assert!(after(&seen, &numbered(9, Some(digest(&other)))).is_ok(), "those between were never seen");
    let last = numbered(i64::MAX.unsigned_abs(), None);
    assert!(after(&last, &last).is_ok());
}

#[test]
fn a_card_keeps_to_it_too() {
    let mut builder = DirectoryBuilder::new(signed_charter())
        .above(|name: &str| (name == "card/yn.police.cn").then_some((2, Digest([1; 32]))));
    let of = |sequence| card_file(&crate::Card { sequence, ..card("yn.police.cn") });
    assert!(matches!(builder.card(&of(1)), Err(DocumentError::BelowFloor { .. })));
    assert!(matches!(builder.card(&of(2)), Err(DocumentError::OtherText { .. })));
    assert!(matches!(builder.card(&of(3)), Err(DocumentError::OtherPredecessor { .. })));
    assert!(builder.card(&of(4)).is_ok());
}

#[test]
fn every_document_is_told_for_the_next_floor() {
    let directory = directory();
    let told: Vec<_> = directory.highest().collect();
    assert_eq!(told.len(), 1 + 4 + 4);
    assert!(told.contains(&("charter".into(), 1, signed_charter().digest())));
    assert!(told.contains(&("keyring/fda.cn".into(), 1, digest(&keyring("fda.cn")))));
    assert!(told.iter().any(|(name, ..)| name == "card/yn.police.cn"));
}

proptest! {
    /// Two files about one agency: the later sequence counts, whichever is read first.
    #[test]
    fn the_order_of_reading_decides_nothing(mut sequences in proptest::collection::vec(0u64..20, 1..5)) {
        let mut builder = builder();
        for sequence in &sequences {
            // Gaps of two, so that none is another's direct successor.
            drop(builder.keyring(&keyring_file(&numbered(sequence * 2, None))));
        }
        sequences.sort_unstable();
        let kept = builder.build().keyring(&agency("yn.police.cn")).map(|k| k.sequence);
        prop_assert_eq!(kept, sequences.last().map(|s| s * 2));
    }
}
