//! Which texts count. What parties declare is in `declared`, successors and rivals are in `succession`.

mod declared;
mod left;
mod succession;

use super::*;
use crate::decide::{Asking, Facts, decide};
use crate::document::{Agencies, Agreement, Grant, InvalidAgreement};
use crate::testing::{after, agency, directory, grant, key, northwest, now, signed, signed_by};
use concord_domain::Purpose;
use concord_trust::{DocumentError, Kind, SignatureInvalid};
use proptest::prelude::*;

fn build(files: Vec<SignedFile>) -> (Rules, Vec<AgreementError>) {
    Rules::build(Documents::agreements(files), directory(&[]), LocalRules::default(), |_| None)
}

fn taken(rules: &Rules) -> Vec<u32> {
    rules.highest().map(|(_, version, _)| version).collect()
}

/// The single problem, when nothing counts.
fn refused(files: Vec<SignedFile>) -> AgreementError {
    let (rules, mut problems) = build(files);
    assert_eq!(taken(&rules), [0; 0]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.remove(0)
}

#[test]
fn signed_by_all_it_counts() {
    let file = signed(&northwest());
    let (rules, problems) = build(vec![file.clone()]);
    assert!(problems.is_empty());
    let text = rules.get(&northwest().id, now()).unwrap();
    assert_eq!(**text, northwest());
    assert_eq!(text.digest(), concord_trust::sha256(&[&file.bytes]));
    assert_eq!(text.reference().to_string(), "northwest v1");
    assert_eq!(rules.members_of(&northwest().id, now()), northwest().parties.iter().collect());
    assert!(rules.members_of(&"other".parse().unwrap(), now()).is_empty());
    assert_eq!(rules.participants(&northwest().id, now()).count(), 2);
    assert_eq!(rules.participants(&northwest().id, northwest().valid_until).count(), 0);
}

#[test]
fn a_pattern_means_whoever_is_called_so_and_stands_below() {
    let (rules, _) = build(vec![signed(&northwest())]);
    let meant = |pattern: &str| -> Vec<_> {
        rules.meant_by(&pattern.parse().unwrap()).into_iter().map(AgencyId::as_str).collect()
    };
    assert_eq!(meant("*.yn.police.cn"), ["gd.km.yn.police.cn", "km.yn.police.cn"]);
    assert_eq!(meant("yn.police.cn"), ["yn.police.cn"]);
    assert!(meant("*.gs.police.cn").is_empty(), "below Gansu, but not called so");
    assert!(meant("unheard.cn").is_empty() && meant("*.unheard.cn").is_empty());
}

#[test]
fn a_region_is_its_parties_and_everybody_below_them() {
    let (rules, _) = build(vec![signed(&northwest())]);
    let region: Vec<_> = rules.region(&northwest().id, now()).into_iter().map(AgencyId::as_str).collect();
    let below = ["gd.km.yn.police.cn", "gs.police.cn", "km.yn.police.cn", "odd.yn.police.cn", "yn.police.cn"];
    assert_eq!(region, below);
    assert!(rules.region(&"unheard".parse().unwrap(), now()).is_empty());
}

#[test]
fn a_missing_signature_is_named_and_waited_for() {
    let file = signed_by(&northwest(), |party| party.as_str() != "gs.police.cn");
    let (rules, _) = build(vec![file.clone()]);
    let [pending] = rules.pending() else { panic!("{:?}", rules.pending()) };
    assert_eq!(
        (pending.text.to_string().as_str(), &pending.missing),
        ("northwest v1", &vec![agency("gs.police.cn")])
    );
    let AgreementError::Document(DocumentError::NotSigned { signer, .. }) = refused(vec![file]) else {
        panic!("another error");
    };
    assert_eq!(signer, "gs.police.cn");
    assert!(build(vec![signed(&northwest())]).0.pending().is_empty());
}

#[test]
fn the_same_text_twice_is_one_text_with_the_signatures_of_both() {
    let [yn, gs] =
        ["yn.police.cn", "gs.police.cn"].map(|name| signed_by(&northwest(), |p| p.as_str() == name));
    let (rules, problems) = build(vec![yn, SignedFile { name: "copy.toml".into(), ..gs }]);
    assert_eq!((taken(&rules), problems.len()), (vec![1], 0), "{problems:?}");
}

#[test]
fn a_signature_over_other_bytes_is_named() {
    let mut file = signed(&northwest());
    file.signatures[1].cose = signed(&after(&northwest())).signatures[1].cose.clone();
    let AgreementError::Document(DocumentError::Signature { signer, why, .. }) = refused(vec![file]) else {
        panic!("another error");
    };
    assert_eq!((signer.as_str(), why), ("gs.police.cn", SignatureInvalid::Signature));
}

#[test]
fn a_signature_as_another_kind_does_not_count() {
    let mut file = signed_by(&northwest(), |party| party.as_str() != "gs.police.cn");
    file = file.sign(Kind::Card, "gs.police.cn", &key("gs.police.cn"));
    assert!(matches!(refused(vec![file]), AgreementError::Document(DocumentError::Signature { .. })));
}

#[test]
fn a_superior_does_not_sign_for_a_party() {
    let file = signed_by(&northwest(), |party| party.as_str() != "gs.police.cn");
    let file = file.sign(Kind::Agreement, "gs.police.cn", &key("police.cn"));
    assert!(matches!(refused(vec![file]), AgreementError::Document(DocumentError::NotSigned { .. })));
}

#[test]
fn a_party_without_a_card_is_named() {
    let documents = Documents::agreements([signed(&northwest())]);
    let (rules, problems) =
        Rules::build(documents, directory(&["gs.police.cn"]), LocalRules::default(), |_| None);
    assert_eq!(taken(&rules), [0; 0]);
    let [AgreementError::NoCard { party, .. }] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!(party.as_str(), "gs.police.cn");
}

/// Whether Gansu may ask that agency something.
fn reaches(rules: &Rules, to: &str) -> bool {
    let (operation, from, to) = ("wanted.search".parse().unwrap(), agency("gs.police.cn"), agency(to));
    let facts = Facts::new(&from, &to, &operation, Purpose::FugitiveApprehension);
    decide::<Asking>(rules, &facts, now()).is_ok()
}

#[test]
fn nobody_signs_for_agencies_that_are_not_below_a_party() {
    let named =
        |pattern: &str| Agencies::Listed(vec!["yn.police.cn".parse().unwrap(), pattern.parse().unwrap()]);
    for outside in ["sn.police.cn", "police.cn", "*.police.cn", "*.sn.police.cn", "nobody.cn"] {
        let to = named(outside);
        let file = signed(&Agreement { grants: vec![Grant { to, ..grant("1") }], ..northwest() });
        let (rules, problems) = build(vec![file]);
        let [AgreementError::Invalid { why: InvalidAgreement::OutsideParties { field, pattern, .. }, .. }] =
            problems.as_slice()
        else {
            panic!("{problems:?}");
        };
        assert_eq!((*field, pattern.as_str(), reaches(&rules, "sn.police.cn")), ("to", outside, false));
        assert!(reaches(&rules, "km.yn.police.cn") && !reaches(&rules, "police.cn"), "{outside}");
        let file = signed(&Agreement { carriers: Some(named(outside)), ..northwest() });
        let (rules, problems) = build(vec![file]);
        let [AgreementError::Invalid { why: InvalidAgreement::CarrierOutsideParties { pattern }, .. }] =
            problems.as_slice()
        else {
            panic!("{problems:?}");
        };
        assert_eq!(pattern.as_str(), outside);
        let text = rules.get(&northwest().id, now()).unwrap().reference();
        let carriers: Vec<_> = rules.carriers(&text, now()).into_iter().map(AgencyId::as_str).collect();
        let unbound = ["sn.police.cn", "police.cn", "hl.police.cn"].map(|name| carriers.contains(&name));
        assert_eq!((carriers.contains(&"yn.police.cn"), unbound), (true, [false; 3]), "{outside}");
    }
    let below = ["km.yn.police.cn", "*.yn.police.cn", "gd.km.yn.police.cn"];
    let from = Agencies::Listed(below.map(|p| p.parse().unwrap()).to_vec());
    let carriers = Some(from.clone());
    let file = signed(&Agreement { carriers, grants: vec![Grant { from, ..grant("1") }], ..northwest() });
    assert_eq!(taken(&build(vec![file]).0), [1]);
}

#[test]
fn a_folder_is_read_and_the_bad_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let agreements = folder.path().join("agreements");
    let at = |stem: &str, agreement: &Agreement| signed(agreement).write(&agreements, stem).unwrap();
    at("northwest.v1", &northwest());
    at("northwest.v2", &after(&northwest()));
    at("elsewhere.v1", &Agreement { id: "southwest".parse().unwrap(), ..northwest() });
    std::fs::write(agreements.join("broken.v1.toml"), "id =").unwrap();
    std::fs::write(agreements.join("notes.txt"), "not an agreement").unwrap();
    let (rules, problems) = Rules::read(folder.path(), directory(&[]), LocalRules::default(), |_| None);
    assert_eq!(taken(&rules), [2]);
    let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("broken.v1.toml"), "{problems:?}");
    assert!(problems[1].ends_with("elsewhere.v1.toml: holds what should be named southwest.v1.toml"));
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (rules, problems) =
        Rules::read(&folder.path().join("none"), directory(&[]), LocalRules::default(), |_| None);
    assert_eq!(taken(&rules), [0; 0]);
    assert!(matches!(problems.as_slice(), [AgreementError::Document(DocumentError::File { .. })]));
}

