//! A small federation for the tests of this crate: the ministry, two provinces below it, another department.

use crate::document::{
    Block, Card, Charter, Directory, DirectoryBuilder, DutyDesk, Keyring, Member, MemberKind, Names, Signed,
    SignedFile,
};
use crate::{Kind, SealingKey, SigningKey, sha256};
use concord_domain::{AgencyId, Timestamp};
use std::time::Duration;

/// Noon of a day on which every keyring is alive.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);

/// A day.
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// Every member, with its superior.
pub(crate) const MEMBERS: [(&str, Option<&str>); 4] = [
    ("police.cn", None),
    ("yn.police.cn", Some("police.cn")),
    ("gs.police.cn", Some("police.cn")),
    ("fda.cn", None),
];

pub(crate) fn agency(name: &str) -> AgencyId {
    name.parse().unwrap()
}

fn seed(name: &str, purpose: &str) -> [u8; 32] {
    sha256(&[name.as_bytes(), b"/", purpose.as_bytes()]).0
}

/// The key that `name` uses for `purpose`; any other text makes a stranger's key.
pub(crate) fn key(name: &str, purpose: &str) -> SigningKey {
    SigningKey::from_seed(seed(name, purpose))
}

pub(crate) fn sealing_key(name: &str) -> SealingKey {
    SealingKey::from_seed(seed(name, "sealing"))
}

pub(crate) fn member(name: &str, superior: Option<&str>) -> Member {
    let root = key(name, "root").public();
    Member { agency: agency(name), kind: MemberKind::Province, superior: superior.map(agency), root }
}

/// A charter that two of its three keys must sign.
pub(crate) fn charter() -> Charter {
    Charter {
        name: "test federation".into(),
        sequence: 1,
        previous: None,
        threshold: 2,
        keys: ["1", "2", "3"].map(|n| key("charter", n).public()).to_vec(),
        emergency: Some(key("charter", "emergency").public()),
        members: MEMBERS.map(|(name, superior)| member(name, superior)).to_vec(),
    }
}

/// The charter's bytes, signed by those of its keys.
pub(crate) fn charter_file(charter: &Charter, signers: &[&str]) -> SignedFile {
    let file = SignedFile::unsigned("charter.toml", charter.to_toml());
    signers.iter().fold(file, |file, n| file.sign(Kind::Charter, n, &key("charter", n)))
}

pub(crate) fn signed_charter() -> Signed<Charter> {
    let file = charter_file(&charter(), &["1", "2"]);
    Charter::verify(&file, sha256(&[&file.bytes])).unwrap()
}

pub(crate) fn card(name: &str) -> Card {
    Card {
        agency: agency(name),
        sequence: 1,
        previous: None,
        agreement_key: key(name, "agreement").public(),
        keyring_key: key(name, "keyring").public(),
        names: Names { zh: "测试".into(), en: "Test".into() },
        duty_desk: DutyDesk {
            phone: "+86 0".into(),
            email: "desk@example.cn".into(),
            hours: "always".into(),
        },
        next: None,
    }
}

pub(crate) fn card_file(card: &Card) -> SignedFile {
    let name = card.agency.as_str();
    SignedFile::unsigned(name, card.to_toml()).sign(Kind::Card, name, &key(name, "root"))
}

/// A keyring that was issued yesterday and lives six days more.
pub(crate) fn keyring(name: &str) -> Keyring {
    Keyring {
        agency: agency(name),
        sequence: 1,
        previous: None,
        issued: NOW.minus(DAY),
        expires: NOW.plus(6 * DAY),
        endpoints: vec!["https://127.0.0.1:7443".into()],
        protocols: vec![1],
        message: key(name, "message").public(),
        checkpoint: key(name, "checkpoint").public(),
        sealing: sealing_key(name).public().clone(),
        tls_bundle: vec!["-----BEGIN CERTIFICATE-----".into()],
        next: None,
    }
}

pub(crate) fn keyring_file(keyring: &Keyring) -> SignedFile {
    let name = keyring.agency.as_str();
    SignedFile::unsigned(name, keyring.to_toml()).sign(Kind::Keyring, name, &key(name, "keyring"))
}

pub(crate) fn block_file(block: &Block) -> SignedFile {
    let file = SignedFile::unsigned(block.agency.as_str(), block.to_toml());
    file.sign(Kind::Block, "emergency", &key("charter", "emergency"))
}

/// Charter and cards, still without keyrings.
pub(crate) fn builder() -> DirectoryBuilder {
    let mut builder = DirectoryBuilder::new(signed_charter());
    MEMBERS.iter().for_each(|(name, _)| builder.card(&card_file(&card(name))).unwrap());
    builder
}

/// The whole federation, with other keyrings for some.
pub(crate) fn directory_with(others: &[Keyring]) -> Directory {
    let mut builder = builder();
    for (name, _) in MEMBERS {
        let other = others.iter().find(|keyring| keyring.agency == agency(name));
        builder.keyring(&keyring_file(&other.cloned().unwrap_or_else(|| keyring(name)))).unwrap();
    }
    builder.build()
}

/// The whole federation.
pub(crate) fn directory() -> Directory {
    directory_with(&[])
}
