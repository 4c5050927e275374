//! Cards are renewed, and what rests on them goes on.

use super::*;
use crate::{
    CardRenewal, CardRenewed, KeyName, Layout, Renewal, Rotation, Withdrawal, read_key, renew_card,
    renew_keyring, rotate_keys, withdraw,
};
use concord_agreements::{LocalRules, Rules};
use concord_trust::{Card, Keyring};
use std::fs;
use std::sync::Arc;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

fn yn() -> AgencyId {
    agency("yn.police.cn")
}

fn renew(generated: &Generated, renewal: &CardRenewal) -> u64 {
    renew_card(&generated.layout, &yn(), renewal, &SystemEntropy).unwrap().sequence
}

fn card(generated: &Generated) -> Card {
    Card::clone(directory(generated).card(&yn()).unwrap())
}

/// How many agreements count.
fn agreements(generated: &Generated) -> usize {
    let federation = generated.layout.federation();
    let rules = Rules::read(&federation, Arc::new(directory(generated)), LocalRules::default(), |_| None);
    assert!(rules.1.is_empty(), "{:?}", rules.1);
    rules.0.agreements(now()).count()
}

/// Puts an earlier card back, so that the folder is as a reader sees it who comes before the next.
fn with_card(generated: &Generated, sequence: u64, look: impl FnOnce()) {
    let files =
        [format!("{}.toml", yn()), format!("{0}.{0}.sig", yn())].map(|n| generated.layout.cards().join(n));
    let kept = [format!("{}~{sequence}.toml", yn()), format!("{0}~{sequence}.{0}.sig", yn())];
    let second = files.clone().map(|file| fs::read(file).unwrap());
    for (file, kept) in files.iter().zip(kept) {
        fs::copy(generated.layout.cards().join(kept), file).unwrap();
    }
    look();
    files.iter().zip(second).for_each(|(file, bytes)| fs::write(file, bytes).unwrap());
}

#[test]
fn a_publication_that_broke_off_between_its_files_is_done_again() {
    let (_dir, generated) = fresh();
    let renewal = CardRenewal { hours: Some("always".into()), ..CardRenewal::default() };
    assert_eq!(renew(&generated, &renewal), 2);
    // The text of the first card with the signature of the second.
    let cards = generated.layout.cards();
    fs::copy(cards.join(format!("{}~1.toml", yn())), cards.join(format!("{}.toml", yn()))).unwrap();
    let keyring = Renewal { now: now().plus(HOUR), life: Keyring::LIFE_MAX, endpoints: None };
    assert_eq!(renew_keyring(&generated.layout, &yn(), &keyring).unwrap(), 2);
    assert_eq!(renew(&generated, &renewal), 2);
    assert_eq!(card(&generated).duty_desk.hours, "always");
}

#[test]
fn another_desk_is_a_next_card_and_the_rest_stays() {
    let (_dir, generated) = fresh();
    let (first, agreed) = (directory(&generated).card(&yn()).unwrap().clone(), agreements(&generated));
    let renewal = CardRenewal { phone: Some("+86 871 0000".into()), ..CardRenewal::default() };
    assert_eq!(renew(&generated, &renewal), 2);
    let second = card(&generated);
    assert_eq!((second.sequence, second.previous), (2, Some(first.digest())));
    assert_eq!(second.duty_desk.phone, "+86 871 0000");
    assert_eq!((&second.duty_desk.email, &second.names), (&first.duty_desk.email, &first.names));
    assert_eq!((second.agreement_key, second.keyring_key), (first.agreement_key, first.keyring_key));
    assert_eq!(agreements(&generated), agreed);
    let long = CardRenewal { hours: Some("x".repeat(201)), ..CardRenewal::default() };
    let refused = renew_card(&generated.layout, &yn(), &long, &SystemEntropy);
    assert!(matches!(refused, Err(PkiError::Document(_))), "{refused:?}");
    assert_eq!(card(&generated), second);
    let offline = agency("gs.police.cn");
    let without_node = renew_card(&generated.layout, &offline, &renewal, &SystemEntropy).unwrap();
    assert_eq!(without_node, CardRenewed { sequence: 2, announces: false });
}