proptest! {
    /// Any subset of the signatures short of all makes the agreement not count.
    #[test]
    fn dropping_signatures_makes_it_not_count(kept in proptest::collection::vec(any::<bool>(), 4)) {
        let parties = ["yn.police.cn", "gs.police.cn", "sn.police.cn", "fda.cn"];
        let agreement = Agreement { parties: parties.map(agency).to_vec(), ..northwest() };
        let signs = |party: &AgencyId| parties.iter().zip(&kept).any(|(p, kept)| *kept && *p == party.as_str());
        let (rules, _) = build(vec![signed_by(&agreement, signs)]);
        prop_assert_eq!(rules.get(&agreement.id, now()).is_some(), kept.iter().all(|kept| *kept));
        prop_assert_eq!(rules.pending().iter().map(|p| p.missing.len()).sum::<usize>(), kept.iter().filter(|k| !**k).count());
    }

    /// Any altered bit makes the agreement not count.
    #[test]
    fn an_altered_byte_makes_it_not_count(at in any::<prop::sample::Index>(), bit in 0u32..8) {
        let mut file = signed(&northwest());
        let at = at.index(file.bytes.len());
        file.bytes[at] ^= 1 << bit;
        let (rules, problems) = build(vec![file]);
        prop_assert_eq!((taken(&rules).len(), problems.len()), (0, 1));
    }
}
