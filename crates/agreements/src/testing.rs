//! A small federation for the tests of this crate, in memory.

use crate::declaration::{Act, Declaration};
use crate::document::{Agreement, AgreementKind, Grant, Title};
use crate::local::LocalRules;
use crate::rules::{Documents, Rules};
use concord_domain::wanted::Field;
use concord_domain::{AgencyId, Purpose, Timestamp};
use concord_trust::{
    Block, BlockReason, Card, Charter, Directory, DirectoryBuilder, DutyDesk, Kind, Member, MemberKind,
    Names, PublicKey, SignedFile, SigningKey, sha256,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every member with its superior. `odd.yn.police.cn` is called like a part of Yunnan but stands below Gansu.
pub(crate) const MEMBERS: [(&str, Option<&str>); 12] = [
    ("police.cn", None),
    ("yn.police.cn", Some("police.cn")),
    ("gs.police.cn", Some("police.cn")),
    ("sn.police.cn", Some("police.cn")),
    ("km.yn.police.cn", Some("yn.police.cn")),
    ("gd.km.yn.police.cn", Some("km.yn.police.cn")),
    ("odd.yn.police.cn", Some("gs.police.cn")),
    ("fda.cn", None),
    ("police.la", None),
    ("hl.police.cn", Some("police.cn")),
    ("mdj.hl.police.cn", Some("hl.police.cn")),
    ("customs.cn", None),
];

pub(crate) fn agency(name: &str) -> AgencyId {
    name.parse().unwrap()
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Within the validity of [`northwest`].
pub(crate) fn now() -> Timestamp {
    time("2026-06-01T00:00:00Z")
}

fn seed(name: &str, purpose: u8) -> [u8; 32] {
    sha256(&[&[purpose], name.as_bytes()]).0
}

/// The agreement key of an agency.
pub(crate) fn key(name: &str) -> SigningKey {
    SigningKey::from_seed(seed(name, 1))
}

/// The whole federation, but without the cards of `cardless`.
pub(crate) fn directory(cardless: &[&str]) -> Arc<Directory> {
    directory_of(&MEMBERS, cardless, &[])
}

/// The same with block notices.
pub(crate) fn directory_with(cardless: &[&str], blocks: &[Block]) -> Arc<Directory> {
    directory_of(&MEMBERS, cardless, blocks)
}

/// A federation of these members and their superiors; whoever else [`MEMBERS`] names has left it.
pub(crate) fn directory_of(
    all: &[(&str, Option<&str>)],
    cardless: &[&str],
    blocks: &[Block],
) -> Arc<Directory> {
    let gone = MEMBERS.iter().map(|(name, _)| *name).filter(|name| all.iter().all(|(of, _)| of != name));
    let former = gone.map(|name| (agency(name), vec![key(name).public()])).collect();
    directory_formerly(all, cardless, blocks, former)
}

/// The same where these have left, with the agreement keys that they had; some may be back.
pub(crate) fn directory_formerly(
    all: &[(&str, Option<&str>)],
    cardless: &[&str],
    blocks: &[Block],
    former: BTreeMap<AgencyId, Vec<PublicKey>>,
) -> Arc<Directory> {
    let emergency = SigningKey::from_seed(seed("charter", 4));
    let charter_key = SigningKey::from_seed(seed("charter", 3));
    let members = all.iter().map(|(name, superior)| Member {
        agency: agency(name),
        kind: MemberKind::Province,
        superior: superior.map(agency),
        root: SigningKey::from_seed(seed(name, 0)).public(),
    });
    let charter = Charter {
        name: "test".into(),
        sequence: 1,
        previous: None,
        threshold: 1,
        keys: vec![charter_key.public()],
        emergency: Some(emergency.public()),
        members: members.collect(),
    };
    let file =
        SignedFile::unsigned("charter.toml", charter.to_toml()).sign(Kind::Charter, "charter", &charter_key);
    let mut builder =
        DirectoryBuilder::new(Charter::verify(&file, sha256(&[&file.bytes])).unwrap()).formerly(former);
    for (name, _) in all.iter().filter(|(name, _)| !cardless.contains(name)) {
        let root = SigningKey::from_seed(seed(name, 0));
        let file = SignedFile::unsigned(name, card(name).to_toml()).sign(Kind::Card, name, &root);
        builder.card(&file).unwrap();
    }
    for block in blocks {
        let file = SignedFile::unsigned("block", block.to_toml()).sign(Kind::Block, "emergency", &emergency);
        builder.block(&file).unwrap();
    }
    Arc::new(builder.build())
}

/// A notice that stops the agency from that instant on.
pub(crate) fn block(name: &str, from: Timestamp) -> Block {
    Block {
        agency: agency(name),
        sequence: 1,
        previous: None,
        issued: from,
        from,
        until: None,
        lifted: false,
        reason: BlockReason::Exercise,
    }
}

fn card(name: &str) -> Card {
    Card {
        agency: agency(name),
        sequence: 1,
        previous: None,
        agreement_key: key(name).public(),
        keyring_key: SigningKey::from_seed(seed(name, 2)).public(),
        names: Names { zh: "测试".into(), en: "Test".into() },
        duty_desk: DutyDesk {
            phone: "+86 000".into(),
            email: "desk@example.cn".into(),
            hours: "always".into(),
        },
        next: None,
    }
}

/// A clause among all parties, for two purposes, by anybody.
pub(crate) fn grant(clause: &str) -> Grant {
    Grant::new(
        clause.parse().unwrap(),
        vec!["wanted.search".parse().unwrap()],
        vec![Purpose::FugitiveApprehension, Purpose::SeriousCrime],
        vec![Field::Name, Field::Birth],
    )
}

/// A regional agreement of Yunnan and Gansu, in force during 2026.
pub(crate) fn northwest() -> Agreement {
    let parties = ["yn.police.cn", "gs.police.cn"].map(agency).to_vec();
    let year = time("2026-01-01T00:00:00Z")..time("2027-01-01T00:00:00Z");
    let id = "northwest".parse().unwrap();
    Agreement {
        title: Title { zh: "西北".into(), en: "North-west".into() },
        ..Agreement::new(id, AgreementKind::Regional, parties, year, vec![grant("1")])
    }
}

/// The document, signed by the parties that `signs` lets sign.
pub(crate) fn signed_by(agreement: &Agreement, signs: impl Fn(&AgencyId) -> bool) -> SignedFile {
    let name = format!("{}.toml", agreement.file_stem());
    let file = SignedFile::unsigned(&name, agreement.to_toml());
    let parties = agreement.parties.iter().filter(|party| signs(party));
    parties.fold(file, |file, party| file.sign(Kind::Agreement, party.as_str(), &key(party.as_str())))
}

/// The document, signed by every party.
pub(crate) fn signed(agreement: &Agreement) -> SignedFile {
    signed_by(agreement, |_| true)
}

/// The next version of an agreement, still with the same content.
pub(crate) fn after(agreement: &Agreement) -> Agreement {
    let previous = Some(sha256(&[agreement.to_toml().as_bytes()]));
    Agreement { version: agreement.version + 1, previous, ..agreement.clone() }
}

/// The document, signed by all parties of both: it and the version before.
pub(crate) fn signed_after(before: &Agreement, agreement: &Agreement) -> SignedFile {
    let others = before.parties.iter().filter(|party| !agreement.parties.contains(party));
    others.fold(signed(agreement), |file, party| {
        file.sign(Kind::Agreement, party.as_str(), &key(party.as_str()))
    })
}

/// A declaration about version 1 of [`northwest`], issued as 2026 begins.
pub(crate) fn declares(party: &str, sequence: u64, act: Act) -> Declaration {
    let issued = northwest().valid_from;
    Declaration { agreement: northwest().id, version: 1, party: agency(party), sequence, issued, act }
}

/// The declaration, signed by its party.
pub(crate) fn declared(declaration: &Declaration) -> SignedFile {
    let (party, stem) = (declaration.party.as_str(), declaration.file_stem());
    SignedFile::unsigned(&format!("{stem}.toml"), declaration.to_toml()).sign(
        Kind::Declaration,
        party,
        &key(party),
    )
}

/// The rules that consist of these agreements, each of which must count.
pub(crate) fn rules(agreements: &[Agreement]) -> Rules {
    rules_of(Documents::agreements(agreements.iter().map(signed)))
}

/// The rules that consist of these documents, each of which must count.
pub(crate) fn rules_of(documents: Documents) -> Rules {
    let (rules, problems) = Rules::build(documents, directory(&[]), LocalRules::default(), |_| None);
    assert!(problems.is_empty(), "{problems:?}");
    rules
}
