//! Which version takes the place of which, and what becomes of two texts of one.

use super::*;
use crate::declaration::Act;
use crate::testing::{declared, declares, rules_of, signed_after, time};
use concord_domain::Digest;

fn three() -> Agreement {
    let parties = ["yn.police.cn", "gs.police.cn", "sn.police.cn"].map(agency).to_vec();
    Agreement { parties, ..northwest() }
}

fn without_shaanxi(before: &Agreement) -> Agreement {
    let parties = before.parties.iter().filter(|p| p.as_str() != "sn.police.cn").cloned().collect();
    Agreement { parties, ..after(before) }
}

#[test]
fn the_highest_version_in_an_unbroken_line_is_taken() {
    let (first, second) = (northwest(), after(&northwest()));
    let third = after(&second);
    let (rules, problems) = build([&third, &first, &second].map(signed).to_vec());
    assert_eq!((taken(&rules), problems.len()), (vec![3], 0));
    assert_eq!(rules.versions(&first.id).map(|text| text.version).collect::<Vec<_>>(), [1, 2, 3]);
    let (rules, problems) = build([&third, &first].map(signed).to_vec());
    assert_eq!(taken(&rules), [1]);
    assert!(
        matches!(problems.as_slice(), [AgreementError::NoPredecessor { version: 3, .. }]),
        "{problems:?}"
    );
    let alone = refused(vec![signed(&second)]);
    assert!(matches!(alone, AgreementError::NoPredecessor { version: 2, .. }));
}

#[test]
fn a_version_after_another_text_does_not_count() {
    let second = Agreement { previous: Some(Digest([7; 32])), ..after(&northwest()) };
    let (rules, problems) = build(vec![signed(&northwest()), signed(&second)]);
    assert_eq!(taken(&rules), [1]);
    assert!(
        matches!(problems.as_slice(), [AgreementError::NoPredecessor { version: 2, .. }]),
        "{problems:?}"
    );
}

#[test]
fn a_draft_does_not_replace_what_is_in_force() {
    let draft = signed_by(&after(&northwest()), |party| party.as_str() == "yn.police.cn");
    let (rules, problems) = build(vec![signed(&northwest()), draft]);
    assert_eq!((taken(&rules), problems.len()), (vec![1], 1));
    assert_eq!(rules.pending()[0].missing, [agency("gs.police.cn")]);
}

#[test]
fn some_parties_do_not_displace_another() {
    let second = without_shaanxi(&three());
    let (rules, problems) = build(vec![signed(&three()), signed(&second)]);
    assert_eq!(taken(&rules), [1]);
    let [AgreementError::PredecessorNotSigned { party, version: 1, .. }] = problems.as_slice() else {
        panic!("{problems:?}")
    };
    assert_eq!(party.as_str(), "sn.police.cn");
    assert_eq!(rules.pending()[0].missing, [agency("sn.police.cn")]);
    let (rules, problems) = build(vec![signed(&three()), signed_after(&three(), &second)]);
    assert_eq!((taken(&rules), problems.len()), (vec![2], 0), "with its leave they go on alone");
}

#[test]
fn who_has_withdrawn_by_then_need_not_sign() {
    let begins = time("2026-03-01T00:00:00Z");
    let second = Agreement { valid_from: begins, ..without_shaanxi(&three()) };
    let versions = |effective_at: &str| {
        let withdrawal = declares("sn.police.cn", 1, Act::Withdrawal { effective_at: time(effective_at) });
        let documents = Documents {
            agreements: vec![signed(&three()), signed(&second)],
            declarations: vec![declared(&withdrawal)],
        };
        taken(&Rules::build(documents, directory(&[]), LocalRules::default(), |_| None).0)
    };
    assert_eq!(versions("2026-03-01T00:00:00Z"), [2]);
    assert_eq!(versions("2026-03-01T00:00:00.001Z"), [1], "it is still bound when the successor begins");
}

#[test]
fn a_suspension_does_not_let_others_go_on_without() {
    let act = Act::Suspension { from: northwest().valid_from, until: None };
    let documents = Documents {
        agreements: vec![signed(&three()), signed(&without_shaanxi(&three()))],
        declarations: vec![declared(&declares("sn.police.cn", 1, act))],
    };
    assert_eq!(taken(&Rules::build(documents, directory(&[]), LocalRules::default(), |_| None).0), [1]);
}

#[test]
fn a_successor_ends_its_predecessor_only_when_it_begins() {
    let begins = time("2026-07-01T00:00:00Z");
    let second = Agreement { valid_from: begins, ..after(&northwest()) };
    let rules = rules_of(Documents::agreements([signed(&northwest()), signed(&second)]));
    let at = |text: &str| rules.get(&northwest().id, time(text)).unwrap().version;
    assert_eq!(at("2025-01-01T00:00:00Z"), 1, "none has begun");
    assert_eq!(at("2026-06-30T23:59:59.999Z"), 1);
    assert_eq!(at("2026-07-01T00:00:00Z"), 2);
    assert_eq!(at("2030-01-01T00:00:00Z"), 2);
    assert_eq!(rules.agreements(begins).map(|text| text.version).collect::<Vec<_>>(), [2]);
}

#[test]
fn what_was_seen_before_is_the_floor() {
    let (first, second) = (signed(&northwest()), signed(&after(&northwest())));
    let (other, digest) = (Digest([7; 32]), concord_trust::sha256(&[&second.bytes]));
    let with = |floor| {
        let documents = Documents::agreements([first.clone(), second.clone()]);
        Rules::build(documents, directory(&[]), LocalRules::default(), |_| Some(floor))
    };
    assert_eq!(taken(&with((1, concord_trust::sha256(&[&first.bytes]))).0), [2]);
    assert_eq!(taken(&with((2, digest)).0), [2]);
    let (rules, problems) = with((3, other));
    assert_eq!(taken(&rules), [0; 0]);
    assert!(matches!(problems.as_slice(), [AgreementError::BelowFloor { version: 2, floor: 3, .. }]));
    for floor in [1, 2] {
        let (rules, problems) = with((floor, other));
        assert_eq!(taken(&rules), [0; 0]);
        assert!(
            matches!(problems.as_slice(), [AgreementError::OtherText { version, .. }] if *version == floor)
        );
    }
}