#[test]
fn with_a_new_keyring_key_the_keyrings_count_by_either_card() {
    let (_dir, generated) = fresh();
    let rotation = |now| Rotation { now, life: Keyring::LIFE_MAX };
    rotate_keys(&generated.layout, &yn(), rotation(now()), &SystemEntropy).unwrap();
    let before = card(&generated);
    let renewal = CardRenewal { keyring_key: true, ..CardRenewal::default() };
    renew(&generated, &renewal);
    let announcing = card(&generated);
    assert_eq!(announcing.keyring_key, before.keyring_key);
    let announced = announcing.next.unwrap().keyring_key;
    assert_ne!(announced, before.keyring_key);
    let sequence = || directory(&generated).keyring(&yn()).unwrap().sequence;
    with_card(&generated, 1, || assert_eq!(sequence(), 2));
    assert_eq!(sequence(), 2);
    renew(&generated, &renewal);
    assert_eq!((card(&generated).keyring_key, card(&generated).next), (announced, None));
    assert_eq!(sequence(), 2);
    with_card(&generated, 2, || assert_eq!(sequence(), 2));
    let messages = directory(&generated).message_keys(&yn(), now()).len();
    rotate_keys(&generated.layout, &yn(), rotation(now().plus(HOUR)), &SystemEntropy).unwrap();
    assert_eq!(sequence(), 3, "signed by the new key alone");
    with_card(&generated, 2, || assert_eq!(sequence(), 3));
    assert_eq!(directory(&generated).message_keys(&yn(), now().plus(HOUR)).len(), messages + 1);
}

#[test]
fn with_a_new_agreement_key_agreements_count_by_either_card() {
    let (_dir, generated) = fresh();
    let agreed = agreements(&generated);
    let withdrawal = Withdrawal { version: 1, now: now(), effective_at: now().plus(HOUR) };
    let id = "pan-southwest".parse().unwrap();
    assert_eq!(withdraw(&generated.layout, &id, &yn(), withdrawal).unwrap(), 1);
    let renewal = CardRenewal { agreement_key: true, ..CardRenewal::default() };
    renew(&generated, &renewal);
    assert_eq!(agreements(&generated), agreed);
    with_card(&generated, 1, || assert_eq!(agreements(&generated), agreed));
    assert_eq!(
        withdraw(&generated.layout, &id, &yn(), withdrawal).unwrap(),
        2,
        "by the old key, between the two"
    );
    renew(&generated, &renewal);
    assert_eq!(agreements(&generated), agreed, "what was signed between the two counts too");
    with_card(&generated, 2, || assert_eq!(agreements(&generated), agreed));
    assert_eq!(withdraw(&generated.layout, &id, &yn(), withdrawal).unwrap(), 3, "by the new key");
    assert_eq!(agreements(&generated), agreed);
    with_card(&generated, 2, || assert_eq!(agreements(&generated), agreed));
}

#[test]
fn a_key_that_was_not_announced_is_not_named() {
    let (_dir, generated) = fresh();
    let renewal = CardRenewal { agreement_key: true, ..CardRenewal::default() };
    renew(&generated, &renewal);
    assert_eq!(renew(&generated, &CardRenewal::default()), 3, "another card in between");
    assert!(card(&generated).next.is_some(), "announces on");
    let other = concord_trust::SigningKey::generate(&SystemEntropy);
    let file = generated.layout.member_keys(&yn()).join("agreement.next.key");
    crate::keys::write_key(&file, &other.to_text()).unwrap();
    let refused = renew_card(&generated.layout, &yn(), &renewal, &SystemEntropy);
    assert!(matches!(refused, Err(PkiError::NotAnnounced { .. })), "{refused:?}");
    assert_eq!(card(&generated).sequence, 3);
}

#[test]
fn a_renewal_that_broke_off_behind_the_card_is_finished() {
    let (_dir, generated) = fresh();
    let keys = generated.nodes[&yn()].keys();
    let Generated { layout, .. } = &generated;
    let old = fs::read(keys.join("keyring.key")).unwrap();
    for _ in 0..2 {
        renew(&generated, &CardRenewal { keyring_key: true, ..CardRenewal::default() });
    }
    fs::rename(keys.join("keyring.key"), keys.join("keyring.next.key")).unwrap();
    crate::keys::write_key(&keys.join("keyring.key"), std::str::from_utf8(&old).unwrap()).unwrap();
    let renewal = Renewal { now: now(), life: HOUR, endpoints: None };
    assert_eq!(renew_keyring(layout, &yn(), &renewal).unwrap(), 2, "signed by the key that the card names");
    assert_eq!(renew(&generated, &CardRenewal::default()), 4);
    assert_eq!(named_keyring_key(layout), card(&generated).keyring_key);
    assert!(!keys.join("keyring.next.key").exists());
}

fn named_keyring_key(layout: &Layout) -> concord_trust::PublicKey {
    read_key(layout.node(&yn()).key(KeyName::Keyring)).unwrap().public()
}
