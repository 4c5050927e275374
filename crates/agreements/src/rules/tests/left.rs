//! A party leaves the federation by a next charter: it takes no part, and the others' word stands.

use super::*;
use crate::testing::{MEMBERS, directory_formerly, directory_of, signed_after};
use concord_trust::SigningKey;

/// The north-west with Shaanxi.
fn three() -> Agreement {
    let parties = ["yn.police.cn", "gs.police.cn", "sn.police.cn"].map(agency).to_vec();
    Agreement { parties, ..northwest() }
}

/// The rules of a federation that these have left.
fn without(left: &[&str], files: Vec<SignedFile>) -> (Rules, Vec<AgreementError>) {
    let stay: Vec<_> = MEMBERS.into_iter().filter(|(name, _)| !left.contains(name)).collect();
    Rules::build(Documents::agreements(files), directory_of(&stay, &[], &[]), LocalRules::default(), |_| None)
}

#[test]
fn what_the_others_agreed_on_goes_on() {
    let (rules, problems) = without(&["sn.police.cn"], vec![signed(&three())]);
    assert!(problems.is_empty(), "{problems:?}");
    assert!(reaches(&rules, "yn.police.cn") && !reaches(&rules, "sn.police.cn"));
    let id = three().id;
    assert_eq!(rules.absence(&id, &agency("sn.police.cn"), now()), Some(Absence::Left));
    assert_eq!(rules.participants(&id, now()).count(), 2);
    assert!(!rules.members_of(&id, now()).contains(&agency("sn.police.cn")), "nor is it in scope");
}

#[test]
fn one_alone_has_no_agreement_any_more() {
    let (rules, problems) =
        without(&["yn.police.cn", "km.yn.police.cn", "gd.km.yn.police.cn"], vec![signed(&northwest())]);
    assert!(problems.is_empty() && !rules.in_force(&northwest().id, now()), "{problems:?}");
    let within = |rules: &Rules| reaches(rules, "odd.yn.police.cn");
    assert!(!within(&rules), "not even with those below it");
}

#[test]
fn the_next_version_needs_no_leave_of_it() {
    let next = Agreement { parties: northwest().parties, ..after(&three()) };
    let files = || vec![signed(&three()), signed(&next)];
    assert_eq!(taken(&without(&["sn.police.cn"], files()).0), [2]);
    assert_eq!(taken(&build(files()).0), [1], "as long as it is a member it must give leave");
    assert_eq!(taken(&build(vec![signed(&three()), signed_after(&three(), &next)]).0), [2]);
}

#[test]
fn whoever_never_was_a_member_must_still_sign() {
    let parties = ["yn.police.cn", "gs.police.cn", "ghost.cn"].map(agency).to_vec();
    let (rules, problems) = without(&[], vec![signed(&Agreement { parties, ..northwest() })]);
    assert_eq!(taken(&rules), [0; 0]);
    assert!(matches!(problems.as_slice(), [AgreementError::NoCard { .. }]), "{problems:?}");
}

#[test]
fn a_text_that_it_never_signed_does_not_count_because_it_left() {
    let file = signed_by(&three(), |party| party.as_str() != "sn.police.cn");
    let (rules, problems) = without(&["sn.police.cn"], vec![file]);
    assert_eq!(taken(&rules), [0; 0]);
    assert!(matches!(problems.as_slice(), [AgreementError::Document(DocumentError::NotSigned { .. })]));
    assert_eq!(rules.pending()[0].missing, [agency("sn.police.cn")]);
}

#[test]
fn a_draft_that_it_gave_no_leave_to_takes_nothing_from_what_all_signed() {
    let draft = Agreement { parties: northwest().parties, ..after(&three()) };
    let later = Agreement {
        valid_until: three().valid_until.plus(std::time::Duration::from_secs(1)),
        ..after(&three())
    };
    let files = vec![signed(&three()), signed(&draft), signed(&later)];
    let (rules, _) = without(&["sn.police.cn"], files);
    assert!(rules.conflicts().is_empty());
    assert_eq!(rules.get(&three().id, now()).unwrap().valid_until, later.valid_until);
    assert!(reaches(&rules, "yn.police.cn"));
}

/// Shaanxi was away and is back, with the agreement key that it had or with another one.
fn back(had: &SigningKey, files: Vec<SignedFile>) -> Rules {
    let former = [(agency("sn.police.cn"), vec![had.public()])].into();
    let directory = directory_formerly(&MEMBERS, &[], &[], former);
    Rules::build(Documents::agreements(files), directory, LocalRules::default(), |_| None).0
}

#[test]
fn who_comes_back_takes_part_once_it_has_signed_again() {
    let old = SigningKey::from_seed([9; 32]);
    let first = signed_by(&three(), |party| party.as_str() != "sn.police.cn");
    let first = first.sign(Kind::Agreement, "sn.police.cn", &old);
    let rules = back(&old, vec![first.clone()]);
    assert!(reaches(&rules, "yn.police.cn") && !reaches(&rules, "sn.police.cn"));
    let again = first.sign(Kind::Agreement, "sn.police.cn", &key("sn.police.cn"));
    assert!(reaches(&back(&old, vec![again]), "sn.police.cn"));
}

#[test]
fn who_comes_back_ends_nothing_that_was_agreed_without_it() {
    let next = Agreement { parties: northwest().parties, ..after(&three()) };
    let files = vec![signed(&three()), signed(&next)];
    assert_eq!(taken(&back(&key("sn.police.cn"), files)), [2]);
}

#[test]
fn what_names_somebody_who_left_names_nobody() {
    let to = Agencies::Listed(["yn.police.cn", "sn.police.cn"].map(|name| name.parse().unwrap()).to_vec());
    let text =
        Agreement { grants: vec![Grant { to: to.clone(), ..grant("1") }], carriers: Some(to), ..three() };
    let (rules, _) = without(&["sn.police.cn"], vec![signed(&text)]);
    assert!(reaches(&rules, "yn.police.cn"));
    let carriers = rules.carriers(&rules.get(&text.id, now()).unwrap().reference(), now());
    assert_eq!(carriers, [&agency("yn.police.cn")].into());
}
