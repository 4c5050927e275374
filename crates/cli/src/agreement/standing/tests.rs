//! Two provinces and what becomes of their agreements.

use super::*;
use concord_agreements::{Agreement, AgreementKind, Declaration, Documents, LocalRules};
use concord_trust::{
    Card, Charter, DirectoryBuilder, DutyDesk, Kind, Member, MemberKind, Names, SignedFile, SigningKey,
    sha256,
};
use std::sync::Arc;

const PARTIES: [&str; 2] = ["yn.police.cn", "gs.police.cn"];

/// For each use and agency a key of its own.
fn key(purpose: u8, name: &str) -> SigningKey {
    SigningKey::from_seed(sha256(&[&[purpose], name.as_bytes()]).0)
}

fn day(text: &str) -> Timestamp {
    format!("{text}T00:00:00Z").parse().unwrap()
}

fn directory() -> DirectoryBuilder {
    let member = |name: &str| Member {
        agency: name.parse().unwrap(),
        kind: MemberKind::Province,
        superior: None,
        root: key(0, name).public(),
    };
    let charter_key = key(1, "charter");
    let charter = Charter {
        name: "test".into(),
        sequence: 1,
        previous: None,
        threshold: 1,
        keys: vec![charter_key.public()],
        emergency: None,
        members: PARTIES.map(member).to_vec(),
    };
    let file =
        SignedFile::unsigned("charter", charter.to_toml()).sign(Kind::Charter, "charter", &charter_key);
    let mut builder = DirectoryBuilder::new(Charter::verify(&file, sha256(&[&file.bytes])).unwrap());
    for name in PARTIES {
        let card = Card {
            agency: name.parse().unwrap(),
            sequence: 1,
            previous: None,
            agreement_key: key(2, name).public(),
            keyring_key: key(3, name).public(),
            names: Names { zh: "测".into(), en: "Test".into() },
            duty_desk: DutyDesk { phone: "0".into(), email: "a@b.cn".into(), hours: "always".into() },
            next: None,
        };
        let file = SignedFile::unsigned("card", card.to_toml()).sign(Kind::Card, name, &key(0, name));
        builder.card(&file).unwrap();
    }
    builder
}

/// A pact of 2026.
fn pact(id: &str) -> Agreement {
    let parties = PARTIES.map(|name| name.parse().unwrap());
    let text = super::super::draft::first(
        AgreementKind::Bilateral,
        &id.parse().unwrap(),
        &parties,
        day("2026-01-01"),
    );
    let drafted = Agreement::parse(&SignedFile::unsigned("draft", text)).unwrap();
    Agreement { valid_from: day("2026-01-01"), valid_until: day("2027-01-01"), ..drafted }
}

fn next(before: &Agreement, begins: &str) -> Agreement {
    let previous = Some(sha256(&[before.to_toml().as_bytes()]));
    Agreement { version: before.version + 1, previous, valid_from: day(begins), ..before.clone() }
}

fn signed(agreement: &Agreement, parties: &[&str]) -> SignedFile {
    let file = SignedFile::unsigned(&format!("{}.toml", agreement.file_stem()), agreement.to_toml());
    parties.iter().fold(file, |file, party| file.sign(Kind::Agreement, party, &key(2, party)))
}

fn declares(id: &str, act: Act) -> SignedFile {
    let [party, _] = PARTIES;
    let (agreement, issued) = (id.parse().unwrap(), day("2026-01-01"));
    let declaration =
        Declaration { agreement, version: 1, party: party.parse().unwrap(), sequence: 1, issued, act };
    SignedFile::unsigned("declared", declaration.to_toml()).sign(Kind::Declaration, party, &key(2, party))
}

fn rules(agreements: Vec<SignedFile>, declarations: Vec<SignedFile>) -> Rules {
    let documents = Documents { agreements, declarations };
    Rules::build(documents, Arc::new(directory().build()), LocalRules::default(), |_| None).0
}

/// Version and state of each version.
fn states(rules: &Rules, id: &str, at: &str) -> Vec<(u32, &'static str)> {
    let versions = rules.versions(&id.parse().unwrap()).collect::<Vec<_>>();
    versions.iter().map(|text| (text.version, State::of(rules, text, day(at)).as_str())).collect()
}

#[test]
fn each_version_has_its_time() {
    let first = pact("pact");
    let second = next(&first, "2026-06-01");
    let rules = rules(vec![signed(&first, &PARTIES), signed(&second, &PARTIES)], vec![]);
    let at = |at| states(&rules, "pact", at);
    assert_eq!(at("2025-12-31"), [(1, "not yet in force"), (2, "not yet in force")]);
    assert_eq!(at("2026-03-01"), [(1, "in force"), (2, "not yet in force")]);
    assert_eq!(at("2026-06-01"), [(1, "superseded"), (2, "in force")]);
    assert_eq!(at("2027-01-01"), [(1, "superseded"), (2, "expired")]);
}

#[test]
fn who_takes_no_part_is_named_with_reason_and_time() {
    let from = day("2026-03-01");
    let acts = [
        (Act::Withdrawal { effective_at: from }, "yn.police.cn: withdrawn since 2026-03-01"),
        (
            Act::Suspension { from, until: Some(day("2026-04-01")) },
            "yn.police.cn: suspended since 2026-03-01 until 2026-04-01",
        ),
    ];
    for (act, expected) in acts {
        let rules = rules(vec![signed(&pact("pact"), &PARTIES)], vec![declares("pact", act)]);
        assert_eq!(states(&rules, "pact", "2026-02-01"), [(1, "in force")]);
        assert_eq!(states(&rules, "pact", "2026-03-01"), [(1, "too few parties")]);
        let text = rules.get(&"pact".parse().unwrap(), from).unwrap();
        let absent: Vec<_> = Absent::all(&rules, text, from).iter().map(Absent::text).collect();
        assert_eq!(absent, [expected]);
        assert!(Absent::all(&rules, text, day("2026-02-01")).is_empty());
    }
}

#[test]
fn missing_signatures_and_conflicts_are_told() {
    let first = pact("pact");
    let (left, right) = (next(&first, "2026-06-01"), next(&first, "2026-07-01"));
    let [party, other] = PARTIES;
    let half = signed(&pact("half"), &[party]);
    let texts = [&first, &left, &right].map(|text| signed(text, &PARTIES));
    let rules = rules(texts.into_iter().chain([half]).collect(), vec![]);
    assert_eq!(states(&rules, "pact", "2026-05-01")[0], (1, "in force"));
    let at_last = states(&rules, "pact", "2026-07-01");
    assert_eq!(at_last, [(1, "superseded"), (2, "too few parties")], "whichever text comes first");
    let half = "half".parse().unwrap();
    let told: Vec<_> = pending(&rules, Some(&half)).map(pending_text).collect();
    assert_eq!(told, [format!("v1 (half.v1.toml) lacks the signatures of {other}")]);
    let told: Vec<_> = conflicts(&rules, None).map(conflict_text).collect();
    assert_eq!(told, ["v2 has two signed texts since 2026-06-01: pact.v2.toml, pact.v2.toml"]);
    assert_eq!((pending(&rules, None).count(), conflicts(&rules, Some(&half)).count()), (1, 0));
}
