//! Charter, cards, keyrings and agreements, signed with keys that follow from names.

use concord_agreements::{
    Act, Agencies, Agreement, AgreementKind, Declaration, Documents, Grant, LocalRules, Rules,
};
use concord_domain::wanted::Field;
use concord_domain::{AgencyId, AgreementRef, Digest, Purpose, Timestamp};
use concord_trust::{
    Block, BlockReason, Card, Charter, Directory, DirectoryBuilder, DocumentKind, DocumentSet, DutyDesk,
    Keyring, Kind, Member, MemberKind, Names, SealingKey, SignedFile, SigningKey, sha256,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const ROOT: u8 = 0;
const AGREEMENT: u8 = 1;
const KEYRING: u8 = 2;
/// The use of message keys.
pub(crate) const MESSAGE: u8 = 3;
/// The use of checkpoint keys.
pub(crate) const CHECKPOINT: u8 = 4;
const SEALING: u8 = 5;
const EMERGENCY: u8 = 6;

pub(crate) fn agency(name: &str) -> AgencyId {
    name.parse().unwrap()
}

/// Within the validity of everything made here.
pub(crate) fn now() -> Timestamp {
    "2026-06-01T08:00:00Z".parse().unwrap()
}

fn seed(name: &str, purpose: u8) -> [u8; 32] {
    *sha256(&[&[purpose], name.as_bytes()]).as_bytes()
}

/// A signing key of an agency.
pub(crate) fn key(name: &str, purpose: u8) -> SigningKey {
    SigningKey::from_seed(seed(name, purpose))
}

/// The sealing key of an agency.
pub(crate) fn sealing_key(name: &str) -> SealingKey {
    SealingKey::from_seed(seed(name, SEALING))
}

/// Charter, cards and keyrings of the three, and the digest of the charter.
pub(crate) fn published() -> (DocumentSet, Digest) {
    published_of(&[super::ORIGIN, super::HERE, super::OTHER])
}

fn published_of(names: &[&str]) -> (DocumentSet, Digest) {
    let mut set = DocumentSet::default();
    let flat: Vec<_> = names.iter().map(|name| (*name, None)).collect();
    let charter = charter_file(&flat);
    let pinned = sha256(&[&charter.bytes]);
    set.insert(DocumentKind::Charter, charter).unwrap();
    for name in names {
        let file = SignedFile::unsigned(name, card(name).to_toml());
        set.insert(DocumentKind::Card, file.sign(Kind::Card, name, &key(name, ROOT))).unwrap();
        let file = SignedFile::unsigned(name, keyring(name).to_toml());
        set.insert(DocumentKind::Keyring, file.sign(Kind::Keyring, name, &key(name, KEYRING))).unwrap();
    }
    (set, pinned)
}

/// An agreement that these signed.
pub(crate) fn signed(agreement: &Agreement, signers: &[&str]) -> SignedFile {
    let file = SignedFile::unsigned(&format!("{}.toml", agreement.file_stem()), agreement.to_toml());
    signers.iter().fold(file, |file, name| file.sign(Kind::Agreement, name, &key(name, AGREEMENT)))
}

/// The directory of a federation of these agencies, each with card and keyring.
pub(crate) fn directory_of(names: &[&str]) -> Arc<Directory> {
    let (set, pinned) = published_of(names);
    let (directory, problems) = Directory::of(&set, pinned, |_: &str| None).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    Arc::new(directory)
}

/// Rules of these agreements in a federation of these members, each with its superior, of whom nobody but the parties
/// has published a card.
pub(crate) fn rules_in(members: &[(&str, Option<&str>)], agreements: &[Agreement]) -> Arc<Rules> {
    let charter = charter_file(members);
    let pinned = sha256(&[&charter.bytes]);
    let mut builder = DirectoryBuilder::new(Charter::verify(&charter, pinned).unwrap());
    for party in agreements.iter().flat_map(|agreement| &agreement.parties).collect::<BTreeSet<_>>() {
        let name = party.as_str();
        let file = SignedFile::unsigned(name, card(name).to_toml());
        builder.card(&file.sign(Kind::Card, name, &key(name, ROOT))).unwrap();
    }
    rules_of(Arc::new(builder.build()), agreements)
}

fn charter_file(members: &[(&str, Option<&str>)]) -> SignedFile {
    let charter_key = key("charter", ROOT);
    let members = members.iter().map(|(name, superior)| Member {
        agency: agency(name),
        kind: MemberKind::Province,
        superior: superior.map(agency),
        root: key(name, ROOT).public(),
    });
    let charter = Charter {
        name: "test".into(),
        sequence: 1,
        previous: None,
        threshold: 1,
        keys: vec![charter_key.public()],
        emergency: Some(key("charter", EMERGENCY).public()),
        members: members.collect(),
    };
    SignedFile::unsigned("charter.toml", charter.to_toml()).sign(Kind::Charter, "charter", &charter_key)
}

fn card(name: &str) -> Card {
    Card {
        agency: agency(name),
        sequence: 1,
        previous: None,
        agreement_key: key(name, AGREEMENT).public(),
        keyring_key: key(name, KEYRING).public(),
        names: Names { zh: "测试".into(), en: "Test".into() },
        duty_desk: DutyDesk {
            phone: "+86 0".into(),
            email: "desk@example.cn".into(),
            hours: "always".into(),
        },
        next: None,
    }
}

/// The keyring of an agency, alive from a day before [`now`] to six days after.
pub(crate) fn keyring(name: &str) -> Keyring {
    let day = Duration::from_secs(86_400);
    Keyring {
        agency: agency(name),
        sequence: 1,
        previous: None,
        issued: now().minus(day),
        expires: now().plus(6 * day),
        endpoints: vec!["https://127.0.0.1:1".into()],
        protocols: vec![1],
        message: key(name, MESSAGE).public(),
        checkpoint: key(name, CHECKPOINT).public(),
        sealing: sealing_key(name).public().clone(),
        tls_bundle: vec!["none".into()],
        next: None,
    }
}

/// An agreement of three agencies: two purposes, up to restricted. A later version follows the one before.
pub(crate) fn northwest(version: u32) -> Agreement {
    let grant = Grant::new(
        "1".parse().unwrap(),
        vec!["test.echo".parse().unwrap()],
        vec![Purpose::FugitiveApprehension, Purpose::SeriousCrime],
        vec![Field::Name],
    );
    let parties = [super::ORIGIN, super::HERE, super::OTHER].map(agency).to_vec();
    let year = "2026-01-01T00:00:00Z".parse().unwrap().."2027-01-01T00:00:00Z".parse().unwrap();
    let id = "northwest".parse().unwrap();
    Agreement {
        version,
        previous: (version > 1).then(|| reference(&northwest(version - 1)).digest),
        ..Agreement::new(id, AgreementKind::Regional, parties, year, vec![grant])
    }
}

/// The same with everybody among its parties, whose requests the ministry and [`OTHER`](super::OTHER) may carry.
pub(crate) fn carried() -> Agreement {
    let carriers = [super::MINISTRY, super::OTHER].map(|name| name.parse().unwrap());
    let parties = [super::MINISTRY, super::ORIGIN, super::HERE, super::OTHER].map(agency).to_vec();
    Agreement { parties, carriers: Some(Agencies::Listed(carriers.to_vec())), ..northwest(1) }
}

/// How a request names an agreement.
pub(crate) fn reference(agreement: &Agreement) -> AgreementRef {
    let digest = sha256(&[agreement.to_toml().as_bytes()]);
    AgreementRef { id: agreement.id.clone(), version: agreement.version, digest }
}

/// Rules of this agreement, of which this party takes no part.
pub(crate) fn rules_suspended_by(party: &str, agreement: &Agreement) -> Arc<Rules> {
    let declaration = Declaration {
        agreement: agreement.id.clone(),
        version: agreement.version,
        party: agency(party),
        sequence: 1,
        issued: now(),
        act: Act::Suspension { from: now(), until: None },
    };
    let file = SignedFile::unsigned(&format!("{}.toml", declaration.file_stem()), declaration.to_toml());
    let declarations = vec![file.sign(Kind::Declaration, party, &key(party, AGREEMENT))];
    let documents = Documents { agreements: vec![signed_by_all(agreement)], declarations };
    built(documents, directory_of(&[super::MINISTRY, super::ORIGIN, super::HERE, super::OTHER]))
}

/// Rules of this agreement in a federation that has stopped this agency.
pub(crate) fn rules_blocking(name: &str, agreement: &Agreement) -> Arc<Rules> {
    let block = Block {
        agency: agency(name),
        sequence: 1,
        previous: None,
        issued: now(),
        from: now(),
        until: None,
        lifted: false,
        reason: BlockReason::Exercise,
    };
    let (mut set, pinned) = published_of(&[super::MINISTRY, super::ORIGIN, super::HERE, super::OTHER]);
    let file = SignedFile::unsigned(name, block.to_toml());
    let file = file.sign(Kind::Block, "emergency", &key("charter", EMERGENCY));
    set.insert(DocumentKind::Block, file).unwrap();
    let (directory, problems) = Directory::of(&set, pinned, |_: &str| None).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    rules_of(Arc::new(directory), std::slice::from_ref(agreement))
}

/// Rules of these agreements, each signed by all its parties.
pub(crate) fn rules(agreements: &[Agreement]) -> Arc<Rules> {
    rules_of(directory_of(&[super::MINISTRY, super::ORIGIN, super::HERE, super::OTHER]), agreements)
}

fn rules_of(directory: Arc<Directory>, agreements: &[Agreement]) -> Arc<Rules> {
    built(Documents::agreements(agreements.iter().map(signed_by_all)), directory)
}

fn signed_by_all(agreement: &Agreement) -> SignedFile {
    let parties: Vec<_> = agreement.parties.iter().map(AgencyId::as_str).collect();
    signed(agreement, &parties)
}

fn built(documents: Documents, directory: Arc<Directory>) -> Arc<Rules> {
    let (rules, problems) = Rules::build(documents, directory, LocalRules::default(), |_| None);
    assert!(problems.is_empty(), "{problems:?}");
    Arc::new(rules)
}
