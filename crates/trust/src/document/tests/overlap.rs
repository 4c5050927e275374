//! Change of keys: what was signed by the keys before, and by the next ones, counts as long as it should.

use crate::document::{Directory, DocumentKind, DocumentSet, Keyring, NextKeys, SignedFile};
use crate::sha256;
use crate::testing::{DAY, MEMBERS, NOW, agency, card, card_file, charter, charter_file, key, keyring};
use crate::testing::{keyring_file, sealing_key};

const HERE: &str = "yn.police.cn";

/// The keyring that follows, with other keys.
fn switched(before: &Keyring) -> Keyring {
    Keyring {
        sequence: before.sequence + 1,
        previous: Some(sha256(&[&keyring_file(before).bytes])),
        issued: before.issued.plus(DAY / 2),
        expires: before.expires.plus(DAY / 2),
        message: key(HERE, "message 2").public(),
        checkpoint: key(HERE, "checkpoint 2").public(),
        next: None,
        ..before.clone()
    }
}

fn announced() -> Keyring {
    let next = NextKeys {
        message: key(HERE, "message 2").public(),
        checkpoint: key(HERE, "checkpoint 2").public(),
        sealing: sealing_key("somebody").public().clone(),
    };
    Keyring { next: Some(next), ..keyring(HERE) }
}

fn directory(keyrings: &[Keyring]) -> Directory {
    directory_and_set(keyrings).0
}

fn directory_and_set(keyrings: &[Keyring]) -> (Directory, DocumentSet) {
    let mut set = DocumentSet::default();
    let charter = charter_file(&charter(), &["1", "2"]);
    let pinned = sha256(&[&charter.bytes]);
    set.insert(DocumentKind::Charter, charter).unwrap();
    MEMBERS.iter().for_each(|(name, _)| {
        set.insert(DocumentKind::Card, card_file(&card(name))).unwrap();
    });
    keyrings.iter().for_each(|keyring| {
        set.insert(DocumentKind::Keyring, keyring_file(keyring)).unwrap();
    });
    let (directory, problems) = Directory::of(&set, pinned, |_: &str| None).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    (directory, set)
}

#[test]
fn the_next_key_counts_before_it_is_current() {
    let directory = directory(&[announced()]);
    let keys = directory.message_keys(&agency(HERE), NOW);
    assert_eq!(keys, [key(HERE, "message").public(), key(HERE, "message 2").public()]);
    assert_eq!(directory.checkpoint_keys(&agency(HERE), NOW).len(), 2);
    for name in ["message", "message 2"] {
        let public = key(HERE, name).public();
        let (found, key) = directory.by_message_key(public.key_id()).next().unwrap();
        assert_eq!((found.agency.as_str(), key), (HERE, public));
    }
}

#[test]
fn the_key_before_counts_as_long_as_its_keyring_lives() {
    let before = announced();
    let directory = directory(&[before.clone(), switched(&before)]);
    assert_eq!(directory.keyring(&agency(HERE)).unwrap().sequence, 2);
    let old = key(HERE, "message").public();
    assert!(directory.by_message_key(old.key_id()).any(|(_, key)| key == old));
    let keys = |at| directory.message_keys(&agency(HERE), at);
    assert!(keys(NOW).contains(&old) && keys(before.expires).contains(&old), "within the clock skew");
    let dead = before.expires.plus(crate::envelope::CLOCK_SKEW_MAX);
    assert!(!keys(dead).contains(&old));
    assert!(keys(dead).contains(&key(HERE, "message 2").public()));
}

#[test]
fn no_key_of_a_keyring_that_is_not_the_one_before() {
    let first = keyring(HERE);
    let second = switched(&first);
    let third = Keyring { message: key(HERE, "message 3").public(), ..switched(&second) };
    let directory = directory(&[first, second, third]);
    let old = key(HERE, "message").public();
    assert_eq!(directory.by_message_key(old.key_id()).count(), 0);
}

#[test]
fn a_checkpoint_of_long_ago_is_judged_by_every_keyring_that_was_signed() {
    let first = announced();
    let second = switched(&first);
    let third = Keyring {
        sequence: 3,
        previous: Some(sha256(&[&keyring_file(&second).bytes])),
        checkpoint: key(HERE, "checkpoint 3").public(),
        ..second.clone()
    };
    let (directory, mut set) = directory_and_set(&[first, second, third.clone()]);
    let forged = Keyring { sequence: 4, checkpoint: key(HERE, "forged").public(), ..third };
    let forged = SignedFile::unsigned("forged", forged.to_toml()).sign(
        DocumentKind::Keyring.signed_as(),
        HERE,
        &key(HERE, "message"),
    );
    set.insert(DocumentKind::Keyring, forged).unwrap();
    let public = |name| key(HERE, name).public();
    let ever = directory.checkpoint_keys_ever(&set, &agency(HERE));
    assert_eq!(ever, ["checkpoint 3", "checkpoint 2", "checkpoint"].map(public));
    let now = directory.checkpoint_keys(&agency(HERE), NOW);
    assert_eq!(now, ["checkpoint 3", "checkpoint 2"].map(public), "which is more than counts today");
}