#[test]
fn who_signed_two_successors_takes_part_in_neither_and_both_are_kept() {
    let second = Agreement { valid_from: time("2026-03-01T00:00:00Z"), ..after(&northwest()) };
    let rival = Agreement { valid_from: time("2026-02-01T00:00:00Z"), ..second.clone() };
    let mut other = signed(&rival);
    other.name = "rival.toml".into();
    let files = vec![signed(&northwest()), signed(&second), other, signed(&after(&second))];
    let (rules, problems) = build(files.clone());
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|p| p.contains("another signed text of the same version 2")), "{told:?}");
    assert_eq!(problems.len(), 1, "{told:?}");
    let [conflict] = rules.conflicts() else { panic!("{:?}", rules.conflicts()) };
    assert_eq!((conflict.version, conflict.since, conflict.files.len()), (2, rival.valid_from, 2));
    assert_eq!(taken(&rules), [0; 0], "no floor comes of it");
    let taking_part = |at| rules.participants(&northwest().id, time(at)).count();
    assert_eq!(taking_part("2026-01-31T23:59:59.999Z"), 2, "until then the first is in force");
    assert_eq!(taking_part("2026-02-01T00:00:00Z"), 0);
    let seen = concord_trust::sha256(&[&files[1].bytes]);
    let documents = Documents::agreements(files);
    let (rules, _) = Rules::build(documents, directory(&[]), LocalRules::default(), |_| Some((2, seen)));
    assert_eq!(rules.participants(&northwest().id, time("2026-01-15T00:00:00Z")).count(), 2);
}

/// Two agreed, two more joined by the second version, and long after that the first two sign another successor of their
/// old text, which would have begun before everything.
#[test]
fn the_parties_of_an_old_version_do_not_end_what_others_joined_later() {
    let second = Agreement {
        parties: [three().parties, vec![agency("hl.police.cn")]].concat(),
        ..after(&northwest())
    };
    let third = after(&second);
    let rival = Agreement { valid_from: time("1970-01-02T00:00:00Z"), ..after(&northwest()) };
    let files = || [&northwest(), &second, &third, &rival].map(signed).to_vec();
    let (rules, _) = build(files());
    let taking_part = |rules: &Rules| {
        let of_rules = rules.chains_of(&third.id).flat_map(|chain| chain.present(chain.at(now()), now()));
        of_rules.map(|party| party.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(taking_part(&rules), ["sn.police.cn", "hl.police.cn"], "only those who signed both fall out");
    let seen = concord_trust::sha256(&[third.to_toml().as_bytes()]);
    let documents = Documents::agreements(files());
    let (rules, _) = Rules::build(documents, directory(&[]), LocalRules::default(), |_| Some((3, seen)));
    assert_eq!(rules.get(&third.id, now()).unwrap().version, 3, "what was seen stays");
    assert_eq!(taking_part(&rules), ["sn.police.cn", "hl.police.cn"]);
}

/// Three who have nothing to do with it sign a text under its name: whoever comes new must not take theirs for the one.
#[test]
fn a_name_that_others_use_too_makes_no_floor() {
    let squatters = ["fda.cn", "customs.cn", "police.la"].map(agency).to_vec();
    let squat = Agreement { parties: squatters, ..northwest() };
    let mut other = signed(&squat);
    other.name = "other.toml".into();
    let files = vec![signed(&northwest()), other];
    let (rules, _) = build(files.clone());
    let told: Vec<_> = rules.highest().collect();
    assert!(told.is_empty(), "{told:?}");
    let case = |rules: &Rules| {
        rules.chains_of(&northwest().id).filter(|c| c.present(c.at(now()), now()).count() > 1).count()
    };
    assert_eq!(case(&rules), 2, "each for its own parties");
}

#[test]
fn a_scope_by_agreement_is_of_those_who_are_parties_now() {
    let second = Agreement { valid_from: time("2026-12-01T00:00:00Z"), ..without_shaanxi(&three()) };
    let (rules, _) = build(vec![signed(&three()), signed_after(&three(), &second)]);
    let members = |at| rules.members_of(&three().id, at).len();
    assert_eq!((members(now()), members(time("2026-12-01T00:00:00Z"))), (3, 2));
}

#[test]
fn who_signed_two_first_texts_takes_part_in_neither() {
    let since = time("2026-02-01T00:00:00Z");
    let rival = Agreement { parties: three().parties[..2].to_vec(), valid_from: since, ..three() };
    let four = Agreement { parties: [three().parties, vec![agency("fda.cn")]].concat(), ..three() };
    let mut other = signed(&rival);
    other.name = "rival.toml".into();
    let (rules, problems) = build(vec![signed(&four), other]);
    assert!(matches!(problems.as_slice(), [AgreementError::TwoTexts { version: 1, .. }]), "{problems:?}");
    let taking_part: Vec<_> = rules.participants(&four.id, now()).map(AgencyId::as_str).collect();
    assert_eq!(taking_part, ["sn.police.cn", "fda.cn"], "those who signed one text only keep it");
    assert_eq!(rules.conflicts().len(), 1);
    let same = build(vec![signed(&three()), signed(&Agreement { source: Some("x".into()), ..three() })]).0;
    assert_eq!(same.participants(&three().id, now()).count(), 0, "all signed both");
}
