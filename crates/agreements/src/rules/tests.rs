//! Which texts count.

use super::*;
use crate::document::{Agencies, Agreement, Grant, InvalidAgreement};
use crate::testing::{agency, directory, grant, key, northwest, signed, signed_by};
use concord_trust::{DocumentError, Kind, SignatureInvalid};
use proptest::prelude::*;

fn build(files: Vec<SignedFile>) -> (Rules, Vec<AgreementError>) {
    Rules::build(files, directory(&[]), |_| None)
}

fn version(version: u32) -> Agreement {
    Agreement { version, ..northwest() }
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
    let text = rules.get(&northwest().id).unwrap();
    assert_eq!(**text, northwest());
    assert_eq!(text.digest(), concord_trust::sha256(&[&file.bytes]));
    assert_eq!(text.reference().to_string(), "northwest v1");
    assert_eq!(rules.members_of(&northwest().id), Some(northwest().parties.as_slice()));
    assert_eq!(rules.members_of(&"other".parse().unwrap()), None);
}

#[test]
fn a_missing_signature_is_named() {
    let file = signed_by(&northwest(), |party| party.as_str() != "gs.police.cn");
    let AgreementError::Document(DocumentError::NotSigned { signer, .. }) = refused(vec![file]) else {
        panic!("another error");
    };
    assert_eq!(signer, "gs.police.cn");
}

#[test]
fn a_signature_over_other_bytes_is_named() {
    let mut file = signed(&northwest());
    file.signatures[1].cose = signed(&version(2)).signatures[1].cose.clone();
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
    let (rules, problems) = Rules::build([signed(&northwest())], directory(&["gs.police.cn"]), |_| None);
    assert_eq!(taken(&rules), [0; 0]);
    let [AgreementError::NoCard { party, .. }] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!(party.as_str(), "gs.police.cn");
}

#[test]
fn nobody_signs_for_agencies_that_are_not_below_a_party() {
    for outside in ["sn.police.cn", "police.cn", "*.police.cn", "*.sn.police.cn", "nobody.cn"] {
        let to = Agencies::Listed(vec!["yn.police.cn".parse().unwrap(), outside.parse().unwrap()]);
        let file = signed(&Agreement { grants: vec![Grant { to, ..grant("1") }], ..northwest() });
        let AgreementError::Invalid { why: InvalidAgreement::OutsideParties { field, pattern, .. }, .. } =
            refused(vec![file])
        else {
            panic!("another error");
        };
        assert_eq!((field, pattern.as_str()), ("to", outside));
    }
    let below = ["km.yn.police.cn", "*.yn.police.cn", "gd.km.yn.police.cn"];
    let from = Agencies::Listed(below.map(|p| p.parse().unwrap()).to_vec());
    let file = signed(&Agreement { grants: vec![Grant { from, ..grant("1") }], ..northwest() });
    assert_eq!(taken(&build(vec![file]).0), [1]);
}

#[test]
fn the_highest_version_that_all_signed_is_taken() {
    let (rules, problems) = build([2, 10, 9].map(|v| signed(&version(v))).to_vec());
    assert_eq!((taken(&rules), problems.len()), (vec![10], 0));
    let unfinished = signed_by(&version(3), |party| party.as_str() == "yn.police.cn");
    let (rules, problems) = build(vec![signed(&version(2)), unfinished]);
    assert_eq!((taken(&rules), problems.len()), (vec![2], 1), "a draft does not replace what is in force");
}

#[test]
fn what_was_seen_before_is_the_floor() {
    let text = signed(&version(2));
    let (other, digest) = (Digest([7; 32]), concord_trust::sha256(&[&text.bytes]));
    let with = |floor| Rules::build([text.clone()], directory(&[]), |_| Some(floor));
    assert_eq!(taken(&with((1, other)).0), [2]);
    assert_eq!(taken(&with((2, digest)).0), [2]);
    let (rules, problems) = with((3, other));
    assert_eq!(taken(&rules), [0; 0]);
    assert!(matches!(problems.as_slice(), [AgreementError::BelowFloor { version: 2, floor: 3, .. }]));
    let (rules, problems) = with((2, other));
    assert_eq!(taken(&rules), [0; 0]);
    assert!(matches!(problems.as_slice(), [AgreementError::OtherText { version: 2, .. }]));
}

#[test]
fn of_two_texts_of_one_version_neither_counts() {
    let mut second = signed(&Agreement { grants: vec![grant("2")], ..version(2) });
    second.name = "second.toml".into();
    let files = vec![signed(&version(1)), signed(&version(2)), second];
    assert!(matches!(refused(files), AgreementError::TwoTexts { version: 2, .. }));
    let (rules, problems) = build(vec![signed(&version(2)), signed(&version(2))]);
    assert_eq!((taken(&rules), problems.len()), (vec![2], 0), "the same text twice is one text");
}

#[test]
fn a_folder_is_read_and_the_bad_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let at = |stem: &str, agreement: &Agreement| signed(agreement).write(folder.path(), stem).unwrap();
    at("northwest.v1", &northwest());
    at("northwest.v10", &version(10));
    at("elsewhere.v1", &Agreement { id: "southwest".parse().unwrap(), ..northwest() });
    std::fs::write(folder.path().join("broken.v1.toml"), "id =").unwrap();
    std::fs::write(folder.path().join("notes.txt"), "not an agreement").unwrap();
    let (rules, problems) = Rules::read(folder.path(), directory(&[]), |_| None);
    assert_eq!(taken(&rules), [10]);
    let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].contains("broken.v1.toml"), "{problems:?}");
    assert!(problems[1].ends_with("elsewhere.v1.toml: holds what should be named southwest.v1.toml"));
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (rules, problems) = Rules::read(&folder.path().join("none"), directory(&[]), |_| None);
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
        prop_assert_eq!(rules.get(&agreement.id).is_some(), kept.iter().all(|kept| *kept));
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
