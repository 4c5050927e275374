//! Cards and keyrings: each signed by the key above it, one use for each key, and a bound on all.

use super::contradiction;
use crate::document::{Card, DocumentError, Keyring, NextKeys, SignedFile};
use crate::envelope::CLOCK_SKEW_MAX;
use crate::testing::{
    DAY, NOW, agency, builder, card, card_file, directory, key, keyring, keyring_file, sealing_key,
};
use crate::{Kind, SignatureInvalid};
use proptest::prelude::*;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

fn card_refused(change: impl FnOnce(&mut Card)) -> DocumentError {
    let mut card = card("yn.police.cn");
    change(&mut card);
    // Far enough from the one that is there to be judged by itself.
    builder().card(&card_file(&Card { sequence: 3, ..card })).unwrap_err()
}

fn keyring_of(change: impl FnOnce(&mut Keyring)) -> Result<(), DocumentError> {
    let mut keyring = keyring("yn.police.cn");
    change(&mut keyring);
    builder().keyring(&keyring_file(&keyring))
}

fn refused(change: impl FnOnce(&mut Keyring)) -> String {
    contradiction(keyring_of(change).unwrap_err())
}

#[test]
fn a_card_is_signed_by_the_root_of_its_own_agency() {
    let unsigned = SignedFile::unsigned("card", card("yn.police.cn").to_toml());
    let by_other = unsigned.clone().sign(Kind::Card, "yn.police.cn", &key("gs.police.cn", "root"));
    for file in [unsigned, by_other] {
        assert!(
            matches!(builder().card(&file), Err(DocumentError::NotSigned { signer, .. }) if signer == "yn.police.cn")
        );
    }
    let mut altered = card_file(&card("yn.police.cn"));
    altered.bytes.push(b'\n');
    let why = SignatureInvalid::Signature;
    assert!(matches!(builder().card(&altered), Err(DocumentError::Signature { why: w, .. }) if w == why));
    assert!(matches!(card_refused(|c| c.agency = agency("state.cn")), DocumentError::NotAMember { .. }));
}

#[test]
fn a_card_names_no_key_twice() {
    assert!(contradiction(card_refused(|c| c.agreement_key = c.keyring_key)).starts_with("agreement_key"));
    let root = key("yn.police.cn", "root").public();
    assert!(contradiction(card_refused(|c| c.agreement_key = root)).contains("the root key"));
    assert!(contradiction(card_refused(|c| c.keyring_key = root)).contains("the root key"));
}

#[test]
fn a_card_shows_on_a_line() {
    let escape = "\u{1b}[2J".to_owned();
    assert!(contradiction(card_refused(|c| c.names.en = escape)).starts_with("names.en: has a control"));
    assert!(contradiction(card_refused(|c| c.duty_desk.hours = "云".repeat(201))).contains("more than 200"));
}

#[test]
fn an_unknown_key_is_named() {
    let text = card("yn.police.cn").to_toml().replace("sequence = 1", "sequence = 2\nsequnce = 1");
    let file = SignedFile::unsigned("card", text).sign(Kind::Card, "root", &key("yn.police.cn", "root"));
    let error = builder().card(&file).unwrap_err();
    assert!(
        matches!(&error, DocumentError::Malformed { message, .. } if message.contains("sequnce")),
        "{error}"
    );
}

#[test]
fn a_keyring_is_signed_by_the_keyring_key_of_its_own_agency() {
    let text = keyring("yn.police.cn").to_toml();
    for (name, purpose) in
        [("gs.police.cn", "keyring"), ("yn.police.cn", "root"), ("yn.police.cn", "agreement")]
    {
        let file =
            SignedFile::unsigned("k", text.clone()).sign(Kind::Keyring, "yn.police.cn", &key(name, purpose));
        assert!(matches!(builder().keyring(&file), Err(DocumentError::NotSigned { .. })), "{name} {purpose}");
    }
    assert!(refused(|k| k.agency = agency("state.cn")).contains("no card of state.cn"));
}

#[test]
fn a_keyring_lives_a_week_at_most() {
    assert!(keyring_of(|k| k.expires = k.issued.plus(7 * DAY)).is_ok());
    assert!(refused(|k| k.expires = k.issued.plus(7 * DAY + MS)).starts_with("expires"));
    assert!(refused(|k| k.expires = k.issued).starts_with("expires"));
    assert!(refused(|k| k.expires = k.issued.minus(DAY)).starts_with("expires"));
}

