//! A party leaves the federation by a next charter: it takes no part, and the others' word stands.

use super::*;
use crate::testing::{MEMBERS, directory_of, signed_after};

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
fn what_names_somebody_who_left_names_nobody() {
    let to = Agencies::Listed(["yn.police.cn", "sn.police.cn"].map(|name| name.parse().unwrap()).to_vec());
    let text =
        Agreement { grants: vec![Grant { to: to.clone(), ..grant("1") }], carriers: Some(to), ..three() };
    let (rules, _) = without(&["sn.police.cn"], vec![signed(&text)]);
    assert!(reaches(&rules, "yn.police.cn"));
    let carriers = rules.carriers(&rules.get(&text.id, now()).unwrap().reference(), now());
    assert_eq!(carriers, [&agency("yn.police.cn")].into());
}
