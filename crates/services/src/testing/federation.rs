//! Two agencies with a pact between them, signed with keys that follow from names.

use super::now;
use concord_agreements::{Agreement, AgreementKind, Declaration, Documents, Grant, LocalRules, Rules};
use concord_domain::wanted::Field;
use concord_domain::{AgencyId, Digest, Purpose};
use concord_trust::{
    Card, Charter, Directory, DocumentKind, DocumentSet, DutyDesk, Keyring, Kind, Member, MemberKind, Names,
    SealingKey, SignedFile, SigningKey, sha256,
};
use std::sync::Arc;
use std::time::Duration;

/// The agency that asks.
pub(crate) const ASKS: &str = "yn.police.cn";
/// The agency that answers.
pub(crate) const ANSWERS: &str = "gs.police.cn";

pub(crate) fn agency(name: &str) -> AgencyId {
    name.parse().unwrap()
}

fn key(name: &str, purpose: u8) -> SigningKey {
    SigningKey::from_seed(*sha256(&[&[purpose], name.as_bytes()]).as_bytes())
}

/// The key that signs an agency's messages.
pub(crate) fn message_key(name: &str) -> SigningKey {
    key(name, 3)
}

/// The key that opens what is sealed to an agency.
pub(crate) fn sealing_key(name: &str) -> SealingKey {
    SealingKey::from_seed(*sha256(&[b"sealing", name.as_bytes()]).as_bytes())
}

/// Charter, cards and keyrings of both, and the digest of the charter.
pub(crate) fn published() -> (DocumentSet, Digest) {
    let mut set = DocumentSet::default();
    let charter_key = key("charter", 0);
    let members = [ASKS, ANSWERS].map(|name| Member {
        agency: agency(name),
        kind: MemberKind::Province,
        superior: None,
        root: key(name, 0).public(),
    });
    let charter = Charter {
        name: "test".into(),
        sequence: 1,
        previous: None,
        threshold: 1,
        keys: vec![charter_key.public()],
        emergency: None,
        members: members.to_vec(),
    };
    let file =
        SignedFile::unsigned("charter.toml", charter.to_toml()).sign(Kind::Charter, "charter", &charter_key);
    let pinned = sha256(&[&file.bytes]);
    set.insert(DocumentKind::Charter, file).unwrap();
    for name in [ASKS, ANSWERS] {
        let file = SignedFile::unsigned(name, card(name).to_toml());
        set.insert(DocumentKind::Card, file.sign(Kind::Card, name, &key(name, 0))).unwrap();
        let file = SignedFile::unsigned(name, keyring(name).to_toml());
        set.insert(DocumentKind::Keyring, file.sign(Kind::Keyring, name, &key(name, 2))).unwrap();
    }
    (set, pinned)
}

fn directory() -> Directory {
    let (set, pinned) = published();
    let (directory, problems) = Directory::of(&set, pinned, |_: &str| None).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    directory
}

/// A pact that these signed.
pub(crate) fn signed_pact(pact: &Agreement, signers: &[&str]) -> SignedFile {
    let file = SignedFile::unsigned("pact.v1.toml", pact.to_toml());
    signers.iter().fold(file, |file, name| file.sign(Kind::Agreement, name, &key(name, 1)))
}

/// A declaration that its party signed.
pub(crate) fn declared(declaration: &Declaration) -> SignedFile {
    let party = declaration.party.as_str();
    SignedFile::unsigned("declaration", declaration.to_toml()).sign(Kind::Declaration, party, &key(party, 1))
}

/// The pact that discloses `fields`, in force.
pub(crate) fn rules(fields: &[Field]) -> Arc<Rules> {
    rules_of(&pact(fields))
}

/// A pact in force.
pub(crate) fn rules_of(pact: &Agreement) -> Arc<Rules> {
    let file = signed_pact(pact, &[ASKS, ANSWERS]);
    let (rules, problems) =
        Rules::build(Documents::agreements([file]), Arc::new(directory()), LocalRules::default(), |_| None);
    assert!(problems.is_empty(), "{problems:?}");
    Arc::new(rules)
}

fn card(name: &str) -> Card {
    Card {
        agency: agency(name),
        sequence: 1,
        previous: None,
        agreement_key: key(name, 1).public(),
        keyring_key: key(name, 2).public(),
        names: Names { zh: "测试".into(), en: "Test".into() },
        duty_desk: DutyDesk {
            phone: "+86 0".into(),
            email: "desk@example.cn".into(),
            hours: "always".into(),
        },
        next: None,
    }
}

/// The keyring of an agency, alive now.
pub(crate) fn keyring(name: &str) -> Keyring {
    Keyring {
        agency: agency(name),
        sequence: 1,
        previous: None,
        issued: now(),
        expires: now().plus(Duration::from_secs(86_400)),
        endpoints: vec!["https://127.0.0.1:1".into()],
        protocols: vec![1],
        message: message_key(name).public(),
        checkpoint: key(name, 4).public(),
        sealing: sealing_key(name).public().clone(),
        tls_bundle: vec!["none".into()],
        next: None,
    }
}

/// The pact that discloses `fields`.
pub(crate) fn pact(fields: &[Field]) -> Agreement {
    let grant = Grant::new(
        "1".parse().unwrap(),
        vec!["wanted.search".parse().unwrap()],
        vec![Purpose::FugitiveApprehension],
        fields.to_vec(),
    );
    let year = "2026-01-01T00:00:00Z".parse().unwrap().."2027-01-01T00:00:00Z".parse().unwrap();
    let parties = [ASKS, ANSWERS].map(agency).to_vec();
    Agreement::new("pact".parse().unwrap(), AgreementKind::Bilateral, parties, year, vec![grant])
}