#[test]
fn a_keyring_is_current_from_its_issue_to_its_end() {
    let keyring = keyring("yn.police.cn");
    assert!(keyring.is_current(NOW) && keyring.is_current(keyring.expires.minus(MS)));
    assert!(!keyring.is_current(keyring.expires));
    assert!(keyring.is_current(keyring.issued.minus(CLOCK_SKEW_MAX)));
    assert!(!keyring.is_current(keyring.issued.minus(CLOCK_SKEW_MAX + MS)), "signed ahead of time");
}

#[test]
fn a_keyring_gives_each_key_one_use() {
    let next = |message: &str, checkpoint: &str| {
        let key = |purpose: &str| key("yn.police.cn", purpose).public();
        let sealing = sealing_key("next").public().clone();
        Some(NextKeys { message: key(message), checkpoint: key(checkpoint), sealing })
    };
    assert!(refused(|k| k.checkpoint = k.message).starts_with("checkpoint: the same key as message"));
    assert!(refused(|k| k.next = next("checkpoint", "new")).contains("one key has one use"));
    assert!(refused(|k| k.next = next("new", "message")).contains("one key has one use"));
    assert!(refused(|k| k.next = next("new", "new")).contains("one key has one use"));
    assert!(keyring_of(|k| k.next = next("message", "checkpoint")).is_ok(), "its own successor");
    for (purpose, name) in [("root", "root"), ("agreement", "agreement"), ("keyring", "keyring")] {
        let above = key("yn.police.cn", purpose).public();
        assert!(refused(|k| k.message = above).contains(&format!("message: the same as the {name} key")));
        assert!(
            refused(|k| k.checkpoint = above).contains(&format!("checkpoint: the same as the {name} key"))
        );
    }
}

#[test]
fn a_keyring_has_bounds() {
    let endpoint = || "https://n:1".to_owned();
    assert!(keyring_of(|k| k.endpoints = vec![endpoint(); Keyring::ENDPOINTS_MAX]).is_ok());
    assert!(refused(|k| k.endpoints = vec![endpoint(); Keyring::ENDPOINTS_MAX + 1]).starts_with("endpoints"));
    assert!(refused(|k| k.endpoints = vec!["http://n:1".into()]).starts_with("endpoints"));
    assert!(keyring_of(|k| k.tls_bundle = vec!["pem".into(); Keyring::BUNDLE_MAX]).is_ok());
    assert!(
        refused(|k| k.tls_bundle = vec!["pem".into(); Keyring::BUNDLE_MAX + 1]).starts_with("tls_bundle")
    );
    assert!(refused(|k| k.tls_bundle.clear()).starts_with("tls_bundle"));
}

/// A member that copies another's public key into its own keyring must not push the other out.
#[test]
fn a_copied_message_key_harms_nobody() {
    let mut copier = keyring("fda.cn");
    copier.message = key("yn.police.cn", "message").public();
    let victim = keyring("yn.police.cn");
    for order in [[&copier, &victim], [&victim, &copier]] {
        let mut builder = builder();
        order.iter().for_each(|keyring| builder.keyring(&keyring_file(keyring)).unwrap());
        let directory = builder.build();
        let owners: Vec<_> =
            directory.by_message_key(victim.message.key_id()).map(|(k, _)| k.agency.as_str()).collect();
        assert_eq!(owners, ["fda.cn", "yn.police.cn"]);
    }
    assert_eq!(directory().by_message_key(key("nobody", "message").public().key_id()).count(), 0);
}

proptest! {
    #[test]
    fn any_changed_byte_of_a_document_is_noticed(at in any::<prop::sample::Index>(), flip in 1u8..) {
        let mut file = keyring_file(&keyring("yn.police.cn"));
        let at = at.index(file.bytes.len());
        file.bytes[at] ^= flip;
        prop_assert!(builder().keyring(&file).is_err());
    }

    #[test]
    fn what_is_written_is_read_back(
        sequence in 0u64..1 << 62,
        life_ms in 1u64..=7 * 86_400_000,
        endpoints in proptest::collection::vec("https://[a-z0-9.]{1,20}:[0-9]{1,5}", 0..=8),
        bundle in proptest::collection::vec("[ -~\n]{0,80}", 1..=4),
        successor in any::<bool>(),
    ) {
        let mut keyring = keyring("yn.police.cn");
        keyring.sequence = sequence;
        keyring.previous = successor.then(|| crate::sha256(&[b"before"]));
        keyring.expires = keyring.issued.plus(Duration::from_millis(life_ms));
        (keyring.endpoints, keyring.tls_bundle) = (endpoints, bundle);
        let mut builder = builder();
        builder.keyring(&keyring_file(&keyring)).unwrap();
        let directory = builder.build();
        prop_assert_eq!(&**directory.keyring(&keyring.agency).unwrap(), &keyring);
    }
}
